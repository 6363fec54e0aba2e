//! The event loop around a world: it advances the world's time, runs the functions that are invoked, and answers clients.
//!
//! ```text
//!   clients ──► Cloud::call ──► Gateway ──► World ◄── advance(now) ── driver task ──► FunctionHost
//!                   │              │                      ▲  │                              │
//!                   └── wake ──────┴──────────────────────┘  └── finish(outcome) ◄──────────┘
//! ```
//!
//! Requests and functions run on tasks of their own: a request is completed even if its client disconnects.

pub(crate) mod pages;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::Decision;
use crate::engine::{Effect, requests};
use crate::faults::{FaultError, Rule};
use crate::gateway::{Ending, Gateway, Reply};
use crate::host::FunctionHost;
use crate::recording::Recorder;
use crate::state::fc::{Fate, Invocation, Outcome};
use crate::world::World;

pub use crate::gateway::Answered;

/// The least time between two rounds of the driver: a due time in the past must not make it spin.
const PATIENCE: Duration = Duration::from_millis(1);

/// Function Compute's message for a crashed instance (fc-runtime.md section 1.2).
const CRASHED: &str = "Process exited unexpectedly before completing request";

/// A running cloud. Clones share it; when the last is dropped it stops.
#[derive(Debug, Clone)]
pub struct Cloud {
    core: Core,
    _driver: Arc<Driver>,
}

/// What the driver's task and the clients' tasks share.
#[derive(Clone)]
struct Core {
    gateway: Gateway,
    /// The cloud's time. A client may sign with that or with the real one.
    clock: Clock,
    host: Arc<dyn FunctionHost>,
    /// The world changed: what is due next may have changed with it.
    changed: Arc<Notify>,
    /// A function is done.
    finished: Arc<Notify>,
    /// How many requests load balancers have had.
    turns: Arc<AtomicU64>,
    /// The number of rounds of the driver.
    rounds: Arc<AtomicU64>,
    /// By how many milliseconds the cloud's time is ahead of its clock.
    ahead: Arc<AtomicI64>,
    /// Records the exchanges, if a recording was started.
    recorder: Arc<OnceLock<Recorder>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// The task that advances the world, aborted when its last owner is dropped.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Cloud {
    /// Starts a cloud on a clock, which may be a scaled one: everything that the cloud does takes that clock's time, and clients
    /// may sign with that or with real time. Needs a tokio runtime.
    pub fn start(mut world: World, clock: Clock, host: Arc<dyn FunctionHost>) -> Self {
        world.runs_at(clock.speed());
        let core = Core {
            gateway: Gateway::new(world),
            clock,
            host,
            changed: Arc::new(Notify::new()),
            finished: Arc::new(Notify::new()),
            turns: Arc::default(),
            rounds: Arc::default(),
            ahead: Arc::default(),
            recorder: Arc::default(),
        };
        let driver = tokio::spawn(core.clone().drive());
        Self { core, _driver: Arc::new(Driver(driver)) }
    }

