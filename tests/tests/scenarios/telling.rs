//! Those who are told of faults: once when something breaks, once when it is mended, and not twice within the hour whatever happens.

use std::sync::Arc;

use bytes::Bytes;
use emulator::call::Service;
use emulator::faults::{Effect, Match, Rule};
use end_to_end::receivers::{Received, Receivers, SECRET, TOKEN, notify, secrets};
use end_to_end::{Console, worlds};
use local::{Generation, HOME, Local, Options, PROCEDURE_BINDING, Stack};
use openapi::{fc, oss};
use serde_json::{Value, json};

use crate::{minutes, onboarded};

const BUCKET: &str = "albridge-store";
const KEY: &str = "albridge/bindings.yml.told.json";

/// A deployment that serves, with a timer every five minutes and somebody to tell.
async fn told(receivers: &Arc<Receivers>) -> Local {
    let home = Stack::home().with("TimerCron", "0 */5 * * * *");
    let options = Options {
        bindings: format!("{}{PROCEDURE_BINDING}", notify()),
        secrets: secrets(),
        stacks: vec![home, Stack::probe("cn-chengdu", "vpc-1")],
        beyond: receivers.beyond(),
        ..worlds::options(Generation::Upgraded)
    };
    let local = onboarded(options).await;
    Console(&local).wait(minutes(15)).await;
    local
}

fn shut(local: &Local) {
    Console(local).act(Service::Ecs, "cn-hangzhou", "AuthorizeSecurityGroup", &worlds::DROPS_ALL);
}

fn open(local: &Local) {
    Console(local).act(Service::Ecs, "cn-hangzhou", "RevokeSecurityGroup", &worlds::DROPS_ALL);
}

/// A network ACL in front of the instance that lets packets in, or not. It is made when it is asked for the first time.
fn acl(local: &Local, policy: &str) {
    let act = |action: &str, params: &[(&str, &str)]| Console(local).act(Service::Vpc, "cn-hangzhou", action, params);
    let region = ("RegionId", "cn-hangzhou");
    let known = |answer: &Value| answer["NetworkAcls"]["NetworkAcl"][0]["NetworkAclId"].as_str().map(str::to_owned);
    let acl = known(&act("DescribeNetworkAcls", &[region])).unwrap_or_else(|| {
        let made = act("CreateNetworkAcl", &[region, ("VpcId", "vpc-2")]);
        let acl = made["NetworkAclId"].as_str().unwrap().to_owned();
        let to = [("Resource.1.ResourceId", "vsw-4"), ("Resource.1.ResourceType", "VSwitch")];
        act("AssociateNetworkAcl", &[("NetworkAclId", acl.as_str()), region, to[0], to[1]]);
        acl
    });
    let entry = [
        ("NetworkAclId", acl.as_str()),
        region,
        ("UpdateIngressAclEntries", "true"),
        ("IngressAclEntries.1.Policy", policy),
        ("IngressAclEntries.1.Protocol", "all"),
        ("IngressAclEntries.1.Port", "-1/-1"),
        ("IngressAclEntries.1.SourceCidrIp", "0.0.0.0/0"),
    ];
    act("UpdateNetworkAclEntries", &entry);
}

const SHADOWED: &str = "XREG-RULE-SHADOWED";

/// How often the webhook's messages say that a problem is found, and that it is gone. A member that the load balancer finds healthy again only when
/// it is asked the next time is a problem of its own.
fn said(messages: &[Received], code: &str) -> (usize, usize) {
    let of = |list: &str| {
        let hooks = messages.iter().filter(|message| message.to() == "hook");
        hooks.flat_map(|message| message.body[list].as_array().unwrap()).filter(|row| row["code"] == code).count()
    };
    (of("problems"), of("resolved"))
}

