//! What `deploy` and `teardown --deployment` say after Ctrl-C: which steps are done, which one is under way and goes on in the cloud
//! without the command, which are not begun, and how to go on.

use std::sync::{Mutex, PoisonError};

use clock::Clock;
use deployment::deploy::{Progress, Step};
use jiff::{SignedDuration, Timestamp};
use openapi::Sent;
use serde_json::json;

use super::desk::Desk;
use super::{follow, show};
use crate::apply::{Gate, lasted, unless_stopped, writes};
use crate::interrupt::Interrupts;
use crate::output::{CliError, Console, Line, Style, Text};

/// Which command makes the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Deploy,
    Teardown,
}

impl Command {
    const fn subject(self) -> &'static str {
        match self {
            Self::Deploy => "The deployment",
            Self::Teardown => "The teardown",
        }
    }

    /// What stays as it is, and how to go on.
    const fn way_on(self) -> &'static str {
        match self {
            Self::Deploy => {
                "  Nothing else was begun, and what is done stays. To go on: `albridge deploy` with the same options, which waits for \
                 what is under way and makes the rest; to see how it stands: `albridge doctor`."
            }
            Self::Teardown => {
                "  Nothing else was begun, and what is gone stays gone. To go on: the same command again, which waits for what is under \
                 way."
            }
        }
    }
}

/// The making of steps, which Ctrl-C may end.
pub(super) struct Work<'a> {
    command: Command,
    steps: &'a [Step],
    gate: &'a Gate,
    clock: &'a Clock,
    console: Console,
    began: Timestamp,
    way: Mutex<Way>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// How many steps are done.
    done: usize,
    /// Whether the next one was begun.
    begun: bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(command: Command, steps: &'a [Step], desk: &'a Desk, console: Console) -> Self {
        let (gate, clock) = (&desk.gate, &desk.clock);
        Self { command, steps, gate, clock, console, began: clock.now(), way: Mutex::default() }
    }

    /// Keeps and says how far it is.
    pub(super) fn tell(&self, progress: &Progress<'_>) {
        let mut way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Begins(_) => {
                self.gate.begin();
                way.begun = true;
            }
            Progress::Event(..) => {}
            Progress::Done(_) => *way = Way { done: way.done + 1, begun: false },
        }
        drop(way);
        follow::tell(progress, self.console);
    }

    /// Waits for `making`, which tells how far it is. After Ctrl-C it is said what became of it; then gives how many steps are left.
    pub(super) async fn until_stopped(
        &self,
        making: impl Future<Output = Result<(), CliError>>,
        interrupts: &Interrupts,
    ) -> Result<Option<usize>, CliError> {
        let stop = (self.gate, interrupts);
        let made = unless_stopped(Box::pin(making), stop, self.clock, None, self.console).await?;
        Ok(made.is_none().then(|| self.interrupted(self.clock.now().duration_since(self.began))))
    }

    fn interrupted(&self, took: SignedDuration) -> usize {
        let way = *self.way.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, rest) = self.steps.split_at(way.done.min(self.steps.len()));
        let (made, unknown) = self.gate.told();
        // What came before the step is said already, and a step of which nothing was sent is not begun.
        let (begun, waiting) = match rest.split_first() {
            Some((step, waiting)) if way.begun && !(made.is_empty() && unknown.is_empty()) => (Some(step), waiting),
            _ => (None, rest),
        };
        let heading = format!("{} was interrupted after {}", self.command.subject(), lasted(took));
        let mut text = Text::from(Line::styled(Style::Strong, heading));
        if done.is_empty() && begun.is_none() {
            text.line("  nothing was changed");
        }
        for step in words(done) {
            text.line(Line::styled(Style::Good, "  done").then(format!(": {step}")));
        }
        let (calls, unknown) = match begun {
            Some(step) => {
                text.line(
                    Line::styled(Style::Strong, "  begun").then(format!(": {}", under_way(step, &made, &unknown))),
                );
                writes(self.gate, &mut text)
            }
            None => (Vec::new(), Vec::new()),
        };
        for step in words(waiting) {
            text.line(format!("  not begun: {step}"));
        }
        text.line(self.command.way_on());
        self.console.print(text);
        let each = |steps: &[Step]| -> Vec<String> { steps.iter().map(show::step).collect() };
        self.console.print_json(&json!({
            "event": "interrupted", "done": each(done), "begun": begun.map(show::step), "region": begun.map(Step::region),
            "calls": calls, "unknown": unknown, "notBegun": each(waiting), "left": rest.len(),
        }));
        rest.len()
    }
}

/// The step that was begun, and what goes on without this command.
fn under_way(step: &Step, made: &[Sent], unknown: &[Sent]) -> String {
    let step = show::step(step);
    let what = match made.last().filter(|_| unknown.is_empty()).map(|sent| sent.action) {
        Some("CreateStack") => "is being made",
        Some("UpdateStack") => "is being changed",
        Some("DeleteStack") => "is being taken away",
        _ => return step,
    };
    format!("{step}: it {what}, which goes on in the cloud without this command")
}

/// Steps in a few words each; the packages of a bucket are one line.
fn words(steps: &[Step]) -> Vec<String> {
    let together = |one: &Step, other: &Step| match (one, other) {
        (Step::UploadPackage { bucket: one, .. }, Step::UploadPackage { bucket: other, .. }) => one == other,
        _ => false,
    };
    let one = |steps: &[Step]| match steps {
        [Step::UploadPackage { bucket, .. }, _, ..] => format!("{} packages into {bucket}", steps.len()),
        _ => steps.iter().map(show::step).collect(),
    };
    steps.chunk_by(together).map(one).collect()
}
