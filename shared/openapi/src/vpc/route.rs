//! Route tables and routes of a VPC.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// Route tables of a region, usually of one VPC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRouteTableList {
    pub vpc_id: Option<String>,
    pub route_table_id: Option<String>,
    /// `System` or `Custom`; a VPC has one `System` table.
    pub route_table_type: Option<String>,
    pub router_type: Option<String>,
    pub router_id: Option<String>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`DescribeRouteTableList`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeRouteTableListAnswer {
    pub router_table_list: Vec<RouteTable>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeRouteTableList, router_table_list: RouteTable, pages 50);

/// A route table of a VPC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteTable {
    pub route_table_id: String,
    pub route_table_name: String,
    /// `System` or `Custom`.
    pub route_table_type: String,
    pub vpc_id: String,
    pub router_id: String,
    pub router_type: String,
    /// `Pending` or `Available`.
    pub status: String,
    /// `VSwitch` or `Gateway`.
    pub associate_type: String,
    #[serde(rename = "VSwitchIds")]
    pub vswitch_ids: Vec<String>,
    pub description: String,
    pub tags: Vec<Tag>,
}

/// The routes of one table. This action's page size is `MaxResult`, in the singular.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRouteEntryList {
    pub route_table_id: String,
    pub destination_cidr_block: Option<String>,
    pub dest_cidr_block_list: Vec<String>,
    pub next_hop_type: Option<String>,
    pub next_hop_id: Option<String>,
    /// `Custom`, `System`, `BGP`, `CEN` or `ECR`.
    pub route_entry_type: Option<String>,
    pub route_entry_id: Option<String>,
    pub route_entry_name: Option<String>,
    pub ip_version: Option<String>,
    pub max_result: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`DescribeRouteEntryList`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeRouteEntryListAnswer {
    pub route_entrys: Vec<RouteEntry>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeRouteEntryList, route_entrys: RouteEntry, token max_result 100);

/// A route of a VPC's route table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteEntry {
    pub route_table_id: String,
    /// Empty for system routes.
    pub route_entry_id: String,
    pub route_entry_name: String,
    pub description: String,
    pub destination_cidr_block: String,
    /// `Custom`, `System`, `BGP`, `CEN` or `ECR`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub origin: String,
    /// `Pending`, `Available`, `Modifying` or `Deleting`.
    pub status: String,
    pub ip_version: String,
    pub service_type: String,
    pub next_hops: Vec<NextHop>,
}

/// Where a route leads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NextHop {
    /// `Attachment`, `local`, `Instance`, `RouterInterface`, ...
    pub next_hop_type: String,
    pub next_hop_id: String,
    pub next_hop_region_id: String,
    pub weight: u32,
    /// 1 when it is used.
    pub enabled: u32,
}

/// Makes a custom route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteEntry {
    pub route_table_id: String,
    pub destination_cidr_block: String,
    /// `Attachment` for a transit router's VPC attachment.
    pub next_hop_type: Option<String>,
    pub next_hop_id: Option<String>,
    pub route_entry_name: Option<String>,
    pub description: Option<String>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Answer of [`CreateRouteEntry`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateRouteEntryAnswer {
    pub route_entry_id: String,
    pub request_id: String,
}

/// Makes up to 50 custom routes in one call. It has no token, and some of them may fail although the call succeeds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteEntries {
    pub route_entries: Vec<NewRouteEntry>,
    pub dry_run: Option<bool>,
}

/// A route of [`CreateRouteEntries`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewRouteEntry {
    pub route_table_id: String,
    pub dst_cidr_block: String,
    pub next_hop_type: String,
    pub next_hop: String,
    pub name: Option<String>,
    pub description: Option<String>,
}

/// Answer of [`CreateRouteEntries`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateRouteEntriesAnswer {
    pub route_entry_ids: Vec<String>,
    pub success_count: Option<u64>,
    pub failed_count: Option<u64>,
    pub failed_route_entries: Vec<FailedRouteEntry>,
    pub request_id: String,
}

/// A route that [`CreateRouteEntries`] did not make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FailedRouteEntry {
    pub dst_cidr_block: String,
    pub next_hop: String,
    pub failed_code: String,
    pub failed_message: String,
}

/// Removes a custom route, by its id or by table, prefix and next hop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRouteEntry {
    pub route_entry_id: Option<String>,
    pub route_table_id: Option<String>,
    pub destination_cidr_block: Option<String>,
    pub next_hop_id: Option<String>,
    pub dry_run: Option<bool>,
}
