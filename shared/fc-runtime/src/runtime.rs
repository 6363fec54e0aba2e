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
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::{FutureExt, Stream, future::BoxFuture};
use pin_project_lite::pin_project;
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
    invocation::LambdaInvocation,
    invoke::{Invoke, Outcome},
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
    /// Serves the calls of Function Compute until SIGTERM or SIGINT, one after the other on the calling task; hooks
    /// are answered meanwhile. Reads the environment ([`Options::from_env`]).
    ///
    /// # Errors
    ///
    /// If the port cannot be opened, or the service is not ready any more.
    pub async fn run(self) -> Result<(), Error> {
        self.run_with(lifecycle::options()?).await
    }

    /// [`Runtime::run`] with options of the caller's in place of the environment's, which [`Options::from_env`] has.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened, or the service is not ready any more.
    pub async fn run_with(self, options: Options) -> Result<(), Error> {
        let process = lifecycle::begin(options).await?;
        let outcome = self.serve_local(process.listener, process.options, process.termination).await;
        process.end.await;
        outcome
    }

    /// [`Runtime::run`] on a listener and with options of the caller's, until `shutdown`; calls that have come by then
    /// are answered first, within [`Options::shutdown_grace`].
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
        server.spawn(server::accept(listener, endpoint, server::Answers::AtOnce, async move {
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
        // The server ends within its grace, and with it the channel. A call that still runs then is dropped.
        select! {
            biased;
            outcome = calls.as_mut() => {
                outcome?;
                while server.join_next().await.is_some() {}
            }
            _ = server.join_next() => calls.now_or_never().transpose().map(drop)?,
        }
        Ok(())
    }

    /// Serves calls in the order in which they come, until no more can.
    async fn take_calls(mut self, mut incoming: mpsc::UnboundedReceiver<Handed>) -> Result<(), Error> {
        while let Some(Handed { invocation, done }) = incoming.recv().await {
            poll_fn(|cx| self.service.poll_ready(cx)).await?;
            let outcome = Settled { call: async { self.service.call(*invocation).await } }.await;
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
        self.run_concurrent_with(lifecycle::options()?).await
    }

    /// [`Runtime::run_concurrent`] with options of the caller's in place of the environment's, which [`Options::from_env`]
    /// has.
    ///
    /// # Errors
    ///
    /// If the port cannot be opened.
    pub async fn run_concurrent_with(self, options: Options) -> Result<(), Error> {
        let process = lifecycle::begin(options).await?;
        self.serve(process.listener, process.options, process.termination).await;
        process.end.await;
        Ok(())
    }

    /// [`Runtime::run_concurrent`] on a listener and with options of the caller's, until `shutdown`; calls in flight
    /// are answered first, within [`Options::shutdown_grace`].
    pub async fn serve(self, listener: TcpListener, options: Options, shutdown: impl Future<Output = ()>) {
        self.into_endpoint(options).serve(listener, shutdown).await;
    }

    /// The runtime without a server.
    pub fn into_endpoint(self, options: Options) -> Endpoint {
        Endpoint::with(options, Box::new(Cloned { service: Mutex::new(self.service), idle: Idle::default() }))
    }
}

/// On the task that serves the request, by a clone of the service.
struct Cloned<S: Service<LambdaInvocation>> {
    service: Mutex<S>,
    idle: Idle<S::Future>,
}

/// Boxes of calls that are over, for those to come. The future of a call holds its context twice or more, and what is
/// larger than a kilobyte makes glibc's allocator tidy up all of its small pieces on every call.
type Idle<C> = Arc<Mutex<Vec<Slot<C>>>>;
type Slot<C> = Pin<Box<Option<C>>>;

/// As many calls as mostly run at a time; those of a peak are given back.
const IDLE_LIMIT: usize = 16;

impl<S> Invoke for Cloned<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, Outcome> {
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Most services are ready at once. Then only the call has to be kept, not what it is made from.
        if let Poll::Ready(Ok(())) = service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut slot = idle.unwrap_or_else(|| Box::pin(None));
            slot.set(Some(service.call(invocation)));
            return Box::pin(InSlot { slot: Some(slot), idle: Arc::clone(&self.idle) });
        }
        let call = async move {
            poll_fn(|cx| service.poll_ready(cx)).await?;
            service.call(invocation).await
        };
        Box::pin(Settled { call })
    }
}

/// On the task that polls `run`.
struct Handover(mpsc::UnboundedSender<Handed>);

struct Handed {
    /// Boxed: the channel has room for dozens.
    invocation: Box<LambdaInvocation>,
    done: oneshot::Sender<Outcome>,
}

impl Invoke for Handover {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'static, Outcome> {
        let (done, over) = oneshot::channel();
        // An error means that `run` has ended, and drops the sender: the reply stays empty, and the endpoint says so.
        let _ = self.0.send(Handed { invocation: Box::new(invocation), done });
        Box::pin(async move { over.await.unwrap_or(Ok(())) })
    }
}

/// A call in a box that goes back to the idle ones when it is over.
struct InSlot<C> {
    /// `None` once it is over.
    slot: Option<Slot<C>>,
    idle: Idle<C>,
}

impl<C: Future<Output = Result<(), Error>>> Future for InSlot<C> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        // Nobody polls a future again that has ended.
        let Some(slot) = &mut self.slot else { return Poll::Pending };
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = slot.as_mut().as_pin_mut().map_or(Poll::Pending, |call| call.poll(cx));
            if polled.is_ready() {
                slot.set(None);
            }
            polled
        }));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => {
                let slot = self.slot.take();
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < IDLE_LIMIT {
                    idle.extend(slot);
                }
                Poll::Ready(outcome.map_err(Diagnostic::from))
            }
            // What panicked is not used again.
            Err(panic) => Poll::Ready(Err(Diagnostic::of_panic(&panic))),
        }
    }
}

pin_project! {
    /// The end of a call whose layers may fail or panic.
    struct Settled<C> {
        #[pin]
        call: C,
    }
}

impl<C: Future<Output = Result<(), Error>>> Future for Settled<C> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        match catch_unwind(AssertUnwindSafe(|| self.project().call.poll(cx))) {
            Ok(polled) => polled.map(|outcome| outcome.map_err(Diagnostic::from)),
            Err(panic) => Poll::Ready(Err(Diagnostic::of_panic(&panic))),
        }
    }
}
