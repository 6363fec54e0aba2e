//! What a teardown takes away, in which order, and what it leaves.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use onboarding::change::Write;
use onboarding::inputs::Inputs;
use onboarding::topology::context::ForwardingRule;
use onboarding::topology::{
    AttachmentRef, AttachmentStatus, Generation, ServerGroup, ServerGroupStatus, ServerStatus, TransitRoute,
    TransitRouteStatus, VpcAttachment, VpcRouteStatus,
};
use onboarding::{Binding, Change, Code, Known, Plan, Topology, plan};

use super::prune::{with_forward_route, with_route};
use super::world;

/// The plan of a teardown at a time. `others`: the other bindings of the store.
fn planned(
    (binding, topology): (&Binding, &Topology),
    others: &[(&Binding, &Topology)],
    attachments: bool,
    now: Timestamp,
) -> Plan {
    let deployment = world::deployment();
    let inputs = Inputs { now, ..world::inputs(&deployment, binding, topology) };
    let others: Vec<Inputs<'_>> =
        others.iter().map(|(binding, topology)| Inputs { binding, topology, ..inputs }).collect();
    plan::teardown(&inputs, &others, attachments)
}

pub(crate) fn teardown(binding: &Binding, topology: &Topology) -> Plan {
    planned((binding, topology), &[], true, world::now())
}

fn open(plan: &Plan) -> Vec<String> {
    plan.changes.iter().filter(|change| change.is_open()).map(|change| change.write.to_string()).collect()
}

pub(crate) fn kept(plan: &Plan) -> Vec<&str> {
    plan.findings.iter().filter(|found| found.code == Code::Kept).map(|found| found.resource.as_str()).collect()
}

/// Another binding with the same network.
fn api(generation: Generation) -> Binding {
    let mut api = world::binding(generation);
    api.name = "api".into();
    api
}

/// The world without members, as a teardown finds it after their drain.
pub(crate) fn drained(generation: Generation) -> (Binding, Topology) {
    let (binding, mut topology) = world::onboarded(generation);
    topology.servers.get_mut().unwrap().clear();
    (binding, topology)
}

#[test]
fn step_by_step_everything_goes_and_the_world_is_as_before() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, mut topology) = world::onboarded(generation);
        let (mut now, mut steps) = (world::now(), Vec::new());
        while steps.len() < 50 {
            let plan = planned((&binding, &topology), &[], true, now);
            assert_eq!(plan.findings, [], "{generation:?}");
            if plan.changes.is_empty() {
                break;
            }
            steps.push(open(&plan));
            topology = world::after(&binding, &topology, &plan.changes);
            now += SignedDuration::from_secs(60);
        }
        assert_eq!(steps[0], ["set i-1 at 192.168.7.1:80 to weight 0 (draining)"]);
        assert_eq!(steps[1], ["remove i-1 at 192.168.7.1:80 (torn down)"]);
        assert!(steps[2][0].starts_with("delete listener HTTP:80"), "{steps:#?}");
        assert!(steps[2][1..].iter().all(|step| step.starts_with("re")), "rules and routes: {steps:#?}");
        assert!(steps[3][0].starts_with("delete server group web-remote"), "{steps:#?}");
        assert!(steps[3][1..].iter().all(|step| step.starts_with("stop") || step.starts_with("diss")), "{steps:#?}");
        assert_eq!(steps[4].len(), 3, "a connection and two attachments: {steps:#?}");
        assert_eq!(steps.len(), 5, "{steps:#?}");
        let before = world::topology(generation);
        assert_eq!(topology.server_groups, before.server_groups);
        assert_eq!(topology.listeners, before.listeners);
        assert_eq!(topology.vpcs, before.vpcs);
        assert_eq!(topology.security_groups, before.security_groups);
        assert_eq!(topology.transit_routers, before.transit_routers);
        assert_eq!(topology.vpc_attachments, before.vpc_attachments);
        assert_eq!(topology.peer_attachments, before.peer_attachments);
    }
}

