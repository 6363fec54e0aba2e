//! Where the lines go that Function Compute looks for in a function's output.

use std::{
    io::{self, Write},
    sync::Arc,
};

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
        // Standard output is buffered by lines, so that both parts go out as one write, under one lock: lines of
        // concurrent calls do not mix. A closed output must not fail a call.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.write_all(b"\n"));
    }
}

/// The two lines around a call, in one buffer. Where there was a first, there will be a second, whatever becomes of the
/// call.
pub(crate) struct CallLine {
    log: Arc<dyn LogWriter>,
    line: String,
    /// Where `Start` begins.
    start_at: usize,
    /// Where the id begins.
    id_at: usize,
    succeeded: bool,
}

const START: &str = "Start";
const END: &str = "End";

impl CallLine {
    /// Writes `FC <word> Start RequestId: <id>`.
    pub(crate) fn start(log: &Arc<dyn LogWriter>, word: &str, request_id: &str) -> Self {
        let line = ["FC ", word, " ", START, " RequestId: ", request_id].concat();
        log.write_line(&line);
        let start_at = "FC ".len() + word.len() + " ".len();
        Self { log: Arc::clone(log), start_at, id_at: line.len() - request_id.len(), line, succeeded: false }
    }

    pub(crate) fn request_id(&self) -> &str {
        self.line.get(self.id_at..).unwrap_or_default()
    }

    /// Writes `FC <word> End RequestId: <id>`, and for a failed call what the built-in runtimes add to it.
    pub(crate) fn end(mut self, succeeded: bool) {
        self.succeeded = succeeded;
    }
}

impl Drop for CallLine {
    fn drop(&mut self) {
        self.line.replace_range(self.start_at..self.start_at + START.len(), END);
        if !self.succeeded {
            self.line.push_str(", Error: Unhandled function error");
        }
        self.log.write_line(&self.line);
    }
}
