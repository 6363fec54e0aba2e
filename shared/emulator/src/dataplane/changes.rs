//! When the tables change by themselves.

use jiff::Timestamp;

use crate::world::World;

/// The next instant after `after` at which a route of a VPC or of a transit router comes into force or leaves it.
pub(crate) fn next_change(world: &World, after: Timestamp) -> Option<Timestamp> {
    let (vpc, cen) = (&world.vpc, &world.cen);
    let routes =
        vpc.tables.values().flat_map(|table| table.entries.values()).filter_map(|entry| entry.status.due(after));
    let switches = vpc.switches.values().filter_map(|switch| switch.status.due(after));
    let attachments = cen.vpc_attachments.values().filter_map(|attachment| attachment.status.due(after));
    let peers = cen.peers.values().filter_map(|peer| peer.status.due(after));
    let links = || cen.associations.iter().chain(&cen.propagations);
    let entries = cen.entries.values().filter_map(|entry| entry.status.due(after));
    // Propagated entries follow what they depend on with a delay (cloud-apis.md section 13).
    let latencies = &world.settings.latencies;
    let propagated = links()
        .map(|link| link.active)
        .chain(cen.peers.values().map(|peer| peer.published))
        .chain(vpc.switches.values().map(|switch| switch.created))
        .map(|since| latencies.after(since, latencies.propagate))
        .filter(|at| *at > after);
    routes
        .chain(switches)
        .chain(attachments)
        .chain(peers)
        .chain(links().filter_map(|link| link.status.due(after)))
        .chain(entries)
        .chain(propagated)
        .min()
}
