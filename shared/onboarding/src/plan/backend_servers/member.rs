//! A member, and how long one that leaves is kept.

use std::time::Duration;

use jiff::Timestamp;

use crate::change::{Change, Leaving, StageName, Write};
use crate::ids::InstanceId;
use crate::inputs::Inputs;
use crate::mark::MemberState;
use crate::topology::Server;

pub(super) const STAGE: StageName = StageName::BackendServers;

/// The shortest time that a leaver stays a member with weight 0, unless its release is proven. It is longer than a run can
/// spend on members. So all members that a run drains stay visible, and counted by the cap, until that run is over
/// (docs/decisions/0009-removal-cap.md).
pub const HOLD: Duration = Duration::from_secs(20 * 60);

/// The time after a member was marked as released at which a reading has to prove it again
/// (docs/decisions/0020-absence.md).
pub const RECHECK: Duration = Duration::from_secs(10 * 60);

/// A member that this deployment registered for this binding.
pub(super) struct Member<'a> {
    pub(super) instance: InstanceId,
    pub(super) state: MemberState,
    pub(super) server: &'a Server,
}

/// The change that deregisters a member.
pub(super) fn remove(member: &Member<'_>, why: Leaving) -> Change {
    let Member { instance, server, .. } = member;
    let (address, port) = (server.address, server.port);
    Change::new(STAGE, Write::RemoveServer { instance: instance.clone(), address, port, why })
}

/// The removal cap: one, or the binding's percentage of the group if that is more.
pub(super) fn cap(inputs: &Inputs<'_>, servers: &[Server]) -> usize {
    let percent = usize::try_from(inputs.binding.removal.max_percent).unwrap_or(usize::MAX);
    (servers.len().saturating_mul(percent) / 100).max(1)
}

/// How long a member stays after its state was recorded.
pub(in crate::plan) fn hold_of(inputs: &Inputs<'_>, state: MemberState) -> Duration {
    if matches!(state, MemberState::Released(_)) { RECHECK } else { hold(inputs) }
}

/// The longest time that a member stays after its state was recorded.
pub(in crate::plan) fn longest_hold(inputs: &Inputs<'_>) -> Duration {
    hold(inputs).max(RECHECK)
}

/// How long a leaver stays a member with weight 0: its requests may finish, and the cap has to count it.
pub(super) fn hold(inputs: &Inputs<'_>) -> Duration {
    HOLD.max(Duration::from_secs(u64::from(inputs.binding.server_group.drain_seconds)))
}

pub(super) fn later(from: Timestamp, by: Duration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}
