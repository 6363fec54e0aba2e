//! A whole local deployment: emulator, functions and template wired together.
//!
//! ```text
//!   template.yml ──► roles, flow, rule, timer ──► emulated cloud ◄── signed calls ──┐
//!                                                      │                           │
//!                                                      └── POST /invoke ──► twelve handlers
//! ```
//!
//! The same twelve handlers run in one of three ways ([`Hosting`]): called in memory, served over HTTP by this process, or
//! as processes of their own. Nothing else differs.

mod error;
mod functions;
pub mod handlers;
mod hosting;
mod options;
pub mod replay;
mod running;
mod snapshot;
mod stacks;
mod transport;

pub use emulator::{FunctionErrors, Generation};
pub use error::LocalError;
pub use hosting::Hosting;
pub use options::{Beyond, Options, PROCEDURE_BINDING};
pub use running::{Fetched, Local};
pub use snapshot::Snapshot;
pub use stacks::{HOME, Stack, TEMPLATE, store_address};
pub use transport::in_memory;
