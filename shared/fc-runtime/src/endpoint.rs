//! [`Endpoint`]: a runtime without a server. Requests in, answers out, by the same dispatch that the server uses.

use std::{
    fmt,
    future::ready,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};

use crate::{
    Diagnostic, Error,
    context::{Config, Context, HeaderCache},
    diagnostic::ProtocolError,
    http_event,
    invocation::LambdaInvocation,
    invoke::{Invoke, Outcome},
    log::{CallLine, Log},
    options::{Hook, Options},
    protocol::{self, Call, FcHeaders, STATUS},
    reply::{Answer, Reply},
    streamed::Streamed,
    streaming::Body,
    uninterrupted::{Abandoned, Uninterrupted},
};

/// A runtime that is called in process: for tests on paused time, and for hosts of many functions.
///
/// ```
/// use std::{sync::Arc, time::SystemTime};
/// use bytes::Bytes;
/// use fc_runtime::{Endpoint, Error, LambdaEvent, Options, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let options = Options { log: Arc::new(|_: &str| {}), ..Options::new(Arc::new(|| SystemTime::UNIX_EPOCH)) };
/// let double = service_fn(|event: LambdaEvent<i64>| async move { Ok::<_, Error>(event.payload * 2) });
/// let request = http::Request::post("/invoke").body(Bytes::from("21")).unwrap();
/// let answer = Endpoint::new(options, double).call(request).await;
/// assert_eq!((answer.status().as_u16(), &answer.body()[..]), (200, &b"42"[..]));
/// # }
/// ```
#[derive(Clone)]
pub struct Endpoint(Arc<Shared>);

struct Shared {
    options: Options,
    log: Arc<Log>,
    config: Arc<Config>,
    invoke: Box<dyn Invoke>,
    header_cache: Mutex<HeaderCache>,
    /// Numbers the requests that carry no id.
    unnamed: AtomicU64,
    abandoned: Abandoned,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(crate) fn with(options: Options, invoke: Box<dyn Invoke>) -> Self {
        let config = Arc::new(options.config.clone());
        let log = Arc::new(Log::new(Arc::clone(&options.log), Arc::clone(&options.now)));
        Self(Arc::new(Shared {
            options,
            log,
            config,
            invoke,
            header_cache: Mutex::default(),
            unnamed: AtomicU64::new(0),
            abandoned: Abandoned::default(),
        }))
    }

    /// The answer to a request. Must be called on a tokio runtime: a call that has begun goes on to its end, even if this
    /// future is dropped, as a handler on Function Compute does when its caller goes away.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = self.answer(request.map(Full::new)).await.into_parts();
        match body.collect().await {
            Ok(body) => Response::from_parts(parts, body.to_bytes()),
            Err(error) => {
                let failure = Failure::from(ProtocolError::StreamFailed(error)).into_parts(StatusCode::NOT_FOUND);
                Response::from_parts(failure.0, failure.1)
            }
        }
    }

    /// The answer to a request whose body may still be on its way.
    pub(crate) fn answer<B>(&self, request: Request<B>) -> impl Future<Output = Response<Body>> + Send + use<B>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        let shared = Arc::clone(&self.0);
        AssertUnwindSafe(async move { shared.respond(request).await }).catch_unwind().map(|answered| {
            // An error means that the log writer or the clock panicked; all else is caught where it happens.
            answered.unwrap_or_else(|_| Failure::from(ProtocolError::NoAnswer).into_response(StatusCode::NOT_FOUND))
        })
    }

    /// The calls whose clients went away.
    pub(crate) fn abandoned(&self) -> &Abandoned {
        &self.0.abandoned
    }

    pub(crate) fn shutdown_grace(&self) -> Duration {
        self.0.options.shutdown_grace
    }

    /// Writes a text that belongs to no call to the log, if no subscriber is set that would log it.
    pub(crate) fn without_subscriber(&self, text: fmt::Arguments<'_>) {
        self.0.log.without_subscriber("-", text);
    }
}

