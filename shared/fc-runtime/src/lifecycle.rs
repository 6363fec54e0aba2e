//! The life cycle of a process that serves one function: started by `run`, ended by `/pre-stop`, SIGTERM or SIGINT.
//!
//! ```text
//! signal ──> no new connections ──> calls under way ──> handlers of the shutdown ──> run returns
//!            at once                within the grace    within the grace again
//! second signal, at any time: the process ends at once
//! ```
//!
//! Function Compute calls `/pre-stop` before it destroys an instance, if the function configures the hook, with up to
//! 90 s for it (document 425056). Whether it also sends SIGTERM is not documented, so both lead to the same handlers,
//! which run once. This is the crate's only global state, and only `run` and its like use it: a host of many
//! runtimes sets [`Options::initialize`](crate::Options::initialize) and [`Options::pre_stop`](crate::Options::pre_stop)
//! instead.

use std::{
    future::Future,
    io::Write,
    net::Ipv4Addr,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{net::TcpListener, select, sync::oneshot};

use crate::{
    Error,
    context::Context,
    environment,
    options::{Hook, Options},
    server::is_within,
};

type Handler = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// The handlers that run before the process ends.
struct Handlers {
    waiting: Mutex<Vec<Handler>>,
    /// Whether `run` has begun, and so will see a signal and answer calls in flight before the handlers run.
    serving: AtomicBool,
}

static HANDLERS: Handlers = Handlers::new();
/// The hooks that run on `/initialize`, in this order.
static INITIALIZERS: Mutex<Vec<Hook>> = Mutex::new(Vec::new());

impl Handlers {
    const fn new() -> Self {
        Self { waiting: Mutex::new(Vec::new()), serving: AtomicBool::new(false) }
    }

    fn add(&self, handler: Handler) {
        lock(&self.waiting).push(handler);
    }

    /// Runs the handlers that have not run, in the order of their registration.
    async fn run(&self) {
        let handlers = std::mem::take(&mut *lock(&self.waiting));
        for handler in handlers {
            handler().await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers what [`run`](crate::run) and its like do on `/initialize`: once per instance, before its first event, if the
/// function configures the initializer hook. An error fails the call, and the instance with it.
///
/// Call it before [`run`](crate::run). More than one run in the order in which they were registered.
///
/// ```no_run
/// use std::sync::{Arc, OnceLock};
/// use fc_runtime::{Error, LambdaEvent, on_initialize, run, service_fn};
///
/// # #[tokio::main] async fn main() -> Result<(), Error> {
/// let table = Arc::new(OnceLock::new());
/// let loaded = Arc::clone(&table);
/// on_initialize(move |context| {
///     let loaded = Arc::clone(&loaded);
///     async move {
///         loaded.get_or_init(|| format!("loaded in {}", context.region));
///         Ok::<_, Error>(())
///     }
/// });
/// run(service_fn(|event: LambdaEvent<String>| async { Ok::<_, Error>((event.payload, table.get().cloned())) })).await
/// # }
/// ```
pub fn on_initialize<Fut, E>(hook: impl Fn(Context) -> Fut + Send + Sync + 'static)
where
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Error>,
{
    lock(&INITIALIZERS).push(Arc::new(move |context| {
        let running = hook(context);
        Box::pin(async move { running.await.map_err(Into::into) })
    }));
}

/// Registers a handler that runs once before the process ends: on `/pre-stop`, SIGTERM or SIGINT, whichever is first.
///
/// Call it before [`run`](crate::run) and await it. On a signal, [`run`](crate::run) answers the calls in flight, then
/// the handler runs, then `run` returns; before `run`, the handler runs and the process exits. Calls and handlers have
/// [`Options::shutdown_grace`](crate::Options::shutdown_grace) each, and a second signal ends the process at once.
///
/// ```no_run
/// use fc_runtime::{Error, LambdaEvent, run, service_fn, spawn_graceful_shutdown_handler};
///
/// # #[tokio::main] async fn main() -> Result<(), Error> {
/// spawn_graceful_shutdown_handler(|| async { /* flush */ }).await;
/// run(service_fn(|event: LambdaEvent<String>| async move { Ok::<_, Error>(event.payload) })).await
/// # }
/// ```
pub async fn spawn_graceful_shutdown_handler<Fut>(shutdown_handler: impl FnOnce() -> Fut + Send + 'static)
where
    Fut: Future<Output = ()> + Send + 'static,
{
    HANDLERS.add(Box::new(move || Box::pin(shutdown_handler())));
    let Some(mut signals) = Signals::listen() else { return };
    tokio::spawn(async move {
        signals.next().await;
        if !HANDLERS.serving.load(Ordering::Acquire) {
            select! {
                biased;
                code = signals.next() => process::exit(code),
                () = HANDLERS.run() => process::exit(0),
            }
        }
    });
}

/// The options of `run`: the environment's.
///
/// # Errors
///
/// If a variable that the function's configuration sets cannot be read.
pub(crate) fn options() -> Result<Options, Error> {
    environment::check()?;
    Ok(Options::from_env())
}

/// A process that serves calls.
pub(crate) struct Process {
    pub(crate) listener: TcpListener,
    pub(crate) options: Options,
    /// The first signal.
    pub(crate) termination: BoxFuture<'static, ()>,
    /// The handlers that run when the calls are over.
    pub(crate) end: BoxFuture<'static, ()>,
}

/// Opens the port first: Function Compute counts start-up until it is open, and everything else can wait.
pub(crate) async fn begin(mut options: Options) -> Result<Process, Error> {
    // All addresses: Function Compute does not reach a server on 127.0.0.1 (document 425055).
    let address = (Ipv4Addr::UNSPECIFIED, options.port);
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on port {}: {error}", options.port))?;
    let initializers = std::mem::take(&mut *lock(&INITIALIZERS));
    if !initializers.is_empty() {
        options.initialize = Some(one_after_the_other(options.initialize.into_iter().chain(initializers).collect()));
    }
    let pre_stop: Hook = Arc::new(|_| {
        Box::pin(async {
            HANDLERS.run().await;
            Ok(())
        })
    });
    options.pre_stop = Some(match options.pre_stop {
        Some(own) => one_after_the_other(vec![own, pre_stop]),
        None => pre_stop,
    });
    HANDLERS.serving.store(true, Ordering::Release);
    let grace = options.shutdown_grace;
    let end = Box::pin(async move {
        if !is_within(grace, HANDLERS.run()).await {
            complain(&format!("shutdown: a handler did not end within a grace of {grace:?}"));
        }
    });
    Ok(Process { listener, options, termination: Box::pin(termination(grace)), end })
}

/// Runs hooks in their order, up to the first that fails.
fn one_after_the_other(hooks: Vec<Hook>) -> Hook {
    let hooks: Arc<[Hook]> = hooks.into();
    Arc::new(move |context| {
        let hooks = Arc::clone(&hooks);
        Box::pin(async move {
            for hook in hooks.iter() {
                hook(context.clone()).await?;
            }
            Ok(())
        })
    })
}

/// Until the first signal. Never, if the process cannot listen for signals.
///
/// It is awaited by a task of its own: that of `run` also polls the handler, which may block it.
async fn termination(grace: Duration) {
    let Some(mut signals) = Signals::listen() else {
        tracing::warn!("signals cannot be listened for: SIGTERM will end the process at once");
        return std::future::pending().await;
    };
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        watch_over_the_end(grace);
        // An error means that `run` has ended on its own.
        let _ = tell.send(());
        process::exit(signals.next().await);
    });
    if told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Sees to it that the process ends: at once on another signal, and after both graces in any case. On a thread of its own,
/// since a handler may block every thread of the runtime, and the runtime's own end waits for threads that are blocked.
fn watch_over_the_end(grace: Duration) {
    /// Between the end of the graces and that of the process.
    const MARGIN: Duration = Duration::from_secs(1);
    let watch = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let another = async {
                match Signals::listen() {
                    Some(mut signals) => process::exit(signals.next().await),
                    None => std::future::pending().await,
                }
            };
            is_within(grace.saturating_mul(2).saturating_add(MARGIN), another).await;
        });
        complain("shutdown: something still blocks the process after its grace; it ends now");
        process::exit(1);
    };
    // If the thread cannot be started, the task on the runtime has to be enough.
    let _ = thread::Builder::new().name("fc-shutdown".to_owned()).spawn(watch);
}

/// Leaves a text in the process's log.
fn complain(text: &str) {
    // Standard error may be closed.
    let _ = std::io::stderr().lock().write_all([text, "\n"].concat().as_bytes());
}

/// SIGTERM and SIGINT.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From here on a signal does not end the process. `None`: the process cannot listen for them.
    fn listen() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Some(Self {
            terminate: signal(SignalKind::terminate()).ok()?,
            interrupt: signal(SignalKind::interrupt()).ok()?,
        })
    }

    /// The next signal, as the exit code that shells give a process which it ends: 128 and its number.
    async fn next(&mut self) -> i32 {
        select! {
            biased;
            _ = self.terminate.recv() => 128 + 15,
            _ = self.interrupt.recv() => 128 + 2,
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Option<Self> {
        Some(Self)
    }

    async fn next(&mut self) -> i32 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        130
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn handlers_run_once_and_in_order() {
        let handlers = Handlers::new();
        let ran = Arc::new(Mutex::new(Vec::new()));
        for name in ["first", "second"] {
            let ran = Arc::clone(&ran);
            handlers.add(Box::new(move || {
                Box::pin(async move {
                    ran.lock().unwrap().push(name);
                })
            }));
        }
        handlers.run().await;
        handlers.run().await;
        assert_eq!(*ran.lock().unwrap(), ["first", "second"]);
    }
}
