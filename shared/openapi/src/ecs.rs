//! Elastic Compute Service, version 2014-05-26.
//!
//! Requests carry RegionId; the client fills it in from the region of the call, where the action takes one.

mod instance;
mod interface;
mod prefix_list;
mod security_group;
mod tag;

pub use instance::*;
pub use interface::*;
pub use prefix_list::*;
pub use security_group::*;
pub use tag::*;

use crate::action::{Acknowledged, actions};
use crate::whole::ecs as whole;

actions! {
    Ecs "ecs" {
        reads DescribeInstances => DescribeInstancesAnswer, whole::INSTANCES;
        reads DescribeNetworkInterfaces => DescribeNetworkInterfacesAnswer, whole::NETWORK_INTERFACES;
        reads DescribeSecurityGroups => DescribeSecurityGroupsAnswer, whole::SECURITY_GROUPS;
        reads DescribeSecurityGroupAttribute => DescribeSecurityGroupAttributeAnswer, whole::SECURITY_GROUP_ATTRIBUTE;
        writes AuthorizeSecurityGroup => Acknowledged { token: true };
        writes RevokeSecurityGroup => Acknowledged { token: true };
        reads DescribePrefixListAttributes => DescribePrefixListAttributesAnswer, whole::PREFIX_LIST;
        writes RunInstances => RunInstancesAnswer, whole::RUN { token: true };
        writes StartInstance => Acknowledged { region: false };
        writes StopInstance => Acknowledged { region: false };
        writes DeleteInstance => Acknowledged { region: false };
    }
}
