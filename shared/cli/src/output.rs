//! The output of the commands: sentences and tables for people, or JSON lines for programs, never both on stdout.
//!
//! All text for people is a [`Text`], which contains no control sequences but those of our own styles. JSON is escaped by its
//! serializer.

mod columns;
mod style;
mod text;

use std::io::{IsTerminal, Write};

use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use columns::{columns, wrap};
pub(crate) use style::Style;
pub(crate) use text::{Line, Text, visible};

/// The width if stdout is no terminal.
const WIDTH: usize = 100;

/// How a command ended; its error is a [`CliError`]. Of several results the greatest counts: what could not be read (1) comes
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

/// Why a command failed. The message says what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command line, a file or a setting cannot be used as it is. Exit code 64.
    #[error("{0}")]
    Usage(String),
    /// The command failed while it ran. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// The process's exit code.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 64,
            Self::Failed(_) => 1,
        }
    }
}

impl CliError {
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

/// The output of a command. A closed pipe is not an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    json: bool,
    colours: bool,
    width: usize,
    out: Out,
}

/// The writer for log lines, to stderr. They contain text from the cloud, so it is escaped like all other text.
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

/// The destination of the bytes.
#[derive(Debug, Clone, Copy)]
enum Out {
    /// The process's own stdout and stderr.
    Process,
    /// A test's.
    #[cfg(test)]
    Captured(&'static Captured),
}

/// What a command wrote in a test.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Captured {
    pub(crate) stdout: std::sync::Mutex<String>,
    pub(crate) stderr: std::sync::Mutex<String>,
}

impl Console {
    /// For people, unless `json`. Colours only on a terminal, and not if `NO_COLOR` is set.
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        let terminal = console::Term::stdout().size_checked();
        let width = terminal.map_or(WIDTH, |(_, columns)| usize::from(columns).clamp(60, 160));
        let colours = !json && !no_color && std::io::stdout().is_terminal();
        Self { json, colours, width, out: Out::Process }
    }

    /// For a test that reads the output. The output for people has colours.
    #[cfg(test)]
    pub(crate) fn captured(json: bool) -> (Self, &'static Captured) {
        let captured: &'static Captured = Box::leak(Box::default());
        (Self { json, colours: !json, width: WIDTH, out: Out::Captured(captured) }, captured)
    }

    /// Whether programs read this.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Whether stdout and stderr are terminals, so that progress can be shown.
    pub(crate) fn is_interactive(self) -> bool {
        !self.json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal()
    }

    /// How many columns a table may take: a terminal's, within reason, and 100 where there is none.
    pub(crate) const fn width(self) -> usize {
        self.width
    }

    /// Lines for people.
    pub(crate) fn print(self, text: impl Into<Text>) {
        if !self.json {
            self.raw(&text.into().render(self.colours));
        }
    }

    /// A line for programs.
    pub(crate) fn print_json(self, line: &impl Serialize) {
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

    /// Prints the error of a command, and returns its exit code.
    pub(crate) fn fail(self, error: &CliError) -> u8 {
        self.finished(error.code(), json!({"error": error.to_string()}));
        self.note(error.text());
        error.code()
    }

    fn finished(self, code: u8, fields: Value) {
        let mut line = json!({"event": "finished", "ok": code == 0, "exitCode": code});
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        self.print_json(&line);
    }

    /// The requested output on stdout, for people and for programs: JSON, a picture, a script. Text from the cloud must be escaped
    /// before.
    pub(crate) fn raw(self, line: &str) {
        match self.out {
            Out::Process => {
                let mut stdout = std::io::stdout().lock();
                let _gone = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
            }
            #[cfg(test)]
            Out::Captured(captured) => captured.stdout.lock().unwrap().extend([line, "\n"]),
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
            Out::Captured(captured) => captured.stderr.lock().unwrap().extend([text.as_str(), "\n"]),
        }
    }
}
