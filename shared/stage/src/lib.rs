//! What all handlers share: load the binding, observe, plan, apply, report.
//!
//! ```text
//!   request ─► Session (store, binding, cloud) ─► observe ─► plan ─► apply ─┐
//!                                                    ▲                      │  until settled, or StillPending
//!                                                    └────── Backoff ───────┘
//! ```
//!
//! The library of a function implements [`Stage`]: which parts it reads, and how it makes its own writes. [`run`] does the
//! rest. All state is in the cloud, so a stage may run twice or stop half way; the next run continues from there.

mod apply;
mod backoff;
pub mod causes;
mod cloud;
mod create;
mod entries;
mod entry;
mod error;
pub mod executions;
mod facts;
pub mod history;
mod hold;
mod host;
mod interface;
mod links;
mod members;
mod needs;
mod observe;
mod pace;
mod planning;
mod readings;
mod refusals;
mod report;
mod request;
mod routes;
mod run;
pub mod secrets;
mod session;
mod settings;
pub mod store;
mod tallies;
mod token;
mod unfinished;
mod unread;
mod waits;

pub use backoff::Backoff;
pub use cloud::{Cloud, Side, side_of};
pub use create::{Creation, Presence};
pub use entries::remove_entry;
pub use entry::CLOCK;
pub use error::{StageError, WriteError};
pub use hold::hold;
pub use host::{Host, Invocation, Removal};
pub use interface::Stage;
pub use links::{attachment_id, link};
pub use members::{call_members, change_members, head, members_group};
pub use needs::{COMMON_ACTIONS, Needs};
pub use observe::observe;
pub use pace::{Pace, usual};
pub use planning::{current_as_needed, plan_due, plan_teardown, plan_whole, verdicts};
pub use readings::{Look, Reading, Readings};
pub use report::{Report, Status};
pub use request::Request;
pub use routes::add_vpc_routes;
pub use run::run;
pub use session::{Owner, Session};
pub use settings::{Settings, SettingsError, StoreLocation};
pub use token::token;
pub use unread::{failed_call, permission, remedy_of_write, sentence};
