//! A client's request as Function Compute passes it on, and what came back.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use fc_runtime::{Endpoint, HttpEventForm, Options};
use http::{Request, Response};

/// An endpoint's surroundings.
pub fn options(http_event: HttpEventForm) -> Options {
    let options = Options::new(Arc::new(|| SystemTime::UNIX_EPOCH));
    Options { http_event, account_id: "1234".into(), log: Arc::new(|_: &str| {}), ..options }
}

/// A request with everything that may come more than once, coming more than once, from behind a gateway.
pub fn request(method: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri("/shop/a%20b?x=1&y=%C3%A9%20z&x=2")
        .header("x-fc-control-path", "/http-invoke")
        .header("x-fc-request-id", "1-64f6cd87")
        .header("x-fc-access-key-secret", "top-secret")
        .header("x-fc-client-ip", "")
        .header("x-forwarded-for", "11.11.11.11, 22.22.22.22")
        .header("host", "web.cn-hangzhou.fcapp.run")
        .header("user-agent", "test/1")
        .header("x-many", "a")
        .header("x-many", "b")
        .header("cookie", "a=1; b=2")
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

/// Answers to a request.
pub async fn ask(endpoint: &Endpoint, request: Request<Bytes>) -> Response<Bytes> {
    endpoint.call(request).await
}

/// The values of a response's header.
pub fn values<'r>(response: &'r Response<Bytes>, name: &str) -> Vec<&'r str> {
    response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}
