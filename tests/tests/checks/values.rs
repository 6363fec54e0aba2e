//! Values at the limits in the parameter texts, tested on both sides: the cloud accepts every value that the parser of
//! bindings accepts, and both refuse a near miss. The two sides are independent implementations of the texts
//! (`onboarding::store::check`, `emulator::gateway::{table, forms}`).

use end_to_end::matrix::{self, Tally};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING};
use onboarding::mark::{MemberState, Role};
use onboarding::{Binding, Deployment, Store};
use openapi::alb;
use serde_json::{Value, json};

use crate::case::running;

/// A field of a binding, with values that are just valid and values that are just invalid.
fn edges() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let text = |c: char, count: usize| Value::from(c.to_string().repeat(count));
    let path = |count: usize| Value::from(format!("/{}", "p".repeat(count)));
    let host = |count: usize| Value::from(format!("{}.com", "h".repeat(count)));
    let check = "/serverGroup/healthCheck";
    let grpc = |method: &str, code: &str| json!({"protocol": "gRPC", "method": method, "codes": [code]});
    vec![
        (
            "/serverGroup/name",
            vec![json!("ab"), json!("1 web"), json!("组 a.b_c-d"), text('n', 128)],
            vec![json!("a"), json!("web/remote"), json!("-web"), json!(" web"), json!("wéb"), text('n', 129)],
        ),
        (
            "/serverGroup/healthCheck/path",
            vec![json!("/"), json!("/a%20b?c=d&e#f"), json!("/_;~!()*[]@$^:\\\",+"), path(79)],
            vec![json!("a"), json!("/a b"), json!("/é"), json!("/{a}"), json!("/a'b"), path(80)],
        ),
        (
            "/serverGroup/healthCheck/host",
            vec![json!("www.example.com"), json!("a-1.b"), host(76)],
            vec![
                json!("localhost"),
                json!("A.com"),
                json!(".a.b"),
                json!("a.b."),
                json!("a.c1"),
                json!("-a.b"),
                host(77),
            ],
        ),
        ("/serverGroup/healthCheck/interval", vec![json!(1), json!(5)], vec![json!(0), json!(51)]),
        ("/serverGroup/healthCheck/timeout", vec![json!(5), json!(300)], vec![json!(0), json!(301)]),
        ("/serverGroup/healthCheck/healthyThreshold", vec![json!(2), json!(10)], vec![json!(1), json!(11)]),
        ("/serverGroup/healthCheck/unhealthyThreshold", vec![json!(2), json!(10)], vec![json!(1), json!(11)]),
        ("/serverGroup/healthCheck/port", vec![json!(0), json!(65535)], vec![]),
        ("/serverGroup/healthCheck/method", vec![json!("HEAD"), json!("GET")], vec![json!("POST"), json!("PUT")]),
        (
            "/serverGroup/healthCheck/codes",
            vec![json!(["http_2xx"]), json!(["http_2xx", "http_3xx", "http_4xx", "http_5xx"])],
            vec![json!(["0"]), json!(["http_6xx"]), json!(["200"])],
        ),
        (
            check,
            vec![grpc("POST", "0"), grpc("GET", "99"), json!({"protocol": "TCP"}), json!({"protocol": "HTTPS"})],
            vec![grpc("HEAD", "0"), grpc("POST", "100"), grpc("POST", "http_2xx"), json!({"protocol": "UDP"})],
        ),
        ("/serverGroup/scheduler", vec![json!("Wrr"), json!("Wlc"), json!("Sch")], vec![json!("RoundRobin")]),
        ("/serverGroup/drainSeconds", vec![json!(1), json!(900)], vec![json!(901)]),
    ]
}

