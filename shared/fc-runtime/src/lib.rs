#![doc = "[from-lambda]: crate::from_lambda"]
#![doc = ""]
#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! To run a handler (the table "Ways to run" compares them): [`run`], [`run_concurrent`], [`Runtime`], [`serve`],
//! [`Endpoint`]. Payloads: [`LambdaEvent`], [`RawEvent`]. HTTP triggers: [`HttpEventForm`]. Answers: any `Serialize`,
//! [`StreamResponse`], [`streaming`]. Failures: [`Diagnostic`]. Hooks: [`on_initialize`],
//! [`spawn_graceful_shutdown_handler`]. Layers: [`layers`]. Keys of the function's role: [`Credentials`].

mod client_stream;
mod context;
mod credentials;
pub mod diagnostic;
mod endpoint;
mod environment;
mod error;
mod handler;
mod http_event;
mod invocation;
mod invoke;
pub mod layers;
mod lifecycle;
mod log;
mod options;
mod payload;
mod prelude_json;
mod protocol;
mod reply;
mod request_context;
mod response;
mod runtime;
mod server;
pub mod snapstart;
mod start;
mod streamed;
pub mod streaming;
mod time;
#[cfg(feature = "tracing")]
pub mod tracing;
mod uninterrupted;

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/from-lambda.md")]
pub mod from_lambda {}

pub use tower::{self, Service, service_fn};

pub use context::{ClientApplication, ClientContext, CognitoIdentity, Config, Context, LambdaEvent};
pub use credentials::Credentials;
pub use diagnostic::Diagnostic;
pub use endpoint::Endpoint;
pub use error::{BoxFuture, Error};
pub use handler::{HandlerFuture, HandlerService};
pub use http_event::{HttpEventForm, UnknownHttpEventForm};
pub use invocation::LambdaInvocation;
pub use lifecycle::{on_initialize, spawn_graceful_shutdown_handler};
pub use log::{LogWriter, Stdout};
pub use options::{Hook, Options};
pub use payload::RawEvent;
pub use response::{FunctionResponse, IntoFunctionResponse, MetadataPrelude, StreamResponse};
pub use runtime::Runtime;
pub use snapstart::SnapStartResource;
#[expect(deprecated, reason = "it is offered to whoever still uses it")]
pub use start::handler_fn;
pub use start::{run, run_concurrent, serve};
pub use time::Now;
