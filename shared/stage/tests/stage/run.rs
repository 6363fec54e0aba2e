//! The loop: what it writes, when it waits, when it gives up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::scripted::{Call, World, binding, host, instance, invocation, refusal, request, with_routers, world};
use onboarding::unread::Cause;
use onboarding::{Change, Code, StageName, Topology, Write};
use openapi::{Action, alb, ecs};
use serde_json::{Value, json};
use stage::{Invocation, Needs, Owner, Session, Side, Stage, StageError, Status, WriteError, run};

/// Step 1 as its function does it, cut down to what the loop sees of it.
pub(crate) struct Groups;

impl Stage for Groups {
    const NAME: StageName = StageName::ServerGroup;
    const NEEDS: Needs = Needs::GROUPS;
    const WRITES: &'static [&'static str] = &[alb::CreateServerGroup::RAM_ACTION];
    const SHOWS: &'static [&'static str] = &["ListServerGroups"];

    async fn write(&self, session: &Session<'_>, seen: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(Change { write: Write::CreateServerGroup { name, vpc, .. }, .. }) = changes.first() else {
            return Ok(0);
        };
        let create = alb::CreateServerGroup {
            server_group_name: name.clone(),
            vpc_id: Some(vpc.to_string()),
            ..Default::default()
        };
        session.create(Owner::Binding, Side::Alb, session.binding().alb.region.as_str(), seen, create).await
    }
}

/// Step 7, likewise.
pub(crate) struct Rules;

impl Stage for Rules {
    const NAME: StageName = StageName::SecurityRules;
    const NEEDS: Needs = Needs::SECURITY.and(Needs::VPCS);
    const WRITES: &'static [&'static str] = &[ecs::AuthorizeSecurityGroup::RAM_ACTION];
    const SHOWS: &'static [&'static str] = &["ListServerGroups"];

    async fn write(&self, session: &Session<'_>, _: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(Change { write: Write::AllowIngress { region, group, .. }, .. }) = changes.first() else {
            return Ok(0);
        };
        let action = ecs::AuthorizeSecurityGroup { security_group_id: group.to_string(), ..Default::default() };
        session.cloud().own().call(region.as_str(), &action).await?;
        Ok(1)
    }
}

pub(crate) fn group(status: &str) -> Value {
    json!({ "ServerGroups": [{
        "ServerGroupId": "sgp-1", "ServerGroupName": "web-remote", "ServerGroupType": "Ip", "VpcId": "vpc-a",
        "ServerGroupStatus": status, "ServerCount": 0, "Protocol": "HTTP", "Scheduler": "Wrr",
        "Tags": [{ "Key": "albridge", "Value": "albridge/web/server-group" }],
        "ConnectionDrainConfig": { "ConnectionDrainEnabled": true, "ConnectionDrainTimeout": 30 },
        "HealthCheckConfig": { "HealthCheckEnabled": true, "HealthCheckCodes": ["http_2xx", "http_3xx"] }
    }] })
}

/// A world where a group can be created: `Creating` for `slow` listings, then `Available`.
fn with_groups(slow: u32) -> Arc<World> {
    let world = world();
    let listed = Arc::new(AtomicU32::new(u32::MAX));
    let created = Arc::clone(&listed);
    world.on("CreateServerGroup", move |_| {
        created.store(0, Ordering::Relaxed);
        (200, json!({ "ServerGroupId": "sgp-1", "JobId": "job-1" }))
    });
    world.on("ListServerGroups", move |_| match listed.load(Ordering::Relaxed) {
        u32::MAX => (200, json!({ "ServerGroups": [] })),
        count => {
            listed.store(count.saturating_add(1), Ordering::Relaxed);
            (200, group(if count < slow { "Creating" } else { "Available" }))
        }
    });
    world
}

#[tokio::test(start_paused = true)]
async fn a_stage_writes_waits_and_reports() {
    let world = with_groups(10);
    let host = host(&world, &[]);
    let report = run(&Groups, &invocation(&host), &request()).await.unwrap();
    assert_eq!(report.status, Status::Done);
    assert!(report.ok, "{report:?}");
    assert_eq!(report.changes, 1);
    assert_eq!(world.writes(), ["CreateServerGroup"]);
}

