//! What the invocations under way have logged so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::settings::Otel;

/// Nanoseconds since 1970.
pub(crate) type Nanoseconds = i128;

/// The most events of one invocation, and the most invocations: what nobody takes is not kept for ever.
const EVENTS: usize = 256;
const REQUESTS: usize = 64;

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) at: Nanoseconds,
    pub(crate) level: &'static str,
    pub(crate) message: String,
    /// The other fields.
    pub(crate) fields: BTreeMap<&'static str, Value>,
}

/// The lines of each invocation, and where they go.
#[derive(Default)]
pub(crate) struct Collected {
    otel: OnceLock<Otel>,
    by_request: Mutex<BTreeMap<String, Vec<Event>>>,
}

impl Collected {
    /// Says where things go; once.
    pub(crate) fn configure(&self, otel: Otel) {
        let _again = self.otel.set(otel);
    }

    /// Where things go, if anywhere.
    pub(crate) fn otel(&self) -> Option<&Otel> {
        self.otel.get()
    }

    /// Notes a line of an invocation.
    pub(crate) fn note(&self, request: &str, event: Event) {
        let mut all = self.by_request.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REQUESTS && !all.contains_key(request) {
            return;
        }
        let events = all.entry(request.to_owned()).or_default();
        if events.len() < EVENTS {
            events.push(event);
        }
    }

    /// The lines of an invocation. It has none any more.
    pub(crate) fn take(&self, request: &str) -> Vec<Event> {
        self.by_request.lock().unwrap_or_else(PoisonError::into_inner).remove(request).unwrap_or_default()
    }
}
