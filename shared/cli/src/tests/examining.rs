//! `doctor`, what it sees beyond the stacks: each wrong state is brought about in the cloud, it is named, its remedy is followed to the
//! letter, and nothing is said of it any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use deployment::deploy::Code;
use emulator::{AccountState, Strict};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use local::Options;
use openapi::{Transport, ros};
use serde_json::{Value, json};

use super::deploying::{desk, packages};
use super::doctor::wrong;
use super::{Desk, Ran};

const PAGE: &str = include_str!("../../../../docs/doctor.md");

/// A deployment that is well.
async fn deployed(name: &str) -> Desk {
    let desk = desk(name).await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.is_well().await;
    desk
}

fn findings(ran: &Ran, verdict: &str) -> Vec<Value> {
    ran.json().into_iter().filter(|line| line["event"] == "finding" && line["verdict"] == verdict).collect()
}

impl Desk {
    /// Doctor says exactly this, by code; each remedy is followed, and doctor is content.
    async fn is_mended(&self, codes: &[&str]) {
        let ran = self.doctor().await;
        let found = wrong(&ran);
        let said: Vec<&str> = found.iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!((ran.code, said.as_slice()), (2, codes), "{}", ran.all());
        let mut followed: Vec<&str> = Vec::new();
        for one in &found {
            let remedy = one["remedy"].as_str().unwrap();
            // What mends several things is done once.
            if !followed.contains(&remedy) {
                self.follow(remedy).await;
                followed.push(remedy);
            }
        }
        self.is_well().await;
    }

    fn set(&self, state: AccountState) {
        assert!(self.local.cloud().with(|world| world.set_account(state)));
    }
}

#[test]
fn the_page_explains_every_code_and_no_other() {
    let explained: Vec<&str> =
        PAGE.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|line| line.split('`').next()).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(explained, codes);
}

#[tokio::test(start_paused = true)]
async fn triggers_and_rules_that_are_off_changed_or_gone_are_named_and_come_back() {
    let desk = deployed("doctor-triggers").await;
    let off = r#"{"triggerConfig":"{\"cronExpression\":\"@every 5m\",\"enable\":false,\"payload\":\"drift\"}"}"#;
    let path = "/2023-03-30/functions/albridge-dispatch/triggers";
    desk.aliyun(&format!("aliyun fc PUT {path}/drift --body '{off}'")).await;
    desk.is_mended(&["trigger-off"]).await;
    let late = off.replace("false", "true").replace("5m", "5h");
    desk.aliyun(&format!("aliyun fc PUT {path}/drift --body '{late}'")).await;
    desk.is_mended(&["trigger"]).await;
    desk.aliyun(&format!("aliyun fc DELETE {path}/tags")).await;
    desk.aliyun(&format!("aliyun fc DELETE {path}/drift")).await;
    desk.is_mended(&["trigger", "trigger"]).await;
    desk.aliyun("aliyun eventbridge DisableRule --EventBusName default --RuleName albridge-dispatch-states").await;
    desk.is_mended(&["rule-off"]).await;
    desk.aliyun("aliyun eventbridge DeleteRule --EventBusName default --RuleName albridge-dispatch-states").await;
    desk.is_mended(&["rule"]).await;
}

#[tokio::test(start_paused = true)]
async fn rules_instead_of_triggers_are_looked_at_as_well() {
    let desk = desk("doctor-rules").await;
    assert_eq!(desk.deploy(&["--set", "Events=rules"]).await.code, 0);
    desk.is_well().await;
    desk.aliyun("aliyun eventbridge DisableRule --EventBusName default --RuleName albridge-tags").await;
    desk.is_mended(&["rule-off"]).await;
    desk.aliyun("aliyun eventbridge DeleteRule --EventBusName default --RuleName albridge-tags").await;
    desk.is_mended(&["rule"]).await;
}

