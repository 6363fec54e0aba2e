//! Replays a recording: sends the same requests, signed again, to another cloud, and reports the differences in the answers.
//!
//! ```text
//!   line ─► names of the new world ─► resign ─► ReplayTarget::send ─► compare with the line's answer ─► differences
//!                  ▲                                                           │
//!                  └─────────────────── ids that were made ◄───────────────────┘
//! ```
//!
//! What must differ is not compared: request ids and times. The ids of created resources are mapped one to one, and replaced in the
//! requests that follow.

mod compare;
mod difference;
mod error;
mod fresh;
mod names;
mod target;

use std::collections::BTreeMap;

use bytes::Bytes;
use clock::Clock;
use emulator::recording::{Content, Exchange, Preface};
use openapi::{Credentials, Unsigned};
use serde::Serialize;

pub use difference::Difference;
pub use error::ReplayError;
pub use fresh::FreshWorld;
pub use target::{ReplayTarget, Running};

use names::Names;

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The state that it starts from.
    pub preface: Preface,
    /// The exchanges, in the order in which the requests came.
    pub exchanges: Vec<Exchange>,
}

/// The result of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// How many requests were made.
    pub exchanges: usize,
    /// What differed.
    pub differences: Vec<Difference>,
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

    /// Sends every request again and compares the answers.
    ///
    /// # Errors
    /// [`ReplayError`]: the replay could not be completed.
    pub async fn replay(
        &self,
        target: &mut impl ReplayTarget,
        credentials: &Credentials,
        clock: &Clock,
    ) -> Result<Replayed, ReplayError> {
        let mut names = Names::default();
        let mut differences = Vec::new();
        for exchange in &self.exchanges {
            let time = target.wait(exchange.at.duration_since(self.preface.started)).await;
            let base = target.base(&exchange.region);
            let fresh = openapi::Fresh { time, nonce: clock.uuid() };
            let request = openapi::resign(&unsigned(exchange, &names), &exchange.region, &base, credentials, &fresh)
                .map_err(|error| ReplayError::Request { number: exchange.number, reason: error.to_string() })?;
            let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
            if let (Some(old), Some(new)) = (exchange.headers.get("host"), &host) {
                names.same(old, new);
            }
            let answer = target
                .send(&exchange.region, request)
                .await
                .map_err(|reason| ReplayError::Unreachable { number: exchange.number, reason })?;
            differences.extend(compare::answers(exchange, answer.as_ref(), &mut names));
        }
        Ok(Replayed { exchanges: self.exchanges.len(), differences })
    }
}

/// The request of an exchange, with the ids of the new world.
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
