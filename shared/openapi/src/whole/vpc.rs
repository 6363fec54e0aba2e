//! Virtual Private Cloud: what whole answers hold.

use super::End::{Count, TokenAndCount};
use super::Field::{Filled, Given, List, When};
use super::{Field, Whole};

/// Numbered pages (SDK 7.2.2, `DescribeVpcsResponseBody`).
pub(crate) const VPCS: Whole = Whole::listing(Count, "Vpcs", &["VpcId"], &[Filled("VpcId")]);

/// One VPC (SDK 7.2.2, `DescribeVpcAttributeResponseBody`). The CEN instances that it is attached to may be missing where
/// there are none.
pub(crate) const VPC: Whole = Whole::one(&[Filled("VpcId"), Filled("CidrBlock"), Filled("Status")]);

/// Numbered pages (SDK 7.2.2, `DescribeVSwitchesResponseBody`). A vSwitch that says not which table it uses would count as
/// one of the system table.
pub(crate) const VSWITCHES: Whole = Whole::listing(
    Count,
    "VSwitches",
    &["VSwitchId"],
    &[
        Filled("VSwitchId"),
        Filled("VpcId"),
        Filled("ZoneId"),
        Filled("CidrBlock"),
        Filled("AvailableIpAddressCount"),
        Filled("RouteTable.RouteTableId"),
    ],
);

/// Numbered pages (SDK 7.2.2, `DescribeRouteTableListResponseBody`).
pub(crate) const ROUTE_TABLES: Whole = Whole::listing(
    Count,
    "RouterTableList",
    &["RouteTableId"],
    &[Filled("RouteTableId"), Filled("RouteTableType"), Filled("VpcId")],
);

/// A `TotalCount` is in the model (api-parameters.json, SDK 7.2.2) and not in the example (cloud-apis.md, section 9). A system
/// entry has no id of its own.
pub(crate) const ROUTE_ENTRIES: Whole = Whole::listing(
    TokenAndCount,
    "RouteEntrys",
    &["RouteEntryId"],
    &[
        Filled("DestinationCidrBlock"),
        Filled("Type"),
        Filled("Status"),
        When(
            "Type",
            "Custom",
            &[Filled("RouteEntryId"), Field::Some("NextHops", &[Filled("NextHopType"), Given("NextHopId")])],
        ),
    ],
);

/// Numbered pages (SDK 7.2.2, `DescribeNetworkAclsResponseBody`).
pub(crate) const NETWORK_ACLS: Whole =
    Whole::listing(Count, "NetworkAcls", &["NetworkAclId"], &[Filled("NetworkAclId")]);

/// One ACL (SDK 7.2.2, `DescribeNetworkAclAttributesResponseBody`). Without entries it would pass nothing.
pub(crate) const NETWORK_ACL: Whole = Whole::one(&[
    Filled("NetworkAclAttribute.NetworkAclId"),
    List("NetworkAclAttribute.IngressAclEntries", ACL_ENTRY),
    List("NetworkAclAttribute.EgressAclEntries", ACL_ENTRY),
]);

const ACL_ENTRY: &[Field] = &[Filled("Policy"), Filled("Protocol"), Filled("Port")];

/// What was made.
pub(crate) const ROUTE_ENTRY_CREATED: Whole = Whole::one(&[Filled("RouteEntryId")]);