#[test]
fn a_plan_shows_all_of_it_before_the_first_step() {
    let (binding, topology) = world::onboarded(Generation::Classic);
    let all: BTreeSet<String> =
        teardown(&binding, &topology).changes.iter().map(|change| change.write.to_string()).collect();
    let (mut topology, mut now) = (topology, world::now());
    for _ in 0..10 {
        let plan = planned((&binding, &topology), &[], true, now);
        let new: Vec<_> =
            plan.changes.iter().map(|change| change.write.to_string()).filter(|step| !all.contains(step)).collect();
        assert_eq!(new, Vec::<String>::new(), "it was not shown");
        topology = world::after(&binding, &topology, &plan.changes);
        now += SignedDuration::from_secs(60);
    }
}

#[test]
fn members_drain_for_as_long_as_the_binding_says_and_at_least_a_minute() {
    let (mut binding, topology) = world::onboarded(Generation::Upgraded);
    let topology = world::after(&binding, &topology, &teardown(&binding, &topology).changes);
    for (configured, held) in [(0, 60), (30, 60), (61, 61), (900, 900)] {
        binding.server_group.drain_seconds = configured;
        let after = |seconds| world::now() + SignedDuration::from_secs(seconds);
        let early = planned((&binding, &topology), &[], false, after(held - 1));
        assert_eq!(open(&early), Vec::<String>::new(), "{configured}");
        let remove = early.changes.iter().find(|change| matches!(change.write, Write::RemoveServer { .. })).unwrap();
        assert_eq!(remove.blocked[0].until, Some(after(held)), "{configured}");
        assert_eq!(open(&planned((&binding, &topology), &[], false, after(held))).len(), 1, "{configured}");
    }
    let mut weighted = topology.clone();
    weighted.servers.get_mut().unwrap()[0].weight = 1;
    let late = planned((&binding, &weighted), &[], false, world::now() + SignedDuration::from_hours(1));
    assert!(open(&late)[0].starts_with("set i-1"), "somebody gave it a weight again, so it drains again: {late:#?}");
}

#[test]
fn a_member_that_is_being_changed_is_waited_for() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    topology.servers.get_mut().unwrap()[0].status = ServerStatus::from("Removing");
    let plan = teardown(&binding, &topology);
    assert_eq!((open(&plan), plan.pending.len()), (Vec::new(), 1), "{plan:#?}");
    assert!(!plan.changes.is_empty(), "the rest comes after it");
}

/// Gives each marked thing to somebody else, one after the other, and looks that it does not go.
#[test]
fn what_does_not_carry_the_bindings_mark_does_not_go() {
    for mark in ["", "by hand", "albridge/other/web", "albridge/prod2/web", "albridge/prod/web2", "albridge/prod/api"] {
        let (binding, topology) = drained(Generation::Classic);
        let whole = teardown(&binding, &topology).changes.len();
        let mut theirs = topology.clone();
        for vpc in theirs.vpcs.values_mut().filter_map(|vpc| vpc.get_mut()?.as_mut()) {
            let routes = vpc.tables.values_mut().flat_map(|table| &mut table.routes);
            routes.for_each(|route| mark.clone_into(&mut route.description));
        }
        for group in theirs.security_groups.values_mut().filter_map(|group| group.get_mut()?.as_mut()) {
            group.rules.iter_mut().for_each(|rule| mark.clone_into(&mut rule.description));
        }
        for route in world::transit_tables(&mut theirs).flat_map(|table| &mut table.routes) {
            mark.clone_into(&mut route.description);
        }
        // The bindings of the marks are in the store: what they share with this one is theirs.
        let store = ["web", "web2", "api"].map(|name| Binding { name: name.into(), ..binding.clone() });
        let deployment = world::deployment();
        let inputs = Inputs { store: &store, ..world::inputs(&deployment, &binding, &theirs) };
        let plan = plan::teardown(&inputs, &[], true);
        let entries = |change: &Change| {
            matches!(
                change.write,
                Write::RemoveVpcRoute { .. } | Write::RemoveTransitRoute { .. } | Write::RevokeIngress { .. }
            )
        };
        assert!(!plan.changes.iter().any(entries), "{mark}: {plan:#?}");
        assert!(plan.changes.len() < whole);
        let attached = plan.changes.iter().filter(|change| matches!(change.write, Write::DetachVpc { .. })).count();
        assert_eq!(attached, 0, "{mark}: routes of others lead over both attachments");
    }
    for mark in [None, Some("other/web/listener"), Some("prod/web2/listener"), Some("prod/api/server-group")] {
        let (binding, mut topology) = drained(Generation::Upgraded);
        let mark = mark.map(str::to_owned);
        topology.listeners.get_mut().unwrap()[0].mark.clone_from(&mark);
        let plan = teardown(&binding, &topology);
        assert!(!open(&plan).iter().any(|step| step.contains("listener")), "{mark:?}");
        assert_eq!(kept(&plan), ["sgp-1"], "their listener forwards to our group: {mark:?}");
        topology.server_groups.get_mut().unwrap()[0].mark = mark;
        assert!(!open(&teardown(&binding, &topology)).iter().any(|step| step.contains("server group")));
    }
    for mark in [None, Some("other/-/vpc-attachment"), Some("prod2/-/vpc-attachment")] {
        let (binding, mut topology) = drained(Generation::Upgraded);
        let mark = mark.map(str::to_owned);
        topology.vpc_attachments.get_mut().unwrap().iter_mut().for_each(|found| found.mark.clone_from(&mark));
        topology.peer_attachments.get_mut().unwrap().iter_mut().for_each(|found| found.mark.clone_from(&mark));
        let steps: Vec<String> =
            teardown(&binding, &topology).changes.iter().map(|change| change.write.to_string()).collect();
        let links = ["detach", "delete the connection", "dissociate", "stop"];
        assert!(!steps.iter().any(|step| links.iter().any(|link| step.starts_with(link))), "{mark:?}: {steps:#?}");
    }
}

