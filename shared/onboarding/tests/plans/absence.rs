//! Members whose instance is gone: what proof lets go, how many at a time, and what false answers can bring about.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan};
use onboarding::absence::Unproven;
use onboarding::binding::OnStop;
use onboarding::change::{Leaving, Write};
use onboarding::ids::InstanceId;
use onboarding::inputs::{Departures, Inputs};
use onboarding::mark::MemberState;
use onboarding::plan::RECHECK;
use onboarding::topology::{Instance, InstanceStatus};
use onboarding::{Binding, Change, Code, Plan, Topology, plan};
use proptest::prelude::*;

use super::members::{codes, group_of, instances, members};
use super::world;

/// The plan of an invocation that began at `opened` and reads at `now`.
fn members_at(binding: &Binding, topology: &Topology, opened: Timestamp, now: Timestamp) -> Plan {
    let deployment = world::deployment();
    let inputs = Inputs { now, opened, ..world::inputs(&deployment, binding, topology) };
    plan::members(&inputs, &world::all_reachable(topology))
}

fn later(minutes: i64) -> Timestamp {
    world::now() + minutes.minutes()
}

fn id(number: u8) -> InstanceId {
    format!("i-{number}").into()
}

/// The first `count` instances are gone, and that is proven.
fn release(topology: &mut Topology, count: u8) {
    let gone: BTreeSet<InstanceId> = (1..=count).map(id).collect();
    instances(topology).retain(|instance| !gone.contains(&instance.id));
    topology.released = gone;
}

fn removed(change: &Change) -> bool {
    matches!(change.write, Write::RemoveServer { why: Leaving::Released, .. })
}

fn marked(change: &Change) -> bool {
    matches!(change.write, Write::UpdateServer { weight: 100, state: MemberState::Released(_), .. })
}

/// Who holds the addresses of the released instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Nobody, or an interface of no instance: the planner does not see it.
    Nobody,
    /// An instance that the binding does not select.
    Stranger,
    /// An instance that the binding selects.
    Newcomer,
    /// The released instance's own interface, which is still listed.
    Itself,
    /// Nobody, and the VPC has no instance any more.
    Last,
}

/// Released instances, by who holds their addresses, how many they are and what the binding allows.
#[test]
fn released_members_go_by_the_table() {
    use Holder::{Itself, Last, Newcomer, Nobody, Stranger};
    for holder in [Nobody, Stranger, Newcomer, Itself, Last] {
        for above in [false, true] {
            for max_percent in [0, 20] {
                let gone = if above { 3 } else { 1 };
                let (mut binding, mut topology) = group_of(if holder == Last { gone } else { 10 });
                binding.removal.max_percent = max_percent;
                release(&mut topology, gone);
                let taken = |number: u8| Instance {
                    id: format!("i-new-{number}").into(),
                    tags: if holder == Newcomer { world::instance(1).tags } else { [].into() },
                    ..world::instance(number)
                };
                match holder {
                    Nobody | Last => {}
                    Stranger | Newcomer => instances(&mut topology).extend((1..=gone).map(taken)),
                    Itself => {
                        let left = std::mem::take(&mut topology.released).into_iter();
                        let why = |id| (id, Unproven::Interface { interface: "eni-1".into() });
                        topology.unproven = left.map(why).collect();
                    }
                }
                let case = format!("{holder:?}, {gone} gone, {max_percent} percent");
                settles(&case, holder, above, &binding, &topology);
            }
        }
    }
}

fn settles(case: &str, holder: Holder, above: bool, binding: &Binding, topology: &Topology) {
    let gone = if above { 3 } else { 1 };
    let first = members(binding, topology);
    assert!(first.changes.iter().all(Change::is_open), "{case}: {first:#?}");
    match holder {
        Holder::Itself => {
            assert_eq!(first.changes, [], "{case}");
            let found: Vec<_> = first.findings.iter().map(|finding| finding.code).collect();
            assert_eq!(found, [Code::ReleaseUnproven], "{case}");
        }
        Holder::Newcomer => {
            assert_eq!(first.changes.len(), gone, "{case}: {first:#?}");
            let handed_over = |change: &Change| {
                matches!(&change.write, Write::UpdateServer { instance, weight: 100, state: MemberState::Serving, .. }
                    if instance.as_str().starts_with("i-new-"))
            };
            assert!(first.changes.iter().all(handed_over), "{case}: {first:#?}");
        }
        _ if !above => {
            assert_eq!(first.changes.len(), gone, "{case}: {first:#?}");
            assert!(first.changes.iter().all(removed), "{case}: {first:#?}");
        }
        _ => {
            assert_eq!(first.changes.len(), gone, "{case}: {first:#?}");
            assert!(first.changes.iter().all(marked), "{case}: {first:#?}");
            let topology = world::after(binding, topology, &first.changes);
            let waiting = members_at(binding, &topology, later(9), later(9));
            assert_eq!(codes(&waiting), vec![Code::ReleaseMarked; gone], "{case}: {waiting:#?}");
            let due = members_at(binding, &topology, later(10), later(10));
            assert_eq!(due.changes.iter().filter(|change| removed(change) && change.is_open()).count(), gone, "{case}");
            assert_eq!(members(binding, &world::after(binding, &topology, &due.changes)).changes, [], "{case}");
            return;
        }
    }
    let settled = world::after(binding, topology, &first.changes);
    assert_eq!(members(binding, &settled).changes, [], "{case}: nothing is left to do");
}

