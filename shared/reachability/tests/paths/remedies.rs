//! Every fault of a path comes with what puts it right: a change where albridge can make it, else a task.

use onboarding::topology::Generation::{Classic, Upgraded};
use onboarding::topology::{AclEntry, Instance, NetworkAcl, NextHop, VpcRouteType};
use reachability::{Fault, Hop, Remedy};
use serde_json::{Value, json};

use crate::front::says;
use crate::world::{FAR, NEAR, PEER, World, instance, known, net, rule, transit_route, vpc_route};

type Damage = fn(&mut World);

fn faults(world: &World) -> Vec<Fault> {
    let answer = world.explain();
    for path in [&answer.forward, &answer.back] {
        if let Some(fault) = &path.fault {
            assert_eq!(fault.hop, path.hops.len().checked_sub(1), "the way ends at its fault: {path}");
        }
    }
    [answer.forward, answer.back].into_iter().filter_map(|path| path.fault).collect()
}

fn forget(world: &mut World, region: &str, next_hop: &str) {
    world.table(region).routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != next_hop));
}

fn change(write: &Value) -> Value {
    json!({ "by": "albridge", "change": { "write": write } })
}

#[test]
fn what_is_missing_is_a_change() {
    let cases: Vec<(&str, Value, Damage)> = vec![
        (
            "route there",
            change(
                &json!({"do": "addVpcRoute", "region": "cn-chengdu", "vpc": "vpc-1", "table": "vtb-vpc-1", "destination": "192.168.7.0/24"}),
            ),
            |w| w.routes("vpc-1").retain(|route| !matches!(route.next_hop, NextHop::Attachment(_))),
        ),
        (
            "route there, and a default route elsewhere",
            change(&json!({"do": "addVpcRoute", "vpc": "vpc-1", "destination": "192.168.7.0/24"})),
            |w| {
                w.routes("vpc-1").retain(|route| !matches!(route.next_hop, NextHop::Attachment(_)));
                let nat = NextHop::Other("NatGateway ngw-1".to_owned());
                w.routes("vpc-1").push(vpc_route("rte-nat", net("0.0.0.0/0"), nat));
            },
        ),
        (
            "route back",
            change(
                &json!({"do": "addVpcRoute", "region": "cn-hangzhou", "vpc": "vpc-2", "table": "vtb-vpc-2", "destination": "172.16.0.0/24"}),
            ),
            |w| w.routes("vpc-2").retain(|route| !matches!(route.next_hop, NextHop::Attachment(_))),
        ),
        (
            "attachment",
            json!({"by": "albridge", "change": {"consent": "person", "write": {"do": "attachVpc", "vpc": "vpc-1",
                "zones": [["cn-chengdu-0", "vpc-1-vsw-0"], ["cn-chengdu-1", "vpc-1-vsw-1"]]}}}),
            |w| w.attachments().retain(|attachment| attachment.id.as_str() != NEAR),
        ),
        (
            "connection",
            json!({"by": "albridge", "change": {"consent": "person", "write":
                {"do": "connect", "from": "cn-chengdu", "to": "cn-hangzhou", "mbps": 10, "package": "cenbwp-1"}}}),
            |w| {
                w.peers().clear();
                forget(w, "cn-chengdu", PEER);
                forget(w, "cn-hangzhou", PEER);
            },
        ),
        ("publishing", change(&json!({"do": "publishRoutes", "from": "cn-chengdu", "to": "cn-hangzhou"})), |w| {
            w.peers()[0].auto_publish = false;
            forget(w, "cn-chengdu", PEER);
        }),
        (
            "association near",
            change(
                &json!({"do": "associate", "region": "cn-chengdu", "table": "vtb-tr-1", "attachment": {"kind": "vpc", "vpc": "vpc-1"}}),
            ),
            |w| drop(w.table("cn-chengdu").associations.remove(NEAR)),
        ),
        (
            "association of the connection",
            change(&json!({"do": "associate", "region": "cn-hangzhou", "table": "vtb-tr-2",
                "attachment": {"kind": "peer", "from": "cn-chengdu", "to": "cn-hangzhou"}})),
            |w| drop(w.table("cn-hangzhou").associations.remove(PEER)),
        ),
        (
            "propagation of the connection",
            change(
                &json!({"do": "propagate", "region": "cn-chengdu", "table": "vtb-tr-1", "attachment": {"kind": "peer"}}),
            ),
            |w| {
                w.table("cn-chengdu").propagations.remove(PEER);
                forget(w, "cn-chengdu", PEER);
            },
        ),
        (
            "propagation on the far side, felt on the near one",
            change(
                &json!({"do": "propagate", "region": "cn-hangzhou", "table": "vtb-tr-2", "attachment": {"kind": "vpc", "vpc": "vpc-2"}}),
            ),
            |w| {
                w.table("cn-hangzhou").propagations.remove(FAR);
                forget(w, "cn-hangzhou", FAR);
                forget(w, "cn-chengdu", PEER);
            },
        ),
        (
            "security rule",
            change(&json!({"do": "allowIngress", "region": "cn-hangzhou", "group": "sg-1",
                "rules": [{"port": 80, "source": "172.16.0.0/24", "priority": 90}]})),
            |w| w.rules().clear(),
        ),
    ];
    for (what, remedy, damage) in cases {
        let mut world = World::served(Upgraded);
        damage(&mut world);
        let faults = faults(&world);
        let told = serde_json::to_value(&faults.first().unwrap_or_else(|| panic!("{what}: no fault")).remedy).unwrap();
        assert!(says(&told, &remedy), "{what}: {told}");
    }
}

