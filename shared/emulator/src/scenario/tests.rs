//! Scenarios load whole or not at all.

use super::bench::{Bench, NEAR, text};
use super::{PROCEDURE, ScenarioError};
use crate::call::Service;
use crate::dataplane::owner::owner_of_address;
use crate::settings::Settings;
use crate::state::ecs::State;
use crate::world::World;

fn now() -> jiff::Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn refused(scenario: &str) -> ScenarioError {
    let mut world = World::new(Settings::default());
    let error = world.load(now(), scenario).unwrap_err();
    assert!(world.vpc.vpcs.is_empty(), "a refused scenario leaves nothing behind");
    error
}

#[test]
fn the_procedures_world_is_there_and_nothing_joins_it() {
    let mut world = World::new(Settings::default());
    world.load(now(), PROCEDURE).unwrap();
    assert_eq!(world.vpc.vpcs["vpc-1"].cidr.to_string(), "172.16.0.0/12");
    assert_eq!(world.vpc.system_table("vpc-2").unwrap().id, "vtb-vpc-2");
    assert_eq!(world.ecs.instances["i-ecs1"].state, State::Stopped);
    assert_eq!(world.ecs.instances["i-ecs1"].tags["app"], "web");
    assert_eq!(world.cen.packages["cenbwp-1"].cen.as_deref(), Some("cen-1"));
    assert!(world.cen.tables["vtb-tr-chengdu"].system);
    assert!(world.cen.vpc_attachments.is_empty() && world.cen.peers.is_empty());
    let answer =
        Bench::new().call(Service::Alb, NEAR, "GetLoadBalancerAttribute", &[("LoadBalancerId", "alb-1")]).unwrap();
    assert_eq!(text(&answer, "LoadBalancerStatus"), "Active");
}

#[test]
fn an_unknown_field_is_refused_with_its_place() {
    let error = refused("vpcs:\n  - { id: vpc-1, region: cn-chengdu, cidr: 10.0.0.0/8, colour: red }\n").to_string();
    assert!(error.contains("colour"), "{error}");
}

#[test]
fn a_contradiction_names_its_resource() {
    let vpc = "vpcs:\n  - { id: vpc-1, region: cn-chengdu, cidr: 10.0.0.0/8 }\n";
    for (scenario, culprit) in [
        (format!("{vpc}  - {{ id: vpc-1, region: cn-chengdu, cidr: 10.0.0.0/8 }}\n"), "vpc-1"),
        (format!("{vpc}securityGroups:\n  - {{ id: sg-1, vpc: vpc-9 }}\n"), "sg-1"),
        (format!("{vpc}instances:\n  - {{ id: i-1, vswitch: vsw-9, securityGroups: [] }}\n"), "i-1"),
        ("cens:\n  - id: cen-1\n    transitRouters:\n      - { id: tr-1, region: mars }\n".to_owned(), "tr-1"),
    ] {
        match refused(&scenario) {
            ScenarioError::Impossible { resource, .. } => assert_eq!(resource, culprit),
            error @ ScenarioError::Unreadable(_) => panic!("{error}"),
        }
    }
}

#[test]
fn a_second_load_of_the_same_scenario_changes_nothing() {
    let mut world = World::new(Settings::default());
    world.load(now(), PROCEDURE).unwrap();
    assert!(world.load(now(), PROCEDURE).is_err());
    assert_eq!(world.ecs.instances.len(), 2);
}

#[test]
fn a_secondary_interface_has_groups_of_its_own() {
    let mut bench = Bench::new();
    let more = "
securityGroups:
  - { id: sg-3, vpc: vpc-2, rules: [{ protocol: tcp, ports: 80/80, source: 172.16.0.0/24 }] }
instances:
  - id: i-two
    vswitch: vsw-4
    securityGroups: [sg-2]
    interfaces: [{ id: eni-second, vswitch: vsw-4, address: 192.168.7.99, securityGroups: [sg-3] }]
";
    bench.world.load(bench.now, more).unwrap();
    let owner = owner_of_address(&bench.world, "vpc-2", "192.168.7.99".parse().unwrap()).unwrap();
    assert_eq!(owner.interface.groups, ["sg-3"]);
    assert!(owner.running, "the instance behind it decides");
    assert_eq!(bench.world.ecs.rules("sg-3").len(), 1);
    bench.ecs("cn-hangzhou", "DeleteInstance", &[("InstanceId", "i-two"), ("Force", "true")]);
    assert!(bench.world.vpc.lookup_address("vpc-2", "192.168.7.99".parse().unwrap()).unwrap().1.is_none());
}
