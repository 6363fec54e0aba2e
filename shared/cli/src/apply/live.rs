//! What `apply` shows on a terminal while it waits: the stage, how long it takes, and each thing that it waits for with the cloud's
//! state, as the stages log it.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use onboarding::StageName;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;

use crate::output::{Console, visible};

/// The target of the events that say what a stage waits for.
const TARGET: &str = "albridge::waiting";
/// How often the lines are drawn anew.
const LOOK: Duration = Duration::from_millis(500);
/// The most things that are shown at a time.
const SHOWN: usize = 4;

/// What the running stage waits for. Only one `apply` runs in a process.
static WAITING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A layer of the process's subscriber that keeps what the stages wait for.
#[derive(Debug)]
pub(crate) struct Listening;

impl Listening {
    /// What it listens to; everything else is left to the log.
    pub(crate) fn filter() -> Targets {
        Targets::new().with_target(TARGET, Level::DEBUG)
    }
}

impl<S: Subscriber> Layer<S> for Listening {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        *WAITING.lock().unwrap_or_else(PoisonError::into_inner) = fields.0;
    }
}

/// The texts of the field `what`.
#[derive(Default)]
struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "what" {
            self.0 = value.lines().map(str::to_owned).collect();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// The lines below what was printed, on a terminal; nothing elsewhere.
#[derive(Debug)]
pub(crate) struct Live {
    bar: ProgressBar,
    clock: Clock,
    /// The stage that runs, and since when.
    stage: Cell<Option<(StageName, Timestamp)>>,
}

impl Live {
    /// Nothing is shown before the first stage begins.
    pub(crate) fn new(console: Console, clock: &Clock) -> Self {
        let bar = if console.is_interactive() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
            bar.set_style(style);
        }
        if console.is_interactive() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, clock: clock.clone(), stage: Cell::new(None) }
    }

    /// A stage begins.
    pub(crate) fn begin(&self, stage: StageName) {
        self.stage.set(Some((stage, self.clock.now())));
        WAITING.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Shows how it stands, as long as it is asked to.
    pub(crate) async fn keep_showing(&self) -> Infallible {
        if self.bar.is_hidden() {
            return std::future::pending().await;
        }
        loop {
            if let Some((stage, since)) = self.stage.get() {
                let waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner).clone();
                self.bar.set_message(text(stage, self.clock.now().duration_since(since).as_secs(), &waiting));
            }
            self.clock.sleep(LOOK).await;
        }
    }

    /// Prints lines above it.
    pub(crate) fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The stage with its time, and below it a line for each thing that it waits for.
fn text(stage: StageName, seconds: i64, waiting: &[String]) -> String {
    let mut text = format!("{:<16} {}:{:02}", stage.as_str(), seconds / 60, seconds % 60);
    for what in waiting.iter().take(SHOWN) {
        let _never = write!(text, "\n      {}", visible(what));
    }
    if waiting.len() > SHOWN {
        let _never = write!(text, "\n      +{} more that it waits for", waiting.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_shown_with_its_time_and_a_line_for_each_wait() {
        let waiting: Vec<String> =
            ["attachment tr-attach-1 of vpc-1 is Attaching", "a\u{1b}[2Jb"].map(str::to_owned).into();
        assert_eq!(
            text(StageName::VpcAttachments, 75, &waiting),
            "vpc-attachments  1:15\n      attachment tr-attach-1 of vpc-1 is Attaching\n      a\\u{1b}[2Jb"
        );
        let many: Vec<String> = (0..9).map(|number| format!("route {number}")).collect();
        assert!(text(StageName::VpcRoutes, 5, &many).ends_with("route 3\n      +5 more that it waits for"));
    }

    #[test]
    fn what_a_stage_waits_for_is_kept_line_by_line() {
        use tracing_subscriber::prelude::*;
        let _guard = tracing_subscriber::registry().with(Listening.with_filter(Listening::filter())).set_default();
        tracing::debug!(target: "albridge::waiting", what = "one\ntwo", "waiting");
        tracing::debug!(what = "of somebody else", "waiting");
        assert_eq!(*WAITING.lock().unwrap(), ["one", "two"]);
    }
}