    /// The world's gateway: its log, and the world itself.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.core.gateway
    }

    /// The cloud's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// Looks at the world, or changes it, outside of any protocol. States are as of the last call; the driver wakes.
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let seen = self.core.gateway.with(look);
        self.core.changed.notify_one();
        seen
    }

    /// Adds a fault rule; returns its id.
    ///
    /// # Errors
    /// [`FaultError::Taken`]: another one has its name.
    pub fn inject(&self, rule: Rule) -> Result<String, FaultError> {
        let now = self.now();
        self.with(|world| world.add_fault(now, rule))
    }

    /// Advances the cloud's time at once: everything that becomes due happens now. Functions and clients keep their own time.
    pub(crate) fn leap(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.core.ahead.fetch_add(millis, Ordering::Relaxed);
        self.core.changed.notify_one();
    }

    /// Has every exchange written down from now on. Only the first recorder counts; returns whether this is it.
    pub fn record(&self, recorder: Recorder) -> bool {
        self.core.recorder.set(recorder).is_ok()
    }

    /// Answers an API request that arrived at the port of `region`, on a task of its own; faults may alter the answer.
    pub async fn exchange(&self, region: &str, request: Request<Bytes>) -> Answered {
        let core = self.core.clone();
        let region = region.to_owned();
        match tokio::spawn(async move { core.answer(&region, request).await }).await {
            Ok(answered) => answered,
            Err(_) => Answered::Whole(unavailable()),
        }
    }

    /// The same for a client without a connection that could be cut: it learns that the service is unavailable.
    pub async fn call(&self, region: &str, request: Request<Bytes>) -> Response<Bytes> {
        match self.exchange(region, request).await {
            Answered::Whole(response) => response,
            Answered::Truncated(_) | Answered::Cut => unavailable(),
        }
    }

    /// Sends a request to a listener of a load balancer, by id or DNS name, without any socket: it is routed in the
    /// emulated world and answered by the instance's web server, or by the load balancer itself. Nothing listening
    /// there is [`None`].
    #[must_use]
    pub fn request_alb(
        &self,
        load_balancer: &str,
        port: u16,
        host: Option<&str>,
        path: &str,
    ) -> Option<Response<Bytes>> {
        match self.route(load_balancer, port, host, false) {
            Decision::Forward { instance, .. } => Some(self.page(&instance, path)),
            Decision::Reply { status, reason } => Some(pages::own_reply(status, &reason)),
            Decision::Closed => None,
        }
    }

    /// What an instance's web server answers to a path.
    pub(crate) fn page(&self, instance: &str, path: &str) -> Response<Bytes> {
        let serves = self.with(|world| world.ecs.instances.get(instance).is_none_or(|instance| instance.serves(path)));
        if serves { pages::hello(instance) } else { pages::unknown(instance) }
    }

    /// Decides what happens to a request. Each request counts for the round robin.
    pub(crate) fn route(&self, load_balancer: &str, port: u16, host: Option<&str>, looped: bool) -> Decision {
        let turn = self.core.turns.fetch_add(1, Ordering::Relaxed);
        self.with(|world| world.route(self.now(), requests::Request { load_balancer, port, host, turn, looped }))
    }

    /// The cloud's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }
}

