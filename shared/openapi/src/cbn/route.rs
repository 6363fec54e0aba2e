//! Entries of a transit router's route table.

use serde::{Deserialize, Serialize};

use super::tag::Filter;
use crate::listing::listing;

/// The entries of a route table. Without a status only `Active` ones are listed: say `All`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterRouteEntries {
    pub transit_router_route_table_id: String,
    /// Keys: `PrefixExactMatchCidrs`, `LongestPrefixMatchCidrs`, `SubnetOfMatchCidrs`.
    pub route_filter: Vec<Filter>,
    pub transit_router_route_entry_destination_cidr_block: Option<String>,
    pub transit_router_route_entry_ids: Vec<String>,
    pub transit_router_route_entry_status: Option<String>,
    /// `Static` or `Propagated`.
    pub transit_router_route_entry_type: Option<String>,
    pub transit_router_route_entry_next_hop_id: Option<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListTransitRouterRouteEntries`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterRouteEntriesAnswer {
    pub transit_router_route_entries: Vec<RouteEntry>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouterRouteEntries, transit_router_route_entries: RouteEntry, token max_results 100);

/// An entry of a transit router's route table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteEntry {
    /// Empty for propagated entries.
    pub transit_router_route_entry_id: String,
    pub transit_router_route_entry_name: String,
    pub transit_router_route_entry_description: String,
    pub transit_router_route_entry_destination_cidr_block: String,
    /// `Attachment` or `BlackHole`.
    pub transit_router_route_entry_next_hop_type: String,
    pub transit_router_route_entry_next_hop_id: String,
    pub transit_router_route_entry_next_hop_resource_id: String,
    pub transit_router_route_entry_next_hop_resource_type: String,
    pub transit_router_route_entry_origin_resource_id: String,
    pub transit_router_route_entry_origin_resource_type: String,
    /// `Active`, `Rejected`, `Prohibited`, `Standby`, `Candidate`, `Creating` or `Deleting`.
    pub transit_router_route_entry_status: String,
    /// `Static` or `Propagated`.
    pub transit_router_route_entry_type: String,
    pub prefix_list_id: String,
    pub create_time: String,
}

/// Makes a static entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitRouterRouteEntry {
    pub transit_router_route_table_id: String,
    pub transit_router_route_entry_destination_cidr_block: String,
    /// `Attachment` or `BlackHole`.
    pub transit_router_route_entry_next_hop_type: String,
    pub transit_router_route_entry_next_hop_id: Option<String>,
    pub transit_router_route_entry_name: Option<String>,
    pub transit_router_route_entry_description: Option<String>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Answer of [`CreateTransitRouterRouteEntry`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateTransitRouterRouteEntryAnswer {
    pub transit_router_route_entry_id: String,
    pub request_id: String,
}

/// Removes a static entry, by its id or by table, prefix and next hop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitRouterRouteEntry {
    pub transit_router_route_entry_id: Option<String>,
    pub transit_router_route_table_id: Option<String>,
    pub transit_router_route_entry_destination_cidr_block: Option<String>,
    pub transit_router_route_entry_next_hop_type: Option<String>,
    pub transit_router_route_entry_next_hop_id: Option<String>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}
