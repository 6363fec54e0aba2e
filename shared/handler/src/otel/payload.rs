//! The two documents of OTLP/HTTP in JSON (opentelemetry.io, "OTLP Specification", JSON Protobuf Encoding): 64-bit numbers are texts, ids hexadecimal. Pure.

use std::collections::BTreeMap;

use onboarding::StageName;
use serde_json::{Value, json};

use super::collected::{Event, Nanoseconds};
use super::settings::Otel;

/// An invocation that is over.
pub(crate) struct Span<'a> {
    pub(crate) stage: StageName,
    pub(crate) request: &'a str,
    pub(crate) begun: Nanoseconds,
    pub(crate) ended: Nanoseconds,
    pub(crate) events: &'a [Event],
    /// The code of its failure.
    pub(crate) failure: Option<&'a str>,
    /// A text that nothing else has.
    pub(crate) id: &'a str,
}

/// Lines whose numbers are metrics (`event` in docs/operations.md, "Alerts").
const COUNTED: [&str; 3] = ["run", "look", "told"];
/// Fields that say of what something is counted, few values each.
const KINDS: [&str; 5] = ["binding", "trigger", "outcome", "receiver", "code"];

impl Span<'_> {
    /// A text field that a line of the invocation has.
    fn said(&self, name: &str) -> Option<&str> {
        self.events.iter().find_map(|event| event.fields.get(name)?.as_str()).filter(|text| !text.is_empty())
    }

    /// All invocations of a run have one trace; one of no run has its own.
    fn trace(&self) -> String {
        let of = self.said("run").unwrap_or(self.id);
        format!("{:032x}", fnv(of.as_bytes()).max(1))
    }

    fn span(&self) -> String {
        let id: String = self.id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
        format!("{id:0>16}")
    }
}

/// The document with the span.
pub(crate) fn traces(otel: &Otel, span: &Span<'_>) -> Value {
    let mut attributes = BTreeMap::from([
        ("faas.invocation_id", Value::from(span.request)),
        ("albridge.stage", span.stage.as_str().into()),
    ]);
    for (name, field) in [("albridge.binding", "binding"), ("albridge.run", "run")] {
        attributes.extend(span.said(field).map(|value| (name, value.into())));
    }
    let events = span.events.iter().map(|event| {
        let mut fields: BTreeMap<&str, Value> =
            event.fields.iter().map(|(name, value)| (*name, value.clone())).collect();
        fields.insert("level", event.level.into());
        json!({"timeUnixNano": event.at.to_string(), "name": event.message, "attributes": pairs(&fields)})
    });
    let status = match span.failure {
        None => json!({"code": 1}),
        Some(code) => json!({"code": 2, "message": code}),
    };
    let one = json!({
        "traceId": span.trace(), "spanId": span.span(), "name": span.stage.as_str(), "kind": 2,
        "startTimeUnixNano": span.begun.to_string(), "endTimeUnixNano": span.ended.to_string(),
        "attributes": pairs(&attributes), "events": events.collect::<Vec<_>>(), "status": status
    });
    json!({"resourceSpans": [{"resource": resource(otel), "scopeSpans": [{"scope": scope(), "spans": [one]}]}]})
}

/// The document with the numbers of an invocation's lines; nothing if it has none. What is counted is counted anew in each line, so these are
/// sums of what has come since; how long something took is a gauge.
pub(crate) fn metrics(otel: &Otel, span: &Span<'_>) -> Option<Value> {
    let mut found = Vec::new();
    for event in span.events {
        let Some(line) = event.fields.get("event").and_then(Value::as_str).filter(|line| COUNTED.contains(line)) else {
            continue;
        };
        let kinds: BTreeMap<&str, Value> =
            KINDS.iter().filter_map(|kind| Some((*kind, event.fields.get(kind)?.clone()))).collect();
        let point = |value: &str| {
            json!({"startTimeUnixNano": span.begun.to_string(), "timeUnixNano": event.at.to_string(), "asInt": value,
                   "attributes": pairs(&kinds)})
        };
        let sum = |name: &str, value: &str| {
            json!({"name": format!("albridge.{line}.{name}"), "unit": "1",
                   "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [point(value)]}})
        };
        found.push(sum("count", "1"));
        for (name, value) in event.fields.iter().filter(|(name, _)| **name != "schema") {
            let Some(number) = value.as_i64() else { continue };
            found.push(match *name {
                "seconds" => json!({"name": format!("albridge.{line}.duration"), "unit": "s",
                                    "gauge": {"dataPoints": [point(&number.to_string())]}}),
                name => sum(name, &number.to_string()),
            });
        }
    }
    let metrics = json!([{"resource": resource(otel), "scopeMetrics": [{"scope": scope(), "metrics": found}]}]);
    (!found.is_empty()).then(|| json!({"resourceMetrics": metrics}))
}

fn scope() -> Value {
    json!({"name": "albridge", "version": env!("CARGO_PKG_VERSION")})
}

fn resource(otel: &Otel) -> Value {
    let attributes: BTreeMap<&str, Value> =
        otel.resource.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
    json!({"attributes": pairs(&attributes)})
}

/// Attributes, as the protocol writes them.
fn pairs(attributes: &BTreeMap<&str, Value>) -> Vec<Value> {
    let pair = |(name, value): (&&str, &Value)| {
        let value = match value {
            Value::Bool(value) => json!({"boolValue": value}),
            Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
            Value::Number(number) => json!({"intValue": number.to_string()}),
            Value::String(text) => json!({"stringValue": text}),
            other => json!({"stringValue": other.to_string()}),
        };
        json!({"key": name, "value": value})
    };
    attributes.iter().map(pair).collect()
}

/// FNV-1a in 128 bits: the same in every function, whatever built it. It names, and protects nothing.
fn fnv(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}
