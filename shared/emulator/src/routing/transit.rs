//! What a transit router's table holds: its static entries, and what attachments propagate into it.
//!
//! ```text
//!   VPC attachment ──propagates──► the CIDR blocks of the VPC's vSwitches (its system routes)
//!   peer attachment ─propagates──► what is in the far table that the peer is associated with, if it publishes,
//!                                  except what has already passed through this transit router
//! ```
//! Source: cloud-apis.md sections 7b, 10 and 14. An entry carries the instant from which it is listed and used: `propagate`
//! after the last thing that it depends on.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::state::cen::{Attachment, Link, Peer, Status, VpcAttachment};
use crate::state::vpc;
use crate::time::moment;
use crate::world::World;

/// The origin of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Static,
    Propagated,
}

/// The status of an entry, as listed. Only `Active` ones carry packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryStatus {
    Active,
    /// Another entry for the same destination wins.
    Candidate,
    Creating,
    Deleting,
}

impl EntryStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Candidate => "Candidate",
            Self::Creating => "Creating",
            Self::Deleting => "Deleting",
        }
    }
}

/// An entry of a transit router's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TransitEntry {
    pub(crate) destination: Ipv4Net,
    pub(crate) kind: Kind,
    pub(crate) status: EntryStatus,
    /// The attachment that packets leave by; none drops them (`BlackHole`).
    pub(crate) hop: Option<String>,
    /// Only static entries have one.
    pub(crate) id: Option<String>,
    /// The VPC, or for static entries the table, that it comes from.
    pub(crate) origin: String,
    /// The number of transit routers that it was propagated through: the shorter path wins.
    pub(crate) distance: usize,
    /// From when on it is in force.
    pub(crate) since: Timestamp,
}

/// Every entry of a table at `now`, by destination; among equals the one in force comes first.
///
/// The data plane uses those that are `Active`.
pub(crate) fn transit_entries(world: &World, now: Timestamp, table: &str) -> Vec<TransitEntry> {
    let mut entries = collect(world, now, table, &BTreeSet::new());
    entries.retain(|entry| entry.since <= now || entry.status == EntryStatus::Creating);
    entries
}

/// What an auto-publishing VPC attachment writes into the VPC's system table: the entries of the table that the
/// attachment is associated with, except those that lead back to the VPC. Destination and attachment.
pub(crate) fn published_to_vpc(world: &World, now: Timestamp, vpc: &str) -> Vec<(Ipv4Net, String)> {
    let publishing = world.cen.vpc_attachments.values().filter(|attachment| {
        attachment.vpc == vpc && attachment.auto_publish && Attachment::Vpc(attachment).is_up(now)
    });
    let mut published = Vec::new();
    for attachment in publishing {
        let Some(table) = world.cen.table_of(now, &attachment.router, &attachment.id) else { continue };
        for entry in transit_entries(world, now, &table) {
            let leads_away = entry.hop.as_ref().is_some_and(|hop| *hop != attachment.id);
            if entry.status == EntryStatus::Active && leads_away {
                published.push((entry.destination, attachment.id.clone()));
            }
        }
    }
    published
}

/// The entries of a table, those of the future too: their `since` says when. `passed` are the transit routers that the
/// routes were propagated through already, to prevent loops.
fn collect(world: &World, now: Timestamp, table: &str, passed: &BTreeSet<String>) -> Vec<TransitEntry> {
    let Some(router) = world.cen.tables.get(table).map(|table| table.router.clone()) else { return Vec::new() };
    let mut entries: Vec<TransitEntry> = statics(world, now, table).collect();
    let mut passed = passed.clone();
    passed.insert(router.clone());
    let links = world.cen.propagations.iter().filter(|link| link.table == table && *link.status.get(now) == Status::Up);
    for link in links {
        match world.cen.attachment(&link.attachment) {
            Some(Attachment::Vpc(attachment)) if Attachment::Vpc(attachment).is_up(now) => {
                entries.extend(from_vpc(world, now, link, attachment));
            }
            Some(Attachment::Peer(peer)) if Attachment::Peer(peer).is_up(now) => {
                entries.extend(from_peer(world, now, link, peer, &router, &passed));
            }
            _ => {}
        }
    }
    rank(entries, now)
}

