//! Those who are told of faults, played on this machine: a robot, a Slack webhook, a webhook of somebody else, and a bus.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use local::Beyond;
use openapi::TransportError;
use serde_json::{Value, json};

/// What stands in URLs and is a secret.
pub const TOKEN: &str = "cAnArYtOkEnOfAuRl0123456789";
/// What messages are signed with.
pub const SECRET: &str = "SECcAnArYsEcReTtOsIgN9876543210";

/// The store's list for them; the robot's secrets are kept apart.
#[must_use]
pub fn notify() -> String {
    format!(
        "notify:
  - {{ name: robot, kind: dingTalk, url: secret:robot-url, secret: secret:robot-sign }}
  - {{ name: slack, kind: slack, url: 'http://127.0.0.1:9/services/{TOKEN}' }}
  - {{ name: hook, kind: webhook, url: 'http://127.0.0.1:9/hook/{TOKEN}', secret: {SECRET} }}
  - {{ name: bus, kind: eventBridge, url: 'http://127.0.0.1:9/webhook/putEvents?token={TOKEN}' }}
"
    )
}

/// The secrets that the list names.
#[must_use]
pub fn secrets() -> String {
    format!(
        "secrets:
  robot-url: http://127.0.0.1:9/robot/send?access_token={TOKEN}
  robot-sign: {SECRET}
"
    )
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path of the URL.
    pub path: String,
    /// The query of the URL.
    pub query: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

impl Received {
    /// The receiver's name in [`notify`].
    #[must_use]
    pub fn to(&self) -> &'static str {
        let known = [("/robot/", "robot"), ("/services/", "slack"), ("/hook/", "hook"), ("/webhook/", "bus")];
        known.iter().find(|(path, _)| self.path.starts_with(path)).map_or("", |(_, name)| name)
    }
}

/// Takes messages.
#[derive(Debug, Default)]
pub struct Receivers {
    got: Mutex<Vec<Received>>,
    /// Another status than 200, for every message.
    status: Mutex<Option<u16>>,
}

impl Receivers {
    /// As what is outside of the cloud.
    #[must_use]
    pub fn beyond(self: &Arc<Self>) -> Beyond {
        let this = Arc::clone(self);
        Beyond(Some(Arc::new(move |request: Request<Bytes>| {
            let answer = this.answer(&request);
            async move { answer }
        })))
    }

    /// Answers every message with this status from now on.
    pub fn refuse(&self, status: Option<u16>) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// The messages since this was asked the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.got.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let received = Received {
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: request.headers().iter().map(header).collect(),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        };
        self.got.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        let status = *self.status.lock().unwrap_or_else(PoisonError::into_inner);
        // A refusal may quote what it was sent.
        let body = match status {
            None => json!({"errcode": 0, "errmsg": "ok"}),
            Some(_) => json!({"errcode": 300_005, "errmsg": format!("token {TOKEN} is not exist")}),
        };
        let response = Response::builder().status(status.unwrap_or(200)).body(Bytes::from(body.to_string()));
        response.map_err(|error| TransportError::Connect(error.to_string()))
    }
}
