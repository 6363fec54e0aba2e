//! Who becomes a member, who leaves, and what stops either.

use std::collections::BTreeMap;

use jiff::ToSpan;
use onboarding::binding::OnStop;
use onboarding::change::{Leaving, Write};
use onboarding::mark::MemberState;
use onboarding::topology::{Endpoint, Generation, Health, Instance};
use onboarding::{Binding, Code, Known, Plan, Reason, Topology, Verdict, plan};

use crate::world;

fn members(binding: &Binding, topology: &Topology) -> Plan {
    let deployment = world::deployment();
    plan::members(&world::inputs(&deployment, binding, topology), &world::all_reachable(topology))
}

fn instances(topology: &mut Topology) -> &mut Vec<Instance> {
    topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap()
}

/// A group of `count` healthy members, the world otherwise in place.
fn group_of(count: u8) -> (Binding, Topology) {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    *instances(&mut topology) = (1..=count).map(world::instance).collect();
    let plan = members(&binding, &topology);
    let topology = world::after(&binding, &topology, &plan.changes);
    assert_eq!(members(&binding, &topology), Plan::default());
    (binding, topology)
}

fn codes(plan: &Plan) -> Vec<Code> {
    plan.changes.iter().flat_map(|change| &change.blocked).map(|reason| reason.code).collect()
}

#[test]
fn an_instance_whose_path_is_not_open_is_not_registered() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    instances(&mut topology).push(world::instance(2));
    let deployment = world::deployment();
    let fault = Reason::new(Code::NoRoute, "vtb-1", "No route.");
    let verdicts = [("i-1".into(), Verdict::Reachable), ("i-2".into(), Verdict::Unreachable(fault))].into();
    let plan = plan::members(&world::inputs(&deployment, &binding, &topology), &verdicts);
    assert_eq!(codes(&plan), [Code::PathNotOpen, Code::NoRoute]);
}

#[test]
fn a_member_already_serving_is_not_removed_for_a_verdict() {
    let (binding, topology) = world::onboarded(Generation::Upgraded);
    let deployment = world::deployment();
    let fault = Reason::new(Code::NoRoute, "vtb-1", "No route.");
    let verdicts = [("i-1".into(), Verdict::Unreachable(fault))].into();
    let plan = plan::members(&world::inputs(&deployment, &binding, &topology), &verdicts);
    assert_eq!(plan.changes, []);
}

#[test]
fn a_short_list_removes_nobody() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology).truncate(1);
    assert_eq!(members(&binding, &topology).changes, []);
    *topology.instances.get_mut("vpc-2").unwrap() = Known::Unknown("the call failed".to_owned());
    assert_eq!(members(&binding, &topology).changes, []);
}

#[test]
fn a_proven_release_goes_at_once_and_all_of_them() {
    let (binding, mut topology) = group_of(4);
    instances(&mut topology).clear();
    topology.released = (1..=4_u8).map(|number| format!("i-{number}").into()).collect();
    let plan = members(&binding, &topology);
    assert_eq!(plan.changes.len(), 4);
    for change in &plan.changes {
        assert!(matches!(change.write, Write::RemoveServer { why: Leaving::Released, .. }) && change.is_open());
    }
}

#[test]
fn untagged_members_leave_one_at_a_time_in_a_small_group() {
    let (binding, mut topology) = group_of(4);
    instances(&mut topology).iter_mut().for_each(|instance| instance.tags.clear());
    let plan = members(&binding, &topology);
    let open = plan.changes.iter().filter(|change| change.is_open()).count();
    assert_eq!(open, 1);
    assert_eq!(codes(&plan), [Code::RemovalCapped; 3]);
}

#[test]
fn the_last_healthy_member_stays() {
    let (binding, mut topology) = group_of(1);
    instances(&mut topology).iter_mut().for_each(|instance| instance.tags.clear());
    assert_eq!(codes(&members(&binding, &topology)), [Code::RemovalFloor]);
}

#[test]
fn leavers_wait_until_newcomers_are_healthy() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].tags.clear();
    let endpoint = Endpoint { address: [192, 168, 7, 3].into(), port: 80 };
    let initial = Health { status: "Initial".to_owned(), reason: String::new() };
    topology.unhealthy = Known::Known(BTreeMap::from([(endpoint, initial)]));
    assert_eq!(codes(&members(&binding, &topology)), [Code::RemovalWaits]);
}

