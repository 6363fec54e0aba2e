//! An instance that takes over the address of one that left takes over its entry as well.

use onboarding::change::Write;
use onboarding::mark::MemberState;
use onboarding::topology::{Instance, InstanceStatus};
use onboarding::{Binding, Code, Plan, Reason, Topology, Verdict, plan};

use super::members::{codes, group_of, instances, members};
use super::world;

/// A running instance that the binding selects, with the address of `i-1`.
fn newcomer() -> Instance {
    Instance { id: "i-new".into(), ..world::instance(1) }
}

/// Three members. `i-1` is released, and another instance has its address.
fn replaced(by: Instance) -> (Binding, Topology) {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology).remove(0);
    instances(&mut topology).push(by);
    topology.released = ["i-1".into()].into();
    (binding, topology)
}

/// The writes of a plan, in words.
fn words(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|change| change.write.to_string()).collect()
}

const HANDED_OVER: &str = "set i-new at 192.168.7.1:80 to weight 100";

#[test]
fn the_entry_is_rewritten_in_one_write_and_never_removed() {
    let (binding, topology) = replaced(newcomer());
    let plan = members(&binding, &topology);
    assert_eq!(words(&plan), [HANDED_OVER]);
    assert!(plan.changes[0].is_open());
    let after = world::after(&binding, &topology, &plan.changes);
    assert_eq!(after.servers.get().unwrap().len(), 3);
    assert_eq!(after.servers.get().unwrap()[0].description, "albridge/prod/web/i-new");
    assert_eq!(members(&binding, &after).changes, []);
}

#[test]
fn whatever_was_noted_about_the_one_that_left_is_over() {
    let since = world::now();
    for state in [MemberState::Draining(since), MemberState::Stopped(since), MemberState::Released(since)] {
        let (binding, mut topology) = replaced(newcomer());
        let server = &mut topology.servers.get_mut().unwrap()[0];
        (server.weight, server.description) = (0, world::deployment().member(&"web".into(), &"i-1".into(), state));
        assert_eq!(words(&members(&binding, &topology)), [HANDED_OVER], "{state:?}");
    }
}

#[test]
fn an_entry_whose_new_holder_cannot_be_reached_stays_as_it_is() {
    let (binding, topology) = replaced(newcomer());
    let deployment = world::deployment();
    let mut verdicts = world::all_reachable(&topology);
    let fault = Reason::new(Code::NoRoute, "vtb-1", "No route.");
    verdicts.insert("i-new".into(), Verdict::Undetermined(fault));
    let plan = plan::members(&world::inputs(&deployment, &binding, &topology), &verdicts);
    assert_eq!(words(&plan), [HANDED_OVER]);
    assert_eq!(codes(&plan), [Code::PathNotOpen, Code::NoRoute]);
}

#[test]
fn an_entry_waits_for_a_holder_that_is_on_its_way_up() {
    for status in ["Pending", "Starting"] {
        let (binding, topology) = replaced(Instance { status: status.into(), ..newcomer() });
        assert_eq!(members(&binding, &topology).changes, [], "{status}");
    }
}

#[test]
fn a_holder_that_is_stopped_or_not_wanted_keeps_nobody() {
    for holder in [
        Instance { status: InstanceStatus::Stopped, ..newcomer() },
        Instance { tags: [].into(), ..newcomer() },
        Instance { tags: [("app".to_owned(), "other".to_owned())].into(), ..newcomer() },
    ] {
        let (binding, topology) = replaced(holder.clone());
        assert_eq!(words(&members(&binding, &topology)), ["remove i-1 at 192.168.7.1:80 (released)"], "{holder:?}");
    }
}

#[test]
fn two_instances_that_change_places_change_entries() {
    let (binding, mut topology) = group_of(3);
    let (one, two) = ([192, 168, 7, 1].into(), [192, 168, 7, 2].into());
    instances(&mut topology)[0].address = Some(two);
    instances(&mut topology)[1].address = Some(one);
    let plan = members(&binding, &topology);
    assert_eq!(words(&plan), ["set i-1 at 192.168.7.2:80 to weight 100", "set i-2 at 192.168.7.1:80 to weight 100"]);
    let after = world::after(&binding, &topology, &plan.changes);
    assert_eq!(members(&binding, &after).changes, []);
}

#[test]
fn one_that_moved_is_added_where_it_is_and_its_entry_goes_to_the_holder() {
    let (binding, mut topology) = group_of(3);
    instances(&mut topology)[0].address = Some([192, 168, 7, 77].into());
    instances(&mut topology).push(newcomer());
    let plan = members(&binding, &topology);
    let mut words = words(&plan);
    words.sort();
    assert_eq!(words, ["register i-1 at 192.168.7.77:80", HANDED_OVER]);
}

#[test]
fn an_entry_whose_instance_is_not_known_to_have_left_is_not_handed_over() {
    let (binding, mut topology) = replaced(newcomer());
    topology.released.clear();
    assert_eq!(members(&binding, &topology).changes, [], "no proof");
    // The same address in two VPCs: the entry is the one's whose name is on it.
    let (binding, mut topology) = group_of(3);
    instances(&mut topology).push(newcomer());
    assert_eq!(members(&binding, &topology).changes, []);
}

#[test]
fn an_entry_of_another_port_is_not_handed_over() {
    let (binding, mut topology) = replaced(newcomer());
    topology.servers.get_mut().unwrap()[0].port = 8080;
    let plan = members(&binding, &topology);
    assert!(matches!(plan.changes[0].write, Write::AddServer { port: 80, .. }), "{plan:#?}");
    assert!(matches!(plan.changes[1].write, Write::RemoveServer { port: 8080, .. }), "{plan:#?}");
}
