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
//! connection tasks hand it the calls. `run_concurrent` asks for all three and calls a clone on the connection's side.

use std::{any::Any, future::Future, future::poll_fn, panic::AssertUnwindSafe, pin::pin, sync::Arc};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    select,
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use tower::{Layer, Service};

use crate::{
    Diagnostic, Error,
    context::LambdaEvent,
    endpoint::Endpoint,
    handler::HandlerService,
    invocation::{Answer, LambdaInvocation, Reply},
    lifecycle,
    options::Options,
    response::IntoFunctionResponse,
    server,
    snapstart::SnapStartResource,
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
    /// Serves the calls of Function Compute until SIGTERM or SIGINT, all on the calling task: calls that are in flight
    /// together take turns at their await points. Reads the environment ([`Options::from_env`]).
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

    /// [`Runtime::run`] on a listener and with options of the caller's, until `shutdown`; calls in flight are answered
    /// first.
    ///
    /// # Errors
    ///
    /// If the service is not ready any more.
    pub async fn serve_local(
        mut self,
        listener: TcpListener,
        options: Options,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let (calls, mut incoming) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let endpoint = Endpoint::with(options, Box::new(Handover(calls)));
        // A set, so that the server ends with this future.
        let mut server = JoinSet::new();
        server.spawn(server::accept(listener, endpoint, async move {
            // An error means that this future is being dropped, and the server with it.
            let _ = stopped.await;
        }));

        let mut stop = Some(stop);
        let mut shutdown = pin!(shutdown.fuse());
        let mut running = FuturesUnordered::new();
        let mut next: Option<Handed> = None;
        let mut open = true;
        // Futures in flight are polled while the service is not ready: readiness may depend on their end.
        while open || next.is_some() || !running.is_empty() {
            select! {
                biased;
                Some(()) = running.next() => {}
                ready = poll_fn(|cx| self.service.poll_ready(cx)), if next.is_some() => {
                    ready?;
                    if let Some(Handed { invocation, done }) = next.take() {
                        let watch = Watch::over(&invocation);
                        let call = self.service.call(invocation);
                        running.push(async move {
                            watch.settle(call).await;
                            // An error means that nobody waits for the answer any more.
                            let _ = done.send(());
                        });
                    }
                }
                handed = incoming.recv(), if open && next.is_none() => {
                    open = handed.is_some();
                    next = handed;
                }
                () = &mut shutdown, if stop.is_some() => drop(stop.take()),
            }
        }
        while server.join_next().await.is_some() {}
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
        Endpoint::with(options, Box::new(Cloned(std::sync::Mutex::new(self.service))))
    }
}

/// How an endpoint has a call executed. The future ends when the call is over; its answer is in the call's reply.
pub(crate) trait Invoke: Send + Sync {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, ()>;
}

/// On the task that serves the request, by a clone of the service.
struct Cloned<S>(std::sync::Mutex<S>);

impl<S> Invoke for Cloned<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, ()> {
        let mut service = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let watch = Watch::over(&invocation);
        Box::pin(watch.settle(async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(invocation).await
        }))
    }
}

/// On the task that polls `run`.
struct Handover(mpsc::UnboundedSender<Handed>);

struct Handed {
    invocation: LambdaInvocation,
    done: oneshot::Sender<()>,
}

impl Invoke for Handover {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, ()> {
        let (done, over) = oneshot::channel();
        let sent = self.0.send(Handed { invocation, done });
        Box::pin(async move {
            // Either error means that `run` has ended: the reply is empty, and the endpoint says so.
            if sent.is_ok() {
                let _ = over.await;
            }
        })
    }
}

/// Sees that a call whose layers fail or panic is answered all the same.
struct Watch {
    request_id: String,
    reply: Reply,
}

impl Watch {
    fn over(invocation: &LambdaInvocation) -> Self {
        Self { request_id: invocation.context.request_id.clone(), reply: invocation.reply() }
    }

    async fn settle(self, call: impl Future<Output = Result<(), Error>>) {
        match AssertUnwindSafe(call).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(error.into()),
            Err(panic) => self.fail(panicked(&panic)),
        }
    }

    fn fail(&self, diagnostic: Diagnostic) {
        tracing::error!(requestId = self.request_id, "{}", diagnostic.error_message);
        self.reply.send(Answer::Failed(diagnostic));
    }
}

/// A panic outside of the handler, as a failure.
pub(crate) fn panicked(payload: &Box<dyn Any + Send>) -> Diagnostic {
    Diagnostic::of_panic(payload)
}
