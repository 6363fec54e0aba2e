//! What filters packets at the backend: the network ACL of its vSwitch and the security groups of its interface. ACLs of
//! the load balancer's vSwitches are asked the same way, from the other side.

use ipnet::Ipv4Net;
use onboarding::ids::{NetworkAclId, SecurityGroupId};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{AclEntry, Instance, Known, NetworkAcl, RuleSource, SecurityGroup, SecurityRule, Topology};

use crate::filter::{ALL_PORTS, Decision, Rule, Who, decide};
use crate::hop::{Direction, Hop};
use crate::space::Packets;
use crate::verdict::Stop;

/// Ports that a load balancer may open connections from. None is documented, so all unprivileged ones.
const ANSWERED_PORTS: (u16, u16) = (1024, u16::MAX);

/// A network ACL, which keeps no state: requests and answers are judged apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acl<'a> {
    acl: &'a NetworkAcl,
}

impl<'a> Acl<'a> {
    /// The ACL by this id.
    pub(crate) fn read(topology: &'a Topology, id: &NetworkAclId) -> Result<Self, Stop> {
        match topology.network_acls.get(id) {
            Some(Known::Known(Some(acl))) => Ok(Self { acl }),
            Some(Known::Known(None)) => {
                Err(Stop::unread(id, format!("The vSwitch names network ACL {id}, which was not found.")))
            }
            Some(Known::Unknown(why)) => Err(Stop::unread(id, format!("Network ACL {id} was not read: {why}."))),
            None => Err(Stop::unread(id, format!("Network ACL {id} was not read."))),
        }
    }

    /// Requests from a source to a port.
    pub(crate) fn request(&self, source: Ipv4Net, port: u16) -> Result<Vec<Hop>, Stop> {
        self.judge(Direction::Ingress, source, (port, port))
    }

    /// Answers to a source.
    pub(crate) fn answer(&self, source: Ipv4Net) -> Result<Vec<Hop>, Stop> {
        self.judge(Direction::Egress, source, ANSWERED_PORTS)
    }

    /// Requests to a backend's port, out of the load balancer's vSwitch.
    pub(crate) fn departure(&self, to: Ipv4Net, port: u16) -> Result<Vec<Hop>, Stop> {
        self.judge(Direction::Egress, to, (port, port))
    }

    /// Answers from a backend, into the load balancer's vSwitch.
    pub(crate) fn arrival(&self, from: Ipv4Net) -> Result<Vec<Hop>, Stop> {
        self.judge(Direction::Ingress, from, ANSWERED_PORTS)
    }

    fn judge(&self, direction: Direction, prefix: Ipv4Net, ports: (u16, u16)) -> Result<Vec<Hop>, Stop> {
        let (entries, list, word) = match direction {
            Direction::Ingress => (&self.acl.ingress, "ingress", "from"),
            Direction::Egress => (&self.acl.egress, "egress", "to"),
        };
        let rules: Vec<Rule<'_, usize>> =
            entries.iter().enumerate().filter(|(_, entry)| is_tcp(&entry.protocol)).map(acl_rule).collect();
        let decision = decide(&rules, Packets { net: prefix, ports });
        let id = &self.acl.id;
        if decision.passes() {
            let hop = |entry: &usize| Hop::NetworkAcl { acl: id.clone(), direction, prefix, entry: *entry };
            return Ok(decision.accepted.iter().map(hop).collect());
        }
        let by = decision.dropped.first().map_or_else(
            || format!("no {list} entry matches"),
            |(entry, _)| format!("{list} entry {entry} drops them"),
        );
        let ports =
            if ports.0 == ports.1 { format!("port {}", ports.0) } else { format!("ports {}-{}", ports.0, ports.1) };
        let some = if decision.accepted.is_empty() { "P" } else { "Some p" };
        let message = format!("{some}ackets {word} {prefix}, {ports}, do not pass network ACL {id}: {by}.");
        Err(refused(&decision, Reason::new(Code::NetworkAcl, id, message)))
    }
}

fn acl_rule((at, entry): (usize, &AclEntry)) -> Rule<'_, usize> {
    Rule {
        who: Who::Nets(std::slice::from_ref(&entry.cidr)),
        ports: entry.ports.unwrap_or(ALL_PORTS),
        accept: entry.accept,
        label: at + 1,
    }
}

/// A rule with the group that it belongs to.
type GroupRule<'a> = (&'a SecurityGroupId, &'a SecurityRule);

/// The security groups of an interface taken together: all rules in order of priority, drops first.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    rules: Vec<Rule<'a, GroupRule<'a>>>,
    names: String,
}

