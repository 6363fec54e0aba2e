//! Instances come and go with their events; rules, addresses and lists behave as documented.

use serde_json::{Value, json};

use crate::Effect;
use crate::call::Service;
use crate::dataplane::owner::owner_of_address;
use crate::platform::triggers;
use crate::scenario::bench::{Bench, FAR, NEAR, rows, text};
use crate::state::ecs::State;
use crate::state::fc::{Function, Outcome};

const SERVER: (&str, &str) = ("InstanceId", "i-ecs1");

/// Every ECS event of the far region goes to a function, as a deployment's rule would have it.
fn watched() -> Bench {
    let mut bench = Bench::new();
    let function = Function {
        name: "watch".to_owned(),
        runtime: "custom.debian12".to_owned(),
        timeout: 60,
        memory: 512,
        instance_concurrency: 100,
        ..Function::default()
    };
    bench.world.put_function(bench.now, FAR, function);
    triggers::put_rule(&mut bench.world, FAR, "watch", "all", &json!({"source": ["acs.ecs"]}), true);
    bench
}

/// The type and data of the events that arrive within some seconds.
fn arrivals(bench: &mut Bench, seconds: u32) -> Vec<(String, Value)> {
    let mut arrived = Vec::new();
    for _ in 0..seconds {
        bench.now += jiff::SignedDuration::from_secs(1);
        for effect in bench.world.advance(bench.now) {
            let Effect::Invoke(invocation) = effect;
            let event: Value = serde_json::from_slice(&invocation.payload).unwrap();
            arrived.push((text(&event, "type"), event["data"].clone()));
            bench.world.finish(bench.now, invocation.id, Outcome::Answered(Vec::new()));
        }
    }
    arrived
}

fn states(arrived: &[(String, Value)]) -> Vec<String> {
    arrived
        .iter()
        .map(|(kind, data)| if kind == "ecs:Instance:StateChange" { text(data, "state") } else { kind.clone() })
        .collect()
}

fn state(bench: &mut Bench, id: &str) -> String {
    let ids = json!([id]).to_string();
    let answer = bench.ecs(FAR, "DescribeInstances", &[("InstanceIds", &ids)]);
    text(&rows(&answer, "/Instances/Instance")[0], "Status")
}

fn allow<'a>(extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let base = [
        ("SecurityGroupId", "sg-2"),
        ("Permissions.1.IpProtocol", "tcp"),
        ("Permissions.1.PortRange", "80/80"),
        ("Permissions.1.SourceCidrIp", "172.16.0.0/24"),
    ];
    [&base, extra].concat()
}

fn permissions(bench: &mut Bench) -> Vec<Value> {
    rows(&bench.ecs(FAR, "DescribeSecurityGroupAttribute", &[("SecurityGroupId", "sg-2")]), "/Permissions/Permission")
}

#[test]
fn an_instance_starts_stops_and_goes_and_each_state_is_an_event() {
    let mut bench = watched();
    bench.ecs(FAR, "StartInstance", &[SERVER]);
    assert_eq!(state(&mut bench, "i-ecs1"), "Starting");
    assert_eq!(bench.code(Service::Ecs, FAR, "StopInstance", &[SERVER]), "IncorrectInstanceStatus");
    assert_eq!(states(&arrivals(&mut bench, 26)), ["Starting"]);
    assert_eq!(state(&mut bench, "i-ecs1"), "Running");
    assert_eq!(states(&arrivals(&mut bench, 1)), ["Running"]);
    assert_eq!(bench.code(Service::Ecs, FAR, "DeleteInstance", &[SERVER]), "IncorrectInstanceStatus");
    bench.ecs(FAR, "StopInstance", &[SERVER]);
    assert_eq!(states(&arrivals(&mut bench, 20)), ["Stopping", "Stopped"]);
    bench.ecs(FAR, "DeleteInstance", &[SERVER]);
    let gone = arrivals(&mut bench, 3);
    assert_eq!(gone[0].1, json!({"resourceId": "i-ecs1", "resourceType": "ALIYUN::ECS::Instance", "state": "Deleted"}));
    assert!(owner_of_address(&bench.world, "vpc-2", "192.168.7.10".parse().unwrap()).is_none());
    assert_eq!(bench.code(Service::Ecs, FAR, "StartInstance", &[SERVER]), "InvalidInstanceId.NotFound");
}

