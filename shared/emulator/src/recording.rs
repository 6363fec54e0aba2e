//! Every exchange with the cloud as a line of JSON, so that it can be read, searched, and made again.
//!
//! The first line is a [`Preface`]: the world that the exchanges began with. Every other line is an [`Exchange`], in the order in
//! which they ended; `number` is the order in which they came. Secrets are replaced by `***` unless they are asked for
//! (`secrets` holds the one list of what is secret).

mod notified;
mod secrets;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::faults::Rule;
use crate::gateway::Answered;
use crate::settings::RateLimits;
use secrets::Met;

pub use secrets::REDACTED;

/// The version of the form of the lines.
const VERSION: u32 = 1;

/// What the exchanges began with: enough to begin again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preface {
    /// The version of the lines' form: 1.
    #[serde(default = "version")]
    pub recording: u32,
    /// The scenario's name, for people.
    pub scenario: String,
    /// The scenario itself.
    pub world: String,
    /// The bindings that lay in the store, if any did.
    #[serde(default)]
    pub bindings: String,
    /// The faults beside the scenario's own.
    #[serde(default)]
    pub faults: Vec<Rule>,
    /// `upgraded` or `classic`: what load balancers are that name no generation.
    pub generation: String,
    /// Whether calls beyond the published rates were refused, and how calls were counted.
    #[serde(default)]
    pub rates: RateLimits,
    /// The world's seed.
    pub seed: u64,
    /// How many seconds of the cloud's time passed in a real one. All recorded times are the cloud's.
    pub speed: f64,
    /// Whether functions ran in the world and called it as well.
    pub deployed: bool,
    /// The cloud's time when it began.
    pub started: Timestamp,
}

const fn version() -> u32 {
    VERSION
}

/// One request and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Its place among all requests, from 0.
    pub number: u64,
    /// The cloud's time of the request.
    pub at: Timestamp,
    /// The region of the port at which it arrived.
    pub region: String,
    /// The method.
    pub method: String,
    /// The path as it was on the wire, encoded.
    pub path: String,
    /// The decoded query, in the order sent.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// The headers; several of one name are joined by commas.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: Content,
    /// What came back; nothing if the connection was closed.
    pub answer: Option<Answer>,
    /// How long it took, in seconds of the cloud's clock.
    pub seconds: f64,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Content,
    /// Whether the connection was closed in the middle of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// UTF-8.
    Text(String),
    /// A form's fields, decoded, in the order sent.
    Form(Vec<(String, String)>),
    /// Anything else.
    Base64(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// Writes exchanges.
pub struct Recorder {
    out: Mutex<Box<dyn Write + Send>>,
    secrets: bool,
    /// Secrets that later lines must not show.
    met: Mutex<Met>,
    next: AtomicU64,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

/// An exchange whose answer is not there yet.
#[derive(Debug)]
pub(crate) struct Begun {
    exchange: Exchange,
    /// The secrets of the request, which the answer may quote.
    met: Met,
}

impl Recorder {
    /// Begins a recording; with `secrets`, nothing is replaced.
    ///
    /// # Errors
    /// When the first line cannot be written.
    pub fn begin(mut out: impl Write + Send + 'static, preface: &Preface, secrets: bool) -> std::io::Result<Self> {
        let (mut preface, mut met) = (preface.clone(), Met::default());
        if !secrets {
            met.bindings(&mut preface.bindings);
        }
        let line = serde_json::to_string(&preface)?;
        writeln!(out, "{line}")?;
        out.flush()?;
        Ok(Self { out: Mutex::new(Box::new(out)), secrets, met: Mutex::new(met), next: AtomicU64::new(0) })
    }

    /// Notes a request.
    pub(crate) fn request(&self, at: Timestamp, region: &str, request: &Request<Bytes>) -> Begun {
        let uri = request.uri();
        let mut query = pairs(uri.query().unwrap_or_default().as_bytes());
        let mut headers = headers(request.headers());
        let is_form = headers.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with(FORM));
        let mut body = if is_form { Content::Form(pairs(request.body())) } else { Content::of(request.body()) };
        let mut met = self.met();
        if !self.secrets {
            let form: &[(String, String)] = if let Content::Form(fields) = &body { fields } else { &[] };
            let fields = query.iter().chain(form).map(|(name, value)| (name.as_str(), value.as_str()));
            let passing =
                Met::passing(fields.chain(headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))));
            met.pairs(&mut query);
            met.headers(headers.iter_mut());
            redact(&mut met, &mut body);
            self.learn(&met, &passing);
        }
        let exchange = Exchange {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            at,
            region: region.to_owned(),
            method: request.method().to_string(),
            path: uri.path().to_owned(),
            query,
            headers,
            body,
            answer: None,
            seconds: 0.0,
        };
        Begun { exchange, met }
    }

    fn met(&self) -> Met {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, exchange: &Met, passing: &Met) {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).learn(exchange, passing);
    }

    /// Writes an exchange. If that fails, the log says so, once for every missing line.
    pub(crate) fn answer(&self, begun: Begun, now: Timestamp, answered: &Answered) {
        let Begun { mut exchange, mut met } = begun;
        exchange.seconds = now.duration_since(exchange.at).as_secs_f64();
        exchange.answer = match answered {
            Answered::Whole(response) => Some(self.told(&mut met, response, false)),
            Answered::Truncated(response) => Some(self.told(&mut met, response, true)),
            Answered::Cut => None,
        };
        let written = serde_json::to_string(&exchange).map_err(std::io::Error::from).and_then(|line| {
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(out, "{line}").and_then(|()| out.flush())
        });
        if let Err(error) = written {
            tracing::error!(%error, number = exchange.number, "an exchange was not recorded");
        }
    }

    fn told(&self, met: &mut Met, response: &Response<Bytes>, truncated: bool) -> Answer {
        let mut body = Content::of(response.body());
        let mut headers = headers(response.headers());
        if !self.secrets {
            // What the request was signed with is not learned again; what the answer hands out is.
            let request = met.clone();
            met.headers(headers.iter_mut());
            match &mut body {
                Content::Text(text) if response.status().as_u16() >= 400 => {
                    met.refusal(text);
                    // A code can be quoted in a header, too.
                    headers.values_mut().for_each(|value| met.refusal(value));
                }
                body => redact(met, body),
            }
            self.learn(met, &request);
        }
        Answer { status: response.status().as_u16(), headers, body, truncated }
    }
}

fn redact(met: &mut Met, body: &mut Content) {
    match body {
        Content::Form(fields) => {
            met.pairs(fields);
            fields.iter_mut().for_each(|(_, value)| met.body(value));
        }
        Content::Text(text) => met.body(text),
        Content::Base64(_) if met.is_in(&body.bytes()) => *body = Content::Text(REDACTED.to_owned()),
        Content::Base64(_) => {}
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Content {
    fn of(body: &[u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(body)),
        }
    }

    /// The bytes; a form is written anew, in its order.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        match self {
            Self::Text(text) => Bytes::from(text.clone()),
            Self::Form(fields) => {
                Bytes::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
            }
            Self::Base64(text) => Bytes::from(STANDARD.decode(text).unwrap_or_default()),
        }
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut read = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        read.entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    read
}

#[cfg(test)]
mod tests;
