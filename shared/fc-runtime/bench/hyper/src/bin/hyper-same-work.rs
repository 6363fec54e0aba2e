//! Bare hyper doing what a function does for a call: the id from its header, the event from JSON, the answer to JSON,
//! and the two lines that Function Compute looks for.

use std::io::Write;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, header};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Event {
    name: String,
}

#[derive(Serialize)]
struct Greeting {
    text: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    bench_hyper::serve(greet).await
}

async fn greet(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let id = parts.headers.get("x-fc-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    // Standard output is buffered by lines, so this is one write.
    let _ = writeln!(std::io::stdout().lock(), "FC Invoke Start RequestId: {id}");
    let answer = async {
        let body = body.collect().await.ok()?.to_bytes();
        let event: Event = serde_json::from_slice(&body).ok()?;
        serde_json::to_vec(&Greeting { text: format!("Hello, {}", event.name) }).ok()
    };
    let answer = answer.await;
    let _ = writeln!(std::io::stdout().lock(), "FC Invoke End RequestId: {id}");
    let status = if answer.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let mut response = Response::new(Full::from(answer.unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert("x-fc-status", header::HeaderValue::from_static("200"));
    response
}
