//! Every name of `lambda_runtime` 1.5, used as its documentation says: with its generics, bounds and fields. That it
//! compiles is the test; the same file compiles against upstream.

#![expect(dead_code, reason = "what is tested is that it compiles")]

use std::{borrow::Cow, convert::Infallible, fmt::Debug, future::Future, sync::Arc, time::SystemTime};

use lambda_runtime::{
    BoxFuture, Config, Context, Diagnostic, Error, FunctionResponse, IntoFunctionResponse, LambdaEvent,
    LambdaInvocation, MetadataPrelude, Runtime, Service, SnapStartResource, StreamResponse,
    layers::{OpenTelemetryFaasTrigger, OpenTelemetryLayer, TracingLayer, trace},
    service_fn, snapstart, streaming, tower,
};
use serde::{Serialize, de::DeserializeOwned};

fn is_value<T: Clone + Debug + Default + PartialEq + Eq + Serialize + DeserializeOwned + Send + Sync + 'static>() {}

#[test]
fn the_types_have_their_traits() {
    is_value::<Config>();
    is_value::<Context>();
    is_value::<MetadataPrelude>();
    fn is_diagnostic<T: Clone + Debug + Eq + Serialize + DeserializeOwned + Send + Sync>() {}
    is_diagnostic::<Diagnostic>();
    is_diagnostic::<lambda_runtime::diagnostic::Diagnostic>();
    fn is_event<T: Clone + Debug>() {}
    is_event::<LambdaEvent<u8>>();
    fn is_trigger<T: Clone + Copy + Default + std::fmt::Display + Send + Sync>() {}
    is_trigger::<OpenTelemetryFaasTrigger>();
}

#[test]
fn config_and_context_have_their_fields() {
    let config = Config {
        function_name: "name".to_owned(),
        memory: 128,
        version: "1".to_owned(),
        log_stream: String::new(),
        log_group: String::new(),
    };
    let config = Arc::new(config);
    let mut context = Context::default();
    context.request_id = "1-a".to_owned();
    context.deadline = 1_000;
    context.invoked_function_arn = "arn".to_owned();
    context.xray_trace_id = Some("trace".to_owned());
    context.tenant_id = None;
    context.client_context = None;
    context.identity = None;
    context.env_config = Arc::clone(&config);
    let deadline: SystemTime = context.deadline();
    assert_eq!(deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis(), 1_000);
    let event = LambdaEvent::new(7, context.clone());
    let (payload, of_event) = LambdaEvent { payload: event.payload, context: event.context }.into_parts();
    assert_eq!((payload, of_event), (7, context));
    let from_env: fn() -> Config = Config::from_env;
    let _ = from_env;
}

#[test]
fn diagnostics_come_from_what_upstreams_come_from() {
    let from: [Diagnostic; 8] = [
        Diagnostic::from(Error::from("boxed")),
        Diagnostic::from(Box::<dyn std::error::Error>::from("boxed")),
        Diagnostic::from(String::from("text")),
        Diagnostic::from("text"),
        Diagnostic::from(std::io::Error::other("io")),
        Diagnostic::from(anyhow::anyhow!("anyhow")),
        Diagnostic::from(eyre::eyre!("eyre")),
        Diagnostic::from(miette::miette!("miette")),
    ];
    let types = from.map(|diagnostic| diagnostic.error_type);
    let expected = [
        "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>",
        "&alloc::boxed::Box<dyn core::error::Error>",
        "&alloc::string::String",
        "&&str",
        "&std::io::error::Error",
        "&anyhow::Error",
        "&eyre::Report",
        "&miette::eyreish::Report",
    ];
    assert_eq!(types, expected);
    fn infallible(never: Infallible) -> Diagnostic {
        never.into()
    }
}

#[test]
fn answers_come_from_three_things() {
    fn answers<B, S>(_: impl IntoFunctionResponse<B, S>) {}
    answers(7);
    answers(FunctionResponse::<u8, streaming::Body>::BufferedResponse(7));
    answers(StreamResponse { metadata_prelude: MetadataPrelude::default(), stream: streaming::Body::empty() });
    answers(StreamResponse::from(streaming::Body::from("text")));
}

