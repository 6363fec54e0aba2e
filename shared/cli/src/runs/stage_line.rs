//! The text about a stage that ended.

use std::collections::BTreeSet;

use onboarding::causes::{Root, key};
use onboarding::{Causes, Code, Reason};
use stage::causes::follows_from_writing;
use stage::{Report, Status};

use crate::output::{Line, Style, Text};
use crate::{plan, unread};

/// How many changes are named that only wait for a time.
const NAMED: usize = 3;

/// How a stage ended, in a word.
pub(crate) const fn word(status: Status) -> (Style, &'static str) {
    match status {
        Status::Done => (Style::Good, "done"),
        Status::Unread => (Style::Bad, "not known"),
        Status::Blocked => (Style::Bad, "blocked"),
        Status::ReadOnly => (Style::Bad, "read-only"),
    }
}

/// What has been printed, so that each problem is printed once, however many stages it holds up.
#[derive(Debug, Default)]
pub(crate) struct Told {
    reasons: BTreeSet<(Code, String)>,
    /// Whether causes are known: what the plan of a stage could not do follows from them, and is counted.
    causes: bool,
    /// Whether a stage met something while it wrote.
    met: bool,
}

impl Told {
    /// After a plan with its causes.
    pub(crate) fn after(causes: &Causes) -> Self {
        let mut told = Self::default();
        for root in causes.lasting() {
            told.is_new_cause(&root);
            told.causes = true;
        }
        told
    }

    /// Whether a problem is new.
    fn is_new(&mut self, reason: &Reason) -> bool {
        let resource = if reason.code == Code::NotApproved { String::new() } else { reason.resource.clone() };
        self.reasons.insert((reason.code, resource))
    }

    fn is_new_cause(&mut self, root: &Root) -> bool {
        let (code, resource) = key(&root.reason);
        self.reasons.insert((code, resource.to_owned()))
    }

    /// The causes that a report names and that are new.
    fn causes<'r>(&mut self, report: &'r Report) -> Vec<&'r Root> {
        self.met |= !report.is_whole() && !report.causes.is_empty();
        self.causes |= !report.causes.is_empty();
        let mut new: Vec<&Root> = Vec::new();
        for root in &report.causes {
            if !(self.met && follows_from_writing(root)) && self.is_new_cause(root) {
                new.push(root);
            }
        }
        new
    }
}

/// What a stage reported; what it could not read comes first, then the causes that are new. A problem that has been named, and what follows from
/// one, is only counted.
pub(crate) fn stage_line(report: &Report, told: &mut Told) -> Text {
    // Changes that only wait for a time are not faults.
    let waits = report.status == Status::Blocked && report.blocked.iter().all(|reason| reason.until.is_some());
    let (style, word) = word(if waits { Status::Done } else { report.status });
    let made = (report.written() > 0).then(|| plan::changes(report.written()));
    let found = (report.found > 0).then(|| format!("{} found done", report.found));
    let counts: Vec<String> = made.into_iter().chain(found).collect();
    let count = if counts.is_empty() { String::new() } else { format!("  {}", counts.join(", ")) };
    let stage = format!("  {:<16} ", report.stage.as_str());
    let mut text = Text::from(Line::new(stage).then_styled(style, word).then(count));
    text.extend(unread::lines(&report.unread, "    ", false));
    let mut new: Vec<&Root> = told.causes(report);
    for root in &new {
        problem(&mut text, &root.reason, &root.remedy);
    }
    let said = |reason: &&Reason| reason.code == Code::Unread && !report.unread.is_empty();
    let follows = |reason: &Reason| matches!(reason.code, Code::Waits | Code::PathNotOpen);
    let (mut counted, mut waiting) = (0, 0);
    for reason in report.blocked.iter().filter(|reason| !said(reason)) {
        if reason.until.is_some() {
            // Another stage may have said it.
            if told.is_new(reason) {
                waiting += 1;
                if waiting <= NAMED {
                    text.line(format!("    . {}", reason.message));
                }
            }
        } else if let Some(at) = new.iter().position(|root| key(&root.reason) == key(reason)) {
            new.remove(at);
        } else if told.causes && reason.code != Code::NotProbed
            || follows(reason) && !told.reasons.is_empty()
            || !told.is_new(reason)
        {
            counted += 1;
        } else {
            problem(&mut text, reason, reason.remedy());
        }
    }
    if waiting > NAMED {
        text.line(format!("    +{} more that only wait for a time", waiting - NAMED));
    }
    match counted {
        0 => {}
        1 => text.line("    x 1 more that waits for what is named above"),
        counted => text.line(format!("    x {counted} more that wait for what is named above")),
    }
    text
}

