//! Other bindings are read before anything is pruned, and only then: what one of them wants stays, and one that cannot be
//! read wants everything.

use std::sync::Arc;
use std::time::Duration;

use onboarding::{Code, Plan};
use serde_json::{Value, json};

use super::scripted::{World, binding, host, invocation_of, with_routers, world};

/// A store with `web`, `api` in the region of its load balancer, and `far` in no region of its own.
fn store() -> Arc<World> {
    let of = |name: &str, alb: [&str; 2], backend: [&str; 2]| {
        let mut other = binding();
        other["name"] = json!(name);
        (other["alb"]["id"], other["alb"]["region"]) = (json!(alb[0]), json!(alb[1]));
        (other["backends"][0]["vpc"], other["backends"][0]["region"]) = (json!(backend[0]), json!(backend[1]));
        other
    };
    let api = of("api", ["alb-2", "cn-chengdu"], ["vpc-c", "cn-beijing"]);
    let far = of("far", ["alb-3", "cn-shanghai"], ["vpc-f", "cn-shenzhen"]);
    let world = world();
    with_routers(&world);
    world.on("GetLoadBalancerAttribute", |call| {
        let zone = json!({
            "ZoneId": "cn-chengdu-a", "VSwitchId": "vsw-a",
            "LoadBalancerAddresses": [{ "Ipv4LocalAddresses": ["10.1.1.9"] }]
        });
        let row = json!({
            "LoadBalancerId": call.get("LoadBalancerId"), "VpcId": "vpc-a", "LoadBalancerStatus": "Active",
            "LoadBalancerEdition": "Standard", "ZoneMappings": [zone]
        });
        (200, row)
    });
    world.always("GetObject", Value::from(json!({ "bindings": [binding(), api, far] }).to_string()));
    world
}

/// A route of ours in every table that nobody wants.
fn with_something_to_remove(world: &World) {
    let services = json!({ "DestinationCidrBlock": "100.64.0.0/10", "Type": "System", "Status": "Available" });
    let hop = json!({ "NextHopType": "Attachment", "NextHopId": "tr-attach-1" });
    let left = json!({
        "RouteEntryId": "rte-1", "DestinationCidrBlock": "10.99.0.0/24", "Type": "Custom", "Status": "Available",
        "Description": "albridge/albridge/web", "NextHops": { "NextHop": [hop] }
    });
    let entries = json!({ "RouteEntrys": { "RouteEntry": [services, left] }, "NextToken": "" });
    world.always("DescribeRouteEntryList", entries);
}

async fn planned(world: &Arc<World>) -> (Plan, Duration) {
    let host = host(world, &[]);
    let began = host.clock().now();
    let plan = stage::plan_whole(&invocation_of(&host, Duration::from_secs(65)), &"web".into(), false).await.unwrap().1;
    (plan, host.clock().now().duration_since(began).try_into().unwrap())
}

#[tokio::test(start_paused = true)]
async fn without_anything_to_remove_no_other_binding_is_read() {
    let world = store();
    let (plan, _) = planned(&world).await;
    assert!(plan.of(onboarding::StageName::Prune).next().is_none(), "{plan:#?}");
    let others = ["vpc-c", "vpc-f"];
    let calls = world.calls_of("DescribeVpcAttribute");
    assert!(!calls.iter().any(|call| others.contains(&call.get("VpcId"))), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn every_binding_that_shares_a_region_is_read_and_no_other() {
    let world = store();
    with_something_to_remove(&world);
    let (plan, _) = planned(&world).await;
    let unread: Vec<_> = plan.findings.iter().filter(|reason| reason.code == Code::Unread).collect();
    assert!(unread.is_empty(), "all was read that it wants: {unread:#?}");
    let calls = world.calls_of("DescribeVpcAttribute");
    let read = |vpc: &str| calls.iter().filter(|call| call.get("VpcId") == vpc).count();
    assert_eq!((read("vpc-b"), read("vpc-c"), read("vpc-f")), (1, 1, 0), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_is_not_read_in_half_of_the_time_wants_everything() {
    let world = store();
    with_something_to_remove(&world);
    world.slow("vpc-c", Duration::from_secs(3600));
    let (plan, took) = planned(&world).await;
    let unread = |reason: &&onboarding::Reason| reason.code == Code::Unread && reason.message.contains("api");
    assert!(plan.findings.iter().any(|reason| unread(&reason)), "{:#?}", plan.findings);
    assert!((29..=31).contains(&took.as_secs()), "{took:?} of 60 s");
}
