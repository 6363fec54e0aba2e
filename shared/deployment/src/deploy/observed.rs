//! What was read of the cloud, as data.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::ids::{Region, SecurityGroupId, VSwitchId, VpcId};

use super::layout::Part;
use super::status::Status;

/// What was read of the cloud. What could not be read is not here: then there is no plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The stacks of the deployment's name, by region.
    pub stacks: BTreeMap<Region, Existing>,
    /// The buckets that are the account's own, by name.
    pub buckets: BTreeMap<String, Bucket>,
    /// The sizes of the objects in the buckets of the packages, by bucket and key.
    pub objects: BTreeMap<String, BTreeMap<String, u64>>,
    /// The content of the binding store, if there is one.
    pub store: Option<Vec<u8>>,
    /// The networks of the ALBs, by region.
    pub probes: BTreeMap<Region, Probe>,
    /// Whether EventBridge's role for functions has to be made.
    pub lacks_event_role: bool,
}

/// A stack that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Its id.
    pub id: String,
    /// Its state.
    pub status: Status,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its template; empty of one that cannot be changed any more.
    pub template: String,
    /// When it was changed last, as the service says it.
    pub updated: String,
}

impl Existing {
    /// Whether it says that it is this part.
    #[must_use]
    pub fn is(&self, part: Part) -> bool {
        self.parameters.get("Role").is_some_and(|role| role == part.as_str())
    }
}

/// A bucket's properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its region.
    pub region: Region,
    /// Whether nobody else may read or write.
    pub is_private: bool,
    /// Whether what is overwritten or deleted is kept.
    pub is_versioned: bool,
}

/// Where the real request of a region's ALB is sent from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The ALB's VPC.
    pub vpc: VpcId,
    /// The ALB's own vSwitches.
    pub vswitches: BTreeSet<VSwitchId>,
    /// The security group of the function.
    pub security_group: SecurityGroupId,
}
