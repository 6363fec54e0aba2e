//! How the answer gets from the handler back to the endpoint.

use std::{
    any::Any,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::HeaderMap;

use crate::{Diagnostic, response::MetadataPrelude, streaming::Body};

/// The result of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// JSON.
    Buffered(Vec<u8>),
    Streaming(MetadataPrelude, Body),
    Failed(Diagnostic),
}

/// A slot for the answer, shared by the handler and the endpoint; the first answer counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    answer: Option<Answer>,
    /// The emptied headers of the request, for those of the response: hyper keeps a response's map for the next request's
    /// headers, which then need no new one with room for 35.
    headers: HeaderMap,
}

/// One reply is as good as another: it is not what a [`Context`](crate::Context) says of a call.
impl PartialEq for Reply {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Reply {}

impl Reply {
    pub(crate) fn send(&self, answer: Answer) {
        self.lock().answer.get_or_insert(answer);
    }

    /// The answer, if there is one, and an empty map for its headers.
    pub(crate) fn take(&self) -> (Option<Answer>, HeaderMap) {
        let mut inner = self.lock();
        (inner.answer.take(), std::mem::take(&mut inner.headers))
    }

    pub(crate) fn recycle(&self, mut headers: HeaderMap) {
        headers.clear();
        self.lock().headers = headers;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a panic and answers with it.
    pub(crate) fn send_panic(&self, payload: &Box<dyn Any + Send>) {
        let diagnostic = Diagnostic::of_panic(payload);
        tracing::error!("{}", diagnostic.error_message);
        self.send(Answer::Failed(diagnostic));
    }
}
