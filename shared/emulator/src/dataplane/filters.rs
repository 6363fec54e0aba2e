//! What may be let through: network ACLs of vSwitches, and security groups of interfaces.

use std::net::Ipv4Addr;

use super::path::Fault;
use crate::state::ecs::{Interface, Policy, Protocol, Rule, Source};
use crate::state::vpc::AclPolicy;
use crate::world::World;

/// One of the ports that a load balancer's connections come from: answers go there.
const CLIENT_PORT: u16 = 40_000;

/// A connection as network ACLs see it. They are stateless, so they judge its answers too; the port that they mean is
/// always the one a packet goes to. An ACL filters what enters or leaves its vSwitch, not
/// traffic inside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow<'a> {
    pub(super) world: &'a World,
    /// The vSwitch that the source lies in, if the destination lies in another; a classic load balancer lies in none.
    pub(super) near: Option<&'a str>,
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) port: u16,
}

impl Flow<'_> {
    /// Out of the source's vSwitch.
    pub(super) fn leave_near(&self) -> Result<(), Fault> {
        self.near.map_or(Ok(()), |near| self.check(near, false, self.destination, self.port))
    }

    /// Into the server's vSwitch.
    pub(super) fn enter_far(&self, far: &str) -> Result<(), Fault> {
        self.check(far, true, self.source, self.port)
    }

    /// The answer out of the server's vSwitch.
    pub(super) fn leave_far(&self, far: &str) -> Result<(), Fault> {
        self.check(far, false, self.source, CLIENT_PORT)
    }

    /// The answer into the source's vSwitch.
    pub(super) fn enter_near(&self) -> Result<(), Fault> {
        self.near.map_or(Ok(()), |near| self.check(near, true, self.destination, CLIENT_PORT))
    }

    fn check(&self, vswitch: &str, inbound: bool, peer: Ipv4Addr, port: u16) -> Result<(), Fault> {
        let Some(acl) = self.world.vpc.acl_of_vswitch(vswitch) else { return Ok(()) };
        let entries = if inbound { &acl.ingress } else { &acl.egress };
        let decided = entries.iter().find(|entry| entry.matches_tcp(peer, port));
        if decided.is_none_or(|entry| entry.policy == AclPolicy::Drop) {
            return Err(Fault::Acl { vswitch: vswitch.to_owned(), inbound });
        }
        Ok(())
    }
}

/// Whether the interface's security groups let a TCP connection in: all its groups' rules together, the smallest
/// priority first, Drop before Accept among equals, and Drop when none matches (cloud-apis.md section 11).
pub(super) fn security_groups(
    world: &World,
    interface: &Interface,
    from: Ipv4Addr,
    to: Ipv4Addr,
    port: u16,
) -> Result<(), Fault> {
    let rules = interface.groups.iter().flat_map(|group| world.ecs.rules(group));
    let matching = rules.filter(|rule| matches(world, rule, from, to, port));
    match matching.min_by_key(|rule| (rule.priority, rule.policy)) {
        Some(rule) if rule.policy == Policy::Accept => Ok(()),
        decided => {
            Err(Fault::SecurityGroups { groups: interface.groups.clone(), rule: decided.map(|rule| rule.id.clone()) })
        }
    }
}

fn matches(world: &World, rule: &Rule, from: Ipv4Addr, to: Ipv4Addr, port: u16) -> bool {
    matches!(rule.protocol, Protocol::Tcp | Protocol::All)
        && rule.ports.holds(port)
        && rule.destination.is_none_or(|net| net.contains(&to))
        && match &rule.source {
            Source::Cidr(net) => net.contains(&from),
            Source::PrefixList(_) | Source::Group(_) => {
                world.ecs.source_prefixes(rule).iter().any(|net| net.contains(&from))
            }
        }
}