/// The procedure's binding as JSON, with these values.
fn with(values: &[(&str, Value)]) -> Value {
    let store = Store::parse(PROCEDURE_BINDING, "bindings.yml").unwrap();
    let mut binding = serde_json::to_value(&store.bindings[0]).unwrap();
    for (at, value) in values {
        let (parent, field) = at.rsplit_once('/').unwrap();
        binding.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    binding
}

fn text(binding: &Value) -> String {
    json!({"bindings": [binding]}).to_string()
}

/// The server group that a binding asks for, whether or not the binding is valid.
fn group(binding: &Value) -> alb::CreateServerGroup {
    let binding: Binding = serde_json::from_value(binding.clone()).unwrap();
    let (wish, settings) = (&binding.server_group, binding.server_group.settings("Standard"));
    let check = &settings.health_check;
    let asks = check.protocol != "TCP";
    alb::CreateServerGroup {
        server_group_name: wish.name.clone(),
        server_group_type: Some("Ip".to_owned()),
        vpc_id: Some("vpc-1".to_owned()),
        protocol: Some(settings.protocol.clone()),
        scheduler: Some(settings.scheduler.clone()),
        health_check_config: alb::HealthCheckConfig {
            health_check_enabled: Some(true),
            health_check_protocol: Some(check.protocol.clone()),
            health_check_connect_port: Some(check.port),
            health_check_interval: Some(check.interval),
            health_check_timeout: Some(check.timeout),
            healthy_threshold: Some(check.healthy_threshold),
            unhealthy_threshold: Some(check.unhealthy_threshold),
            health_check_path: asks.then(|| check.path.clone()),
            health_check_method: asks.then(|| check.method.clone()),
            health_check_host: (asks && !check.host.is_empty()).then(|| check.host.clone()),
            health_check_codes: if asks { check.codes.clone() } else { Vec::new() },
            ..Default::default()
        },
        connection_drain_config: settings.drain_seconds.map(|seconds| alb::ConnectionDrainConfig {
            connection_drain_enabled: Some(true),
            connection_drain_timeout: Some(seconds),
        }),
        ..Default::default()
    }
}

async fn refusal(local: &Local, binding: &Value) -> Option<String> {
    local.operator().call("cn-chengdu", &group(binding)).await.err().map(|error| error.code)
}

#[tokio::test(start_paused = true)]
async fn what_is_read_the_cloud_takes_and_a_near_miss_is_refused_by_both() {
    let local = start(worlds::options(Generation::Upgraded)).await;
    for (at, inside, outside) in edges() {
        for value in inside {
            let binding = with(&[(at, value.clone())]);
            assert_eq!(Store::parse(&text(&binding), "x").map(|_| ()), Ok(()), "{at}: {value}");
            assert_eq!(refusal(&local, &binding).await, None, "{at}: {value}");
        }
        for value in outside {
            let binding = with(&[(at, value.clone())]);
            let error = Store::parse(&text(&binding), "x").expect_err(&format!("{at}: {value}"));
            assert!(error.at.is_some() && !error.path.is_empty(), "{at}: {value}: {error}");
            let code = refusal(&local, &binding).await;
            assert!(code.as_deref().is_some_and(|code| code.starts_with("IllegalParam.")), "{at}: {value}: {code:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_its_listener_cannot_speak_to_is_refused_by_both() {
    let local = start(worlds::options(Generation::Upgraded)).await;
    for protocol in ["HTTPS", "gRPC"] {
        let binding = with(&[("/serverGroup/protocol", json!(protocol))]);
        let error = Store::parse(&text(&binding), "x").unwrap_err();
        assert_eq!(error.path, "bindings[0].serverGroup.protocol", "{error}");
        let made = local.operator().call("cn-chengdu", &group(&binding)).await.unwrap();
        local.clock().sleep(std::time::Duration::from_secs(10)).await;
        let listen = alb::CreateListener {
            load_balancer_id: "alb-1".to_owned(),
            listener_protocol: "HTTP".to_owned(),
            listener_port: 80,
            default_actions: vec![alb::ListenerAction::forward_to(&made.server_group_id)],
            ..Default::default()
        };
        let error = local.operator().call("cn-chengdu", &listen).await.unwrap_err();
        assert_eq!(error.code, "Mismatch.Protocol");
    }
}

/// The longest ownership marks fit into the cloud's limits: 128 characters of a tag value, 256 of a description.
#[test]
fn the_longest_marks_fit() {
    let deployment = Deployment::new("d".repeat(32));
    let binding = "b".repeat(40).as_str().into();
    for role in [Role::ServerGroup, Role::Listener, Role::VpcAttachment, Role::PeerAttachment] {
        assert!(deployment.tag(&binding, role).len() <= 128);
    }
    let since = jiff::Timestamp::MAX;
    let member = deployment.member(&binding, &"i".repeat(64).as_str().into(), MemberState::Stopped(since));
    // `/released-<time>` is one character longer than the longest of the other states.
    assert!(member.len() < 256, "{}", member.len());
}

/// Bindings with random values, valid and just invalid: every binding that the parser accepts is applied without a refusal
/// for a parameter.
#[tokio::test(start_paused = true)]
async fn a_binding_that_can_be_read_makes_no_write_that_is_refused_for_a_value() {
    let mut tally = Tally::of("a_binding_that_can_be_read_makes_no_write_that_is_refused_for_a_value");
    let (mut read, mut refused) = (0, 0);
    for seed in 0..matrix::scope().count(6, 60) {
        let mut draw = Draw(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed + 1));
        let mut values = vec![("/name", json!("b".repeat(1 + draw.below(40))))];
        // One value in forty is a near miss, so that most bindings can be applied.
        for (at, inside, outside) in edges().into_iter().filter(|(at, ..)| !at.ends_with("/healthCheck")) {
            let from = if draw.below(40) == 0 && !outside.is_empty() { outside } else { inside };
            values.push((at, from[draw.below(from.len())].clone()));
        }
        values.push(("/serverGroup/weight", json!(1 + draw.below(100))));
        values.push(("/security", json!({"priority": 1 + draw.below(100)})));
        let bindings = text(&with(&values));
        tally.add(matrix::SEEDS, 1);
        let Ok(store) = Store::parse(&bindings, "x") else {
            refused += 1;
            continue;
        };
        read += 1;
        let name = store.bindings[0].name.clone();
        let scenario = running(emulator::PROCEDURE);
        let local = start(Options { bindings, scenario, ..worlds::options(Generation::Classic) }).await;
        let plan = end_to_end::apply::plan(&local, name.as_str()).await.unwrap();
        end_to_end::apply::apply(&local, name.as_str(), &plan).await.unwrap();
        for call in local.cloud().gateway().log() {
            let code = call.code.clone().unwrap_or_default();
            let value = ["IllegalParam", "MissingParam", "InvalidParameter", ".Malformed", "Mismatch"];
            assert!(!value.iter().any(|word| code.contains(word)), "seed {seed}: {call}\n{values:?}");
        }
        assert_eq!(Console(&local).members_of(values_name(&values)).await.len(), 1, "seed {seed}: {values:?}");
    }
    assert!(read > refused && refused > 0, "{read} were read, {refused} refused");
}

fn values_name<'v>(values: &'v [(&str, Value)]) -> &'v str {
    values.iter().find(|(at, _)| *at == "/serverGroup/name").and_then(|(_, name)| name.as_str()).unwrap_or_default()
}

/// Random numbers determined by a seed (xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap_or_default()
    }
}
