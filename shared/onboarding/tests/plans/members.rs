//! Who becomes a member, who leaves, and what stops either.

use std::collections::BTreeMap;

use jiff::ToSpan;
use onboarding::binding::OnStop;
use onboarding::change::{Leaving, Write};
use onboarding::mark::MemberState;
use onboarding::topology::{Endpoint, Generation, Health, HealthStatus, Instance, InstanceStatus};
use onboarding::{Binding, Code, Known, Plan, Reason, Topology, Verdict, plan};

use super::world;

pub(crate) fn members(binding: &Binding, topology: &Topology) -> Plan {
    let deployment = world::deployment();
    plan::members(&world::inputs(&deployment, binding, topology), &world::all_reachable(topology))
}

pub(crate) fn instances(topology: &mut Topology) -> &mut Vec<Instance> {
    topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap()
}

/// A group of `count` healthy members, the world otherwise in place.
pub(crate) fn group_of(count: u8) -> (Binding, Topology) {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    *instances(&mut topology) = (1..=count).map(world::instance).collect();
    let plan = members(&binding, &topology);
    let topology = world::after(&binding, &topology, &plan.changes);
    assert_eq!(members(&binding, &topology), Plan::default());
    (binding, topology)
}

pub(crate) fn codes(plan: &Plan) -> Vec<Code> {
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
    *topology.instances.get_mut("vpc-2").unwrap() = Known::Failed("the call failed".to_owned());
    assert_eq!(members(&binding, &topology).changes, []);
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

/// Without a health check the load balancer sends to every member.
#[test]
fn the_last_member_that_nobody_checks_stays_too() {
    let (binding, mut topology) = group_of(1);
    instances(&mut topology).iter_mut().for_each(|instance| instance.tags.clear());
    let endpoint = Endpoint { address: [192, 168, 7, 1].into(), port: 80 };
    let unchecked = Health { status: HealthStatus::Unavailable, reason: String::new() };
    assert_eq!(topology.servers.get().unwrap()[0].endpoint(), endpoint);
    topology.unhealthy = Known::Known(BTreeMap::from([(endpoint, unchecked)]));
    assert_eq!(codes(&members(&binding, &topology)), [Code::RemovalFloor]);
}

#[test]
fn leavers_wait_until_newcomers_are_healthy() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].tags.clear();
    let endpoint = Endpoint { address: [192, 168, 7, 3].into(), port: 80 };
    let initial = Health { status: HealthStatus::Initial, reason: String::new() };
    topology.unhealthy = Known::Known(BTreeMap::from([(endpoint, initial)]));
    assert_eq!(codes(&members(&binding, &topology)), [Code::RemovalWaits]);
}

#[test]
fn health_that_could_not_be_read_keeps_everybody() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].tags.clear();
    topology.unhealthy = Known::Failed("the call failed".to_owned());
    assert_eq!(codes(&members(&binding, &topology)), [Code::Unread]);
}

#[test]
fn stopped_instances_are_kept_unless_the_binding_says_drain() {
    let (mut binding, mut topology) = group_of(3);
    instances(&mut topology)[0].status = InstanceStatus::Stopped;
    assert_eq!(members(&binding, &topology).changes, []);

    binding.removal.on_stop = OnStop::Drain;
    let noted = members(&binding, &topology);
    let [change] = noted.changes.as_slice() else { panic!("{noted:?}") };
    assert!(matches!(&change.write, Write::UpdateServer { weight: 100, state: MemberState::Stopped(_), .. }));

    let mut later = world::after(&binding, &topology, &noted.changes);
    assert_eq!(members(&binding, &later).changes, [], "the grace time is not over");
    let since = world::now() - 301.seconds();
    let server = &mut later.servers.get_mut().unwrap()[0];
    server.description = world::deployment().member(&binding.name, &"i-1".into(), MemberState::Stopped(since));
    let plan = members(&binding, &later);
    assert!(matches!(plan.changes[0].write, Write::UpdateServer { weight: 0, .. }), "{plan:?}");

    instances(&mut later)[0].status = InstanceStatus::Running;
    let plan = members(&binding, &later);
    assert!(matches!(&plan.changes[0].write, Write::UpdateServer { state: MemberState::Serving, .. }));
}

#[test]
fn in_between_states_change_nothing() {
    let (mut binding, mut topology) = group_of(2);
    binding.removal.on_stop = OnStop::Drain;
    for status in ["Starting", "Stopping", "Pending", "Rebooting"] {
        instances(&mut topology)[0].status = status.into();
        assert_eq!(members(&binding, &topology).changes, [], "{status}");
    }
}

#[test]
fn a_leaver_gets_weight_zero_first_and_is_held() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].tags.clear();
    let plan = members(&binding, &topology);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(matches!(&change.write, Write::UpdateServer { weight: 0, state: MemberState::Draining(_), .. }));

    let mut draining = world::after(&binding, &topology, &plan.changes);
    let waiting = members(&binding, &draining);
    assert_eq!(codes(&waiting), [Code::RemovalWaits]);
    assert_eq!(waiting.pending, [], "no run waits for it");
    sent_away(&mut draining, 0, 1201);
    let plan = members(&binding, &draining);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(matches!(change.write, Write::RemoveServer { why: Leaving::Untagged, .. }) && change.is_open());
    instances(&mut draining)[0].tags.insert("app".to_owned(), "web".to_owned());
    let plan = members(&binding, &draining);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(matches!(change.write, Write::UpdateServer { weight: 100, .. }), "its tags are back: {change:?}");
}

/// A member that got weight 0 so many seconds ago.
fn sent_away(topology: &mut Topology, index: u8, seconds: i64) {
    let since = world::now() - seconds.seconds();
    let server = &mut topology.servers.get_mut().unwrap()[usize::from(index)];
    let instance = format!("i-{}", index + 1).into();
    server.weight = 0;
    server.description = world::deployment().member(&"web".into(), &instance, MemberState::Draining(since));
}

/// Ten members may lose two at a time. Whoever left within the hold counts, in whatever run or invocation that was.
#[test]
fn the_cap_counts_whoever_left_lately_and_nobody_else() {
    for (ago, open) in [([0, 0], 0), ([900, 1199], 0), ([900, 1201], 1), ([1201, 5000], 2)] {
        let (binding, mut topology) = group_of(10);
        instances(&mut topology).iter_mut().for_each(|instance| instance.tags.clear());
        sent_away(&mut topology, 0, ago[0]);
        sent_away(&mut topology, 1, ago[1]);
        let plan = members(&binding, &topology);
        let leaving = |change: &&onboarding::Change| matches!(change.write, Write::UpdateServer { weight: 0, .. });
        let leaving: Vec<_> = plan.changes.iter().filter(leaving).collect();
        assert_eq!(leaving.len(), 8);
        assert_eq!(leaving.iter().filter(|change| change.is_open()).count(), open, "{ago:?}: {plan:#?}");
        let removed = plan.changes.iter().filter(|change| matches!(change.write, Write::RemoveServer { .. }));
        let due = ago.iter().filter(|ago| **ago > 1200).count();
        assert_eq!(removed.filter(|change| change.is_open()).count(), due, "{ago:?}");
    }
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
    assert!(matches!(plan.changes[0].write, Write::UpdateServer { weight: 0, .. }) && plan.changes[0].is_open());
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
