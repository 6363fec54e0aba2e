//! The domain: bindings, observed state, desired state, and the changes between the two. Pure: no I/O, no clock.

pub mod absence;
pub mod binding;
pub mod causes;
pub mod change;
pub mod checks;
pub mod desired;
pub mod difference;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
mod generation;
pub mod ids;
pub mod inputs;
mod known;
mod limits;
pub mod mark;
pub mod news;
pub mod ordered;
pub mod plan;
pub mod reason;
pub mod receiver;
mod secret;
pub mod store;
pub mod topology;
pub mod unread;
pub mod words;

pub use binding::Binding;
pub use causes::Causes;
pub use change::{Change, Consent, StageName, Write};
pub use inputs::{Inputs, Verdict, Verdicts};
pub use mark::Deployment;
pub use plan::Plan;
pub use reason::{Code, Reason, Severity};
pub use receiver::{Receiver, ReceiverKind};
pub use store::{Store, StoreError};
pub use topology::{Known, Topology};
pub use unread::{FailedCall, FailedCalls};
