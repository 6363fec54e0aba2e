//! An entry of ours whose address now belongs to another selected instance is rewritten for that instance in one write. So
//! the member is never missing, and an address never has two members.

use super::member::{Member, STAGE};
use crate::change::{Change, Write};
use crate::inputs::Inputs;
use crate::mark::MemberState;
use crate::topology::{Instance, ServerStatus};

/// What to do with an entry whose address now belongs to another selected instance.
pub(super) enum Entry {
    /// Hand it over to that instance.
    HandedOver,
    /// Keep it for now, because the new instance is still starting, or the entry's own status is transient.
    Kept,
    /// Treat it like any other member: its own instance may still have the address, or the new one is not running.
    Left,
}

/// Decides about `member`, whose address the selected instance `holder` has now.
pub(super) fn entry(inputs: &Inputs<'_>, member: &Member<'_>, holder: &Instance) -> Entry {
    if !has_left(inputs, member) {
        return Entry::Left;
    }
    match holder.status.as_str() {
        "Running" if member.server.status == ServerStatus::Available => Entry::HandedOver,
        "Running" | "Pending" | "Starting" => Entry::Kept,
        _ => Entry::Left,
    }
}

/// The write that hands the entry over.
pub(super) fn change(inputs: &Inputs<'_>, member: &Member<'_>, holder: &Instance) -> Change {
    let write = Write::UpdateServer {
        instance: holder.id.clone(),
        address: member.server.address,
        port: member.server.port,
        weight: inputs.binding.server_group.weight_beside(member.state, member.server.weight),
        state: MemberState::Serving,
    };
    Change::new(STAGE, write)
}

/// Whether the entry's own instance provably no longer has the address: it is released, or seen with another address.
fn has_left(inputs: &Inputs<'_>, member: &Member<'_>) -> bool {
    let topology = inputs.topology;
    let mut listed = topology.instances.values().filter_map(|known| known.get()).flatten();
    topology.released.contains(&member.instance)
        || listed.any(|found| {
            found.id == member.instance && found.address.is_some_and(|address| address != member.server.address)
        })
}
