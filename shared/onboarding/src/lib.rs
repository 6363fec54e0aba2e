//! The domain: bindings, what was seen, what is wanted, and the changes between the two. Pure: no I/O, no clock.

pub mod absence;
pub mod binding;
pub mod change;
pub mod checks;
pub mod ids;
mod known;
pub mod mark;
pub mod plan;
pub mod reason;
pub mod store;
pub mod surroundings;
pub mod topology;
pub mod unread;
pub mod wanted;

pub use binding::Binding;
pub use change::{Change, Consent, StageName, Write};
pub use mark::Deployment;
pub use plan::{Inputs, Plan, Verdict, Verdicts};
pub use reason::{Code, Reason, Severity};
pub use store::{Store, StoreError};
pub use topology::{Known, Topology};
pub use unread::{FailedCall, FailedCalls};
