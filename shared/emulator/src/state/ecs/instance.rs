//! A server, and the states that it goes through.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::tags::Tags;

/// A server.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) vpc: String,
    pub(crate) switch: String,
    /// Its primary network interface.
    pub(crate) interface: String,
    /// Interfaces beside the primary one, each with an address and security groups of its own.
    pub(crate) secondary: Vec<String>,
    pub(crate) instance_type: String,
    pub(crate) image: String,
    pub(crate) state: State,
    /// Its planned transitions, with their times.
    pub(crate) steps: std::collections::VecDeque<(Timestamp, State)>,
    /// Ports its web server listens on while it runs.
    pub(crate) web_ports: BTreeSet<u16>,
    /// Paths that its web server knows; every path if not said.
    pub(crate) web_paths: Option<BTreeSet<String>>,
    pub(crate) created: Timestamp,
    pub(crate) started: Option<Timestamp>,
    pub(crate) tags: Tags,
}

impl Instance {
    /// Whether its web server answers a path with a success. What comes after the path is not looked at.
    pub(crate) fn serves(&self, path: &str) -> bool {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        self.web_paths.as_ref().is_none_or(|known| known.contains(path))
    }
}

/// An instance's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Starting,
    Running,
    Stopping,
    Stopped,
}

impl State {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
        }
    }
}
