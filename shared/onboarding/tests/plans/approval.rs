//! What an approved plan covers: the same changes at another time, and nothing else.

use jiff::{SignedDuration, Timestamp};
use onboarding::change::{DesiredRule, Leaving};
use onboarding::mark::MemberState;
use onboarding::topology::AttachmentRef;
use onboarding::topology::Generation;
use onboarding::{Change, Code, Plan, Reason, StageName, Write};
use proptest::prelude::*;
use serde_json::Value;

use super::world;

/// A note of each kind.
fn states(at: Timestamp) -> Vec<MemberState> {
    vec![MemberState::Serving, MemberState::Draining(at), MemberState::Stopped(at), MemberState::Released(at)]
}

fn update(state: MemberState) -> Write {
    Write::UpdateServer { instance: "i-1".into(), address: [192, 168, 7, 1].into(), port: 80, weight: 0, state }
}

/// A write of each kind.
fn writes() -> Vec<Write> {
    let settings = || {
        let (_, topology) = world::onboarded(Generation::Upgraded);
        topology.server_groups.get().unwrap()[0].settings.clone()
    };
    let attachment = || AttachmentRef::Peer { from: "cn-a".into(), to: "cn-b".into() };
    let (region, vpc) = (|| "cn-a".into(), || "vpc-1".into());
    let destination = "10.0.0.0/24".parse().unwrap();
    let rule = DesiredRule { port: 80, source: destination, priority: 99 };
    let address = [192, 168, 7, 1].into();
    let mut writes = vec![
        Write::CreateServerGroup { name: "web".to_owned(), vpc: vpc(), settings: settings() },
        Write::UpdateServerGroup { group: "sgp-1".into(), settings: settings() },
        Write::DeleteServerGroup { group: "sgp-1".into() },
        Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 },
        Write::ForwardListener { listener: "lsn-1".into() },
        Write::AttachVpc { region: region(), vpc: vpc(), zones: vec![("cn-a-1".into(), "vsw-1".into())] },
        Write::Connect { from: "cn-a".into(), to: "cn-b".into(), mbps: 10, package: Some("cenbwp-1".into()) },
        Write::SetBandwidth { from: "cn-a".into(), to: "cn-b".into(), mbps: 10 },
        Write::PublishRoutes { from: "cn-a".into(), to: "cn-b".into() },
        Write::Associate { region: region(), table: "vtb-1".into(), attachment: attachment() },
        Write::Propagate { region: region(), table: "vtb-1".into(), attachment: attachment() },
        Write::AddVpcRoute { region: region(), vpc: vpc(), table: "vtb-1".into(), destination },
        Write::RemoveVpcRoute {
            region: region(),
            vpc: vpc(),
            table: "vtb-1".into(),
            route: "rte-1".into(),
            destination,
        },
        Write::AddTransitRoute { region: region(), table: "vtb-1".into(), destination, attachment: attachment() },
        Write::RemoveTransitRoute { region: region(), table: "vtb-1".into(), route: "rte-1".into(), destination },
        Write::AllowIngress { region: region(), group: "sg-1".into(), rules: vec![rule] },
        Write::RevokeIngress {
            region: region(),
            group: "sg-1".into(),
            rule: "sgr-1".into(),
            source: "10.0.0.0/24".to_owned(),
        },
        Write::AddServer { instance: "i-1".into(), address, port: 80, weight: 100 },
        Write::RemoveServer { instance: "i-1".into(), address, port: 80, why: Leaving::Untagged },
    ];
    writes.extend(states(world::now()).into_iter().map(update));
    writes
}

/// `value` with one leaf changed, for each leaf, with the leaf's name.
fn altered(value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, field)| {
                altered(field).into_iter().map(move |(leaf, field)| {
                    let mut other = fields.clone();
                    other.insert(name.clone(), field);
                    (if leaf.is_empty() { name.clone() } else { leaf }, Value::Object(other))
                })
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(place, item)| {
                altered(item).into_iter().map(move |(leaf, item)| {
                    let mut other = items.clone();
                    other[place] = item;
                    (leaf, Value::Array(other))
                })
            })
            .collect(),
        Value::Bool(yes) => vec![(String::new(), Value::Bool(!yes))],
        Value::Number(number) => vec![(String::new(), Value::from(number.as_u64().unwrap() + 1))],
        Value::String(text) => {
            let others = ["2026-11-22T09:30:00Z", "10.9.9.0/24", "10.9.9.9", "released", "draining", "other"];
            let others = others.iter().filter(|other| *other != text);
            others.map(|other| (String::new(), Value::from(*other))).collect()
        }
        Value::Null => Vec::new(),
    }
}