#[test]
fn new_instances_are_created_started_and_run() {
    let mut bench = watched();
    let params = [
        ("VSwitchId", "vsw-4"),
        ("SecurityGroupId", "sg-2"),
        ("Tag.1.Key", "app"),
        ("Tag.1.Value", "web"),
        ("Amount", "2"),
    ];
    let ids = rows(&bench.ecs(FAR, "RunInstances", &params), "/InstanceIdSets/InstanceIdSet");
    let id = ids[0].as_str().unwrap().to_owned();
    assert_eq!(state(&mut bench, &id), "Pending");
    assert_eq!(bench.world.ecs.instances[&id].tags["app"], "web");
    let arrived = states(&arrivals(&mut bench, 30));
    assert_eq!(arrived, ["Created", "Created", "Starting", "Starting", "Running", "Running"]);
    assert_eq!(state(&mut bench, &id), "Running");
    let interface = &bench.world.ecs.instances[&id].interface;
    let address = bench.world.ecs.interfaces[interface].addresses[0];
    let owner = owner_of_address(&bench.world, "vpc-2", address).unwrap();
    assert!(owner.running && owner.interface.groups == ["sg-2"] && owner.instance.unwrap().id == id);
}

#[test]
fn the_world_says_when_an_instance_changes_next() {
    let mut bench = Bench::new();
    assert_eq!(bench.world.next_due(bench.now), None);
    bench.ecs(FAR, "StartInstance", &[SERVER]);
    let due = bench.world.next_due(bench.now).unwrap();
    assert_eq!(due.duration_since(bench.now).as_secs(), 25);
    bench.ecs(FAR, "DeleteInstance", &[SERVER, ("Force", "true")]);
    assert_eq!(bench.world.next_due(bench.now), None);
}

#[test]
fn a_reboot_passes_through_every_state() {
    let mut bench = watched();
    bench.ecs(FAR, "StartInstance", &[SERVER]);
    arrivals(&mut bench, 30);
    bench.ecs(FAR, "RebootInstance", &[SERVER]);
    assert_eq!(states(&arrivals(&mut bench, 45)), ["Stopping", "Starting", "Running"]);
}

#[test]
fn a_tag_call_is_seen_as_an_audit_event() {
    let mut bench = watched();
    let tag = [("ResourceType", "instance"), ("ResourceId.1", "i-ecs1"), ("Tag.1.Key", "app"), ("Tag.1.Value", "api")];
    bench.ecs(FAR, "TagResources", &tag);
    bench.ecs(FAR, "UntagResources", &[tag[0], tag[1], ("TagKey.1", "app")]);
    let arrived = arrivals(&mut bench, 3);
    assert_eq!(arrived.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["ecs:ActionTrail:ApiCall"; 2]);
    let names: Vec<_> = arrived.iter().map(|(_, data)| text(data, "eventName")).collect();
    assert_eq!(names, ["TagResources", "UntagResources"]);
    assert_eq!(arrived[0].1["referencedResources"]["ACS::ECS::Instance"], json!(["i-ecs1"]));
    assert!(bench.world.ecs.instances["i-ecs1"].tags.is_empty());
}

