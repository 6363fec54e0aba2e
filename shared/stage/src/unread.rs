//! Failed calls for reports: the kind of failure, and its remedy.

use onboarding::unread::Cause;
use onboarding::{FailedCall, FailedCalls, StageName};
use openapi::{Error, Fault};

/// A failed call without its request id, which differs at each reading and would make every plan differ from the last.
#[must_use]
pub fn failed_call(error: &Error) -> FailedCall {
    let (service, region) = place(error);
    FailedCall {
        service: service.to_owned(),
        region: region.to_owned(),
        cause: cause(error),
        code: error.code.clone(),
        action: error.action.to_owned(),
        message: error.message.clone(),
    }
}

/// The action that failed, with where it was called.
pub(crate) fn named(error: &Error) -> String {
    let (service, region) = place(error);
    onboarding::unread::named(error.action, service, region)
}

fn place(error: &Error) -> (&str, &str) {
    error.place.as_ref().map_or(("", ""), |place| (place.service.name(), place.region.as_str()))
}

/// The call and its failure, with the remedy for that kind of failure.
#[must_use]
pub fn sentence(error: &Error) -> String {
    let text = error.to_string();
    format!("{}. {}", text.trim_end_matches('.'), cause(error).remedy_of(&error.code))
}

/// The same for the calls that failed during a reading: those of the first code, and the number of other codes.
pub(crate) fn first(failed: &FailedCalls) -> Option<String> {
    let groups = failed.by_code();
    let first = groups.first()?;
    let more = match groups.len() {
        1 => String::new(),
        count => format!(" ({} other codes)", count - 1),
    };
    Some(format!("could not read {first}{more}. {}", first.remedy()))
}

/// A text if the credentials expired during the reading.
pub(crate) fn expired(failed: &FailedCalls) -> Option<String> {
    let call = failed.iter().find(|call| openapi::has_expired(&call.code))?;
    Some(format!("the credentials expired meanwhile ({}: {}). {}", call.action, call.code, call.cause.remedy()))
}

/// What mends a refused write of a stage: for a missing permission the action itself, and what prints everything that the stage needs. Nothing where
/// the cloud's own code has to say it.
#[must_use]
pub fn remedy_of_write(error: &Error, stage: StageName) -> Option<String> {
    match cause(error) {
        Cause::Request => None,
        Cause::Permission => Some(format!(
            "Give the caller's role or user {} on this resource: `albridge policy {stage}` prints all that this stage needs.",
            permission(error.action)
        )),
        other => Some(other.remedy_of(&error.code).to_owned()),
    }
}

/// The permission that an action needs, as policies name it; the action alone where services share its name.
#[must_use]
pub fn permission(action: &'static str) -> &'static str {
    let mut named = openapi::actions().iter().filter(|info| info.name == action).map(|info| info.ram_action);
    match (named.next(), named.next()) {
        (Some(only), None) => only,
        _ => action,
    }
}

fn cause(error: &Error) -> Cause {
    match error.fault() {
        Fault::Credentials => Cause::Credentials,
        Fault::Permission => Cause::Permission,
        Fault::Region => Cause::Region,
        Fault::Network => Cause::Network,
        Fault::Throttled => Cause::Throttled,
        Fault::Service => Cause::Service,
        Fault::Answer if error.is_contradiction() => Cause::Contradiction,
        Fault::Answer => Cause::Answer,
        Fault::Request => Cause::Request,
    }
}
