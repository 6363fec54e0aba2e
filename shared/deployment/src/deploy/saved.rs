//! The settings of a deployment that are kept beside the bindings, as a JSON file: what was asked for once need not be asked again.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::ids::{Region, SecurityGroupId};
use serde::{Deserialize, Serialize};

/// What is kept. A field that is not there is derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Saved {
    /// The region of the home stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<Region>,
    /// The bucket of the binding store, in the home region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_bucket: Option<String>,
    /// The buckets of the packages, where they are not named as usual.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub code_buckets: BTreeMap<Region, String>,
    /// The security groups for the function `verify` in ALBs' VPCs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub probe_security_groups: BTreeMap<Region, SecurityGroupId>,
    /// Parameters of the template that are no part of the layout, as `LogDays`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Where stacks are, or may be: a region is here from before its stack is made until after it is gone.
    pub regions: BTreeSet<Region>,
}

/// A file that holds no settings of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name} holds no settings of a deployment: {reason}; mend it, or move it away, and everything is derived again"
)]
pub struct SavedError {
    /// The file.
    pub name: String,
    /// What is wrong, with line and column.
    pub reason: String,
}

impl Saved {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`SavedError`].
    pub fn parse(text: &str, name: &str) -> Result<Self, SavedError> {
        serde_json::from_str(text).map_err(|error| SavedError { name: name.to_owned(), reason: error.to_string() })
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self) -> String {
        // Its keys are texts, so it always has a form in JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_a_misspelt_field_is_named() {
        let saved = Saved {
            home: Some("cn-hangzhou".into()),
            parameters: [("LogDays".to_owned(), "7".to_owned())].into(),
            regions: ["cn-hangzhou".into(), "cn-chengdu".into()].into(),
            ..Saved::default()
        };
        assert_eq!(Saved::parse(&saved.text(), "albridge.json"), Ok(saved));
        let error = Saved::parse("{\n \"hone\": \"x\"}", "albridge.json").unwrap_err().to_string();
        assert!(error.contains("albridge.json") && error.contains("hone") && error.contains("line 2"), "{error}");
    }
}