#[test]
fn what_another_binding_wants_stays_with_its_name() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, topology) = drained(generation);
        let api = api(generation);
        let plan = planned((&binding, &topology), &[(&api, &topology)], true, world::now());
        let steps: Vec<String> = plan.changes.iter().map(|change| change.write.to_string()).collect();
        assert_eq!(steps.len(), 2, "only listener and server group: {steps:#?}");
        assert!(kept(&plan).len() >= 7, "{plan:#?}");
        assert!(plan.findings.iter().all(|found| found.message.ends_with("stays: binding api wants it.")), "{plan:#?}");
    }
}

#[test]
fn another_binding_that_could_not_be_read_wants_all_that_it_may_share() {
    let (binding, topology) = drained(Generation::Upgraded);
    let api = api(Generation::Upgraded);
    let plan = planned((&binding, &topology), &[(&api, &Topology::default())], true, world::now());
    assert_eq!(open(&plan).len(), 1, "the listener is web's alone: {plan:#?}");
    let blocked = plan.changes.iter().filter(|change| !change.is_open());
    let codes: BTreeSet<Code> = blocked.flat_map(|change| &change.blocked).map(|reason| reason.code).collect();
    assert!(codes.contains(&Code::Unread) && !plan.is_whole(), "{plan:#?}");

    let mut elsewhere = api;
    elsewhere.alb.region = "cn-beijing".into();
    elsewhere.backends[0].vpc = "vpc-9".into();
    let plan = planned((&binding, &topology), &[(&elsewhere, &Topology::default())], true, world::now());
    assert!(open(&plan).len() > 3, "what it cannot share goes: {plan:#?}");
}

