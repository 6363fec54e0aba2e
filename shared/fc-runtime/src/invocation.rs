//! A call on its way through the layers to the handler, and the way of its answer back.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Response, response};

use crate::{Diagnostic, context::Context, response::MetadataPrelude, streaming::Body};

/// A call before its payload is deserialized: what layers see.
///
/// The services of a [`Runtime`](crate::Runtime) return `()`: the answer goes back by a channel inside of `parts`, so a
/// layer must hand on the parts that it was given.
#[derive(Debug)]
pub struct LambdaInvocation {
    /// The headers of the request. The type is `lambda_runtime`'s, where a call is the response to a poll.
    pub parts: response::Parts,
    /// The payload, as it came.
    pub body: Bytes,
    /// The call.
    pub context: Context,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// JSON.
    Buffered(Vec<u8>),
    Streaming(MetadataPrelude, Body),
    Failed(Diagnostic),
}

/// Where the answer goes. Shared by the handler and whoever watches over it; the first answer counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply(Arc<Mutex<Option<Answer>>>);

impl Reply {
    pub(crate) fn send(&self, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(answer);
    }

    pub(crate) fn take(&self) -> Option<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn has_failed(&self) -> bool {
        matches!(*self.0.lock().unwrap_or_else(PoisonError::into_inner), Some(Answer::Failed(_)))
    }

    /// Logs a panic and answers with it.
    pub(crate) fn send_panic(&self, payload: &Box<dyn Any + Send>) {
        let diagnostic = Diagnostic::of_panic(payload);
        tracing::error!("{}", diagnostic.error_message);
        self.send(Answer::Failed(diagnostic));
    }
}

impl LambdaInvocation {
    /// A call of `headers` and `body`, whose answer goes to `reply`.
    pub(crate) fn new(headers: http::HeaderMap, body: Bytes, context: Context, reply: Reply) -> Self {
        let (mut parts, ()) = Response::new(()).into_parts();
        parts.headers = headers;
        parts.extensions.insert(reply);
        Self { parts, body, context }
    }

    /// Where the answer goes: nowhere, if a layer replaced the parts.
    pub(crate) fn reply(&self) -> Reply {
        self.parts.extensions.get::<Reply>().cloned().unwrap_or_default()
    }
}
