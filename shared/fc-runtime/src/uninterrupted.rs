//! Calls go on to their end, whether or not anyone waits for the answer.
//!
//! A handler that is dropped half way may leave half of its writes behind; on Function Compute, a caller that goes away
//! does not stop it. A task per call would see to that, at a price for each call. So the connection polls the call
//! itself, and only a call that is dropped before its end moves to a task of its own.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::Response;
use tokio::{runtime::Handle, task::JoinSet};

use crate::streaming::Body;

/// A call, and where it goes on if it is dropped.
pub(crate) struct Uninterrupted {
    /// `None` once it is answered.
    call: Option<BoxFuture<'static, Response<Body>>>,
    abandoned: Arc<Abandoned>,
}

impl Uninterrupted {
    pub(crate) fn new(call: BoxFuture<'static, Response<Body>>, abandoned: Arc<Abandoned>) -> Self {
        Self { call: Some(call), abandoned }
    }
}

impl Future for Uninterrupted {
    type Output = Response<Body>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody polls a future again that has ended.
        let Some(call) = &mut self.call else { return Poll::Pending };
        let answer = std::task::ready!(call.as_mut().poll(cx));
        self.call = None;
        Poll::Ready(answer)
    }
}

impl Drop for Uninterrupted {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.abandoned.adopt(call);
        }
    }
}

/// The calls whose clients went away.
#[derive(Default)]
pub(crate) struct Abandoned(Mutex<JoinSet<()>>);

impl Abandoned {
    fn adopt(&self, call: BoxFuture<'static, Response<Body>>) {
        // Outside of a runtime, it is the runtime that ends, and the process with it.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut calls = self.lock();
        while calls.try_join_next().is_some() {}
        calls.spawn_on(async move { drop(call.await) }, &runtime);
    }

    /// Until all are over that were adopted so far.
    pub(crate) async fn join(&self) {
        let calls = std::mem::take(&mut *self.lock());
        calls.join_all().await;
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        // No code of the user's runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
