//! What joins VPCs: attachments, inter-region connections, and the tables of transit routers.

use onboarding::Write;
use onboarding::ids::{AttachmentId, BandwidthPackageId, Region, VpcId};
use onboarding::topology::AttachmentRef;
use onboarding::topology::{TransitRouteStatus, TransitRouter, TransitTable};

use crate::graph::build::{Draft, few, named};
use crate::graph::model::{Key, Leaf, Row, State};

impl Draft<'_> {
    pub(in crate::graph) fn attachment(&self, vpc: &VpcId, region: &Region) -> Leaf {
        let key = Key::Attachment(vpc.to_string());
        let leaf = |names, title, rows, state| Leaf { key: key.clone(), names, title, rows, state };
        let Some(attachment) = self.topology.vpc_attachment(vpc) else {
            let names = vec![vpc.to_string()];
            return match self.topology.vpc_attachments.why_unknown() {
                Some(why) => {
                    leaf(names, "attachment".to_owned(), vec![Row::new("", format!("not read: {why}"))], State::Unknown)
                }
                None => leaf(names, "no attachment".to_owned(), Vec::new(), State::Missing),
            };
        };
        let mut names = vec![attachment.id.to_string(), vpc.to_string()];
        names.extend(attachment.zones.values().map(ToString::to_string));
        let zones: Vec<_> = attachment.zones.values().map(ToString::to_string).collect();
        let mut rows = vec![Row::new("", format!("in {}", zones.join(", ")))];
        rows.extend(self.topology.transit_router(region).map(|router| joined(router, attachment.id.as_str(), "")));
        leaf(names, settled("attachment", attachment.id.as_str(), attachment.status.as_str()), rows, State::There)
    }

    pub(in crate::graph) fn peer(&self, near: &Region, far: &Region) -> Leaf {
        let key = Key::peer(near.as_str(), far.as_str());
        let leaf = |names, title, rows, state| Leaf { key: key.clone(), names, title, rows, state };
        let Some(peer) = self.topology.peer_attachment(near, far) else {
            let title = format!("no connection {near} – {far}");
            if let Some(why) = self.topology.peer_attachments.why_unknown() {
                let title = format!("connection {near} – {far}");
                return leaf(Vec::new(), title, vec![Row::new("", format!("not read: {why}"))], State::Unknown);
            }
            let ghosts = self.plan.changes.iter().filter_map(|change| match &change.write {
                Write::Connect { from, to, mbps, .. } if (from, to) == (near, far) => {
                    Some(Row::missing(format!("{mbps} Mbit/s")))
                }
                _ => None,
            });
            return leaf(vec![far.to_string()], title, ghosts.collect(), State::Missing);
        };
        let paid = peer.bandwidth_package.as_ref().map_or("paid by traffic", BandwidthPackageId::as_str);
        let silent = if peer.auto_publish { "" } else { "publishes no routes" };
        let bandwidth =
            peer.bandwidth.map_or_else(|| "bandwidth not stated".to_owned(), |mbps| format!("{mbps} Mbit/s"));
        let mut rows = vec![Row::new("", named(&bandwidth, "", &[paid, silent]))];
        for region in [near, far] {
            let router = self.topology.transit_router(region);
            rows.extend(router.map(|router| joined(router, peer.id.as_str(), &format!("{region}: "))));
        }
        leaf(
            vec![peer.id.to_string()],
            settled("connection", peer.id.as_str(), peer.status.as_str()),
            rows,
            State::There,
        )
    }

    /// Tables that attachments of the binding are associated with or teach, or that packets came by; the system table
    /// where none is.
    pub(in crate::graph) fn transit_tables(&self, region: &Region, router: &TransitRouter) -> Vec<Leaf> {
        let concerned =
            |table: &&TransitTable| table.system || !table.associations.is_empty() || !table.propagations.is_empty();
        let tables = router.tables.values().filter(concerned);
        let leaf = |table: &TransitTable| {
            let mut rows: Vec<_> = table.routes.iter().collect();
            rows.sort_by_key(|route| (route.destination, route.propagated, &route.next_hop));
            let rows = rows.into_iter().map(|route| {
                let to = route.next_hop.as_ref().map_or("black hole", AttachmentId::as_str);
                let status = if route.status == TransitRouteStatus::Active { "" } else { route.status.as_str() };
                let kind = if route.propagated { "learned" } else { "static" };
                let text = named(&format!("{} → {to}", route.destination), "", &[kind, status]);
                Row::new(format!("{} {}", table.id, route.destination), text)
            });
            let mut rows = few(rows.collect(), self.marked);
            let ghosts = self.plan.changes.iter().filter_map(|change| match &change.write {
                Write::AddTransitRoute { region: of, table: at, destination, attachment }
                    if of == region && *at == table.id =>
                {
                    let to = match attachment {
                        AttachmentRef::Vpc { vpc } => vpc.to_string(),
                        AttachmentRef::Peer { to, .. } => to.to_string(),
                    };
                    Some(Row::missing(format!("{destination} → {to}")))
                }
                _ => None,
            });
            rows.extend(few(ghosts.collect(), self.marked));
            if rows.is_empty() {
                rows.push(Row::new("", "no entries"));
            }
            let kind = if table.system { "system" } else { "custom" };
            Leaf {
                key: Key::Table(table.id.to_string()),
                names: vec![table.id.to_string()],
                title: format!("{kind} table {}", table.id),
                rows,
                state: State::There,
            }
        };
        tables.map(leaf).collect()
    }
}

/// How an attachment and a transit router's tables know each other.
fn joined(router: &TransitRouter, attachment: &str, before: &str) -> Row {
    let word = |status: &str, settled: &str| if status == settled { String::new() } else { format!(" ({status})") };
    let associated = router
        .tables
        .values()
        .find_map(|table| Some((table, table.associations.get(attachment)?)))
        .map(|(table, status)| (&table.id, word(status.as_str(), "Active")));
    let taught: Vec<_> = router
        .tables
        .values()
        .filter_map(|table| Some((&table.id, word(table.propagations.get(attachment)?.as_str(), "Active"))))
        .collect();
    let missing = associated.is_none() || taught.is_empty();
    let text = match (&associated, taught.as_slice()) {
        (Some((table, status)), [(same, also)]) if table == same => {
            format!("{before}associated{status}, propagating{also}: {table}")
        }
        (associated, taught) => {
            let associated = associated
                .as_ref()
                .map_or_else(|| "not associated".to_owned(), |(table, status)| format!("associated{status}: {table}"));
            let taught = if taught.is_empty() {
                "not propagating".to_owned()
            } else {
                let tables: Vec<_> = taught.iter().map(|(table, status)| format!("{table}{status}")).collect();
                format!("propagating: {}", tables.join(", "))
            };
            format!("{before}{associated}; {taught}")
        }
    };
    if missing { Row::missing(text) } else { Row::new("", text) }
}

fn settled(what: &str, id: &str, status: &str) -> String {
    named(&format!("{what} {id}"), "", &[if status == "Attached" { "" } else { status }])
}
