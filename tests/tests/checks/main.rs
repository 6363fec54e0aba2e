//! Every named check, in a world in the state that it is about: the plan blocks exactly the changes that depend on it, a
//! run makes none of these, and it makes all others.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a world that cannot be read ends the test")]

/// One test per case, and a list of the codes of all cases.
macro_rules! checks {
    ($($name:ident: $case:expr;)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                $case.hold().await;
            }
        )+

        /// The codes of these cases.
        pub(crate) fn codes() -> Vec<onboarding::Code> {
            [$($case.codes()),+].concat()
        }
    };
}

mod alb;
mod attachments;
mod bandwidth;
mod bindings;
mod case;
mod members;
mod network;
mod paths;
mod removals;
mod security;
mod selection;
mod unknown;
mod unread;
mod values;

use std::collections::BTreeSet;

use onboarding::Code;

/// Codes that are not checks of a plan, but results of a run, an event or a store; with the place of their tests.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::NotAsked, "onboarding's tests of facts; no report holds it"),
    (Code::Store, "onboarding's tests of the store; here `a_route_of_the_whole_range_is_no_binding`"),
    (Code::NoBinding, "stage's tests of sessions"),
    (Code::Drift, "verify: what is undone behind a run; scenarios/drift.rs"),
    (Code::EventIgnored, "dispatch's tests of events"),
    (Code::NotAsked, "onboarding's tests of facts and of plans: what nobody asked for"),
    (Code::NotTold, "dispatch's tests of telling; scenarios/telling.rs"),
    (Code::ReleaseUnproven, "stage's tests of absence"),
    (Code::ReleaseMarked, "scenarios/absence.rs"),
    // Explanations about members and about the part before the path; no plan contains these.
    (Code::ListenerMissing, "reachability: the front of a path"),
    (Code::ServerGroupMissing, "reachability: the front of a path"),
    (Code::AttachmentDiffers, "onboarding's tests of checks: a binding that was changed"),
    (Code::NotMember, "reachability: the front of a path"),
    (Code::NotSelected, "reachability: the front of a path"),
    (Code::NotRunning, "reachability: the front of a path"),
    (Code::NoWeight, "reachability: the front of a path"),
    (Code::ReadOnly, "scenarios/switches.rs"),
    (Code::Refused, "stage's tests of apply"),
    (Code::NotVisible, "stage's tests of runs; scenarios/tokens.rs"),
    (Code::StaysBusy, "stage's tests of apply and runs"),
    (Code::StillPending, "stage's tests of runs; scenarios/faults.rs"),
    (Code::NotProbed, "scenarios/hosting.rs; every case here"),
    (Code::NotPaused, "scenarios/teardown.rs"),
    (Code::Kept, "scenarios/teardown.rs, and the planner's tests"),
    (Code::ProbeFailed, "verify's tests of probes"),
    (Code::TriggerOff, "the command line's breakages; deployment's tests of obstacles"),
    (Code::FunctionMissing, "the command line's breakages"),
    (Code::RoleMissing, "the command line's breakages; deployment's tests of obstacles"),
];

/// A VPC cannot have a route for 100.64.0.0/10 or half of it (cloud-apis.md section 9).
#[tokio::test(start_paused = true)]
async fn a_route_of_the_whole_range_is_no_binding() {
    for prefix in ["100.64.0.0/10", "100.96.0.0/11"] {
        let bindings = end_to_end::worlds::binding_with("100.117.130.0/25", prefix);
        let local = end_to_end::start(local::Options { bindings, ..local::Options::default() }).await;
        let failure = end_to_end::apply::plan(&local, "web").await.unwrap_err();
        assert_eq!(failure.code(), Code::Store);
        assert!(failure.to_string().contains(prefix), "{failure}");
        assert_eq!(local.cloud().gateway().writes(), 0);
    }
}

/// The near miss of every precaution that has no closer one: the procedure's own world, without faults.
#[tokio::test(start_paused = true)]
async fn the_procedures_world() {
    for generation in [local::Generation::Upgraded, local::Generation::Classic] {
        let options =
            local::Options { scenario: case::running(emulator::PROCEDURE), ..end_to_end::worlds::options(generation) };
        let local = end_to_end::start(options).await;
        let plan = case::plan(&local).await;
        assert!(plan.findings.is_empty(), "{:#?}", plan.findings);
        assert!(plan.changes.iter().all(onboarding::Change::is_open), "{plan:#?}");
    }
}

/// The page of the precautions names only codes, cases and near misses that exist.
#[test]
fn every_precaution_has_a_code_a_case_and_a_near_miss() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../docs/precautions.md")).unwrap();
    let mut tests = std::fs::read_to_string(root.join("../shared/onboarding/tests/plans/checks.rs")).unwrap();
    for file in std::fs::read_dir(root.join("tests/checks")).unwrap() {
        tests.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    let is_test = |name: &str| tests.contains(&format!("    {name}:")) || tests.contains(&format!("fn {name}()"));
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ") && line.contains("XREG-")).collect();
    assert!(rows.len() > 25, "{} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, code, case, near] = cells.as_slice() else { panic!("{row}") };
        assert!(Code::ALL.iter().any(|known| known.as_str() == *code), "{code} is no code");
        assert!(is_test(case) && is_test(near) && case != near, "{row}");
    }
}

#[test]
fn every_code_has_a_case_or_a_reason_why_not() {
    let cases = [
        alb::codes(),
        attachments::codes(),
        bandwidth::codes(),
        members::codes(),
        network::codes(),
        paths::codes(),
        removals::codes(),
        security::codes(),
        selection::codes(),
        unread::codes(),
    ];
    let cases: BTreeSet<Code> = cases.into_iter().flatten().collect();
    let elsewhere: BTreeSet<Code> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    assert_eq!(cases.intersection(&elsewhere).collect::<Vec<_>>(), Vec::<&Code>::new());
    let all: BTreeSet<Code> = Code::ALL.iter().copied().collect();
    assert_eq!(cases.union(&elsewhere).copied().collect::<BTreeSet<_>>(), all);
}
