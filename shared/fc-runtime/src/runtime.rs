//! [`Runtime`]: a handler under layers, and the ways to run it.
//!
//! ```text
//!                  connection tasks                      the task of `run`
//!   Function       ┌──────────────────────┐  channel   ┌────────────────────────────┐
//!   Compute ─TCP─> │ server ─> endpoint ──┼──────────> │ layers ─> handler (any F)  │
//!                  └──────────────────────┘ <───────── └────────────────────────────┘
//!                                             done
//! ```
//!
//! `run` takes handlers that are neither `Send`, `Clone` nor `'static`, so their futures cannot leave its own task: the
//! connection tasks hand it the calls, and it takes one at a time, as upstream's does: a handler may rely on not being
//! entered twice. `run_concurrent` asks for all three and calls a clone on the connection's side.

use std::{
    future::{Future, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, future::BoxFuture};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    select,
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tower::{Layer, Service};

use crate::{
    Diagnostic, Error, context::LambdaEvent, endpoint::Endpoint, handler::HandlerService, invocation::LambdaInvocation,
    lifecycle, options::Options, response::IntoFunctionResponse, server, snapstart::SnapStartResource,
    uninterrupted::Outcome,
};

/// A handler under its layers, ready to run.
#[derive(Clone, Debug)]
pub struct Runtime<S> {
    service: S,
}

impl<F, A, R, B, S, D, E> Runtime<HandlerService<F, A, R, B, S, D, E>>
where
    F: Service<LambdaEvent<A>, Response = R>,
    F::Future: Future<Output = Result<R, F::Error>>,
    F::Error: Into<Diagnostic> + std::fmt::Debug,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + std::fmt::Debug,
{
    /// A runtime of a handler, with no layers. It reads nothing of its surroundings yet.
    pub fn new(handler: F) -> Self {
        Self { service: HandlerService::new(handler) }
    }
}

impl<S> Runtime<S> {
    /// Puts a layer around what is there: the layer added last runs first.
    pub fn layer<L>(self, layer: L) -> Runtime<L::Service>
    where
        L: Layer<S>,
        L::Service: Service<LambdaInvocation, Response = (), Error = Error>,
    {
        Runtime { service: layer.layer(self.service) }
    }

    /// Whether the instance was restored from a snapshot: never, on Function Compute.
    pub fn is_snapstart(&self) -> bool {
        false
    }

    /// Accepts a resource that wants to know of snapshots, of which there are none.
    #[must_use]
    pub fn register_snapstart_resource(self, resource: Arc<dyn SnapStartResource>) -> Self {
        drop(resource);
        self
    }
}

impl<S> Runtime<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    /// Serves the calls of Function Compute until SIGTERM or SIGINT, one after the other on the calling task; hooks
    /// are answered meanwhile. Reads the environment ([`Options::from_env`]).
    ///
    /// # Errors
    ///
    /// If the port cannot be opened, or the service is not ready any more.
    pub async fn run(self) -> Result<(), Error> {
        let (listener, options) = lifecycle::begin().await?;
        let outcome = self.serve_local(listener, options, lifecycle::termination()).await;
        lifecycle::end().await;
        outcome
    }

    /// [`Runtime::run`] on a listener and with options of the caller's, until `shutdown`; calls that have come by then
    /// are answered first.
    ///
    /// # Errors
    ///
    /// If the service is not ready any more.
    pub async fn serve_local(
        self,
        listener: TcpListener,
        options: Options,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let (handover, incoming) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let endpoint = Endpoint::with(options, Box::new(Handover(handover)));
        // A set, so that the server ends with this future.
        let mut server = JoinSet::new();
        server.spawn(server::accept(listener, endpoint, async move {
            // An error means that this future is being dropped, and the server with it.
            let _ = stopped.await;
        }));
        let mut calls = pin!(self.take_calls(incoming));
        select! {
            biased;
            outcome = calls.as_mut() => return outcome,
            () = shutdown => {}
        }
        drop(stop);
        // Ends when the server has: it holds the other end of the channel.
        calls.await?;
        while server.join_next().await.is_some() {}
        Ok(())
    }

    /// Serves calls in the order in which they come, until no more can.
    async fn take_calls(mut self, mut incoming: mpsc::UnboundedReceiver<Handed>) -> Result<(), Error> {
        while let Some(Handed { invocation, done }) = incoming.recv().await {
            poll_fn(|cx| self.service.poll_ready(cx)).await?;
            let outcome = settle(async { self.service.call(invocation).await }).await;
            // An error means that nobody waits for the answer any more.
            let _ = done.send(outcome);
        }
        Ok(())
    }
}

impl<S> Runtime<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    /// Serves the calls of Function Compute until SIGTERM or SIGINT, each on a task of its own, so that calls in
    /// flight together can use many threads. Reads the environment ([`Options::from_env`]).
    ///
    /// # Errors
    ///
    /// If the port cannot be opened.
    pub async fn run_concurrent(self) -> Result<(), Error> {
        let (listener, options) = lifecycle::begin().await?;
        self.serve(listener, options, lifecycle::termination()).await;
        lifecycle::end().await;
        Ok(())
    }

    /// [`Runtime::run_concurrent`] on a listener and with options of the caller's, until `shutdown`; calls in flight
    /// are answered first.
    pub async fn serve(self, listener: TcpListener, options: Options, shutdown: impl Future<Output = ()>) {
        self.into_endpoint(options).serve(listener, shutdown).await;
    }

    /// The runtime without a server.
    pub fn into_endpoint(self, options: Options) -> Endpoint {
        Endpoint::with(options, Box::new(Cloned(Mutex::new(self.service))))
    }
}

/// How an endpoint has a call executed. The future ends when the call is over; its answer is in the call's reply, unless
/// a layer failed.
pub(crate) trait Invoke: Send + Sync {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, Outcome>;
}

/// On the task that serves the request, by a clone of the service.
struct Cloned<S>(Mutex<S>);

impl<S> Invoke for Cloned<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, Outcome> {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Most services are ready at once. Then only the call has to be kept, not what it is made from.
        if let Poll::Ready(Ok(())) = service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            return match catch_unwind(AssertUnwindSafe(|| service.call(invocation))) {
                Ok(call) => Box::pin(settle(call)),
                Err(panic) => Box::pin(ready(Err(Diagnostic::of_panic(&panic)))),
            };
        }
        Box::pin(settle(async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(invocation).await
        }))
    }
}

/// On the task that polls `run`.
struct Handover(mpsc::UnboundedSender<Handed>);

struct Handed {
    invocation: LambdaInvocation,
    done: oneshot::Sender<Outcome>,
}

impl Invoke for Handover {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, Outcome> {
        let (done, over) = oneshot::channel();
        // An error means that `run` has ended, and drops the sender: the reply stays empty, and the endpoint says so.
        let _ = self.0.send(Handed { invocation, done });
        Box::pin(async move { over.await.unwrap_or(Ok(())) })
    }
}

/// The end of a call whose layers may fail or panic.
async fn settle(call: impl Future<Output = Result<(), Error>>) -> Outcome {
    match AssertUnwindSafe(call).catch_unwind().await {
        Ok(outcome) => outcome.map_err(Diagnostic::from),
        Err(panic) => Err(Diagnostic::of_panic(&panic)),
    }
}
