//! The four cells of a hop: its kind, where it is, what decided, and what happens next.

use onboarding::ids::{Region, SecurityGroupId, TransitRouterId, VpcId};
use onboarding::topology::{NextHop, Topology};
use reachability::{Direction, Hop};

use super::grid::NO_BREAK_SPACE;
use crate::output::visible;

/// Kind, place, decided by, and then.
pub(super) fn cells(topology: &Topology, hop: &Hop, before: Option<&Hop>) -> [String; 4] {
    let (what, place, by, then) = match hop {
        Hop::Listener { listener, protocol, port, status } => {
            let region = topology.alb().map_or(String::new(), |alb| alb.region.to_string());
            ("listener", region, format!("{listener}: {protocol} on {port}"), status.clone())
        }
        Hop::ServerGroup { group, name, forwarded } => {
            let then = if *forwarded { "forwarded to" } else { "not forwarded to" };
            ("server group", String::new(), format!("{group}: {name}"), then.to_owned())
        }
        Hop::Server { group, member, entry } => {
            let Some(entry) = entry else {
                return ["member".to_owned(), String::new(), format!("{group}: {member}"), "not registered".to_owned()];
            };
            let remote = if entry.remote { "" } else { ", not remote" };
            let health = entry.health.as_ref().map_or_else(
                || entry.status.clone(),
                |health| {
                    let reason = if health.reason.is_empty() { String::new() } else { format!(" ({})", health.reason) };
                    format!("{}{reason}", health.status)
                },
            );
            ("member", String::new(), format!("{member}: weight {}{remote}", entry.weight), health)
        }
        Hop::VpcTable { vpc, table, system, destination, route } => {
            let kind = if *system { "system" } else { "custom" };
            let (by, then) = match route {
                Some(route) => (format!("{table} ({kind}): {}", route.destination), to(&route.next_hop)),
                None => (format!("{table} ({kind})"), format!("nothing for {destination}")),
            };
            ("VPC table", of_vpc(topology, vpc), by, then)
        }
        Hop::Attachment { attachment, vpc, transit_router } => {
            let out = matches!(before, Some(Hop::VpcTable { .. }));
            let place = if out { of_vpc(topology, vpc) } else { of_router(topology, transit_router) };
            let then =
                if out { format!("->{NO_BREAK_SPACE}{transit_router}") } else { format!("->{NO_BREAK_SPACE}{vpc}") };
            ("attachment", place, attachment.to_string(), then)
        }
        Hop::TransitTable { transit_router, table, destination, entry } => {
            let (by, then) = match entry {
                Some(entry) => {
                    let kind = if entry.propagated { "learned" } else { "static" };
                    let then = entry
                        .next_hop
                        .as_ref()
                        .map_or_else(|| "black hole".to_owned(), |id| format!("->{NO_BREAK_SPACE}{id}"));
                    (format!("{table}: {} {kind}", entry.destination), then)
                }
                None => (table.to_string(), format!("nothing for {destination}")),
            };
            ("transit table", of_router(topology, transit_router), by, then)
        }
        Hop::Peer { attachment, from, to } => {
            let bandwidth = topology.peer_attachment(from, to).and_then(|peer| peer.bandwidth);
            let by = bandwidth.map_or_else(|| attachment.to_string(), |mbps| format!("{attachment}: {mbps} Mbit/s"));
            ("connection", from.to_string(), by, format!("->{NO_BREAK_SPACE}{to}"))
        }
        Hop::NetworkAcl { acl, direction, prefix, entry, passes } => {
            let (list, word) = match direction {
                Direction::Ingress => ("ingress", "from"),
                Direction::Egress => ("egress", "to"),
            };
            let by =
                entry.map_or_else(|| format!("{acl}: no {list} entry"), |entry| format!("{acl}: {list} entry {entry}"));
            let verb = if *passes { "passes" } else { "drops" };
            ("network ACL", String::new(), by, format!("{verb} {word} {prefix}"))
        }
        Hop::SecurityGroup { interface, groups, rule, passes, source, port } => {
            let place = interface.as_ref().map_or_else(String::new, ToString::to_string);
            let (by, verb) = match (rule, passes) {
                (Some(rule), passes) => {
                    let by = format!("{}: {}, priority {}", rule.group, rule.id, rule.priority);
                    (by, if *passes { "accepts" } else { "drops" })
                }
                (None, _) => {
                    let groups: Vec<&str> = groups.iter().map(SecurityGroupId::as_str).collect();
                    (format!("{}: no rule", groups.join(", ")), "drops")
                }
            };
            ("security group", place, by, format!("{verb} {source}, {port}/tcp"))
        }
        Hop::Deliver { vpc, vswitch, destination } => {
            let by = vswitch.as_ref().map_or_else(|| "the load balancer".to_owned(), ToString::to_string);
            ("delivered", of_vpc(topology, vpc), by, destination.to_string())
        }
    };
    [what.to_owned(), place, by, then].map(|cell| visible(&cell))
}

fn to(next_hop: &NextHop) -> String {
    match next_hop {
        NextHop::Local => "the VPC itself".to_owned(),
        NextHop::Service => "the cloud's own services".to_owned(),
        NextHop::Attachment(id) => format!("->{NO_BREAK_SPACE}{id}"),
        NextHop::Other(other) => format!("->{NO_BREAK_SPACE}{other}"),
    }
}

fn of_vpc(topology: &Topology, vpc: &VpcId) -> String {
    topology.vpc(vpc).map_or_else(|| vpc.to_string(), |seen| format!("{} {vpc}", seen.region))
}

fn of_router(topology: &Topology, router: &TransitRouterId) -> String {
    let region = |region: &&Region| topology.transit_router(region).is_some_and(|seen| seen.id == *router);
    let region = topology.transit_routers.keys().find(region);
    region.map_or_else(|| router.to_string(), |region| format!("{region} {router}"))
}
