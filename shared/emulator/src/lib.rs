//! Alibaba Cloud in one process, as far as cross-region ALB backends need it.
//!
//! The core is [`World`]: a value without I/O whose states are computed from the time it is given. Around it stand the
//! gateway (signatures, parameter tables, error bodies), HTTP ports, one per region, and a driver that lets time pass
//! and invokes functions through a `FunctionHost`.

pub mod call;
pub mod dataplane;
mod digest;
pub mod driver;
mod engine;
pub mod faults;
pub mod gateway;
pub mod host;
mod idempotence;
mod ids;
mod listing;
mod package;
mod platform;
pub mod ports;
pub mod recording;
mod routing;
mod scenario;
mod services;
mod settings;
mod stamp;
mod state;
mod tags;
#[cfg(test)]
mod testing;
pub mod time;
mod wildcard;
mod world;

pub use driver::Cloud;
pub use engine::Effect;
pub use engine::account::AccountState;
pub use engine::requests::{Decision, Request};
pub use gateway::{CallRecord, Delivery, Ending, Gateway, Reply};
pub use host::{FunctionHost, HttpHost, Invoked, NoFunctions, ProcessHost};
pub use platform::deploy;
pub use ports::{Endpoints, Ports};
pub use scenario::{PROCEDURE, ScenarioError, schema as scenario_schema};
pub use settings::{Counts, FunctionErrors, Listings, MissingProgram, RateLimits, Settings, Strict, UnknownAttachment};
pub use state::alb::{Generation, Policy as AlbPolicy, back_to_origin};
pub use state::sts::Credentials;
pub use state::{fc, ram, sts};
pub use world::World;
