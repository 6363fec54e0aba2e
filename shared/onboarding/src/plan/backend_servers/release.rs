//! Members whose instance is gone. Proven releases up to the cap go at once. More of them at a time are first marked, with
//! their weight as it is, and go when a reading at least ten minutes later, in another invocation, proves it again: that is
//! the one alteration that false answers can bring about, and the first reading that shows the instance takes it back.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::member::{self, Member, RECHECK, STAGE, cap, hold, later};
use crate::absence::Unproven;
use crate::change::{Change, Leaving, Write};
use crate::ids::InstanceId;
use crate::inputs::Inputs;
use crate::mark::MemberState;
use crate::plan::Plan;
use crate::reason::{Code, Reason};
use crate::topology::{Endpoint, Server, ServerStatus, Unknown};

/// What was noted before about a member whose release is proven.
enum Note {
    /// Nothing that counts.
    None,
    /// It waited long enough.
    Due,
    /// It was sent away lately, for another reason.
    Draining(Timestamp),
    /// It was marked as released; it is due at this time.
    Marked(Timestamp),
}

/// The removals of released members, and the marks.
pub(super) fn plan(inputs: &Inputs<'_>, servers: &[Server], members: &[&Member<'_>], plan: &mut Plan) {
    unproven(inputs, members, plan);
    let gone = |member: &&&Member<'_>| inputs.topology.released.contains(&member.instance);
    // All that are proven count: those that are marked, due or being removed, and those that this invocation removed.
    let mut going: BTreeSet<&InstanceId> = inputs.departures.released.iter().collect();
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

/// Takes the mark off members whose instance is shown again, where no change of the plan since `before` does it.
pub(super) fn take_back(inputs: &Inputs<'_>, members: &[Member<'_>], before: usize, plan: &mut Plan) {
    let changed: BTreeSet<Endpoint> = plan.changes.iter().skip(before).filter_map(updated).collect();
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

/// What keeps a member although no listing shows its instance.
fn unproven(inputs: &Inputs<'_>, members: &[&Member<'_>], plan: &mut Plan) {
    for member in members {
        let id = &member.instance;
        let why = match inputs.topology.unproven.get(id) {
            None | Some(Unproven::Elsewhere { .. }) => continue,
            Some(Unproven::Unread { why }) => {
                plan.unread(&format!("whether {id} is released"), Some(Unknown::Failed(why)));
                continue;
            }
            Some(Unproven::Shown) => "a reading by its id shows it".to_owned(),
            Some(Unproven::Interface { interface }) => format!("its network interface {interface} is still there"),
            Some(Unproven::NoInterfaces { vpc }) => {
                format!("the listing of the network interfaces of {vpc} is empty, which proves nothing")
            }
        };
        let message = format!("{id} is no longer listed, but {why}: it stays a member.");
        plan.find(Reason::new(Code::ReleaseUnproven, id, message));
    }
}

fn noted(inputs: &Inputs<'_>, state: MemberState) -> Note {
    match state {
        MemberState::Serving | MemberState::Stopped(_) => Note::None,
        MemberState::Draining(since) => {
            let at = later(since, hold(inputs));
            if at <= inputs.now { Note::Due } else { Note::Draining(at) }
        }
        // A mark that is not older than this invocation was not there at its first reading. It says the second that it was
        // written in.
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

/// The same member with another note, and its weight as it is.
fn note_of(member: &Member<'_>, state: MemberState) -> Change {
    let Member { instance, server, .. } = member;
    let (address, port, weight) = (server.address, server.port, server.weight);
    Change::new(STAGE, Write::UpdateServer { instance: instance.clone(), address, port, weight, state })
}

/// The member that a change writes a note about.
fn updated(change: &Change) -> Option<Endpoint> {
    let Write::UpdateServer { address, port, .. } = change.write else { return None };
    Some(Endpoint { address, port })
}
