//! A fault of one member or instance, as the analysis of its way finds it.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::kept::Effect;
use crate::change::Write;
use crate::ids::{InstanceId, RouteTableId};
use crate::reason::Reason;

/// A fault of an instance that serves, or should; or of a member that no known instance stands behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceFault {
    /// The instance; `None` if the member's address is of no instance that was seen.
    pub instance: Option<InstanceId>,
    /// Its name; empty if it has none.
    pub name: String,
    /// Whether it is a member of the server group.
    pub is_member: bool,
    /// The address that is meant, where it is not its primary one, or with the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
    /// The port that is meant, where it is not the only one of the instance or not the binding's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What is wrong.
    pub reason: Reason,
    /// The route table of a VPC where its packets end, if they end in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<RouteTableId>,
    /// What becomes of its requests.
    #[serde(default)]
    pub effect: Effect,
    /// What mends it.
    pub mend: Mend,
}

/// What mends a fault, and who does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum Mend {
    /// albridge, by this write.
    Change {
        /// The write.
        write: Box<Write>,
    },
    /// A person, because albridge may not.
    Person {
        /// What to do, in a sentence.
        task: String,
    },
    /// Nobody: it passes.
    Time {
        /// What is waited for, in a sentence.
        what: String,
    },
}
