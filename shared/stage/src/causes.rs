//! Causes: what a plan follows from that is not carried out, and what reports say is left, each cause once (decision 0039).
//!
//! ```text
//!   preflight: the causes of the whole binding, before anything is made
//!   the stages: what each met itself while it wrote; what its plan could not do follows from the causes
//!   verify: the causes of the whole binding, after all of it
//! ```

use std::collections::BTreeSet;

use onboarding::causes::{self, Causes, InstanceFault, NextRun, Root};
use onboarding::{Code, Plan, Reason, Severity, StageName, Topology};
use reachability::Wish;

use crate::report::Report;
use crate::session::Session;

/// The causes of what keeps a plan from being carried out, and instances from being served. Whether a member is healthy is verify's to
/// judge, and what only takes time is no cause.
#[must_use]
pub fn of(session: &Session<'_>, topology: &Topology, plan: &Plan) -> Causes {
    let mut faults = faults(session, topology);
    faults.retain(|fault| fault.reason.code != Code::Unhealthy && !fault.mend.passes());
    Causes::of(session.binding(), plan, &faults, NextRun::Writes)
}

/// The faults of instances that serve or should.
#[must_use]
pub fn faults(session: &Session<'_>, topology: &Topology) -> Vec<InstanceFault> {
    reachability::faults(topology, Wish { deployment: session.deployment(), binding: session.binding() })
}

/// What reports say is left: the causes, each once. `shown` are those of the plan, where a part of it was carried out and nobody judged the whole
/// binding.
#[must_use]
pub fn left(reports: &[Report], shown: &[Root]) -> Vec<Root> {
    let judge = reports.iter().rfind(|report| report.stage == StageName::Verify);
    let judge = judge.or_else(|| reports.iter().rfind(|report| report.stage == StageName::Preflight));
    let mut left = Left::default();
    match judge {
        Some(judge) => left.extend(&judge.causes),
        None if latest(reports).any(|report| stuck(report).next().is_some()) => left.extend(shown),
        None => {}
    }
    let met = latest(reports).filter(|report| !report.is_whole()).flat_map(|report| &report.causes);
    let met: Vec<&Root> = met.collect();
    if !met.is_empty() {
        left.roots.retain(|root| !follows_from_writing(root));
    }
    left.extend(met);
    if left.roots.is_empty() {
        // Functions of older versions name no causes.
        let binding = reports.first().map(|report| &report.binding);
        let all: Vec<&Reason> = latest(reports).flat_map(stuck).collect();
        let follows = |reason: &&&Reason| matches!(reason.code, Code::Waits | Code::PathNotOpen);
        let some: Vec<&Reason> = all.iter().filter(|reason| !follows(reason)).copied().collect();
        let reasons = if some.is_empty() { all } else { some };
        left.extend(&binding.map_or_else(Vec::new, |binding| {
            reasons.into_iter().map(|reason| Root::new(binding, reason.clone())).collect()
        }));
    }
    left.extend(not_known(reports).as_ref());
    left.roots
}

/// That something could not be read, if a report says so: no cause of a plan stands for it.
fn not_known(reports: &[Report]) -> Option<Root> {
    let mut reasons = latest(reports).flat_map(|report| report.blocked.iter().chain(&report.findings));
    let said = reasons.find(|reason| reason.code == Code::Unread).cloned();
    let failed = latest(reports).find(|report| !report.unread.is_empty());
    let called = || failed.and_then(|report| report.unread.by_code().first().map(ToString::to_string));
    let reason = said.or_else(|| Some(Reason::new(Code::Unread, "calls", format!("Could not read {}.", called()?))))?;
    Some(Root::new(&reports.first()?.binding, reason))
}

/// The reports that still count: what preflight names before anything is made, verify judges anew.
pub fn latest(reports: &[Report]) -> impl Iterator<Item = &Report> {
    let is_verified = reports.iter().any(|report| report.stage == StageName::Verify);
    reports.iter().filter(move |report| !is_verified || report.stage != StageName::Preflight)
}

/// What keeps a stage's part from being in place. Not what only waits for a time, which is on its way, nor that nobody could send a request.
pub fn stuck(report: &Report) -> impl Iterator<Item = &Reason> {
    let blocked = report.blocked.iter().filter(|reason| reason.until.is_none() && reason.code != Code::NotProbed);
    blocked.chain(report.findings.iter().filter(|finding| finding.code.severity() == Severity::Error))
}

/// Whether a cause is that a change was not made, so that it follows from what a stage met while it wrote.
#[must_use]
pub fn follows_from_writing(root: &Root) -> bool {
    root.reason.code == Code::Drift
}

