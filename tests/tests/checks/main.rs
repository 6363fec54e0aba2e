//! Every named check, in a world put into the state that it is about: the plan blocks exactly the changes that depend on
//! it, a run makes none of those, and the rest still happens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a world that cannot be read ends the test")]

/// One test for each case, and a list of all of them.
macro_rules! checks {
    ($($name:ident: $case:expr;)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                $case.hold().await;
            }
        )+

        /// The codes that these cases find.
        pub(crate) fn codes() -> Vec<onboarding::Code> {
            vec![$($case.code),+]
        }
    };
}

mod alb;
mod attachments;
mod bandwidth;
mod case;
mod members;
mod network;
mod security;
mod unread;

use std::collections::BTreeSet;

use onboarding::Code;

/// Codes that are no checks of a plan before it is carried out, or that have their tests elsewhere, and where.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::Store, "onboarding's tests of the store; here `a_route_of_the_whole_range_is_no_binding`"),
    (Code::NoBinding, "stage's tests of sessions"),
    (
        Code::ServerGroupMismatch,
        "groups of other VPCs are not listed; the rule guards against a change of the ALB's VPC",
    ),
    (Code::AttachmentNotReady, "a state that passes; onboarding's plans"),
    (Code::RouteImpossible, "with `backends_in_the_albs_own_vpc`; reachability's tests"),
    (Code::GroupMissing, "a group with an interface in it cannot be deleted"),
    (Code::RemovalWaits, "scenarios/removal.rs"),
    (Code::RemovalCapped, "scenarios/removal.rs"),
    (Code::RemovalFloor, "scenarios/removal.rs"),
    (Code::Unhealthy, "verify"),
    (Code::ListenerTaken, "onboarding's plans: a listener that redirects"),
    (Code::ListenerMissing, "reachability: the front of a path"),
    (Code::ServerGroupMissing, "reachability: the front of a path"),
    (Code::NotMember, "reachability: the front of a path"),
    (Code::NotSelected, "reachability: the front of a path"),
    (Code::NotRunning, "reachability: the front of a path"),
    (Code::NoWeight, "reachability: the front of a path"),
    (Code::PathNotOpen, "every case here whose member waits for its path"),
    (Code::NoRoute, "reachability"),
    (Code::Blackhole, "reachability"),
    (Code::NotAssociated, "reachability"),
    (Code::NotLearned, "reachability"),
    (Code::NotAttached, "reachability"),
    (Code::NotAllowed, "reachability"),
    (Code::WrongNextHop, "reachability"),
    (Code::NetworkAcl, "reachability"),
    (Code::Drift, "dispatch"),
    (Code::EventIgnored, "dispatch"),
    (Code::NotApproved, "scenarios/consent.rs"),
    (Code::Waits, "every case here with dependents"),
    (Code::ReadOnly, "scenarios/switches.rs"),
    (Code::Refused, "stage's tests of apply"),
    (Code::StillPending, "scenarios"),
    (Code::Orphan, "onboarding's plans"),
    (Code::NotProbed, "verify"),
    (Code::ProbeFailed, "verify"),
];

/// No VPC takes 100.64.0.0/10 or a half of it as a route (cloud-apis.md section 9).
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

#[test]
fn every_code_has_a_case_or_a_reason_why_not() {
    let cases = [
        alb::codes(),
        attachments::codes(),
        bandwidth::codes(),
        members::codes(),
        network::codes(),
        security::codes(),
        unread::codes(),
    ];
    let cases: BTreeSet<Code> = cases.into_iter().flatten().collect();
    let elsewhere: BTreeSet<Code> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    assert_eq!(cases.intersection(&elsewhere).collect::<Vec<_>>(), Vec::<&Code>::new());
    let all: BTreeSet<Code> = Code::ALL.iter().copied().collect();
    assert_eq!(cases.union(&elsewhere).copied().collect::<BTreeSet<_>>(), all);
}
