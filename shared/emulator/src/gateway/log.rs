//! What was asked and answered, in order: tests count writes here, and one seed gives one byte-identical log.

use std::fmt;

use jiff::Timestamp;

use crate::call::{Caller, Params, Service};

/// One answered request.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// The cloud's time of the request.
    pub at: Timestamp,
    /// The region of the port it came in by.
    pub region: String,
    /// The service, where the request could be told one.
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
            Some(Caller::Root) => f.write_str(" root")?,
            Some(Caller::Role(role)) => write!(f, " {role}")?,
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

/// Whether an action changes something. Invoking a function is no change of the cloud's own state.
pub(super) fn writes(action: &str) -> bool {
    const READS: [&str; 5] = ["Get", "List", "Describe", "Check", "Head"];
    const OTHERS: [&str; 4] = ["AssumeRole", "ValidateTemplate", "PreviewStack", "InvokeFunction"];
    !action.is_empty() && !READS.iter().any(|verb| action.starts_with(verb)) && !OTHERS.contains(&action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_told_from_writes_by_their_verb() {
        for read in ["GetObject", "ListServerGroups", "DescribeVpcs", "CheckTransitRouterService", "AssumeRole", ""] {
            assert!(!writes(read), "{read}");
        }
        for write in ["CreateServerGroup", "TagResources", "StartExecution", "PutObject"] {
            assert!(writes(write), "{write}");
        }
    }
}
