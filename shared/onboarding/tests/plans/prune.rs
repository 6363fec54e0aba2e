//! What goes, and what must be in place first.

use onboarding::change::{Change, Write};
use onboarding::topology::context::Sibling;
use onboarding::topology::{
    Generation, NextHop, RuleSource, SecurityRule, TransitRoute, TransitRouteStatus, VpcRoute, VpcRouteStatus,
    VpcRouteType,
};
use onboarding::{Binding, Code, Inputs, Known, Plan, Topology, plan};

use super::world;

pub(crate) fn prune(binding: &Binding, topology: &Topology) -> Plan {
    let deployment = world::deployment();
    plan::prune(&world::inputs(&deployment, binding, topology), &[], &["web".into()])
}

/// Puts a route for `destination`, over the attachment of VPC2, into its table, described so.
pub(crate) fn with_route(topology: &mut Topology, destination: &str, description: &str) {
    let hop = NextHop::Attachment(topology.vpc_attachment(&"vpc-2".into()).unwrap().id.clone());
    let vpc = topology.vpcs.get_mut("vpc-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    vpc.tables.values_mut().next().unwrap().routes.push(VpcRoute {
        id: "rte-old".into(),
        destination: destination.parse().unwrap(),
        next_hop: hop,
        status: VpcRouteStatus::Available,
        kind: VpcRouteType::Custom,
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

/// Puts a static route into a transit router's table, and gives its place there.
fn with_transit_route(topology: &mut Topology, description: &str) -> TransitRoute {
    let route = TransitRoute {
        id: Some("tr-rte-old".into()),
        destination: "100.99.0.0/25".parse().unwrap(),
        next_hop: topology.vpc_attachment(&"vpc-1".into()).map(|attachment| attachment.id.clone()),
        propagated: false,
        status: TransitRouteStatus::Active,
        description: description.to_owned(),
    };
    transit_routes(topology).push(route.clone());
    route
}

fn transit_routes(topology: &mut Topology) -> &mut Vec<TransitRoute> {
    let router = topology.transit_routers.get_mut("cn-hangzhou").unwrap().get_mut().unwrap().as_mut().unwrap();
    &mut router.tables.values_mut().next().unwrap().routes
}

#[test]
fn a_marked_route_of_a_transit_router_goes_and_nobody_elses() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, topology) = world::onboarded(generation);
        let mut ours = topology.clone();
        with_transit_route(&mut ours, "albridge/prod/web");
        let plan = prune(&binding, &ours);
        let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
        assert!(matches!(&change.write, Write::RemoveTransitRoute { route, .. } if route.as_str() == "tr-rte-old"));
        for description in ["", "by hand", "albridge/other/web"] {
            let mut theirs = topology.clone();
            with_transit_route(&mut theirs, description);
            assert_eq!(prune(&binding, &theirs), Plan::default(), "{description}");
        }
        let mut learned = ours.clone();
        transit_routes(&mut learned).last_mut().unwrap().propagated = true;
        assert_eq!(prune(&binding, &learned), Plan::default(), "a learned one goes with what teaches it");
    }
}

#[test]
fn a_route_that_is_on_its_way_is_waited_for_and_not_removed_twice() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_transit_route(&mut topology, "albridge/prod/web");
    transit_routes(&mut topology).last_mut().unwrap().status = "Deleting".into();
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/web");
    let vpc = topology.vpcs.get_mut("vpc-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    let routes = &mut vpc.tables.values_mut().next().unwrap().routes;
    routes.last_mut().unwrap().status = "Deleting".into();
    let plan = prune(&binding, &topology);
    assert_eq!((plan.changes.len(), plan.pending.len()), (0, 2), "{plan:#?}");
}

#[test]
fn nothing_breaks_while_its_replacement_is_on_its_way() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/web");
    assert_eq!(prune(&binding, &topology).changes.len(), 1);
    let vpc = topology.vpcs.get_mut("vpc-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    let routes = vpc.tables.values_mut().next().unwrap().routes.iter_mut();
    let wanted = routes.filter(|route| route.description == "albridge/prod/web" && route.id.as_str() != "rte-old");
    wanted.for_each(|route| route.status = "Pending".into());
    assert_eq!(prune(&binding, &topology), Plan::default());
}

fn rules(topology: &mut Topology) -> &mut Vec<SecurityRule> {
    let group = topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    &mut group.rules
}

/// A rule for port 80 of one source.
fn rule(id: &str, accept: bool, priority: u8, description: &str, source: &RuleSource) -> SecurityRule {
    SecurityRule {
        id: id.into(),
        protocol: "TCP".to_owned(),
        ports: Some((80, 80)),
        source: source.clone(),
        accept,
        priority,
        description: description.to_owned(),
    }
}

