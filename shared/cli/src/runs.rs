//! Runs of the workflow, read from CloudFlow's API: `run` follows them, `status` and `history` list them, `apply` waits for
//! them, and the demo prints them.

mod history;
mod stage_line;
mod start;
mod workflow;

pub(crate) use history::{Visit, visits};
pub(crate) use stage::history::{cause, gave_up, report};
pub(crate) use stage_line::{Told, stage_line, word};
pub(crate) use start::run;
pub(crate) use workflow::{Workflow, is_open};
