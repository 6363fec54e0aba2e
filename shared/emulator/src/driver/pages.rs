//! What the emulated web servers and load balancers answer.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

/// What an instance's web server answers.
pub(crate) fn hello(instance: &str) -> Response<Bytes> {
    let mut response = plain(StatusCode::OK, format!("Hello from {instance}\n"));
    if let Ok(value) = HeaderValue::from_str(instance) {
        response.headers_mut().insert("x-served-by", value);
    }
    response
}

/// What it answers for a path that it does not know.
pub(crate) fn unknown(instance: &str) -> Response<Bytes> {
    let mut response = plain(StatusCode::NOT_FOUND, format!("{instance} has no such page\n"));
    if let Ok(value) = HeaderValue::from_str(instance) {
        response.headers_mut().insert("x-served-by", value);
    }
    response
}

/// What the load balancer answers itself. The reason is for the emulator's user: the real one shows the status only.
pub(crate) fn own_reply(status: u16, reason: &str) -> Response<Bytes> {
    plain(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), format!("{reason}\n"))
}

pub(crate) fn plain(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