#[test]
fn a_static_entry_that_only_the_far_side_misses_is_added_on_the_near_one() {
    let mut world = World::served(Classic);
    world.table("cn-chengdu").routes.retain(|route| route.propagated);
    world.table("cn-hangzhou").routes.retain(|route| !net("100.64.0.0/10").contains(&route.destination));
    let faults = faults(&world);
    let last = world.explain().back.hops.pop();
    assert!(matches!(last, Some(Hop::TransitTable { transit_router, .. }) if transit_router.as_str() == "tr-2"));
    assert_eq!(faults[0].reason.message, "Table vtb-tr-1 of tr-1 has no entry for 100.117.130.0/25.", "the cause");
    let told = serde_json::to_value(&faults[0].remedy).unwrap();
    let remedy = change(&json!({"do": "addTransitRoute", "region": "cn-chengdu", "table": "vtb-tr-1",
        "destination": "100.117.130.0/25", "attachment": {"kind": "vpc", "vpc": "vpc-1"}}));
    assert!(says(&told, &remedy), "{told}");
}

#[test]
fn additions_to_what_others_made_need_a_person() {
    for (mark, consent) in
        [(Some("prod/-/vpc-attachment"), "run"), (Some("other/-/vpc-attachment"), "person"), (None, "person")]
    {
        let mut world = World::served(Upgraded);
        world.attachments()[0].mark = mark.map(str::to_owned);
        world.table("cn-chengdu").associations.remove(NEAR);
        let told = serde_json::to_value(&faults(&world)[0].remedy).unwrap();
        assert_eq!(told["change"]["consent"], consent, "{mark:?}");
    }
}

