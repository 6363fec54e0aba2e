//! The life of a process of its own: opened by `run`, ended by `/pre-stop`, SIGTERM or SIGINT.
//!
//! Function Compute calls `/pre-stop` before it destroys an instance, if the function configures the hook, with up to
//! 90 s for it (document 425056). Whether it also sends SIGTERM is not documented, so both lead to the same handlers,
//! which run once. This is the crate's only global state, and only processes of their own touch it: a host of many
//! runtimes sets [`Options::pre_stop`](crate::Options::pre_stop) instead.

use std::{
    future::Future,
    net::Ipv4Addr,
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;

use crate::{Error, options::Options};

type Handler = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// What is to be done before the process ends.
struct Handlers {
    waiting: Mutex<Vec<Handler>>,
    /// Whether `run` has begun, and so will see a signal and answer calls in flight before the handlers run.
    serving: AtomicBool,
}

static HANDLERS: Handlers = Handlers::new();

impl Handlers {
    const fn new() -> Self {
        Self { waiting: Mutex::new(Vec::new()), serving: AtomicBool::new(false) }
    }

    fn add(&self, handler: Handler) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(handler);
    }

    /// Runs the handlers that have not run, in the order of their registration.
    async fn run(&self) {
        let handlers = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for handler in handlers {
            handler().await;
        }
    }
}

/// Registers a handler that runs once before the process ends: on `/pre-stop`, SIGTERM or SIGINT, whichever is first.
///
/// Call it before [`run`](crate::run) and await it. On a signal, [`run`](crate::run) answers the calls in flight, then
/// the handler runs, then `run` returns; before `run`, the handler runs and the process exits.
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
    tokio::spawn(async {
        termination().await;
        if !HANDLERS.serving.load(Ordering::Acquire) {
            HANDLERS.run().await;
            process::exit(0);
        }
    });
}

/// Opens the port first: Function Compute counts start-up until it is open, and everything else can wait.
pub(crate) async fn begin() -> Result<(TcpListener, Options), Error> {
    let mut options = Options::from_env();
    // All addresses: Function Compute does not reach a server on 127.0.0.1 (document 425055).
    let address = (Ipv4Addr::UNSPECIFIED, options.port);
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on port {}: {error}", options.port))?;
    options.pre_stop = Some(Arc::new(|_| {
        Box::pin(async {
            HANDLERS.run().await;
            Ok(())
        })
    }));
    HANDLERS.serving.store(true, Ordering::Release);
    Ok((listener, options))
}

pub(crate) async fn end() {
    HANDLERS.run().await;
}

/// Until SIGTERM or SIGINT. Never, if the process cannot listen for them.
#[cfg(unix)]
pub(crate) async fn termination() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be listened for: SIGTERM will end the process at once");
        return std::future::pending().await;
    };
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Until Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn termination() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
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
