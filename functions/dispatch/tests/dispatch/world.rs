//! A scripted cloud, and processes of dispatch that call it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use dispatch::{Dispatched, dispatch};
use jiff::Timestamp;
use openapi::Credentials;
use serde_json::{Value, json};
use stage::{Host, Invocation, Settings, StageError};

/// One call as the cloud got it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) path: String,
    parameters: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}

impl Call {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The instances that a call of DescribeInstances names.
    pub(crate) fn ids(&self) -> Vec<String> {
        serde_json::from_str(self.get("InstanceIds")).unwrap()
    }
}

/// What the cloud answers to a call: its status, its Date header, and its body.
pub(crate) type Answer = (u16, Option<String>, Value);

pub(crate) struct World {
    script: Box<dyn Fn(&Call) -> Answer + Send + Sync>,
    calls: Mutex<Vec<Call>>,
    pub(crate) clock: Clock,
    /// How long a call is on its way, and its answer on the way back; at most, if it is by chance.
    way: Duration,
    by_chance: bool,
}

impl World {
    pub(crate) fn new(script: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Self::far(Duration::ZERO, script)
    }

    /// A cloud that is this far away.
    pub(crate) fn far(way: Duration, script: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
        Arc::new(Self { script: Box::new(script), calls: Mutex::default(), clock, way, by_chance: false })
    }

    /// A cloud whose distance is another one for each call.
    pub(crate) fn unsteady(
        seed: u64,
        way: Duration,
        script: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Arc<Self> {
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), seed);
        Arc::new(Self { script: Box::new(script), calls: Mutex::default(), clock, way, by_chance: true })
    }

    async fn travel(&self) {
        if !self.way.is_zero() {
            let way = if self.by_chance { self.clock.jitter(self.way) } else { self.way };
            self.clock.sleep(way).await;
        }
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        self.travel().await;
        let answer = self.answer(&request);
        self.travel().await;
        answer
    }

    fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        let action = request.headers().get("x-acs-action").map(|action| action.to_str().unwrap().to_owned());
        let text = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
        let query = request.uri().query().unwrap_or_default();
        let call = Call {
            action: action.clone().unwrap_or_else(|| "GetObject".to_owned()),
            path: request.uri().path().to_owned(),
            body: String::from_utf8_lossy(request.body()).into_owned(),
            parameters: text(query.as_bytes()).into_iter().chain(text(request.body())).collect(),
            at: self.clock.now(),
        };
        self.calls.lock().unwrap().push(call.clone());
        if action.is_none() {
            return http::Response::new(Bytes::from(store().to_string())); // the object storage's
        }
        let (status, date, body) = (self.script)(&call);
        let mut response = http::Response::builder().status(status);
        if body.get("errorType").is_some() {
            response = response.header("x-fc-error-type", "HandledInvocationError");
        }
        let response = date.into_iter().fold(response, |response, date| response.header("date", date));
        response.body(Bytes::from(body.to_string())).unwrap()
    }

    pub(crate) fn calls_of(&self, action: &str) -> Vec<Call> {
        self.calls.lock().unwrap().iter().filter(|call| call.action == action).cloned().collect()
    }

    pub(crate) fn count(&self, action: &str) -> usize {
        self.calls_of(action).len()
    }

    /// A process of dispatch.
    pub(crate) fn process(self: &Arc<Self>) -> Host {
        self.process_with("ALBRIDGE_READ_ONLY", "false")
    }

    /// A process with one more setting.
    pub(crate) fn process_with(self: &Arc<Self>, name: &str, value: &str) -> Host {
        self.process_of(&[(name, value)])
    }

    /// A process with more settings.
    pub(crate) fn process_of(self: &Arc<Self>, more: &[(&str, &str)]) -> Host {
        let vars = [
            ("ALBRIDGE_BINDINGS", "oss://bucket.cn-hangzhou/bindings.yml"),
            ("ALBRIDGE_ENDPOINTS", r#"{"*":"https://cloud.test"}"#),
            ("ALBRIDGE_HOME_REGION", "cn-chengdu"),
        ];
        let vars = vars.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let world = Arc::clone(self);
        let transport = move |request: http::Request<Bytes>| {
            let world = Arc::clone(&world);
            async move { Ok(world.exchange(request).await) }
        };
        let credentials = Credentials::new("id", "secret");
        Host::new(Settings::parse(&vars).unwrap(), Arc::new(transport), self.clock.clone(), credentials)
    }

    /// One invocation, in a process of its own.
    pub(crate) async fn dispatch(self: &Arc<Self>, event: Value) -> Result<Dispatched, StageError> {
        invoke(&self.process(), event).await
    }
}

/// One invocation in a process.
pub(crate) async fn invoke(host: &Host, event: Value) -> Result<Dispatched, StageError> {
    let deadline = host.clock().now() + Duration::from_secs(60);
    dispatch(&Invocation::until(host, deadline), "", &event).await
}

fn store() -> Value {
    let mut binding = onboarding::fixtures::binding(&["vsw-a"], "vpc-b", &["vsw-b"]);
    binding["cen"]["bandwidth"] = json!({ "payByTraffic": true, "mbps": 100 });
    json!({ "bindings": [binding] })
}

pub(crate) fn refusal(code: &str) -> Value {
    json!({ "Code": code, "Message": "Scripted.", "RequestId": "R" })
}
