//! The call log: tests count writes here, and one seed gives one byte-identical log.

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;

use crate::call::{Caller, Params, Service};

/// One answered request.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// The cloud's time of the request.
    pub at: Timestamp,
    /// The region of the port at which it arrived.
    pub region: String,
    /// The service, if the request names one.
    pub service: Option<Service>,
    /// The action, empty where there was none.
    pub action: String,
    /// Who signed it, if the signature held.
    pub caller: Option<Caller>,
    /// Business parameters.
    pub params: Params,
    /// HTTP status of the answer.
    pub status: u16,
    /// The error's code.
    pub code: Option<String>,
    /// Whether the action is one that changes something (whether or not it succeeded).
    pub writes: bool,
}

impl fmt::Display for CallRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} {} ", self.at, self.region)?;
        match self.service {
            Some(service) => write!(f, "{service:?}.{}", self.action)?,
            None => write!(f, "?.{}", self.action)?,
        }
        match &self.caller {
            None => f.write_str(" ?")?,
            Some(Caller::Nobody) => f.write_str(" nobody")?,
            Some(caller) => write!(f, " {}", caller.role().unwrap_or("root"))?,
        }
        write!(f, " {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        for (name, value) in self.params.iter() {
            write!(f, " {name}={value:?}")?;
        }
        Ok(())
    }
}

impl CallRecord {
    /// Whether the answer was a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status < 300
    }
}

/// The log is cut to this many bytes, oldest calls first: an emulator that serves for days must not grow. It is some 50,000
/// calls, more than any test makes.
const MOST: usize = 16 << 20;
/// What the allocator adds to each text.
const OVERHEAD: usize = 16;

/// The latest calls, and how many of all changed something.
#[derive(Debug, Default)]
pub(super) struct Log {
    records: VecDeque<CallRecord>,
    bytes: usize,
    forgotten: usize,
    writes: usize,
}

impl Log {
    pub(super) fn push(&mut self, record: CallRecord) {
        self.bytes += bytes(&record);
        while self.bytes > MOST
            && let Some(oldest) = self.records.pop_front()
        {
            self.bytes -= bytes(&oldest);
            self.forgotten += 1;
        }
        self.writes += usize::from(record.writes && record.succeeded());
        self.records.push_back(record);
    }

    /// In order.
    pub(super) fn records(&self) -> impl Iterator<Item = &CallRecord> {
        self.records.iter()
    }

    /// How many calls there were before the first that is remembered.
    pub(super) const fn forgotten(&self) -> usize {
        self.forgotten
    }

    /// Successful calls that changed something, forgotten ones included.
    pub(super) const fn writes(&self) -> usize {
        self.writes
    }
}

/// About how much memory a record takes.
fn bytes(record: &CallRecord) -> usize {
    let text = |text: &str| text.len() + OVERHEAD;
    let caller = match &record.caller {
        Some(Caller::Role(role)) => text(role),
        Some(Caller::Restricted { role, policy }) => text(role) + text(policy),
        Some(Caller::Root | Caller::Nobody) | None => 0,
    };
    let texts = text(&record.region) + text(&record.action) + record.code.as_deref().map_or(0, text);
    size_of::<CallRecord>() + texts + caller + record.params.bytes() + 2 * OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(action: &str, value: &str, status: u16, writes: bool) -> CallRecord {
        CallRecord {
            at: Timestamp::UNIX_EPOCH,
            region: String::new(),
            service: None,
            action: action.to_owned(),
            caller: None,
            params: Params::new([("Value".to_owned(), value.to_owned())]),
            status,
            code: None,
            writes,
        }
    }

    #[test]
    fn the_log_is_bounded_by_bytes_and_still_counts_every_write() {
        let mut log = Log::default();
        let large = "x".repeat(MOST / 4);
        for number in 0..10 {
            log.push(record(&number.to_string(), &large, if number == 1 { 400 } else { 200 }, number < 3));
        }
        let kept: Vec<&str> = log.records().map(|record| record.action.as_str()).collect();
        assert_eq!(kept, ["7", "8", "9"]);
        assert_eq!(log.writes(), 2);
        log.push(record("small", "", 200, false));
        assert_eq!(log.records().count(), 4);
        assert!(log.bytes <= MOST);
    }

    #[test]
    fn a_record_above_the_bound_is_kept_alone() {
        let mut log = Log::default();
        log.push(record("small", "", 200, false));
        log.push(record("huge", &"x".repeat(MOST + 1), 200, false));
        assert_eq!(log.records().count(), 1);
        log.push(record("next", "", 200, false));
        assert_eq!(log.records().map(|record| record.action.as_str()).collect::<Vec<_>>(), ["next"]);
    }
}
