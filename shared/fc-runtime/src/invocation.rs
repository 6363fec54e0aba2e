//! A call on its way through the layers to the handler.

use bytes::Bytes;
use http::{HeaderMap, Response, response};

use crate::context::Context;

/// A call before its payload is deserialized: what layers see.
///
/// The services of a [`Runtime`](crate::Runtime) return `()`: the answer goes back by a channel inside of `context`,
/// so a layer must pass on the context that it was given.
#[derive(Debug)]
pub struct LambdaInvocation {
    /// The headers of the request. The type is `lambda_runtime`'s, where a call is the response to a poll.
    pub parts: response::Parts,
    /// The payload, as it came.
    pub body: Bytes,
    /// The call.
    pub context: Context,
}

impl LambdaInvocation {
    /// A call of `headers` and `body`.
    pub(crate) fn new(headers: HeaderMap, body: Bytes, context: Context) -> Self {
        let (mut parts, ()) = Response::new(()).into_parts();
        parts.headers = headers;
        Self { parts, body, context }
    }
}
