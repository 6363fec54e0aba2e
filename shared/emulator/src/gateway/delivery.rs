//! How an answer reaches the client: whole or in part, at once or late.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

/// How an altered answer is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// So much later, in the time of the cloud's clock.
    pub delay: Duration,
    /// How much of it.
    pub ending: Ending,
}

/// How much of an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// All of it.
    #[default]
    Whole,
    /// Half of its body; then the connection is closed.
    Truncated,
    /// Nothing: the connection is closed.
    Cut,
}

/// What reaches a client.
#[derive(Debug, Clone)]
pub enum Answered {
    /// The whole response.
    Whole(Response<Bytes>),
    /// The head and half of the body of this response; then the connection is closed.
    Truncated(Response<Bytes>),
    /// Nothing: the connection is closed.
    Cut,
}