/// Rules are made in the groups of instances that are listed, so an answer that lacks an instance, or its groups, wants fewer.
#[test]
fn another_binding_with_an_instance_or_a_group_that_is_not_listed_keeps_its_rules() {
    let (binding, topology) = drained(Generation::Upgraded);
    let (api, mut theirs) = (api(Generation::Upgraded), topology.clone());
    let mut member = world::onboarded(Generation::Upgraded).1.servers.get().unwrap()[0].clone();
    member.description = "albridge/prod/api/i-1".to_owned();
    theirs.servers.get_mut().unwrap().push(member);
    let rules = |theirs: &Topology| {
        let plan = planned((&binding, &topology), &[(&api, theirs)], true, world::now());
        let rules = plan.changes.into_iter().filter(|change| matches!(change.write, Write::RevokeIngress { .. }));
        rules.map(|change| change.is_open()).collect::<Vec<_>>()
    };
    assert_eq!(rules(&theirs), Vec::<bool>::new(), "both are wanted");
    let mut empty = theirs.clone();
    empty.instances.get_mut("vpc-2").unwrap().get_mut().unwrap().clear();
    assert_eq!(rules(&empty), [false, false], "its instance is not listed");
    empty.released.insert("i-1".into());
    assert_eq!(rules(&empty), [true, true], "its instance is proven to be gone");
    let mut bare = theirs;
    bare.instances.get_mut("vpc-2").unwrap().get_mut().unwrap()[0].security_groups.clear();
    assert_eq!(rules(&bare), [false, false], "every instance has a group");
}

#[test]
fn what_could_not_be_read_blocks_what_depends_on_it() {
    let failed = || "DescribeAnything: Forbidden".to_owned();
    let opens = |tamper: &dyn Fn(&mut Topology)| {
        let (binding, mut topology) = drained(Generation::Classic);
        tamper(&mut topology);
        let plan = teardown(&binding, &topology);
        assert!(!plan.is_whole(), "{plan:#?}");
        open(&plan)
    };
    assert_eq!(opens(&|topology| topology.server_groups = Known::Failed(failed())), Vec::<String>::new());
    assert_eq!(opens(&|topology| topology.servers = Known::Failed(failed())), Vec::<String>::new());
    let steps = opens(&|topology| topology.listeners = Known::Failed(failed()));
    assert!(!steps.is_empty() && !steps.iter().any(|step| step.starts_with("delete")), "{steps:#?}");
    let steps = opens(&|topology| topology.context.rules = Known::Failed(failed()));
    assert!(!steps.is_empty() && !steps.iter().any(|step| step.starts_with("delete")), "{steps:#?}");

    // Attachments wait for all routes that may lead over them.
    let (binding, topology) = drained(Generation::Classic);
    let mut bare = topology;
    for _ in 0..2 {
        let plan = planned((&binding, &bare), &[], false, world::now());
        bare = world::after(&binding, &bare, &plan.changes);
    }
    assert!(open(&teardown(&binding, &bare)).iter().all(|step| step.starts_with("stop") || step.starts_with("diss")));
    let blocked = |tamper: &dyn Fn(&mut Topology)| {
        let mut topology = bare.clone();
        tamper(&mut topology);
        let plan = teardown(&binding, &topology);
        assert!(!plan.is_whole(), "{plan:#?}");
        assert_eq!(open(&plan), Vec::<String>::new(), "{plan:#?}");
    };
    blocked(&|topology| drop(topology.vpcs.insert("vpc-1".into(), Known::Failed(failed()))));
    blocked(&|topology| drop(topology.vpcs.insert("vpc-2".into(), Known::Failed(failed()))));
    blocked(&|topology| drop(topology.transit_routers.insert("cn-chengdu".into(), Known::Failed(failed()))));
}

/// The ways to the member of an upgraded load balancer, by the ids of what they are made of.
const WAYS: [&str; 8] = [
    "sgr-0",
    "sgr-1",
    "rte-vtb-vpc-1-192.168.7.0/24",
    "rte-vtb-vpc-2-172.16.0.0/24",
    "rte-vtb-vpc-2-172.16.6.0/24",
    "planned-cn-chengdu-cn-hangzhou",
    "planned-vpc-1",
    "planned-vpc-2",
];

