//! What a plan says will follow from it, and that exactly that does.

use onboarding::change::Write;
use onboarding::plan::{After, FollowUp, follow_ups};
use onboarding::topology::Generation;
use onboarding::{Binding, Plan, Topology, plan};

use super::members::{group_of, instances};
use super::world;

/// The whole plan of a binding as a person sees it.
fn seen(binding: &Binding, topology: &Topology, others: &[(&Binding, &Topology)]) -> Plan {
    let deployment = world::deployment();
    let inputs = world::inputs(&deployment, binding, topology);
    let others: Vec<_> =
        others.iter().map(|(binding, topology)| world::inputs(&deployment, binding, topology)).collect();
    let store: Vec<_> =
        std::iter::once(binding).chain(others.iter().map(|other| other.binding)).map(|all| all.name.clone()).collect();
    let mut plan = world::whole(binding, topology).and(plan::prune(&inputs, &others, &store));
    plan.follow_ups = follow_ups(&inputs, &plan, &others, &store);
    plan
}

fn words(plan: &Plan) -> Vec<String> {
    plan.follow_ups.iter().map(ToString::to_string).collect()
}

fn untag(topology: &mut Topology, count: usize) {
    instances(topology).iter_mut().take(count).for_each(|instance| instance.tags.clear());
}

#[test]
fn an_onboarding_is_followed_by_nothing() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let plan = seen(&world::binding(generation), &world::topology(generation), &[]);
        assert!(!plan.changes.is_empty());
        assert_eq!(words(&plan), Vec::<String>::new());
    }
}

#[test]
fn who_drains_is_removed_after_the_hold() {
    let (mut binding, mut topology) = group_of(5);
    untag(&mut topology, 2);
    let plan = seen(&binding, &topology, &[]);
    assert_eq!(words(&plan), ["remove i-1 at 192.168.7.1:80 (untagged) after 20 minutes"], "i-2 is withheld");
    binding.server_group.drain_seconds = 1790;
    let drain = seen(&binding, &topology, &[]);
    assert!(
        words(&drain).contains(&"remove i-1 at 192.168.7.1:80 (untagged) after 30 minutes".to_owned()),
        "{drain:#?}"
    );

    // It comes about as it was said.
    let draining = world::after(&binding, &topology, &plan.changes);
    let next = seen(&binding, &draining, &[]);
    assert!(next.changes.iter().any(|change| plan.follow_ups[0].write.same_intent(&change.write)), "{next:#?}");
    let removal =
        |then: &FollowUp| matches!(&then.write, Write::RemoveServer { instance, .. } if instance.as_str() == "i-1");
    assert!(!next.follow_ups.iter().any(removal), "it is a change of that plan: {next:#?}");
}

#[test]
fn the_last_member_s_routes_and_rules_follow_its_release() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, mut topology) = world::onboarded(generation);
        instances(&mut topology).clear();
        topology.released = ["i-1".into()].into();
        let plan = seen(&binding, &topology, &[]);
        let removed = plan.changes.iter().filter(|change| matches!(change.write, Write::RemoveServer { .. })).count();
        assert_eq!(removed, 1, "{plan:#?}");
        assert!(plan.follow_ups.iter().all(|then| then.after == After::Changes), "{plan:#?}");
        let routes = plan.follow_ups.iter().filter(|then| matches!(then.write, Write::RemoveVpcRoute { .. })).count();
        assert!(routes >= 3, "{plan:#?}");
        assert!(words(&plan).iter().all(|word| word.ends_with("once this is made")));

        let after = world::after(&binding, &topology, &plan.changes);
        let next = seen(&binding, &after, &[]);
        assert!(!next.changes.is_empty());
        for change in &next.changes {
            assert!(plan.covers(&change.write), "{} was not named", change.write);
        }
    }
}

#[test]
fn routes_of_a_member_that_drains_follow_its_removal() {
    let (mut binding, mut topology) = group_of(1);
    binding.removal.min_healthy = 0;
    untag(&mut topology, 1);
    let plan = seen(&binding, &topology, &[]);
    let first = plan.follow_ups.first().unwrap();
    assert!(matches!(first.write, Write::RemoveServer { .. }) && first.after == After::Minutes { minutes: 20 });
    let rest = plan.follow_ups.get(1..).unwrap();
    assert!(!rest.is_empty());
    assert!(rest.iter().all(|then| then.after == After::Members), "{plan:#?}");
    assert!(words(&plan).iter().any(|word| word.ends_with("once its members are gone")), "{plan:#?}");

    // Draining already, the same follows; its removal is a change of the plan, which waits.
    let draining = world::after(&binding, &topology, &plan.changes);
    let next = seen(&binding, &draining, &[]);
    assert!(next.follow_ups.iter().any(|then| then.after == After::Members), "{next:#?}");
}

#[test]
fn marked_members_go_ten_minutes_later() {
    let (binding, mut topology) = group_of(4);
    instances(&mut topology).clear();
    topology.released = (1..=4_u8).map(|number| format!("i-{number}").into()).collect();
    let plan = seen(&binding, &topology, &[]);
    let removals = words(&plan).iter().filter(|word| word.ends_with("(released) after 10 minutes")).count();
    assert_eq!(removals, 4, "{plan:#?}");
    assert!(plan.follow_ups.iter().any(|then| matches!(then.write, Write::RemoveVpcRoute { .. })), "{plan:#?}");
}

#[test]
fn what_another_binding_wants_does_not_follow() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let other = Binding { name: "api".into(), ..binding.clone() };
    let theirs = topology.clone();
    instances(&mut topology).clear();
    topology.released = ["i-1".into()].into();
    let plan = seen(&binding, &topology, &[(&other, &theirs)]);
    assert_eq!(plan.changes.len(), 1);
    assert_eq!(words(&plan), Vec::<String>::new());
}

#[test]
fn a_follow_up_is_covered_and_nothing_like_it_is() {
    let (binding, mut topology) = group_of(5);
    untag(&mut topology, 1);
    let plan = seen(&binding, &topology, &[]);
    let [then] = &plan.follow_ups[..] else { panic!("{plan:#?}") };
    assert!(plan.covers(&then.write));
    let Write::RemoveServer { instance, address, port, why } = then.write.clone() else { panic!("{then:?}") };
    let other = Write::RemoveServer { instance: "i-2".into(), address, port, why };
    assert!(!plan.covers(&other));
    assert!(!plan.covers(&Write::RemoveServer { instance, address, port: port + 1, why }));
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan, "a saved plan keeps it");
}