#[tokio::test(start_paused = true)]
async fn a_host_with_another_client_calls_with_that_one() {
    let (usual, other) = (with_groups(0), with_groups(0));
    let client = host(&other, &[]).client().clone();
    let host = host(&usual, &[]).with_client(client);
    run(&Groups, &invocation(&host), &request()).await.unwrap();
    assert!(usual.calls().is_empty(), "{:?}", usual.calls());
    assert_eq!(other.writes(), ["CreateServerGroup"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_already_is_not_written_again() {
    let world = with_groups(0);
    let host = host(&world, &[]);
    run(&Groups, &invocation(&host), &request()).await.unwrap();
    let report = run(&Groups, &invocation(&host), &request()).await.unwrap();
    assert_eq!(report.changes, 0);
    assert_eq!(world.calls_of("CreateServerGroup").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_runs_that_see_the_same_world_send_the_same_token() {
    let world = world();
    world.refuses("CreateServerGroup", 400, "QuotaExceeded.ServerGroup");
    let host = host(&world, &[]);
    let mut other = request();
    other.run = "by-hand".to_owned();
    run(&Groups, &invocation(&host), &request()).await.unwrap();
    run(&Groups, &invocation(&host), &other).await.unwrap();
    let calls = world.calls_of("CreateServerGroup");
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].get("ClientToken"), calls[1].get("ClientToken"));
    assert_eq!(calls[0].get("ClientToken").len(), 64);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_means_wait_and_read_again() {
    let world = with_groups(0);
    let listed = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&listed);
    world.on("CreateServerGroup", move |_| match seen.fetch_add(1, Ordering::Relaxed) {
        0..8 => (400, refusal("Conflict.Lock")),
        _ => (200, json!({ "ServerGroupId": "sgp-1" })),
    });
    world.on("ListServerGroups", move |_| match listed.load(Ordering::Relaxed) {
        0..=8 => (200, json!({ "ServerGroups": [] })),
        _ => (200, group("Available")),
    });
    let host = host(&world, &[]);
    let report = run(&Groups, &invocation(&host), &request()).await.unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(report.changes, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_blocks_its_change_and_no_other() {
    let world = world();
    let instances = [instance("i-1", "10.2.1.1", "sg-1"), instance("i-2", "10.2.1.2", "sg-2")];
    world.always("DescribeInstances", json!({ "Instances": { "Instance": instances } }));
    let interface = json!({
        "NetworkInterfaceId": "eni-1", "InstanceId": "i-1", "VpcId": "vpc-b", "VSwitchId": "vsw-b", "Type": "Primary",
        "Status": "InUse", "PrivateIpAddress": "10.2.1.1", "ServiceManaged": false,
        "SecurityGroupIds": { "SecurityGroupId": ["sg-1"] }
    });
    let listed =
        json!({ "NetworkInterfaceSets": { "NetworkInterfaceSet": [interface] }, "TotalCount": 1, "NextToken": "" });
    world.always("DescribeNetworkInterfaces", listed);
    let groups = ["sg-1", "sg-2"].map(|id| json!({ "SecurityGroupId": id, "VpcId": "vpc-b" }));
    world.always("DescribeSecurityGroups", json!({ "SecurityGroups": { "SecurityGroup": groups } }));
    let allowed = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&allowed);
    world.on("DescribeSecurityGroupAttribute", move |call| {
        let allowed = call.get("SecurityGroupId") == "sg-2" && seen.load(Ordering::Relaxed) > 0;
        let rule = json!({
            "SecurityGroupRuleId": "sgr-1", "IpProtocol": "TCP", "PortRange": "80/80", "SourceCidrIp": "10.1.1.0/24",
            "Policy": "Accept", "Priority": "90", "Direction": "ingress", "Description": "albridge/albridge/web"
        });
        let rules = if allowed { vec![rule] } else { Vec::new() };
        (200, json!({ "SecurityGroupId": call.get("SecurityGroupId"), "Permissions": { "Permission": rules } }))
    });
    world.on("AuthorizeSecurityGroup", move |call| match call.get("SecurityGroupId") {
        "sg-1" => (403, refusal("AuthorizationLimitExceed")),
        _ => {
            allowed.store(1, Ordering::Relaxed);
            (200, json!({}))
        }
    });
    let host = host(&world, &[]);
    let report = run(&Rules, &invocation(&host), &request()).await.unwrap();
    assert_eq!(report.changes, 1, "{report:?}");
    assert_eq!(report.status, Status::Blocked);
    assert_eq!(report.blocked.len(), 1, "{report:?}");
    assert_eq!(report.blocked[0].code, Code::Refused);
    assert!(report.blocked[0].message.contains("AuthorizationLimitExceed"), "{report:?}");
    let of_first = |call: &Call| call.get("SecurityGroupId") == "sg-1";
    let calls = world.calls_of("AuthorizeSecurityGroup");
    assert_eq!(calls.iter().filter(|call| of_first(call)).count(), 1, "not asked twice");
}

#[tokio::test(start_paused = true)]
async fn the_kill_switch_stops_every_write() {
    let mut paused = binding();
    paused["paused"] = json!(true);
    let stores = [
        json!({ "paused": true, "bindings": [binding()] }),
        json!({ "bindings": [paused] }),
        json!({ "bindings": [binding()] }),
    ];
    for (number, store) in stores.into_iter().enumerate() {
        let world = with_groups(0);
        world.always("GetObject", Value::from(store.to_string()));
        let switch: &[(&str, &str)] = if number == 2 { &[("ALBRIDGE_READ_ONLY", "1")] } else { &[] };
        let host = host(&world, switch);
        let report = run(&Groups, &invocation(&host), &request()).await.unwrap();
        assert_eq!(report.status, Status::ReadOnly, "{number}");
        assert_eq!(report.blocked[0].code, Code::ReadOnly);
        assert!(!report.ok);
        assert!(world.writes().is_empty(), "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_still_pending_before_the_deadline() {
    let world = with_groups(u32::MAX);
    let host = host(&world, &[]);
    let invocation = invocation(&host);
    let failure = run(&Groups, &invocation, &request()).await.unwrap_err();
    assert_eq!(failure.error_type(), "StillPending", "{failure}");
    assert!(host.clock().now() <= invocation.budget_end());
    assert!(host.clock().until(invocation.deadline).as_secs() < 30, "it used its time");
    assert_eq!(world.calls_of("CreateServerGroup").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_fails_is_not_taken_for_a_settled_one() {
    let world = world();
    world.refuses("GetLoadBalancerAttribute", 500, "InternalError");
    let host = host(&world, &[]);
    let failure = run(&Groups, &invocation(&host), &request()).await.unwrap_err();
    assert!(matches!(failure, StageError::CloudFailing { .. }), "{failure}");
    assert!(
        failure.to_string().contains("could not read GetLoadBalancerAttribute (alb, cn-chengdu): InternalError"),
        "{failure}"
    );
    assert!(failure.to_string().ends_with(Cause::Service.remedy()), "{failure}");
    assert!(world.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_blocks_by_name() {
    let world = world();
    world.refuses("ListServerGroups", 403, "Forbidden.NoPermission");
    let host = host(&world, &[]);
    let report = run(&Groups, &invocation(&host), &request()).await.unwrap();
    assert!(!report.ok);
    let unread = report.findings.iter().chain(&report.blocked).find(|reason| reason.code == Code::Unread).unwrap();
    assert!(unread.message.contains("Forbidden.NoPermission"), "{unread}");
    assert_eq!(report.status, Status::Unread, "done would be a claim");
    let failed: Vec<_> = report.unread.iter().map(|call| (call.cause, call.action.as_str())).collect();
    assert_eq!(failed, [(Cause::Permission, "ListServerGroups")]);
    assert!(world.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_store_or_a_binding_nothing_is_called() {
    let world = world();
    world.refuses("GetObject", 403, "AccessDenied");
    let host = host(&world, &[]);
    let failure = run(&Groups, &invocation(&host), &request()).await.unwrap_err();
    assert_eq!(failure.error_type(), "XregStore", "{failure}");

    world.always("GetObject", Value::from("bindings: {"));
    let failure = run(&Groups, &invocation(&host), &request()).await.unwrap_err();
    assert_eq!(failure.code(), Code::Store);

    world.always("GetObject", Value::from(json!({ "bindings": [] }).to_string()));
    let failure = run(&Groups, &invocation(&host), &request()).await.unwrap_err();
    assert_eq!(failure.error_type(), "XregNoBinding");
    assert!(world.calls_of("GetLoadBalancerAttribute").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_approved_plan_is_kept_to() {
    let world = with_groups(0);
    let host = host(&world, &[]);
    let nothing = onboarding::Plan::default();
    let invocation = Invocation { approved: Some(&nothing), ..invocation(&host) };
    let report = run(&Groups, &invocation, &request()).await.unwrap();
    assert_eq!(report.blocked[0].code, Code::NotApproved);
    assert!(world.writes().is_empty());

    let (_, plan) = stage::plan_whole(&invocation, &"web".into(), true).await.unwrap();
    let invocation = Invocation { approved: Some(&plan), ..invocation };
    let report = run(&Groups, &invocation, &request()).await.unwrap();
    assert_eq!(report.changes, 1);
}

/// A person is shown what a yes would let happen; the timer, and a run, plan without one.
#[tokio::test(start_paused = true)]
async fn a_plan_counts_on_a_yes_only_where_somebody_will_be_asked() {
    let mut spec = binding();
    spec["provision"] = json!("approved");
    let world = world();
    with_routers(&world);
    world.always("GetObject", Value::from(json!({ "bindings": [spec] }).to_string()));
    let host = host(&world, &[]);
    for approved in [false, true] {
        let (_, plan) = stage::plan_whole(&invocation(&host), &"web".into(), approved).await.unwrap();
        let paid = |change: &&Change| matches!(change.write, Write::AttachVpc { .. } | Write::Connect { .. });
        let paid: Vec<_> = plan.changes.iter().filter(paid).collect();
        assert!(!paid.is_empty(), "{plan:#?}");
        let missing = |change: &&Change| change.blocked.iter().any(|reason| reason.code == Code::NotApproved);
        let missing = paid.iter().filter(|change| missing(change)).count();
        assert_eq!(missing, if approved { 0 } else { paid.len() }, "{approved}: {plan:#?}");
    }
}

#[test]
fn a_run_can_be_moved_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let world = world();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _guard = runtime.enter();
    let host = host(&world, &[]);
    is_send(run(&Groups, &invocation(&host), &request()));
}
