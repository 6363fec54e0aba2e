//! The output of the commands: sentences and tables for people, or JSON lines or a document for programs, never both on stdout.
//!
//! All text for people is a [`Text`], which contains no control sequences but those of our own styles, and which is broken into lines
//! that fit the terminal where it is printed. JSON and YAML hold what a terminal acts on escaped.

mod columns;
mod form;
mod style;
mod table;
mod text;
mod yaml;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use columns::{columns, wrap};
pub(crate) use form::{Form, Language};
pub(crate) use style::Style;
pub(crate) use table::Table;
pub(crate) use text::{Fit, Line, Text, visible};

/// The width if stdout is no terminal.
const WIDTH: usize = 100;
/// The widths that a terminal may have; a narrower or wider one counts as these.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;

/// The rows of a terminal that does not say how many it has.
const ROWS: usize = 24;
/// What a terminal does before lines are drawn anew: it goes to its first row, and clears the end of each line and what is below.
const HOME: &str = "\u{1b}[H";
const TO_THE_END: &str = "\u{1b}[K";
const BELOW: &str = "\u{1b}[J";

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
    /// 130: somebody interrupted it before it could say how it ended, as shells report SIGINT.
    Interrupted,
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
            Self::Interrupted => 130,
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

/// The first error of writing to stdout. What follows it may have been written or not, so the command goes on, and fails at its end.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

/// Notes whether something could be written to stdout. Who closed the pipe has read enough.
pub(crate) fn note_written(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        UNWRITTEN.get_or_init(|| error.to_string());
    }
}

/// The exit code of a process whose command ended with `code`: a success whose output is lost is none. Says why on stderr.
pub(crate) fn ended_with(code: u8) -> u8 {
    let Some(why) = UNWRITTEN.get() else { return code };
    let _gone = writeln!(std::io::stderr().lock(), "albridge: the output could not be written: {why}");
    if matches!(code, 0 | 2) { Exit::Failed.code() } else { code }
}

