//! Faults of calls.

use super::*;
use crate::testing::{acs3, oss, put_function, put_role};

fn hits(bench: &Bench, id: &str) -> (u64, u64) {
    let found = bench.gateway.with(|world| world.faults()).into_iter().find(|fault| fault.id == id).unwrap();
    (found.seen, found.hits)
}

#[test]
fn every_service_refuses_in_its_own_words() {
    let mut bench = Bench::new();
    bench.gateway.with(|world| put_function(world, "job", ""));
    for (effect, expected) in [
        (
            "throttle",
            [(400, "Throttling"), (400, "Throttling.User"), (429, "ResourceThrottled"), (503, "QpsLimitExceeded")],
        ),
        ("unavailable", [(503, "ServiceUnavailable"); 4]),
        (
            "internalError",
            [(500, "InternalError"), (500, "InternalError"), (500, "InternalServerError"), (500, "InternalError")],
        ),
    ] {
        let id = bench.say(&format!("effect: {effect}"));
        let (ecs, cbn) = (bench.ask(ECS, "DescribeRegions", &[]), bench.ask(CBN, "DescribeCens", &[]));
        bench.nonce += 1;
        let path = "/2023-03-30/functions/job";
        let fc = bench.send(acs3(bench.now, &bench.nonce.to_string(), &root(), "GET", path, &[], b""));
        let stored = bench.send(oss(bench.now, &root(), "PUT", "/bucket/", b""));
        let found = [
            (ecs.0, ecs.1["Code"].as_str().unwrap().to_owned()),
            (cbn.0, cbn.1["Code"].as_str().unwrap().to_owned()),
            (fc.status().as_u16(), json_of(&fc)["Code"].as_str().unwrap().to_owned()),
            (stored.status().as_u16(), stored.headers()["x-oss-err"].to_str().unwrap().to_owned()),
        ];
        assert_eq!(found, expected.map(|(status, code)| (status, code.to_owned())), "{effect}");
        bench.gateway.with(|world| world.remove_fault(start(), &id));
    }
    let made = bench.send(oss(bench.now, &root(), "GET", "/bucket/key", b""));
    assert_eq!(made.headers()["x-oss-err"], "NoSuchBucket", "nothing was done");
}

#[test]
fn a_throttled_client_is_told_when_to_come_back() {
    let mut bench = Bench::new();
    bench.add(Rule::new(Effect::Throttle));
    let answer = bench.send(rpc(bench.now, "n", &root(), RAM, "ListRoles", &[]));
    assert_eq!(answer.headers()["x-acs-retry-after"], "500");
    assert_eq!(bench.create("a"), (400, false));
    bench.gateway.with(|world| world.settings.retry_after = false);
    let answer = bench.send(rpc(bench.now, "m", &root(), RAM, "ListRoles", &[]));
    assert!(!answer.headers().contains_key("x-acs-retry-after"), "or is not");
}

#[test]
fn a_refusal_may_hide_that_the_call_was_carried_out() {
    let mut bench = Bench::new();
    bench.say("{ on: { service: Ram, action: CreateRole }, times: 1, effect: { refuse: { status: 409, code: Odd } } }");
    assert_eq!(bench.create("a"), (409, false));
    assert_eq!(bench.create("a"), (200, true));
    bench.add(Rule::lose_answer().on_writes().times(1));
    assert_eq!(bench.ask(RAM, "ListRoles", &[]).0, 200, "it is about writes");
    assert_eq!(bench.create("b"), (503, true));
    assert_eq!(bench.create("c"), (200, true));
}

#[test]
fn objects_and_functions_are_done_before_their_answer_is_lost() {
    let bench = Bench::new();
    bench.say("{ on: { service: Oss, parameters: { bucket: lost } }, effect: { refuse: { status: 500, code: X, done: true } } }");
    assert_eq!(bench.send(oss(bench.now, &root(), "PUT", "/kept/", b"")).status(), 200);
    assert_eq!(bench.send(oss(bench.now, &root(), "PUT", "/lost/", b"")).status(), 500);
    bench.gateway.with(|world| world.clear_faults(start()));
    assert_eq!(bench.send(oss(bench.now, &root(), "PUT", "/lost/key", b"1")).status(), 200, "the bucket is there");
}

#[test]
fn turns_are_counted_rule_by_rule() {
    let mut bench = Bench::new();
    let id = bench.say("{ name: third, skip: 1, every: 2, times: 2, effect: unavailable }");
    let statuses: Vec<u16> = (0..8).map(|_| bench.ask(RAM, "ListRoles", &[]).0).collect();
    assert_eq!(statuses, [200, 503, 200, 503, 200, 200, 200, 200]);
    assert_eq!(hits(&bench, &id), (4, 2), "a rule that is spent counts no more");
}

