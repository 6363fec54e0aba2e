//! Why a local deployment does not start.

use emulator::faults::FaultError;

/// Why a local deployment did not start. One sentence each.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] emulator::ScenarioError),
    /// The faults.
    #[error(transparent)]
    Faults(#[from] FaultError),
    /// The template.
    #[error("template.yml: {0}")]
    Template(#[from] template::TemplateError),
    /// The emulated account refused a resource.
    #[error("template.yml: {0}")]
    Deploy(#[from] emulator::deploy::DeployError),
    /// A port, or a process.
    #[error("{what}: {error}")]
    Io {
        /// What could not be done.
        what: String,
        /// Why.
        error: std::io::Error,
    },
    /// A function's settings.
    #[error("{function}: {error}")]
    Settings {
        /// The function.
        function: String,
        /// What is wrong.
        error: stage::SettingsError,
    },
}