async fn object(local: &Local) -> Option<String> {
    let get = oss::GetObject { bucket: BUCKET.to_owned(), key: KEY.to_owned(), ..Default::default() };
    let object = local.operator().get_object(HOME, &get).await.ok()?;
    Some(String::from_utf8(object.body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_one_message_in_hours_of_looks_and_one_more_when_it_is_mended() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    let console = Console(&local);
    assert!(receivers.take().is_empty() && object(&local).await.is_none(), "while all is well nothing is kept");

    shut(&local);
    console.wait(minutes(180)).await;
    let messages = receivers.take();
    let mut to: Vec<_> = messages.iter().map(Received::to).collect();
    to.sort_unstable();
    assert_eq!(to, ["bus", "hook", "robot", "slack"], "each once: {messages:#?}");
    let hook = messages.iter().find(|message| message.to() == "hook").unwrap();
    let problem = &hook.body["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["binding"], &problem["group"]),
        (&json!(SHADOWED), &json!("web"), &json!("web-remote"))
    );
    assert!(problem["instances"][0].as_str().unwrap().starts_with("i-ecs1"), "{problem}");
    assert!(problem["remedy"].as_str().unwrap().starts_with("Remove rule "), "as `status` says: {problem}");
    assert!(hook.headers["x-albridge-signature"].starts_with("sha256="));
    let robot = messages.iter().find(|message| message.to() == "robot").unwrap();
    assert!(robot.query.contains("&timestamp=") && robot.query.contains("&sign="), "{}", robot.query);
    assert_eq!(robot.body["markdown"]["title"], hook.body["title"]);
    let bus = messages.iter().find(|message| message.to() == "bus").unwrap();
    assert_eq!((&bus.body["specversion"], &bus.body["data"]), (&json!("1.0"), &hook.body));

    let kept = object(&local).await.unwrap();
    assert!(!kept.contains(TOKEN) && !kept.contains(SECRET), "{kept}");
    open(&local);
    console.wait(minutes(120)).await;
    assert_eq!(said(&receivers.take(), SHADOWED), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_comes_and_goes_is_told_at_most_once_in_an_hour() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    let console = Console(&local);
    let mut messages = Vec::new();
    for _ in 0..4 {
        acl(&local, "drop");
        console.wait(minutes(6)).await;
        acl(&local, "accept");
        console.wait(minutes(6)).await;
        messages.extend(receivers.take());
    }
    assert_eq!(said(&messages, "XREG-NETWORK-ACL"), (1, 1), "{messages:#?}");
    acl(&local, "drop");
    console.wait(minutes(30)).await;
    assert_eq!(said(&receivers.take(), "XREG-NETWORK-ACL").0, 1, "the hour is over, and it is there");
}

fn timer() -> Value {
    json!({"triggerTime": "2026-11-22T08:00:00Z", "triggerName": "drift", "payload": "drift"})
}

#[tokio::test(start_paused = true)]
async fn two_looks_at_once_do_not_both_tell() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    shut(&local);
    let look = || async {
        let body = Bytes::from(timer().to_string());
        let invoke = fc::InvokeFunction { function_name: "albridge-dispatch".to_owned(), body, ..Default::default() };
        let answer = local.operator().invoke_function(HOME, &invoke).await.unwrap();
        assert_eq!(answer.error_type, None, "{}", String::from_utf8_lossy(&answer.body));
    };
    tokio::join!(look(), look(), look());
    assert_eq!(receivers.take().len(), 4, "each receiver once");
    Console(&local).wait(minutes(60)).await;
    assert!(receivers.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_is_sent_with_the_next_look_and_fails_nothing() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    let console = Console(&local);
    receivers.refuse(Some(403));
    shut(&local);
    console.wait(minutes(11)).await;
    assert!(receivers.take().len() >= 8, "tried with each look");
    receivers.refuse(None);
    console.wait(minutes(60)).await;
    assert_eq!(receivers.take().len(), 4, "and taken once");
}

#[tokio::test(start_paused = true)]
async fn what_was_told_and_is_lost_is_told_once_again_and_what_cannot_be_kept_is_not_told() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    let console = Console(&local);
    shut(&local);
    console.wait(minutes(11)).await;
    assert_eq!(receivers.take().len(), 4);
    let now = local.cloud().now();
    local.cloud().with(|world| world.put_object(now, HOME, BUCKET, KEY, b"{torn".to_vec()));
    console.wait(minutes(30)).await;
    assert_eq!(receivers.take().len(), 4, "once");

    // Neither written nor read: silence, not a storm.
    let now = local.cloud().now();
    local.cloud().with(|world| world.put_object(now, HOME, BUCKET, KEY, b"{torn".to_vec()));
    let on = Match {
        caller: Some("albridge-cn-hangzhou-dispatch".to_owned()),
        action: Some("PutObject".to_owned()),
        ..Match::default()
    };
    local.cloud().inject(Rule { on, ..Rule::new(Effect::Deny) }).unwrap();
    console.wait(minutes(30)).await;
    assert!(receivers.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_not_told_as_gone() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    let console = Console(&local);
    shut(&local);
    console.wait(minutes(11)).await;
    assert_eq!(receivers.take().len(), 4);
    let on = Match {
        caller: Some("albridge-cn-hangzhou-dispatch".to_owned()),
        action: Some("DescribeSecurityGroupAttribute".to_owned()),
        ..Match::default()
    };
    let rule = local.cloud().inject(Rule { on, ..Rule::new(Effect::Deny) }).unwrap();
    console.wait(minutes(60)).await;
    assert!(receivers.take().is_empty(), "neither gone nor new");
    let now = local.cloud().now();
    assert!(local.cloud().with(|world| world.remove_fault(now, &rule)));
    open(&local);
    console.wait(minutes(30)).await;
    assert_eq!(said(&receivers.take(), SHADOWED).1, 1);
}

#[tokio::test(start_paused = true)]
async fn each_run_ends_with_its_summary() {
    let receivers = Arc::new(Receivers::default());
    let local = told(&receivers).await;
    let console = Console(&local);
    let name = console.executions().await[0].name.clone();
    let summary = console.summary(&name).await.unwrap();
    assert_eq!(
        (summary.ok, summary.run.as_str(), summary.trigger.as_str()),
        (true, name.as_str(), "event"),
        "{summary:?}"
    );
    assert!(summary.made.added > 5 && summary.retries > 0 && summary.stages == end_to_end::STAGES, "{summary:?}");
    // A run that never becomes ok.
    shut(&local);
    console.begin("by-hand", "web").await;
    console.wait(minutes(30)).await;
    let summary = console.summary("by-hand").await.unwrap();
    assert_eq!((summary.ok, summary.trigger.as_str()), (false, "hand"), "{summary:?}");
    assert!(summary.codes.contains(&SHADOWED.to_owned()), "{summary:?}");
}
