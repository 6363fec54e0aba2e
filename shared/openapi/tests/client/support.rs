//! A scripted cloud: answers in order, and keeps what it was asked and when.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use clock::Clock;
use http::{Request, Response};
use jiff::Timestamp;
use openapi::{Client, Config, Credentials, Endpoints, Sending, Signature, Transport, TransportError};

/// What the scripted cloud does with one request.
pub(crate) enum Step {
    Answer(u16, Vec<(&'static str, String)>, String),
    Fail(TransportError),
    /// Never answers.
    Hang,
}

/// An answer with status 200.
pub(crate) fn ok(body: impl Into<String>) -> Step {
    Step::Answer(200, Vec::new(), body.into())
}

/// A listing without a row.
pub(crate) fn empty(list: &str) -> Step {
    ok(format!(r#"{{"{list}":[],"TotalCount":0}}"#))
}

/// A refusal with a code.
pub(crate) fn refuse(status: u16, code: &str) -> Step {
    Step::Answer(status, Vec::new(), format!(r#"{{"Code":"{code}","Message":"m","RequestId":"R"}}"#))
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) at: Timestamp,
    pub(crate) request: Request<Bytes>,
}

impl Received {
    /// The parameters of query and form body together.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        let query = self.request.uri().query().unwrap_or_default().as_bytes();
        let form = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<BTreeMap<_, _>>();
        let mut parameters = form(query);
        parameters.extend(form(self.request.body()));
        parameters
    }

    pub(crate) fn parameter(&self, name: &str) -> String {
        self.parameters().remove(name).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.request.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The scripted cloud.
#[derive(Clone)]
pub(crate) struct Cloud {
    clock: Clock,
    script: Arc<Mutex<VecDeque<Step>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Transport for Cloud {
    fn send(&self, request: Request<Bytes>) -> Sending {
        self.received.lock().unwrap().push(Received { at: self.clock.now(), request });
        let step = self.script.lock().unwrap().pop_front();
        Box::pin(async move {
            match step.expect("the script has an answer for every request") {
                Step::Answer(status, headers, body) => {
                    let mut response = Response::builder().status(status);
                    for (name, value) in headers {
                        response = response.header(name, value);
                    }
                    Ok(response.body(Bytes::from(body)).unwrap())
                }
                Step::Fail(error) => Err(error),
                Step::Hang => std::future::pending().await,
            }
        })
    }
}

impl Cloud {
    /// A client, and the cloud that it talks to. Must be called with tokio's time paused.
    pub(crate) fn new(script: impl IntoIterator<Item = Step>) -> (Client, Self) {
        Self::configured(script, |_| {})
    }

    pub(crate) fn configured(
        script: impl IntoIterator<Item = Step>,
        adjust: impl FnOnce(&mut Config),
    ) -> (Client, Self) {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 7);
        let cloud = Self {
            clock: clock.clone(),
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            received: Arc::default(),
        };
        let mut config = Config {
            credentials: Credentials::new("testid", "testsecret"),
            endpoints: Endpoints::default(),
            signature: Signature::RpcSha1,
            read_only: false,
        };
        adjust(&mut config);
        (Client::new(config, Arc::new(cloud.clone()), clock), cloud)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}