fn problem(text: &mut Text, reason: &Reason, remedy: &str) {
    text.line(format!("    x {}", reason.message));
    text.line(format!("        {} {remedy}", reason.code));
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use onboarding::StageName;

    use super::*;

    #[test]
    fn changes_that_wait_for_a_time_are_named_thrice_and_by_one_stage() {
        let waits = |number: u8| {
            let id = format!("i-{number}");
            Reason::new(Code::ReleaseMarked, &id, format!("{id} is marked.")).until(Timestamp::UNIX_EPOCH)
        };
        let blocked: Vec<Reason> = (1..=5).map(waits).collect();
        let report = |stage| Report::new(stage, &"web".into(), "", Vec::new(), blocked.clone(), Vec::new());
        let mut told = Told::default();
        let mut lines = |stage| stage_line(&report(stage), &mut told).render(false);
        assert_eq!(
            lines(StageName::BackendServers),
            "  backend-servers  done\n    . i-1 is marked.\n    . i-2 is marked.\n    . i-3 is marked.\n    +2 more that only wait for a time"
        );
        assert_eq!(lines(StageName::Verify), "  verify           done");
    }

    fn root(code: Code, resource: &str) -> Root {
        Root { reason: Reason::new(code, resource, format!("{resource} is so.")), remedy: "Mend it.".to_owned() }
    }

    fn blocked(stage: StageName, blocked: &[Code], causes: &[Root]) -> Report {
        let blocked = blocked.iter().map(|code| root(*code, "it").reason).collect();
        Report::new(stage, &"web".into(), "", Vec::new(), blocked, Vec::new()).with_causes(causes.to_vec())
    }

    #[test]
    fn causes_are_named_once_and_what_follows_from_them_is_counted() {
        let cause = root(Code::TransitRouterMissing, "cn-hangzhou");
        let mut told = Told::default();
        let mut lines = |report: &Report| stage_line(report, &mut told).render(false);
        let blocked_by = [Code::Waits, Code::NotAttached];
        assert_eq!(
            lines(&blocked(StageName::Preflight, &blocked_by, std::slice::from_ref(&cause))),
            "  preflight        blocked\n    x cn-hangzhou is so.\n        XREG-TR-MISSING Mend it.\n    x 2 more that wait for what is named above"
        );
        assert_eq!(
            lines(&blocked(StageName::BackendServers, &[Code::NotAttached], &[])),
            "  backend-servers  blocked\n    x 1 more that waits for what is named above"
        );
        assert_eq!(
            lines(&blocked(StageName::Verify, &[Code::NotAttached, Code::NotProbed], &[cause])),
            "  verify           blocked\n    x it is so.\n        XREG-NOT-PROBED Deploy the probe in the ALB's region to have requests tested.\n    x 1 more that waits for what is named above"
        );
    }

    #[test]
    fn what_a_stage_met_stands_for_what_is_missing_in_the_end() {
        let mut told = Told::default();
        let met = blocked(StageName::VpcAttachments, &[Code::Refused], &[root(Code::Refused, "it")]);
        assert_eq!(
            stage_line(&met, &mut told).render(false),
            "  vpc-attachments  blocked\n    x it is so.\n        XREG-REFUSED Mend it."
        );
        let verified = blocked(StageName::Verify, &[Code::Drift, Code::NotAttached], &[root(Code::Drift, "it")]);
        assert_eq!(
            stage_line(&verified, &mut told).render(false),
            "  verify           blocked\n    x 2 more that wait for what is named above"
        );
    }

    /// A teardown, and functions of older versions, name no causes.
    #[test]
    fn without_causes_each_problem_is_named_once() {
        let mut told = Told::default();
        let lines =
            stage_line(&blocked(StageName::Teardown, &[Code::Refused, Code::Waits, Code::NoRoute], &[]), &mut told);
        assert_eq!(
            lines.render(false),
            "  teardown         blocked\n    x it is so.\n        XREG-REFUSED Look at the cloud's own code.\n    x it is so.\n        XREG-NO-ROUTE Apply the plan: it adds the route.\n    x 1 more that waits for what is named above"
        );
    }
}
