//! What the commands write: sentences and tables for people, or JSON lines for programs, never both on stdout.
//!
//! Whatever people read is a [`Text`], in which nothing but our own tones acts on a terminal. JSON is escaped by its writer.

mod columns;
mod text;
mod tone;

use std::io::{IsTerminal, Write};

use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use columns::{columns, wrap};
pub(crate) use text::{Line, Text, visible};
pub(crate) use tone::Tone;

/// Columns where nobody says how many there are.
const WIDTH: usize = 100;

/// How a command ended. What it failed with is a [`Trouble`]. Of several, the worst counts: what could not be read (1) comes
/// before what is to be changed (2), because an incomplete reading does not say what there is to change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0.
    #[default]
    Done,
    /// 2: changes are pending, or drift was found.
    Pending,
    /// 1: something could not be read or done.
    Failed,
}

/// Why a command did not run to its end: one sentence each, of what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The command line, a file or a setting cannot be used as it is. Exit code 64.
    #[error("{0}")]
    Usage(String),
    /// It went wrong on the way. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Trouble {
    /// The process's exit code.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 64,
            Self::Failed(_) => 1,
        }
    }
}

impl Trouble {
    /// What is written on stderr. A usage error quotes what the person at this machine wrote, line ends and all; what comes
    /// from the cloud is one line.
    fn text(&self) -> Text {
        match self {
            Self::Usage(text) => Text::of_lines(&format!("albridge: {text}")),
            Self::Failed(text) => format!("albridge: {text}").into(),
        }
    }
}

impl Exit {
    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Pending => 2,
        }
    }

    /// `Pending` if something is left.
    pub(crate) const fn pending(left: bool) -> Self {
        if left { Self::Pending } else { Self::Done }
    }

    /// `Failed` if something is wrong.
    pub(crate) const fn failed(wrong: bool) -> Self {
        if wrong { Self::Failed } else { Self::Done }
    }
}

/// Where a command writes. A reader that has gone away is no error: there is nobody left to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    json: bool,
    colours: bool,
    width: usize,
    out: Out,
}

/// Where log lines go: stderr. They hold what the cloud said, so they are made visible like everything else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

impl Log {
    /// A writer for one line.
    pub(crate) const fn stderr() -> Self {
        Self
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        writeln!(std::io::stderr().lock(), "{}", visible(text.trim_end_matches('\n')))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().lock().flush()
    }
}

/// Where its bytes go.
#[derive(Debug, Clone, Copy)]
enum Out {
    /// The process's own stdout and stderr.
    Process,
    /// A test's.
    #[cfg(test)]
    Kept(&'static Kept),
}

/// What a command wrote in a test.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) stdout: std::sync::Mutex<String>,
    pub(crate) stderr: std::sync::Mutex<String>,
}

impl Console {
    /// For people, unless `json`. Colours only on a terminal whose owner does not decline them.
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        let terminal = console::Term::stdout().size_checked();
        let width = terminal.map_or(WIDTH, |(_, columns)| usize::from(columns).clamp(60, 160));
        let colours = !json && !no_color && std::io::stdout().is_terminal();
        Self { json, colours, width, out: Out::Process }
    }

    /// For a test that reads what was written. For people it has colours.
    #[cfg(test)]
    pub(crate) fn kept(json: bool) -> (Self, &'static Kept) {
        let kept: &'static Kept = Box::leak(Box::default());
        (Self { json, colours: !json, width: WIDTH, out: Out::Kept(kept) }, kept)
    }

    /// Whether programs read this.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person sits there and sees things move.
    pub(crate) fn is_lively(self) -> bool {
        !self.json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal()
    }

    /// How many columns a table may take: a terminal's, within reason, and 100 where there is none.
    pub(crate) const fn width(self) -> usize {
        self.width
    }

    /// Lines for people.
    pub(crate) fn say(self, text: impl Into<Text>) {
        if !self.json {
            self.raw(&text.into().render(self.colours));
        }
    }

    /// A line for programs.
    pub(crate) fn tell(self, line: &impl Serialize) {
        if self.json
            && let Ok(line) = serde_json::to_string(line)
        {
            self.raw(&line);
        }
    }

    /// The last line for programs, `fields` in it. Its `ok` says the same as the exit code: true for 0 only.
    pub(crate) fn finish(self, exit: Exit, fields: Value) -> Exit {
        self.finished(exit.code(), fields);
        exit
    }

    /// Says why a command did not run to its end, and ends it.
    pub(crate) fn give_up(self, trouble: &Trouble) -> u8 {
        self.finished(trouble.code(), json!({"error": trouble.to_string()}));
        self.note(trouble.text());
        trouble.code()
    }

    fn finished(self, code: u8, fields: Value) {
        let mut line = json!({"event": "finished", "ok": code == 0, "exitCode": code});
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        self.tell(&line);
    }

    /// What a command was asked to print, on stdout, whoever reads it: JSON, a picture, a script. Nothing in it may come from
    /// the cloud unescaped.
    pub(crate) fn raw(self, line: &str) {
        match self.out {
            Out::Process => {
                let mut stdout = std::io::stdout().lock();
                let _gone = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
            }
            #[cfg(test)]
            Out::Kept(kept) => kept.stdout.lock().unwrap().extend([line, "\n"]),
        }
    }

    /// A message beside the result, on stderr.
    pub(crate) fn note(self, text: impl Into<Text>) {
        let text = text.into().render(false);
        match self.out {
            Out::Process => {
                let mut stderr = std::io::stderr().lock();
                let _gone = writeln!(stderr, "{text}");
            }
            #[cfg(test)]
            Out::Kept(kept) => kept.stderr.lock().unwrap().extend([text.as_str(), "\n"]),
        }
    }
}
