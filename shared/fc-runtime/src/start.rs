//! Functions that run a handler with the default layer, [`TracingLayer`].

use std::{fmt, future::Future};

use bytes::Bytes;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower::{Service, service_fn, util::ServiceFn};

use crate::{
    Diagnostic, Endpoint, Error, IntoFunctionResponse, LambdaEvent, Options, Runtime, context::Context,
    layers::TracingLayer,
};

/// Serves Function Compute's calls with a handler, on the calling task, until SIGTERM or SIGINT. Then calls under way have
/// [`Options::shutdown_grace`] to end.
///
/// The handler may borrow and need not be `Send`. It is called for one event at a time, as by `lambda_runtime`; hooks are
/// answered meanwhile. A function whose instance concurrency is above 1 wants [`run_concurrent`].
///
/// ```no_run
/// # use fc_runtime::{Error, LambdaEvent, run, service_fn};
/// # #[tokio::main] async fn main() -> Result<(), Error> {
/// let greeting = String::from("Hello");
/// let greeting = &greeting;
/// run(service_fn(move |event: LambdaEvent<String>| async move { Ok::<_, Error>(format!("{greeting}, {}", event.payload)) })).await
/// # }
/// ```
///
/// # Errors
///
/// If the port cannot be opened, a variable of the environment cannot be read ([`Options::from_env`]), or the handler's
/// `poll_ready` fails.
pub async fn run<A, F, R, B, S, D, E>(handler: F) -> Result<(), Error>
where
    F: Service<LambdaEvent<A>, Response = R>,
    F::Future: Future<Output = Result<R, F::Error>>,
    F::Error: Into<Diagnostic> + fmt::Debug,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + fmt::Debug,
{
    Runtime::new(handler).layer(TracingLayer::new()).run().await
}

/// Serves Function Compute's calls with clones of a handler, many at a time, until SIGTERM or SIGINT.
///
/// For functions with an instance concurrency above 1, and the shortest way from request to handler in any case: a call
/// runs on the task of its connection.
///
/// # Errors
///
/// If the port cannot be opened, or a variable of the environment cannot be read ([`Options::from_env`]).
pub async fn run_concurrent<A, F, R, B, S, D, E>(handler: F) -> Result<(), Error>
where
    F: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    F::Future: Future<Output = Result<R, F::Error>> + Send + 'static,
    F::Error: Into<Diagnostic> + fmt::Debug,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + fmt::Debug + 'static,
{
    Runtime::new(handler).layer(TracingLayer::new()).run_concurrent().await
}

/// [`run_concurrent`] with everything given, so that a process can host many functions: serves on `listener` until
/// `shutdown`, then answers the calls in flight, within [`Options::shutdown_grace`]. Needs a tokio runtime that has IO and
/// time.
///
/// # Errors
///
/// None today: what a client does ends its connection at most. The type leaves room.
pub async fn serve<A, F, R, B, S, D, E>(
    listener: TcpListener,
    options: Options,
    handler: F,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error>
where
    F: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    F::Future: Future<Output = Result<R, F::Error>> + Send + 'static,
    F::Error: Into<Diagnostic> + fmt::Debug,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + fmt::Debug + 'static,
{
    Runtime::new(handler).layer(TracingLayer::new()).serve(listener, options, shutdown).await;
    Ok(())
}

impl Endpoint {
    /// An endpoint of a handler, under the layers of [`run_concurrent`].
    /// [`Runtime::into_endpoint`] makes one with layers of the caller's.
    pub fn new<A, F, R, B, S, D, E>(options: Options, handler: F) -> Self
    where
        F: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
        F::Future: Future<Output = Result<R, F::Error>> + Send + 'static,
        F::Error: Into<Diagnostic> + fmt::Debug,
        A: for<'de> Deserialize<'de> + Send + 'static,
        R: IntoFunctionResponse<B, S> + Send + 'static,
        B: Serialize + Send + 'static,
        S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
        D: Into<Bytes> + Send + 'static,
        E: Into<Error> + Send + fmt::Debug + 'static,
    {
        Runtime::new(handler).layer(TracingLayer::new()).into_endpoint(options)
    }
}

/// [`service_fn`] of a function that takes payload and context apart, as they once came.
#[deprecated(since = "0.1.0", note = "use `service_fn` and `LambdaEvent`, as in lambda_runtime")]
pub fn handler_fn<A, F, Fut>(f: F) -> ServiceFn<impl Fn(LambdaEvent<A>) -> Fut>
where
    F: Fn(A, Context) -> Fut,
{
    service_fn(move |event: LambdaEvent<A>| f(event.payload, event.context))
}
