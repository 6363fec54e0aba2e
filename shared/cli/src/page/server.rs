//! The server of the page, on loopback: it answers GET and HEAD, from the last look.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::frame;
use super::guard;
use super::place::Asked;
use super::watch::Watch;
use crate::output::CliError;

/// The pause after a failed accept: the process may be out of file descriptors for a while.
const PAUSE: Duration = Duration::from_millis(20);
/// Real seconds since the look that is shown.
const AGE: HeaderName = HeaderName::from_static("x-albridge-age");

/// Opens the port.
///
/// # Errors
/// An address that is not loopback's, or that is taken.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, CliError> {
    if !address.ip().is_loopback() {
        return Err(CliError::Usage(format!(
            "The page asks for no password, so {address} is refused: give an address of loopback, as 127.0.0.1:7700, and come to it by a tunnel (ssh -L)."
        )));
    }
    let failed = |error: std::io::Error| {
        CliError::Usage(format!(
            "{address} cannot be listened at: {error}. Give another --listen; port 0 is any that is free."
        ))
    };
    TcpListener::bind(address).await.map_err(failed)
}

/// Serves until the task is dropped.
pub(super) async fn serve(listener: TcpListener, watch: Arc<Watch>) {
    let clock = Clock::system();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            clock.sleep(PAUSE).await;
            continue;
        };
        let watch = Arc::clone(&watch);
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let watch = Arc::clone(&watch);
            async move { Ok::<_, Infallible>(answer(&watch, &request).await.map(Full::new)) }
        });
        tokio::spawn(async move {
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = served.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// Answers a request.
pub(super) async fn answer<B>(watch: &Arc<Watch>, request: &Request<B>) -> Response<Bytes> {
    if let Err((status, why)) = guard::admit(request) {
        return plain(status, &why);
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    match path {
        "/style.css" => return response(StatusCode::OK, "text/css; charset=utf-8", frame::style()),
        "/script.js" => return response(StatusCode::OK, "text/javascript; charset=utf-8", frame::SCRIPT.to_owned()),
        "/icon.svg" => return response(StatusCode::OK, "image/svg+xml", frame::ICON.to_owned()),
        _ => {}
    }
    let Some(asked) = Asked::parse(path, query) else {
        return plain(StatusCode::NOT_FOUND, "There is no such page; / lists the bindings.");
    };
    let view = watch.first_view().await;
    let version = format!("\"{}\"", view.ended);
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == version.as_bytes());
    let mut answer = if known {
        response(StatusCode::NOT_MODIFIED, HTML, String::new())
    } else {
        let shown = frame::show(&view, &asked);
        let status = if shown.found { StatusCode::OK } else { StatusCode::NOT_FOUND };
        response(status, HTML, frame::page(&view, shown))
    };
    let headers = answer.headers_mut();
    insert(headers, header::ETAG, &version);
    if let Some((_, age)) = &view.look {
        insert(headers, AGE, &age.as_secs().max(0).to_string());
    }
    answer
}

const HTML: &str = "text/html; charset=utf-8";

fn plain(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut answer = response(status, "text/plain; charset=utf-8", format!("{}\n", crate::output::visible(text)));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        insert(answer.headers_mut(), header::ALLOW, "GET, HEAD");
    }
    answer
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, frame::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
