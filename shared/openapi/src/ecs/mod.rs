//! Elastic Compute Service, version 2014-05-26.
//!
//! Requests carry RegionId; the client fills it in from the region of the call, where the action takes one.

mod instance;
mod interface;
mod prefix_list;
mod security_group;

use serde::{Deserialize, Serialize};

pub use instance::*;
pub use interface::*;
pub use prefix_list::*;
pub use security_group::*;

use crate::action::{Acknowledged, actions};

actions! {
    Ecs "ecs" {
        reads DescribeInstances => DescribeInstancesAnswer;
        reads DescribeNetworkInterfaces => DescribeNetworkInterfacesAnswer;
        reads DescribeSecurityGroups => DescribeSecurityGroupsAnswer;
        reads DescribeSecurityGroupAttribute => DescribeSecurityGroupAttributeAnswer;
        writes AuthorizeSecurityGroup => Acknowledged { token: true };
        writes RevokeSecurityGroup => Acknowledged { token: true };
        reads DescribePrefixListAttributes => DescribePrefixListAttributesAnswer;
        writes RunInstances => RunInstancesAnswer { token: true };
        writes StartInstance => Acknowledged { region: false };
        writes StopInstance => Acknowledged { region: false };
        writes DeleteInstance => Acknowledged { region: false };
    }
}

/// A tag to set or to filter by. (Tags in answers are [`ResourceTag`]s.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    pub key: String,
    pub value: Option<String>,
}

/// A tag on a resource. ECS names its parts `TagKey` and `TagValue`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResourceTag {
    pub tag_key: String,
    pub tag_value: String,
}
