//! The call log: what albridge wrote, and which calls were refused.

use emulator::CallRecord;
use emulator::call::{Caller, Service};
use local::Local;

/// Conflict and throttling codes. The only correct reaction is to wait and read again.
const CONFLICTS: &[&str] = &[
    "ExecutionAlreadyExists",
    "IncorrectStatus.Listener",
    "IncorrectStatus.LoadBalancer",
    "IncorrectStatus.RouteEntry",
    "IncorrectStatus.ServerGroup",
    "IncorrectRouteEntryStatus",
    "IncorrectVpcStatus",
    "OperationConflict",
    "Operation.Blocking",
    "TaskConflict",
    "LastTokenProcessing",
    "ResourceInConfiguring.Listener",
    "Throttling",
    "Throttling.User",
    "Throttling.Api",
];

/// Negative answers that are not refusals: preflight asks whether a service role exists.
const ANSWERS: &[&str] = &["EntityNotExist.Role"];

/// The changes that functions made to the cloud, in order; workflow executions are not counted.
#[must_use]
pub fn writes(local: &Local) -> Vec<CallRecord> {
    let is_write = |call: &CallRecord| call.writes && call.succeeded();
    let by_function = |call: &CallRecord| matches!(call.caller, Some(Caller::Role(_)));
    let log = local.cloud().gateway().log();
    log.into_iter().filter(|call| is_write(call) && by_function(call) && call.service != Some(Service::Fnf)).collect()
}

/// The actions of [`writes`] after the first `skip`, in alphabetical order.
#[must_use]
pub fn written_since(local: &Local, skip: usize) -> Vec<String> {
    let mut actions: Vec<String> = writes(local).into_iter().skip(skip).map(|call| call.action).collect();
    actions.sort();
    actions
}

/// Fails if a call was refused for another reason than bad timing: a missing permission, an invalid parameter, a missing
/// resource.
///
/// # Panics
/// If there was such a call.
pub fn assert_quiet(local: &Local) {
    let log = local.cloud().gateway().log();
    let loud: Vec<String> = log.iter().filter(|call| is_loud(call)).map(ToString::to_string).collect();
    assert!(loud.is_empty(), "{} calls were refused: {:#?}", loud.len(), loud.iter().take(5).collect::<Vec<_>>());
}

/// Whether a call was refused only because of bad timing.
#[must_use]
pub fn met_a_conflict(call: &CallRecord) -> bool {
    call.code.as_deref().is_some_and(|code| CONFLICTS.contains(&code))
}

fn is_loud(call: &CallRecord) -> bool {
    let code = call.code.as_deref().unwrap_or_default();
    call.status == 403 || ((400..500).contains(&call.status) && !CONFLICTS.contains(&code) && !ANSWERS.contains(&code))
}
