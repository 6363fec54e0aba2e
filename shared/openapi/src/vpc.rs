//! Virtual Private Cloud, version 2016-04-28.
//!
//! Requests carry RegionId; the client fills it in from the region of the call. The cloud allows one route write at a time
//! per VPC: `TaskConflict`, `IncorrectRouteEntryStatus` and `IncorrectVpcStatus` mean "wait and read again".

mod acl;
mod network;
mod route;
mod tag;

pub use acl::*;
pub use network::*;
pub use route::*;
pub use tag::*;

use crate::action::{Acknowledged, actions};
use crate::whole::vpc as whole;

/// What refuses a route write while the VPC is being changed (the set that Terraform's provider retries).
const ROUTE_BUSY: &[&str] = &[
    "TaskConflict",
    "OperationConflict",
    "IncorrectRouteEntryStatus",
    "IncorrectVpcStatus",
    "IncorrectVSwitchStatus",
    "IncorrectHaVipStatus",
    "IncorrectInstanceStatus",
    "InvalidVBRStatus",
    "IncorrectStatus.Ipv4Gateway",
    "IncorrectStatus.Ipv6Address",
    "IncorrectStatus.VpcPeer",
    "IncorrectStatus.MultiScopeRiRouteEntry",
    "IncorrectStatus.RouteTableStatus",
    "IncorrectStatus.RouterInterface",
    "IncorrectStatus.PrefixList",
    "OperationFailed.DistibuteLock",
    "UnknownError",
];

actions! {
    Vpc "vpc" {
        reads DescribeVpcs => DescribeVpcsAnswer, whole::VPCS;
        reads DescribeVpcAttribute => DescribeVpcAttributeAnswer, whole::VPC;
        reads DescribeVSwitches => DescribeVSwitchesAnswer, whole::VSWITCHES;
        reads DescribeRouteTableList => DescribeRouteTableListAnswer, whole::ROUTE_TABLES;
        reads DescribeRouteEntryList => DescribeRouteEntryListAnswer, whole::ROUTE_ENTRIES;
        writes CreateRouteEntry => CreateRouteEntryAnswer, whole::ROUTE_ENTRY_CREATED { token: true, retry: ROUTE_BUSY };
        writes CreateRouteEntries => CreateRouteEntriesAnswer { retry: ROUTE_BUSY };
        writes DeleteRouteEntry => Acknowledged { retry: ROUTE_BUSY };
        reads DescribeNetworkAcls => DescribeNetworkAclsAnswer, whole::NETWORK_ACLS;
        reads DescribeNetworkAclAttributes => DescribeNetworkAclAttributesAnswer, whole::NETWORK_ACL;
    }
}
