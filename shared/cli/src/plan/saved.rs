//! A saved plan: it is applied exactly as it was shown, or not at all.

use std::path::Path;

use onboarding::Plan;
use onboarding::ids::BindingName;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::output::CliError;

/// The form of the file. Another number is refused: a plan read wrongly must not be applied.
const VERSION: u32 = 2;

/// The file of `plan --out`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Saved {
    version: u32,
    /// Whose marks it is made with.
    pub(crate) deployment: String,
    /// One for each binding.
    pub(crate) plans: Vec<SavedPlan>,
}

/// The plan of one binding.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SavedPlan {
    /// The binding.
    pub(crate) binding: BindingName,
    /// What was planned.
    pub(crate) plan: Plan,
}

impl Saved {
    /// The file's content.
    pub(crate) fn new(deployment: &str, plans: Vec<(BindingName, Plan)>) -> Self {
        let plans = plans.into_iter().map(|(binding, plan)| SavedPlan { binding, plan }).collect();
        Self { version: VERSION, deployment: deployment.to_owned(), plans }
    }

    /// Writes the file.
    pub(crate) fn write(&self, file: &Path) -> Result<(), CliError> {
        let failed =
            |error: &dyn std::fmt::Display| CliError::Failed(format!("{} cannot be written: {error}.", file.display()));
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error))?;
        files::write(file, &(text + "\n")).map_err(|error| failed(&error))
    }

    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Result<Self, CliError> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| CliError::Usage(format!("The plan {name} cannot be read: {error}.")))?;
        let saved: Self = serde_json::from_str(&text).map_err(|error| {
            CliError::Usage(format!("{name} is no saved plan: {error}. Make one with `albridge plan --out {name}`."))
        })?;
        if saved.version != VERSION {
            let version = saved.version;
            return Err(CliError::Usage(format!(
                "{name} is a plan of version {version}, not {VERSION}: make it anew."
            )));
        }
        Ok(saved)
    }
}
