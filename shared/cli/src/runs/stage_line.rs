//! The text about a stage that ended.

use std::collections::BTreeSet;

use onboarding::{Code, Reason};
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

/// The problems that have been printed, so that each is printed once however many stages it holds up.
#[derive(Debug, Default)]
pub(crate) struct Told(BTreeSet<(Code, String)>);

impl Told {
    /// Whether a problem is new.
    fn is_new(&mut self, reason: &Reason) -> bool {
        let resource = if reason.code == Code::NotApproved { String::new() } else { reason.resource.clone() };
        self.0.insert((reason.code, resource))
    }
}

/// What a stage reported; what it could not read comes first. A problem that another stage has named, and what follows from one, is
/// only counted.
pub(crate) fn stage_line(report: &Report, changes: usize, told: &mut Told) -> Text {
    // Changes that only wait for a time are not faults.
    let waits = report.status == Status::Blocked && report.blocked.iter().all(|reason| reason.until.is_some());
    let (style, word) = word(if waits { Status::Done } else { report.status });
    let count = if changes == 0 { String::new() } else { format!("  {}", plan::changes(changes)) };
    let stage = format!("  {:<16} ", report.stage.as_str());
    let mut text = Text::from(Line::new(stage).then_styled(style, word).then(count));
    text.extend(unread::lines(&report.unread, "    ", false));
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
        } else if follows(reason) && !told.0.is_empty() || !told.is_new(reason) {
            counted += 1;
        } else {
            text.line(format!("    x {}", reason.message));
            text.line(format!("        {} {}", reason.code, reason.code.remedy()));
        }
    }
    if waiting > NAMED {
        text.line(format!("    +{} more that only wait for a time", waiting - NAMED));
    }
    if counted > 0 {
        text.line(format!("    x {counted} more that wait for what is named above"));
    }
    text
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
        let mut lines = |stage| stage_line(&report(stage), 0, &mut told).render(false);
        assert_eq!(
            lines(StageName::BackendServers),
            "  backend-servers  done\n    . i-1 is marked.\n    . i-2 is marked.\n    . i-3 is marked.\n    +2 more that only wait for a time"
        );
        assert_eq!(lines(StageName::Verify), "  verify           done");
    }
}
