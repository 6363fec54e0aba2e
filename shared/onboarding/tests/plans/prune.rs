//! What goes, and what must be in place first.

use onboarding::change::Write;
use onboarding::topology::{Generation, NextHop, RuleSource, SecurityRule, VpcRoute};
use onboarding::{Code, Known, Plan, Topology, plan};

use crate::world;

fn prune(binding: &onboarding::Binding, topology: &Topology) -> Plan {
    let deployment = world::deployment();
    plan::prune(&world::inputs(&deployment, binding, topology), &[], &["web".into()])
}

/// Puts a route for `destination` into VPC2's table, described so.
fn with_route(topology: &mut Topology, destination: &str, description: &str) {
    let hop = NextHop::Attachment(topology.vpc_attachment(&"vpc-2".into()).unwrap().id.clone());
    let vpc = topology.vpcs.get_mut("vpc-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    vpc.tables.values_mut().next().unwrap().routes.push(VpcRoute {
        id: "rte-old".into(),
        destination: destination.parse().unwrap(),
        next_hop: hop,
        status: "Available".to_owned(),
        kind: "Custom".to_owned(),
        name: String::new(),
        description: description.to_owned(),
    });
}

#[test]
fn what_is_wanted_stays() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, topology) = world::onboarded(generation);
        assert_eq!(prune(&binding, &topology), Plan::default());
    }
}

#[test]
fn a_marked_route_that_nobody_wants_goes() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/web");
    let plan = prune(&binding, &topology);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(matches!(&change.write, Write::RemoveVpcRoute { route, .. } if route.as_str() == "rte-old"));
}

#[test]
fn what_others_made_is_never_touched() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    for description in ["", "by hand", "albridge/other/web", "albridge/prod2/web"] {
        let before = topology.clone();
        with_route(&mut topology, "100.117.130.0/25", description);
        assert_eq!(prune(&binding, &topology), Plan::default(), "{description}");
        topology = before;
    }
}

#[test]
fn an_orphan_is_named_and_left() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/gone");
    let plan = prune(&binding, &topology);
    assert_eq!(plan.changes, []);
    assert_eq!(plan.findings.first().map(|finding| finding.code), Some(Code::Orphan));
}

#[test]
fn nothing_breaks_before_its_replacement_is_in_place() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/web");
    let group = topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    group.rules.pop();
    assert_eq!(prune(&binding, &topology).changes, []);
}

#[test]
fn another_binding_that_cannot_be_read_counts_as_wanting_everything() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/web");
    let mut other = binding.clone();
    other.name = "api".into();
    let mut unread = topology.clone();
    unread.servers = Known::Failed("the call failed".to_owned());
    let deployment = world::deployment();
    let others = [world::inputs(&deployment, &other, &unread)];
    let store = ["web".into(), "api".into()];
    let plan = plan::prune(&world::inputs(&deployment, &binding, &topology), &others, &store);
    assert_eq!(plan.changes, []);
    assert_eq!(plan.findings.first().map(|finding| finding.code), Some(Code::Unread));
}

#[test]
fn a_wider_rule_of_ours_goes_only_after_the_exact_one_is_there() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let group = topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    group.rules = vec![SecurityRule {
        id: "sgr-wide".into(),
        protocol: "TCP".to_owned(),
        ports: Some((80, 80)),
        source: RuleSource::Cidr("172.16.0.0/12".parse().unwrap()),
        accept: true,
        priority: 90,
        description: "albridge/prod/web".to_owned(),
    }];
    let plan = world::whole(&binding, &topology);
    assert!(matches!(plan.changes[0].write, Write::AllowIngress { .. }));
    assert_eq!(prune(&binding, &topology).changes, []);
    let next = world::after(&binding, &topology, &plan.changes);
    let plan = prune(&binding, &next);
    assert!(matches!(&plan.changes[0].write, Write::RevokeIngress { rule, .. } if rule.as_str() == "sgr-wide"));
}

#[test]
fn a_rule_of_another_priority_is_replaced_before_it_goes() {
    let (mut binding, topology) = world::onboarded(Generation::Upgraded);
    binding.security.priority = 10;
    assert_eq!(prune(&binding, &topology).changes, [], "the replacement is not there yet");
    let added = world::whole(&binding, &topology);
    assert!(
        matches!(added.changes.as_slice(), [change] if matches!(change.write, Write::AllowIngress { .. })),
        "{added:?}"
    );
    let replaced = world::after(&binding, &topology, &added.changes);
    let plan = prune(&binding, &replaced);
    assert_eq!(plan.changes.len(), 2, "the two old ones: {plan:?}");
}

#[test]
fn a_rule_of_another_priority_stays_while_a_drop_keeps_its_replacement_away() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    binding.security.priority = 95;
    let group = topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    group.rules.push(SecurityRule {
        id: "sgr-drop".into(),
        protocol: "ALL".to_owned(),
        ports: None,
        source: RuleSource::Cidr("0.0.0.0/0".parse().unwrap()),
        accept: false,
        priority: 92,
        description: String::new(),
    });
    assert_eq!(world::whole(&binding, &topology).changes, [], "the new rule would be shadowed");
    assert_eq!(prune(&binding, &topology).changes, []);
}
