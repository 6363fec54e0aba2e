//! Rules as text: YAML, and so JSON as well.

use document::{DocumentError, Limits};
use serde::Deserialize;
use serde_json::Value;

use super::Rule;

/// Why a rule is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It is no YAML, or says something unknown; the text names line and column.
    #[error("the faults cannot be read: {0}")]
    Unreadable(String),
    /// Another rule has that name.
    #[error("there is a fault {0} already")]
    Taken(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    faults: Vec<Rule>,
}

/// Reads one rule, or the list under `faults`; YAML or JSON.
///
/// # Errors
/// [`FaultError::Unreadable`] names line and column.
pub fn parse(text: &str) -> Result<Vec<Rule>, FaultError> {
    let unreadable = |error: DocumentError| FaultError::Unreadable(error.to_string());
    // Looked at twice, because an untagged enum would forget where in the text it was.
    let whole: Value = document::read(text, Limits::RULES).map_err(unreadable)?;
    if whole.get("faults").is_some() {
        document::read::<Document>(text, Limits::RULES).map(|document| document.faults).map_err(unreadable)
    } else {
        document::read::<Rule>(text, Limits::RULES).map(|rule| vec![rule]).map_err(unreadable)
    }
}
