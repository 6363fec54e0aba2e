//! An interpreter of CloudFlow's flow definition language (FDL), the `StateMachine` dialect.
//!
//! [`Definition::parse`] reads and checks a definition; [`Execution`] runs it as a pure state machine: time and task
//! results come in, tasks to invoke and history events come out. Nothing here does I/O or reads a clock; [`driver`]
//! is the one place that waits, and only on the clock it is given.
//!
//! ```text
//!   Definition::parse ──> Execution::start ──> advance(now) ──> [TaskRequest] ──> the caller runs it
//!                                 ^                                                    │
//!                                 └────────────── complete(now, task, result) <────────┘
//! ```
//!
//! Sources: the public help pages of CloudFlow, as gathered in `reference/workflow-events-template.md` section 1.
//! Where they do not specify something, a comment at the code says which choice was made.

pub mod budget;
mod constructor;
mod definition;
pub mod driver;
mod error;
mod execution;
mod expression;
pub mod limits;
mod parse;

pub use definition::{Definition, TaskMode, TaskView};
pub use error::{DefinitionError, DefinitionFault};
pub use execution::{Event, EventKind, Execution, Failure, Status, TaskError, TaskId, TaskRequest, TokenError};
