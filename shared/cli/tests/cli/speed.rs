//! A whole deployment on scaled time, from outside: what the timer repairs and what a drain ends with, minutes of the cloud's time
//! in seconds.

#![expect(clippy::unwrap_used, reason = "a cloud that cannot be reached ends the test")]

use std::time::Duration;

use clock::Clock;
use openapi::{Credentials, Fresh, HttpTransport, Transport, Unsigned};
use serde_json::Value;

use crate::support::Emulated;

/// The cloud's seconds in a real one.
const SPEED: &str = "240";

/// Real seconds after which the test is given up.
const LIMIT: u64 = 300;

/// An instance that runs from the beginning.
const SECOND: &str = "  - { id: i-ecs2, vswitch: vsw-3, securityGroups: [sg-2], tags: { app: web } }\n";

/// Somebody at the emulator's ports.
struct Hands {
    credentials: Credentials,
    transport: HttpTransport,
    base: String,
    data_plane: String,
    clock: Clock,
}

impl Hands {
    fn of(cloud: &Emulated) -> Self {
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
    async fn call(&self, action: &str, parameters: &[(&str, &str)]) {
        let all = [("Action", action), ("Version", "2014-05-26"), ("RegionId", "cn-hangzhou"), ("Signature", "")];
        let query = all.iter().chain(parameters).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request =
            Unsigned { method: "POST".to_owned(), path: "/".to_owned(), query: query.collect(), ..Unsigned::default() };
        let fresh = Fresh { time: self.clock.now(), nonce: self.clock.uuid() };
        let request = openapi::resign(&request, "cn-hangzhou", &self.base, &self.credentials, &fresh).unwrap();
        let answer = self.transport.send(request).await.unwrap();
        assert!(answer.status().is_success(), "{action}: {:?}", answer.body());
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let url = format!("{}{path}", self.base);
        let host = self.base.trim_start_matches("http://");
        let request = http::Request::builder().method(method).uri(url).header("host", host);
        let request = request.body(bytes::Bytes::from(body.to_owned())).unwrap();
        let answer = self.transport.send(request).await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// Who answers behind the load balancer.
    async fn served_by(&self) -> Option<String> {
        let request = http::Request::get(format!("{}/", self.data_plane)).header("host", "www.example.com");
        let request = request.body(bytes::Bytes::new()).unwrap();
        let answer = self.transport.send(request).await.ok()?;
        let name = answer.headers().get("x-served-by")?;
        name.to_str().ok().map(str::to_owned)
    }

    /// Looks every quarter of a second until something is so; gives the real seconds that it took.
    async fn until(&self, what: &str, mut is_so: impl AsyncFnMut(&Self) -> bool) -> f64 {
        let begun = self.clock.now();
        while !is_so(self).await {
            let took = self.clock.now().duration_since(begun).as_secs_f64();
            assert!(took < 300.0, "{what}: not within {LIMIT} s");
            self.clock.sleep(Duration::from_millis(250)).await;
        }
        self.clock.now().duration_since(begun).as_secs_f64()
    }

    async fn members(&self) -> u64 {
        self.control("GET", "/-/world", "").await["counts"]["servers"].as_u64().unwrap()
    }
}

#[test]
fn a_lost_event_is_repaired_and_a_drained_member_goes_within_minutes_of_real_time() {
    // The procedure's world with a second instance, so that one may go.
    let folder = std::env::temp_dir().join(format!("albridge-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (world, bindings) = (folder.join("world.yml"), folder.join("bindings.yml"));
    std::fs::write(&world, emulator::PROCEDURE.replacen("\ncens:", &format!("{SECOND}\ncens:"), 1)).unwrap();
    std::fs::write(&bindings, local::PROCEDURE_BINDING).unwrap();
    let (world, bindings) = (world.to_str().unwrap(), bindings.to_str().unwrap());
    let cloud = Emulated::start(&["--scenario", world, "--bindings", bindings, "--speed", SPEED]);
    assert_eq!(cloud.line["speed"].as_f64().map(|speed| speed.to_string()).as_deref(), Some(SPEED));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hands = Hands::of(&cloud);
        // One clock: the emulator's time passes as fast as its line says, and its answers are dated by it.
        let read = async || {
            let told = hands.control("GET", "/-/clock", "").await;
            let time = |name: &str| told[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
            (time("now"), time("wall"))
        };
        let before = read().await;
        hands.clock.sleep(Duration::from_millis(300)).await;
        let after = read().await;
        let ratio = after.0.duration_since(before.0).as_secs_f64() / after.1.duration_since(before.1).as_secs_f64();
        assert!((210.0..270.0).contains(&ratio), "{ratio}");

        // The event of the start is lost; the next firing of the timer finds the instance.
        hands.control("POST", "/-/faults", r#"{"name": "lost", "effect": "loseEvent"}"#).await;
        hands.call("StartInstance", &[("InstanceId", "i-ecs1")]).await;
        hands.until("a lost event", async |hands| hands.members().await == 2).await;
        hands.until("an answer", async |hands| hands.served_by().await.is_some()).await;
        assert_eq!(hands.control("GET", "/-/faults/lost", "").await["hits"].as_u64().map(|hits| hits > 0), Some(true));
        hands.control("DELETE", "/-/faults", "").await;

        // The command line goes by the cloud's time: the run is a few of its minutes ago.
        let status = ["status", "web", "--home", "cn-hangzhou", "--json"];
        hands.until("nothing left to do", async |_| cloud.tool(&status).code == 0).await;

        // Untagged, the member drains for 20 minutes and goes at the next firing.
        let tag = [("ResourceType", "instance"), ("ResourceId.1", "i-ecs1"), ("TagKey.1", "app")];
        hands.call("UntagResources", &tag).await;
        hands.until("a drained member", async |hands| hands.members().await == 1).await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
