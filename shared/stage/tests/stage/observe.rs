//! Observing: complete listings, and what cannot be read is unknown, never absent.

use super::scripted::{Call, World, binding, host, instance, invocation, refusal, request, world};
use onboarding::{Known, Topology};
use serde_json::json;
use stage::{Needs, Session, Side};

async fn observed(world: &std::sync::Arc<World>, needs: Needs) -> Topology {
    let host = host(world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    session.observe(needs).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_makes_only_its_part_unknown() {
    let world = world();
    world.refuses("ListTransitRouters", 403, "Forbidden.RAM");
    let topology = observed(&world, Needs::ALL).await;
    let routers = topology.transit_routers.get("cn-hangzhou").unwrap();
    let why = routers.failure().unwrap();
    assert!(why.starts_with("ListTransitRouters (cbn, cn-") && why.ends_with("): Forbidden.RAM Scripted"), "{why}");
    assert_eq!(topology.alb().unwrap().vpc.as_str(), "vpc-a");
    assert_eq!(topology.peer_attachments, Known::Known(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn only_what_is_asked_for_is_read() {
    let world = world();
    let topology = observed(&world, Needs::LISTENERS).await;
    assert_eq!(topology.listeners, Known::Known(Vec::new()));
    assert_eq!(topology.load_balancer, Known::default());
    assert!(world.calls_of("GetLoadBalancerAttribute").is_empty());
    assert!(world.calls_of("ListTransitRouters").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reading_of_everything_leaves_no_fact_that_nobody_asked_for() {
    let topology = observed(&world(), Needs::ALL).await;
    let text = serde_json::to_string(&topology).unwrap();
    assert!(!text.contains(r#""notAsked":null"#), "without a reason: {text}");
    assert!(text.contains(r#""notAsked":"#), "what there was nothing to read from says so: {text}");
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_that_the_cloud_does_not_know_is_absent() {
    let world = world();
    world.refuses("GetLoadBalancerAttribute", 404, "ResourceNotFound.LoadBalancer");
    let topology = observed(&world, Needs::GROUPS).await;
    assert_eq!(topology.load_balancer, Known::Known(None));
    assert!(topology.server_groups.get().is_none(), "whose groups would that be?");
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read_and_a_broken_one_makes_the_listing_unknown() {
    let world = world();
    let page = |call: &Call| match call.get("NextToken") {
        "" => json!({ "Instances": { "Instance": [instance("i-1", "10.2.1.1", "sg-1")] }, "NextToken": "two" }),
        _ => json!({ "Instances": { "Instance": [instance("i-2", "10.2.1.2", "sg-1")] }, "NextToken": "" }),
    };
    world.on("DescribeInstances", move |call| (200, page(call)));
    let topology = observed(&world, Needs::BACKENDS).await;
    let instances = topology.instances["vpc-b"].get().unwrap();
    assert_eq!(instances.iter().map(|instance| instance.id.as_str()).collect::<Vec<_>>(), ["i-1", "i-2"]);

    world.on("DescribeInstances", move |call| match call.get("NextToken") {
        "" => (200, page(call)),
        _ => (400, refusal("InvalidNextToken")),
    });
    let topology = observed(&world, Needs::BACKENDS).await;
    assert!(topology.instances["vpc-b"].get().is_none());
}

#[tokio::test(start_paused = true)]
async fn groups_are_those_of_the_interface_that_owns_the_address() {
    let world = world();
    let mut found = instance("i-1", "10.2.1.1", "sg-named-by-instance");
    found["NetworkInterfaces"] = json!({ "NetworkInterface": [{ "NetworkInterfaceId": "eni-1", "Type": "Primary" }] });
    world.always("DescribeInstances", json!({ "Instances": { "Instance": [found] } }));
    let interface = |id: &str, address: &str, group: &str| {
        json!({
            "NetworkInterfaceId": id, "InstanceId": "i-1", "VSwitchId": "vsw-b", "PrivateIpAddress": address,
            "SecurityGroupIds": { "SecurityGroupId": [group] },
            "VpcId": "vpc-b", "PrivateIpSets": { "PrivateIpSet": [] }
        })
    };
    let interfaces = [interface("eni-2", "10.2.1.7", "sg-2"), interface("eni-1", "10.2.1.1", "sg-1")];
    let answer = json!({ "NetworkInterfaceSets": { "NetworkInterfaceSet": interfaces } });
    world.always("DescribeNetworkInterfaces", answer);
    let topology = observed(&world, Needs::BACKENDS).await;
    let instance = &topology.instances["vpc-b"].get().unwrap()[0];
    assert_eq!(instance.interface.as_ref().unwrap().as_str(), "eni-1");
    assert_eq!(instance.security_groups, ["sg-1".into()]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_found_from_either_side_and_counted_once() {
    let world = world();
    world.on("ListTransitRouterPeerAttachments", |call| {
        let found = json!({
            "TransitRouterAttachmentId": "tr-attach-9", "RegionId": "cn-hangzhou",
            "PeerTransitRouterRegionId": "cn-chengdu", "Status": "Attached", "Bandwidth": 100, "AutoPublishRouteEnabled": true
        });
        let elsewhere = json!({
            "TransitRouterAttachmentId": "tr-attach-8", "RegionId": call.get("RegionId"),
            "PeerTransitRouterRegionId": "cn-beijing", "Status": "Attached", "AutoPublishRouteEnabled": true
        });
        (200, json!({ "TransitRouterAttachments": [found, elsewhere] }))
    });
    let topology = observed(&world, Needs::CEN).await;
    let peers = topology.peer_attachments.get().unwrap();
    assert_eq!(peers.len(), 1, "{peers:?}");
    assert!(topology.peer_attachment(&"cn-chengdu".into(), &"cn-hangzhou".into()).is_some());
    assert_eq!(world.calls_of("ListTransitRouterPeerAttachments").len(), 2);
}

/// A group with one member, registered by us for `i-gone` at `address`.
fn with_member(world: &World, address: &str) {
    world.always(
        "ListServerGroups",
        json!({ "ServerGroups": [{
            "ServerGroupId": "sgp-1", "ServerGroupName": "web-remote", "ServerGroupType": "Ip", "VpcId": "vpc-a",
            "ServerGroupStatus": "Available", "ServerCount": 1, "Protocol": "HTTP", "Scheduler": "Wrr",
            "HealthCheckConfig": { "HealthCheckEnabled": true },
            "Tags": [{ "Key": "albridge", "Value": "albridge/web/server-group" }]
        }] }),
    );
    world.always(
        "ListServerGroupServers",
        json!({ "Servers": [{
            "ServerId": address, "ServerIp": address, "ServerType": "Ip", "Port": 80, "Weight": 100, "RemoteIpEnabled": true,
            "Status": "Available", "Description": "albridge/albridge/web/i-gone"
        }] }),
    );
}

fn by_id(world: &World) -> usize {
    world.calls_of("DescribeInstances").iter().filter(|call| call.get("InstanceIds") == r#"["i-gone"]"#).count()
}

#[tokio::test(start_paused = true)]
async fn a_member_outside_of_every_backend_is_not_proven_released() {
    let world = world();
    with_member(&world, "10.9.1.5");
    assert!(observed(&world, Needs::MEMBERS).await.released.is_empty());
    assert_eq!(by_id(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn a_side_of_another_account_is_read_with_its_role() {
    let world = world();
    let mut binding = binding();
    let role = json!({ "arn": "acs:ram::123456789012:role/albridge", "externalId": "e-1" });
    binding["backends"][0]["assumeRole"] = role;
    world.always("GetObject", json!({ "bindings": [binding] }).to_string().into());
    world.always(
        "AssumeRole",
        json!({ "Credentials": {
            "AccessKeyId": "STS.1", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": "2026-11-22T09:00:00Z"
        } }),
    );
    let host = host(&world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    let topology = session.observe(Needs::BACKENDS.and(Needs::ALB)).await.unwrap();
    assert_eq!(topology.instances["vpc-b"], Known::Known(Vec::new().into()));
    assert_eq!(world.calls_of("AssumeRole").len(), 1);
    assert_eq!(world.calls_of("AssumeRole")[0].get("ExternalId"), "e-1");
    assert_eq!(session.cloud().owner(Side::Backend(&"vpc-b".into())), Some(123_456_789_012));
    assert_eq!(session.cloud().owner(Side::Alb), None);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_assumed_hides_only_its_side() {
    let world = world();
    let mut binding = binding();
    binding["backends"][0]["assumeRole"] = json!({ "arn": "acs:ram::123456789012:role/albridge" });
    world.always("GetObject", json!({ "bindings": [binding] }).to_string().into());
    world.refuses("AssumeRole", 403, "NoPermission");
    let topology = observed(&world, Needs::ALL).await;
    assert!(topology.alb().is_some());
    let why = topology.instances["vpc-b"].failure().unwrap();
    assert!(why.starts_with("AssumeRole (sts") && why.contains("): NoPermission"), "{why}");
    assert!(topology.vpcs["vpc-b"].why_unknown().is_some());
    assert!(topology.vpcs["vpc-a"].get().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_whole_plan_writes_nothing_and_is_the_same_twice() {
    let world = world();
    let host = host(&world, &[]);
    let first = stage::plan_whole(&invocation(&host), &"web".into(), false).await.unwrap();
    let second = stage::plan_whole(&invocation(&host), &"web".into(), false).await.unwrap();
    assert_eq!(first, second);
    assert!(!first.1.changes.is_empty());
    assert!(world.writes().is_empty());
}

/// The load balancer's answer, changed.
fn balancer(change: impl FnOnce(&mut serde_json::Value)) -> serde_json::Value {
    let mut answer = json!({
        "LoadBalancerId": "alb-1", "VpcId": "vpc-a", "LoadBalancerStatus": "Active", "LoadBalancerEdition": "Standard",
        "CreateTime": "2026-03-01T08:00:00Z",
        "ZoneMappings": [{
            "ZoneId": "cn-chengdu-a", "VSwitchId": "vsw-a",
            "LoadBalancerAddresses": [{ "Address": "10.1.1.8", "Ipv4LocalAddresses": ["10.1.1.9"] }]
        }]
    });
    change(&mut answer);
    answer
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_is_taken_for_classic_only_by_what_says_so() {
    let world = world();
    let read = async |answer: serde_json::Value| {
        world.always("GetLoadBalancerAttribute", answer);
        observed(&world, Needs::ALB).await.load_balancer
    };
    assert!(read(balancer(|_| {})).await.get().is_some());
    let emptied: [fn(&mut serde_json::Value); 6] = [
        |answer| answer["ZoneMappings"] = json!([]),
        |answer| drop(answer.as_object_mut().unwrap().remove("ZoneMappings")),
        |answer| answer["ZoneMappings"][0]["LoadBalancerAddresses"] = json!([]),
        |answer| drop(answer["ZoneMappings"][0].as_object_mut().unwrap().remove("LoadBalancerAddresses")),
        |answer| answer["ZoneMappings"][0]["LoadBalancerAddresses"][0]["Ipv4LocalAddresses"] = json!([]),
        |answer| {
            answer["ZoneMappings"][0]["LoadBalancerAddresses"] = json!([{}]);
            answer.as_object_mut().unwrap().remove("CreateTime");
        },
    ];
    for empty in emptied {
        let seen = read(balancer(empty)).await;
        assert!(seen.failure().is_some_and(|why| why.starts_with("GetLoadBalancerAttribute")), "{seen:?}");
    }
    // One made the second before all new ones were upgraded has none.
    let classic = |at: &'static str| {
        balancer(|answer| {
            answer["ZoneMappings"][0]["LoadBalancerAddresses"] = json!([{ "Address": "10.1.1.8" }]);
            answer["CreateTime"] = json!(at);
        })
    };
    assert!(read(classic("2025-02-24T15:59:59Z")).await.get().is_some());
    assert!(read(classic("2025-02-24T16:00:00Z")).await.get().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_emptied_listing_of_what_is_never_empty_is_unread() {
    let part = async |action: &str, answer: serde_json::Value| {
        let world = world();
        with_member(&world, "10.2.1.5");
        world.always(action, answer);
        observed(&world, Needs::ALL).await
    };
    let topology = part("ListServerGroupServers", json!({ "Servers": [], "TotalCount": 0 })).await;
    assert!(topology.servers.failure().is_some(), "the group counts one member");
    let topology = part("DescribeRouteEntryList", json!({ "RouteEntrys": { "RouteEntry": [] } })).await;
    assert!(topology.vpcs["vpc-b"].failure().is_some());
    let empty = json!({ "RouterTableList": { "RouterTableListType": [] }, "TotalCount": 0 });
    assert!(part("DescribeRouteTableList", empty).await.vpcs["vpc-b"].failure().is_some());
    let untagged = json!({ "ServerGroups": [{
        "ServerGroupId": "sgp-1", "ServerGroupName": "other", "ServerGroupType": "Instance",
        "ServerGroupStatus": "Available", "ServerCount": 0
    }] });
    assert!(part("ListServerGroups", untagged).await.server_groups.failure().is_some(), "listed by a tag it lacks");
}

#[tokio::test(start_paused = true)]
async fn a_vswitch_of_the_vpc_that_is_not_listed_makes_the_vpc_unread() {
    let world = world();
    world.on("DescribeVpcAttribute", |call| {
        let cidr = if call.get("VpcId") == "vpc-a" { "10.1.0.0/16" } else { "10.2.0.0/16" };
        let vswitches = json!({ "VSwitchId": ["vsw-b", "vsw-c"] });
        let id = call.get("VpcId");
        (200, json!({ "VpcId": id, "CidrBlock": cidr, "Status": "Available", "VSwitchIds": vswitches }))
    });
    let topology = observed(&world, Needs::VPCS).await;
    let why = topology.vpcs["vpc-b"].failure().unwrap();
    assert!(why.starts_with("DescribeVSwitches: Contradiction vsw-c"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_that_shows_a_zone_twice_is_unread() {
    let world = world();
    world.always(
        "GetLoadBalancerAttribute",
        balancer(|answer| {
            let zone = answer["ZoneMappings"][0].clone();
            answer["ZoneMappings"].as_array_mut().unwrap().push(zone);
        }),
    );
    let seen = observed(&world, Needs::ALB).await.load_balancer;
    assert!(seen.failure().is_some_and(|why| why.contains("cn-chengdu-a is listed twice")), "{seen:?}");
}

/// Two vSwitches in the ALB's VPC, in two zones of which the load balancer shows the first, and a route of ours to each.
fn with_a_zone_left(world: &World) {
    world.on("DescribeVSwitches", |call| {
        let vswitch = |id: &str, zone: &str, cidr: &str| {
            json!({
                "VSwitchId": id, "ZoneId": zone, "CidrBlock": cidr, "VpcId": call.get("VpcId"),
                "AvailableIpAddressCount": 200, "RouteTable": { "RouteTableId": "vtb-1", "RouteTableType": "System" }
            })
        };
        let found = match call.get("VpcId") {
            "vpc-a" => vec![
                vswitch("vsw-a", "cn-chengdu-a", "10.1.1.0/24"),
                vswitch("vsw-a2", "cn-chengdu-b", "10.1.2.0/24"),
                vswitch("vsw-a3", "cn-chengdu-c", "10.1.3.0/24"),
            ],
            _ => vec![vswitch("vsw-b", "cn-hangzhou-h", "10.2.1.0/24")],
        };
        (200, json!({ "TotalCount": found.len(), "VSwitches": { "VSwitch": found } }))
    });
    let back = |cidr: &str| {
        json!({
            "RouteEntryId": format!("rte-{cidr}"), "DestinationCidrBlock": cidr, "Type": "Custom", "Status": "Available",
            "Description": "albridge/albridge/web",
            "NextHops": { "NextHop": [{ "NextHopType": "Attachment", "NextHopId": "tr-attach-b" }] }
        })
    };
    let services = json!({ "DestinationCidrBlock": "100.64.0.0/10", "Type": "System", "Status": "Available" });
    let entries = [services, back("10.1.1.0/24"), back("10.1.2.0/24")];
    world.always("DescribeRouteEntryList", json!({ "RouteEntrys": { "RouteEntry": entries }, "NextToken": "" }));
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_load_balancer_seems_to_have_left_is_asked_about() {
    let world = world();
    with_a_zone_left(&world);
    let topology = observed(&world, Needs::WANTS).await;
    assert!(topology.load_balancer.get().is_some(), "the listing by zone agrees");
    let zones = |world: &World| {
        let asked = world.calls_of("ListLoadBalancers").into_iter();
        asked.map(|call| call.get("ZoneId").to_owned()).filter(|zone| !zone.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(zones(&world), ["cn-chengdu-b"], "nothing of ours leads to the third one");
    let row = json!({ "LoadBalancerId": "alb-1", "VpcId": "vpc-a", "LoadBalancerStatus": "Active" });
    world.always("ListLoadBalancers", json!({ "LoadBalancers": [row], "TotalCount": 1 }));
    let seen = observed(&world, Needs::WANTS).await.load_balancer;
    let why = seen.failure().unwrap();
    assert!(why.contains("alb-1 is listed in cn-chengdu-b, which is not among its zones"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_row_has_no_tags_is_asked_for_by_them() {
    asked_for_by_tags(|row| drop(row.as_object_mut().unwrap().remove("Tags"))).await;
}

#[tokio::test(start_paused = true)]
async fn so_is_one_whose_list_of_tags_is_empty() {
    asked_for_by_tags(|row| row["Tags"] = json!({ "Tag": [] })).await;
}

async fn asked_for_by_tags(silence: fn(&mut serde_json::Value)) {
    let world = world();
    let untagged = move |id: &str, address: &str| {
        let mut row = instance(id, address, "sg-1");
        silence(&mut row);
        row
    };
    let rows = vec![instance("i-1", "10.2.1.1", "sg-1"), untagged("i-2", "10.2.1.2")];
    let listed = json!({ "Instances": { "Instance": rows } });
    world.on("DescribeInstances", {
        let listed = listed.clone();
        move |call| match call.get("Tag.1.Key") {
            "" => (200, listed.clone()),
            _ => (200, json!({ "Instances": { "Instance": [] } })),
        }
    });
    let instances = observed(&world, Needs::BACKENDS).await.instances["vpc-b"].get().unwrap().clone();
    assert_eq!((instances[0].tags.len(), instances[1].tags.len()), (1, 0));
    let asked: Vec<_> =
        world.calls_of("DescribeInstances").iter().map(|call| call.get("InstanceIds").to_owned()).collect();
    assert_eq!(asked, ["", r#"["i-2"]"#], "only the one without");
    // It has the tag after all: then the row lies.
    world.on("DescribeInstances", move |call| match call.get("Tag.1.Key") {
        "" => (200, listed.clone()),
        _ => (200, json!({ "Instances": { "Instance": [untagged("i-2", "10.2.1.2")] } })),
    });
    let seen = observed(&world, Needs::BACKENDS).await.instances["vpc-b"].clone();
    assert!(seen.failure().is_some_and(|why| why.starts_with("DescribeInstances: Contradiction i-2")), "{seen:?}");
}
