//! What a binding leaves to others: it is never written, everything else is, and nothing that safety rests on can be left.

use jiff::ToSpan;
use onboarding::binding::Ignorable;
use onboarding::change::Write;
use onboarding::mark::MemberState;
use onboarding::topology::{Generation, ServerGroupSettings};
use onboarding::{Binding, Plan, Topology};
use proptest::prelude::*;

use super::members::{group_of, instances, members};
use super::world;

const ALL: [Ignorable; 12] = [
    Ignorable::Weight,
    Ignorable::Scheduler,
    Ignorable::Sticky,
    Ignorable::DrainSeconds,
    Ignorable::CheckPath,
    Ignorable::CheckMethod,
    Ignorable::CheckHost,
    Ignorable::CheckCodes,
    Ignorable::CheckInterval,
    Ignorable::CheckTimeout,
    Ignorable::HealthyThreshold,
    Ignorable::UnhealthyThreshold,
];

/// One setting of a group, so that two groups can be compared by it.
fn setting(of: Ignorable, settings: &ServerGroupSettings) -> String {
    let check = &settings.health_check;
    match of {
        Ignorable::Weight => String::new(),
        Ignorable::Scheduler => settings.scheduler.clone(),
        Ignorable::Sticky => settings.sticky.to_string(),
        Ignorable::DrainSeconds => format!("{:?}", settings.drain_seconds),
        Ignorable::CheckPath => check.path.clone(),
        Ignorable::CheckMethod => check.method.clone(),
        Ignorable::CheckHost => check.host.clone(),
        Ignorable::CheckCodes => check.codes.join(" "),
        Ignorable::CheckInterval => check.interval.to_string(),
        Ignorable::CheckTimeout => check.timeout.to_string(),
        Ignorable::HealthyThreshold => check.healthy_threshold.to_string(),
        Ignorable::UnhealthyThreshold => check.unhealthy_threshold.to_string(),
    }
}

/// Sets one setting of the group to another value.
fn alter(of: Ignorable, settings: &mut ServerGroupSettings) {
    let check = &mut settings.health_check;
    match of {
        Ignorable::Weight => {}
        Ignorable::Scheduler => "Wlc".clone_into(&mut settings.scheduler),
        Ignorable::Sticky => settings.sticky = !settings.sticky,
        Ignorable::DrainSeconds => settings.drain_seconds = Some(77),
        Ignorable::CheckPath => "/theirs".clone_into(&mut check.path),
        Ignorable::CheckMethod => "GET".clone_into(&mut check.method),
        Ignorable::CheckHost => "theirs.example.com".clone_into(&mut check.host),
        Ignorable::CheckCodes => check.codes = vec!["http_4xx".to_owned()],
        Ignorable::CheckInterval => check.interval = 4,
        Ignorable::CheckTimeout => check.timeout = 9,
        Ignorable::HealthyThreshold => check.healthy_threshold = 7,
        Ignorable::UnhealthyThreshold => check.unhealthy_threshold = 8,
    }
}

fn group(topology: &mut Topology) -> &mut ServerGroupSettings {
    &mut topology.server_groups.get_mut().unwrap()[0].settings
}

fn updates(plan: &Plan) -> Vec<&Write> {
    plan.changes.iter().map(|change| &change.write).collect()
}