impl Shared {
    async fn respond<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Error>,
    {
        let arrival = (self.log.now)();
        let (parts, body) = request.into_parts();
        let headers = FcHeaders::of(&parts.headers);
        let call = match Call::of(&parts.method, &parts.uri, &headers) {
            Ok(call) => call,
            Err(error) => {
                tracing::warn!("{error}");
                let request_id = protocol::text(headers.request_id).unwrap_or("-");
                self.log.without_subscriber(request_id, format_args!("{}: {error}", error.code()));
                return Failure::from(error).into_response(StatusCode::NOT_FOUND);
            }
        };
        let request_id = protocol::text(headers.request_id)
            .map_or_else(|| format!("local-{}", self.unnamed.fetch_add(1, Ordering::Relaxed) + 1), str::to_owned);
        let line = CallLine::start(&self.log, call.log_word(), &request_id);
        let body = match self.read(body).await {
            Ok(body) => body,
            Err(error) => return self.fail(call, line, error.into()),
        };
        let is_unread = parts.method == Method::HEAD;
        let reply = Reply::default();
        // The context is made last: it is the largest part of a call, and what waits is copied with it.
        let context = self.context(request_id, &headers, arrival, reply.clone());
        let started = catch_unwind(AssertUnwindSafe(|| self.start(call, parts, body, context, arrival)));
        let running = started.unwrap_or_else(|panic| ready(Err(Diagnostic::of_panic(&panic))).boxed());
        let (outcome, line) = Uninterrupted::new(running, line, &reply, &self.abandoned).await;
        if let Err(diagnostic) = &outcome {
            tracing::error!(requestId = line.request_id(), "{}", diagnostic.error_message);
        }
        let (answer, headers) = reply.take();
        let answered = match (answer, outcome) {
            // A layer that fails after the handler has answered does not undo the answer.
            (Some(Answer::Streaming(prelude, stream)), _) if call == Call::Http => {
                match http_event::streamed(prelude, stream) {
                    Ok(response) => {
                        let is_unread = is_unread
                            || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
                        return succeeded(response)
                            .map(|body| Body::new(Streamed::new(body, line, arrival, is_unread)));
                    }
                    Err(reason) => Err(ProtocolError::InvalidHttpAnswer(reason).into()),
                }
            }
            (Some(Answer::Streaming(_, stream)), _) => whole(stream, headers).await,
            (Some(Answer::Buffered(json)), _) if call == Call::Http => {
                http_event::answer(self.options.http_event, json)
                    .map(succeeded)
                    .map_err(|reason| ProtocolError::InvalidHttpAnswer(reason).into())
            }
            (Some(Answer::Buffered(json)), _) => Ok(success(headers, Some(&APPLICATION_JSON), json.into())),
            (Some(Answer::Failed(diagnostic)), _) | (None, Err(diagnostic)) => Err(diagnostic.into()),
            (None, Ok(())) if call.is_hook() => Ok(success(headers, None, Body::empty())),
            (None, Ok(())) => Err(ProtocolError::NoAnswer.into()),
        };
        match answered {
            Ok(response) => {
                line.succeed();
                response
            }
            Err(failure) => self.fail(call, line, failure),
        }
    }

    /// Logs a failed call and answers it.
    fn fail(&self, call: Call, line: CallLine, failure: Failure) -> Response<Body> {
        if failure.is_of_protocol {
            // All others have been logged where they came up, with what is header_cache there.
            tracing::error!(requestId = line.request_id(), "{}", failure.diagnostic.error_message);
        }
        line.fail(&failure.diagnostic);
        // 404 is what Function Compute documents for a failed call. The client of an HTTP trigger sees the status itself, and
        // to it a failure is the server's.
        let status = if call == Call::Http { failure.http_status } else { StatusCode::NOT_FOUND };
        failure.into_response(status)
    }

    fn context(&self, request_id: String, headers: &FcHeaders<'_>, arrival: SystemTime, reply: Reply) -> Context {
        let config = Arc::clone(&self.config);
        let mut header_cache = self.header_cache.lock().unwrap_or_else(PoisonError::into_inner);
        let context = Context::of_request(request_id, headers, &self.options, config, &mut header_cache, arrival);
        Context { reply: Some(reply), ..context }
    }

