//! Plans: the difference between the desired and the observed state of a binding, as changes. Pure functions.
//!
//! There is one module per stage; [`checks`](crate::checks) block changes that cannot work. A plan is computed for a whole
//! binding; each stage applies its own part.
//!
//! ```text
//!   network(inputs) ──► project(topology, changes) ──► verdicts (reachability) ──► members(inputs, verdicts)
//!                                                                                  prune(inputs, others)
//! ```

mod approval;
mod back_to_origin;
mod backend_servers;
mod compose;
mod consent;
mod follow_up;
mod follow_ups;
mod lane;
mod links;
mod listener;
mod model;
mod obstacles;
mod onward;
mod peer_attachment;
mod project;
mod prune;
mod readiness;
mod ready;
mod routes;
mod security_rules;
mod served;
mod server_group;
mod teardown;
mod vpc_attachments;
mod vpc_routes;

pub use backend_servers::{HOLD, RECHECK};
pub use compose::{members, network, withhold};
pub use follow_up::{After, FollowUp};
pub use follow_ups::follow_ups;
pub use model::{Awaited, Ignored, Pending, Plan};
pub use project::{project, project_unwaiting};
pub use prune::prune;
pub use readiness::Readiness;
pub use ready::ready;
pub use teardown::teardown;