#[test]
fn who_else_uses_listener_and_group_keeps_them() {
    let (binding, topology) = drained(Generation::Upgraded);
    let stays = |what: &str, tamper: &dyn Fn(&mut Topology), expected: &[&str]| {
        let mut topology = topology.clone();
        tamper(&mut topology);
        let plan = teardown(&binding, &topology);
        assert_eq!(kept(&plan), expected, "{what}: {plan:#?}");
        let steps: Vec<String> = plan.changes.iter().map(|change| change.write.to_string()).collect();
        for id in expected {
            assert!(!steps.iter().any(|step| step.contains(id)), "{what}: {steps:#?}");
        }
    };
    stays(
        "a listener that forwards to another group, too",
        &|topology| topology.listeners.get_mut().unwrap()[0].server_groups.push("sgp-9".into()),
        &["lsn-1", "sgp-1"],
    );
    stays(
        "a listener that redirects now",
        &|topology| topology.listeners.get_mut().unwrap()[0].server_groups.clear(),
        &["lsn-1"],
    );
    stays(
        "a member of others",
        &|topology| {
            let mut server = world::onboarded(Generation::Upgraded).1.servers.get().unwrap()[0].clone();
            server.description = "by hand".to_owned();
            topology.servers.get_mut().unwrap().push(server);
            topology.server_groups.get_mut().unwrap()[0].server_count = 1;
        },
        &[&["lsn-1", "sgp-1"], &WAYS[..]].concat(),
    );
    let rule = |listener: &str, groups: &[&str]| ForwardingRule {
        id: "rule-1".into(),
        name: "theirs".to_owned(),
        listener: listener.into(),
        server_groups: groups.iter().map(|group| (*group).into()).collect(),
    };
    for groups in [&[][..], &["sgp-1"], &["sgp-9"]] {
        stays(
            "a rule of this listener, wherever it leads",
            &|topology| topology.context.rules = Known::Known(vec![rule("lsn-1", groups)]),
            &["lsn-1", "sgp-1"],
        );
    }
    stays(
        "a rule of another listener that leads to the group",
        &|topology| topology.context.rules = Known::Known(vec![rule("lsn-9", &["sgp-1"])]),
        &["sgp-1"],
    );
    stays(
        "a rule of another listener that leads elsewhere",
        &|topology| topology.context.rules = Known::Known(vec![rule("lsn-9", &["sgp-9"])]),
        &[],
    );
    stays(
        "another load balancer",
        &|topology| topology.server_groups.get_mut().unwrap()[0].load_balancers = vec!["alb-1".into(), "alb-9".into()],
        &["sgp-1"],
    );
}

#[test]
fn a_second_group_of_ours_is_nobody_elses_and_a_member_of_others_needs_no_listener() {
    let (binding, topology) = drained(Generation::Upgraded);
    // Two runs at once may have made two; nobody else uses either.
    let mut twice = topology.clone();
    let groups = twice.server_groups.get_mut().unwrap();
    let second = ServerGroup { id: "sgp-2".into(), ..groups[0].clone() };
    groups.push(second);
    for used in [&["sgp-1", "sgp-2"][..], &["sgp-1"]] {
        let mut topology = twice.clone();
        topology.listeners.get_mut().unwrap()[0].server_groups = used.iter().map(|id| (*id).into()).collect();
        topology.context.balanced = Known::Known([("sgp-1".into(), 0), ("sgp-2".into(), 0)].into());
        assert_eq!(kept(&teardown(&binding, &topology)), Vec::<&str>::new(), "{used:?}");
    }

    let mut alone = topology.clone();
    alone.listeners.get_mut().unwrap().clear();
    for (balancer, expected) in [("alb-1", &[][..]), ("alb-9", &["sgp-1"])] {
        let mut topology = alone.clone();
        topology.server_groups.get_mut().unwrap()[0].load_balancers = vec![balancer.into()];
        assert_eq!(kept(&teardown(&binding, &topology)), expected, "{balancer}");
    }
    let mut server = world::onboarded(Generation::Upgraded).1.servers.get().unwrap()[0].clone();
    server.description = "by hand".to_owned();
    alone.servers.get_mut().unwrap().push(server);
    alone.server_groups.get_mut().unwrap()[0].server_count = 1;
    assert_eq!(kept(&teardown(&binding, &alone)), [&["sgp-1"], &WAYS[..]].concat());
}

