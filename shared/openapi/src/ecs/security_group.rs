//! Security groups and their rules.

use serde::{Deserialize, Serialize};

use super::tag::{ResourceTag, Tag};
use crate::listing::listing;

/// The security groups of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroups {
    pub vpc_id: Option<String>,
    pub security_group_id: Option<String>,
    /// Up to 100; sent as a JSON array in one parameter.
    #[serde(serialize_with = "crate::flatten::json_list")]
    pub security_group_ids: Vec<String>,
    pub security_group_name: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`DescribeSecurityGroups`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeSecurityGroupsAnswer {
    pub security_groups: Vec<SecurityGroup>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeSecurityGroups, security_groups: SecurityGroup, token max_results 100);

/// A security group without its rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SecurityGroup {
    pub security_group_id: String,
    pub security_group_name: String,
    /// `normal` (basic) or `enterprise` (advanced).
    pub security_group_type: String,
    pub vpc_id: String,
    pub rule_count: u32,
    /// Created by a cloud service: it cannot be edited.
    pub service_managed: bool,
    pub description: String,
    pub tags: Vec<ResourceTag>,
}

/// One security group with its rules. Listed by `Client::list`, it gives the rules of every page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecurityGroupAttribute {
    pub security_group_id: String,
    /// `ingress`, `egress` or `all`.
    pub direction: Option<String>,
    pub nic_type: Option<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`DescribeSecurityGroupAttribute`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeSecurityGroupAttributeAnswer {
    pub security_group_id: String,
    pub security_group_name: String,
    pub vpc_id: String,
    pub region_id: String,
    /// `Accept` or `Drop`, between the members of the group.
    pub inner_access_policy: String,
    pub permissions: Vec<Permission>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub description: String,
    pub request_id: String,
}

listing!(DescribeSecurityGroupAttribute, permissions: Permission, token max_results 1000);

/// A rule of a security group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Permission {
    pub security_group_rule_id: String,
    /// `ingress` or `egress`.
    pub direction: String,
    /// `TCP`, `UDP`, `ICMP`, `GRE` or `ALL`, in either case.
    pub ip_protocol: String,
    /// `80/80`, or `-1/-1` for all.
    pub port_range: String,
    pub port_range_list_id: String,
    pub source_port_range: String,
    pub source_cidr_ip: String,
    pub ipv6_source_cidr_ip: String,
    pub source_prefix_list_id: String,
    pub source_group_id: String,
    pub dest_cidr_ip: String,
    pub ipv6_dest_cidr_ip: String,
    pub dest_prefix_list_id: String,
    pub dest_group_id: String,
    /// `Accept` or `Drop`.
    pub policy: String,
    /// 1 to 100; the smaller number wins, and between equals the drop.
    pub priority: u32,
    pub nic_type: String,
    pub description: String,
    pub create_time: String,
}

/// Adds up to 100 ingress rules. One that exists already is no error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeSecurityGroup {
    pub security_group_id: String,
    pub permissions: Vec<NewPermission>,
    pub client_token: Option<String>,
}

/// Removes ingress rules, by id or by content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeSecurityGroup {
    pub security_group_id: String,
    pub security_group_rule_id: Vec<String>,
    pub permissions: Vec<NewPermission>,
    pub client_token: Option<String>,
}

/// A rule to add, or the content of one to remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewPermission {
    pub ip_protocol: String,
    pub port_range: String,
    pub source_cidr_ip: Option<String>,
    pub source_prefix_list_id: Option<String>,
    pub source_group_id: Option<String>,
    pub policy: Option<String>,
    pub priority: Option<u32>,
    pub nic_type: Option<String>,
    pub description: Option<String>,
}
