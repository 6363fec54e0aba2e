//! Signed, typed, retried calls to Alibaba Cloud's APIs.
//!
//! A module per service holds a struct per action, named like the action; its fields are the parameters. [`Client::call`]
//! sends one and gives its typed answer, [`Client::list`] every page of a listing. Function Compute and OSS, which are not
//! RPC-style, have methods of their own ([`Client::invoke_function`], [`Client::get_object`], ...).
//!
//! The static properties of an action (region rule, paging, retry codes, permission) are in one table per service, and
//! [`actions`] gives all of them for policies.
//!
//! ```
//! use std::sync::Arc;
//! use bytes::Bytes;
//! use openapi::{Client, Config, Credentials, Endpoints, Signature, TransportError, alb};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), openapi::Error> {
//! // Usually `HttpTransport::new()`; here a function that answers every request.
//! let transport = |_request: http::Request<Bytes>| async {
//!     let answer = r#"{"ServerGroups": [], "TotalCount": 0, "RequestId": "R"}"#;
//!     Ok::<_, TransportError>(http::Response::new(Bytes::from(answer)))
//! };
//! let config = Config {
//!     credentials: Credentials::new("LTAI...", "..."),
//!     endpoints: Endpoints::default(),
//!     signature: Signature::default(),
//!     read_only: true,
//! };
//! let client = Client::new(config, Arc::new(transport), clock::Clock::system());
//! let request = alb::ListServerGroups { vpc_id: Some("vpc-1".into()), ..Default::default() };
//! let groups = client.list("cn-chengdu", request).await?;
//! assert!(groups.is_empty());
//! # Ok(())
//! # }
//! ```

mod action;
mod assume_role;
mod bucket;
mod catalog;
mod client;
mod credentials;
mod encode;
mod endpoints;
mod error;
mod flatten;
mod https;
mod lenient;
mod listing;
mod mask;
mod oidc;
mod pages;
mod rates;
mod renewal;
mod resign;
mod response;
mod retry;
mod service;
mod session;
mod sign;
mod transport;
mod whole;

#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod alb;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod cbn;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod ecs;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod eventbridge;
pub mod fc;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod fnf;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod ims;
pub mod oss;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod ram;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod ros;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod sts;
#[expect(missing_docs, reason = "fields carry the names of the API's parameters, which its reference describes")]
pub mod vpc;

pub use action::{Acknowledged, Action, ActionInfo};
pub use catalog::actions;
pub use client::{Client, Config};
pub use credentials::Credentials;
#[cfg(feature = "renewal")]
pub use credentials::{Current, KeySource};
pub use endpoints::{Endpoints, EndpointsError, PlainHttp};
pub use error::{Error, ErrorKind, Fault, Place, has_expired};
pub use https::{HttpTransport, HttpTransportError, Network, certificates};
pub use listing::{Listing, More, Page};
pub use resign::{Fresh, Unsigned, resign};
pub use service::Service;
pub use sign::{Signature, hmac_sha256};
pub use transport::{BodyLimit, Sending, Sent, Transport, TransportError};
pub use whole::Whole;