/// Causes in their order, each once.
#[derive(Default)]
struct Left {
    roots: Vec<Root>,
    keys: BTreeSet<(Code, String)>,
}

impl Left {
    fn extend<'r>(&mut self, roots: impl IntoIterator<Item = &'r Root>) {
        for root in roots {
            let (code, resource) = causes::key(&root.reason);
            if self.keys.insert((code, resource.to_owned())) {
                self.roots.push(root.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use onboarding::ids::BindingName;

    use super::*;

    fn web() -> BindingName {
        "web".into()
    }

    fn reason(code: Code) -> Reason {
        Reason::new(code, "it", "It is so.")
    }

    fn report(stage: StageName, blocked: &[Code], causes: &[Code]) -> Report {
        let blocked = blocked.iter().copied().map(reason).collect();
        let report = Report::new(stage, &web(), "web-1", Vec::new(), blocked, Vec::new());
        report.with_causes(causes.iter().map(|code| Root::new(&web(), reason(*code))))
    }

    fn codes(reports: &[Report], shown: &[Code]) -> Vec<Code> {
        let shown: Vec<Root> = shown.iter().map(|code| Root::new(&web(), reason(*code))).collect();
        left(reports, &shown).into_iter().map(|root| root.reason.code).collect()
    }

    use Code::{
        Drift, NotApproved, NotAttached, NotProbed, PathNotOpen, Refused, TransitRouterMissing, Unhealthy, Waits,
    };
    use StageName::{BackendServers, Preflight, Verify, VpcAttachments};

    #[test]
    fn what_a_run_leaves_is_what_its_reports_name_as_causes() {
        let cases: [(&str, Vec<Report>, &[Code]); 8] = [
            ("nothing", vec![report(Preflight, &[], &[]), report(Verify, &[NotProbed], &[])], &[]),
            (
                "symptoms are not named",
                vec![
                    report(Preflight, &[Waits, NotAttached], &[TransitRouterMissing]),
                    report(BackendServers, &[NotAttached, PathNotOpen], &[]),
                    report(Verify, &[NotAttached, Waits, PathNotOpen], &[TransitRouterMissing]),
                ],
                &[TransitRouterMissing],
            ),
            (
                "verify judges anew",
                vec![report(Preflight, &[NotApproved], &[NotApproved]), report(Verify, &[Unhealthy], &[Unhealthy])],
                &[Unhealthy],
            ),
            (
                "what stopped a stage, and not that it is missing in the end",
                vec![
                    report(Preflight, &[], &[]),
                    report(VpcAttachments, &[Refused, Waits], &[Refused]),
                    report(BackendServers, &[NotAttached, PathNotOpen], &[]),
                    report(Verify, &[Drift, NotAttached, PathNotOpen], &[Drift]),
                ],
                &[Refused],
            ),
            ("somebody reverted it", vec![report(Verify, &[Drift], &[Drift])], &[Drift]),
            ("no report of verify", vec![report(Preflight, &[Waits], &[NotApproved])], &[NotApproved]),
            (
                "an older function",
                vec![report(Preflight, &[Refused], &[]), report(Verify, &[Waits, NotAttached], &[])],
                &[NotAttached],
            ),
            ("an older function, and nothing else", vec![report(Verify, &[Waits], &[])], &[Waits]),
        ];
        for (what, reports, wanted) in cases {
            assert_eq!(codes(&reports, &[]), wanted, "{what}");
        }
    }

    #[test]
    fn a_part_leaves_the_causes_of_the_plan_that_was_shown_if_something_of_it_is_left() {
        assert_eq!(
            codes(&[report(BackendServers, &[NotAttached], &[])], &[TransitRouterMissing]),
            [TransitRouterMissing]
        );
        assert_eq!(codes(&[report(BackendServers, &[], &[])], &[TransitRouterMissing]), []);
        assert_eq!(codes(&[report(Verify, &[], &[])], &[TransitRouterMissing]), [], "the whole was judged");
    }

    #[test]
    fn an_error_that_blocks_no_change_is_left_and_what_takes_time_is_not() {
        let later = reason(Code::RemovalWaits).until(jiff::Timestamp::UNIX_EPOCH);
        let findings = vec![reason(Code::AlbMissing), reason(Code::GroupShared)];
        let report = Report::new(Verify, &web(), "web-1", Vec::new(), vec![later], findings);
        assert_eq!(codes(&[report], &[]), [Code::AlbMissing]);
    }
}