#[test]
fn health_that_could_not_be_read_keeps_everybody() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].tags.clear();
    topology.unhealthy = Known::Unknown("the call failed".to_owned());
    assert_eq!(codes(&members(&binding, &topology)), [Code::Unread]);
}

#[test]
fn stopped_instances_are_kept_unless_the_binding_says_drain() {
    let (mut binding, mut topology) = group_of(3);
    instances(&mut topology)[0].status = "Stopped".to_owned();
    assert_eq!(members(&binding, &topology).changes, []);

    binding.removal.on_stop = OnStop::Drain;
    let noted = members(&binding, &topology);
    let [change] = noted.changes.as_slice() else { panic!("{noted:?}") };
    assert!(
        matches!(&change.write, Write::UpdateServer { weight: 100, description, .. } if description.contains("/stopped-"))
    );

    let mut later = world::after(&binding, &topology, &noted.changes);
    assert_eq!(members(&binding, &later).changes, [], "the grace time is not over");
    let since = world::now() - 301.seconds();
    let server = &mut later.servers.get_mut().unwrap()[0];
    server.description = world::deployment().member(&binding.name, &"i-1".into(), MemberState::Stopped(since));
    let plan = members(&binding, &later);
    assert!(matches!(plan.changes[0].write, Write::RemoveServer { why: Leaving::Stopped, .. }));

    instances(&mut later)[0].status = "Running".to_owned();
    let plan = members(&binding, &later);
    assert!(matches!(&plan.changes[0].write, Write::UpdateServer { description, .. } if description.ends_with("/i-1")));
}

#[test]
fn in_between_states_change_nothing() {
    let (mut binding, mut topology) = group_of(2);
    binding.removal.on_stop = OnStop::Drain;
    for status in ["Starting", "Stopping", "Pending", "Rebooting"] {
        instances(&mut topology)[0].status = status.to_owned();
        assert_eq!(members(&binding, &topology).changes, [], "{status}");
    }
}

#[test]
fn without_connection_draining_a_leaver_gets_weight_zero_first() {
    let (binding, mut topology) = group_of(3);
    topology.server_groups.get_mut().unwrap()[0].settings.drain_seconds = None;
    instances(&mut topology)[0].tags.clear();
    let plan = members(&binding, &topology);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(
        matches!(&change.write, Write::UpdateServer { weight: 0, description, .. } if description.contains("/drain-"))
    );

    let mut draining = world::after(&binding, &topology, &plan.changes);
    let waiting = members(&binding, &draining);
    assert_eq!(waiting.changes, []);
    assert_eq!(waiting.pending.len(), 1, "it drains");
    let since = world::now() - 31.seconds();
    let server = &mut draining.servers.get_mut().unwrap()[0];
    server.description = world::deployment().member(&binding.name, &"i-1".into(), MemberState::Draining(since));
    let plan = members(&binding, &draining);
    assert!(matches!(plan.changes[0].write, Write::RemoveServer { why: Leaving::Untagged, .. }));
}

#[test]
fn a_moved_instance_is_added_before_its_old_address_goes() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].address = Some([192, 168, 7, 77].into());
    let plan = members(&binding, &topology);
    assert!(matches!(plan.changes[0].write, Write::AddServer { .. }) && plan.changes[0].is_open());
    assert_eq!(codes(&plan), [Code::RemovalWaits]);
    let next = world::after(&binding, &topology, &plan.changes);
    let plan = members(&binding, &next);
    assert!(
        matches!(plan.changes[0].write, Write::RemoveServer { why: Leaving::Moved, .. }) && plan.changes[0].is_open()
    );
}

#[test]
fn members_of_others_are_left_alone() {
    let (binding, mut topology) = group_of(2);
    topology.servers.get_mut().unwrap()[0].description = "by hand".to_owned();
    let plan = members(&binding, &topology);
    assert_eq!(plan.changes, []);
    assert_eq!(plan.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::MemberForeign]);
}

#[test]
fn a_group_holds_a_thousand() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let many = (0..1005_u16).map(|number| {
        let [high, low] = number.to_be_bytes();
        let mut instance = world::instance(1);
        instance.id = format!("i-{number:04}").into();
        instance.address = Some([192, 168, 100 + high, low].into());
        instance
    });
    *instances(&mut topology) = many.collect();
    topology.servers = Known::Known(Vec::new());
    let plan = members(&binding, &topology);
    assert_eq!(plan.changes.iter().filter(|change| change.is_open()).count(), 1000);
    assert!(codes(&plan).iter().all(|code| *code == Code::ServerQuota));
}