#[test]
fn bodies_come_from_bytes_and_from_other_bodies() {
    let _: [streaming::Body; 8] = [
        streaming::Body::from("text"),
        streaming::Body::from(String::from("text")),
        streaming::Body::from(b"bytes".as_slice()),
        streaming::Body::from(b"bytes".to_vec()),
        streaming::Body::from(Cow::Borrowed("text")),
        streaming::Body::from(Cow::Borrowed(b"bytes".as_slice())),
        streaming::Body::new(streaming::Body::empty()),
        streaming::Body::default(),
    ];
    let (mut sender, body): (streaming::Sender, streaming::Body) = streaming::channel();
    let (_, _) = streaming::Body::channel();
    drop(body);
    assert!(sender.try_send_data("late".into()).is_err());
    sender.abort();
}

async fn sends(mut sender: streaming::Sender) -> Result<(), Error> {
    std::future::poll_fn(|cx| sender.poll_ready(cx)).await?;
    sender.send_data("piece".into()).await?;
    sender.send_trailers(Default::default()).await?;
    let _ = streaming::Body::empty().collect().await?;
    Ok(())
}

struct Resource;

impl SnapStartResource for Resource {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}

struct Other;

impl snapstart::SnapStartResource for Other {}

#[test]
fn prelude_and_resource_have_their_fields() {
    let prelude = MetadataPrelude { cookies: vec!["a=b".to_owned()], ..MetadataPrelude::default() };
    let json = serde_json::to_value(&prelude).unwrap();
    assert_eq!(json, serde_json::json!({ "statusCode": 200, "headers": {}, "cookies": ["a=b"] }));
    let _: &dyn SnapStartResource = &Resource;
}

fn invocation(invocation: LambdaInvocation) -> (u16, usize, Context, LambdaInvocation) {
    let LambdaInvocation { parts, body, context } = invocation;
    (parts.status.as_u16(), body.len(), context.clone(), LambdaInvocation { parts, body, context })
}

fn layer_types() {
    fn is_layer<S, L: tower::Layer<S>>(_: L) -> Option<L::Service> {
        None
    }
    type Inner = tower::util::BoxService<LambdaInvocation, (), Error>;
    fn is_service<S: Service<LambdaInvocation, Response = (), Error = Error>>(_: Option<S>) {}
    is_service::<trace::TracingService<Inner>>(is_layer::<Inner, _>(TracingLayer::new()));
    is_service(is_layer::<Inner, _>(trace::TracingLayer::default()));
    is_service(is_layer::<Inner, _>(OpenTelemetryLayer::new(|| {}).with_trigger(OpenTelemetryFaasTrigger::Datasource)));
    let _: fn(&Context) -> lambda_runtime::tracing::Span = trace::request_span;
    for trigger in [
        OpenTelemetryFaasTrigger::Http,
        OpenTelemetryFaasTrigger::PubSub,
        OpenTelemetryFaasTrigger::Timer,
        OpenTelemetryFaasTrigger::Other,
    ] {
        let _ = trigger.to_string();
    }
}

fn tracing_names() {
    lambda_runtime::tracing::init_default_subscriber_with_writer(std::io::stderr);
    lambda_runtime::tracing::info!("macros are there");
    let _ = lambda_runtime::tracing::subscriber::fmt();
    let _ = lambda_runtime::tracing::Level::INFO;
}

async fn seven_generics<F, Fut>(handler: F) -> Result<(), Error>
where
    F: Fn(LambdaEvent<String>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<u8, Error>> + Send + 'static,
{
    let handler = service_fn(handler);
    type Body = streaming::Body;
    // The order is a part of the contract: A, F, R, B, S, D, E. The last two are not nameable without `bytes`.
    lambda_runtime::run::<String, _, u8, u8, Body, _, _>(handler.clone()).await?;
    lambda_runtime::run_concurrent::<String, _, u8, u8, Body, _, _>(handler.clone()).await?;
    let runtime = Runtime::new(handler).register_snapstart_resource(Arc::new(Resource));
    let _: bool = runtime.is_snapstart();
    runtime.layer(TracingLayer::new()).run_concurrent().await
}

#[expect(deprecated, reason = "it is there for old code")]
async fn old_handlers() -> Result<(), Error> {
    lambda_runtime::spawn_graceful_shutdown_handler(|| async {}).await;
    lambda_runtime::run(lambda_runtime::handler_fn(|payload: String, context: Context| async move {
        Ok::<_, Error>(format!("{payload} {}", context.request_id))
    }))
    .await
}