/// The output of a command. A closed pipe is not an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    form: Form,
    colours: bool,
    /// The columns of stdout's terminal, or those that somebody asked for.
    terminal: Option<usize>,
    /// The same of stderr.
    beside: Option<usize>,
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
    /// Colours only on a terminal, and not if `no_color`. `asked` is a width that counts instead of the terminal's.
    pub(crate) fn new(form: Form, no_color: bool, asked: Option<usize>) -> Self {
        let width = |terminal: &console::Term| {
            let columns = asked.or_else(|| terminal.size_checked().map(|(_, columns)| usize::from(columns)));
            columns.map(|columns| columns.clamp(*WIDTHS.start(), *WIDTHS.end()))
        };
        let (terminal, beside) = (width(&console::Term::stdout()), width(&console::Term::stderr()));
        let people = matches!(form, Form::People { .. });
        let colours = people && !no_color && std::io::stdout().is_terminal();
        Self { form, colours, terminal, beside, out: Out::Process }
    }

    /// For a test that reads the output. The output for people has colours.
    #[cfg(test)]
    pub(crate) fn captured(form: Form, terminal: Option<usize>) -> (Self, &'static Captured) {
        let captured: &'static Captured = Box::leak(Box::default());
        let colours = matches!(form, Form::People { .. });
        (Self { form, colours, terminal, beside: terminal, out: Out::Captured(captured) }, captured)
    }

    /// Whether people read this.
    pub(crate) const fn is_for_people(self) -> bool {
        matches!(self.form, Form::People { .. })
    }

    /// Whether people read this, and want more columns.
    pub(crate) const fn is_wide(self) -> bool {
        matches!(self.form, Form::People { wide: true })
    }

    /// Whether stdout and stderr are terminals, so that progress can be shown.
    pub(crate) fn is_interactive(self) -> bool {
        self.is_for_people() && std::io::stderr().is_terminal() && std::io::stdout().is_terminal()
    }

    /// Whether the same lines can be drawn anew.
    pub(crate) fn redraws(self) -> bool {
        match self.out {
            Out::Process => self.is_for_people() && std::io::stdout().is_terminal(),
            #[cfg(test)]
            Out::Captured(_) => self.is_for_people() && self.terminal.is_some(),
        }
    }

    /// Draws lines over what was on the terminal. Those for which it has no room are only counted.
    pub(crate) fn redraw(self, text: &Text) {
        let rows = console::Term::stdout().size_checked().map_or(ROWS, |(rows, _)| usize::from(rows));
        let text = text.fitted(Self::fit(self.terminal));
        // The last row stays free for the cursor; the one before it says what is missing.
        let lines = text.rows(rows.saturating_sub(1).max(1));
        let mut out = String::from(HOME);
        for line in lines.render(self.colours).lines() {
            out.push_str(line);
            out.push_str(TO_THE_END);
            out.push('\n');
        }
        out.push_str(BELOW);
        self.write(&out);
    }

    /// How many columns text takes that is laid out in columns: a terminal's, and 100 where there is none.
    pub(crate) const fn width(self) -> usize {
        match self.terminal {
            Some(columns) => columns,
            None => WIDTH,
        }
    }

    /// How many columns a table may take whose rows are lines: without a terminal as many as it needs.
    pub(crate) const fn room(self) -> usize {
        match self.terminal {
            Some(columns) => columns,
            None => usize::MAX,
        }
    }

    const fn fit(terminal: Option<usize>) -> Fit {
        match terminal {
            Some(columns) => Fit { columns, all: true },
            None => Fit { columns: WIDTH, all: false },
        }
    }

    /// Lines for people, none longer than the terminal is wide.
    pub(crate) fn print(self, text: impl Into<Text>) {
        if self.is_for_people() {
            self.raw(&text.into().fitted(Self::fit(self.terminal)).render(self.colours));
        }
    }

    /// A line for programs.
    pub(crate) fn print_json(self, line: &impl Serialize) {
        if self.form == Form::Lines
            && let Some(line) = form::json_line(line)
        {
            self.raw(&line);
        }
    }

    /// The document of a command that has one, with how it ended before its fields.
    pub(crate) fn print_document(self, exit: Exit, document: impl FnOnce() -> Value) {
        self.document(exit.code(), document);
    }

    /// The last line for programs, `fields` in it. Its `ok` says the same as the exit code: true for 0 only.
    pub(crate) fn finish(self, exit: Exit, fields: Value) -> Exit {
        self.finished(exit.code(), fields);
        exit
    }

    /// Prints the error of a command, and returns its exit code.
    pub(crate) fn fail(self, error: &CliError) -> u8 {
        self.finished(error.code(), json!({"error": error.to_string()}));
        self.document(error.code(), || json!({"error": error.to_string()}));
        self.note(error.text());
        error.code()
    }

    fn finished(self, code: u8, fields: Value) {
        self.print_json(&ended(json!({"event": "finished"}), code, fields));
    }

    fn document(self, code: u8, fields: impl FnOnce() -> Value) {
        if let Form::Document(language) = self.form {
            self.raw(&language.write(&ended(json!({}), code, fields())));
        }
    }

    /// The requested output on stdout, for people and for programs: JSON, a picture, a script. Text from the cloud must be escaped
    /// before.
    pub(crate) fn raw(self, line: &str) {
        self.write(&format!("{line}\n"));
    }

    fn write(self, text: &str) {
        match self.out {
            Out::Process => {
                let mut stdout = std::io::stdout().lock();
                note_written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
            }
            #[cfg(test)]
            Out::Captured(captured) => captured.stdout.lock().unwrap().push_str(text),
        }
    }

    /// A message beside the result, on stderr.
    pub(crate) fn note(self, text: impl Into<Text>) {
        let text = text.into().fitted(Self::fit(self.beside)).render(false);
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

/// An object with how a command ended, and then its own fields. `ok` says the same as the exit code: true for 0 only.
fn ended(mut begin: Value, code: u8, fields: Value) -> Value {
    if let (Some(begin), Value::Object(fields)) = (begin.as_object_mut(), fields) {
        begin.insert("ok".to_owned(), (code == 0).into());
        begin.insert("exitCode".to_owned(), code.into());
        begin.extend(fields);
    }
    begin
}

/// A line for programs: what happened, and the fields of it.
pub(crate) fn event(name: &str, fields: &Value) -> Value {
    let mut line = json!({"event": name});
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields.clone());
    }
    line
}