#[test]
fn a_marked_rule_that_nobody_wants_goes_and_nobody_elses() {
    let (binding, topology) = world::onboarded(Generation::Upgraded);
    let source = RuleSource::Cidr("10.9.0.0/16".parse().unwrap());
    for (description, gone, found) in [
        ("albridge/prod/web", 1, None),
        ("albridge/prod/gone", 0, Some(Code::Orphan)),
        ("albridge/other/web", 0, None),
        ("by hand", 0, None),
        ("", 0, None),
    ] {
        let mut topology = topology.clone();
        rules(&mut topology).push(rule("sgr-old", true, 90, description, &source));
        let plan = prune(&binding, &topology);
        assert_eq!(plan.changes.len(), gone, "{description}: {plan:#?}");
        assert_eq!(plan.findings.first().map(|finding| finding.code), found, "{description}");
    }
}

/// What has the wanted priority, and is no replacement all the same. A drop of everything keeps the wanted rule from being
/// made, so the old one is all that lets the load balancer in.
#[test]
fn only_the_wanted_rule_itself_replaces_one_of_another_priority() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    binding.security.priority = 95;
    let everything = RuleSource::Cidr("0.0.0.0/0".parse().unwrap());
    let drop = SecurityRule { ports: None, ..rule("sgr-drop", false, 92, "", &everything) };
    let old = rules(&mut topology).clone();
    rules(&mut topology).push(drop);
    type Change = fn(&mut SecurityRule);
    let cases: [(&str, Change); 3] = [
        ("a drop", |rule| rule.accept = false),
        ("another port", |rule| rule.ports = Some((81, 81))),
        ("another source", |rule| rule.source = RuleSource::Cidr("10.9.0.0/16".parse().unwrap())),
    ];
    for (case, change) in cases {
        let mut topology = topology.clone();
        rules(&mut topology).extend(old.iter().map(|old| {
            let id = format!("{}-other", old.id).into();
            let mut other = SecurityRule { id, priority: 95, description: String::new(), ..old.clone() };
            change(&mut other);
            other
        }));
        assert_eq!(world::whole(&binding, &topology).changes, [], "{case}: nothing is to be made first");
        assert_eq!(prune(&binding, &topology).changes, [], "{case}");
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
fn what_is_missing_is_not_called_unread_and_nothing_goes_in_either_case() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    with_route(&mut topology, "100.117.130.0/25", "albridge/prod/web");
    topology.vpcs.insert("vpc-2".into(), Known::Known(None));
    let missing = prune(&binding, &topology);
    assert_eq!(missing.changes, []);
    assert!(missing.is_whole(), "{:?}", missing.findings);
    assert_eq!(missing.findings.first().map(|finding| finding.code), Some(Code::Waits));

    topology.unread = [onboarding::FailedCall {
        cause: onboarding::unread::Cause::Network,
        code: "timeout".to_owned(),
        action: "DescribeVpcs".to_owned(),
        service: "vpc".to_owned(),
        region: "cn-chengdu".to_owned(),
        message: "No answer.".to_owned(),
    }]
    .into_iter()
    .collect();
    let unread = prune(&binding, &topology);
    assert_eq!(unread.changes, []);
    assert!(!unread.is_whole());
    assert_eq!(unread.findings.first().map(|finding| finding.code), Some(Code::Unread));
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

/// An attachment of another VPC of Hangzhou, and a second binding with the same CEN instance and another load balancer.
fn left_attachment() -> (Binding, Binding, Topology) {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let mut left = topology.vpc_attachments.get().unwrap()[0].clone();
    (left.id, left.vpc, left.region) = ("tr-attach-left".into(), "vpc-7".into(), "cn-chengdu".into());
    left.mark = Some("prod/-/vpc-attachment".to_owned());
    topology.context.strangers = vec![left];
    let mut other = binding.clone();
    (other.name, other.alb.id) = ("api".into(), "alb-7".into());
    (binding, other, topology)
}

/// What is reported as left behind.
fn orphans(store: &[Binding], topology: &Topology) -> Vec<String> {
    let deployment = world::deployment();
    let inputs = Inputs { store, ..world::inputs(&deployment, &store[0], topology) };
    let findings = plan::network(&inputs).findings;
    let orphans: Vec<String> =
        findings.into_iter().filter(|finding| finding.code == Code::Orphan).map(|finding| finding.resource).collect();
    let pruned = plan::prune(&inputs, &[], &["web".into(), "api".into()]);
    assert!(pruned.changes.is_empty(), "{pruned:?}");
    let said: Vec<String> = pruned.findings.into_iter().map(|finding| finding.resource).collect();
    assert_eq!(said, orphans, "prune reports the same");
    orphans
}

#[test]
fn an_attachment_of_ours_that_no_binding_names_is_reported() {
    let deployment = world::deployment();
    let (binding, mut other, mut topology) = left_attachment();
    assert_eq!(orphans(std::slice::from_ref(&binding), &topology), ["tr-attach-left"]);
    // Its VPC may be that of a load balancer which could not be read.
    let both = [binding.clone(), other.clone()];
    assert_eq!(orphans(&both, &topology), Vec::<String>::new(), "nobody asked");
    let sibling = |vpc: &str| {
        let generation = Generation::Upgraded;
        [("api".into(), Known::Known(Some(Sibling { vpc: vpc.into(), generation, earlier: false })))].into()
    };
    topology.context.siblings = [("api".into(), Known::Failed("Throttling".to_owned()))].into();
    assert_eq!(orphans(&both, &topology), Vec::<String>::new(), "it failed");
    topology.context.siblings = sibling("vpc-7");
    assert_eq!(orphans(&both, &topology), Vec::<String>::new(), "it is the other's");
    topology.context.siblings = sibling("vpc-8");
    assert_eq!(orphans(&both, &topology), ["tr-attach-left"]);
    for unseen in [Known::Failed("Forbidden".to_owned()), Known::Known(None)] {
        let blind = Topology { load_balancer: unseen, ..topology.clone() };
        let inputs = world::inputs(&deployment, &binding, &blind);
        let said = plan::network(&Inputs { store: &both, ..inputs }).findings;
        assert!(said.iter().all(|finding| finding.code != Code::Orphan), "the binding's own may be in it: {said:?}");
    }
    other.backends[0].vpc = "vpc-7".into();
    assert_eq!(orphans(&[binding.clone(), other], &topology), Vec::<String>::new(), "a backend's");
    topology.context.strangers[0].mark = None;
    assert_eq!(orphans(&[binding], &topology), Vec::<String>::new(), "not ours");
}

#[test]
fn a_member_that_was_registered_for_a_binding_that_is_gone_is_reported() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let mut left = topology.servers.get().unwrap()[0].clone();
    left.address = [192, 168, 7, 77].into();
    left.description = "albridge/prod/old/i-77".to_owned();
    topology.servers.get_mut().unwrap().push(left);
    assert_eq!(orphans(std::slice::from_ref(&binding), &topology), ["192.168.7.77:80"]);
}

