//! An HTTP/1.1 server around an async function of the request.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::wire::{self, Wire};

/// Function Compute takes 32 MB; nothing else takes more.
const LARGEST_BODY: usize = 33 << 20;
/// Accepting fails when the process is out of file descriptors: that passes.
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

/// Serves until the task is dropped. `None` closes the connection without an answer.
pub(super) async fn serve<F, Answer>(listener: TcpListener, answer: F)
where
    F: Fn(Request<Bytes>) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Option<Response<Bytes>>> + Send + 'static,
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
                    Err(refusal) => return Ok(refusal.map(Full::new)),
                };
                answer(request).await.map(|response| response.map(Full::new)).ok_or(Close)
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
