//! The answer of a stage. It is kept short, because it becomes part of the workflow's state, which is limited to 64 KiB.

use std::collections::BTreeSet;

use onboarding::causes::{self, Root};
use onboarding::change::Tally;
use onboarding::ids::BindingName;
use onboarding::ordered::sort_few;
use onboarding::{Code, FailedCall, FailedCalls, Reason, Severity, StageName};
use serde::{Deserialize, Serialize};

/// The most entries of each list; the rest is only counted. With [`TEXT`] this keeps a report under 32 KiB.
const ENTRIES: usize = 16;
/// The most causes.
const CAUSES: usize = 8;
/// The most characters of a text.
const TEXT: usize = 240;

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Everything that this stage ensures is in place.
    Done,
    /// Some calls failed, so it is not known whether everything is in place, and some changes could not be made.
    Unread,
    /// Some changes are blocked, for the reasons given.
    Blocked,
    /// The kill switch is on: nothing was written.
    ReadOnly,
}

/// A stage's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The name of the stage.
    pub stage: StageName,
    /// The name of the binding.
    pub binding: BindingName,
    /// The execution; empty if there is none.
    pub run: String,
    /// Whether nothing is blocked, wrong or unread.
    pub ok: bool,
    /// How it ended.
    pub status: Status,
    /// The number of changes that were made.
    pub changes: usize,
    /// How many of each kind were made, by the attempts before this one in the same process as well.
    #[serde(default, skip_serializing_if = "Tally::is_empty")]
    pub tally: Tally,
    /// How many of the changes that somebody approved were found done, or needed no longer: others made them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub found: usize,
    /// The first of these changes, in words.
    pub made: Vec<String>,
    /// The calls that failed, without duplicates.
    #[serde(default, skip_serializing_if = "FailedCalls::is_empty")]
    pub unread: FailedCalls,
    /// Why changes are blocked.
    pub blocked: Vec<Reason>,
    /// Other problems.
    pub findings: Vec<Reason>,
    /// What follows from nothing else and no run mends by itself, the heaviest first. Preflight and verify name the causes of the whole binding; the other
    /// stages only what they met themselves while they wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Root>,
    /// The number of entries left out of the lists above.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Report {
    /// The report of a stage that made the changes `made`. It is `ok` if nothing is blocked, no finding is an error, and
    /// everything could be read.
    #[must_use]
    pub fn new(
        stage: StageName,
        binding: &BindingName,
        run: &str,
        made: Vec<String>,
        blocked: Vec<Reason>,
        findings: Vec<Reason>,
    ) -> Self {
        // A finding that is an error means unfinished work, even if no change of ours is blocked by it.
        let stuck = findings.iter().any(|finding| finding.code.severity() == Severity::Error);
        let unread = blocked.iter().chain(&findings).any(|reason| reason.code == Code::Unread);
        let status = match (unread, blocked.is_empty() && !stuck) {
            (true, _) => Status::Unread,
            (false, true) => Status::Done,
            (false, false) => Status::Blocked,
        };
        let mut omitted = 0;
        let changes = made.len();
        let made = first(made, &mut omitted).into_iter().map(shortened).collect();
        let reasons = |reasons: Vec<Reason>, omitted: &mut usize| {
            let mut reasons = unique(reasons);
            // Unread parts come first, and causes before what follows from them. Reasons that only need time come last, because the
            // end of the list may be cut off.
            let follows = |reason: &Reason| matches!(reason.code, Code::Waits | Code::PathNotOpen);
            let place = |reason: &Reason| (reason.code != Code::Unread, reason.until.is_some(), follows(reason));
            sort_few(&mut reasons, |one, other| place(one) < place(other));
            first(reasons, omitted).into_iter().map(shorten).collect::<Vec<_>>()
        };
        let blocked = reasons(blocked, &mut omitted);
        // Whoever reads findings of a report looks at their codes.
        let findings = findings.into_iter().map(|finding| finding.advising(None)).collect();
        let findings = reasons(findings, &mut omitted);
        let ok = blocked.is_empty() && !unread && !stuck;
        Self {
            stage,
            binding: binding.clone(),
            run: run.to_owned(),
            ok,
            status,
            changes,
            tally: Tally::default(),
            found: 0,
            made,
            unread: FailedCalls::default(),
            blocked,
            findings,
            causes: Vec::new(),
            omitted,
        }
    }

    /// Whether it is about the whole binding, and not about one stage's part.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self.stage, StageName::Preflight | StageName::Verify)
    }

    /// The same report, with the causes behind it. Where there are too many, each code keeps its first.
    #[must_use]
    pub fn with_causes(mut self, causes: impl IntoIterator<Item = Root>) -> Self {
        let (mut keys, mut codes) = (BTreeSet::new(), BTreeSet::new());
        let mut is_new = |root: &Root| {
            let (code, resource) = causes::key(&root.reason);
            keys.insert((code, resource.to_owned()))
        };
        let causes = causes
            .into_iter()
            .filter(|root| is_new(root))
            // Its remedy holds what the reason advises.
            .map(|root| Root { reason: shorten(root.reason.advising(None)), remedy: shortened(root.remedy) });
        let (mut causes, more): (Vec<Root>, Vec<Root>) = causes.partition(|root| codes.insert(root.reason.code));
        causes.extend(more);
        self.omitted += causes.len().saturating_sub(CAUSES);
        causes.truncate(CAUSES);
        self.causes = causes;
        self
    }

    /// The same report, with how many changes of each kind were made, and how many were found done.
    #[must_use]
    pub(crate) const fn counting(mut self, tally: Tally, found: usize) -> Self {
        self.tally = tally;
        self.found = found;
        self
    }

    /// How many changes were made, by the attempts before this one in the same process as well. Functions of older versions say only what their last
    /// attempt made.
    #[must_use]
    pub fn written(&self) -> usize {
        self.changes.max(self.tally.total())
    }

    /// The same report, with the calls that failed during the readings for it.
    #[must_use]
    pub fn with_unread(mut self, unread: &FailedCalls) -> Self {
        let calls: Vec<FailedCall> = unread.iter().cloned().collect();
        let shorten = |call: FailedCall| FailedCall { message: shortened(call.message), ..call };
        self.unread = first(calls, &mut self.omitted).into_iter().map(shorten).collect();
        if !self.unread.is_empty() {
            self.ok = false;
            self.status = Status::Unread;
        }
        self
    }

    /// The same report, for a run that may not write.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.status = Status::ReadOnly;
        self
    }
}

