//! How many members may leave at a time, how many must be left, and what is a reason to leave at all.

use std::collections::BTreeMap;

use jiff::ToSpan;
use onboarding::binding::OnStop;
use onboarding::change::Write;
use onboarding::mark::MemberState;
use onboarding::topology::{Endpoint, Health, InstanceStatus, ServerStatus};
use onboarding::{Binding, Code, Known, Topology};

use super::members::{codes, group_of, instances, members};
use super::world;

/// Who gets weight 0 by the plan.
fn sent_away(binding: &Binding, topology: &Topology) -> Vec<String> {
    let plan = members(binding, topology);
    let leaver = |change: &onboarding::Change| match &change.write {
        Write::UpdateServer { instance, weight: 0, .. } if change.is_open() => Some(instance.to_string()),
        _ => None,
    };
    plan.changes.iter().filter_map(leaver).collect()
}

fn untag(topology: &mut Topology, numbers: &[u8]) {
    let ids: Vec<String> = numbers.iter().map(|number| format!("i-{number}")).collect();
    let all = instances(topology).iter_mut();
    all.filter(|instance| ids.iter().any(|id| instance.id.as_str() == id)).for_each(|instance| instance.tags.clear());
}

fn endpoint(number: u8) -> Endpoint {
    Endpoint { address: [192, 168, 7, number].into(), port: 80 }
}

fn health(topology: &mut Topology, status: &str, numbers: &[u8]) {
    let health = Health { status: status.into(), reason: String::new() };
    let rows: BTreeMap<_, _> = numbers.iter().map(|number| (endpoint(*number), health.clone())).collect();
    topology.unhealthy = Known::Known(rows);
}

fn note(topology: &mut Topology, number: u8, state: MemberState) {
    let server = &mut topology.servers.get_mut().unwrap()[usize::from(number) - 1];
    server.description = world::deployment().member(&"web".into(), &format!("i-{number}").into(), state);
}

#[test]
fn the_cap_is_the_bindings_percentage_of_the_group_and_at_least_one() {
    for (count, percent, cap) in
        [(10, 0, 0), (10, 1, 1), (10, 20, 2), (10, 39, 3), (10, 50, 5), (10, 100, 10), (4, 50, 2), (3, 50, 1)]
    {
        let (mut binding, mut topology) = group_of(count);
        binding.removal.max_percent = percent;
        binding.removal.min_healthy = 0;
        instances(&mut topology).iter_mut().for_each(|instance| instance.tags.clear());
        assert_eq!(sent_away(&binding, &topology).len(), cap, "{percent} percent of {count}");
    }
}

#[test]
fn the_percentage_says_too_how_many_releases_go_at_once() {
    for (percent, gone, at_once) in [(0, 1, 1), (0, 2, 0), (10, 2, 0), (30, 3, 3), (30, 4, 0), (60, 6, 6)] {
        let (mut binding, mut topology) = group_of(10);
        binding.removal.max_percent = percent;
        let ids: Vec<_> = (1..=gone).map(|number: u8| format!("i-{number}").into()).collect();
        instances(&mut topology).retain(|instance| !ids.contains(&instance.id));
        topology.released = ids.into_iter().collect();
        let plan = members(&binding, &topology);
        let removed = plan.changes.iter().filter(|change| matches!(change.write, Write::RemoveServer { .. })).count();
        assert_eq!(removed, at_once, "{gone} of 10 at {percent} percent: {plan:#?}");
    }
}

