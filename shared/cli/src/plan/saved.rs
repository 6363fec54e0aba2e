//! A saved plan: what somebody saw, to be applied exactly or not at all.

use std::path::Path;

use onboarding::ids::BindingName;
use onboarding::{Change, Plan};
use serde::{Deserialize, Serialize};

use crate::output::Trouble;

/// The form of the file. Another number is refused: a plan read wrongly must not be applied.
const VERSION: u32 = 1;

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
    pub(crate) fn write(&self, file: &Path) -> Result<(), Trouble> {
        let failed =
            |error: &dyn std::fmt::Display| Trouble::Failed(format!("{} cannot be written: {error}.", file.display()));
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error))?;
        std::fs::write(file, text + "\n").map_err(|error| failed(&error))
    }

    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Result<Self, Trouble> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| Trouble::Usage(format!("The plan {name} cannot be read: {error}.")))?;
        let saved: Self = serde_json::from_str(&text).map_err(|error| {
            Trouble::Usage(format!("{name} is no saved plan: {error}. Make one with `albridge plan --out {name}`."))
        })?;
        if saved.version != VERSION {
            let version = saved.version;
            return Err(Trouble::Usage(format!("{name} is a plan of version {version}, not {VERSION}: make it anew.")));
        }
        Ok(saved)
    }
}

impl SavedPlan {
    /// What is different in a plan made now, in words; empty if it is the same plan.
    pub(crate) fn differences(&self, now: &Plan) -> Vec<String> {
        let open =
            |plan: &Plan| -> Vec<Change> { plan.changes.iter().filter(|change| change.is_open()).cloned().collect() };
        let (saved, now) = (open(&self.plan), open(now));
        let lacks = |plan: &[Change], change: &Change| !plan.iter().any(|other| other.write == change.write);
        let gone =
            saved.iter().filter(|change| lacks(&now, change)).map(|change| format!("no longer: {}", change.write));
        let new = now.iter().filter(|change| lacks(&saved, change)).map(|change| format!("new: {}", change.write));
        gone.chain(new).collect()
    }
}

#[cfg(test)]
mod tests {
    use onboarding::{StageName, Write};

    use super::*;

    fn listener(port: u16) -> Change {
        Change::new(StageName::Listener, Write::CreateListener { protocol: "HTTP".to_owned(), port })
    }

    #[test]
    fn a_plan_is_the_same_only_with_the_same_open_changes() {
        let plan = |ports: &[u16]| Plan { changes: ports.iter().copied().map(listener).collect(), ..Plan::default() };
        let saved = SavedPlan { binding: "web".into(), plan: plan(&[80, 81]) };
        assert!(saved.differences(&plan(&[81, 80])).is_empty());
        let differences = saved.differences(&plan(&[80, 82]));
        assert_eq!(differences, ["no longer: create listener HTTP:81", "new: create listener HTTP:82"]);
    }
}
