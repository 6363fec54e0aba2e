//! HTTP triggers: the request as an event, the answer as a response.

use bytes::Bytes;
use fc_runtime::{
    Endpoint, Error, LambdaEvent, MetadataPrelude, Options, StreamResponse, serve, service_fn, streaming,
};
use http::Request;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{listen, options};

fn web(method: &str, uri: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("x-fc-control-path", "/http-invoke")
        .header("x-fc-request-id", "1-64f6cd87")
        .header("x-fc-access-key-secret", "top-secret")
        .header("host", "web.cn-hangzhou.fcapp.run:443")
}

/// Answers with the event itself.
fn mirror() -> Endpoint {
    let handler =
        service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(json!({ "event": event.payload })) });
    Endpoint::new(Options { account_id: "1234".into(), ..options() }, handler)
}

/// Answers with the request's own body.
fn script() -> Endpoint {
    Endpoint::new(
        options(),
        service_fn(|event: LambdaEvent<Value>| async move {
            let text = event.payload["body"].as_str().unwrap_or_default();
            Ok::<Value, Error>(serde_json::from_str(text)?)
        }),
    )
}

#[tokio::test]
async fn a_request_becomes_the_documented_event() {
    let request = web("PUT", "/invoke/a%20b?x=1&y=%C3%A9&x=2")
        .header("accept", "a")
        .header("accept", "b")
        .header("user-agent", "test/1")
        .header("x-fc-client-ip", "11.11.11.11")
        .body(Bytes::from("Hello FC!"))
        .unwrap();
    let response = mirror().call(request).await;
    assert_eq!((response.status().as_u16(), &response.headers()["x-fc-status"]), (200, &"200".parse().unwrap()));
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(
        body["event"],
        json!({
            "version": "v1",
            "rawPath": "/invoke/a%20b",
            "body": "Hello FC!",
            "isBase64Encoded": false,
            "headers": { "accept": "a,b", "host": "web.cn-hangzhou.fcapp.run:443", "user-agent": "test/1" },
            "queryParameters": { "x": "1,2", "y": "é" },
            "requestContext": {
                "accountId": "1234",
                "domainName": "web.cn-hangzhou.fcapp.run",
                "domainPrefix": "web",
                "http": {
                    "method": "PUT",
                    "path": "/invoke/a b",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "11.11.11.11",
                    "userAgent": "test/1"
                },
                "requestId": "1-64f6cd87",
                "time": "2023-09-05T06:41:11Z",
                "timeEpoch": "1693896071000"
            }
        })
    );
}

#[tokio::test]
async fn a_binary_body_goes_as_base64() {
    let response = mirror().call(web("POST", "/").body(Bytes::from_static(&[0xff, 0x00])).unwrap()).await;
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((&body["event"]["body"], &body["event"]["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
}

#[tokio::test]
async fn an_answer_with_a_status_code_is_mapped() {
    let answer = json!({
        "statusCode": 302,
        "headers": { "Location": "/b", "Set-Cookie": ["a=1", "b=2"] },
        "body": "aGVsbG8=",
        "isBase64Encoded": true
    });
    let response = script().call(web("POST", "/").body(answer.to_string().into()).unwrap()).await;
    assert_eq!((response.status().as_u16(), &response.body()[..]), (302, &b"hello"[..]));
    assert_eq!(response.headers()["location"], "/b");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn any_other_answer_is_the_body() {
    for answer in ["[1,2]", "\"text\"", "{\"a\":1}"] {
        let response = script().call(web("POST", "/").body(answer.into()).unwrap()).await;
        assert_eq!((response.status().as_u16(), response.body()), (200, &Bytes::from(answer)));
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}

#[tokio::test]
async fn failures_are_the_servers_to_the_client_and_failed_calls_to_the_platform() {
    for (body, code) in [("{", "Error"), ("{\"statusCode\":7}", "Runtime.InvalidHttpAnswer")] {
        let response = script().call(web("POST", "/").body(body.into()).unwrap()).await;
        assert_eq!((response.status().as_u16(), &response.headers()["x-fc-status"]), (500, &"404".parse().unwrap()));
        assert!(str::from_utf8(response.body()).unwrap().contains(code), "{response:?}");
    }
    let small = Endpoint::new(
        Options { body_limit: 1, ..options() },
        service_fn(|_: LambdaEvent<Value>| async { Ok::<_, Error>(()) }),
    );
    assert_eq!(small.call(web("POST", "/").body("12".into()).unwrap()).await.status(), 413);
}

#[tokio::test]
async fn a_stream_goes_out_in_chunks_with_its_prelude() {
    let (listener, mut client) = listen().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let handler = service_fn(|_: LambdaEvent<Value>| async {
        let (mut sender, stream) = streaming::channel();
        tokio::spawn(async move {
            for piece in ["first", "second"] {
                sender.send_data(piece.into()).await.unwrap();
            }
        });
        let mut metadata_prelude = MetadataPrelude { cookies: vec!["a=1".into()], ..MetadataPrelude::default() };
        metadata_prelude.status_code = http::StatusCode::CREATED;
        metadata_prelude.headers.insert("x-kind", "stream".parse().unwrap());
        Ok::<_, Error>(StreamResponse { metadata_prelude, stream })
    });
    let server = tokio::spawn(serve(listener, options(), handler, async { stopped.await.unwrap() }));
    client.write("GET / HTTP/1.1\r\nx-fc-control-path: /http-invoke\r\nConnection: close\r\n\r\n").await;
    let reply = client.reply().await;
    assert_eq!((reply.status, reply.headers["x-kind"].as_str()), (201, "stream"));
    assert_eq!((reply.headers["set-cookie"].as_str(), reply.headers["transfer-encoding"].as_str()), ("a=1", "chunked"));
    assert_eq!(client.rest().await, "5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