#[test]
fn the_floor_counts_only_members_that_serve() {
    type Breaks = fn(&mut Topology);
    let cases: [(&str, Breaks, usize); 5] = [
        ("all serve", |_| (), 2),
        ("one is unhealthy", |topology| health(topology, "Unhealthy", &[1]), 1),
        ("one of others has weight 0", |topology| topology.servers.get_mut().unwrap()[0].weight = 0, 1),
        ("one is not available", |topology| topology.servers.get_mut().unwrap()[0].status = "Removing".into(), 1),
        (
            "one is released",
            |topology| {
                instances(topology).remove(0);
                topology.released = ["i-1".into()].into();
            },
            1,
        ),
    ];
    for (case, change, leave) in cases {
        let (mut binding, mut topology) = group_of(10);
        binding.removal.max_percent = 100;
        binding.removal.min_healthy = 8;
        untag(&mut topology, &[7, 8, 9]);
        if case.contains("of others") {
            topology.servers.get_mut().unwrap()[0].description = "by hand".to_owned();
        }
        change(&mut topology);
        assert_eq!(sent_away(&binding, &topology).len(), leave, "{case}");
        let floored = codes(&members(&binding, &topology)).iter().filter(|code| **code == Code::RemovalFloor).count();
        assert_eq!(floored, 3 - leave, "{case}");
    }
}

#[test]
fn the_floor_follows_from_tags_that_nothing_has_and_the_cap_does_not() {
    for (percent, floor, code, follows) in [(100, 2, Code::RemovalFloor, true), (50, 0, Code::RemovalCapped, false)] {
        let (mut binding, mut topology) = group_of(2);
        (binding.removal.max_percent, binding.removal.min_healthy) = (percent, floor);
        untag(&mut topology, &[1, 2]);
        let plan = members(&binding, &topology);
        let kept: Vec<_> = plan.changes.iter().flat_map(|change| &change.blocked).collect();
        assert!(!kept.is_empty() && kept.iter().all(|reason| reason.code == code), "{kept:#?}");
        for reason in kept {
            let because: Vec<Code> = reason.because.iter().map(|cause| cause.code).collect();
            assert_eq!(because == [Code::NoneSelected], follows, "{reason:#?}");
        }
    }
}

#[test]
fn who_serves_nobody_leaves_first_and_below_the_floor_too() {
    let (mut binding, mut topology) = group_of(10);
    binding.removal.max_percent = 100;
    binding.removal.min_healthy = 10;
    untag(&mut topology, &[1, 2, 9, 10]);
    health(&mut topology, "Unhealthy", &[9, 10]);
    assert_eq!(sent_away(&binding, &topology), ["i-10", "i-9"]);
    binding.removal.max_percent = 20;
    binding.removal.min_healthy = 0;
    assert_eq!(sent_away(&binding, &topology), ["i-10", "i-9"], "they take up the cap");
}

#[test]
fn nobody_leaves_while_somebody_joins() {
    type Joins = fn(&mut Topology);
    let cases: [(&str, Joins, bool); 5] = [
        ("nobody joins", |_| (), true),
        ("one is to be registered", |topology| instances(topology).push(world::instance(11)), false),
        (
            "one is being registered",
            |topology| topology.servers.get_mut().unwrap()[4].status = ServerStatus::Adding,
            false,
        ),
        ("one was not checked yet", |topology| health(topology, "Initial", &[5]), false),
        ("one is unhealthy", |topology| health(topology, "Unhealthy", &[5]), true),
    ];
    for (case, change, leaves) in cases {
        let (binding, mut topology) = group_of(10);
        untag(&mut topology, &[1]);
        change(&mut topology);
        assert_eq!(sent_away(&binding, &topology).len(), usize::from(leaves), "{case}");
        let waits = codes(&members(&binding, &topology)).contains(&Code::RemovalWaits);
        assert_eq!(waits, !leaves, "{case}");
    }
}

#[test]
fn a_member_whose_status_is_on_its_way_is_not_sent_away() {
    for status in ["Adding", "Removing", "Configuring"] {
        let (binding, mut topology) = group_of(10);
        untag(&mut topology, &[1]);
        topology.servers.get_mut().unwrap()[0].status = status.into();
        assert_eq!(members(&binding, &topology).changes, [], "{status}");
    }
}

#[test]
fn only_a_state_that_lasts_shows_that_the_tags_are_gone() {
    for (status, leaves) in [("Running", 1), ("Stopped", 1), ("Pending", 0), ("Starting", 0), ("Stopping", 0)] {
        let (binding, mut topology) = group_of(10);
        untag(&mut topology, &[1]);
        instances(&mut topology)[0].status = status.into();
        assert_eq!(sent_away(&binding, &topology).len(), leaves, "{status}");
    }
}

