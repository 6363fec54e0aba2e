//! An entry of ours whose address a wanted instance holds now: it is rewritten to name that one, in one write. There is no
//! moment without the member, and never two members for one address.

use super::member::{Member, STAGE};
use crate::change::{Change, Write};
use crate::inputs::Inputs;
use crate::mark::MemberState;
use crate::topology::{Instance, ServerStatus};

/// What becomes of an entry that names another instance than the wanted one that holds its address.
pub(super) enum Entry {
    /// It is handed over.
    HandedOver,
    /// It stays as it is for now: its holder is on its way up, or its status is on its way.
    Kept,
    /// Its holder is no reason to keep it.
    Left,
}

/// Decides about `member`, whose address `holder` holds. `holder` is one that the binding selects.
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

/// The write that hands an entry over.
pub(super) fn change(inputs: &Inputs<'_>, member: &Member<'_>, holder: &Instance) -> Change {
    let write = Write::UpdateServer {
        instance: holder.id.clone(),
        address: member.server.address,
        port: member.server.port,
        weight: inputs.binding.server_group.weight,
        state: MemberState::Serving,
    };
    Change::new(STAGE, write)
}

/// Whether the instance that an entry names is elsewhere for certain: released, or seen with another address.
fn has_left(inputs: &Inputs<'_>, member: &Member<'_>) -> bool {
    let topology = inputs.topology;
    let mut listed = topology.instances.values().filter_map(|known| known.get()).flatten();
    topology.released.contains(&member.instance)
        || listed.any(|found| {
            found.id == member.instance && found.address.is_some_and(|address| address != member.server.address)
        })
}