#[test]
fn a_write_that_differs_in_anything_but_its_time_is_another() {
    let mut fields = 0;
    for write in writes() {
        assert!(write.same_intent(&write));
        for (leaf, value) in altered(&serde_json::to_value(&write).unwrap()) {
            let Ok(other) = serde_json::from_value::<Write>(value) else { continue };
            fields += 1;
            assert_eq!(write.same_intent(&other), leaf == "since" || other == write, "{leaf}: {write:?} {other:?}");
            assert_eq!(other.same_intent(&write), write.same_intent(&other));
        }
    }
    assert!(fields > 60, "{fields}");
}

#[test]
fn writes_of_different_kinds_are_never_the_same() {
    let writes = writes();
    for (one, write) in writes.iter().enumerate() {
        for (two, other) in writes.iter().enumerate() {
            assert_eq!(write.same_intent(other), one == two, "{write} {other}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_note_means_the_same_at_any_time(one in 0_i64..4_000_000_000, two in 0_i64..4_000_000_000) {
        let at = |seconds| states(Timestamp::from_second(seconds).unwrap());
        for (first, (here, there)) in at(one).into_iter().zip(at(two)).enumerate() {
            for (second, other) in at(two).into_iter().enumerate() {
                prop_assert_eq!(update(here).same_intent(&update(other)), first == second);
            }
            let plan = Plan { changes: vec![Change::new(StageName::BackendServers, update(here))], ..Plan::default() };
            prop_assert!(plan.covers(&update(there)));
        }
    }
}

fn plan(changes: Vec<Change>) -> Plan {
    Plan { changes, ..Plan::default() }
}

fn listener(port: u16) -> Change {
    Change::new(StageName::Listener, Write::CreateListener { protocol: "HTTP".to_owned(), port })
}

#[test]
fn a_plan_is_the_same_only_with_the_same_open_changes() {
    let saved = plan(vec![listener(80), listener(81)]);
    assert!(saved.differences(&plan(vec![listener(81), listener(80)])).is_empty());
    let differences = saved.differences(&plan(vec![listener(80), listener(82)]));
    assert_eq!(differences, ["no longer: create listener HTTP:81", "new: create listener HTTP:82"]);
    let full = Reason::new(Code::Unread, "alb-1", "It could not be read.");
    let blocked = plan(vec![listener(80), listener(81).blocked_by(full)]);
    assert_eq!(saved.differences(&blocked), ["no longer: create listener HTTP:81"]);
    assert_eq!(blocked.differences(&saved), ["new: create listener HTTP:81"]);
}

#[test]
fn that_time_has_passed_is_no_difference() {
    let later = world::now() + SignedDuration::from_mins(30);
    let leave = |at| Change::new(StageName::BackendServers, update(MemberState::Draining(at)));
    let mark = |at| Change::new(StageName::BackendServers, update(MemberState::Released(at)));
    let serve = Change::new(StageName::BackendServers, update(MemberState::Serving));
    let removal = |port| {
        let address = [192, 168, 7, 1].into();
        let write = Write::RemoveServer { instance: "i-1".into(), address, port, why: Leaving::Untagged };
        Change::new(StageName::BackendServers, write)
    };
    let held = |change: Change| change.blocked_by(Reason::new(Code::RemovalWaits, "i-1", "Held.").until(later));
    let capped = |change: Change| change.blocked_by(Reason::new(Code::RemovalCapped, "i-1", "Capped."));
    for (saved, now) in [
        (leave(world::now()), leave(later)),
        (held(removal(80)), removal(80)),
        (capped(leave(world::now())), leave(later)),
        (leave(world::now()), held(removal(80))),
        (mark(world::now()), held(removal(80))),
    ] {
        assert_eq!(plan(vec![saved.clone()]).differences(&plan(vec![now.clone()])), Vec::<String>::new());
    }
    let newcomers = leave(later).blocked_by(Reason::new(Code::RemovalWaits, "i-1", "Newcomers first."));
    for (saved, now) in [
        (newcomers, leave(later)),
        (leave(later), held(removal(81))),
        (capped(leave(later)), removal(80)),
        (removal(80), leave(later)),
        (serve, held(removal(80))),
    ] {
        assert_ne!(plan(vec![saved]).differences(&plan(vec![now])), Vec::<String>::new());
    }
}
