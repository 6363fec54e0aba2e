//! The lines that this crate itself leaves in a function's log: those that Function Compute looks for, and the text of a
//! failure that nothing else would log.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
};

use tracing::{Dispatch, dispatcher, subscriber::NoSubscriber};

use crate::{
    Diagnostic,
    time::{Now, epoch_millis, log_time},
};

/// Takes whole lines, without their line ends. Any `Fn(&str)` is one.
///
/// The `FC Invoke Start` and `FC Invoke End` lines and their like go here: they must be on the process's standard output for
/// Function Compute to cut one call's log out of the stream, while a process that hosts many functions wants them
/// elsewhere. What a handler logs goes through `tracing`; so does the text of a failure, unless the process has no
/// subscriber for it.
pub trait LogWriter: Send + Sync {
    /// Writes one line. Must not block for long: it is called on the task that serves the request.
    fn write_line(&self, line: &str);

    /// Writes the text of a failure, if the process has no `tracing` subscriber that would:
    /// `<time> <request id> [ERROR] <text>`, as Function Compute's other runtimes write it. To the process's standard
    /// error, unless implemented otherwise.
    fn write_error(&self, line: &str) {
        // It is not buffered, hence one write. It may be closed, which must not fail a call.
        let _ = io::stderr().lock().write_all([line, "\n"].concat().as_bytes());
    }
}

impl<F: Fn(&str) + Send + Sync> LogWriter for F {
    fn write_line(&self, line: &str) {
        self(line);
    }
}

/// The process's standard output, and for failures its standard error. Function Compute collects both.
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

/// A runtime's log, and the clock for its times.
pub(crate) struct Log {
    writer: Arc<dyn LogWriter>,
    pub(crate) now: Now,
}

impl Log {
    pub(crate) fn new(writer: Arc<dyn LogWriter>, now: Now) -> Self {
        Self { writer, now }
    }

    /// Writes a text to the log if the process has no `tracing` subscriber. The caller has emitted the same text as an event.
    pub(crate) fn without_subscriber(&self, request_id: &str, text: fmt::Arguments<'_>) {
        // If there is a subscriber, it decides whether the event is logged.
        if dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
            let time = log_time(epoch_millis((self.now)()));
            // One line: the next would lack the request id.
            let text = text.to_string().trim_end().replace('\n', "\\n");
            self.writer.write_error(&format!("{time} {request_id} [ERROR] {text}"));
        }
    }
}

/// The two lines around a call, in one buffer. The second one is written when this is dropped, so it follows the first in
/// every case.
pub(crate) struct CallLine {
    log: Arc<Log>,
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
    pub(crate) fn start(log: &Arc<Log>, word: &str, request_id: &str) -> Self {
        let line = ["FC ", word, " ", START, " RequestId: ", request_id].concat();
        log.writer.write_line(&line);
        let start_at = "FC ".len() + word.len() + " ".len();
        Self { log: Arc::clone(log), start_at, id_at: line.len() - request_id.len(), line, succeeded: false }
    }

    pub(crate) fn request_id(&self) -> &str {
        self.line.get(self.id_at..).unwrap_or_default()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Writes `FC <word> End RequestId: <id>`.
    pub(crate) fn succeed(mut self) {
        self.succeeded = true;
    }

    /// Writes the same, with what the built-in runtimes add to it for a failed call; before it, the failure's text, unless a
    /// subscriber has it.
    pub(crate) fn fail(self, diagnostic: &Diagnostic) {
        let Diagnostic { error_type, error_message } = diagnostic;
        self.log.without_subscriber(self.request_id(), format_args!("{error_type}: {error_message}"));
    }
}

impl Drop for CallLine {
    fn drop(&mut self) {
        self.line.replace_range(self.start_at..self.start_at + START.len(), END);
        if !self.succeeded {
            self.line.push_str(", Error: Unhandled function error");
        }
        self.log.writer.write_line(&self.line);
    }
}