#[test]
fn instances_are_found_by_filter_and_page() {
    let mut bench = Bench::new();
    let run = [("VSwitchId", "vsw-3"), ("SecurityGroupId", "sg-2"), ("Amount", "25")];
    bench.ecs(FAR, "RunInstances", &run);
    bench.wait(30);
    let count = |bench: &mut Bench, params: &[(&str, &str)]| {
        rows(&bench.ecs(FAR, "DescribeInstances", &[params, &[("MaxResults", "100")]].concat()), "/Instances/Instance")
            .len()
    };
    assert_eq!(count(&mut bench, &[]), 26);
    assert_eq!(count(&mut bench, &[("Status", "Running")]), 25);
    assert_eq!(count(&mut bench, &[("VSwitchId", "vsw-4")]), 1);
    assert_eq!(count(&mut bench, &[("Tag.1.Key", "app"), ("Tag.1.Value", "web")]), 1);
    assert_eq!(count(&mut bench, &[("Tag.1.Key", "app"), ("Tag.1.Value", "api")]), 0);
    assert_eq!(count(&mut bench, &[("InstanceNetworkType", "vpc"), ("PrivateIpAddresses", r#"["192.168.7.10"]"#)]), 1);
    assert_eq!(count(&mut bench, &[("InstanceIds", r#"["i-ecs1", "i-unknown"]"#)]), 1, "unknown ids are passed over");
    let page = bench.ecs(FAR, "DescribeInstances", &[("MaxResults", "1")]);
    assert_eq!(rows(&page, "/Instances/Instance").len(), 10, "a size below ten counts as ten");
    assert!(!text(&page, "NextToken").is_empty());
    let near = bench.ecs(NEAR, "DescribeInstances", &[]);
    assert_eq!(rows(&near, "/Instances/Instance")[0]["InstanceId"], "i-client");
}

#[test]
fn a_duplicate_rule_is_answered_and_not_added() {
    let mut bench = Bench::new();
    bench.ecs(FAR, "AuthorizeSecurityGroup", &allow(&[]));
    bench.ecs(
        FAR,
        "AuthorizeSecurityGroup",
        &allow(&[("Permissions.1.Policy", "Accept"), ("Permissions.1.Priority", "1")]),
    );
    assert_eq!(permissions(&mut bench).len(), 1);
    bench.ecs(FAR, "AuthorizeSecurityGroup", &allow(&[("Permissions.1.Priority", "50")]));
    bench.ecs(FAR, "AuthorizeSecurityGroup", &allow(&[("Permissions.1.Policy", "drop")]));
    let held = permissions(&mut bench);
    assert_eq!(held.len(), 3);
    assert_eq!(
        (&held[0]["IpProtocol"], &held[0]["PortRange"], &held[0]["Direction"]),
        (&json!("TCP"), &json!("80/80"), &json!("ingress"))
    );
    let rule = &bench.world.ecs.rules("sg-2")[0];
    assert!(rule.ports.holds(80) && !rule.ports.holds(81));
    let order: Vec<_> = held.iter().map(|rule| (text(rule, "Priority"), text(rule, "Policy"))).collect();
    let expected = [("1", "Drop"), ("1", "Accept"), ("50", "Accept")];
    assert_eq!(order, expected.map(|(priority, policy)| (priority.to_owned(), policy.to_owned())));
    let id = text(&held[1], "SecurityGroupRuleId");
    bench.ecs(FAR, "RevokeSecurityGroup", &[("SecurityGroupId", "sg-2"), ("SecurityGroupRuleId.1", &id)]);
    bench.ecs(FAR, "RevokeSecurityGroup", &allow(&[("Permissions.1.Policy", "drop")]));
    assert_eq!(permissions(&mut bench).len(), 1);
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    for (name, value, code) in [
        ("Permissions.1.IpProtocol", "quic", "InvalidIpProtocol.Malformed"),
        ("Permissions.1.PortRange", "80", "InvalidPortRange.Malformed"),
        ("Permissions.1.PortRange", "81/80", "InvalidPortRange.Malformed"),
        ("Permissions.1.PortRange", "-1/-1", "InvalidPortRange.Malformed"),
        ("Permissions.1.SourceCidrIp", "ten", "InvalidSourceCidrIp.Malformed"),
        ("Permissions.1.Priority", "0", "InvalidPriority.ValueNotSupported"),
        ("Permissions.1.Policy", "maybe", "InvalidPolicy.Malformed"),
        ("SecurityGroupId", "sg-9", "InvalidSecurityGroupId.NotFound"),
        ("SecurityGroupId", "sg-1", "InvalidSecurityGroupId.NotFound"),
    ] {
        let code_got = Bench::new().code(Service::Ecs, FAR, "AuthorizeSecurityGroup", &allow(&[(name, value)]));
        assert_eq!(code_got, code, "{name}={value}");
    }
}

#[test]
fn a_group_holds_two_hundred_rules() {
    let mut bench = Bench::new();
    for half in 0..2 {
        let mut params = vec![("SecurityGroupId".to_owned(), "sg-2".to_owned())];
        for index in 1..=100 {
            params.push((format!("Permissions.{index}.IpProtocol"), "tcp".to_owned()));
            params.push((format!("Permissions.{index}.PortRange"), "80/80".to_owned()));
            params.push((format!("Permissions.{index}.SourceCidrIp"), format!("10.{half}.{index}.0/24")));
        }
        let params: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        bench.ecs(FAR, "AuthorizeSecurityGroup", &params);
    }
    assert_eq!(bench.code(Service::Ecs, FAR, "AuthorizeSecurityGroup", &allow(&[])), "AuthorizationLimitExceed");
}

#[test]
fn a_rule_is_changed_in_place() {
    let mut bench = Bench::new();
    bench.ecs(FAR, "AuthorizeSecurityGroup", &allow(&[]));
    let id = text(&permissions(&mut bench)[0], "SecurityGroupRuleId");
    bench.ecs(
        FAR,
        "ModifySecurityGroupRule",
        &[("SecurityGroupId", "sg-2"), ("SecurityGroupRuleId", &id), ("Priority", "7"), ("Policy", "drop")],
    );
    let held = &permissions(&mut bench)[0];
    assert_eq!(
        (text(held, "Priority"), text(held, "Policy"), text(held, "SourceCidrIp")),
        ("7".into(), "Drop".into(), "172.16.0.0/24".into())
    );
}

#[test]
fn a_managed_group_and_a_used_one_are_kept() {
    let mut bench = Bench::new();
    bench.world.ecs.groups.get_mut("sg-1").unwrap().service_managed = true;
    let params = allow(&[("SecurityGroupId", "sg-1")]);
    assert_eq!(
        bench.code(Service::Ecs, NEAR, "AuthorizeSecurityGroup", &params),
        "InvalidOperation.ResourceManagedByCloudProduct"
    );
    assert_eq!(
        bench.code(Service::Ecs, FAR, "DeleteSecurityGroup", &[("SecurityGroupId", "sg-2")]),
        "DependencyViolation"
    );
    let second = text(&bench.ecs(FAR, "CreateSecurityGroup", &[("VpcId", "vpc-2")]), "SecurityGroupId");
    let pair = [SERVER, ("SecurityGroupId", second.as_str())];
    bench.ecs(FAR, "JoinSecurityGroup", &pair);
    bench.ecs(FAR, "LeaveSecurityGroup", &[SERVER, ("SecurityGroupId", "sg-2")]);
    assert_eq!(bench.code(Service::Ecs, FAR, "LeaveSecurityGroup", &pair), "InstanceLastSecurityGroup");
    bench.ecs(FAR, "DeleteSecurityGroup", &[("SecurityGroupId", "sg-2")]);
}

#[test]
fn a_prefix_list_stands_for_its_entries() {
    let mut bench = Bench::new();
    let create = [
        ("PrefixListName", "sources"),
        ("AddressFamily", "IPv4"),
        ("MaxEntries", "2"),
        ("Entry.1.Cidr", "100.117.130.0/25"),
    ];
    let list = text(&bench.ecs(FAR, "CreatePrefixList", &create), "PrefixListId");
    bench.ecs(
        FAR,
        "AuthorizeSecurityGroup",
        &allow(&[("Permissions.1.SourceCidrIp", ""), ("Permissions.1.SourcePrefixListId", &list)]),
    );
    bench.ecs(FAR, "ModifyPrefixList", &[("PrefixListId", &list), ("AddEntry.1.Cidr", "100.117.130.128/25")]);
    let answer = bench.ecs(FAR, "DescribePrefixListAttributes", &[("PrefixListId", &list)]);
    assert_eq!(rows(&answer, "/Entries/Entry").len(), 2);
    let rule = &bench.world.ecs.rules("sg-2")[0];
    assert_eq!(bench.world.ecs.source_prefixes(rule).len(), 2);
    let over = [("PrefixListId", list.as_str()), ("AddEntry.1.Cidr", "10.0.0.0/8")];
    assert_eq!(bench.code(Service::Ecs, FAR, "ModifyPrefixList", &over), "InvalidPrefixList.TooManyEntries");
    assert_eq!(bench.code(Service::Ecs, FAR, "DeletePrefixList", &[("PrefixListId", &list)]), "DependencyViolation");
}

#[test]
fn secondary_addresses_come_and_go_with_events() {
    let mut bench = watched();
    let interface = ("NetworkInterfaceId", "eni-ecs1");
    let taken =
        bench.code(Service::Ecs, FAR, "AssignPrivateIpAddresses", &[interface, ("PrivateIpAddress.1", "192.168.7.10")]);
    assert_eq!(taken, "InvalidPrivateIpAddress.Duplicated");
    bench.ecs(FAR, "AssignPrivateIpAddresses", &[interface, ("PrivateIpAddress.1", "192.168.7.11")]);
    assert!(owner_of_address(&bench.world, "vpc-2", "192.168.7.11".parse().unwrap()).is_some());
    let found = bench.ecs(FAR, "DescribeNetworkInterfaces", &[("PrivateIpAddress.1", "192.168.7.11")]);
    assert_eq!(rows(&found, "/NetworkInterfaceSets/NetworkInterfaceSet")[0]["InstanceId"], "i-ecs1");
    let primary = bench.code(
        Service::Ecs,
        FAR,
        "UnassignPrivateIpAddresses",
        &[interface, ("PrivateIpAddress.1", "192.168.7.10")],
    );
    assert_eq!(primary, "InvalidPrivateIpAddress.NotFound");
    bench.ecs(FAR, "UnassignPrivateIpAddresses", &[interface, ("PrivateIpAddress.1", "192.168.7.11")]);
    let kinds: Vec<_> = arrivals(&mut bench, 3).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["ecs:NetworkInterface:PrivateIPAssigned", "ecs:NetworkInterface:PrivateIPUnassigned"]);
}

#[test]
fn a_stopped_instance_moves_to_another_vswitch_of_its_zone() {
    let mut bench = watched();
    let create = [("VpcId", "vpc-2"), ("ZoneId", "cn-hangzhou-i"), ("CidrBlock", "192.168.9.0/24")];
    let switch = text(&bench.vpc(FAR, "CreateVSwitch", &create), "VSwitchId");
    bench.wait(5);
    assert_eq!(
        bench.code(Service::Ecs, FAR, "ModifyInstanceVpcAttribute", &[SERVER, ("VSwitchId", "vsw-3")]),
        "InvalidParameter.Mismatch"
    );
    bench.ecs(
        FAR,
        "ModifyInstanceVpcAttribute",
        &[SERVER, ("VSwitchId", &switch), ("PrivateIpAddress", "192.168.9.9")],
    );
    assert!(owner_of_address(&bench.world, "vpc-2", "192.168.7.10".parse().unwrap()).is_none());
    let owner = owner_of_address(&bench.world, "vpc-2", "192.168.9.9".parse().unwrap()).unwrap();
    assert_eq!((owner.interface.switch.as_str(), owner.running), (switch.as_str(), false));
    assert_eq!(arrivals(&mut bench, 3)[0].0, "ecs:Instance:VSwitchChanged");
    assert_eq!(bench.world.ecs.instances["i-ecs1"].state, State::Stopped);
}