#[test]
fn what_is_others_is_a_task() {
    let cases: Vec<(&str, Value, Damage)> = vec![
        (
            "a route of the same length",
            json!({"action": "removeVpcRoute", "vpc": "vpc-1", "table": "vtb-vpc-1", "route": "rte-x", "destination": "192.168.7.0/24"}),
            |w| {
                w.routes("vpc-1").retain(|route| !matches!(route.next_hop, NextHop::Attachment(_)));
                let appliance = NextHop::Other("Instance i-9".to_owned());
                w.routes("vpc-1").push(vpc_route("rte-x", net("192.168.7.0/24"), appliance));
            },
        ),
        (
            "a black hole",
            json!({"action": "removeTransitRoute", "transitRouter": "tr-1", "table": "vtb-tr-1", "route": "rte-192.168.7.0/24"}),
            |w| {
                let mut hole = transit_route(net("192.168.7.0/24"), PEER, false);
                hole.next_hop = None;
                w.table("cn-chengdu").routes.push(hole);
            },
        ),
        (
            "an ACL",
            json!({"action": "passNetworkAcl", "acl": "nacl-1", "denied": [
                {"direction": "ingress", "ports": [80, 80], "prefix": "172.16.0.0/24"},
                {"direction": "ingress", "ports": [80, 80], "prefix": "172.16.6.0/24"},
                {"direction": "egress", "ports": [1024, 65535], "prefix": "172.16.0.0/24"},
                {"direction": "egress", "ports": [1024, 65535], "prefix": "172.16.6.0/24"}]}),
            |w| {
                w.vpc("vpc-2").vswitches.get_mut("vpc-2-vsw-1").unwrap().network_acl = Some("nacl-1".into());
                let drop_all =
                    AclEntry { protocol: "all".to_owned(), ports: None, cidr: net("0.0.0.0/0"), accept: false };
                let acl = NetworkAcl { id: "nacl-1".into(), ingress: vec![drop_all], egress: Vec::new() };
                w.topology.network_acls.insert("nacl-1".into(), known(Some(acl)));
            },
        ),
        ("a drop", json!({"action": "removeRule", "group": "sg-1", "rule": "sgr-drop"}), |w| {
            w.rules().push(rule("sgr-drop", net("172.16.0.0/12"), false, 1));
        }),
        ("a drop and nothing else", json!({"action": "removeRule", "group": "sg-1", "rule": "sgr-drop"}), |w| {
            *w.rules() = vec![rule("sgr-drop", net("172.16.0.0/12"), false, 1)];
        }),
        ("a managed group", json!({"action": "giveSecurityGroup", "instance": "i-1"}), |w| {
            w.rules().clear();
            let group = w.topology.security_groups.get_mut("sg-1").unwrap().get_mut().unwrap();
            group.as_mut().unwrap().service_managed = true;
        }),
        ("no bandwidth", json!({"action": "giveBandwidth", "attachment": PEER}), |w| w.peers()[0].bandwidth = Some(0)),
        ("a prefix twice", json!({"action": "renumber", "vpc": "vpc-1", "vswitch": "vpc-1-vsw-0"}), |w| {
            w.vpc("vpc-1").vswitches.values_mut().for_each(|vswitch| vswitch.cidr = net("192.168.7.0/24"));
        }),
        ("no transit router", json!({"action": "createTransitRouter", "region": "cn-hangzhou"}), |w| {
            w.topology.transit_routers.insert("cn-hangzhou".into(), known(None));
        }),
        ("a failed call", json!({"action": "letRead", "resource": "sg-1"}), |w| {
            w.topology.security_groups.remove("sg-1");
        }),
    ];
    for (what, remedy, damage) in cases {
        let mut world = World::served(Upgraded);
        damage(&mut world);
        let told = serde_json::to_value(&faults(&world)[0].remedy).unwrap();
        assert_eq!(told["by"], "operator", "{what}");
        assert!(says(&told, &remedy), "{what}: {told}");
    }
}

#[test]
fn what_is_on_its_way_needs_time() {
    let cases: Vec<(&str, Damage)> = vec![
        (FAR, |w| w.attachments()[1].status = "Attaching".into()),
        ("route 192.168.7.0/24 of vtb-vpc-1", |w| {
            w.routes("vpc-1")
                .iter_mut()
                .filter(|route| route.kind == VpcRouteType::Custom)
                .for_each(|route| route.status = "Pending".into());
        }),
        ("association of tr-attach-1 with vtb-tr-1", |w| {
            w.table("cn-chengdu").associations.insert(NEAR.into(), "Associating".into());
        }),
    ];
    for (resource, damage) in cases {
        let mut world = World::served(Upgraded);
        damage(&mut world);
        let Remedy::Time { resource: told, .. } = &faults(&world)[0].remedy else { panic!("{resource}") };
        assert_eq!(told, resource);
    }
}

#[test]
fn a_route_of_ours_that_stands_in_the_way_is_ours_to_remove() {
    let mut world = World::served(Upgraded);
    let mut route = vpc_route("rte-x", net("192.168.7.0/28"), NextHop::Other("Instance i-9".to_owned()));
    route.description = "albridge/prod/web".to_owned();
    world.routes("vpc-1").push(route);
    world.instance.address = Some("192.168.7.10".parse().unwrap());
    let told = serde_json::to_value(&faults(&world)[0].remedy).unwrap();
    assert!(says(&told, &change(&json!({"do": "removeVpcRoute", "route": "rte-x"}))), "{told}");
}

