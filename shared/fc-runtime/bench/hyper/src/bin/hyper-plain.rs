//! Bare hyper: reads the request, answers 200, logs nothing.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    bench_hyper::serve(echo).await
}

async fn echo(request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Response::new(Full::new(body))
}
