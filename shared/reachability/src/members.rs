//! The filters at the backend: the network ACL of its vSwitch and the security groups of its interface. The ACLs of the load
//! balancer's vSwitches use the same code, with the directions exchanged.

use ipnet::Ipv4Net;
use onboarding::change::{Change, DesiredRule, StageName, Write};
use onboarding::desired::group_for_rules;
use onboarding::ids::{NetworkAclId, RuleId, SecurityGroupId};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{
    AclEntry, Instance, Known, NetworkAcl, RuleSource, SecurityGroup, SecurityRule, Topology, Unknown,
};

use crate::fault::{Denied, Remedy, Task};
use crate::filter::{ALL_PORTS, Decision, Rule, Who, decide};
use crate::hop::{DecidingRule, Direction, Hop};
use crate::space::Packets;
use crate::verdict::{Part, Stop};

/// Ports that a load balancer may open connections from. None is documented, so all unprivileged ones.
const ANSWERED_PORTS: (u16, u16) = (1024, u16::MAX);

/// A network ACL. It is stateless: requests and answers are checked separately.
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
            unknown => {
                let why = Unknown::of(unknown).unwrap_or_default();
                Err(Stop::unknown(id, why, format!("Network ACL {id} was not read: {why}.")))
            }
        }
    }

    /// Whether it has this id.
    pub(crate) fn is(&self, id: &NetworkAclId) -> bool {
        self.acl.id == *id
    }

    /// Requests from a source to a port.
    pub(crate) fn request(&self, source: Ipv4Net, port: u16) -> Part {
        self.judge(Direction::Ingress, source, (port, port))
    }

    /// Answers to a source.
    pub(crate) fn answer(&self, source: Ipv4Net) -> Part {
        self.judge(Direction::Egress, source, ANSWERED_PORTS)
    }

    /// Requests to a backend's port, out of the load balancer's vSwitch.
    pub(crate) fn departure(&self, to: Ipv4Net, port: u16) -> Part {
        self.judge(Direction::Egress, to, (port, port))
    }

    /// Answers from a backend, into the load balancer's vSwitch.
    pub(crate) fn arrival(&self, from: Ipv4Net) -> Part {
        self.judge(Direction::Ingress, from, ANSWERED_PORTS)
    }

    fn judge(&self, direction: Direction, prefix: Ipv4Net, ports: (u16, u16)) -> Part {
        let entries = match direction {
            Direction::Ingress => &self.acl.ingress,
            Direction::Egress => &self.acl.egress,
        };
        let rules: Vec<Rule<'_, usize>> =
            entries.iter().enumerate().filter(|(_, entry)| is_tcp(&entry.protocol)).map(acl_rule).collect();
        let decision = decide(&rules, Packets { net: prefix, ports });
        let id = &self.acl.id;
        let hop = |entry, passes| Hop::NetworkAcl { acl: id.clone(), direction, prefix, entry, passes };
        let mut hops: Vec<Hop> = decision.accepted.iter().map(|entry| hop(Some(*entry), true)).collect();
        if decision.passes() {
            return Part::new(hops, Ok(()));
        }
        let (list, word) = direction.words();
        let entry = decision.dropped.first().map(|(entry, _)| *entry);
        hops.push(hop(entry, false));
        let by = entry
            .map_or_else(|| format!("no {list} entry matches"), |entry| format!("{list} entry {entry} drops them"));
        let (first, last) = ports;
        let named = onboarding::words::ports(first, last);
        let some = if decision.accepted.is_empty() { "P" } else { "Some p" };
        let message = format!("{some}ackets {word} {prefix}, {named}, do not pass network ACL {id}: {by}.");
        let denied = vec![Denied { direction, ports, prefix }];
        let remedy = Remedy::Operator(Task::PassNetworkAcl { acl: id.clone(), denied });
        Part::new(hops, Err(refused(&decision, Reason::new(Code::NetworkAcl, id, message), remedy)))
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
    instance: &'a Instance,
    rules: Vec<Rule<'a, GroupRule<'a>>>,
    /// Where a rule that is missing would go, and with which priority.
    target: Option<&'a SecurityGroup>,
    priority: u8,
}

