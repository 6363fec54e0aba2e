//! Somebody at the emulator's ports: calls actions, asks the control API, sends requests through the load balancer.

#![expect(clippy::unwrap_used, reason = "a cloud that cannot be reached ends the test")]

use std::time::Duration;

use clock::Clock;
use openapi::{Credentials, Fresh, HttpTransport, Transport, Unsigned};
use serde_json::Value;

use crate::support::Emulated;

/// Real seconds after which a test is given up.
const LIMIT: u64 = 300;

/// Somebody at the emulator's ports.
pub(crate) struct Hands {
    credentials: Credentials,
    transport: HttpTransport,
    base: String,
    data_plane: String,
    pub(crate) clock: Clock,
}

impl Hands {
    pub(crate) fn of(cloud: &Emulated) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            credentials: Credentials::new(text(&cloud.line["accessKeyId"]), text(&cloud.line["accessKeySecret"])),
            transport: HttpTransport::new().unwrap(),
            base: text(&cloud.line["endpoints"]["cn-hangzhou"]),
            data_plane: text(&cloud.line["dataPlane"]["alb-1:80"]),
            clock: Clock::system(),
        }
    }

    /// Calls an action of ECS, signed with real time.
    pub(crate) async fn call(&self, action: &str, parameters: &[(&str, &str)]) {
        let all = [("Action", action), ("Version", "2014-05-26"), ("RegionId", "cn-hangzhou"), ("Signature", "")];
        let query = all.iter().chain(parameters).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request =
            Unsigned { method: "POST".to_owned(), path: "/".to_owned(), query: query.collect(), ..Unsigned::default() };
        let fresh = Fresh { time: self.clock.now(), nonce: self.clock.uuid() };
        let request = openapi::resign(&request, "cn-hangzhou", &self.base, &self.credentials, &fresh).unwrap();
        let answer = self.transport.send(request).await.unwrap();
        assert!(answer.status().is_success(), "{action}: {:?}", answer.body());
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let url = format!("{}{path}", self.base);
        let host = self.base.trim_start_matches("http://");
        let request = http::Request::builder().method(method).uri(url).header("host", host);
        let request = request.body(bytes::Bytes::from(body.to_owned())).unwrap();
        let answer = self.transport.send(request).await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// Who answers behind the load balancer.
    pub(crate) async fn served_by(&self) -> Option<String> {
        let request = http::Request::get(format!("{}/", self.data_plane)).header("host", "www.example.com");
        let request = request.body(bytes::Bytes::new()).unwrap();
        let answer = self.transport.send(request).await.ok()?;
        let name = answer.headers().get("x-served-by")?;
        name.to_str().ok().map(str::to_owned)
    }

    /// Looks every quarter of a second until something is so; gives the real seconds that it took.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut(&Self) -> bool) -> f64 {
        let begun = self.clock.now();
        while !is_so(self).await {
            let took = self.clock.now().duration_since(begun).as_secs_f64();
            assert!(took < 300.0, "{what}: not within {LIMIT} s");
            self.clock.sleep(Duration::from_millis(250)).await;
        }
        self.clock.now().duration_since(begun).as_secs_f64()
    }

    pub(crate) async fn members(&self) -> u64 {
        self.control("GET", "/-/world", "").await["counts"]["servers"].as_u64().unwrap()
    }
}
