//! The refusals of ALB, each worded as the API's pages word it (cloud-apis.md sections 4 to 6).

use std::str::FromStr;

use crate::call::{ApiError, Params};

/// `ResourceNotFound.X`, HTTP 404.
pub(super) fn not_found(kind: &str, id: &str) -> ApiError {
    ApiError::not_found(format!("ResourceNotFound.{kind}"), format!("The specified resource {id} is not found."))
}

/// `IncorrectStatus.X`: the resource is not in a state that allows the operation.
pub(super) fn incorrect_status(kind: &str, id: &str) -> ApiError {
    ApiError::bad(format!("IncorrectStatus.{kind}"), format!("The status of {kind} [{id}] is incorrect."))
}

/// `ResourceInConfiguring.X`: an earlier write is still under way.
pub(super) fn in_configuring(kind: &str, id: &str) -> ApiError {
    ApiError::bad(
        format!("ResourceInConfiguring.{kind}"),
        format!("The specified resource of {kind} [{id}] is being configured, please try again later."),
    )
}

/// `ResourceInUse.X`: something else still refers to the resource.
pub(super) fn in_use(kind: &str, id: &str) -> ApiError {
    ApiError::bad(format!("ResourceInUse.{kind}"), format!("The specified resource {id} is in use."))
}

/// `ResourceAlreadyExist.X`. The exact codes for a taken port and a known server are undocumented (section 16).
pub(super) fn already_exists(kind: &str, what: &str) -> ApiError {
    ApiError::bad(
        format!("ResourceAlreadyExist.{kind}"),
        format!("The specified resource of {kind} [{what}] already exists."),
    )
}

/// `IllegalParam.X`.
pub(super) fn illegal(param: &str) -> ApiError {
    ApiError::bad(format!("IllegalParam.{param}"), format!("The param of {param} is illegal."))
}

/// `MissingParam.X`.
pub(super) fn missing(param: &str) -> ApiError {
    ApiError::bad(format!("MissingParam.{param}"), format!("The param of {param} is missing."))
}

/// `DuplicatedParam.X`: the same thing twice in one request.
pub(super) fn duplicated(param: &str) -> ApiError {
    ApiError::bad(format!("DuplicatedParam.{param}"), format!("The param of {param} is duplicated."))
}

/// `Mismatch.X`: two things that do not go together.
pub(super) fn mismatch(what: &str) -> ApiError {
    ApiError::bad(format!("Mismatch.{what}"), format!("The {what} is mismatched."))
}

/// `QuotaExceeded.QuotaInsufficient`.
pub(super) fn over_quota(quota: &str, usage: usize, most: usize) -> ApiError {
    ApiError::bad("QuotaExceeded.QuotaInsufficient", format!("The quota of {quota} is exceeded, usage {usage}/{most}."))
}

/// A number within a documented range, or the documented default.
pub(super) fn ranged<T>(params: &Params, name: &str, least: T, most: T, default: T) -> Result<T, ApiError>
where
    T: FromStr + PartialOrd + Copy,
{
    match params.get(name).map(str::parse::<T>) {
        None => Ok(default),
        Some(Ok(value)) if value >= least && value <= most => Ok(value),
        Some(_) => Err(illegal(name)),
    }
}

/// One of the documented words in any case, or the default; returns the documented spelling.
pub(super) fn choice(params: &Params, name: &str, words: &[&str], default: &str) -> Result<String, ApiError> {
    let Some(value) = params.get(name) else { return Ok(default.to_owned()) };
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(value))
        .map(|word| (*word).to_owned())
        .ok_or_else(|| illegal(name))
}

/// A name: 2 to 128 characters, beginning with a letter or a digit. Its characters are the gateway's to check.
pub(super) fn name(params: &Params, param: &str) -> Result<Option<String>, ApiError> {
    let Some(value) = params.get(param) else { return Ok(None) };
    let fits = (2..=128).contains(&value.chars().count())
        && value.chars().next().is_some_and(char::is_alphanumeric)
        && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '));
    if fits { Ok(Some(value.to_owned())) } else { Err(illegal(param)) }
}

/// A description: 2 to 256 characters.
pub(super) fn description(params: &Params, param: &str) -> Result<Option<String>, ApiError> {
    let Some(value) = params.get(param) else { return Ok(None) };
    if (2..=256).contains(&value.chars().count()) { Ok(Some(value.to_owned())) } else { Err(illegal(param)) }
}
