//! The text about a stage that ended.

use onboarding::{Code, Reason};
use stage::{Report, Status};

use crate::output::{Line, Style, Text};
use crate::{plan, unread};

/// How a stage ended, in a word.
pub(crate) const fn word(status: Status) -> (Style, &'static str) {
    match status {
        Status::Done => (Style::Good, "done"),
        Status::Unread => (Style::Bad, "not known"),
        Status::Blocked => (Style::Bad, "blocked"),
        Status::ReadOnly => (Style::Bad, "read-only"),
    }
}

/// What a stage reported; what it could not read comes first.
pub(crate) fn stage_line(report: &Report, changes: usize) -> Text {
    // Changes that only wait for a time are not faults.
    let waits = report.status == Status::Blocked && report.blocked.iter().all(|reason| reason.until.is_some());
    let (style, word) = word(if waits { Status::Done } else { report.status });
    let count = if changes == 0 { String::new() } else { format!("  {}", plan::changes(changes)) };
    let stage = format!("  {:<16} ", report.stage.as_str());
    let mut text = Text::from(Line::new(stage).then_styled(style, word).then(count));
    text.extend(unread::lines(&report.unread, "    "));
    let said = |reason: &&Reason| reason.code == Code::Unread && !report.unread.is_empty();
    for reason in report.blocked.iter().filter(|reason| !said(reason)) {
        match reason.until {
            Some(_) => text.line(format!("    . {}", reason.message)),
            None => {
                text.line(format!("    x {}", reason.message));
                text.line(format!("        {} {}", reason.code, reason.code.remedy()));
            }
        }
    }
    text
}
