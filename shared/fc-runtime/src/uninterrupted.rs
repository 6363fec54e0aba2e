//! Calls go on to their end, whether or not anyone waits for the answer.
//!
//! A handler that is dropped half way may leave half of its writes behind; on Function Compute, a caller that goes away
//! does not stop it. A task per call would see to that, at a price for each call. So the connection polls the call
//! itself, and only a call that is dropped before its end moves to a task of its own.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use tokio::{runtime::Handle, task::JoinSet};

use crate::{
    diagnostic::ProtocolError,
    invoke::Outcome,
    log::CallLine,
    reply::{Answer, Reply},
};

/// A call that runs, and where it goes on if it is dropped.
pub(crate) struct Uninterrupted<'a> {
    /// `None` once it is over.
    call: Option<(BoxFuture<'static, Outcome>, CallLine)>,
    reply: &'a Reply,
    abandoned: &'a Abandoned,
}

impl<'a> Uninterrupted<'a> {
    pub(crate) fn new(
        call: BoxFuture<'static, Outcome>,
        line: CallLine,
        reply: &'a Reply,
        abandoned: &'a Abandoned,
    ) -> Self {
        Self { call: Some((call, line)), reply, abandoned }
    }
}

impl Future for Uninterrupted<'_> {
    type Output = (Outcome, CallLine);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody polls a future again that has ended.
        let Some((mut call, line)) = self.call.take() else { return Poll::Pending };
        match call.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready((outcome, line)),
            Poll::Pending => {
                self.call = Some((call, line));
                Poll::Pending
            }
        }
    }
}

impl Drop for Uninterrupted<'_> {
    fn drop(&mut self) {
        if let Some((call, line)) = self.call.take() {
            let reply = self.reply.clone();
            self.abandoned.adopt(async move {
                let outcome = call.await;
                match (reply.take().0, outcome) {
                    (Some(Answer::Failed(diagnostic)), _) | (None, Err(diagnostic)) => line.fail(&diagnostic),
                    // A stream that nobody reads does not come to its end.
                    (Some(Answer::Streaming(..)), _) => line.fail(&ProtocolError::client_left(0).into()),
                    // The answer is there, or it is the success of a hook.
                    (Some(Answer::Buffered(_)), _) | (None, Ok(())) => line.succeed(),
                }
            });
        }
    }
}

/// The calls whose clients went away.
#[derive(Default)]
pub(crate) struct Abandoned(Mutex<JoinSet<()>>);

impl Abandoned {
    fn adopt(&self, call: impl Future<Output = ()> + Send + 'static) {
        // Outside of a runtime, it is the runtime that ends, and the process with it.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut calls = self.lock();
        while calls.try_join_next().is_some() {}
        calls.spawn_on(call, &runtime);
    }

    /// Until none is left.
    pub(crate) async fn join(&self) {
        while poll_fn(|cx| self.lock().poll_join_next(cx)).await.is_some() {}
    }

    /// Ends those that are left, and returns how many there were.
    pub(crate) async fn end(&self) -> usize {
        let mut calls = std::mem::take(&mut *self.lock());
        let left = calls.len();
        calls.shutdown().await;
        left
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        // No code of the user's runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        // A set that is dropped ends its tasks; these go on, even if nobody is left to wait for them.
        self.lock().detach_all();
    }
}
