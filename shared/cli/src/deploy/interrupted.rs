//! What `teardown --deployment` says after Ctrl-C: which steps are done, which one is under way, and which are left.

use deployment::deploy::{Progress, Step};
use jiff::SignedDuration;
use onboarding::words::counted;
use serde_json::json;

use super::show;
use crate::apply::{Gate, lasted, writes};
use crate::output::{Console, Line, Style, Text};

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// The steps that are done.
    done: Vec<String>,
    /// The step that was begun.
    begun: Option<String>,
}

impl Way {
    /// Keeps a step that begins or ends.
    pub(super) fn note(&mut self, progress: &Progress<'_>, gate: &Gate) {
        match progress {
            Progress::Begins(step) => {
                gate.begin();
                self.begun = Some(show::step(step));
            }
            Progress::Event(..) => {}
            Progress::Done(step) => {
                self.begun = None;
                self.done.push(show::step(step));
            }
        }
    }

    /// Says it. Gives how many steps are left.
    pub(super) fn tell(self, steps: &[Step], gate: &Gate, took: SignedDuration, console: Console) -> usize {
        let heading = format!("The teardown was interrupted after {}", lasted(took));
        let mut text = Text::from(Line::styled(Style::Strong, heading));
        for step in &self.done {
            text.line(Line::styled(Style::Good, "  done").then(format!(": {step}")));
        }
        // Of the step that is not done: what came before it is said already, and one of which nothing was sent is merely left.
        let begun = self.begun.filter(|_| gate.told() != (Vec::new(), Vec::new()));
        let (made, unknown) = match &begun {
            Some(step) => {
                text.line(format!("  begun: {step}; what the cloud has begun goes on"));
                writes(gate, &mut text)
            }
            None => (Vec::new(), Vec::new()),
        };
        let left = steps.len().saturating_sub(self.done.len());
        if left > 0 {
            text.line(format!("  left: {}", counted(left, "step")));
        }
        text.line(
            "  Nothing else was begun, and what is gone stays gone. To go on: the same command again, which waits for what is under way.",
        );
        console.print(text);
        console.print_json(&json!({"event": "interrupted", "done": self.done, "begun": begun, "calls": made,
                                   "unknown": unknown, "left": left}));
        left
    }
}
