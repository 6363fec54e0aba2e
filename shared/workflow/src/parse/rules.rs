//! Retry and Catch (section 1.3).

use super::values::{Names, constructor, target};
use crate::definition::{ANY_ERROR, Catch, Retry};
use crate::error::{DefinitionError, DefinitionFault as Fault};
use crate::limits;
use crate::parse::fields::Fields;

pub(super) fn retry(fields: &Fields<'_>) -> Result<Vec<Retry>, DefinitionError> {
    let mut rules = Vec::new();
    if !fields.has("Retry") {
        return Ok(rules);
    }
    let mut seen = Vec::new();
    for item in fields.list("Retry")? {
        let rule = Fields::new(fields.path(), item)?;
        rule.only(&["Errors", "Description", "MaxAttempts", "IntervalSeconds", "BackoffRate", "MaxBackoffSeconds"])?;
        rule.text("Description")?;
        let rate = match rule.optional("BackoffRate") {
            None => 1.0,
            Some(value) => value
                .as_f64()
                .filter(|rate| *rate >= 1.0)
                .ok_or_else(|| rule.error(Fault::Value, "BackoffRate must be a number of at least 1".to_owned()))?,
        };
        let attempts = rule.number("MaxAttempts", 0, u64::from(u32::MAX))?;
        rules.push(Retry {
            errors: errors(&rule, "Retry", &mut seen)?,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            interval: rule.number("IntervalSeconds", 1, limits::RETRY_SECONDS)?,
            rate,
            most: rule.optional_number("MaxBackoffSeconds", 1, limits::RETRY_SECONDS)?.unwrap_or(limits::RETRY_SECONDS),
        });
    }
    Ok(rules)
}

pub(super) fn catch(fields: &Fields<'_>, names: &Names) -> Result<Vec<Catch>, DefinitionError> {
    let mut rules = Vec::new();
    if !fields.has("Catch") {
        return Ok(rules);
    }
    let mut seen = Vec::new();
    for item in fields.list("Catch")? {
        let rule = Fields::new(fields.path(), item)?;
        rule.only(&["Errors", "Description", "Next", "OutputConstructor"])?;
        rules.push(Catch {
            errors: errors(&rule, "Catch", &mut seen)?,
            next: target(&rule, "Next", names)?,
            output: constructor(&rule, "OutputConstructor")?,
        });
    }
    Ok(rules)
}

/// The error names of a rule. Only the first matching rule counts, so a rule of which every name was matched by an
/// earlier one can never apply.
fn errors(rule: &Fields<'_>, list: &str, seen: &mut Vec<String>) -> Result<Vec<String>, DefinitionError> {
    let mut errors = Vec::new();
    for error in rule.list("Errors")? {
        match error.as_str() {
            Some(name) if !name.is_empty() => errors.push(name.to_owned()),
            _ => return Err(rule.error(Fault::Value, format!("{list}: Errors must hold error names"))),
        }
    }
    if errors.is_empty() {
        return Err(rule.error(Fault::Missing, format!("{list}: Errors is empty")));
    }
    let shadowed = seen.iter().any(|name| name == ANY_ERROR) || errors.iter().all(|name| seen.contains(name));
    if shadowed {
        let names = errors.join(", ");
        return Err(rule.error(Fault::Shadowed, format!("{list}: earlier rules already match {names}")));
    }
    seen.extend(errors.iter().cloned());
    Ok(errors)
}
