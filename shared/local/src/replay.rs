//! A recording made again: the same requests, signed anew, against another cloud; what answers differently is named.
//!
//! ```text
//!   line ─► names of the new world ─► resign ─► Against::send ─► compare with the line's answer ─► differences
//!                  ▲                                                      │
//!                  └───────────────── ids that were made ◄────────────────┘
//! ```
//!
//! What must differ is not compared: request ids, times, and the ids of what was made, which are matched one to one and put
//! into the requests that follow.

mod compare;
mod fresh;
mod names;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use emulator::recording::{Content, Exchange, Preface};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use openapi::{Credentials, Transport, TransportError, Unsigned};
use serde::Serialize;

pub use fresh::FreshWorld;

use names::Names;

/// A recording as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What it began with.
    pub preface: Preface,
    /// The exchanges, in the order in which the requests came.
    pub exchanges: Vec<Exchange>,
}

/// Why a recording is not made again. One sentence each.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A line is none of a recording's.
    #[error("line {line} is none of a recording: {reason}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The world that it begins with cannot be made.
    #[error("the recording's world cannot be made: {0}")]
    World(String),
    /// A request cannot be put together again.
    #[error("request {number} cannot be made again: {reason}")]
    Request {
        /// The exchange's number.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers.
    #[error("request {number} reached nobody: {reason}")]
    Unreachable {
        /// The exchange's number.
        number: u64,
        /// Why.
        reason: String,
    },
}

/// One thing that the cloud did not answer as before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The exchange.
    pub number: u64,
    /// The region.
    pub region: String,
    /// The action, or method and path.
    pub action: String,
    /// Where in the answer: `connection`, `status`, `code`, `body`, or a path as `Listeners[0].ListenerStatus`.
    pub place: String,
    /// What was recorded.
    pub recorded: String,
    /// What came now.
    pub replayed: String,
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// How many requests were made.
    pub exchanges: usize,
    /// What differed.
    pub differences: Vec<Difference>,
}

/// An answer, or none where the connection was closed.
type Sent = Result<Option<Response<Bytes>>, String>;

/// Where the requests go.
pub trait Against {
    /// The base URL of a region's APIs.
    fn base(&self, region: &str) -> String;

    /// Waits until `after` is over since the recording's beginning, and gives the time to sign with.
    fn wait(&mut self, after: SignedDuration) -> impl Future<Output = Timestamp>;

    /// Sends a request to a region. An error means that nobody is there at all.
    fn send(&mut self, region: &str, request: Request<Bytes>) -> impl Future<Output = Sent>;
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// [`ReplayError::Line`] names the line.
    pub fn parse(text: &str) -> Result<Self, ReplayError> {
        let bad = |line: usize, reason: String| ReplayError::Line { line, reason };
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().ok_or_else(|| bad(1, "there is nothing".to_owned()))?;
        let preface: Preface = serde_json::from_str(first).map_err(|error| bad(1, error.to_string()))?;
        if preface.recording != 1 {
            return Err(bad(1, format!("version {} is not known here", preface.recording)));
        }
        let read = |(index, line): (usize, &str)| {
            serde_json::from_str::<Exchange>(line).map_err(|error| bad(index + 1, error.to_string()))
        };
        let mut exchanges = lines.map(read).collect::<Result<Vec<_>, _>>()?;
        exchanges.sort_by_key(|exchange| exchange.number);
        Ok(Self { preface, exchanges })
    }

    /// Makes every request again and compares the answers.
    ///
    /// # Errors
    /// [`ReplayError`]: it could not be made to its end.
    pub async fn replay(
        &self,
        against: &mut impl Against,
        credentials: &Credentials,
        clock: &Clock,
    ) -> Result<Replayed, ReplayError> {
        let mut names = Names::default();
        let mut differences = Vec::new();
        for exchange in &self.exchanges {
            let time = against.wait(exchange.at.duration_since(self.preface.started)).await;
            let base = against.base(&exchange.region);
            let fresh = openapi::Fresh { time, nonce: clock.uuid() };
            let request = openapi::resign(&unsigned(exchange, &names), &exchange.region, &base, credentials, &fresh)
                .map_err(|error| ReplayError::Request { number: exchange.number, reason: error.to_string() })?;
            let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
            if let (Some(old), Some(new)) = (exchange.headers.get("host"), &host) {
                names.same(old, new);
            }
            let answer = against
                .send(&exchange.region, request)
                .await
                .map_err(|reason| ReplayError::Unreachable { number: exchange.number, reason })?;
            differences.extend(compare::answers(exchange, answer.as_ref(), &mut names));
        }
        Ok(Replayed { exchanges: self.exchanges.len(), differences })
    }
}

/// The request of an exchange, in the new world's names.
fn unsigned(exchange: &Exchange, names: &Names) -> Unsigned {
    let pairs = |pairs: &[(String, String)]| {
        pairs.iter().map(|(name, value)| (name.clone(), names.translate(value))).collect::<Vec<_>>()
    };
    let (form, body) = match &exchange.body {
        Content::Form(fields) => (Some(pairs(fields)), Bytes::new()),
        Content::Text(text) => (None, Bytes::from(names.translate(text))),
        Content::Base64(_) => (None, exchange.body.bytes()),
    };
    let headers: BTreeMap<_, _> =
        exchange.headers.iter().map(|(name, value)| (name.clone(), names.translate(value))).collect();
    Unsigned {
        method: exchange.method.clone(),
        path: names.translate(&exchange.path),
        query: pairs(&exchange.query),
        headers,
        form,
        body,
    }
}

/// A running cloud: requests are sent with the gaps that they were recorded with.
pub struct Running {
    transport: Arc<dyn Transport>,
    /// By region; `*` stands for all others.
    endpoints: BTreeMap<String, String>,
    clock: Clock,
    begun: Timestamp,
}

impl Running {
    /// Base URLs by region, with `*` for all others.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, endpoints: BTreeMap<String, String>, clock: Clock) -> Self {
        let begun = clock.now();
        Self { transport, endpoints, clock, begun }
    }
}

impl Against for Running {
    fn base(&self, region: &str) -> String {
        self.endpoints.get(region).or_else(|| self.endpoints.get("*")).cloned().unwrap_or_default()
    }

    async fn wait(&mut self, after: SignedDuration) -> Timestamp {
        let due = self.begun.checked_add(after).unwrap_or(Timestamp::MAX);
        self.clock.sleep_until(due).await;
        self.clock.wall()
    }

    async fn send(&mut self, _region: &str, request: Request<Bytes>) -> Sent {
        // A request that takes longer than a function may has no answer.
        const LIMIT: Duration = Duration::from_secs(900);
        let limit = LIMIT.mul_f64(self.clock.speed().max(1.0));
        match self.clock.timeout(limit, self.transport.send(request)).await {
            Ok(Ok(response)) => Ok(Some(response)),
            Ok(Err(TransportError::Connect(reason))) => Err(reason),
            Ok(Err(error @ TransportError::TooLarge(_))) => Err(error.to_string()),
            Ok(Err(TransportError::Cut(_) | TransportError::Timeout)) | Err(_) => Ok(None),
        }
    }
}
