//! `deploy`: brings the cloud to what the bindings ask of the deployment itself.
//!
//! ```text
//!   bindings ─► layout ─► wanted ─┐
//!   settings, packages ───────────┼─► plan (pure) ─► apply ─► cloud
//!   cloud ─► observe ─────────────┘
//! ```
//!
//! The cloud carries the state: a plan is the difference between what is wanted and what was read, and every step may be
//! interrupted and made again. `layout`, `wanted`, `status` and `plan` do no I/O.

mod apply;
mod cloud;
mod doctor;
mod error;
mod follow;
mod layout;
mod names;
mod observe;
mod observed;
mod obstacles;
mod packages;
mod plan;
mod preview;
mod saved;
mod status;
mod teardown;
#[cfg(test)]
mod tests;
mod text;
mod wanted;

pub use apply::{Progress, apply};
pub use cloud::Cloud;
pub use doctor::{Code, Finding, Verdict, examine};
pub use error::{DeployError, StackFailure};
pub use layout::{Layout, Note, Part};
pub use names::Names;
pub use observe::{Asked, Seen, observe};
pub use observed::{Bucket, Existing, Observed, Probe};
pub use obstacles::{Obstacle, Obstacles, obstacles};
pub use packages::{Packages, PackagesError};
pub use plan::{Difference, Plan, Step, plan};
pub use preview::{Previewed, preview};
pub use saved::{Saved, SavedError};
pub use status::Status;
pub use teardown::{Leaving, leave, leaving};
