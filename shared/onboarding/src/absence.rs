//! Why the absence of an instance from a listing does not prove its release.
//!
//! The cloud has answered with an empty list where a permission was missing (`docs/decisions/0020-absence.md`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{InstanceId, InterfaceId, VpcId};

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

/// Instances that are not listed, and what another answer says against their release: the same of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction<'a> {
    /// The instances, at least one.
    pub instances: Vec<&'a InstanceId>,
    /// What is against it, of the only instance or of all of them.
    pub against: String,
    /// The action whose answer cannot be relied on.
    pub action: &'static str,
}

impl Contradiction<'_> {
    /// `i-1 and 11 more`.
    #[must_use]
    pub fn named(&self) -> String {
        match &self.instances[..] {
            [] => String::new(),
            [only] => only.to_string(),
            [first, more @ ..] => format!("{first} and {} more", more.len()),
        }
    }

    /// Whether there are several instances.
    #[must_use]
    pub fn is_many(&self) -> bool {
        self.instances.len() > 1
    }
}

/// What answers contradict one another about, each kind once, however many instances it concerns.
#[must_use]
pub fn contradictions<'a>(
    unproven: impl IntoIterator<Item = (&'a InstanceId, &'a Unproven)>,
) -> Vec<Contradiction<'a>> {
    let mut kinds: BTreeMap<(&'static str, String), Vec<(&InstanceId, String)>> = BTreeMap::new();
    for (id, why) in unproven {
        let (action, one, many) = match why {
            Unproven::Elsewhere { .. } | Unproven::Unread { .. } => continue,
            Unproven::Shown => (
                "DescribeInstances",
                "a reading by its id shows it".to_owned(),
                "readings by their ids show them".to_owned(),
            ),
            Unproven::Interface { interface } => (
                "DescribeInstances",
                format!("its network interface {interface} is still there"),
                "their network interfaces are still there".to_owned(),
            ),
            Unproven::NoInterfaces { vpc } => {
                let empty = format!("the listing of the network interfaces of {vpc} is empty, which proves nothing");
                ("DescribeNetworkInterfaces", empty.clone(), empty)
            }
        };
        kinds.entry((action, many)).or_default().push((id, one));
    }
    let told = |((action, many), each): ((&'static str, String), Vec<(&'a InstanceId, String)>)| {
        let against = match &each[..] {
            [(_, one)] => one.clone(),
            _ => many,
        };
        Contradiction { instances: each.into_iter().map(|(id, _)| id).collect(), against, action }
    };
    kinds.into_iter().map(told).collect()
}
