//! What a write does to what is there: the sign in front of it, and the column in which it is counted.

use serde::{Deserialize, Serialize};

use super::Write;

/// Whether a write adds something, changes it, or takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It makes what is not there.
    Add,
    /// It sets what is there.
    Change,
    /// It takes away what is there.
    Remove,
}

impl Write {
    /// What the write does.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::UpdateServerGroup { .. }
            | Self::ForwardListener { .. }
            | Self::SetBandwidth { .. }
            | Self::PublishRoutes { .. }
            | Self::UpdateServer { .. } => Kind::Change,
            Self::DeleteServerGroup { .. }
            | Self::RemoveServerGroup { .. }
            | Self::DeleteListener { .. }
            | Self::DetachVpc { .. }
            | Self::Disconnect { .. }
            | Self::Dissociate { .. }
            | Self::StopPropagation { .. }
            | Self::RemoveVpcRoute { .. }
            | Self::RemoveTransitRoute { .. }
            | Self::RevokeIngress { .. }
            | Self::RemoveServer { .. } => Kind::Remove,
            Self::CreateServerGroup { .. }
            | Self::CreateListener { .. }
            | Self::AttachVpc { .. }
            | Self::Connect { .. }
            | Self::Associate { .. }
            | Self::Propagate { .. }
            | Self::AddVpcRoute { .. }
            | Self::AddTransitRoute { .. }
            | Self::AllowIngress { .. }
            | Self::AddServer { .. } => Kind::Add,
        }
    }
}

/// How many writes of each kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Those that make something.
    #[serde(default)]
    pub added: usize,
    /// Those that set something.
    #[serde(default)]
    pub changed: usize,
    /// Those that take something away.
    #[serde(default)]
    pub removed: usize,
}

impl Tally {
    /// Counts one more.
    pub const fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Add => self.added += 1,
            Kind::Change => self.changed += 1,
            Kind::Remove => self.removed += 1,
        }
    }

    /// Counts those of another tally as well.
    pub const fn add(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.added + self.changed + self.removed
    }

    /// Whether nothing is counted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total() == 0
    }
}
