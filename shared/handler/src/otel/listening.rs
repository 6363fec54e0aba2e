//! Listens to what is logged, by the invocation in whose span it is.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fc_runtime::tracing::subscriber::Layer;
use fc_runtime::tracing::subscriber::layer::Context;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Level, Subscriber};

use super::collected::{Collected, Event, Nanoseconds};

/// The field of an invocation's span that names it (`fc_runtime::layers::trace`).
const REQUEST: &str = "requestId";

/// A layer over the one that writes lines.
pub(crate) struct Listening<N> {
    collected: Arc<Collected>,
    now: N,
    /// The invocations by their spans.
    requests: Mutex<HashMap<u64, String>>,
}

impl<N> Listening<N> {
    pub(crate) fn new(collected: Arc<Collected>, now: N) -> Self {
        Self { collected, now, requests: Mutex::default() }
    }

    fn requests(&self) -> std::sync::MutexGuard<'_, HashMap<u64, String>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber, N: Fn() -> Nanoseconds + Send + Sync + 'static> Layer<S> for Listening<N> {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(Value::String(request)) = fields.all.remove(REQUEST) {
            self.requests().insert(id.into_u64(), request);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        // More than that is for whoever reads a log while it is written.
        if *event.metadata().level() > Level::INFO {
            return;
        }
        let current = context.current_span();
        let Some(request) = current.id().and_then(|id| self.requests().get(&id.into_u64()).cloned()) else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = match fields.all.remove("message") {
            Some(Value::String(message)) => message,
            _ => event.metadata().name().to_owned(),
        };
        let event = Event { at: (self.now)(), level: event.metadata().level().as_str(), message, fields: fields.all };
        self.collected.note(&request, event);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let request = self.requests().remove(&id.into_u64());
        // What was logged after the invocation was told of, as its failure is, belongs to nobody any more.
        request.iter().for_each(|request| drop(self.collected.take(request)));
    }
}

/// The fields of a span or an event.
#[derive(Default)]
struct Fields {
    all: std::collections::BTreeMap<&'static str, Value>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.all.insert(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.all.insert(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.all.insert(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.all.insert(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.all.insert(field.name(), value.into());
    }
}
