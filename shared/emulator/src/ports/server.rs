//! An HTTP/1.1 server around an async function of the request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::wire::{self, Wire};
use crate::gateway::Answered;

/// Function Compute takes 32 MB; nothing else takes more.
const LARGEST_BODY: usize = 33 << 20;
/// The pause after a failed accept: the process may be out of file descriptors for a while.
const PAUSE: Duration = Duration::from_millis(20);

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Close;

impl std::fmt::Display for Close {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed without an answer")
    }
}

impl std::error::Error for Close {}

/// `None` closes the connection without an answer.
impl From<Option<Response<Bytes>>> for Answered {
    fn from(response: Option<Response<Bytes>>) -> Self {
        response.map_or(Self::Cut, Self::Whole)
    }
}

/// A body that announces its whole length, and breaks off in the middle.
#[derive(Debug)]
struct Half {
    whole: u64,
    part: Bytes,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    /// What was sent has to leave before the connection is closed.
    Flush,
    Break,
}

impl Half {
    fn of(body: &Bytes) -> Self {
        let whole = u64::try_from(body.len()).unwrap_or(u64::MAX);
        Self { whole, part: body.slice(..body.len() / 2), step: Step::Send }
    }
}

impl Body for Half {
    type Data = Bytes;
    type Error = Close;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Close>>> {
        match self.step {
            Step::Send => {
                self.step = Step::Flush;
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.part)))))
            }
            Step::Flush => {
                self.step = Step::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Step::Break => Poll::Ready(Some(Err(Close))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole)
    }
}

/// Serves until the task is dropped.
pub(super) async fn serve<F, Answer, Said>(listener: TcpListener, answer: F)
where
    F: Fn(Request<Bytes>) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Said> + Send + 'static,
    Said: Into<Answered> + Send + 'static,
{
    let clock = clock::Clock::system();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            clock.sleep(PAUSE).await;
            continue;
        };
        let answer = answer.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = answer.clone();
            async move {
                let request = match whole(request).await {
                    Ok(request) => request,
                    Err(refusal) => return Ok(refusal.map(|body| Either::Left(Full::new(body)))),
                };
                match answer(request).await.into() {
                    Answered::Whole(response) => Ok(response.map(|body| Either::Left(Full::new(body)))),
                    Answered::Truncated(response) if !response.body().is_empty() => {
                        Ok(response.map(|body| Either::Right(Half::of(&body))))
                    }
                    // Of an answer without a body, half is nothing.
                    Answered::Truncated(_) | Answered::Cut => Err(Close),
                }
            }
        });
        tokio::spawn(async move {
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(Wire::new(stream)), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// The request with its whole body, or the answer to one that is too long or broken off.
async fn whole(request: Request<Incoming>) -> Result<Request<Bytes>, Response<Bytes>> {
    let (parts, body) = request.into_parts();
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => Ok(Request::from_parts(parts, body.to_bytes())),
        Err(error) => {
            let (status, code) = if error.is::<LengthLimitError>() {
                (StatusCode::PAYLOAD_TOO_LARGE, "EntityTooLarge")
            } else {
                (StatusCode::BAD_REQUEST, "InvalidRequest")
            };
            let id = wire::request_id();
            let body = serde_json::json!({"Code": code, "Message": error.to_string(), "RequestId": id});
            let mut response = Response::new(Bytes::from(body.to_string()));
            *response.status_mut() = status;
            if let Ok(id) = http::HeaderValue::from_str(&id) {
                response.headers_mut().insert("x-acs-request-id", id);
            }
            Err(response)
        }
    }
}
