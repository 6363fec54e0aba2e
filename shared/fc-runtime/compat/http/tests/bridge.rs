//! Handlers of `lambda_http`, and a router of axum, by the bridge of docs/from-lambda.md.

use std::collections::HashMap;

use axum::{Router, extract::Query, http::HeaderMap, routing::put};
use compat_http::{ask, options, request, values};
use fc_runtime::{Diagnostic, Endpoint, Error, HttpEventForm, LambdaEvent, service_fn};
use lambda_http::{Adapter, IntoResponse, Request, RequestExt, Service, request::LambdaRequest};

/// The bridge.
fn endpoint<S, R>(form: HttpEventForm, service: S) -> Endpoint
where
    S: Service<Request, Response = R> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Diagnostic> + std::fmt::Debug + Send + 'static,
    R: IntoResponse + Send + 'static,
{
    Endpoint::new(
        options(form),
        service_fn(move |event: LambdaEvent<LambdaRequest>| {
            let mut context = lambda_http::Context::default();
            context.request_id = event.context.request_id;
            context.deadline = event.context.deadline;
            // Made for each call: an adapter that is kept has to be Sync, which the answers of axum are not.
            Adapter::from(service.clone()).call(lambda_http::LambdaEvent::new(event.payload, context))
        }),
    )
}

const FORMS: [HttpEventForm; 3] = [HttpEventForm::Lambda2, HttpEventForm::Lambda1, HttpEventForm::AlbMultiValue];

#[tokio::test]
async fn a_handler_of_lambda_http_sees_the_request_and_its_answer_arrives() {
    async fn handler(request: Request) -> Result<impl IntoResponse, Error> {
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri().path(), "/shop/a%20b");
        assert_eq!(request.raw_http_path(), "/shop/a%20b");
        assert_eq!(request.query_string_parameters().all("x"), Some(vec!["1", "2"]));
        assert_eq!(request.query_string_parameters().first("y"), Some("é z"));
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
        assert_eq!(request.body().as_ref(), b"\xff\x00");
        let answer = lambda_http::Response::builder()
            .status(201)
            .header("set-cookie", "e=5")
            .header("set-cookie", "f=6")
            .header("content-type", "application/octet-stream");
        Ok(answer.body(lambda_http::Body::Binary(b"\x00\xfe".to_vec()))?)
    }
    for form in FORMS {
        let endpoint = endpoint(form, lambda_http::service_fn(handler));
        let answer = ask(&endpoint, request("PUT", "application/octet-stream", &b"\xff\x00"[..])).await;
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (201, &b"\x00\xfe"[..]), "{form}: {answer:?}");
        assert_eq!(values(&answer, "set-cookie"), ["e=5", "f=6"], "{form}");
        assert_eq!(values(&answer, "content-type"), ["application/octet-stream"], "{form}");
    }
}

#[tokio::test]
async fn a_router_of_axum_routes_by_the_path() {
    async fn buy(Query(query): Query<HashMap<String, String>>, headers: HeaderMap, body: String) -> String {
        format!("{} {} {body}", query["y"], headers["cookie"].to_str().unwrap())
    }
    for form in FORMS {
        let endpoint = endpoint(form, Router::new().route("/shop/{what}", put(buy)));
        let answer = ask(&endpoint, request("PUT", "text/plain", "7")).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.body()[..]),
            (200, "é z a=1; b=2 7".as_bytes()),
            "{form}: {answer:?}"
        );
        assert_eq!(ask(&endpoint, request("DELETE", "text/plain", "")).await.status(), 405);
    }
}
