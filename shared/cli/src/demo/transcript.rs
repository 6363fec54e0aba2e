//! The output of the demo: sections and steps with the cloud's time for people, events for programs.

use std::time::Duration;

use clock::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::output::{Console, Line, Style, visible};

/// The output of the demo.
pub(crate) struct Transcript {
    console: Console,
    clock: Clock,
    began: Timestamp,
    /// A spinner that shows on a terminal what the demo waits for.
    bar: ProgressBar,
}

impl Drop for Transcript {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Transcript {
    /// A transcript whose time begins now.
    pub(crate) fn new(console: Console, clock: Clock) -> Self {
        let bar = if console.is_interactive() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
            bar.set_style(style);
        }
        if console.is_interactive() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { console, began: clock.now(), clock, bar }
    }

    /// The cloud's time since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        since(self.began, self.clock.now())
    }

    /// Begins a section.
    pub(crate) fn section(&self, title: &str) {
        self.line("");
        self.line(Line::styled(Style::Strong, title));
        self.event(json!({"event": "section", "title": title}));
    }

    /// A step that happens now.
    pub(crate) fn step(&self, text: impl Into<Line>) {
        self.step_at(self.clock.now(), text);
    }

    /// A step that happened at a time that the cloud reported.
    pub(crate) fn step_at(&self, at: Timestamp, text: impl Into<Line>) {
        let time = Line::new("  ").then_styled(Style::Faint, minutes(since(self.began, at)));
        self.line(time.then("  ").join(text.into()));
    }

    /// More about the last step.
    pub(crate) fn more(&self, text: &str) {
        self.line(format!("         {text}"));
    }

    /// A line without a time.
    pub(crate) fn plain(&self, text: &str) {
        self.line(format!("  {text}"));
    }

    /// Shows what the demo waits for.
    pub(crate) fn waiting(&self, text: &str) {
        self.bar.set_message(visible(&format!("{}  {text}", minutes(self.elapsed()))));
    }

    /// An event for programs, with the cloud's seconds since the beginning.
    pub(crate) fn event(&self, mut event: Value) {
        if let Some(fields) = event.as_object_mut() {
            fields.insert("virtualSeconds".to_owned(), self.elapsed().as_secs().into());
        }
        self.console.print_json(&event);
    }

    /// Lets another command write.
    pub(crate) fn aside(&self, write: impl FnOnce(Console)) {
        self.bar.suspend(|| write(self.console));
    }

    fn line(&self, line: impl Into<Line>) {
        self.bar.suspend(|| self.console.print(line.into()));
    }
}

fn since(began: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(began)).unwrap_or_default()
}

/// `04:31`.
pub(crate) fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_minutes_and_seconds() {
        assert_eq!(minutes(Duration::from_millis(271_900)), "04:31");
        assert_eq!(minutes(Duration::from_secs(3605)), "60:05");
    }
}
