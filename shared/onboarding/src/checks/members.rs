//! Members: which addresses cannot be members, and how many servers the load balancer allows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::checks::finding::Finding;
use crate::checks::target::Target;
use crate::desired;
use crate::ids::{InstanceId, ServerGroupId};
use crate::inputs::Inputs;
use crate::limits::SERVERS_PER_GROUP;
use crate::mark::Role;
use crate::ordered::Ordered;
use crate::reason::{Code, Reason};
use crate::topology::context::Holder;
use crate::topology::{Generation, InstanceStatus, LoadBalancer};
use crate::words::{are, counted};

pub(super) fn check(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    findings.extend(quota(inputs, load_balancer));
    let selected = desired::selected(inputs.binding, inputs.topology);
    let addresses = selected.filter_map(|(_, instance)| Some((&instance.id, instance.address?)));
    findings.extend(addresses.filter_map(|(id, address)| {
        Some(Finding::new(desired::not_private(id, address)?, vec![Target::Member(address)]))
    }));
    findings.extend(full(inputs));
    if desired::generation(inputs.binding, load_balancer) == Generation::Classic {
        load_balancers(inputs, load_balancer, findings);
    }
}

/// New members for which the server group has no room.
fn full(inputs: &Inputs<'_>) -> Vec<Finding> {
    let registered = inputs.topology.servers.get().map_or(0, Vec::len);
    let room = SERVERS_PER_GROUP.saturating_sub(registered);
    let count = registered.max(SERVERS_PER_GROUP);
    let beyond = newcomers(inputs).skip(room).map(|(id, address)| {
        let message = format!("The server group already has {count} servers, so {id} is not registered.");
        Finding::new(Reason::new(Code::ServerQuota, id, message), vec![Target::Member(address)])
    });
    beyond.collect()
}

/// The server quota of an ALB by edition, unless it was raised (cloud-apis.md section 4).
fn servers_of(edition: &str) -> u32 {
    if edition == "Basic" { 200 } else { 1000 }
}

/// A server counts once for each listener that uses its group, and once for a group that only forwarding rules use.
fn quota(inputs: &Inputs<'_>, load_balancer: &LoadBalancer) -> Option<Finding> {
    let topology = inputs.topology;
    let balanced = &topology.context.balanced;
    if let Some(unread) = Finding::unread("the server groups of the load balancer", balanced, vec![Target::Members]) {
        return Some(unread);
    }
    let balanced = balanced.get()?;
    let mut uses: BTreeMap<&ServerGroupId, u32> = balanced.keys().map(|group| (group, 0)).ordered();
    for group in topology.listeners.get().into_iter().flatten().flat_map(|listener| &listener.server_groups) {
        *uses.entry(group).or_default() += 1;
    }
    let servers = |(group, uses): (&&ServerGroupId, &u32)| {
        balanced.get(*group).copied().unwrap_or(0).saturating_mul((*uses).max(1))
    };
    let count = uses.iter().map(servers).fold(0_u32, u32::saturating_add);
    let most = inputs.binding.alb.server_quota.unwrap_or_else(|| servers_of(&load_balancer.edition));
    let mark = inputs.deployment.tag(&inputs.binding.name, Role::ServerGroup);
    let own = topology.server_group(&mark, &inputs.binding.server_group.name);
    let each = own.and_then(|group| uses.get(&group.id).copied()).unwrap_or(0).max(1);
    let room = usize::try_from(most.saturating_sub(count) / each).unwrap_or(usize::MAX);
    let beyond: Vec<_> = newcomers(inputs).skip(room).collect();
    let (first, _) = beyond.first()?;
    let more = match beyond.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let id = &load_balancer.id;
    let message = format!(
        "{id} ({}) has {count} of at most {}, so {first}{more} {} not registered.",
        load_balancer.edition,
        counted(usize::try_from(most).unwrap_or(usize::MAX), "server"),
        are(beyond.len())
    );
    let beyond = beyond.into_iter().map(|(_, address)| Target::Member(address)).collect();
    Some(Finding::new(Reason::new(Code::AlbQuota, id, message), beyond))
}

/// Addresses of running selected instances that are not registered yet, in the order of registration.
fn newcomers<'a>(inputs: &Inputs<'a>) -> impl Iterator<Item = (&'a InstanceId, Ipv4Addr)> + use<'a> {
    let Inputs { binding, topology, .. } = *inputs;
    let registered: BTreeSet<Ipv4Addr> =
        topology.servers.get().into_iter().flatten().map(|server| server.address).ordered();
    let running =
        desired::selected(binding, topology).filter(|(_, instance)| instance.status == InstanceStatus::Running);
    let running = running.filter_map(|(_, instance)| Some((&instance.id, instance.address?)));
    running.filter(move |(_, address)| !registered.contains(address))
}

/// Addresses in the ALB's own VPC, selected or registered, that belong to a load balancer or another service. A CLB has no
/// network interface visible to the user. So an address without an interface may be a CLB's, and its owner is unknown.
fn load_balancers(inputs: &Inputs<'_>, load_balancer: &LoadBalancer, findings: &mut Vec<Finding>) {
    let Inputs { binding, topology, .. } = *inputs;
    let home = &load_balancer.vpc;
    let known = &topology.context.holders;
    findings.extend(Finding::unread("who holds the addresses of the ALB's VPC", known, vec![Target::Members]));
    let (Some(holders), Some(vpc)) = (known.get(), topology.vpc(home)) else { return };
    let selected = desired::selected(binding, topology).filter_map(|(_, instance)| instance.address);
    let members = topology.servers.get().into_iter().flatten().map(|server| server.address);
    let here = selected.chain(members).filter(|address| vpc.cidrs.iter().any(|prefix| prefix.contains(address)));
    for address in here.ordered::<BTreeSet<_>>() {
        let (code, message) = match holders.get(&address) {
            Some(Holder::Instance(_) | Holder::Interface(_)) => continue,
            Some(Holder::LoadBalancer(id)) => (
                Code::LoadBalancerBackend,
                format!("{address} is an address of load balancer {id}, in the ALB's own VPC."),
            ),
            Some(Holder::Service { interface, description }) => {
                let what = if description.is_empty() { String::new() } else { format!(" ({description})") };
                let message =
                    format!("{address} is held in {home} by {interface}, which a cloud service manages{what}.");
                (Code::LoadBalancerBackend, message)
            }
            None => {
                let message = format!(
                    "Who holds {address} in {home} is unknown: no network interface has it, and a CLB shows none."
                );
                (Code::Unread, message)
            }
        };
        findings.push(Finding::new(Reason::new(code, address, message), vec![Target::Member(address)]));
    }
}
