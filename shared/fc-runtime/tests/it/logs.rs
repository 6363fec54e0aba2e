//! The lines that Function Compute looks for, and the request id in every other.

use std::{
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use fc_runtime::{Endpoint, Error, LambdaEvent, Options, service_fn, tracing};
use http::Request;

use crate::support::{Lines, invoke};

#[tokio::test]
async fn each_call_starts_and_ends_with_one_line() {
    let lines = Lines::default();
    let endpoint = Endpoint::new(
        lines.options(),
        service_fn(
            |event: LambdaEvent<bool>| async move { if event.payload { Ok(()) } else { Err(Error::from("no")) } },
        ),
    );
    endpoint.call(invoke("1-a", "true")).await;
    assert_eq!(lines.take(), ["FC Invoke Start RequestId: 1-a", "FC Invoke End RequestId: 1-a"]);

    endpoint.call(invoke("1-b", "false")).await;
    let failed = lines.take();
    assert_eq!(failed[0], "FC Invoke Start RequestId: 1-b");
    assert!(
        failed[1].starts_with("2023-09-05T06:41:11.000Z 1-b [ERROR] ") && failed[1].ends_with(": no"),
        "{failed:?}"
    );
    assert_eq!(failed[2..], ["FC Invoke End RequestId: 1-b, Error: Unhandled function error"]);

    for (path, word) in [("/initialize", "Initialize"), ("/pre-stop", "PreStop"), ("/pre-freeze", "PreFreeze")] {
        let request = Request::post(path).header("x-fc-request-id", "1-c").body(Bytes::new()).unwrap();
        endpoint.call(request).await;
        assert_eq!(lines.take(), [format!("FC {word} Start RequestId: 1-c"), format!("FC {word} End RequestId: 1-c")]);
    }
}

#[tokio::test]
async fn requests_without_an_id_are_numbered() {
    let lines = Lines::default();
    let endpoint = Endpoint::new(
        lines.options(),
        service_fn(|event: LambdaEvent<()>| async move { Ok::<_, Error>(event.context.request_id) }),
    );
    for id in ["\"local-1\"", "\"local-2\""] {
        assert_eq!(endpoint.call(Request::post("/invoke").body(Bytes::new()).unwrap()).await.body(), id);
    }
}

#[tokio::test]
async fn a_call_is_logged_even_if_nobody_waits_for_it() {
    let lines = Lines::default();
    let (go, gone) = tokio::sync::watch::channel(false);
    let begun = Arc::new(tokio::sync::Notify::new());
    let begins = Arc::clone(&begun);
    let endpoint = Endpoint::new(
        lines.options(),
        service_fn(move |_: LambdaEvent<()>| {
            let mut gone = gone.clone();
            begins.notify_one();
            async move {
                gone.wait_for(|gone| *gone).await.unwrap();
                Ok::<_, Error>(())
            }
        }),
    );
    let abandoned = tokio::spawn(async move { endpoint.call(invoke("1-a", "")).await });
    begun.notified().await;
    assert_eq!(lines.take(), ["FC Invoke Start RequestId: 1-a"]);
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    go.send(true).unwrap();
    let mut ended = Vec::new();
    while ended.is_empty() {
        tokio::task::yield_now().await;
        ended = lines.take();
    }
    assert_eq!(ended, ["FC Invoke End RequestId: 1-a"]);
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn logged(json: bool) -> Vec<String> {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let _guard = ::tracing::subscriber::set_default(tracing::default_subscriber(move || writer.clone(), "INFO", json));
    let endpoint = Endpoint::new(
        Lines::default().options(),
        service_fn(|event: LambdaEvent<bool>| async move {
            tracing::info!("before");
            tokio::task::yield_now().await;
            assert!(event.payload, "as asked");
            tracing::info!("after");
            Err::<(), _>("refused")
        }),
    );
    endpoint.call(invoke("1-a", "true")).await;
    endpoint.call(invoke("1-a", "false")).await;
    endpoint.call(invoke("1-a", "7")).await;
    let bytes = buffer.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_line_carries_the_request_id() {
    let lines = logged(false).await;
    let span = "Lambda runtime invoke{requestId=\"1-a\"}: ";
    let expected = ["before", "after", "\"refused\"", "before", "Lambda panicked: as asked", "failed to deserialize"];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, text) in lines.iter().zip(expected) {
        let (level, rest) = line.trim_start().split_once(' ').unwrap();
        assert!(["INFO", "ERROR"].contains(&level), "{line}");
        assert!(rest.starts_with(&format!("{span}{text}")), "{line}");
    }
}

#[tokio::test]
async fn json_lines_carry_it_too() {
    for line in logged(true).await {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["span"]["requestId"], "1-a");
    }
}

#[cfg(feature = "opentelemetry")]
#[tokio::test]
async fn open_telemetrys_span_is_closed_before_the_flush_and_the_answer() {
    use fc_runtime::{
        Runtime,
        layers::{OpenTelemetryFaasTrigger, OpenTelemetryLayer},
    };

    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing::subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_span_events(tracing::subscriber::fmt::format::FmtSpan::CLOSE)
        .without_time()
        .with_ansi(false)
        .finish();
    let _guard = ::tracing::subscriber::set_default(subscriber);
    let flushed = buffer.clone();
    let flush = move || flushed.0.lock().unwrap().extend_from_slice(b"flush\n");
    let handler = service_fn(|event: LambdaEvent<u8>| async move { Ok::<_, Error>(event.payload) });
    let endpoint = Runtime::new(handler)
        .layer(OpenTelemetryLayer::new(flush).with_trigger(OpenTelemetryFaasTrigger::Timer))
        .into_endpoint(Lines::default().options());
    assert_eq!(endpoint.call(invoke("1-a", "7")).await.body(), "7");
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    let (span, end) = text.split_once('\n').unwrap();
    assert_eq!(end, "flush\n");
    for attribute in
        ["faas.name=\"echo\"", "faas.trigger=\"timer\"", "faas.invocation_id=\"1-a\"", "faas.coldstart=true"]
    {
        assert!(span.contains(attribute), "{span}");
    }
    assert!(!span.contains("tenant_id"), "{span}");
}

#[tokio::test]
async fn every_kind_of_failure_leaves_a_text_without_a_subscriber() {
    let lines = Lines::default();
    let handler = service_fn(|event: LambdaEvent<u8>| async move {
        match event.payload {
            1 => panic!("on\npurpose"),
            2 => Err(Error::from("refused")),
            other => Ok(other),
        }
    });
    let options = Options { body_limit: 100, ..lines.options() };
    let endpoint = Endpoint::new(options.clone(), handler);
    let hooks = Options { initialize: Some(Arc::new(|_| Box::pin(async { Err("no table".into()) }))), ..options };
    let initialize = Request::post("/initialize").header("x-fc-request-id", "1-a").body(Bytes::new()).unwrap();
    let unknown = Request::get("/nowhere").header("x-fc-request-id", "1-a").body(Bytes::new()).unwrap();
    for (endpoint, request, text) in [
        (endpoint.clone(), invoke("1-a", "1"), "Lambda panicked: on\\npurpose"),
        (endpoint.clone(), invoke("1-a", "2"), "refused"),
        (endpoint.clone(), invoke("1-a", "{"), "failed to deserialize"),
        (endpoint.clone(), invoke("1-a", "7 8"), "trailing characters at line 1 column 3"),
        (endpoint.clone(), invoke("1-a", "1".repeat(101)), "Runtime.PayloadTooLarge"),
        (endpoint, unknown, "Runtime.UnknownPath: /nowhere"),
        (Endpoint::new(hooks, handler), initialize, "no table"),
    ] {
        assert_eq!(endpoint.call(request).await.status(), 404);
        let log = lines.take();
        let texts: Vec<_> = log.iter().filter(|line| line.contains(" 1-a [ERROR] ")).collect();
        assert_eq!(texts.len(), 1, "{text}: {log:#?}");
        assert!(texts[0].contains(text), "{log:#?}");
    }
}
