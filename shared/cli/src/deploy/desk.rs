//! What is on this machine: the bindings, the settings that were kept, and the key.

use std::path::PathBuf;

use deployment::deploy::{Cloud, DeployError, Saved};
use onboarding::Store;
use stage::StoreLocation;

use clock::Clock;

use crate::apply::Gate;
use crate::args::{Itself, Target};
use crate::environment::Environment;
use crate::files;
use crate::output::CliError;
use crate::target::{self, Access};

/// What is on this machine.
pub(super) struct Desk {
    pub(super) cloud: Cloud,
    /// What stands between this command and the cloud.
    pub(super) gate: Gate,
    pub(super) clock: Clock,
    pub(super) deployment: String,
    /// The bindings, as they are written.
    pub(super) text: String,
    pub(super) store: Store,
    /// The file with the settings.
    pub(super) settings: PathBuf,
}

impl Desk {
    /// Reads and checks it.
    pub(super) async fn open(
        args: &Itself,
        deployment: Option<&str>,
        environment: &Environment,
    ) -> Result<Self, CliError> {
        let target = Target {
            bindings: args.bindings.clone(),
            deployment: deployment.map(str::to_owned),
            profile: args.profile.clone(),
            home: None,
            allow_http: args.allow_http,
        };
        let access = if args.dry_run { Access::Read } else { Access::Write };
        let gate = Gate::default();
        let host = target::host_through(&target, environment, access, |way| gate.before(way)).await?;
        let StoreLocation::File(path) = &host.settings().store else {
            let store = &host.settings().store;
            return Err(CliError::Usage(format!(
                "The bindings {store} are in the cloud already; deploy puts them there from a file: give --bindings FILE."
            )));
        };
        let name = path.display().to_string();
        let text = stage::store::read_file(path)
            .map_err(|error| CliError::Usage(format!("The bindings {name} cannot be read: {error}.")))?;
        let store = Store::parse(&text, &name).map_err(|error| CliError::Usage(error.to_string()))?;
        let deployment = host.settings().deployment.as_str().to_owned();
        let settings = args.settings.clone().unwrap_or_else(|| target::saved_beside(path, &deployment));
        let (cloud, clock) = (Cloud::new(host.client().clone()), host.clock().clone());
        Ok(Self { cloud, gate, clock, deployment, text, store, settings })
    }

    /// What was kept; nothing where there is no file.
    pub(super) fn saved(&self) -> Result<Saved, CliError> {
        let name = self.settings.display().to_string();
        let text = match std::fs::read_to_string(&self.settings) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Saved::default()),
            Err(error) => return Err(CliError::Usage(format!("The settings {name} cannot be read: {error}."))),
        };
        Saved::parse(&text, &name).map_err(|error| CliError::Usage(format!("{error}.")))
    }

    /// Keeps settings, unless they are kept already.
    pub(super) fn save(&self, saved: &Saved) -> Result<(), CliError> {
        let text = saved.text();
        if std::fs::read_to_string(&self.settings).is_ok_and(|there| there == text) {
            return Ok(());
        }
        let name = self.settings.display();
        files::write(&self.settings, &text)
            .map_err(|error| CliError::Failed(format!("The settings {name} cannot be written: {error}.")))
    }
}

/// As a sentence; what has to be mended on this machine ends with 64.
pub(super) fn failed(error: &DeployError) -> CliError {
    let text = error.to_string();
    let mut letters = text.trim_end_matches('.').chars();
    let begin: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    // A name of a stack or of a bucket stays as it is written.
    let sentence = format!("{begin}{}.", letters.as_str());
    if error.is_usage() { CliError::Usage(sentence) } else { CliError::Failed(sentence) }
}
