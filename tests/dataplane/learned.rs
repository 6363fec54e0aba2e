//! What every table holds, found from the declared facts alone by repeating one round of route exchange until nothing
//! changes. Shares nothing with the emulator's tables or with the analysis.
//!
//! ```text
//!   a table = its static entries
//!           + the vSwitches of every VPC attachment that propagates to it
//!           + what the far table of every publishing connection that propagates to it held a round ago
//! ```
//! Rules: cloud-apis.md sections 7b, 10 and 14. A static entry wins over a learned one; of two learned ones the one that
//! came through fewer transit routers; between equals no document decides, so the attachment's id does, as in the emulator.
//! Nothing is taken that has come through this router already, or that the far table
//! sends back over the same connection.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::facts::{Facts, Via};

/// What the cloud calls the attachments.
pub(crate) type Ids = BTreeMap<Via, String>;

/// An entry of a transit router's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Learned {
    propagated: bool,
    /// The routers that it came through.
    through: BTreeSet<usize>,
    /// None is a black hole.
    pub(crate) hop: Option<Via>,
}

/// By router and index of the table.
pub(crate) type Tables = BTreeMap<(usize, usize), BTreeMap<Ipv4Net, Learned>>;

/// More rounds than any route needs to get through three routers.
const ROUNDS: usize = 16;

/// The tables of all transit routers.
pub(crate) fn tables(facts: &Facts, ids: &Ids) -> Tables {
    let mut tables = Tables::new();
    for _ in 0..ROUNDS {
        let next = round(facts, ids, &tables);
        if next == tables {
            return tables;
        }
        tables = next;
    }
    panic!("the routes do not settle: {facts:?}");
}

fn round(facts: &Facts, ids: &Ids, before: &Tables) -> Tables {
    let mut tables = Tables::new();
    for (at, router) in facts.routers.iter().enumerate() {
        for (index, statics) in router.tables.iter().enumerate() {
            let mut table = BTreeMap::new();
            let mut offer = |destination, entry: Learned| match table.get(&destination) {
                Some(held) if rank(held, ids) <= rank(&entry, ids) => {}
                _ => drop(table.insert(destination, entry)),
            };
            for entry in statics {
                offer(entry.destination, Learned { propagated: false, through: BTreeSet::new(), hop: entry.hop });
            }
            for (via, link) in facts.links(at) {
                if link.propagations.contains(&index) {
                    for (destination, entry) in taught(facts, before, at, via) {
                        offer(destination, entry);
                    }
                }
            }
            tables.insert((at, index), table);
        }
    }
    tables
}

/// What an attachment teaches the tables of a router that it propagates to.
fn taught(facts: &Facts, before: &Tables, router: usize, via: Via) -> Vec<(Ipv4Net, Learned)> {
    let hop = Some(via);
    match via {
        Via::Vpc(id) => {
            let entry = || Learned { propagated: true, through: BTreeSet::new(), hop };
            facts.vpc(id).switches.iter().map(|switch| (switch.cidr, entry())).collect()
        }
        Via::Peer(at) => {
            let peer = &facts.peers[at];
            let end = usize::from(peer.routers[0] == router);
            let far = peer.routers[end];
            let table = peer.links[end].association.and_then(|table| before.get(&(far, table)));
            let offered = table.filter(|_| peer.publishes).into_iter().flatten();
            let offered = offered.filter(|(_, entry)| entry.hop != hop && !entry.through.contains(&router));
            let past = |entry: &Learned| entry.through.iter().copied().chain([far]).collect();
            offered
                .map(|(destination, entry)| (*destination, Learned { propagated: true, through: past(entry), hop }))
                .collect()
        }
    }
}

/// The smaller is preferred.
fn rank<'a>(entry: &Learned, ids: &'a Ids) -> (bool, usize, Option<&'a String>) {
    (entry.propagated, entry.through.len(), entry.hop.and_then(|hop| ids.get(&hop)))
}

/// What a transit router writes into a VPC's system table: what the attachment's table knows and does not send back.
pub(crate) fn published(facts: &Facts, tables: &Tables, vpc: usize) -> Vec<Ipv4Net> {
    let vpc = &facts.vpcs[vpc];
    let Some(attachment) = vpc.attachment.as_ref().filter(|attachment| attachment.publishes) else { return Vec::new() };
    let router = facts.router_of(vpc.region);
    let table = attachment.link.association.and_then(|table| tables.get(&(router, table)));
    let leads_away = |entry: &Learned| entry.hop.is_some_and(|hop| hop != Via::Vpc(vpc.id));
    table.into_iter().flatten().filter(|(_, entry)| leads_away(entry)).map(|(destination, _)| *destination).collect()
}

#[cfg(test)]
mod tests {
    use local::Generation;

    use super::*;
    use crate::complete::{Shape, complete};
    use crate::facts::net;

    #[test]
    fn prefixes_travel_through_a_third_router_and_never_back() {
        let shape = Shape { third: Some(2), chain: true, ..Shape::procedure(Generation::Upgraded) };
        let facts = complete(&shape);
        let tables = tables(&facts, &Ids::new());
        let hops = |router: usize, prefix: &str| tables[&(router, 0)].get(&net(prefix)).and_then(|entry| entry.hop);
        assert_eq!(hops(0, "10.3.1.0/24"), Some(Via::Peer(0)));
        assert_eq!(hops(1, "10.3.1.0/24"), Some(Via::Peer(1)));
        assert_eq!(hops(2, "172.16.6.0/24"), Some(Via::Peer(1)));
        assert_eq!(hops(0, "172.16.6.0/24"), Some(Via::Vpc("vpc-1")));
    }

    #[test]
    fn an_unpublished_or_unassociated_connection_teaches_nothing() {
        let mut facts = complete(&Shape::procedure(Generation::Upgraded));
        facts.peers[0].links[1].association = None;
        assert!(!tables(&facts, &Ids::new())[&(0, 0)].contains_key(&net("192.168.7.0/24")));
        assert!(
            tables(&facts, &Ids::new())[&(1, 0)].contains_key(&net("172.16.0.0/24")),
            "the other direction is not concerned"
        );
        facts.peers[0].publishes = false;
        assert!(!tables(&facts, &Ids::new())[&(1, 0)].contains_key(&net("172.16.0.0/24")));
    }
}
