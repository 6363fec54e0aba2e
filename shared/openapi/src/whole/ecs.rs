//! Elastic Compute Service: what whole answers hold.

use super::End::{Once, Token, TokenAndCount};
use super::Field::{Filled, Given, List, Maybe};
use super::{Field, Whole};

/// `TotalCount` is "meaningless" beside `MaxResults` and `NextToken` (SDK 7.11.8, `DescribeInstancesResponseBody`). An
/// instance without a tag has no `Tags` at all in recorded answers of 2018 and 2024, others have the list: so it may be
/// missing, and is then not known. The other fields are in every recorded row (cloud-apis.md, section 11).
pub(crate) const INSTANCES: Whole = Whole::listing(
    TokenAndCount,
    "Instances",
    &["InstanceId"],
    &[
        Filled("InstanceId"),
        Filled("Status"),
        Filled("VpcAttributes.VpcId"),
        List("VpcAttributes.PrivateIpAddress", &[]),
        List("SecurityGroupIds", &[]),
        Maybe("Tags", &[Filled("TagKey")]),
    ],
);

/// `TotalCount` as of [`INSTANCES`] (SDK 7.11.8, `DescribeNetworkInterfacesResponseBody`). An interface that belongs to no
/// instance has an empty `InstanceId`; one without the field must not count as unattached.
pub(crate) const NETWORK_INTERFACES: Whole = Whole::listing(
    TokenAndCount,
    "NetworkInterfaceSets",
    &["NetworkInterfaceId"],
    &[
        Filled("NetworkInterfaceId"),
        Filled("VpcId"),
        Filled("PrivateIpAddress"),
        Given("InstanceId"),
        Maybe("PrivateIpSets", &[Filled("PrivateIpAddress")]),
        List("SecurityGroupIds", &[]),
    ],
);

/// `TotalCount` "is not returned" beside `MaxResults` and `NextToken` (SDK 7.11.8, `DescribeSecurityGroupsResponseBody`).
pub(crate) const SECURITY_GROUPS: Whole =
    Whole::listing(TokenAndCount, "SecurityGroups", &["SecurityGroupId"], &[Filled("SecurityGroupId"), Given("VpcId")]);

/// No count (SDK 7.11.8, `DescribeSecurityGroupAttributeResponseBody`). A rule without its policy would count as a drop, and
/// one without its priority as the first.
pub(crate) const SECURITY_GROUP_ATTRIBUTE: Whole = Whole::listing(
    Token,
    "Permissions",
    &["SecurityGroupRuleId"],
    &[Filled("SecurityGroupRuleId"), Filled("IpProtocol"), Filled("Policy"), Filled("Priority"), Filled("Direction")],
)
.with(&[Filled("SecurityGroupId")]);

/// No pages (SDK 7.11.8, `DescribePrefixListAttributesResponseBody`).
pub(crate) const PREFIX_LIST: Whole =
    Whole::listing(Once, "Entries", &["Cidr"], &[Filled("Cidr")]).with(&[Filled("PrefixListId")]);

/// The instances that were made: without their ids they cannot be identified.
pub(crate) const RUN: Whole = Whole::one(&[Field::Some("InstanceIdSets", &[])]);