#[test]
fn a_group_that_counts_more_members_than_are_listed_waits() {
    let (binding, mut topology) = drained(Generation::Upgraded);
    topology.listeners.get_mut().unwrap().clear();
    assert!(open(&teardown(&binding, &topology)).iter().any(|step| step.starts_with("delete server group")));
    topology.server_groups.get_mut().unwrap()[0].server_count = 1;
    let plan = teardown(&binding, &topology);
    assert!(
        !open(&plan).iter().any(|step| step.starts_with("delete server group")) && plan.pending.len() == 1,
        "{plan:#?}"
    );
    topology.server_groups.get_mut().unwrap()[0].server_count = 0;
    topology.server_groups.get_mut().unwrap()[0].status = ServerGroupStatus::from("Configuring");
    assert_eq!(teardown(&binding, &topology).pending.len(), 1);
}

#[test]
fn who_else_uses_an_attachment_or_a_connection_keeps_it() {
    let (binding, topology) = drained(Generation::Classic);
    let id = |topology: &Topology, of: &AttachmentRef| topology.resolve(of).unwrap().to_string();
    let vpc2 = id(&topology, &AttachmentRef::Vpc { vpc: "vpc-2".into() });
    let peer = id(&topology, &AttachmentRef::Peer { from: "cn-chengdu".into(), to: "cn-hangzhou".into() });

    let mut routed = topology.clone();
    with_route(&mut routed, "10.99.0.0/16", "by hand");
    assert_eq!(kept(&teardown(&binding, &routed)), [&*vpc2]);
    // On both sides, as another deployment has them: its packets cross the connection.
    with_forward_route(&mut routed, "10.98.0.0/16", "albridge/second/api");
    let vpc1 = id(&topology, &AttachmentRef::Vpc { vpc: "vpc-1".into() });
    assert_eq!(kept(&teardown(&binding, &routed)), [&*peer, &*vpc1, &*vpc2]);

    let mut learned = topology.clone();
    let route = world::transit_tables(&mut learned)
        .flat_map(|table| &table.routes)
        .find(|route| route.id.is_some())
        .unwrap()
        .clone();
    for propagated in [true, false] {
        let mut theirs = topology.clone();
        let table = world::transit_tables(&mut theirs).next().unwrap();
        table.routes.push(TransitRoute {
            id: Some("tr-rte-old".into()),
            next_hop: Some(peer.as_str().into()),
            propagated,
            status: TransitRouteStatus::Active,
            description: String::new(),
            ..route.clone()
        });
        let expected: &[&str] = if propagated { &[] } else { &[&peer] };
        assert_eq!(kept(&teardown(&binding, &theirs)), expected, "a learned route goes with what teaches it");
    }

    let stranger = |region: &str, mark: Option<&str>| VpcAttachment {
        id: format!("tr-attach-{region}").into(),
        vpc: format!("vpc-of-others-{region}").into(),
        region: region.into(),
        mark: mark.map(str::to_owned),
        ..topology.vpc_attachment(&"vpc-1".into()).unwrap().clone()
    };
    let mut beside = topology.clone();
    beside.context.strangers = vec![stranger("cn-chengdu", None)];
    assert_eq!(kept(&teardown(&binding, &beside)), Vec::<&str>::new(), "one side alone has nobody to talk to");
    beside.context.strangers.push(stranger("cn-hangzhou", Some("prod/-/vpc-attachment")));
    assert_eq!(kept(&teardown(&binding, &beside)), Vec::<&str>::new(), "ours belongs to a binding, which was asked");
    beside.context.strangers.push(stranger("cn-beijing", None));
    assert_eq!(kept(&teardown(&binding, &beside)), Vec::<&str>::new(), "another region is not across this connection");
    beside.context.strangers.push(stranger("cn-hangzhou", None));
    assert_eq!(kept(&teardown(&binding, &beside)), [&*peer]);
}

