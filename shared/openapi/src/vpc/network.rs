//! VPCs and vSwitches.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The VPCs of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcs {
    /// Up to 20 ids, separated by commas.
    pub vpc_id: Option<String>,
    pub vpc_name: Option<String>,
    pub tag: Vec<Tag>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`DescribeVpcs`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeVpcsAnswer {
    pub vpcs: Vec<Vpc>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeVpcs, vpcs: Vpc, pages 50);

/// A VPC. `associated_cens` comes only with [`DescribeVpcAttribute`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Vpc {
    pub vpc_id: String,
    pub vpc_name: String,
    pub region_id: String,
    pub cidr_block: String,
    pub secondary_cidr_blocks: Vec<String>,
    pub user_cidrs: Vec<String>,
    pub ipv6_cidr_block: String,
    /// `Pending` or `Available`.
    pub status: String,
    pub cen_status: String,
    pub associated_cens: Vec<AssociatedCen>,
    #[serde(rename = "VRouterId")]
    pub vrouter_id: String,
    #[serde(rename = "VSwitchIds")]
    pub vswitch_ids: Vec<String>,
    /// The ids of the VPC's route tables; a listing has them.
    pub router_table_ids: Vec<String>,
    pub is_default: bool,
    pub owner_id: u64,
    pub description: String,
    pub tags: Vec<Tag>,
    pub request_id: String,
}

/// A CEN that a VPC is attached to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociatedCen {
    pub cen_id: String,
    pub cen_owner_id: u64,
    pub cen_status: String,
}

/// One VPC; an unknown id is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVpcAttribute {
    pub vpc_id: String,
}

/// [`DescribeVpcAttribute`] answers with the VPC itself.
pub type DescribeVpcAttributeAnswer = Vpc;

/// The vSwitches of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeVSwitches {
    pub vpc_id: Option<String>,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: Option<String>,
    pub zone_id: Option<String>,
    pub route_table_id: Option<String>,
    pub tag: Vec<Tag>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`DescribeVSwitches`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeVSwitchesAnswer {
    #[serde(rename = "VSwitches")]
    pub vswitches: Vec<VSwitch>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeVSwitches, vswitches: VSwitch, pages 50);

/// A vSwitch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VSwitch {
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: String,
    #[serde(rename = "VSwitchName")]
    pub vswitch_name: String,
    pub vpc_id: String,
    pub zone_id: String,
    pub cidr_block: String,
    pub ipv6_cidr_block: String,
    pub available_ip_address_count: u64,
    /// `Pending` or `Available`.
    pub status: String,
    pub route_table: VSwitchRouteTable,
    pub network_acl_id: String,
    pub is_default: bool,
    pub description: String,
    pub tags: Vec<Tag>,
}

/// The route table that a vSwitch uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VSwitchRouteTable {
    pub route_table_id: String,
    /// `System` or `Custom`.
    pub route_table_type: String,
}