/// The rules of the backends' group that let the load balancer in at a port, with our mark.
fn at_port(topology: &Topology, port: u16) -> Vec<SecurityRule> {
    let groups = topology.security_groups.values().filter_map(Known::get).flatten();
    let rules = groups.flat_map(|group| group.rules.clone());
    rules.filter(|rule| rule.ports == Some((port, port)) && rule.description.starts_with("albridge/")).collect()
}

fn revoked(plan: &Plan) -> usize {
    plan.changes.iter().filter(|change| matches!(change.write, Write::RevokeIngress { .. })).count()
}

/// A binding whose port changes: the new rules are there, and the members at the old port, too.
#[test]
fn rules_stay_while_a_member_at_that_port_is_registered() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (mut binding, mut topology) = world::onboarded(generation);
        let old = binding.server_group.port;
        binding.server_group.port = 8080;
        for group in topology.security_groups.values_mut().filter_map(|group| group.get_mut()?.as_mut()) {
            let new = group.rules.iter().filter(|rule| rule.ports == Some((old, old))).cloned();
            let new = new.enumerate().map(|(at, rule)| SecurityRule {
                id: format!("sgr-new-{at}").into(),
                ports: Some((8080, 8080)),
                ..rule
            });
            let new: Vec<_> = new.collect();
            group.rules.extend(new);
        }
        assert!(!at_port(&topology, old).is_empty() && !at_port(&topology, 8080).is_empty());
        assert_eq!(prune(&binding, &topology), Plan::default(), "its member at {old} is still there");

        // While its interface is not known, no rule at that port goes.
        let mut unlisted = topology.clone();
        unlisted.instances.get_mut("vpc-2").unwrap().get_mut().unwrap().clear();
        let plan = prune(&binding, &unlisted);
        let goes = |of: &SecurityRule| {
            let is = |change: &Change| matches!(&change.write, Write::RevokeIngress { rule, .. } if *rule == of.id);
            plan.changes.iter().any(is)
        };
        assert!(!at_port(&topology, old).iter().any(goes), "{plan:#?}");

        topology.servers.get_mut().unwrap().clear();
        assert_eq!(revoked(&prune(&binding, &topology)), at_port(&topology, old).len());
    }
}

