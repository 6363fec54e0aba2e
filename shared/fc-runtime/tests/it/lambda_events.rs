//! HTTP triggers as Lambda's events. The types of `aws_lambda_events` read them in `compat/http`.

use bytes::Bytes;
use fc_runtime::{Endpoint, Error, HttpEventForm, LambdaEvent, Options, service_fn};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::support::options;

/// A request with whatever may come more than once, coming more than once.
fn request() -> http::request::Builder {
    Request::put("/shop/a%20b?x=1&y=%C3%A9+z&x=2&flag")
        .header("x-fc-control-path", "/http-invoke")
        .header("x-fc-request-id", "1-64f6cd87")
        .header("x-fc-access-key-secret", "top-secret")
        .header("x-fc-client-ip", "")
        .header("x-forwarded-for", "11.11.11.11, 22.22.22.22")
        .header("host", "web.cn-hangzhou.fcapp.run:443")
        .header("user-agent", "test/1")
        .header("accept", "a")
        .header("accept", "b")
        .header("cookie", "a=1; b=2")
        .header("content-type", "application/json")
}

/// Answers with the event itself.
fn mirror(http_event: HttpEventForm) -> Endpoint {
    let handler =
        service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(json!({ "event": event.payload })) });
    Endpoint::new(Options { account_id: "1234".into(), http_event, ..options() }, handler)
}

async fn event_of(http_event: HttpEventForm, request: Request<Bytes>) -> Value {
    let answer = mirror(http_event).call(request).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    let mut body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["event"].take()
}

async fn event(form: HttpEventForm) -> Value {
    event_of(form, request().body("{}".into()).unwrap()).await
}

#[tokio::test]
async fn format_2_joins_values_and_takes_cookies_apart() {
    assert_eq!(
        event(HttpEventForm::Lambda2).await,
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/shop/a%20b",
            "rawQueryString": "x=1&y=%C3%A9+z&x=2&flag",
            "cookies": ["a=1", "b=2"],
            "headers": {
                "accept": "a,b", "content-type": "application/json", "cookie": "a=1; b=2",
                "host": "web.cn-hangzhou.fcapp.run:443", "user-agent": "test/1",
                "x-forwarded-for": "11.11.11.11, 22.22.22.22"
            },
            "queryStringParameters": { "flag": "", "x": "1,2", "y": "é z" },
            "requestContext": {
                "accountId": "1234",
                "apiId": "web",
                "domainName": "web.cn-hangzhou.fcapp.run",
                "domainPrefix": "web",
                "http": {
                    "method": "PUT", "path": "/shop/a%20b", "protocol": "HTTP/1.1",
                    "sourceIp": "11.11.11.11", "userAgent": "test/1"
                },
                "requestId": "1-64f6cd87",
                "routeKey": "$default",
                "stage": "$default",
                "time": "05/Sep/2023:06:41:11 +0000",
                "timeEpoch": 1_693_896_071_000_u64
            },
            "body": "{}",
            "isBase64Encoded": false
        })
    );
}

#[tokio::test]
async fn format_1_has_single_and_multiple_values() {
    assert_eq!(
        event(HttpEventForm::Lambda1).await,
        json!({
            "version": "1.0",
            "resource": "/{proxy+}",
            "path": "/shop/a%20b",
            "httpMethod": "PUT",
            "headers": {
                "accept": "b", "content-type": "application/json", "cookie": "a=1; b=2",
                "host": "web.cn-hangzhou.fcapp.run:443", "user-agent": "test/1",
                "x-forwarded-for": "11.11.11.11, 22.22.22.22"
            },
            "multiValueHeaders": {
                "accept": ["a", "b"], "content-type": ["application/json"], "cookie": ["a=1; b=2"],
                "host": ["web.cn-hangzhou.fcapp.run:443"], "user-agent": ["test/1"],
                "x-forwarded-for": ["11.11.11.11, 22.22.22.22"]
            },
            "queryStringParameters": { "flag": "", "x": "2", "y": "é z" },
            "multiValueQueryStringParameters": { "flag": [""], "x": ["1", "2"], "y": ["é z"] },
            "pathParameters": { "proxy": "shop/a b" },
            "stageVariables": null,
            "requestContext": {
                "accountId": "1234",
                "apiId": "web",
                "domainName": "web.cn-hangzhou.fcapp.run",
                "domainPrefix": "web",
                "extendedRequestId": "1-64f6cd87",
                "httpMethod": "PUT",
                "identity": { "sourceIp": "11.11.11.11", "userAgent": "test/1" },
                "path": "/shop/a%20b",
                "protocol": "HTTP/1.1",
                "requestId": "1-64f6cd87",
                "requestTime": "05/Sep/2023:06:41:11 +0000",
                "requestTimeEpoch": 1_693_896_071_000_u64,
                "resourcePath": "/{proxy+}",
                "stage": "$default"
            },
            "body": "{}",
            "isBase64Encoded": false
        })
    );
}

#[tokio::test]
async fn a_target_group_gets_the_query_as_it_came() {
    let single = event(HttpEventForm::Alb).await;
    assert_eq!(
        single,
        json!({
            "requestContext": { "elb": { "targetGroupArn": "" } },
            "httpMethod": "PUT",
            "path": "/shop/a%20b",
            "queryStringParameters": { "flag": "", "x": "2", "y": "%C3%A9+z" },
            "headers": {
                "accept": "b", "content-type": "application/json", "cookie": "a=1; b=2",
                "host": "web.cn-hangzhou.fcapp.run:443", "user-agent": "test/1",
                "x-forwarded-for": "11.11.11.11, 22.22.22.22"
            },
            "body": "{}",
            "isBase64Encoded": false
        })
    );
    let multiple = event(HttpEventForm::AlbMultiValue).await;
    assert_eq!(
        multiple["multiValueQueryStringParameters"],
        json!({ "flag": [""], "x": ["1", "2"], "y": ["%C3%A9+z"] })
    );
    assert_eq!(multiple["multiValueHeaders"]["accept"], json!(["a", "b"]));
    for name in ["headers", "queryStringParameters"] {
        assert!(multiple.get(name).is_none(), "{multiple}");
    }
}

