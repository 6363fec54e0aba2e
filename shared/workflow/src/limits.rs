//! The limits of CloudFlow that an execution or a definition can meet, in Standard mode.
//!
//! Source: `reference/workflow-events-template.md` sections 1.2, 1.3 and 1.5.

use std::time::Duration;

/// Most events in the history of one execution.
pub const EVENTS: usize = 5_000;

/// Most bytes of a state's input or output, as JSON.
pub const STATE_DATA: usize = 64 * 1024;

/// Longest run of one Standard execution.
pub const EXECUTION: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Most branches of a Parallel state.
pub const BRANCHES: usize = 50;

/// Longest `Seconds` of a Wait state.
pub(crate) const WAIT_SECONDS: u64 = 300;

/// Longest `Timeout` of a Task state.
pub(crate) const TASK_TIMEOUT_SECONDS: u64 = 604_800;

/// Longest `IntervalSeconds` and `MaxBackoffSeconds` of a Retry rule.
pub(crate) const RETRY_SECONDS: u64 = 86_400;

/// Deepest nesting of built-in functions in one expression.
pub(crate) const FUNCTION_NESTING: usize = 10;

/// Longest name of a state, in bytes. Not a documented limit: names make up the paths in errors.
pub(crate) const STATE_NAME: usize = 1_024;

/// Most bytes that the expressions of one state may read and make together. Not a documented limit: whatever is more than
/// [`STATE_DATA`] in the end is refused anyway; this limits the intermediate values.
pub(crate) const EXPRESSION_DATA: usize = 64 * STATE_DATA;

/// Deepest nesting of Parallel and Map states that is read here. Not a documented limit: it bounds recursion.
pub(crate) const SCOPE_NESTING: usize = 16;

/// Deepest nesting of one expression that is read here. Not a documented limit: it bounds recursion.
pub(crate) const EXPRESSION_NESTING: usize = 64;
