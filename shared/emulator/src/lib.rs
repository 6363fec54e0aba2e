//! Alibaba Cloud in one process, as far as cross-region ALB backends need it.
//!
//! The core is [`World`]: a value without I/O whose states are computed from the time it is given. Around it stand the
//! gateway (signatures, parameter tables, error bodies), HTTP ports, one per region, and a driver that lets time pass
//! and invokes functions through a `FunctionHost`.

mod alb;
pub mod call;
mod cen;
pub mod circumstance;
pub mod dataplane;
pub mod deploy;
mod digest;
pub mod driver;
mod ecs;
mod events;
pub mod faults;
pub mod fc;
mod fnf;
pub mod gateway;
pub mod host;
mod idempotence;
mod ids;
mod likeness;
mod listing;
mod oss;
pub mod ports;
pub mod ram;
pub mod recording;
mod ros;
mod scenario;
mod settings;
mod stamp;
pub mod sts;
mod tags;
#[cfg(test)]
mod testing;
pub mod time;
mod vpc;
mod wildcard;
mod world;

pub use alb::{Decision, Frontend, Generation, Policy as AlbPolicy, Request, back_to_origin};
pub use circumstance::Circumstance;
pub use driver::Cloud;
pub use gateway::{CallRecord, Ending, Gateway, Manner, Reply};
pub use host::{FunctionHost, HttpHost, Invoked, NoFunctions};
pub use ports::{Endpoints, Ports};
pub use scenario::{PROCEDURE, ScenarioError};
pub use settings::{Counts, FunctionErrors, Listings, Settings, UnknownAttachment};
pub use sts::Credentials;
pub use world::{Effect, World};
