//! The HTTP server: connections in, requests to the endpoint, until it is told to stop.
//!
//! A connection never times out: Function Compute keeps them open between calls and does not expect them to be closed
//! (a closed one shows as a sporadic 502). Nothing that a client sends ends the server: hyper answers a malformed
//! head with 400, one too large with 431, and closes that connection only.

use std::{
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::Poll,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::watch,
    task::JoinSet,
};

use crate::{client_stream::ClientStream, endpoint::Endpoint};

/// Function Compute allows a client 8 KB of headers and 4 KB of path, and adds some 35 headers of its own. hyper looks
/// at the limit between reads only, so that a head may exceed it by a buffer before it is refused.
const HEAD_LIMIT: usize = 64 * 1024;

/// Function Compute limits the bytes of a client's headers, not their number: in 8 KB there is room for 256 of 32 bytes.
/// Only a connection that had a request of more than 100 is served with it: see [`ClientStream`].
const HEADERS_LIMIT: usize = 256;

/// How long to wait when the process has no descriptor left for a connection: some call must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// When an answer goes out that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// At once: `run` gathers calls already, in its queue.
    AtOnce,
    /// Behind what else is ready.
    Together,
}

impl Endpoint {
    /// Serves the endpoint on a listener as well, until `shutdown`; calls in flight are answered first, within
    /// [`Options::shutdown_grace`](crate::Options::shutdown_grace). Must be called on a tokio runtime that has IO and time.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        accept(listener, self, Answers::Together, shutdown).await;
    }
}

/// Serves connections until `shutdown`, then until the requests in flight are answered, as long as the grace lasts.
pub(crate) async fn accept(
    listener: TcpListener,
    endpoint: Endpoint,
    answers: Answers,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    let mut connections = JoinSet::new();
    // Dropping the sender is the signal to stop.
    let (stop, stopped) = watch::channel(());
    loop {
        select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, endpoint.clone(), answers, stopped.clone()));
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    pause().await;
                }
            },
        }
    }
    // Closed first, so that a client that comes now is refused at once.
    drop(listener);
    drop(stop);
    let grace = endpoint.shutdown_grace();
    let answered = async {
        while connections.join_next().await.is_some() {}
        endpoint.abandoned().join().await;
    };
    if !is_within(grace, answered).await {
        let connections_left = connections.len();
        // The calls of a connection that is cut become abandoned ones.
        connections.shutdown().await;
        let calls_left = endpoint.abandoned().end().await;
        let text = format!(
            "shutdown after a grace of {grace:?}: {connections_left} connections and {calls_left} calls were cut off"
        );
        tracing::warn!("{text}");
        endpoint.without_subscriber(format_args!("{text}"));
    }
}

#[expect(clippy::disallowed_methods, reason = "bounds the end of a server; no call depends on it")]
pub(crate) async fn is_within(grace: Duration, future: impl Future<Output = ()>) -> bool {
    tokio::time::timeout(grace, future).await.is_ok()
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[expect(
    clippy::disallowed_methods,
    reason = "keeps a server without descriptors from spinning; no call depends on it"
)]
async fn pause() {
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Lets whatever is ready run first. Calls that came together are then answered together, and a client on another core
/// is woken by the first answer instead of by each of them. A call that is alone goes on at once.
async fn behind_the_others() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn refused(endpoint: &Endpoint, text: fmt::Arguments<'_>) {
    tracing::warn!("{text}");
    endpoint.without_subscriber(text);
}

async fn serve_connection(stream: TcpStream, endpoint: Endpoint, answers: Answers, mut stopped: watch::Receiver<()>) {
    // Answers are small and complete: waiting to fill a packet only delays them. It is an optimization, so it may fail.
    let _ = stream.set_nodelay(true);
    let served = endpoint.clone();
    let service = service_fn(move |request| {
        let answer = served.answer(request);
        async move {
            let answer = answer.await;
            if answers == Answers::Together {
                behind_the_others().await;
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut server = http1::Builder::new();
    server
        .keep_alive(true)
        // A call goes on to its end whether or not its client is there. To look for that would take a second buffer for
        // each call that waits.
        .half_close(true)
        // Function Compute drops this header (document 2513501) and adds its own.
        .auto_date_header(false)
        .header_read_timeout(None)
        .max_buf_size(HEAD_LIMIT);
    let mut connection = server.serve_connection(ClientStream::new(stream), service);
    let outcome = loop {
        let outcome = select! {
            biased;
            outcome = &mut connection => outcome,
            _ = stopped.changed() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        let parts = connection.into_parts();
        let is_too_large = outcome.as_ref().is_err_and(hyper::Error::is_parse_too_large);
        if !(is_too_large && parts.io.has_refusal()) {
            // The client may be gone.
            let _ = parts.io.end().await;
            break outcome;
        }
        let stream = parts.io.again(parts.read_buf);
        connection = server.max_headers(HEADERS_LIMIT).serve_connection(stream, parts.service);
    };
    match outcome {
        // hyper has answered it with 431 or 400 and no body, and no call has begun.
        Err(error) if error.is_parse_too_large() => refused(
            &endpoint,
            format_args!(
                "a request was refused with 431: more than {HEADERS_LIMIT} headers, or more than {HEAD_LIMIT} bytes of them"
            ),
        ),
        Err(error) if error.is_parse() => refused(&endpoint, format_args!("a request was refused with 400: {error}")),
        // The client's doing: it went away.
        Err(error) => tracing::debug!("connection ended: {error}"),
        Ok(()) => {}
    }
}
