//! What functions built with OpenTelemetry export holds no secret: keys, tokens, signatures, and those of receivers are planted, calls and messages
//! are refused with what was sent, and every document that reaches the collector is searched.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::Random;
use emulator::Credentials;
use emulator::call::Service;
use emulator::faults::{Effect, Match, Rule};
use end_to_end::canaries::{Canaries, account_key, refusal, session_key, signature, take_role};
use end_to_end::receivers::{self, Receivers, SECRET, TOKEN};
use end_to_end::{Console, apply, start, worlds};
use fc_runtime::{Context, LambdaEvent};
use http::{Request, Response};
use local::{Generation, Local, Options, PROCEDURE_BINDING, Stack, with_handler};
use onboarding::StageName;
use openapi::Transport;
use serde_json::{Value, json};
use stage::{Host, Settings};

const HOME: &str = "cn-hangzhou";
const COLLECTOR: &str = "http://127.0.0.1:4318";
/// The key of the collector: a header of every export, and in none of its documents.
const KEY: &str = "cAnArYkEyOfCoLlEcToR0123456789";

/// What came to the collector: paths, the key, and documents.
#[derive(Default)]
struct Collector(Mutex<Vec<(String, Option<String>, String)>>);

impl Collector {
    fn take(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let key = request.headers().get("x-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        let document = String::from_utf8(request.body().to_vec()).unwrap();
        self.0.lock().unwrap().push((request.uri().path().to_owned(), key, document));
        Response::new(Bytes::from_static(b"{}"))
    }
}

/// The way from a function to the cloud, to the collector, and to those who are told.
fn way(local: &Local, collector: &Arc<Collector>, told: &Arc<Receivers>) -> Arc<dyn Transport> {
    let cloud: Arc<dyn Transport> = Arc::new(local::in_memory(local.cloud().clone()));
    let beyond = told.beyond().0.unwrap();
    let collector = Arc::clone(collector);
    Arc::new(move |request: Request<Bytes>| {
        let (cloud, beyond, collector) = (Arc::clone(&cloud), Arc::clone(&beyond), Arc::clone(&collector));
        async move {
            match request.uri().authority().map(http::uri::Authority::as_str) {
                Some("127.0.0.1:4318") => Ok(collector.take(&request)),
                Some(host) if host.starts_with("127.0.0.1") => beyond.send(request).await,
                _ => cloud.send(request).await,
            }
        }
    })
}

fn variables() -> BTreeMap<String, String> {
    let endpoints: BTreeMap<String, String> = ["cn-hangzhou", "cn-chengdu", "*"]
        .iter()
        .map(|region| ((*region).to_owned(), format!("http://{}.api.emulated", region.replace('*', HOME))))
        .collect();
    [
        ("ALBRIDGE_BINDINGS", local::store_address()),
        ("ALBRIDGE_ENDPOINTS", json!(endpoints).to_string()),
        ("ALBRIDGE_ALLOW_HTTP", "1".to_owned()),
        ("ALBRIDGE_HOME_REGION", HOME.to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", COLLECTOR.to_owned()),
        ("OTEL_EXPORTER_OTLP_HEADERS", format!("x-key={KEY}")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Invokes a function as Function Compute does. Gives its answer or its failure, in words.
async fn invoke(host: &Host, stage: StageName, payload: Value, key: &Credentials, number: usize) -> String {
    let mut context = Context::default();
    context.request_id = format!("request-{number}");
    let deadline = host.clock().wall().as_millisecond() + 60_000;
    context.deadline = deadline.unsigned_abs();
    context.credentials = Some(fc_runtime::Credentials {
        access_key_id: key.access_key_id.clone(),
        access_key_secret: key.access_key_secret.clone(),
        security_token: key.security_token.clone(),
    });
    let span = tracing::info_span!("Lambda runtime invoke", requestId = context.request_id);
    let answered = async {
        with_handler!(stage, handler => {
            let event = LambdaEvent { payload: serde_json::from_value(payload).unwrap(), context };
            match Box::pin(handler::handle(handler, host.clone(), event)).await {
                Ok(answer) => json!(answer).to_string(),
                Err(failure) => format!("{}: {}", failure.error_type, failure.error_message),
            }
        })
    };
    tracing::Instrument::instrument(answered, span).await
}

#[tokio::test(start_paused = true)]
async fn no_secret_leaves_by_spans_events_or_metrics() {
    let mut random = Random::seeded(7);
    let (root, key) = (account_key(&mut random), session_key(&mut random));
    let mut canaries = Canaries::default();
    canaries.plant("the account", &root);
    canaries.plant("the function's role", &key);
    canaries.look_for("the collector's key", KEY);
    canaries.look_for("where somebody is told", TOKEN);
    canaries.look_for("what messages are signed with", SECRET);
    let (told, collector) = (Arc::new(Receivers::default()), Arc::new(Collector::default()));
    let options = Options {
        scenario: emulator::PROCEDURE.replacen("state: Stopped, ", "", 1),
        bindings: format!("{}{PROCEDURE_BINDING}", receivers::notify()),
        secrets: receivers::secrets(),
        stacks: vec![Stack::home().with("TimerCron", "0 0 0 1 1 *"), Stack::probe("cn-chengdu", "vpc-1")],
        keys: vec![("root".to_owned(), root), ("function".to_owned(), key.clone())],
        ..worlds::options(Generation::Upgraded)
    };
    let local = start(options).await;
    assert_eq!(take_role(local.cloud(), "function").as_ref(), Some(&key.access_key_id));

    let variables = variables();
    let settings = Settings::parse(&variables).unwrap();
    let nobody = openapi::Credentials::new("", "");
    let host = Host::new(settings, way(&local, &collector, &told), local.clock().clone(), nobody);
    handler::otel::start(&host, &variables).unwrap();

    let mut number = 0;
    let mut said = String::new();
    let run = |stage: StageName| json!({"binding": "web", "run": "web-1", "stage": stage});
    // Writes that are refused with all that was sent, then writes that are made.
    for round in 0..6 {
        for stage in StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch) {
            for (status, of_writes) in [(403, false), (500, false), (403, true)] {
                if round > 3 {
                    break;
                }
                let sign = signature(&mut random);
                canaries.look_for("a signature", &sign);
                let (code, message) = refusal(&mut random, &key, &sign);
                let effect = Effect::Refuse { status: status.try_into().unwrap(), code, message, done: false };
                let on = Match { caller: Some("function".to_owned()), ..Match::default() };
                let rule = Rule { on, times: Some(1), ..Rule::new(effect) };
                local.cloud().inject(if of_writes { rule.on_writes() } else { rule }).unwrap();
            }
            number += 1;
            said += &invoke(&host, stage, run(stage), &key, number).await;
        }
    }
    let now = local.clock().now();
    local.cloud().with(|world| world.clear_faults(now));
    let plan = apply::plan(&local, "web").await.unwrap();
    apply::apply(&local, "web", &plan).await.unwrap();
    // Something that no run mends is told, and refused with what was sent.
    Console(&local).act(Service::Ecs, HOME, "AuthorizeSecurityGroup", &worlds::DROPS_ALL);
    told.refuse(Some(400));
    for _ in 0..3 {
        number += 1;
        let timer = json!({"triggerTime": "2026-11-22T08:00:00Z", "triggerName": "drift", "payload": "drift"});
        said += &invoke(&host, StageName::Dispatch, timer, &key, number).await;
        local.clock().sleep(Duration::from_secs(600)).await;
    }

    let got = std::mem::take(&mut *collector.0.lock().unwrap());
    assert!(got.iter().all(|(_, header, _)| header.as_deref() == Some(KEY)), "the key goes as a header");
    let paths: Vec<&str> = got.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths.iter().filter(|path| **path == "/v1/traces").count(), number, "a span for each invocation");
    assert!(paths.contains(&"/v1/metrics"), "{paths:?}");
    let documents: String = got.iter().map(|(_, _, document)| format!("{document}\n")).collect();
    // What goes wrong is in them, so that there was something to mask.
    for words in ["not written", "XREG-NOT-TOLD", "\"told\"", "written"] {
        assert!(documents.contains(words), "{words}: {said}");
    }
    assert!(!told.take().is_empty());
    assert_eq!(canaries.in_text("the export", &documents), Vec::<String>::new());
    assert_eq!(canaries.in_text("an answer", &said), Vec::<String>::new());
    let control = format!("{documents}{}", key.security_token.unwrap_or_default());
    assert!(!canaries.in_text("the export", &control).is_empty(), "the search finds what is there");
}
