//! Why the absence of an instance from a listing does not prove its release.
//!
//! The cloud has answered with an empty list where a permission was missing (`docs/decisions/0020-absence.md`).

use serde::{Deserialize, Serialize};

use crate::ids::{InterfaceId, VpcId};

/// Why an instance that no listing shows does not count as released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "because")]
pub enum Unproven {
    /// A reading by its id shows it.
    Shown,
    /// Readings by its id show it in another VPC than its backend's: it is not released, but its member is drained.
    Elsewhere {
        /// The VPC where it is now.
        vpc: VpcId,
    },
    /// A network interface in its VPC still belongs to it.
    Interface {
        /// The interface.
        interface: InterfaceId,
    },
    /// The listing of network interfaces of its VPC is empty.
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