#[test]
fn releases_up_to_the_cap_go_at_once_and_no_more() {
    for gone in 1..=10 {
        let (binding, mut topology) = group_of(10);
        release(&mut topology, gone);
        let plan = members(&binding, &topology);
        let at_once = plan.changes.iter().filter(|change| removed(change)).count();
        assert_eq!(at_once, if gone <= 2 { usize::from(gone) } else { 0 }, "{gone}: {plan:#?}");
        assert_eq!(plan.changes.len(), usize::from(gone));
    }
}

#[test]
fn a_mark_counts_only_in_another_invocation() {
    let (binding, mut topology) = group_of(10);
    release(&mut topology, 3);
    let topology = world::after(&binding, &topology, &members(&binding, &topology).changes);
    let same = members_at(&binding, &topology, world::now(), later(30));
    assert_eq!(codes(&same), [Code::ReleaseMarked; 3], "it was not there when this invocation began");
    let next = members_at(&binding, &topology, world::now() + 1.seconds(), later(30));
    assert!(next.changes.iter().all(|change| removed(change) && change.is_open()), "{next:#?}");
}

#[test]
fn a_due_mark_without_proof_removes_nobody() {
    let (binding, mut topology) = group_of(10);
    release(&mut topology, 3);
    let mut topology = world::after(&binding, &topology, &members(&binding, &topology).changes);
    topology.released.clear();
    assert_eq!(members_at(&binding, &topology, later(30), later(30)).changes, []);
}

/// Whatever state the instance is seen in, and however it is seen.
#[test]
fn a_mark_is_taken_back_by_the_first_reading_that_shows_the_instance() {
    type Shown = fn(&mut Topology);
    let cases: [(&str, Shown); 6] = [
        ("running", |_| ()),
        ("stopped", |topology| instances(topology)[0].status = InstanceStatus::Stopped),
        ("starting", |topology| instances(topology)[0].status = "Starting".into()),
        ("untagged", |topology| instances(topology)[0].tags.clear()),
        ("moved", |topology| instances(topology)[0].address = Some([192, 168, 7, 99].into())),
        ("by its id only", |topology| {
            instances(topology).remove(0);
            topology.unproven.insert(id(1), Unproven::Shown);
        }),
    ];
    for (case, show) in cases {
        let (binding, mut topology) = group_of(3);
        let since = MemberState::Released(later(-60));
        topology.servers.get_mut().unwrap()[0].description = world::deployment().member(&"web".into(), &id(1), since);
        show(&mut topology);
        let plan = members(&binding, &topology);
        let back: Vec<_> = plan
            .changes
            .iter()
            .filter(|change| matches!(&change.write, Write::UpdateServer { instance, weight: 100, state: MemberState::Serving, .. } if *instance == id(1)))
            .collect();
        assert!(matches!(&back[..], [change] if change.is_open()), "{case}: {plan:#?}");
        assert_eq!(plan.changes.len(), 1 + usize::from(case == "moved"), "{case}: {plan:#?}");
    }
}