impl Core {
    /// The clock's time, and by how much the cloud's was made to leap ahead of it.
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.ahead.load(Ordering::Relaxed));
        self.clock.now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }

    async fn answer(&self, region: &str, request: Request<Bytes>) -> Answered {
        let Some(recorder) = self.recorder.get() else { return self.carry_out(region, request, |_| {}).await };
        let (kept, mut begun) = (copy(&request), None);
        let answered = self.carry_out(region, request, |now| begun = Some(recorder.request(now, region, &kept))).await;
        if let Some(begun) = begun {
            recorder.answer(begun, self.now(), &answered);
        }
        answered
    }

    /// Answers a request; `handled` gets the time at which it is processed, in the order of processing.
    async fn carry_out(&self, region: &str, request: Request<Bytes>, handled: impl FnOnce(Timestamp)) -> Answered {
        // Read while the world is locked: later requests get later times, and an answer's Date is not before
        // anything that was done already.
        let clocks = || {
            let now = self.now();
            handled(now);
            (self.clock.wall(), now)
        };
        let reply = self.gateway.handle_at(clocks, region, request);
        self.changed.notify_one();
        let (reply, delivery) = match reply {
            Reply::Altered(reply, delivery) => (*reply, delivery),
            reply => return Answered::Whole(self.response(reply).await),
        };
        let response = if delivery.ending == Ending::Cut { None } else { Some(self.response(reply).await) };
        self.clock.sleep(delivery.delay).await;
        match (response, delivery.ending) {
            (None, _) | (_, Ending::Cut) => Answered::Cut,
            (Some(response), Ending::Truncated) => Answered::Truncated(response),
            (Some(response), Ending::Whole) => Answered::Whole(response),
        }
    }

    /// The response, once it is known.
    async fn response(&self, reply: Reply) -> Response<Bytes> {
        let pending = match reply {
            Reply::Ready(response) => return response,
            Reply::Pending(pending) => pending,
            // The gateway marks a reply once.
            Reply::Altered(..) => return unavailable(),
        };
        loop {
            let finished = self.finished.notified();
            tokio::pin!(finished);
            // From here on no outcome is missed.
            finished.as_mut().enable();
            if let Some(response) = self.gateway.collect(self.now(), &pending) {
                return response;
            }
            finished.await;
        }
    }

    /// Advances the world whenever something is due, for ever.
    async fn drive(self) {
        loop {
            self.rounds.fetch_add(1, Ordering::Relaxed);
            let (now, effects, due) = self.gateway.with(|world| {
                let now = self.now();
                let effects = world.advance(now);
                (now, effects, world.next_due(now))
            });
            for effect in effects {
                match effect {
                    Effect::Invoke(invocation) => {
                        let core = self.clone();
                        tokio::spawn(async move { core.run(invocation).await });
                    }
                }
            }
            let wait = async {
                match due {
                    Some(due) => self.clock.sleep(until(now, due).max(PATIENCE)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = wait => {}
            }
        }
    }

    /// Runs one function, for as long as its timeout allows, and hands back its outcome.
    async fn run(&self, invocation: Invocation) {
        let id = invocation.id;
        let outcome = self.outcome(invocation).await;
        self.gateway.with(|world| world.finish(self.now(), id, outcome));
        self.finished.notify_waiters();
        self.changed.notify_one();
    }

    /// The outcome of an invocation: the function's answer, unless it times out or its instance crashes.
    async fn outcome(&self, invocation: Invocation) -> Outcome {
        let (seconds, fate) = (invocation.timeout_seconds, invocation.fate);
        let timeout = Duration::from_secs(u64::from(seconds));
        // A host that panics is a function that crashed, not a call that never ends.
        let work = async { AbortOnDrop(tokio::spawn(self.host.invoke(invocation))).await };
        let crashed = || Outcome::Crashed(CRASHED.to_owned());
        // fc-runtime.md section 1.2.
        let timed_out = || Outcome::Crashed(format!("Task timed out after {seconds} seconds"));
        match fate {
            None => self.clock.timeout(timeout, work).await.unwrap_or_else(|_| timed_out()),
            Some(Fate::Crash(Duration::ZERO)) => crashed(),
            Some(Fate::Crash(after)) => {
                let whole = async {
                    work.await;
                    std::future::pending().await
                };
                // The instance crashes at that time, whether the function has finished or not.
                self.clock.timeout(after.min(timeout), whole).await.unwrap_or_else(|_| crashed())
            }
            Some(Fate::TimeOut) => {
                let whole = async {
                    work.await;
                    std::future::pending().await
                };
                self.clock.timeout(timeout, whole).await.unwrap_or_else(|_| timed_out())
            }
        }
    }
}

/// The same request once more.
fn copy(request: &Request<Bytes>) -> Request<Bytes> {
    let mut copy = Request::new(request.body().clone());
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    copy
}

/// How long it is from `now` to a date.
fn until(now: Timestamp, due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO)
}

/// A function's task: a timeout ends it.
struct AbortOnDrop(JoinHandle<Outcome>);

impl Future for AbortOnDrop {
    type Output = Outcome;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Outcome> {
        std::pin::Pin::new(&mut self.0)
            .poll(context)
            .map(|done| done.unwrap_or_else(|_| Outcome::Crashed(CRASHED.to_owned())))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The answer if the emulator itself fails (a bug): an error that clients retry.
fn unavailable() -> Response<Bytes> {
    const BODY: &str = r#"{"Code":"ServiceUnavailable","Message":"The request has failed due to a temporary failure of the server.","RequestId":"00000000-0000-0000-0000-000000000000"}"#;
    let mut response = Response::new(Bytes::from_static(BODY.as_bytes()));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
    response
}

#[cfg(test)]
mod tests;