/// An entry of ours that is being changed goes as soon as it has changed; one of others stays, whatever it is doing.
#[test]
fn an_entry_that_is_being_changed_keeps_an_attachment_only_if_it_is_of_others() {
    let (binding, topology) = drained(Generation::Classic);
    let vpc2 = topology.resolve(&AttachmentRef::Vpc { vpc: "vpc-2".into() }).unwrap().to_string();
    for (description, expected) in
        [("albridge/prod/web", &[][..]), ("by hand", &[&*vpc2]), ("albridge/prod/api", &[&*vpc2])]
    {
        let mut routed = topology.clone();
        with_route(&mut routed, "10.99.0.0/16", description);
        let vpc = routed.vpcs.get_mut("vpc-2").unwrap().get_mut().unwrap().as_mut().unwrap();
        let route =
            vpc.tables.values_mut().flat_map(|table| &mut table.routes).find(|route| route.id == "rte-old".into());
        route.unwrap().status = VpcRouteStatus::from("Creating");
        assert_eq!(kept(&teardown(&binding, &routed)), expected, "{description}");

        let mut routed = topology.clone();
        let mut tables = world::transit_tables(&mut routed);
        let table = tables.find(|table| table.routes.iter().any(|route| route.id.is_some())).unwrap();
        table.routes.push(TransitRoute {
            id: Some("tr-rte-old".into()),
            destination: "10.99.0.0/16".parse().unwrap(),
            next_hop: Some(vpc2.as_str().into()),
            propagated: false,
            status: TransitRouteStatus::from("Creating"),
            description: description.to_owned(),
        });
        drop(tables);
        assert_eq!(kept(&teardown(&binding, &routed)), expected, "{description}");
    }
}

#[test]
fn attachments_and_connections_that_nobody_asked_for_are_named() {
    let (binding, topology) = drained(Generation::Upgraded);
    let plan = planned((&binding, &topology), &[], false, world::now());
    assert_eq!(kept(&plan).len(), 3);
    assert!(plan.findings.iter().all(|found| found.message.contains("--attachments")), "{plan:#?}");
    let mut leaving = topology;
    leaving.vpc_attachments.get_mut().unwrap()[0].status = AttachmentStatus::from("Detaching");
    assert_eq!(teardown(&binding, &leaving).pending.len(), 1, "one that is on its way out is waited for");
}

#[test]
fn what_a_removed_binding_left_is_named_and_stays() {
    let (binding, mut topology) = drained(Generation::Upgraded);
    with_route(&mut topology, "10.99.0.0/16", "albridge/prod/old");
    let plan = teardown(&binding, &topology);
    let orphans: Vec<&str> =
        plan.findings.iter().filter(|found| found.code == Code::Orphan).map(|found| found.resource.as_str()).collect();
    assert_eq!(orphans, ["rte-old"]);
    assert!(!plan.changes.iter().any(|change| change.write.to_string().contains("10.99.0.0/16")), "{plan:#?}");

    // The same route of a binding that is in the store: it is that binding's to take away.
    let (deployment, store) =
        (world::deployment(), [binding.clone(), Binding { name: "old".into(), ..binding.clone() }]);
    let inputs = Inputs { store: &store, ..world::inputs(&deployment, &binding, &topology) };
    let plan = plan::teardown(&inputs, &[], true);
    assert!(plan.findings.iter().all(|found| found.code != Code::Orphan), "{plan:#?}");
}

/// Everything here is marked for `web`. `api` wanted the same routes and rules.
#[test]
fn what_a_removed_binding_shared_with_this_one_goes_with_it() {
    let entries = |plan: &Plan| -> BTreeSet<String> {
        let is_entry = |change: &&Change| {
            matches!(
                change.write,
                Write::RemoveVpcRoute { .. } | Write::RemoveTransitRoute { .. } | Write::RevokeIngress { .. }
            )
        };
        plan.changes.iter().filter(is_entry).map(|change| change.write.to_string()).collect()
    };
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (web, topology) = drained(generation);
        let all = entries(&teardown(&web, &topology));
        let api = api(generation);
        let plan = teardown(&api, &topology);
        assert_eq!((entries(&plan), all.is_empty()), (all, false), "{generation:?}");
        assert!(plan.findings.iter().all(|found| found.code != Code::Orphan), "{plan:#?}");
        // While the store has `web`, its mark counts, whether it was torn down or not.
        let (deployment, store) = (world::deployment(), [web.clone(), api.clone()]);
        let inputs = Inputs { store: &store, ..world::inputs(&deployment, &api, &topology) };
        assert_eq!(entries(&plan::teardown(&inputs, &[], true)), BTreeSet::new());
    }
}