/// An instance that lost its tags, in a group that is read because of another.
#[test]
fn rules_of_a_member_that_leaves_stay_until_it_has_left() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let instances = topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap();
    instances[0].tags.clear();
    assert_eq!(revoked(&prune(&binding, &topology)), 0);
    topology.servers.get_mut().unwrap().clear();
    assert!(revoked(&prune(&binding, &topology)) > 0);
}

#[test]
fn what_has_changed_for_all_members_goes_although_they_are_there() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let group = topology.security_groups.values_mut().find_map(|group| group.get_mut()?.as_mut()).unwrap();
    let [rule, ..] = &group.rules[..] else { panic!("rules") };
    let stale = SecurityRule {
        id: "sgr-old".into(),
        source: RuleSource::Cidr("10.99.0.0/24".parse().unwrap()),
        ..rule.clone()
    };
    group.rules.push(stale);
    assert_eq!(revoked(&prune(&binding, &topology)), 1, "the load balancer sends nothing from there");
}

/// A backend that was taken out of the binding: its member drains, and the route to it stays until it has left.
#[test]
fn a_member_in_no_vpc_of_the_binding_is_drained_and_keeps_its_route() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let stray = "10.30.0.7".parse().unwrap();
    let member = topology.servers.get().unwrap()[0].clone();
    topology.servers.get_mut().unwrap().push(onboarding::topology::Server {
        address: stray,
        description: "albridge/prod/web/i-stray".to_owned(),
        ..member
    });
    with_forward_route(&mut topology, "10.30.0.0/24", "albridge/prod/web");
    assert_eq!(prune(&binding, &topology), Plan::default());

    let deployment = world::deployment();
    let inputs = world::inputs(&deployment, &binding, &topology);
    let members = plan::members(&inputs, &world::all_reachable(&topology));
    let [change] = &members.changes[..] else { panic!("{members:#?}") };
    assert!(matches!(&change.write, Write::UpdateServer { address, weight: 0, .. } if *address == stray), "{change:?}");
    assert_eq!(change.why, Some(onboarding::change::Leaving::Unnamed));

    // Not known to be outside: it stays as it is. A VPC that is not there is a slip of the binding.
    for unknown in [Known::Failed("the call failed".to_owned()), Known::Known(None)] {
        let mut unread = topology.clone();
        *unread.vpcs.get_mut("vpc-2").unwrap() = unknown;
        let inputs = world::inputs(&deployment, &binding, &unread);
        let members = plan::members(&inputs, &world::all_reachable(&unread));
        assert!(members.changes.iter().all(|change| change.why.is_none()));
    }

    topology.servers.get_mut().unwrap().pop();
    assert_eq!(prune(&binding, &topology).changes.len(), 1);
}

/// A member that somebody registered by hand, whose instance nothing selects: requests to it go the ways that the binding made.
#[test]
fn ways_to_members_of_others_stay_until_those_have_left() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, mut topology) = world::onboarded(generation);
        let instances = topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap();
        instances.iter_mut().for_each(|instance| instance.tags.clear());
        let members = topology.servers.get_mut().unwrap();
        members.iter_mut().for_each(|member| "by hand".clone_into(&mut member.description));
        assert_eq!(prune(&binding, &topology).changes, []);

        topology.servers.get_mut().unwrap().clear();
        let plan = prune(&binding, &topology);
        let routes = plan.changes.iter().filter(|change| !matches!(change.write, Write::RevokeIngress { .. }));
        assert!(routes.count() >= 3 && revoked(&plan) >= 2, "{plan:#?}");
    }
}

/// Puts a route for `destination`, over the attachment of VPC1, into its table, described so.
pub(crate) fn with_forward_route(topology: &mut Topology, destination: &str, description: &str) {
    let hop = NextHop::Attachment(topology.vpc_attachment(&"vpc-1".into()).unwrap().id.clone());
    let vpc = topology.vpcs.get_mut("vpc-1").unwrap().get_mut().unwrap().as_mut().unwrap();
    let table = vpc.tables.values_mut().next().unwrap();
    let route = table.routes.iter().find(|route| route.kind == VpcRouteType::Custom).unwrap().clone();
    let (id, destination) = ("rte-stray".into(), destination.parse().unwrap());
    table.routes.push(VpcRoute { id, destination, next_hop: hop, description: description.to_owned(), ..route });
}
