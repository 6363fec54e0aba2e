//! Where the lines go that Function Compute looks for in a function's output.

use std::io::{self, Write};

/// Takes whole lines, without their line ends. Any `Fn(&str)` is one.
///
/// Only the `FC Invoke Start` and `FC Invoke End` lines and their like go here: they must be on the process's standard
/// output for Function Compute to cut one call's log out of the stream, while a process that hosts many functions
/// wants them elsewhere. What a handler logs goes through `tracing`.
pub trait LogWriter: Send + Sync {
    /// Writes one line. Must not block for long: it is called on the task that serves the request.
    fn write_line(&self, line: &str);
}

impl<F: Fn(&str) + Send + Sync> LogWriter for F {
    fn write_line(&self, line: &str) {
        self(line);
    }
}

/// The process's standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdout;

impl LogWriter for Stdout {
    fn write_line(&self, line: &str) {
        // One write per line, so that lines of concurrent calls do not mix. A closed output must not fail a call.
        let _ = io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    }
}
