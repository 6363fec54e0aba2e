//! OpenTelemetry: a span for each invocation, with what it logs as the span's events, and the numbers of the lines that alerts are built on as metrics. By
//! OTLP/HTTP as JSON, before the invocation is answered.
//!
//! ```text
//!   tracing ─► Listening ─► Collected (by request) ─► spans, metrics ─► POST /v1/traces, /v1/metrics
//! ```
//!
//! All invocations of a run are one trace: its id is made from the run's name. Written here and not with the SDK's crates, which would bring a second HTTP stack and
//! some forty crates for two documents (decision 0053).

mod collected;
mod listening;
mod payload;
mod settings;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use fc_runtime::tracing::subscriber::Layer as _;
use onboarding::StageName;
use serde_json::Value;
use stage::{Host, StageError};

use collected::{Collected, Nanoseconds};
use listening::Listening;
use payload::Span;
use settings::Otel;

/// The longest that an invocation waits for both documents.
const LIMIT: Duration = Duration::from_secs(3);

/// Begins to log, and to collect if the variables say where to.
///
/// # Errors
/// Which variable is wrong, and how.
pub fn start(host: &Host, variables: &BTreeMap<String, String>) -> Result<(), String> {
    let get = |name: &str| variables.get(name).map(String::as_str);
    let level = get("AWS_LAMBDA_LOG_LEVEL").or_else(|| get("RUST_LOG")).unwrap_or("INFO").to_owned();
    let json = get("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = fc_runtime::tracing::default_subscriber(std::io::stdout, &level, json);
    let collected = host.shared::<Collected>();
    let Some(otel) = Otel::parse(variables)? else {
        let _other = tracing::subscriber::set_global_default(lines);
        return Ok(());
    };
    collected.configure(otel);
    let clock = host.clock().clone();
    let now = move || clock.wall().as_nanosecond();
    let _other = tracing::subscriber::set_global_default(Listening::new(collected, now).with_subscriber(lines));
    Ok(())
}

/// An invocation that has begun.
pub(crate) struct Begun(Nanoseconds);

/// Notes when an invocation begins.
pub(crate) fn begin(host: &Host) -> Begun {
    Begun(host.clock().wall().as_nanosecond())
}

/// Sends the span of an invocation, and its numbers.
pub(crate) async fn end(host: &Host, begun: Begun, stage: StageName, request: &str, failure: Option<&StageError>) {
    let collected = host.shared::<Collected>();
    let events = collected.take(request);
    let Some(otel) = collected.otel() else { return };
    let span = Span {
        stage,
        request,
        begun: begun.0,
        ended: host.clock().wall().as_nanosecond(),
        events: &events,
        // Its words may be long; the code says what it is.
        failure: failure.map(|failure| failure.code().as_str()),
        id: &host.clock().uuid(),
    };
    let send = async {
        if let Some(url) = &otel.traces {
            post(host, otel, url, &payload::traces(otel, &span)).await;
        }
        if let (Some(url), Some(metrics)) = (&otel.metrics, payload::metrics(otel, &span)) {
            post(host, otel, url, &metrics).await;
        }
    };
    if host.clock().timeout(LIMIT, send).await.is_err() {
        tracing::debug!("not exported in time");
    }
}

/// Posts a document. What becomes of it is nobody's failure.
async fn post(host: &Host, otel: &Otel, url: &str, document: &Value) {
    let mut request = http::Request::post(url).header("content-type", "application/json");
    for (name, value) in &otel.headers {
        request = request.header(name, value);
    }
    let Ok(request) = request.body(Bytes::from(document.to_string())) else { return };
    match host.transport().send(request).await {
        Ok(response) if response.status().is_success() => {}
        Ok(response) => tracing::debug!(status = response.status().as_u16(), "not exported"),
        Err(error) => tracing::debug!(%error, "not exported"),
    }
}

#[cfg(test)]
mod tests;