fn picked(bits: u16) -> Vec<Ignorable> {
    ALL.into_iter().enumerate().filter(|(place, _)| (bits >> place) & 1 == 1).map(|(_, one)| one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_ignored_is_written_as_it_is_and_everything_else_as_the_binding_says(
        ignored: u16, changed: u16, weight in 0_u32..=100,
    ) {
        let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
        let wanted = group(&mut topology).clone();
        binding.server_group.ignore = picked(ignored);
        picked(changed).into_iter().for_each(|one| alter(one, group(&mut topology)));
        topology.servers.get_mut().unwrap()[0].weight = weight;
        let have = group(&mut topology).clone();
        let plan = world::whole(&binding, &topology);

        let is_left = |one: &Ignorable| binding.server_group.ignore.contains(one);
        let corrected = picked(changed).into_iter().filter(|one| *one != Ignorable::Weight && !is_left(one)).count();
        let mut group_updates = 0;
        for write in updates(&plan) {
            match write {
                Write::UpdateServerGroup { settings, .. } => {
                    group_updates += 1;
                    for one in ALL {
                        let source = if is_left(&one) { &have } else { &wanted };
                        prop_assert_eq!(setting(one, settings), setting(one, source), "{:?}", one);
                    }
                    prop_assert_eq!(&settings.health_check.protocol, &wanted.health_check.protocol);
                }
                Write::UpdateServer { weight: to, .. } => {
                    prop_assert!(!is_left(&Ignorable::Weight) && weight != 100 && *to == 100);
                }
                other => prop_assert!(false, "{}", other),
            }
        }
        prop_assert_eq!(group_updates, usize::from(corrected > 0));
        prop_assert_eq!(plan.changes.len() - group_updates, usize::from(weight != 100 && !is_left(&Ignorable::Weight)));
        // What is left is told, each difference once, and nothing else is.
        let left = picked(changed).into_iter().filter(|one| *one != Ignorable::Weight && is_left(one)).count();
        let told = left + usize::from(weight != 100 && is_left(&Ignorable::Weight));
        prop_assert_eq!(plan.ignored.len(), told, "{:?}", plan.ignored);
    }
}

/// A binding that ignores all that can be ignored.
fn blind(binding: &mut Binding) {
    binding.server_group.ignore = ALL.to_vec();
}

#[test]
fn without_a_word_nothing_is_ignored() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    ALL.into_iter().for_each(|one| alter(one, group(&mut topology)));
    topology.servers.get_mut().unwrap()[0].weight = 60;
    let plan = world::whole(&binding, &topology);
    assert_eq!((plan.changes.len(), plan.ignored.len()), (2, 0), "{plan:#?}");
}

/// Weight 0 and the marks are albridge's own words about a member that leaves.
#[test]
fn who_leaves_is_drained_and_who_comes_back_gets_the_bindings_weight() {
    let (mut binding, mut topology) = group_of(4);
    blind(&mut binding);
    instances(&mut topology)[0].tags.clear();
    topology.servers.get_mut().unwrap()[0].weight = 60;
    let plan = members(&binding, &topology);
    let [Write::UpdateServer { weight: 0, state: MemberState::Draining(_), .. }] = updates(&plan)[..] else {
        panic!("{plan:#?}")
    };
    let mut drained = world::after(&binding, &topology, &plan.changes);
    assert_eq!(drained.servers.get().unwrap()[0].weight, 0);
    instances(&mut drained)[0].tags = world::instance(1).tags;
    let back = members(&binding, &drained);
    let [Write::UpdateServer { weight: 100, state: MemberState::Serving, .. }] = updates(&back)[..] else {
        panic!("{back:#?}")
    };
}

#[test]
fn a_note_is_written_and_taken_back_beside_a_weight_that_is_left() {
    let (mut binding, mut topology) = group_of(2);
    blind(&mut binding);
    let server = &mut topology.servers.get_mut().unwrap()[0];
    server.weight = 60;
    let since = world::now().checked_sub(1.hour()).unwrap();
    server.description = world::deployment().member(&binding.name, &"i-1".into(), MemberState::Released(since));
    let plan = members(&binding, &topology);
    let [Write::UpdateServer { weight: 60, state: MemberState::Serving, .. }] = updates(&plan)[..] else {
        panic!("{plan:#?}")
    };
}

#[test]
fn a_check_that_is_off_is_switched_on_with_the_bindings_settings() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    blind(&mut binding);
    let wanted = group(&mut topology).clone();
    let check = &mut group(&mut topology).health_check;
    (check.enabled, check.interval) = (false, 50);
    check.path.clear();
    let plan = world::whole(&binding, &topology);
    let [Write::UpdateServerGroup { settings, .. }] = updates(&plan)[..] else { panic!("{plan:#?}") };
    assert_eq!(settings, &wanted);
}

#[test]
fn what_is_made_is_made_as_the_binding_says() {
    let (mut binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let said = world::whole(&binding, &topology).changes;
    blind(&mut binding);
    assert_eq!(world::whole(&binding, &topology).changes, said);
}