/// A reason without those that it follows from: the report names its causes.
fn shorten(reason: Reason) -> Reason {
    Reason {
        resource: shortened(reason.resource),
        message: shortened(reason.message),
        advice: reason.advice.map(|advice| shortened(advice.into_string()).into_boxed_str()),
        because: Box::default(),
        ..reason
    }
}

fn first<T>(mut entries: Vec<T>, omitted: &mut usize) -> Vec<T> {
    *omitted += entries.len().saturating_sub(ENTRIES);
    entries.truncate(ENTRIES);
    entries
}

fn unique(reasons: Vec<Reason>) -> Vec<Reason> {
    let mut unique = Vec::with_capacity(reasons.len());
    for reason in reasons {
        if !unique.contains(&reason) {
            unique.push(reason);
        }
    }
    unique
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(TEXT) {
        None => text,
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(number: usize) -> Reason {
        Reason::new(Code::Refused, format!("resource-{number}"), "ü".repeat(1000)).advising(Some("ü".repeat(1000)))
    }

    fn report(made: usize, blocked: usize) -> Report {
        let made = (0..made).map(|number| format!("{number} {}", "x".repeat(1000))).collect();
        let blocked: Vec<_> = (0..blocked).map(reason).collect();
        Report::new(StageName::Listener, &"web".into(), "web-1", made, blocked.clone(), blocked)
    }

    #[test]
    fn a_report_stays_far_under_the_state_limit() {
        let report = report(1000, 1000);
        assert_eq!(report.changes, 1000);
        assert_eq!(report.omitted, 3 * (1000 - ENTRIES));
        assert!(serde_json::to_string(&report).unwrap().len() < 32 * 1024);
    }

    #[test]
    fn what_is_blocked_is_not_ok() {
        assert!(report(1, 0).ok);
        assert_eq!(report(1, 0).status, Status::Done);
        assert!(!report(1, 1).ok);
        assert_eq!(report(1, 1).status, Status::Blocked);
    }

    #[test]
    fn what_could_not_be_read_is_not_ok_either() {
        let unread = Reason::new(Code::Unread, "the members", "Could not read the members: Forbidden.");
        let report =
            Report::new(StageName::Prune, &"web".into(), "", Vec::new(), Vec::new(), vec![unread.clone(), unread]);
        assert!(!report.ok);
        assert_eq!(report.status, Status::Unread, "done would be a claim");
        assert_eq!(report.findings.len(), 1, "said once");
    }

    #[test]
    fn what_could_not_be_read_comes_first_and_is_not_cut_off() {
        let unread = Reason::new(Code::Unread, "the members", "Could not read the members: Forbidden.");
        let blocked = (0..100).map(reason).chain([unread]).collect();
        let report = Report::new(StageName::Prune, &"web".into(), "", Vec::new(), blocked, Vec::new());
        assert_eq!((report.status, report.blocked[0].code), (Status::Unread, Code::Unread));
        let call = |action: &str| FailedCall {
            cause: onboarding::unread::Cause::Permission,
            code: "NoPermission".to_owned(),
            action: action.to_owned(),
            service: String::new(),
            region: String::new(),
            message: "x".repeat(1000),
        };
        let failed = ["ListListeners", "DescribeVpcs"].map(call).into_iter().collect();
        let report = self::report(1, 0).with_unread(&failed);
        assert!(!report.ok);
        assert_eq!(report.status, Status::Unread);
        assert_eq!(
            report.unread.iter().map(|call| call.action.as_str()).collect::<Vec<_>>(),
            ["DescribeVpcs", "ListListeners"]
        );
        assert!(report.unread.iter().all(|call| call.message.len() < 300));
    }

    #[test]
    fn causes_are_few_and_every_code_keeps_its_first() {
        let root =
            |code, number: usize| Root::new(&"web".into(), Reason::new(code, format!("i-{number}"), "ü".repeat(1000)));
        let many = (0..20).map(|number| root(Code::Unhealthy, number)).chain([root(Code::RouteConflict, 1)]);
        let twice = many.chain([root(Code::Unhealthy, 1)]);
        let report = report(1000, 1000).with_causes(twice);
        let codes: Vec<Code> = report.causes.iter().map(|root| root.reason.code).collect();
        assert_eq!((codes.len(), &codes[..3]), (CAUSES, &[Code::Unhealthy, Code::RouteConflict, Code::Unhealthy][..]));
        assert_eq!(report.omitted, 3 * (1000 - ENTRIES) + 21 - CAUSES);
        assert!(serde_json::to_string(&report).unwrap().len() < 48 * 1024);
    }

    /// A function of an older version names none.
    #[test]
    fn a_report_without_causes_reads_back() {
        let text = serde_json::to_string(&report(1, 1)).unwrap();
        assert!(!text.contains("causes"), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report(1, 1));
    }

    #[test]
    fn a_report_reads_back() {
        let cause = Root::new(&"web".into(), reason(1));
        let report = report(2, 2).with_causes([cause]).read_only();
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.contains(r#""status":"read-only""#), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