#[test]
fn chance_is_the_seeds() {
    let statuses = |rule: &str| {
        let mut bench = Bench::new();
        bench.say(rule);
        (0..64).map(|_| bench.ask(RAM, "ListRoles", &[]).0).collect::<Vec<_>>()
    };
    let once = statuses("{ probability: 0.25, seed: 7, effect: unavailable }");
    assert_eq!(once, statuses("{ probability: 0.25, seed: 7, effect: unavailable }"));
    assert_ne!(once, statuses("{ probability: 0.25, seed: 8, effect: unavailable }"));
    let struck = once.iter().filter(|status| **status == 503).count();
    assert!((6..=28).contains(&struck), "{struck} of 64");
    assert!(statuses("{ probability: 0, effect: unavailable }").iter().all(|status| *status == 200));
}

#[test]
fn a_rule_is_active_between_its_moments() {
    let mut bench = Bench::new();
    bench.say("{ from: 10, until: '2026-11-22T08:00:20Z', effect: unavailable }");
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(bench.ask(RAM, "ListRoles", &[]).0);
        bench.wait(5);
    }
    assert_eq!(statuses, [200, 200, 503, 503, 200]);
}

#[test]
fn a_rule_concerns_what_all_its_fields_match() {
    let mut bench = Bench::new();
    bench.gateway.with(|world| put_role(world, "worker", &["ram:*"]));
    for (on, struck) in [
        ("service: ram", true),
        ("service: ecs", false),
        ("action: Create*", true),
        ("action: Delete*", false),
        ("writes: false", false),
        ("region: cn-hang*", true),
        ("region: cn-chengdu", false),
        ("caller: root", true),
        ("caller: worker", false),
        ("parameters: { RoleName: a* }", true),
        ("parameters: { '*': a-role }", true),
        ("parameters: { RoleName: b* }", false),
        ("service: ram, parameters: { VpcId: '*' }", false),
    ] {
        let id = bench.say(&format!("{{ on: {{ {on} }}, effect: unavailable }}"));
        let (status, _) = bench.create("a-role");
        assert_eq!(status == 503, struck, "{on}");
        bench.gateway.with(|world| {
            world.remove_fault(start(), &id);
            world.ram.remove_role("a-role");
        });
    }
}

#[test]
fn a_role_loses_a_permission_from_a_time_on() {
    let mut bench = Bench::new();
    let role = bench.gateway.with(|world| put_role(world, "worker", &["*"]));
    bench.gateway.with(|world| {
        let trust = serde_json::json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["*"]}}]});
        let worker = world.ram.role("worker").unwrap().clone();
        world.put_role(crate::state::ram::Role { trust, ..worker });
    });
    bench.say("{ on: { caller: worker, service: ecs, action: Describe* }, from: 60, effect: deny }");
    let key = session(&mut bench, &role).unwrap();
    assert_eq!(bench.ask_as(&key, ECS, "DescribeRegions", &[]).0, 200);
    bench.wait(60);
    let (status, answer) = bench.ask_as(&key, ECS, "DescribeRegions", &[]);
    assert_eq!((status, answer["Code"].as_str()), (403, Some("Forbidden.RAM")));
    assert_eq!(bench.ask_as(&key, CBN, "DescribeCens", &[]).0, 200);
    assert_eq!(bench.ask(ECS, "DescribeRegions", &[]).0, 200, "the account's own key lost nothing");
}

/// A session of a role that trusts the account.
fn session(bench: &mut Bench, arn: &str) -> Option<Credentials> {
    let (_, answer) = bench.ask(STS, "AssumeRole", &[("RoleArn", arn), ("RoleSessionName", "session")]);
    let field = |name: &str| answer["Credentials"][name].as_str().map(str::to_owned);
    Some(Credentials {
        access_key_id: field("AccessKeyId")?,
        access_key_secret: field("AccessKeySecret")?,
        security_token: field("SecurityToken"),
    })
}

#[test]
fn a_session_ends_before_its_time() {
    let mut bench = Bench::new();
    let arn = bench.gateway.with(|world| put_role(world, "worker", &["*"]));
    bench.gateway.with(|world| {
        let trust = serde_json::json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["*"]}}]});
        let worker = world.ram.role("worker").unwrap().clone();
        world.put_role(crate::state::ram::Role { trust, ..worker });
    });
    bench.say("{ on: { caller: worker }, times: 1, effect: { expireTokens: { seconds: 30 } } }");
    let (short, long) = (session(&mut bench, &arn).unwrap(), session(&mut bench, &arn).unwrap());
    assert_eq!(bench.ask_as(&short, ECS, "DescribeRegions", &[]).0, 200);
    bench.wait(30);
    let (status, answer) = bench.ask_as(&short, ECS, "DescribeRegions", &[]);
    assert_eq!((status, answer["Code"].as_str()), (400, Some("InvalidSecurityToken.Expired")));
    assert_eq!(bench.ask_as(&long, ECS, "DescribeRegions", &[]).0, 200);
}