#[test]
fn a_stopped_instance_that_comes_back_is_noted_as_stopped_where_that_drains() {
    let (mut binding, mut topology) = group_of(3);
    binding.removal.on_stop = OnStop::Drain;
    let since = MemberState::Released(later(-60));
    topology.servers.get_mut().unwrap()[0].description = world::deployment().member(&"web".into(), &id(1), since);
    instances(&mut topology)[0].status = InstanceStatus::Stopped;
    let plan = members(&binding, &topology);
    assert!(matches!(plan.changes[0].write, Write::UpdateServer { weight: 100, state: MemberState::Stopped(_), .. }));
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn a_drained_member_whose_instance_goes_keeps_its_note_and_its_hold() {
    let (binding, mut topology) = group_of(10);
    release(&mut topology, 3);
    let since = later(-5);
    let server = &mut topology.servers.get_mut().unwrap()[0];
    (server.weight, server.description) =
        (0, world::deployment().member(&"web".into(), &id(1), MemberState::Draining(since)));
    let plan = members(&binding, &topology);
    assert_eq!(plan.changes.iter().filter(|change| marked(change)).count(), 2, "{plan:#?}");
    assert_eq!(codes(&plan), [Code::RemovalWaits], "{plan:#?}");
    let topology = world::after(&binding, &topology, &plan.changes);
    for (minutes, open) in [(9, 0), (12, 2), (16, 3)] {
        let plan = members_at(&binding, &topology, later(minutes), later(minutes));
        assert!(plan.changes.len() == 3 && plan.changes.iter().all(removed), "{plan:#?}");
        assert_eq!(plan.changes.iter().filter(|change| change.is_open()).count(), open, "{minutes}: {plan:#?}");
    }
}

#[test]
fn what_this_invocation_removed_counts_and_is_not_marked_when_a_listing_still_shows_it() {
    let (binding, mut topology) = group_of(10);
    release(&mut topology, 3);
    let departures = Departures { released: [id(1), id(2)].into(), ..Departures::default() };
    let deployment = world::deployment();
    let inputs = Inputs { departures: &departures, ..world::inputs(&deployment, &binding, &topology) };
    let plan = plan::members(&inputs, &world::all_reachable(&topology));
    assert_eq!(plan.changes.iter().filter(|change| removed(change)).count(), 2, "{plan:#?}");
    assert_eq!(plan.changes.iter().filter(|change| marked(change)).count(), 1, "{plan:#?}");
}

#[test]
fn what_is_being_removed_counts_against_the_cap() {
    let (binding, mut topology) = group_of(10);
    release(&mut topology, 3);
    topology.servers.get_mut().unwrap().iter_mut().take(2).for_each(|server| server.status = "Removing".into());
    let plan = members(&binding, &topology);
    assert!(matches!(&plan.changes[..], [change] if marked(change)), "{plan:#?}");
}

#[test]
fn who_was_sent_away_by_this_invocation_counts_beside_who_left_before() {
    let (binding, mut topology) = group_of(10);
    instances(&mut topology).iter_mut().for_each(|instance| instance.tags.clear());
    let server = &mut topology.servers.get_mut().unwrap()[0];
    (server.weight, server.description) =
        (0, world::deployment().member(&"web".into(), &id(1), MemberState::Draining(later(-5))));
    let departures = Departures { drained: [id(2)].into(), ..Departures::default() };
    let deployment = world::deployment();
    let inputs = Inputs { departures: &departures, ..world::inputs(&deployment, &binding, &topology) };
    let plan = plan::members(&inputs, &world::all_reachable(&topology));
    let open: Vec<String> =
        plan.changes.iter().filter(|change| change.is_open()).map(|change| change.write.to_string()).collect();
    assert_eq!(open, ["set i-2 at 192.168.7.2:80 to weight 0 (draining)"], "sent already, and not yet listed so");
}

#[test]
fn with_a_percentage_of_0_nobody_is_removed_but_proven_releases() {
    let (mut binding, mut topology) = group_of(10);
    binding.removal.max_percent = 0;
    release(&mut topology, 1);
    instances(&mut topology).iter_mut().take(3).for_each(|instance| instance.tags.clear());
    let server = &mut topology.servers.get_mut().unwrap()[1];
    (server.weight, server.description) =
        (0, world::deployment().member(&"web".into(), &id(2), MemberState::Draining(later(-60))));
    let plan = members(&binding, &topology);
    let open: Vec<_> = plan.changes.iter().filter(|change| change.is_open()).collect();
    assert!(matches!(&open[..], [change] if removed(change)), "{plan:#?}");
    assert_eq!(codes(&plan), [Code::RemovalCapped; 3]);
}

#[test]
fn without_proof_nobody_is_removed_and_it_is_said_why() {
    for (why, code) in [
        (Unproven::Shown, Code::ReleaseUnproven),
        (Unproven::Interface { interface: "eni-1".into() }, Code::ReleaseUnproven),
        (Unproven::NoInterfaces { vpc: "vpc-2".into() }, Code::ReleaseUnproven),
        (Unproven::Unread { why: "DescribeInstances: Throttling".to_owned() }, Code::Unread),
    ] {
        let (binding, mut topology) = group_of(10);
        release(&mut topology, 10);
        topology.unproven = std::mem::take(&mut topology.released).into_iter().map(|id| (id, why.clone())).collect();
        let plan = members(&binding, &topology);
        assert_eq!(plan.changes, [], "{why:?}");
        let found: Vec<_> = plan.findings.iter().map(|finding| finding.code).collect();
        // What failed is said of each; the calls that failed are counted once, in `unread`.
        assert_eq!(found, vec![code; if code == Code::Unread { 10 } else { 1 }], "{why:?}");
    }
}

#[test]
fn a_member_whose_instance_lives_in_another_vpc_leaves_like_one_whose_address_changed() {
    let (binding, mut topology) = group_of(10);
    release(&mut topology, 1);
    let elsewhere = Unproven::Elsewhere { vpc: "vpc-9".into() };
    topology.unproven = std::mem::take(&mut topology.released).into_iter().map(|id| (id, elsewhere.clone())).collect();
    let plan = members(&binding, &topology);
    assert_eq!(plan.findings, []);
    let [change] = &plan.changes[..] else { panic!("{plan:#?}") };
    let drains = matches!(&change.write, Write::UpdateServer { weight: 0, state: MemberState::Draining(_), .. });
    assert!(change.is_open() && drains, "{plan:#?}");
}

/// What happened to a member and its instance.
#[derive(Debug, Clone)]
struct Fate {
    note: u8,
    minutes: i64,
    instance: u8,
    replaced: u8,
    status: u8,
}

fn fate() -> impl Strategy<Value = Fate> {
    (0..4_u8, 0..40_i64, 0..6_u8, 0..4_u8, 0..4_u8).prop_map(|(note, minutes, instance, replaced, status)| Fate {
        note,
        minutes,
        instance,
        replaced,
        status,
    })
}

/// Lets a fate come true for the member of one number.
fn befall(topology: &mut Topology, number: u8, fate: &Fate) {
    let since = later(-fate.minutes);
    let state = match fate.note {
        0 => MemberState::Serving,
        1 => MemberState::Draining(since),
        2 => MemberState::Stopped(since),
        _ => MemberState::Released(since),
    };
    let server = &mut topology.servers.get_mut().unwrap()[usize::from(number) - 1];
    server.description = world::deployment().member(&"web".into(), &id(number), state);
    server.weight = if fate.note == 1 { 0 } else { 100 };
    let place = instances(topology).iter().position(|instance| instance.id == id(number)).unwrap();
    let statuses = ["Running", "Stopped", "Starting", "Pending"];
    let instance = &mut instances(topology)[place];
    instance.status = statuses[usize::from(fate.status)].into();
    match fate.instance {
        0 | 1 => {}
        2 => instance.tags.clear(),
        3 => instance.address = Some([192, 168, 7, 100 + number].into()),
        gone => {
            instances(topology).remove(place);
            if gone == 4 {
                topology.released.insert(id(number));
            } else {
                topology.unproven.insert(id(number), Unproven::NoInterfaces { vpc: "vpc-2".into() });
            }
        }
    }
    if fate.instance >= 3 && fate.replaced > 0 {
        let mut newcomer = world::instance(number);
        newcomer.id = format!("i-new-{number}").into();
        newcomer.status = statuses[usize::from(fate.replaced - 1)].into();
        instances(topology).push(newcomer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_entry_is_changed_twice_and_none_is_removed_without_a_reason(
        fates in prop::collection::vec(fate(), 8), max_percent in prop::sample::select(vec![0_u32, 20, 50]),
    ) {
        let (mut binding, mut topology) = group_of(8);
        binding.removal.max_percent = max_percent;
        for (number, fate) in (1..).zip(&fates) {
            befall(&mut topology, number, fate);
        }
        let plan = members_at(&binding, &topology, world::now() + SignedDuration::from_secs(1), world::now());
        let mut entries = BTreeSet::new();
        let mut at_once = 0;
        for change in &plan.changes {
            let (Write::AddServer { address, .. } | Write::UpdateServer { address, .. } | Write::RemoveServer { address, .. }) =
                &change.write else { panic!("{change:?}") };
            prop_assert!(entries.insert(*address), "{} twice: {:#?}", address, plan);
            let Write::RemoveServer { instance, why, .. } = &change.write else { continue };
            if !change.is_open() { continue }
            let number: u8 = instance.as_str()[2..].parse().unwrap();
            let fate = &fates[usize::from(number) - 1];
            let held = fate.note == 1 && fate.minutes >= 20;
            if *why == Leaving::Released {
                prop_assert!(topology.released.contains(instance));
                let due = fate.note == 3 && fate.minutes >= i64::try_from(RECHECK.as_secs()).unwrap() / 60;
                at_once += usize::from(!due && !held);
            } else {
                prop_assert!(held && max_percent > 0, "{change:?}");
            }
        }
        prop_assert!(at_once <= (8 * max_percent as usize / 100).max(1), "{:#?}", plan);
        if topology.released.is_empty() && max_percent == 0 {
            let removes = |change: &Change| change.is_open() && matches!(change.write, Write::RemoveServer { .. });
            prop_assert!(!plan.changes.iter().any(removes));
        }
    }
}