/// What is learned is right where it is taught: of a loop's entries the static one is to blame, wherever the packets are then.
#[test]
fn a_loop_is_put_right_where_somebody_made_it() {
    for (region, next, table) in [("cn-chengdu", PEER, "vtb-tr-1"), ("cn-hangzhou", PEER, "vtb-tr-2")] {
        let mut world = World::served(Upgraded);
        // One side sends it over by a static entry, and the other one has learned to send it back.
        let other = if region == "cn-chengdu" { "cn-hangzhou" } else { "cn-chengdu" };
        world.table(region).routes.push(transit_route(net("192.168.7.0/25"), next, false));
        world.table(other).routes.push(transit_route(net("192.168.7.0/25"), PEER, true));
        let told = serde_json::to_value(&faults(&world)[0].remedy).unwrap();
        let blamed = json!({"action": "removeTransitRoute", "table": table, "destination": "192.168.7.0/25"});
        assert!(says(&told, &blamed), "{region}: {told}");
    }
}

#[test]
fn a_rule_of_ours_that_was_moved_behind_a_drop_is_added_before_it_again() {
    let mut world = World::served(Upgraded);
    world.rules().iter_mut().for_each(|rule| rule.priority = 100);
    world.rules().push(rule("sgr-drop", net("172.16.0.0/12"), false, 95));
    let told = serde_json::to_value(&faults(&world)[0].remedy).unwrap();
    assert!(says(&told, &change(&json!({"do": "allowIngress", "group": "sg-1"}))), "{told}");
}

/// What a person can do about each state is said, not only that it is so.
#[test]
fn what_is_not_ready_says_what_to_do() {
    let cases: Vec<(&str, Damage)> = vec![
        ("Wait until tr-attach-2 is Attached or gone; if it stays Detaching, delete it", |w| {
            w.attachments()[1].status = "Detaching".into();
        }),
        ("Pay what the account owes: the cloud lifts FinancialLocked of alb-1 then.", |w| {
            let load_balancer = w.topology.load_balancer.get_mut().unwrap().as_mut().unwrap();
            load_balancer.locks.push("FinancialLocked".to_owned());
        }),
        ("Have SecurityLocked of alb-1 lifted: ", |w| {
            let load_balancer = w.topology.load_balancer.get_mut().unwrap().as_mut().unwrap();
            load_balancer.locks.push("SecurityLocked".to_owned());
        }),
        ("Wait; if alb-1 stays CreateFailed, put another one in its place.", |w| {
            w.topology.load_balancer.get_mut().unwrap().as_mut().unwrap().status = "CreateFailed".into();
        }),
    ];
    for (words, damage) in cases {
        let mut world = World::served(Upgraded);
        damage(&mut world);
        let answer = world.explain();
        let ways = [Some(answer.forward), answer.front];
        let fault = ways.into_iter().flatten().find_map(|way| way.fault).unwrap_or_else(|| panic!("{words}: no fault"));
        let Remedy::Operator(task) = fault.remedy else { panic!("{words}: {fault}") };
        assert!(task.sentence().starts_with(words), "{}", task.sentence());
    }
}

/// An ACL at the load balancer's end is one thing to mend, whatever it denies: one remedy for the instances of both vSwitches.
#[test]
fn an_acl_of_the_load_balancer_has_one_remedy() {
    let mut world = World::served(Upgraded);
    let tags = world.instance.tags.clone();
    let all = [("i-1", "192.168.7.10", "vpc-2-vsw-1"), ("i-2", "192.168.8.10", "vpc-2-vsw-0")].map(
        |(id, address, vswitch)| Instance { vswitch: vswitch.into(), tags: tags.clone(), ..instance(id, address) },
    );
    world.topology.instances.insert("vpc-2".into(), known(all.to_vec().into()));
    world.vpc("vpc-1").vswitches.get_mut("vpc-1-vsw-0").unwrap().network_acl = Some("nacl-1".into());
    let acl = NetworkAcl { id: "nacl-1".into(), ingress: Vec::new(), egress: Vec::new() };
    world.topology.network_acls.insert("nacl-1".into(), known(Some(acl)));
    world.vpc("vpc-1").vswitches.get_mut("vpc-1-vsw-1").unwrap().network_acl = Some("nacl-1".into());
    let whole = "Let the ingress list of nacl-1 pass packets from 192.168.7.0/24 and 192.168.8.0/24, ports 1024-65535; and the egress \
                 list of nacl-1 pass packets to 192.168.7.0/24 and 192.168.8.0/24, port 80 (UpdateNetworkAclEntries).";
    for one in all {
        world.instance = one;
        for fault in faults(&world) {
            let Remedy::Operator(task) = fault.remedy else { panic!("{fault}") };
            assert_eq!(task.sentence(), whole);
        }
    }
}