#[tokio::test(start_paused = true)]
async fn functions_with_other_code_or_gone_are_named_and_come_back() {
    let desk = deployed("doctor-functions").await;
    let other = r#"{"code":{"ossBucketName":"albridge-code-cn-hangzhou-1234567890123456","ossObjectName":"OBJECT"}}"#;
    let objects = desk.local.operator();
    let listed =
        objects.list_objects("cn-hangzhou", "albridge-code-cn-hangzhou-1234567890123456", "albridge/listener").await;
    let other = other.replace("OBJECT", &listed.unwrap()[0].key);
    desk.aliyun(&format!("aliyun fc PUT /2023-03-30/functions/albridge-prune --body '{other}'")).await;
    desk.is_mended(&["function-code"]).await;
    desk.aliyun("aliyun fc DELETE /2023-03-30/functions/albridge-prune").await;
    desk.is_mended(&["function"]).await;
    desk.aliyun("aliyun fnf DeleteFlow --Name albridge").await;
    desk.is_mended(&["flow"]).await;
    // Without packages here there is nothing to compare with, and nothing is called equal.
    let nowhere = desk.file("nowhere").display().to_string();
    let ran = desk.run(&["doctor", "--json", "--packages", &nowhere]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(findings(&ran, "not-checked").iter().any(|one| one["code"] == "packages-here"), "{}", ran.all());
    assert!(!ran.stdout.contains("with the code of the packages here"), "{}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn services_that_are_closed_and_roles_that_are_gone_are_named_and_come_back() {
    let mut options = Options::default();
    options.settings.strict = Strict::all();
    let desk = Desk::before_deployment("doctor-services", options).await;
    packages(&desk, "first");
    let before = desk.doctor().await;
    assert!(before.stdout.contains("is not open; deploy opens it"), "{}", before.all());
    assert!(before.stdout.contains("is missing; deploy makes it"), "{}", before.all());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.is_well().await;
    for service in ["FNF", "OSS", "SLS"] {
        desk.set(AccountState::ServiceClosed(service.to_owned()));
        desk.is_mended(&["service"]).await;
    }
    desk.aliyun("aliyun ram DeleteRole --RoleName AliyunServiceRoleForEventBridgeSendToFC").await;
    desk.is_mended(&["event-role"]).await;
    desk.set(AccountState::CenServiceRoleMissing);
    desk.is_mended(&["cen-role"]).await;
    desk.set(AccountState::TransitRouterServiceClosed);
    desk.names(&[("transit routers", "not open")]).await;
    // In the console, as its remedy says.
    desk.set(AccountState::TransitRouterServiceOpen);
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_function_compute_is_told_from_functions_that_are_gone() {
    let desk = deployed("doctor-fc").await;
    desk.set(AccountState::ServiceClosed("FC".to_owned()));
    let ran = desk.doctor().await;
    assert_eq!(ran.code, 1, "{}", ran.all());
    let unread = findings(&ran, "unread");
    assert!(unread.len() > 12 && unread.iter().all(|one| one["says"].as_str().unwrap().contains("AccessDenied")));
    let closed = findings(&ran, "wrong");
    assert_eq!(closed.len(), 1, "{}", ran.all());
    desk.follow(closed[0]["remedy"].as_str().unwrap()).await;
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_takes_no_more_rules_is_named_before_a_stack_meets_it() {
    let desk = desk("doctor-quota").await;
    let code = r#"{"functionName":"other","handler":"bootstrap","runtime":"custom.debian10"}"#;
    desk.aliyun(&format!("aliyun fc POST /2023-03-30/functions --body '{code}'")).await;
    for number in 0..8 {
        let config = r#"{\"triggerEnable\":true,\"eventRuleFilterPattern\":\"{}\",\"eventSourceConfig\":{\"eventSourceType\":\"Default\"}}"#;
        let body = format!(r#"{{"triggerName":"t{number}","triggerType":"eventbridge","triggerConfig":"{config}"}}"#);
        desk.aliyun(&format!("aliyun fc POST /2023-03-30/functions/other/triggers --body '{body}'")).await;
    }
    let ran = desk.doctor().await;
    let full =
        wrong(&ran).into_iter().find(|one| one["code"] == "rule-quota").unwrap_or_else(|| panic!("{}", ran.all()));
    let refused = desk.deploy(&[]).await;
    assert!(refused.code == 1 && refused.all().contains("EventRuleCountExceedLimit"), "{}", refused.all());
    desk.follow(full["remedy"].as_str().unwrap()).await;
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_a_region_lacks_is_named_before_a_function_meets_it() {
    let mut options = Options::default();
    options.settings.strict = Strict { regions: true, ..Strict::default() };
    let desk = Desk::before_deployment("doctor-runtime", options).await;
    packages(&desk, "first");
    let bindings = std::fs::read_to_string(desk.file("bindings.yml")).unwrap();
    std::fs::write(
        desk.file("bindings.yml"),
        bindings.replace("region: cn-hangzhou, vpc: vpc-2", "region: cn-shanghai, vpc: vpc-2"),
    )
    .unwrap();
    std::fs::write(desk.file("albridge.json"), r#"{"parameters": {"Runtime": "custom.debian12"}}"#).unwrap();
    let ran = desk.doctor().await;
    let lacks = wrong(&ran).into_iter().find(|one| one["code"] == "runtime").unwrap_or_else(|| panic!("{}", ran.all()));
    assert_eq!(lacks["subject"], "runtime in cn-shanghai");
    assert_eq!(desk.deploy(&[]).await.code, 1);
    desk.follow(lacks["remedy"].as_str().unwrap()).await;
    desk.is_well().await;
}

/// The way to the cloud, with the dates of its answers shifted.
fn shifted(desk: &Desk, by: SignedDuration) -> Arc<dyn Transport> {
    let way = desk.transport();
    Arc::new(move |request: Request<Bytes>| {
        let sent = way.send(request);
        async move {
            let mut answer = sent.await?;
            let parser = jiff::fmt::rfc2822::DateTimeParser::new();
            let date = parser.parse_timestamp(answer.headers()["date"].to_str().unwrap()).unwrap() + by;
            let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            answer.headers_mut().insert("date", date.parse().unwrap());
            Ok(answer)
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_named_before_and_after_the_cloud_refuses_it() {
    let mut desk = deployed("doctor-clock").await;
    let folder = desk.file("packages").display().to_string();
    let look = ["doctor", "--json", "--packages", &folder];
    for (minutes, words) in [(-10, "10 minutes ahead of"), (10, "10 minutes behind")] {
        let ran = desk.run_by(shifted(&desk, SignedDuration::from_mins(minutes)), &look).await;
        let found = wrong(&ran);
        assert_eq!((ran.code, found.len()), (2, 1), "{}", ran.all());
        assert!(found[0]["code"] == "clock" && found[0]["says"].as_str().unwrap().contains(words), "{}", found[0]);
    }
    let now: Timestamp = desk.local.clock().now();
    desk.clock = Some(Clock::seeded(now + SignedDuration::from_mins(20), 7));
    let ran = desk.doctor().await;
    let found = wrong(&ran);
    assert_eq!((ran.code, found.len()), (2, 1), "{}", ran.all());
    assert!(found[0]["says"].as_str().unwrap().contains("InvalidTimeStamp.Expired"), "{}", found[0]);
    desk.clock = None;
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn runs_that_fail_are_named_with_the_way_to_their_cause() {
    let desk = deployed("doctor-runs").await;
    let ran = desk.doctor().await;
    let untold = findings(&ran, "not-checked");
    for code in ["last-event", "last-success"] {
        assert!(untold.iter().any(|one| one["code"] == code), "{code}: {}", ran.all());
    }
    // Nothing serves the functions of this desk, so the run fails.
    let input = r#"{"binding":"web","trigger":"event"}"#;
    desk.aliyun(&format!("aliyun fnf StartExecution --FlowName albridge --ExecutionName web-1 --Input '{input}'"))
        .await;
    desk.local.clock().sleep(Duration::from_secs(3 * 3600)).await;
    let ran = desk.doctor().await;
    let found = wrong(&ran);
    assert_eq!((ran.code, found.len()), (2, 1), "{}", ran.all());
    assert!(found[0]["code"] == "last-success" && found[0]["says"].as_str().unwrap().contains("web-1, failed"));
    assert!(findings(&ran, "well").iter().any(|one| one["code"] == "last-event"), "{}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn the_pages_permissions_are_the_ones_it_needs_and_one_that_lacks_is_named() {
    let mut desk = desk("doctor-permissions").await;
    let reads = PAGE.split("What it reads:").nth(1).unwrap();
    let reads: BTreeSet<String> = reads.split('`').filter(|word| word.contains(':')).map(str::to_owned).collect();
    let allow = |actions: Vec<&String>| json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["*"]}]});
    let keys = desk.variables.clone();
    // Before the first deploy it looks at more.
    desk.become_role("looker", &allow(reads.iter().collect())).await;
    let ran = desk.doctor().await;
    assert!(ran.code == 2 && findings(&ran, "unread").is_empty(), "{}", ran.all());
    let looker = std::mem::replace(&mut desk.variables, keys.clone());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.variables = looker;
    let ran = desk.doctor().await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(findings(&ran, "not-checked").iter().any(|one| one["code"] == "permissions"), "{}", ran.all());
    let (called, wrote) = desk.called("looker");
    assert_eq!((called, wrote), (reads.clone(), false));

    desk.variables = keys;
    desk.become_role("poor", &allow(reads.iter().filter(|action| *action != "ros:ListStacks").collect())).await;
    let ran = desk.doctor().await;
    assert_eq!(ran.code, 1, "{}", ran.all());
    let unread = findings(&ran, "unread");
    assert!(!unread.is_empty(), "{}", ran.all());
    for one in unread {
        assert_eq!(one["remedy"], "Allow ros:ListStacks to whoever runs this.", "{one}");
    }
    assert!(!ran.stdout.contains("\"permissions\""), "what was refused is told by itself: {}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn it_takes_few_calls_side_by_side() {
    let desk = desk("doctor-calls").await;
    // Before the first deploy the stacks of every region are listed, too.
    let (ran, took, _) = slow(&desk).await;
    assert!(ran.code == 2 && took < SignedDuration::from_secs(10), "{took}: {}", ran.all());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    let (ran, took, count) = slow(&desk).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    // Two stacks, thirteen functions, four triggers.
    assert!(took < SignedDuration::from_secs(10), "{took}");
    assert_eq!(count, 43);
}

/// What doctor says where every call takes a second, how long that takes, and how many calls it is.
async fn slow(desk: &Desk) -> (Ran, SignedDuration, usize) {
    let (count, clock, way) = (Arc::new(AtomicUsize::new(0)), desk.local.clock().clone(), desk.transport());
    let counted = Arc::clone(&count);
    let slow = move |request: Request<Bytes>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let (clock, sent) = (clock.clone(), way.send(request));
        async move {
            clock.sleep(Duration::from_secs(1)).await;
            sent.await
        }
    };
    let folder = desk.file("packages").display().to_string();
    let began = desk.local.clock().now();
    let ran = desk.run_by(Arc::new(slow), &["doctor", "--packages", &folder]).await;
    let took = desk.local.clock().now().duration_since(began);
    (ran, took, count.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn roles_that_do_not_fit_are_told_before_the_first_deploy() {
    let desk = desk("doctor-quota").await;
    let about = |ran: &Ran, verdict: &str| -> Vec<String> {
        let found = findings(ran, verdict).into_iter().filter(|one| one["code"] == "quotas");
        found.map(|one| one["says"].as_str().unwrap().to_owned()).collect()
    };
    let ran = desk.doctor().await;
    assert_eq!(about(&ran, "well"), ["1 of 1000 roles, 0 of 1500 custom policies", "0 of 200"], "{}", ran.all());
    desk.set(AccountState::RoleQuota(14));
    let ran = desk.doctor().await;
    let said = about(&ran, "wrong");
    assert!(said[0].contains("1 roles, 14 are to come"), "{said:?}: {}", ran.all());
    // One role less is to come: then they are there, and were taken.
    desk.set(AccountState::RoleQuota(15));
    assert!(about(&desk.doctor().await, "wrong").is_empty());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.set(AccountState::RoleQuota(3));
    assert!(about(&desk.doctor().await, "wrong").is_empty());
}

/// Stacks of all regions count; those of others are there already.
#[tokio::test(start_paused = true)]
async fn stacks_that_do_not_fit_are_told_before_the_first_deploy() {
    const OTHER: &str = "ROSTemplateFormatVersion: '2015-09-01'\nResources: { Logs: { Type: 'ALIYUN::SLS::Project', Properties: { Name: logs } } }\n";
    let desk = desk("doctor-stacks").await;
    let client = desk.local.operator();
    let mut last = String::new();
    for number in 0..199 {
        let create = ros::CreateStack {
            stack_name: format!("other-{number}"),
            template_body: OTHER.to_owned(),
            ..ros::CreateStack::default()
        };
        let region = if number % 2 == 0 { "cn-beijing" } else { "cn-chengdu" };
        last = client.call(region, &create).await.unwrap().stack_id;
    }
    let ran = desk.doctor().await;
    let found = findings(&ran, "wrong").into_iter().find(|one| one["code"] == "quotas").unwrap();
    assert_eq!(found["says"], "It has 199, 2 are to come, and it may have 200, unless it was granted more.");
    client.call("cn-beijing", &ros::DeleteStack { stack_id: last }).await.unwrap();
    let ran = desk.doctor().await;
    assert!(findings(&ran, "wrong").iter().all(|one| one["code"] != "quotas"), "{}", ran.all());
    assert!(findings(&ran, "well").iter().any(|one| one["says"] == "198 of 200"), "{}", ran.all());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    // What is there was taken, and is not asked for any more.
    assert!(!desk.doctor().await.stdout.contains("stacks of the account"));
}