#[test]
fn an_entry_of_a_port_that_is_no_longer_wanted_leaves_once_the_new_one_serves() {
    let (mut binding, mut topology) = group_of(10);
    binding.server_group.port = 8080;
    let plan = members(&binding, &topology);
    assert_eq!(codes(&plan), [Code::RemovalWaits; 10], "{plan:#?}");
    topology = world::after(&binding, &topology, &plan.changes);
    assert_eq!(sent_away(&binding, &topology).len(), 4, "20 percent of 20");
    instances(&mut topology).iter_mut().for_each(|instance| instance.status = InstanceStatus::Stopped);
    assert_eq!(sent_away(&binding, &topology), Vec::<String>::new(), "who is stopped is no reason");
}

#[test]
fn a_stopped_member_of_another_address_is_not_taken_for_moved() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].address = Some([192, 168, 7, 77].into());
    instances(&mut topology)[0].status = InstanceStatus::Stopped;
    assert_eq!(members(&binding, &topology).changes, []);
}

/// A note says since when; what the instance does, and what the binding says, decide.
#[test]
fn a_stopped_instance_leaves_only_after_its_grace_and_where_the_binding_says_so() {
    let stopped = |seconds: i64| MemberState::Stopped(world::now() - seconds.seconds());
    let (drain, keep) = (OnStop::Drain, OnStop::Keep);
    for (on_stop, status, state, leaves) in [
        (drain, "Stopped", stopped(300), true),
        (drain, "Stopped", stopped(299), false),
        (keep, "Stopped", stopped(5000), false),
        (drain, "Running", stopped(5000), false),
        (drain, "Starting", stopped(5000), false),
        (drain, "Stopped", MemberState::Serving, false),
    ] {
        let (mut binding, mut topology) = group_of(3);
        binding.removal.on_stop = on_stop;
        note(&mut topology, 1, state);
        instances(&mut topology)[0].status = status.into();
        let expected = if leaves { vec!["i-1".to_owned()] } else { Vec::new() };
        assert_eq!(sent_away(&binding, &topology), expected, "{on_stop:?} {status} {state:?}");
    }
}

#[test]
fn a_drained_member_goes_only_while_its_reason_lasts() {
    let (drain, keep) = (OnStop::Drain, OnStop::Keep);
    for (on_stop, status, goes) in
        [(drain, "Stopped", true), (keep, "Stopped", false), (drain, "Starting", false), (drain, "Running", false)]
    {
        let (mut binding, mut topology) = group_of(3);
        binding.removal.on_stop = on_stop;
        note(&mut topology, 1, MemberState::Draining(world::now() - 1200.seconds()));
        topology.servers.get_mut().unwrap()[0].weight = 0;
        instances(&mut topology)[0].status = status.into();
        let plan = members(&binding, &topology);
        let removed = plan.changes.iter().filter(|change| matches!(change.write, Write::RemoveServer { .. })).count();
        assert_eq!(removed, usize::from(goes), "{on_stop:?} {status}: {plan:#?}");
    }
}

#[test]
fn the_hold_is_over_at_its_end_and_lasts_as_long_as_the_bindings_drain() {
    for (drain_seconds, ago, open) in [(30, 1199, false), (30, 1200, true), (1500, 1499, false), (1500, 1500, true)] {
        let (mut binding, mut topology) = group_of(3);
        binding.server_group.drain_seconds = drain_seconds;
        untag(&mut topology, &[1]);
        note(&mut topology, 1, MemberState::Draining(world::now() - i64::from(ago).seconds()));
        topology.servers.get_mut().unwrap()[0].weight = 0;
        let plan = members(&binding, &topology);
        let [change] = plan.changes.as_slice() else { panic!("{plan:#?}") };
        assert!(matches!(change.write, Write::RemoveServer { .. }), "{plan:#?}");
        assert_eq!(change.is_open(), open, "{ago} s of {drain_seconds}: {plan:#?}");
    }
}
