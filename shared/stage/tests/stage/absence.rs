//! What proves that an instance is gone, and what answers that lie can bring about.

use std::sync::{Arc, Mutex};

use onboarding::absence::Unproven;
use onboarding::mark::MemberState;
use onboarding::unread::Cause;
use onboarding::{Change, Code, Plan, StageName, Topology, Write};
use serde_json::{Value, json};
use stage::{Needs, Session};

use super::scripted::{World, binding, host, instance, invocation, request, world};

/// The cloud's side of a group of members: who is there, what is told of it, and what the members' descriptions say.
#[derive(Default)]
struct Cloud {
    instances: Vec<Value>,
    interfaces: Vec<Value>,
    members: Vec<Value>,
}

type Shared = Arc<Mutex<Cloud>>;

fn interface(id: &str, owner: &str, address: &str, managed: bool) -> Value {
    json!({
        "NetworkInterfaceId": id, "InstanceId": owner, "VpcId": "vpc-b", "VSwitchId": "vsw-b", "Type": "Secondary",
        "Status": "InUse", "PrivateIpAddress": address, "ServiceManaged": managed,
        "SecurityGroupIds": { "SecurityGroupId": ["sg-1"] }
    })
}

/// The transit router's own interface in the backend VPC.
fn service() -> Value {
    interface("eni-service", "", "10.2.1.250", true)
}

fn id(number: usize) -> String {
    format!("i-{number:02}")
}

fn address(number: usize) -> String {
    format!("10.2.1.{number}")
}

fn member(number: usize, state: MemberState) -> Value {
    let note = onboarding::Deployment::new("albridge").member(&"web".into(), &id(number).as_str().into(), state);
    json!({
        "ServerId": address(number), "ServerIp": address(number), "ServerType": "Ip", "Port": 80, "Weight": 100,
        "RemoteIpEnabled": true, "Status": "Available", "Description": note, "ServerGroupId": "sgp-1"
    })
}

/// `count` members, their instances running, each with its interface, beside that of the transit router.
fn group(count: usize) -> (Arc<World>, Shared) {
    let world = world();
    let cloud = Arc::new(Mutex::new(Cloud {
        instances: (1..=count).map(|number| instance(&id(number), &address(number), "sg-1")).collect(),
        interfaces: (1..=count)
            .map(|number| interface(&format!("eni-{number}"), &id(number), &address(number), false))
            .chain([service()])
            .collect(),
        members: (1..=count).map(|number| member(number, MemberState::Serving)).collect(),
    }));
    let mut spec = binding();
    spec["removal"] = json!({ "maxPercent": 20 });
    world.always("GetObject", Value::from(json!({ "bindings": [spec] }).to_string()));
    world.always(
        "ListServerGroups",
        json!({ "ServerGroups": [{
            "ServerGroupId": "sgp-1", "ServerGroupName": "web-remote", "ServerGroupType": "Ip", "VpcId": "vpc-a",
            "ServerGroupStatus": "Available", "ServerCount": count, "Protocol": "HTTP", "Scheduler": "Wrr",
            "HealthCheckConfig": { "HealthCheckEnabled": true },
            "Tags": [{ "Key": "albridge", "Value": "albridge/web/server-group" }]
        }], "TotalCount": 1, "NextToken": "" }),
    );
    let shared = Arc::clone(&cloud);
    world.on("ListServerGroupServers", move |_| {
        let members = shared.lock().unwrap().members.clone();
        (200, json!({ "Servers": members, "TotalCount": members.len(), "NextToken": "" }))
    });
    let shared = Arc::clone(&cloud);
    world.on("DescribeInstances", move |call| {
        let wanted: Vec<String> = serde_json::from_str(call.get("InstanceIds")).unwrap_or_default();
        let named = |row: &&Value| wanted.is_empty() || wanted.iter().any(|id| row["InstanceId"] == id.as_str());
        let rows: Vec<Value> = shared.lock().unwrap().instances.iter().filter(named).cloned().collect();
        (200, json!({ "Instances": { "Instance": rows }, "TotalCount": rows.len(), "NextToken": "" }))
    });
    let shared = Arc::clone(&cloud);
    world.on("DescribeNetworkInterfaces", move |_| {
        let rows = shared.lock().unwrap().interfaces.clone();
        (200, json!({ "NetworkInterfaceSets": { "NetworkInterfaceSet": rows }, "TotalCount": rows.len(), "NextToken": "" }))
    });
    (world, cloud)
}

fn by_id(world: &World) -> usize {
    world.calls_of("DescribeInstances").iter().filter(|call| !call.get("InstanceIds").is_empty()).count()
}

