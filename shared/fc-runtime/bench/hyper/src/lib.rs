//! A server on bare hyper, as short as it can be.

use std::{convert::Infallible, future::Future, io};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves until the process is ended.
///
/// # Errors
///
/// If the port of `FC_SERVER_PORT` cannot be opened.
pub async fn serve<F, A>(answer: F) -> io::Result<()>
where
    F: Fn(Request<Incoming>) -> A + Copy + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send,
{
    let port = std::env::var("FC_SERVER_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(9000);
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(move |request| async move { Ok::<_, Infallible>(answer(request).await) });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
