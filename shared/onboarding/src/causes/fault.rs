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
    /// How it is told together with others: those of one code for which the task is the same are one problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Box<Together>>,
}

/// What mends all that have the same, where it is done for each of them by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Together {
    /// The task in a sentence, with `{}` where those are named for whom it is done.
    pub task: String,
    /// The name of this one there: an instance, or a member.
    pub who: String,
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
    /// albridge, by taking the member out: its instance is gone, or has another address.
    Removal {
        /// The address of the member.
        address: Ipv4Addr,
        /// Its port.
        port: u16,
    },
    /// Nobody: it passes.
    Time {
        /// What is waited for, in a sentence.
        what: String,
    },
}

impl Mend {
    /// Whether it passes without anybody: nobody has to be told, and it is in the way of no newcomer.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Removal { .. } | Self::Time { .. })
    }
}
