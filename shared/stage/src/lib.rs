//! What every handler shares: load the binding, observe, plan, apply, report.
//!
//! ```text
//!   request ─► Session (store, binding, cloud) ─► observe ─► plan ─► apply ─┐
//!                                                    ▲                      │  until settled, or StillPending
//!                                                    └──────── Pace ────────┘
//! ```
//!
//! A function's library implements [`Stage`]: what it has to see, and how it writes its own changes. [`run`] does the
//! rest. The cloud carries the state, so a stage may run twice, or stop half way, and the next run goes on from there.

mod apply;
mod cloud;
mod create;
mod entry;
pub mod executions;
mod failure;
mod host;
mod links;
mod needs;
mod observe;
mod pace;
mod planning;
mod readings;
mod report;
mod request;
mod routes;
mod run;
mod session;
mod settings;
pub mod store;
mod token;
mod unread;
mod waits;

pub use cloud::{Cloud, Side, region_of, side_of};
pub use create::{Creation, Presence};
pub use entry::CLOCK;
pub use failure::{Failure, Problem};
pub use host::{Host, Invocation};
pub use links::{attachment_id, link};
pub use needs::{COMMON_ACTIONS, Needs};
pub use observe::observe;
pub use pace::Pace;
pub use planning::{plan_due, plan_whole, review, verdicts};
pub use readings::{Look, Looks};
pub use report::{Report, Status};
pub use request::Request;
pub use routes::add_vpc_route;
pub use run::{Stage, run};
pub use session::{Owner, Session};
pub use settings::{Settings, SettingsError, StoreLocation};
pub use token::token;
pub use unread::failed_call;
