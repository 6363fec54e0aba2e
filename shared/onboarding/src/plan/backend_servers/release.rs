//! Members whose instance is released. Proven releases up to the cap are deregistered at once. If there are more at a time,
//! they are first marked, with unchanged weight. They are deregistered when a reading at least ten minutes later, in
//! another invocation, proves the release again. So false answers can cause no other change than a mark, and the first
//! reading that shows the instance clears it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::member::{self, Member, RECHECK, STAGE, cap, hold, later};
use crate::absence::{Unproven, contradictions};
use crate::change::{Change, Leaving, Write};
use crate::ids::InstanceId;
use crate::inputs::Inputs;
use crate::mark::MemberState;
use crate::ordered::Ordered;
use crate::plan::Plan;
use crate::reason::{Code, Reason};
use crate::topology::{Endpoint, Server, ServerStatus, Unknown};

/// The recorded state of a member whose release is proven.
enum Note {
    /// None that matters.
    None,
    /// Its waiting time is over.
    Due,
    /// It was drained recently, for another reason; it is due at this time.
    Draining(Timestamp),
    /// It was marked as released; it is due at this time.
    Marked(Timestamp),
}

/// Plans the removals of released members, and the marks.
pub(super) fn plan(inputs: &Inputs<'_>, servers: &[Server], members: &[&Member<'_>], plan: &mut Plan) {
    unproven(inputs, members, plan);
    let gone = |member: &&&Member<'_>| inputs.topology.released.contains(&member.instance);
    // The cap counts all proven releases: marked, due or in progress, and those that this invocation deregistered.
    let mut going: BTreeSet<&InstanceId> = inputs.departures.released.iter().ordered();
    going.extend(members.iter().filter(gone).map(|member| &member.instance));
    let at_once = going.len() <= cap(inputs, servers);
    for member in members.iter().filter(gone).filter(|member| member.server.status == ServerStatus::Available) {
        if inputs.departures.released.contains(&member.instance) {
            plan.changes.push(removal(member)); // no listing shows it yet
            continue;
        }
        let id = &member.instance;
        plan.changes.push(match noted(inputs, member.state) {
            Note::Due => removal(member),
            Note::Marked(at) => {
                let message = format!(
                    "{id} is marked as released, and is removed after {at} if a reading proves its release again then."
                );
                removal(member).blocked_by(Reason::new(Code::ReleaseMarked, id, message).until(at))
            }
            Note::None | Note::Draining(_) if at_once => removal(member),
            Note::Draining(at) => {
                let message = format!("{id} (released) has weight 0, and is removed after {at}.");
                removal(member).blocked_by(Reason::new(Code::RemovalWaits, id, message).until(at))
            }
            Note::None => note_of(member, MemberState::Released(inputs.now)),
        });
    }
}

/// Clears the mark of members whose instance is shown again, unless a change of the plan from index `before` on already
/// does.
pub(super) fn take_back(inputs: &Inputs<'_>, members: &[Member<'_>], before: usize, plan: &mut Plan) {
    let changed: BTreeSet<Endpoint> = plan.changes.iter().skip(before).filter_map(updated).ordered();
    for member in members {
        let marked =
            matches!(member.state, MemberState::Released(_)) && member.server.status == ServerStatus::Available;
        if marked && is_shown(inputs, &member.instance) && !changed.contains(&member.server.endpoint()) {
            plan.changes.push(note_of(member, MemberState::Serving));
        }
    }
}

fn is_shown(inputs: &Inputs<'_>, id: &InstanceId) -> bool {
    let mut listed = inputs.topology.instances.values().filter_map(|known| known.get()).flatten();
    matches!(inputs.topology.unproven.get(id), Some(Unproven::Shown | Unproven::Elsewhere { .. }))
        || listed.any(|found| &found.id == id)
}

/// Reports why members are kept although no listing shows their instances.
fn unproven(inputs: &Inputs<'_>, members: &[&Member<'_>], plan: &mut Plan) {
    let doubted = || members.iter().filter_map(|member| inputs.topology.unproven.get_key_value(&member.instance));
    for (id, why) in doubted() {
        if let Unproven::Unread { why } = why {
            plan.unread(&format!("whether {id} is released"), Some(Unknown::Failed(why)));
        }
    }
    for found in contradictions(doubted()) {
        let (are, stay) = if found.is_many() { ("are", "they stay members") } else { ("is", "it stays a member") };
        let message = format!("{} {are} no longer listed, but {}: {stay}.", found.named(), found.against);
        plan.find(Reason::new(Code::ReleaseUnproven, found.named(), message));
    }
}

fn noted(inputs: &Inputs<'_>, state: MemberState) -> Note {
    match state {
        MemberState::Serving | MemberState::Stopped(_) => Note::None,
        MemberState::Draining(since) => {
            let at = later(since, hold(inputs));
            if at <= inputs.now { Note::Due } else { Note::Draining(at) }
        }
        // A mark that is not older than this invocation was written after its first reading. Marks have a resolution of one
        // second.
        MemberState::Released(since) => {
            let at = later(since, RECHECK);
            let older = later(since, Duration::from_secs(1)) <= inputs.opened;
            if at <= inputs.now && older { Note::Due } else { Note::Marked(at) }
        }
    }
}

fn removal(member: &Member<'_>) -> Change {
    member::remove(member, Leaving::Released)
}

/// The same member with another recorded state and unchanged weight.
fn note_of(member: &Member<'_>, state: MemberState) -> Change {
    let Member { instance, server, .. } = member;
    let (address, port, weight) = (server.address, server.port, server.weight);
    Change::new(STAGE, Write::UpdateServer { instance: instance.clone(), address, port, weight, state })
}

/// The member whose state a change records.
fn updated(change: &Change) -> Option<Endpoint> {
    let Write::UpdateServer { address, port, .. } = change.write else { return None };
    Some(Endpoint { address, port })
}
