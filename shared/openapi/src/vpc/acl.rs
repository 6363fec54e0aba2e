//! Network access control lists.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The network ACLs of a region, of a VPC, or of one vSwitch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkAcls {
    pub vpc_id: Option<String>,
    pub network_acl_id: Option<String>,
    pub resource_id: Option<String>,
    /// `VSwitch`; goes with `resource_id`.
    pub resource_type: Option<String>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`DescribeNetworkAcls`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeNetworkAclsAnswer {
    pub network_acls: Vec<NetworkAcl>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeNetworkAcls, network_acls: NetworkAcl, pages 50);

/// One network ACL with its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkAclAttributes {
    pub network_acl_id: String,
}

/// Answer of [`DescribeNetworkAclAttributes`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeNetworkAclAttributesAnswer {
    pub network_acl_attribute: NetworkAcl,
    pub request_id: String,
}

/// A network ACL. Entries apply in their order, stateless, in both directions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkAcl {
    pub network_acl_id: String,
    pub network_acl_name: String,
    pub vpc_id: String,
    pub region_id: String,
    pub status: String,
    pub ingress_acl_entries: Vec<AclEntry>,
    pub egress_acl_entries: Vec<AclEntry>,
    pub resources: Vec<AclResource>,
    pub description: String,
    pub tags: Vec<Tag>,
}

/// An entry of a network ACL. Ingress entries have a source, egress entries a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AclEntry {
    pub network_acl_entry_id: String,
    pub network_acl_entry_name: String,
    /// `accept` or `drop`.
    pub policy: String,
    /// `tcp`, `udp`, `icmp`, `gre` or `all`.
    pub protocol: String,
    /// `80/80`, or `-1/-1` for all.
    pub port: String,
    pub source_cidr_ip: String,
    pub destination_cidr_ip: String,
    pub ip_version: String,
    /// `custom`, `system` or `service`.
    pub entry_type: String,
    pub description: String,
}

/// A vSwitch that a network ACL applies to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AclResource {
    pub resource_id: String,
    pub resource_type: String,
    pub status: String,
}