#[test]
fn a_state_sticks_for_a_while_or_until_it_is_released() {
    let mut bench = Bench::new();
    let held = bench.say("{ on: { action: CreateCen }, times: 1, effect: { stick: {} } }");
    bench.say("{ on: { action: CreateCen }, times: 1, skip: 1, effect: { stick: { seconds: 100 } } }");
    assert_eq!(bench.ask(CBN, "CreateCen", &[]).0, 200);
    assert_eq!(bench.ask(CBN, "CreateCen", &[]).0, 200);
    bench.wait(104);
    assert_eq!(bench.cens(), ["Creating"; 2]);
    bench.wait(2);
    let mut found = bench.cens();
    found.sort();
    assert_eq!(found, ["Active", "Creating"]);
    bench.wait(1_000_000);
    found = bench.cens();
    found.sort();
    assert_eq!(found, ["Active", "Creating"]);
    assert_eq!(bench.gateway.with(|world| world.next_due(start())), None, "nobody waits for what is held");
    let now = bench.now;
    assert!(bench.gateway.with(|world| world.remove_fault(now, &held)));
    assert_eq!(bench.cens(), ["Active"; 2]);
}

#[test]
fn an_instance_that_sticks_starts_when_it_is_let_go() {
    let mut bench = Bench::new();
    bench.gateway.with(|world| world.load(start(), crate::PROCEDURE)).unwrap();
    let held = bench.say("{ on: { action: StartInstance }, effect: { stick: {} } }");
    assert_eq!(bench.ask(ECS, "StartInstance", &[("InstanceId", "i-ecs1")]).0, 200);
    let state = |bench: &mut Bench| {
        let (_, answer) =
            bench.ask(ECS, "DescribeInstances", &[("RegionId", HANGZHOU), ("InstanceIds", r#"["i-ecs1"]"#)]);
        answer["Instances"]["Instance"][0]["Status"].as_str().unwrap().to_owned()
    };
    bench.wait(3600);
    assert_eq!(state(&mut bench), "Starting");
    let now = bench.now;
    bench.gateway.with(|world| world.remove_fault(now, &held));
    assert_eq!(state(&mut bench), "Running");
}

#[test]
fn reads_lag_behind_writes() {
    let mut bench = Bench::new();
    bench.say("{ on: { service: cen }, effect: { staleReads: { seconds: 10 } } }");
    assert_eq!(bench.ask(CBN, "CreateCen", &[]).0, 200);
    assert!(bench.cens().is_empty());
    bench.wait(9);
    assert_eq!(bench.ask(CBN, "CreateCen", &[]).0, 200);
    assert!(bench.cens().is_empty());
    bench.wait(1);
    assert_eq!(bench.cens().len(), 1, "the second one does not show yet");
    bench.wait(9);
    assert_eq!(bench.cens().len(), 2);
    assert_eq!(bench.create("a"), (200, true));
    let (_, roles) = bench.ask(RAM, "GetRole", &[("RoleName", "a")]);
    assert_eq!(roles["Role"]["RoleName"], "a", "other services are read as they are");
}

#[test]
fn a_falsified_read_is_a_success_that_is_not_true_and_writes_are_left_alone() {
    let mut bench = Bench::new();
    assert_eq!(bench.create("a"), (200, true));
    for (lie, body) in [("emptyBody", ""), ("emptyObject", "{}"), ("null", "null")] {
        let id = bench.say(&format!("effect: {{ falsify: {{ lie: {lie} }} }}"));
        let answer = bench.send(rpc(bench.now, lie, &root(), RAM, "ListRoles", &[]));
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, body.as_bytes()));
        bench.gateway.with(|world| world.remove_fault(start(), &id));
    }
    bench.say("effect: { falsify: { lie: oneWriteAgo } }");
    assert_eq!(bench.create("b"), (200, true));
    let listed = |bench: &mut Bench| bench.ask(RAM, "ListRoles", &[]).1.to_string();
    let before = listed(&mut bench);
    assert!(before.contains("\"a\"") && !before.contains("\"b\""), "{before}");
    assert_eq!(bench.create("c"), (200, true));
    let later = listed(&mut bench);
    assert!(later.contains("\"b\"") && !later.contains("\"c\""), "{later}");
}