fn statics<'a>(world: &'a World, now: Timestamp, table: &'a str) -> impl Iterator<Item = TransitEntry> + 'a {
    world.cen.entries.values().filter(move |entry| entry.table == table).map(move |entry| TransitEntry {
        destination: entry.destination,
        kind: Kind::Static,
        status: match entry.status.get(now) {
            Status::Coming => EntryStatus::Creating,
            Status::Up | Status::Changing => EntryStatus::Active,
            Status::Going | Status::Gone => EntryStatus::Deleting,
        },
        hop: entry.hop.clone(),
        id: Some(entry.id.clone()),
        origin: entry.table.clone(),
        distance: 0,
        since: entry.active,
    })
}

fn from_vpc(world: &World, now: Timestamp, link: &Link, attachment: &VpcAttachment) -> Vec<TransitEntry> {
    let latencies = &world.settings.latencies;
    let switches =
        world.vpc.switches_of(&attachment.vpc).filter(|switch| *switch.status.get(now) == vpc::Status::Available);
    switches
        .map(|switch| TransitEntry {
            destination: switch.cidr,
            kind: Kind::Propagated,
            status: EntryStatus::Active,
            hop: Some(attachment.id.clone()),
            id: None,
            origin: attachment.vpc.clone(),
            distance: 0,
            since: moment(link.active.max(switch.created), latencies.propagate),
        })
        .collect()
}

fn from_peer(
    world: &World,
    now: Timestamp,
    link: &Link,
    peer: &Peer,
    router: &str,
    passed: &BTreeSet<String>,
) -> Vec<TransitEntry> {
    let Some(far_router) = peer.other_side(router).filter(|far| peer.auto_publish && !passed.contains(*far)) else {
        return Vec::new();
    };
    let association = world.cen.associations.iter().find(|link| {
        let table = world.cen.tables.get(&link.table);
        link.attachment == peer.id
            && table.is_some_and(|table| table.router == far_router)
            && *link.status.get(now) == Status::Up
    });
    let Some(association) = association else { return Vec::new() };
    let latencies = &world.settings.latencies;
    let open = moment(link.active.max(association.active).max(peer.published), latencies.propagate);
    collect(world, now, &association.table, passed)
        .into_iter()
        // Black holes are advertised too; routes learned over this connection are not (split horizon).
        .filter(|entry| entry.status == EntryStatus::Active && entry.hop.as_ref() != Some(&peer.id))
        .map(|entry| TransitEntry {
            destination: entry.destination,
            kind: Kind::Propagated,
            status: EntryStatus::Active,
            hop: Some(peer.id.clone()),
            id: None,
            origin: entry.origin,
            distance: entry.distance + 1,
            since: entry.since.max(open),
        })
        .collect()
}

/// The order of preference: entries in force before future ones, then as [`rank`] says.
fn rank_of(entry: &TransitEntry, now: Timestamp) -> impl Ord + '_ {
    (entry.since > now, entry.kind, entry.distance, &entry.hop, &entry.id)
}

/// Decides between entries for one destination: static before propagated, near before far, then by hop.
fn rank(entries: Vec<TransitEntry>, now: Timestamp) -> Vec<TransitEntry> {
    let mut by_destination: BTreeMap<Ipv4Net, Vec<TransitEntry>> = BTreeMap::new();
    for entry in entries {
        by_destination.entry(entry.destination).or_default().push(entry);
    }
    let mut ranked = Vec::new();
    for mut group in by_destination.into_values() {
        group.sort_by(|left, right| rank_of(left, now).cmp(&rank_of(right, now)));
        let mut taken = false;
        for mut entry in group {
            if entry.status == EntryStatus::Active {
                if taken && entry.since <= now {
                    entry.status = EntryStatus::Candidate;
                }
                taken = true;
            }
            ranked.push(entry);
        }
    }
    ranked
}
