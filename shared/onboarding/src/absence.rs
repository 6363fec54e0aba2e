//! What stands against the proof that an instance is gone.
//!
//! A listing without it proves nothing: the cloud has answered with an empty list where a permission was missing
//! (`docs/decisions/0020-absence.md`).

use serde::{Deserialize, Serialize};

use crate::ids::{InterfaceId, VpcId};

/// Why an instance that no listing shows does not count as released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "because")]
pub enum Unproven {
    /// A reading by its id shows it.
    Shown,
    /// Readings by its id show it in a VPC that is not its backend's: it is not released, and it leaves.
    Elsewhere {
        /// Where it is now.
        vpc: VpcId,
    },
    /// A network interface of its VPC belongs to it.
    Interface {
        /// The interface.
        interface: InterfaceId,
    },
    /// Its VPC's listing of network interfaces is empty.
    NoInterfaces {
        /// The VPC.
        vpc: VpcId,
    },
    /// A reading by its id failed.
    Unread {
        /// The call, the cloud's code and its message.
        why: String,
    },
}