impl<'a> Groups<'a> {
    /// The groups of the interface that owns an instance's address. `priority` is that of a rule to add.
    pub(crate) fn read(topology: &'a Topology, instance: &'a Instance, priority: u8) -> Result<Self, Stop> {
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
                    let task = Task::GiveSecurityGroup { instance: instance.id.clone() };
                    return Err(Stop::broken(Reason::new(Code::GroupMissing, id, message), Remedy::Operator(task)));
                }
                unknown => unread = unread.or_else(|| Some((id, Unknown::of(unknown)?))),
            }
        }
        if let Some((id, why)) = unread {
            return Err(Stop::unknown(id, why, format!("Security group {id} was not read: {why}.")));
        }
        let mut rules: Vec<GroupRule<'a>> = groups
            .iter()
            .flat_map(|group| group.rules.iter().map(|rule| (&group.id, rule)))
            .filter(|(_, rule)| is_tcp(&rule.protocol))
            .collect();
        // cloud-apis.md section 11: smaller priority first; at equal priority a drop wins.
        rules.sort_by_key(|(_, rule)| (rule.priority, rule.accept));
        let rules = rules.into_iter().filter_map(|(group, rule)| group_rule(topology, group, rule)).collect();
        Ok(Self { instance, rules, target: group_for_rules(topology, instance), priority })
    }

    /// Requests from a source to a port. The groups are stateful, so answers pass.
    pub(crate) fn request(&self, source: Ipv4Net, port: u16) -> Part {
        let decision = decide(&self.rules, Packets { net: source, ports: (port, port) });
        let hop = |rule: Option<GroupRule<'_>>, passes| Hop::SecurityGroup {
            interface: self.instance.interface.clone(),
            groups: self.instance.security_groups.clone(),
            rule: rule.map(|(group, rule)| DecidingRule {
                group: group.clone(),
                id: rule.id.clone(),
                priority: rule.priority,
            }),
            passes,
            source,
            port,
        };
        let mut hops: Vec<Hop> = decision.accepted.iter().map(|rule| hop(Some(*rule), true)).collect();
        if let Some(why) = decision.unsure {
            return Part::new(hops, Err(Stop::unread(self.names(), why)));
        }
        if decision.passes() {
            return Part::new(hops, Ok(()));
        }
        let some = if decision.accepted.is_empty() { "P" } else { "Some p" };
        let packets = format!("{some}ackets from {source} to port {port}");
        let dropped = decision.dropped.iter().find(|(_, shadows)| *shadows).or(decision.dropped.first());
        hops.push(hop(dropped.map(|(rule, _)| *rule), false));
        let (reason, remedy) = match dropped {
            Some(((group, rule), true)) => {
                let (id, priority) = (&rule.id, rule.priority);
                let message = format!(
                    "{packets} are dropped by {id} (priority {priority}) of {group} before a rule accepts them."
                );
                // The rule of ours that should come before it may have been moved behind it.
                let remedy = if self.priority < priority { self.allow(source, port) } else { remove(group, rule) };
                (Reason::new(Code::RuleShadowed, id, message), remedy)
            }
            Some(((group, rule), false)) => {
                let message = format!("{packets} are dropped by {} of {group}, and no rule accepts them.", rule.id);
                // A rule of ours helps only if it comes before the drop, which else is what is in the way.
                if self.priority < rule.priority {
                    (Reason::new(Code::NotAllowed, group, message), self.allow(source, port))
                } else {
                    (Reason::new(Code::NotAllowed, &rule.id, message), remove(group, rule))
                }
            }
            None => {
                let names = self.names();
                let message = format!("{packets} are accepted by no rule of {names}.");
                (Reason::new(Code::NotAllowed, names, message), self.allow(source, port))
            }
        };
        Part::new(hops, Err(refused(&decision, reason, remedy)))
    }

    /// Why the packets of a request do not pass, and besides the next rules that drop them: behind one that a person takes away, each is met.
    pub(crate) fn refusals(&self, source: Ipv4Net, port: u16) -> Vec<Part> {
        let mut left = Self { rules: self.rules.clone(), ..*self };
        let mut found = vec![left.request(source, port)];
        while let Some(rule) = found.last().and_then(dropped_by).cloned() {
            left.rules.retain(|kept| kept.label.1.id != rule);
            let behind = left.request(source, port);
            if dropped_by(&behind).is_none() {
                break;
            }
            found.push(behind);
        }
        found
    }

    /// The rule that would let packets in.
    fn allow(&self, source: Ipv4Net, port: u16) -> Remedy {
        let Some(target) = self.target else {
            return Remedy::Operator(Task::GiveSecurityGroup { instance: self.instance.id.clone() });
        };
        let write = Write::AllowIngress {
            region: target.region.clone(),
            group: target.id.clone(),
            rules: vec![DesiredRule { port, source, priority: self.priority }],
        };
        Remedy::Albridge { change: Box::new(Change::new(StageName::SecurityRules, write)) }
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.instance.security_groups.iter().map(SecurityGroupId::as_str).collect();
        names.join(", ")
    }
}

/// The rule that is in the way, if a person has to take it away.
fn dropped_by(part: &Part) -> Option<&RuleId> {
    match &part.fault.as_ref()?.remedy {
        Remedy::Operator(Task::RemoveRule { rule, .. }) => Some(rule),
        _ => None,
    }
}

fn remove(group: &SecurityGroupId, rule: &SecurityRule) -> Remedy {
    Remedy::Operator(Task::RemoveRule { group: group.clone(), rule: rule.id.clone() })
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
            unknown => {
                let why = Unknown::of(unknown).unwrap_or_default();
                Who::Unread(format!("Prefix list {list} of {group} was not read: {why}."))
            }
        },
        // Neither the addresses of a classic ALB nor its own interfaces are members of a backend's groups.
        RuleSource::Group(_) => return None,
        RuleSource::Other(text) if is_ipv6(text) => return None,
        RuleSource::Other(text) => Who::Unread(format!("Rule {} of {group} is not understood: {text}.", rule.id)),
    };
    Some(Rule { who, ports: rule.ports.unwrap_or(ALL_PORTS), accept: rule.accept, label: (group, rule) })
}

/// It is broken if nothing is accepted, and split if only some packets are.
fn refused<L>(decision: &Decision<L>, reason: Reason, remedy: Remedy) -> Stop {
    if decision.accepted.is_empty() { Stop::broken(reason, remedy) } else { Stop::split(reason, remedy) }
}

fn is_tcp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("tcp") || protocol.eq_ignore_ascii_case("all")
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<ipnet::Ipv6Net>().is_ok() || text.parse::<std::net::Ipv6Addr>().is_ok()
}
