//! An invocation whose spans and metrics go to a collector on this machine.

use std::sync::{Arc, Mutex};

use fc_runtime::{Context, LambdaEvent};
use serde_json::json;
use stage::{Invocation, Needs, Report};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::{Handler, handle};

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Logs what a stage and the last state of a run log, and answers.
#[derive(Debug, Clone, Copy)]
struct Speaks;

impl Handler for Speaks {
    const NAME: StageName = StageName::Dispatch;
    const NEEDS: Needs = Needs::NONE;
    const ACTIONS: &'static [&'static str] = &[];
    type Event = Value;
    type Answer = Option<Report>;

    async fn answer(&self, _: &Invocation<'_>, _: &Context, event: Value) -> Result<Option<Report>, StageError> {
        tracing::info!(
            event = "run",
            schema = 1,
            binding = "web",
            run = "web-1",
            ok = true,
            outcome = "done",
            added = 3,
            seconds = 63,
            "run summary"
        );
        tracing::debug!("for nobody");
        if event["fails"] == true {
            return Err(StageError::StillPending { what: "tr-attach-1 is Attaching".to_owned() });
        }
        Ok(None)
    }
}

/// A request to the collector: its path, a header, and its body.
type Got = (String, Option<String>, Value);

/// A collector that takes so many requests.
async fn collector(count: usize, got: Arc<Mutex<Vec<Got>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for _ in 0..count {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            let (head, body) = loop {
                let mut part = [0; 4096];
                let length = stream.read(&mut part).await.unwrap();
                read.extend_from_slice(&part[..length]);
                let text = String::from_utf8_lossy(&read).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let head = head.to_ascii_lowercase();
                let length: usize =
                    head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
                if body.len() >= length {
                    break (head, body.to_owned());
                }
            };
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let key = head.lines().find_map(|line| line.strip_prefix("x-key: ")).map(str::to_owned);
            got.lock().unwrap().push((path, key, serde_json::from_str(&body).unwrap()));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await.unwrap();
        }
    });
    format!("http://{address}")
}

async fn invoke(host: &Host, event: Value) -> bool {
    let mut context = Context::default();
    context.request_id = "request-1".to_owned();
    let span = tracing::info_span!("Lambda runtime invoke", requestId = "request-1");
    let event = LambdaEvent { payload: event, context };
    tracing::Instrument::instrument(handle(Speaks, host.clone(), event), span).await.is_ok()
}

#[tokio::test]
async fn an_invocation_is_a_span_and_its_lines_are_events_and_numbers() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let url = collector(4, Arc::clone(&got)).await;
    let set = variables(&[
        ("ALBRIDGE_BINDINGS", "bindings.yml"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("{url}/")),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
        ("OTEL_SERVICE_NAME", "bridge"),
        ("FC_REGION", "cn-hangzhou"),
    ]);
    let host = Host::from_environment(&set).unwrap();
    start(&host, &set).unwrap();
    assert!(invoke(&host, json!({})).await);
    assert!(!invoke(&host, json!({"fails": true})).await);
    let got = got.lock().unwrap().clone();
    let paths: Vec<_> = got.iter().map(|(path, key, _)| (path.as_str(), key.as_deref())).collect();
    let both = [("/v1/traces", Some("a b")), ("/v1/metrics", Some("a b"))];
    assert_eq!(paths, [both, both].concat());
    let resource = &got[0].2["resourceSpans"][0]["resource"]["attributes"];
    assert!(
        resource.as_array().unwrap().contains(&json!({"key": "service.name", "value": {"stringValue": "bridge"}})),
        "{resource}"
    );
    let span = |number: usize| got[number].2["resourceSpans"][0]["scopeSpans"][0]["spans"][0].clone();
    let (well, badly) = (span(0), span(2));
    assert_eq!((&well["name"], &well["status"]), (&json!("dispatch"), &json!({"code": 1})));
    assert_eq!(badly["status"], json!({"code": 2, "message": "XREG-STILL-PENDING"}));
    assert_eq!(well["traceId"], badly["traceId"], "one run, one trace");
    assert_ne!(well["spanId"], badly["spanId"]);
    assert_eq!((well["traceId"].as_str().unwrap().len(), well["spanId"].as_str().unwrap().len()), (32, 16));
    let attributes = well["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"key": "albridge.run", "value": {"stringValue": "web-1"}})), "{attributes:?}");
    assert_eq!(well["events"].as_array().unwrap().len(), 1, "what is at level debug is no event");
    assert_eq!(well["events"][0]["name"], "run summary");
    let metrics = got[1].2["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().clone();
    let names: Vec<_> = metrics.iter().map(|metric| metric["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["albridge.run.count", "albridge.run.added", "albridge.run.duration"]);
    assert_eq!(metrics[1]["sum"]["dataPoints"][0]["asInt"], "3");
    assert_eq!((&metrics[2]["unit"], &metrics[2]["gauge"]["dataPoints"][0]["asInt"]), (&json!("s"), &json!("63")));
}

#[test]
fn the_variables_are_the_standard_ones() {
    let parse = |pairs: &[(&str, &str)]| {
        Otel::parse(&variables(pairs)).map(|otel| otel.map(|otel| (otel.traces, otel.metrics)))
    };
    let url = |text: &str| Some(text.to_owned());
    assert_eq!(parse(&[]), Ok(None));
    let common = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.example:4318");
    assert_eq!(
        parse(&[common]),
        Ok(Some((url("https://c.example:4318/v1/traces"), url("https://c.example:4318/v1/metrics"))))
    );
    assert_eq!(parse(&[common, ("OTEL_SDK_DISABLED", "true")]), Ok(None));
    assert_eq!(
        parse(&[common, ("OTEL_METRICS_EXPORTER", "none")]),
        Ok(Some((url("https://c.example:4318/v1/traces"), None)))
    );
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/spans");
    assert_eq!(parse(&[own]), Ok(Some((url("http://127.0.0.1:1/spans"), None))));
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "canary"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "canary"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x=%0Acanary"),
    ] {
        let set = if name == common.0 { vec![(name, value)] } else { vec![common, (name, value)] };
        let wrong = parse(&set).unwrap_err();
        assert!(wrong.starts_with(name) && !wrong.contains("canary"), "{wrong}");
    }
}