#[tokio::test]
async fn bodies_are_base64_by_their_type() {
    let body = |content_type: Option<&str>, body: &'static [u8]| {
        let mut request = Request::post("/").header("x-fc-control-path", "/http-invoke");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        request.body(Bytes::from_static(body)).unwrap()
    };
    for form in [HttpEventForm::Lambda2, HttpEventForm::Lambda1, HttpEventForm::Alb, HttpEventForm::AlbMultiValue] {
        for (content_type, bytes, expected) in [
            (Some("text/plain; charset=utf-8"), &b"a=1"[..], ("a=1", false)),
            (Some("application/x-www-form-urlencoded"), b"a=1", ("YT0x", true)),
            (Some("application/octet-stream"), b"\xff\x00", ("/wA=", true)),
            (Some("text/plain"), b"\xff\x00", ("/wA=", true)),
            (None, b"a=1", ("a=1", false)),
            (None, b"\xff\x00", ("/wA=", true)),
        ] {
            let event = event_of(form, body(content_type, bytes)).await;
            assert_eq!(
                (event["body"].as_str(), event["isBase64Encoded"].as_bool()),
                (Some(expected.0), Some(expected.1))
            );
        }
        let event = event_of(form, body(None, b"")).await;
        let nothing = event.get("body").and_then(Value::as_str).unwrap_or_default();
        assert_eq!((nothing, &event["isBase64Encoded"]), ("", &json!(false)));
    }
}

#[tokio::test]
async fn what_a_request_does_not_have_is_absent_as_the_form_has_it() {
    let bare = || {
        Request::get("/")
            .header("x-fc-control-path", "/http-invoke")
            .header("x-fc-client-ip", "33.33.33.33")
            .body(Bytes::new())
            .unwrap()
    };
    let event = event_of(HttpEventForm::Lambda2, bare()).await;
    for name in ["cookies", "queryStringParameters", "body"] {
        assert!(event.get(name).is_none(), "{name}: {event}");
    }
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["headers"], json!({ "x-forwarded-for": "33.33.33.33" }), "Lambda's front ends always say whence");
    let event = event_of(HttpEventForm::Lambda1, bare()).await;
    for name in ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body"] {
        assert_eq!(event.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(event["resource"], "/");
}

#[tokio::test]
async fn cookies_that_were_spread_over_headers_are_in_one() {
    let request = || request().header("cookie", "c=3").body(Bytes::new()).unwrap();
    for form in [HttpEventForm::FunctionCompute, HttpEventForm::Lambda2, HttpEventForm::Lambda1, HttpEventForm::Alb] {
        assert_eq!(event_of(form, request()).await["headers"]["cookie"], "a=1; b=2; c=3", "{form}");
    }
    assert_eq!(event_of(HttpEventForm::Lambda2, request()).await["cookies"], json!(["a=1", "b=2", "c=3"]));
}

#[tokio::test]
async fn the_platforms_headers_stay_out_of_every_form() {
    for form in [
        HttpEventForm::FunctionCompute,
        HttpEventForm::Lambda2,
        HttpEventForm::Lambda1,
        HttpEventForm::Alb,
        HttpEventForm::AlbMultiValue,
    ] {
        let event = event(form).await.to_string();
        assert!(!event.contains("top-secret") && !event.contains("x-fc-"), "{event}");
    }
}

/// Answers with the request's own body.
async fn answered(http_event: HttpEventForm, answer: &Value) -> Response<Bytes> {
    let handler = service_fn(|event: LambdaEvent<Value>| async move {
        Ok::<Value, Error>(serde_json::from_str(event.payload["body"].as_str().unwrap_or_default())?)
    });
    let request =
        Request::post("/").header("x-fc-control-path", "/http-invoke").body(answer.to_string().into()).unwrap();
    Endpoint::new(Options { http_event, ..options() }, handler).call(request).await
}

#[tokio::test]
async fn cookies_and_multiple_values_of_an_answer_reach_the_client() {
    let answer = json!({
        "statusCode": 201,
        "headers": { "x-one": "1" },
        "multiValueHeaders": { "x-many": ["a", "b"], "Set-Cookie": ["c=3"] },
        "cookies": ["a=1; HttpOnly", "b=2"],
        "body": "aGVsbG8=",
        "isBase64Encoded": true
    });
    for form in [HttpEventForm::FunctionCompute, HttpEventForm::Lambda2, HttpEventForm::Lambda1, HttpEventForm::Alb] {
        let response = answered(form, &answer).await;
        assert_eq!((response.status().as_u16(), &response.body()[..]), (201, &b"hello"[..]));
        let values = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(values("set-cookie"), ["c=3", "a=1; HttpOnly", "b=2"]);
        assert_eq!(values("x-one"), ["1"]);
        assert_eq!(values("x-many"), ["a", "b"]);
    }
}

#[tokio::test]
async fn an_answer_without_a_status_is_the_body_and_text_has_no_quotes_in_format_2() {
    let text = json!("hello");
    assert_eq!(answered(HttpEventForm::Lambda2, &text).await.body(), "hello");
    assert_eq!(answered(HttpEventForm::FunctionCompute, &text).await.body(), "\"hello\"");
    assert_eq!(answered(HttpEventForm::Lambda2, &json!({ "a": 1 })).await.body(), "{\"a\":1}");
}
