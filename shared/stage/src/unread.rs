//! Calls that failed, in the words of reports: what kind of failure, and what to do about it.

use onboarding::unread::Cause;
use onboarding::{FailedCall, FailedCalls};
use openapi::{Error, Fault};

/// A call that failed, without its request id: a text that differed at each reading would make every plan differ from the
/// last.
pub fn failed_call(error: &Error) -> FailedCall {
    FailedCall {
        cause: cause(error),
        code: error.code.clone(),
        action: error.action.to_owned(),
        message: error.message.clone(),
    }
}

/// The call and how it failed, with the remedy for that kind of failure.
pub(crate) fn sentence(error: &Error) -> String {
    let text = error.to_string();
    format!("{}. {}", text.trim_end_matches('.'), cause(error).remedy())
}

/// The same of the calls that failed while the cloud was read: those of the first code, and how many codes more there are.
pub(crate) fn first(failed: &FailedCalls) -> Option<String> {
    let groups = failed.by_code();
    let first = groups.first()?;
    let more = match groups.len() {
        1 => String::new(),
        count => format!(" ({} other codes)", count - 1),
    };
    Some(format!("could not read {first}{more}. {}", first.cause.remedy()))
}

/// That the credentials expired while the cloud was read, if they did.
pub(crate) fn expired(failed: &FailedCalls) -> Option<String> {
    let call = failed.iter().find(|call| openapi::has_expired(&call.code))?;
    Some(format!("the credentials expired meanwhile ({}: {}). {}", call.action, call.code, call.cause.remedy()))
}

fn cause(error: &Error) -> Cause {
    match error.fault() {
        Fault::Credentials => Cause::Credentials,
        Fault::Permission => Cause::Permission,
        Fault::Region => Cause::Region,
        Fault::Network => Cause::Network,
        Fault::Throttled => Cause::Throttled,
        Fault::Service => Cause::Service,
        Fault::Answer => Cause::Answer,
        Fault::Request => Cause::Request,
    }
}
