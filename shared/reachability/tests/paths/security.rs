//! Security groups and network ACLs at the backend.

use onboarding::inputs::Verdict;
use onboarding::reason::Code;
use onboarding::topology::Generation::Upgraded;
use onboarding::topology::{AclEntry, NetworkAcl, RuleSource, SecurityGroup};
use reachability::{Direction, Hop};

use crate::world::{World, known, net, rule};

fn drop_rule(priority: u8, source: &str) -> onboarding::topology::SecurityRule {
    rule("sgr-drop", net(source), false, priority)
}

#[test]
fn a_drop_of_equal_or_earlier_precedence_shadows() {
    for (priority, code) in [(1, Some(Code::RuleShadowed)), (90, Some(Code::RuleShadowed)), (91, None)] {
        let mut world = World::complete(Upgraded);
        world.rules().push(drop_rule(priority, "172.16.0.0/12"));
        assert_eq!(world.broken(), code, "priority {priority}");
    }
}

#[test]
fn a_drop_of_a_part_is_ambiguous() {
    let mut world = World::complete(Upgraded);
    world.rules().push(drop_rule(1, "172.16.0.64/26"));
    assert_eq!(world.ambiguous(), Some(Code::RuleShadowed));
}

#[test]
fn every_port_counts() {
    let mut world = World::complete(Upgraded);
    world.rules().iter_mut().for_each(|rule| rule.ports = Some((80, 80)));
    assert_eq!(world.ambiguous(), Some(Code::NotAllowed));
    world.ports = vec![80];
    assert_eq!(world.verdict(), Verdict::Reachable);
}

#[test]
fn only_tcp_and_all_are_about_these_packets() {
    let mut world = World::complete(Upgraded);
    world.rules().iter_mut().for_each(|rule| rule.protocol = "ALL".to_owned());
    assert_eq!(world.verdict(), Verdict::Reachable);
    world.rules().iter_mut().for_each(|rule| rule.protocol = "UDP".to_owned());
    assert_eq!(world.broken(), Some(Code::NotAllowed));
}

#[test]
fn the_groups_of_an_interface_are_a_union() {
    let mut world = World::complete(Upgraded);
    let rules = world.rules().split_off(1);
    let second = SecurityGroup {
        id: "sg-2".into(),
        region: "cn-hangzhou".into(),
        vpc: "vpc-2".into(),
        service_managed: false,
        rules,
    };
    world.topology.security_groups.insert("sg-2".into(), known(Some(second)));
    assert_eq!(world.ambiguous(), Some(Code::NotAllowed));
    world.instance.security_groups.push("sg-2".into());
    assert_eq!(world.verdict(), Verdict::Reachable);
}

#[test]
fn a_prefix_list_admits_what_it_holds() {
    let mut world = World::complete(Upgraded);
    world.rules().truncate(1);
    world.rules()[0].source = RuleSource::PrefixList("pl-1".into());
    assert_eq!(world.unread().as_deref(), Some("sg-1"));
    world.topology.prefix_lists.insert("pl-1".into(), known(vec![net("172.16.0.0/24"), net("172.16.6.0/24")]));
    assert_eq!(world.verdict(), Verdict::Reachable);
    world.topology.prefix_lists.insert("pl-1".into(), known(vec![net("172.16.0.0/25")]));
    assert_eq!(world.ambiguous(), Some(Code::NotAllowed));
}

#[test]
fn members_of_groups_and_ipv6_sources_admit_no_load_balancer() {
    for source in [RuleSource::Group("sg-9".into()), RuleSource::Other("::/0".to_owned())] {
        let mut world = World::complete(Upgraded);
        world.rules().iter_mut().for_each(|rule| rule.source = source.clone());
        assert_eq!(world.broken(), Some(Code::NotAllowed));
    }
}

fn with_acl(ingress: Vec<AclEntry>, egress: Vec<AclEntry>) -> World {
    let mut world = World::complete(Upgraded);
    world.vpc("vpc-2").vswitches.get_mut("vpc-2-vsw-1").unwrap().network_acl = Some("nacl-1".into());
    let acl = NetworkAcl { id: "nacl-1".into(), ingress, egress };
    world.topology.network_acls.insert("nacl-1".into(), known(Some(acl)));
    world
}