    fn start(
        &self,
        call: Call,
        parts: Parts,
        body: Bytes,
        context: Context,
        arrival: SystemTime,
    ) -> BoxFuture<'static, Outcome> {
        match call {
            Call::Invoke => self.invoke.invoke(LambdaInvocation::new(parts.headers, body, context)),
            Call::Http => {
                let event = http_event::event(self.options.http_event, &parts, &body, &context, arrival);
                self.invoke.invoke(LambdaInvocation::new(parts.headers, event, context))
            }
            Call::Initialize => run_hook(self.options.initialize.clone(), context),
            Call::PreStop => run_hook(self.options.pre_stop.clone(), context),
            Call::PreFreeze => run_hook(None, context),
        }
    }

    async fn read<B>(&self, body: B) -> Result<Bytes, ProtocolError>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Error>,
    {
        let limit = self.options.body_limit;
        // If the announced length is too large, the body is not read.
        if body.size_hint().lower() > limit as u64 {
            return Err(ProtocolError::PayloadTooLarge(limit));
        }
        match Limited::new(body, limit).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(ProtocolError::PayloadTooLarge(limit)),
            Err(error) => Err(ProtocolError::PayloadUnreadable(error)),
        }
    }
}

/// Marks a response as that of a call that succeeded.
fn succeeded(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(STATUS.clone(), SUCCEEDED.clone());
    response
}

/// Function Compute does not stream answers to events, so nothing is lost by waiting for the end.
async fn whole(stream: Body, headers: HeaderMap) -> Result<Response<Body>, Failure> {
    let whole = stream.collect().await.map_err(ProtocolError::StreamFailed)?;
    Ok(success(headers, Some(&APPLICATION_OCTET_STREAM), whole.to_bytes().into()))
}

/// A hook that is not there succeeds.
fn run_hook(hook: Option<Hook>, context: Context) -> BoxFuture<'static, Outcome> {
    Box::pin(async move {
        let Some(hook) = hook else { return Ok(()) };
        match AssertUnwindSafe(async { hook(context).await }).catch_unwind().await {
            Ok(outcome) => outcome.map_err(Diagnostic::from),
            Err(panic) => Err(Diagnostic::of_panic(&panic)),
        }
    })
}

static APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
static APPLICATION_OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");
static SUCCEEDED: HeaderValue = HeaderValue::from_static("200");
static FAILED: HeaderValue = HeaderValue::from_static("404");

fn success(mut headers: HeaderMap, content_type: Option<&HeaderValue>, body: Body) -> Response<Body> {
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type.clone());
    }
    headers.insert(STATUS.clone(), SUCCEEDED.clone());
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// A failed call, and the status that the client of an HTTP trigger sees.
struct Failure {
    diagnostic: Diagnostic,
    http_status: StatusCode,
    /// It occurred in this crate, not in the handler.
    is_of_protocol: bool,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, http_status: StatusCode::INTERNAL_SERVER_ERROR, is_of_protocol: false }
    }
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        let http_status = match error {
            ProtocolError::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ProtocolError::PayloadUnreadable(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { diagnostic: error.into(), http_status, is_of_protocol: true }
    }
}

impl Failure {
    fn into_parts(self, status: StatusCode) -> (http::response::Parts, Bytes) {
        // Two strings always serialize.
        let body = serde_json::to_vec(&self.diagnostic).unwrap_or_default();
        let (mut parts, ()) = Response::new(()).into_parts();
        parts.status = status;
        parts.headers.insert(CONTENT_TYPE, APPLICATION_JSON.clone());
        // Whichever of the two Function Compute goes by: the documentation recommends both.
        parts.headers.insert(STATUS.clone(), FAILED.clone());
        (parts, body.into())
    }

    fn into_response(self, status: StatusCode) -> Response<Body> {
        let (parts, body) = self.into_parts(status);
        Response::from_parts(parts, body.into())
    }
}
