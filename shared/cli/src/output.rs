//! What the commands write: sentences and tables for people, or JSON lines for programs, never both on stdout.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// Columns where nobody says how many there are.
const WIDTH: usize = 100;

/// How a command ended. What it failed with is a [`Trouble`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0.
    Done,
    /// 1: it ran, and something is not as it should be.
    Failed,
    /// 2: changes are pending, or drift was found.
    Pending,
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

impl Exit {
    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Pending => 2,
        }
    }
}

/// Colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What begins a section.
    Strong,
    /// What is well.
    Good,
    /// What is not.
    Bad,
    /// What is on its way, or only said in passing.
    Faint,
}

/// Where a command writes. A reader that has gone away is no error: there is nobody left to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console {
    json: bool,
    colours: bool,
    width: usize,
}

impl Console {
    /// For people, unless `json`. Colours only on a terminal whose owner does not decline them.
    pub(crate) fn new(json: bool, no_color: bool) -> Self {
        let terminal = console::Term::stdout().size_checked();
        let width = terminal.map_or(WIDTH, |(_, columns)| usize::from(columns).clamp(60, 160));
        Self { json, colours: !json && !no_color && std::io::stdout().is_terminal(), width }
    }

    /// For people without a terminal, wherever tests run.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { json: false, colours: false, width: WIDTH }
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

    /// A line for people.
    pub(crate) fn say(self, line: impl AsRef<str>) {
        if !self.json {
            self.raw(line.as_ref());
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

    /// A line on stdout, whoever reads it: what a command was asked to print.
    pub(crate) fn raw(self, line: &str) {
        let mut stdout = std::io::stdout().lock();
        let _gone = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }

    /// A message beside the result.
    pub(crate) fn note(self, line: impl AsRef<str>) {
        let mut stderr = std::io::stderr().lock();
        let _gone = writeln!(stderr, "{}", line.as_ref());
    }

    /// Text in a tone, where that can be shown.
    pub(crate) fn tint(self, tone: Tone, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if !self.colours {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