async fn observed(world: &Arc<World>) -> Topology {
    let host = host(world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    session.observe(Needs::MEMBERS).await.unwrap()
}

/// The plan of the members.
async fn planned(world: &Arc<World>) -> (Vec<Change>, Plan) {
    let host = host(world, &[]);
    let plan = stage::plan_whole(&invocation(&host), &"web".into(), false).await.unwrap().1;
    (plan.of(StageName::BackendServers).cloned().collect(), plan)
}

fn marks(changes: &[Change], state: fn(&MemberState) -> bool) -> usize {
    let is = |change: &&Change| {
        change.is_open()
            && matches!(&change.write, Write::UpdateServer { weight: 100, state: noted, .. } if state(noted))
    };
    changes.iter().filter(is).count()
}

/// Who holds the address of a released instance, by the interfaces that are listed.
#[tokio::test(start_paused = true)]
async fn a_release_is_proven_by_two_readings_and_a_listing_of_interfaces_without_its_own() {
    let stranger = || interface("eni-9", "i-stranger", &address(1), false);
    let unattached = || interface("eni-9", "", &address(1), false);
    let own = || interface("eni-1", &id(1), &address(1), false);
    let elsewhere = || interface("eni-2", &id(1), "10.2.1.99", false);
    let its = |interface: &str| Some(Unproven::Interface { interface: interface.into() });
    for (case, rows, why) in [
        ("the address is free", vec![service()], None),
        ("a stranger's instance", vec![service(), stranger()], None),
        ("a stranger's instance and no transit router", vec![stranger()], None),
        ("an interface of no instance", vec![service(), unattached()], None),
        ("its own interface", vec![service(), own()], its("eni-1")),
        ("another interface of its own", vec![service(), stranger(), elsewhere()], its("eni-2")),
        ("an empty listing", vec![], Some(Unproven::NoInterfaces { vpc: "vpc-b".into() })),
    ] {
        let (world, cloud) = group(1);
        cloud.lock().unwrap().instances.clear();
        cloud.lock().unwrap().interfaces = rows;
        let topology = observed(&world).await;
        assert_eq!(topology.released.contains(id(1).as_str()), why.is_none(), "{case}");
        assert_eq!(topology.unproven.get(id(1).as_str()), why.as_ref(), "{case}");
        assert_eq!(by_id(&world), if why.is_none() { 2 } else { 0 }, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_by_its_id_that_shows_it_or_fails_proves_nothing() {
    for shown in [1, 2] {
        let (world, cloud) = group(1);
        cloud.lock().unwrap().interfaces = vec![service()];
        let mut readings = 0;
        world.on("DescribeInstances", move |call| {
            let mut rows = Vec::new();
            if !call.get("InstanceIds").is_empty() {
                readings += 1;
                rows.extend((readings == shown).then(|| instance(&id(1), &address(1), "sg-1")));
            }
            (200, json!({ "Instances": { "Instance": rows }, "TotalCount": rows.len(), "NextToken": "" }))
        });
        let topology = observed(&world).await;
        assert!(topology.released.is_empty(), "the reading {shown} shows it");
        assert_eq!(topology.unproven.get(id(1).as_str()), Some(&Unproven::Shown));
    }
    let (world, cloud) = group(1);
    cloud.lock().unwrap().interfaces = vec![service()];
    world.on("DescribeInstances", move |call| match call.get("InstanceIds") {
        "" => (200, json!({ "Instances": { "Instance": [] }, "TotalCount": 0, "NextToken": "" })),
        _ => (403, json!({ "Code": "Forbidden.RAM", "Message": "Scripted.", "RequestId": "R" })),
    });
    let (changes, plan) = planned(&world).await;
    assert_eq!(changes, []);
    let said = |reason: &&onboarding::Reason| reason.code == Code::Unread && reason.message.contains("Forbidden.RAM");
    assert!(plan.findings.iter().any(|reason| said(&reason)), "{:#?}", plan.findings);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_both_readings_show_in_another_vpc_lives_there() {
    for (rounds, expected) in [(2, Unproven::Elsewhere { vpc: "vpc-9".into() }), (1, Unproven::Shown)] {
        let (world, cloud) = group(1);
        cloud.lock().unwrap().interfaces = vec![service()];
        let mut readings = 0;
        world.on("DescribeInstances", move |call| {
            let mut rows = Vec::new();
            if !call.get("InstanceIds").is_empty() {
                readings += 1;
                let mut row = instance(&id(1), "10.9.0.1", "sg-1");
                row["VpcAttributes"]["VpcId"] = json!("vpc-9");
                rows.extend((readings <= rounds).then_some(row));
            }
            (200, json!({ "Instances": { "Instance": rows }, "TotalCount": rows.len(), "NextToken": "" }))
        });
        let topology = observed(&world).await;
        assert!(topology.released.is_empty());
        assert_eq!(topology.unproven.get(id(1).as_str()), Some(&expected));
    }
}

/// Neither a listing that failed nor one of another VPC shows that somebody is gone.
#[tokio::test(start_paused = true)]
async fn only_a_whole_listing_of_its_own_vpc_shows_that_an_instance_is_absent() {
    let (world, cloud) = group(1);
    cloud.lock().unwrap().interfaces = vec![service()];
    world.on("DescribeInstances", move |call| match call.get("InstanceIds") {
        "" => (403, json!({ "Code": "Forbidden.RAM", "Message": "Scripted.", "RequestId": "R" })),
        _ => (200, json!({ "Instances": { "Instance": [] }, "TotalCount": 0, "NextToken": "" })),
    });
    let topology = observed(&world).await;
    assert!(topology.released.is_empty() && topology.unproven.is_empty(), "{:?}", topology.unproven);
    assert_eq!(by_id(&world), 0, "nobody is looked for");
}

/// The lie that the cloud told until 2025-12-20 to callers without permission (corrections.md, section 3).
#[tokio::test(start_paused = true)]
async fn an_empty_account_told_to_everybody_removes_and_alters_nobody() {
    for interfaces_lie in [false, true] {
        let (world, cloud) = group(12);
        let (changes, plan) = planned(&world).await;
        assert_eq!(changes, [], "everything is as it should be");
        let doubted = plan.findings.iter().filter(|finding| finding.code == Code::ReleaseUnproven).count();
        assert_eq!((doubted, by_id(&world)), (0, 0), "nobody who is listed is looked for");
        cloud.lock().unwrap().instances.clear();
        if interfaces_lie {
            cloud.lock().unwrap().interfaces.clear();
        }
        let (changes, plan) = planned(&world).await;
        assert_eq!(changes, [], "interfaces lie, too: {interfaces_lie}");
        let found: Vec<_> = plan.findings.iter().filter(|finding| finding.code == Code::ReleaseUnproven).collect();
        let [found] = &found[..] else { panic!("{:#?}", plan.findings) };
        assert!(found.message.contains(" and 11 more are no longer listed, but "), "{found:?}");
        let [call] = &plan.unread.iter().collect::<Vec<_>>()[..] else { panic!("{:#?}", plan.unread) };
        let action = if interfaces_lie { "DescribeNetworkInterfaces" } else { "DescribeInstances" };
        assert_eq!((call.cause, call.action.as_str()), (Cause::Contradiction, action));
        assert!(!plan.is_whole(), "what was read badly is never called in place");
    }
}

/// Instances and their interfaces are hidden, and the transit router's interfaces are not: there is no telling that from a
/// release. Whoever sees it marks, and takes the marks back.
#[tokio::test(start_paused = true)]
async fn a_lie_that_hides_exactly_the_instances_marks_them_and_the_truth_takes_the_marks_back() {
    let (world, cloud) = group(12);
    let (instances, interfaces) = {
        let mut cloud = cloud.lock().unwrap();
        (std::mem::take(&mut cloud.instances), std::mem::replace(&mut cloud.interfaces, vec![service()]))
    };
    let (changes, _) = planned(&world).await;
    assert_eq!((changes.len(), marks(&changes, |state| matches!(state, MemberState::Released(_)))), (12, 12));

    // Each reading is the first of its invocation, at 08:00.
    let since: jiff::Timestamp = "2026-11-22T07:51:00Z".parse().unwrap();
    cloud.lock().unwrap().members = (1..=12).map(|number| member(number, MemberState::Released(since))).collect();
    let (changes, _) = planned(&world).await;
    assert!(changes.iter().all(|change| !change.is_open()), "{changes:#?}");
    assert_eq!(changes.len(), 12);

    cloud.lock().unwrap().instances = instances;
    cloud.lock().unwrap().interfaces = interfaces;
    let (changes, _) = planned(&world).await;
    assert_eq!((changes.len(), marks(&changes, |state| *state == MemberState::Serving)), (12, 12), "{changes:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_due_mark_is_a_change_and_one_that_is_not_due_is_none() {
    for (minutes, open) in [(9, 0), (10, 3), (60, 3)] {
        let (world, cloud) = group(10);
        let noon: jiff::Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let since = noon - jiff::SignedDuration::from_mins(minutes);
        {
            let mut cloud = cloud.lock().unwrap();
            cloud.instances.drain(..3);
            cloud.interfaces.drain(..3);
            for number in 1..=3 {
                cloud.members[number - 1] = member(number, MemberState::Released(since));
            }
        }
        let (changes, _) = planned(&world).await;
        assert_eq!(changes.len(), 3, "{changes:#?}");
        assert_eq!(changes.iter().filter(|change| change.is_open()).count(), open, "{minutes} minutes: {changes:#?}");
    }
}
