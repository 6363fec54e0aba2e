//! `status --watch`: looks again and again, until Ctrl-C. A terminal is drawn anew each time; elsewhere a look is printed only if
//! something has changed.

use std::pin::pin;
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::changes::{Standing, between};
use super::look::Look;
use super::view::View;
use super::{lines, text};
use crate::interrupt::Interrupts;
use crate::output::{CliError, Console, Exit, Line, Style, Text};

/// The most changes that are named on a terminal.
const NAMED: usize = 6;

/// Looks every so often, and ends with the exit of the last look. `nothing` is what is said of no bindings.
pub(super) async fn watch<L>(
    every: Duration,
    clock: &Clock,
    mut interrupts: Interrupts,
    view: &View,
    (nothing, console): (String, Console),
    mut look: L,
) -> Result<Exit, CliError>
where
    L: AsyncFnMut() -> Result<Vec<Look>, CliError>,
{
    let mut stop = pin!(interrupts.next());
    let mut watched = Watched { nothing, ..Watched::default() };
    loop {
        let found = tokio::select! {
            biased;
            () = &mut stop => break,
            found = look() => found,
        };
        let now = clock.now();
        match found {
            Ok(looks) => watched.saw(looks, now),
            // What cannot be meant will not be meant the next time.
            Err(error @ CliError::Usage(_)) => return Err(error),
            Err(error) => watched.failed(&error, now),
        }
        watched.show(every, now, view, console);
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = clock.sleep(every) => {}
        }
    }
    Ok(watched.exit)
}

/// What was seen so far.
struct Watched {
    /// What the last look that could be taken showed.
    looks: Vec<Look>,
    /// The causes that were found and are not known to be gone.
    standing: Standing,
    /// Why the last one could not be taken.
    failure: Option<String>,
    /// The exit of the last look.
    exit: Exit,
    /// What changed last, and when.
    changes: Vec<String>,
    changed: Option<Timestamp>,
    /// Whether the last look has to be shown where there is no terminal.
    is_news: bool,
    looks_taken: usize,
    /// What is said of no bindings.
    nothing: String,
}

impl Default for Watched {
    /// Nothing was seen, so an end now is one before the end.
    fn default() -> Self {
        let (looks, standing, changes) = (Vec::new(), Standing::default(), Vec::new());
        let (exit, failure, changed) = (Exit::Interrupted, None, None);
        Self {
            looks,
            standing,
            failure,
            exit,
            changes,
            changed,
            is_news: false,
            looks_taken: 0,
            nothing: String::new(),
        }
    }
}

impl Watched {
    fn saw(&mut self, looks: Vec<Look>, now: Timestamp) {
        let first = self.looks_taken == 0;
        self.looks_taken += 1;
        let before = (!first).then_some(self.looks.as_slice());
        let mut changes = between(before, &looks, &mut self.standing);
        if self.failure.take().is_some() {
            changes.insert(0, "it can be read again".to_owned());
        }
        self.exit = looks.iter().map(Look::exit).max().unwrap_or_default();
        self.looks = looks;
        self.is_news = first || !changes.is_empty();
        if !changes.is_empty() {
            (self.changes, self.changed) = (changes, Some(now));
        }
    }

    fn failed(&mut self, error: &CliError, now: Timestamp) {
        self.exit = Exit::Failed;
        let failure = error.to_string();
        self.is_news = self.failure.as_ref() != Some(&failure);
        if self.is_news {
            (self.changes, self.changed) = (vec![format!("not known: {failure}")], Some(now));
        }
        self.failure = Some(failure);
    }

    fn show(&self, every: Duration, now: Timestamp, view: &View, console: Console) {
        let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        if console.redraws() {
            let mut text = Text::from(Line::styled(
                Style::Faint,
                format!("{}, every {} s; Ctrl-C ends", time(now), every.as_secs()),
            ));
            text.extend(self.news(view, NAMED, time));
            text.extend(self.bindings(view));
            console.redraw(&text);
            return;
        }
        if !self.is_news {
            return;
        }
        let mut text = Text::from(Line::styled(Style::Faint, time(now)));
        text.extend(self.news(view, usize::MAX, time));
        text.extend(self.bindings(view));
        text.line("");
        console.print(text);
        console.print_json(&json!({"event": "look", "at": now, "changed": self.changes, "unread": self.failure}));
        for line in self.looks.iter().filter(|look| view.holds(look)).flat_map(lines::of) {
            console.print_json(&line);
        }
        console.print_document(self.exit, || self.document(now, view));
    }

    fn document(&self, now: Timestamp, view: &View) -> Value {
        let mut fields = json!({"at": now, "changed": self.changes, "unread": self.failure});
        if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), lines::documents(&self.looks, view)) {
            fields.extend(more);
        }
        fields
    }

    /// What changed last.
    fn news(&self, view: &View, most: usize, time: impl Fn(Timestamp) -> String) -> Text {
        let mut text = Text::default();
        let Some(at) = self.changed else { return text };
        text.line(Line::styled(Style::Strong, format!("changed at {}", time(at))));
        let most = if view.all { usize::MAX } else { most };
        self.changes.iter().take(most).for_each(|change| text.line(format!("  {change}")));
        if self.changes.len() > most {
            text.line(format!("  +{} more changes (--all names them)", self.changes.len() - most));
        }
        text
    }

    fn bindings(&self, view: &View) -> Text {
        let mut text = Text::default();
        if let Some(failure) = &self.failure {
            text.line(Line::styled(Style::Bad, "not known").then(format!(": {failure}")));
            return text;
        }
        if self.looks.is_empty() {
            text.line(self.nothing.as_str());
        }
        text.extend(text::all(&self.looks, view));
        text
    }
}