impl<'a> Groups<'a> {
    /// The groups of an instance's interface.
    pub(crate) fn read(topology: &'a Topology, instance: &Instance) -> Result<Self, Stop> {
        if instance.security_groups.is_empty() {
            let id = &instance.id;
            return Err(Stop::unread(id, format!("The security groups of {id} were not read.")));
        }
        let mut groups: Vec<&'a SecurityGroup> = Vec::new();
        let mut unread = None;
        for id in &instance.security_groups {
            match topology.security_groups.get(id) {
                Some(Known::Known(Some(group))) => groups.push(group),
                Some(Known::Known(None)) => {
                    let message = format!("Security group {id} does not exist.");
                    return Err(Stop::Broken(Reason::new(Code::GroupMissing, id, message)));
                }
                Some(Known::Unknown(why)) => unread = unread.or(Some((id, format!(": {why}")))),
                None => unread = unread.or_else(|| Some((id, String::new()))),
            }
        }
        if let Some((id, why)) = unread {
            return Err(Stop::unread(id, format!("Security group {id} was not read{why}.")));
        }
        let mut rules: Vec<GroupRule<'a>> = groups
            .iter()
            .flat_map(|group| group.rules.iter().map(|rule| (&group.id, rule)))
            .filter(|(_, rule)| is_tcp(&rule.protocol))
            .collect();
        // cloud-apis.md section 11: smaller priority first; at equal priority a drop wins.
        rules.sort_by_key(|(_, rule)| (rule.priority, rule.accept));
        let rules = rules.into_iter().filter_map(|(group, rule)| group_rule(topology, group, rule)).collect();
        let names: Vec<&str> = instance.security_groups.iter().map(SecurityGroupId::as_str).collect();
        Ok(Self { rules, names: names.join(", ") })
    }

    /// Requests from a source to a port. The groups keep state, so answers pass.
    pub(crate) fn request(&self, source: Ipv4Net, port: u16) -> Result<Vec<Hop>, Stop> {
        let decision = decide(&self.rules, Packets { net: source, ports: (port, port) });
        if let Some(why) = decision.unsure {
            return Err(Stop::Unread(Reason::new(Code::Unread, &self.names, why)));
        }
        if decision.passes() {
            let hop = |(group, rule): &GroupRule<'_>| Hop::SecurityGroup {
                group: (*group).clone(),
                rule: rule.id.clone(),
                priority: rule.priority,
                source,
                port,
            };
            return Ok(decision.accepted.iter().map(hop).collect());
        }
        let some = if decision.accepted.is_empty() { "P" } else { "Some p" };
        let packets = format!("{some}ackets from {source} to port {port}");
        let reason = match decision.dropped.iter().find(|(_, shadows)| *shadows).or(decision.dropped.first()) {
            Some(((group, rule), true)) => {
                let (id, priority) = (&rule.id, rule.priority);
                let message = format!(
                    "{packets} are dropped by {id} (priority {priority}) of {group} before a rule accepts them."
                );
                Reason::new(Code::RuleShadowed, group, message)
            }
            Some(((group, rule), false)) => {
                let message = format!("{packets} are dropped by {} of {group}, and no rule accepts them.", rule.id);
                Reason::new(Code::NotAllowed, group, message)
            }
            None => {
                let message = format!("{packets} are accepted by no rule of {}.", self.names);
                Reason::new(Code::NotAllowed, &self.names, message)
            }
        };
        Err(refused(&decision, reason))
    }
}

fn group_rule<'a>(
    topology: &'a Topology,
    group: &'a SecurityGroupId,
    rule: &'a SecurityRule,
) -> Option<Rule<'a, GroupRule<'a>>> {
    let who = match &rule.source {
        RuleSource::Cidr(net) => Who::Nets(std::slice::from_ref(net)),
        RuleSource::PrefixList(list) => match topology.prefix_lists.get(list) {
            Some(Known::Known(nets)) => Who::Nets(nets),
            Some(Known::Unknown(why)) => Who::Unread(format!("Prefix list {list} of {group} was not read: {why}.")),
            None => Who::Unread(format!("Prefix list {list} of {group} was not read.")),
        },
        // Neither the addresses of a classic ALB nor its own interfaces are members of a backend's groups.
        RuleSource::Group(_) => return None,
        RuleSource::Other(text) if is_ipv6(text) => return None,
        RuleSource::Other(text) => Who::Unread(format!("Rule {} of {group} is not understood: {text}.", rule.id)),
    };
    Some(Rule { who, ports: rule.ports.unwrap_or(ALL_PORTS), accept: rule.accept, label: (group, rule) })
}

/// Nothing accepted is a break; something accepted and something not is a split.
fn refused<L>(decision: &Decision<L>, reason: Reason) -> Stop {
    if decision.accepted.is_empty() { Stop::Broken(reason) } else { Stop::Split(reason) }
}

fn is_tcp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("tcp") || protocol.eq_ignore_ascii_case("all")
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<ipnet::Ipv6Net>().is_ok() || text.parse::<std::net::Ipv6Addr>().is_ok()
}