fn entry(cidr: &str, ports: Option<(u16, u16)>, accept: bool) -> AclEntry {
    AclEntry { protocol: "tcp".to_owned(), ports, cidr: net(cidr), accept }
}

#[test]
fn a_network_acl_must_pass_both_directions() {
    let all = || vec![entry("0.0.0.0/0", None, true)];
    assert_eq!(with_acl(all(), all()).verdict(), Verdict::Reachable);
    for world in [with_acl(Vec::new(), all()), with_acl(all(), Vec::new())] {
        assert_eq!(world.broken(), Some(Code::NetworkAcl));
    }
    // Answers go to the ports that requests came from, not to the service's.
    let world = with_acl(all(), vec![entry("0.0.0.0/0", Some((80, 8080)), true)]);
    assert_eq!(world.ambiguous(), Some(Code::NetworkAcl));
    assert!(world.explain().forward.fault.is_none());
}

#[test]
fn the_first_acl_entry_that_matches_decides() {
    let passing = vec![entry("0.0.0.0/0", None, true)];
    let before = vec![entry("172.16.0.0/12", None, false), entry("0.0.0.0/0", None, true)];
    let after = vec![entry("0.0.0.0/0", None, true), entry("172.16.0.0/12", None, false)];
    assert_eq!(with_acl(before, passing.clone()).broken(), Some(Code::NetworkAcl));
    assert_eq!(with_acl(after, passing).verdict(), Verdict::Reachable);
}

/// An ACL on the first of the load balancer's vSwitches.
fn near_acl(ingress: Vec<AclEntry>, egress: Vec<AclEntry>) -> World {
    let mut world = World::complete(Upgraded);
    let vswitch = world.vpc("vpc-1").vswitches.values_mut().find(|vswitch| vswitch.cidr == net("172.16.0.0/24"));
    vswitch.unwrap().network_acl = Some("nacl-near".into());
    let acl = NetworkAcl { id: "nacl-near".into(), ingress, egress };
    world.topology.network_acls.insert("nacl-near".into(), known(Some(acl)));
    world
}

fn everything(accept: bool, cidr: &str) -> AclEntry {
    AclEntry { protocol: "all".to_owned(), ports: None, cidr: net(cidr), accept }
}

#[test]
fn an_acl_on_the_load_balancers_vswitch_is_asked_first_and_last() {
    let open = || vec![everything(true, "0.0.0.0/0")];
    let mut world = near_acl(open(), open());
    assert_eq!(world.verdict(), Verdict::Reachable);
    let hops = world.explain().forward.hops;
    assert!(
        matches!(&hops[0], Hop::NetworkAcl { acl, direction: Direction::Egress, .. } if acl.as_str() == "nacl-near")
    );

    // Only one of two vSwitches is closed.
    for (ingress, egress, forward) in [(open(), Vec::new(), true), (Vec::new(), open(), false)] {
        let world = near_acl(ingress, egress);
        assert_eq!(world.ambiguous(), Some(Code::NetworkAcl));
        let explanation = world.explain();
        assert_eq!(explanation.forward.fault.is_some(), forward);
        assert_eq!(explanation.back.fault.is_some(), !forward);
        assert_eq!(explanation.sources[1].verdict, Verdict::Reachable);
    }

    // A packet that does not get out of its vSwitch meets nothing else.
    world = near_acl(open(), Vec::new());
    world.sources.truncate(1);
    world.rules().clear();
    assert_eq!(world.broken(), Some(Code::NetworkAcl));
    let forward = world.explain().forward;
    assert_eq!(forward.hops.len(), 1);
    assert!(matches!(&forward.hops[0], Hop::NetworkAcl { entry: None, passes: false, .. }), "{:?}", forward.hops);
}

#[test]
fn an_acl_that_tells_two_instances_of_one_vswitch_apart_does_not_mix_them_up() {
    let mut world = near_acl(vec![everything(true, "0.0.0.0/0")], vec![everything(true, "192.168.7.10/32")]);
    world.sources.truncate(1);
    assert_eq!(world.verdict(), Verdict::Reachable);
    world.instance.address = Some("192.168.7.11".parse().unwrap());
    assert_eq!(world.broken(), Some(Code::NetworkAcl));
}
