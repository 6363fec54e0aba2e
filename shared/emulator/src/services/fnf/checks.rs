//! Look-ups, parameters and refusals that several actions of this service share.

use jiff::Timestamp;

use crate::call::{ApiError, Params};
use crate::state::fnf::Flow;
use crate::world::World;

pub(super) fn find_flow<'w>(world: &'w World, region: &str, name: &str) -> Result<&'w Flow, ApiError> {
    world
        .fnf
        .flows
        .get(&(region.to_owned(), name.to_owned()))
        .ok_or_else(|| ApiError::not_found("FlowNotExists", format!("Flow {name} does not exist.")))
}

/// `[A-Za-z_][A-Za-z0-9_-]{0,127}` (workflow-events-template.md section 1.5).
pub(super) fn check_name(parameter: &str, name: &str) -> Result<(), ApiError> {
    let first = name.bytes().next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == b'_');
    let rest = name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_' || letter == b'-');
    if first && rest && name.len() <= 128 { Ok(()) } else { Err(invalid(parameter)) }
}

pub(super) fn limit(params: &Params, default: usize, most: usize) -> Result<usize, ApiError> {
    let limit = params.parse::<usize>("Limit")?.unwrap_or(default);
    if (1..=most).contains(&limit) { Ok(limit) } else { Err(invalid("Limit")) }
}

pub(super) fn invalid(parameter: &str) -> ApiError {
    ApiError::bad("InvalidArgument", format!("Parameter {parameter} is invalid."))
}

/// Times have milliseconds here.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
