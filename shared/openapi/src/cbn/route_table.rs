//! Route tables of a transit router, and what is associated with and propagates into them.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The route tables of a transit router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterRouteTables {
    pub transit_router_id: String,
    pub transit_router_route_table_ids: Vec<String>,
    /// `System` or `Custom`.
    pub transit_router_route_table_type: Option<String>,
    pub transit_router_route_table_status: Option<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListTransitRouterRouteTables`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterRouteTablesAnswer {
    pub transit_router_route_tables: Vec<RouteTable>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouterRouteTables, transit_router_route_tables: RouteTable, token max_results 100);

/// A route table of a transit router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteTable {
    pub transit_router_route_table_id: String,
    pub transit_router_route_table_name: String,
    /// `System` or `Custom`.
    pub transit_router_route_table_type: String,
    /// `Creating`, `Active` or `Deleting`.
    pub transit_router_route_table_status: String,
    pub transit_router_id: String,
    pub region_id: String,
    pub tags: Vec<Tag>,
}

/// Which attachments use a table to forward what comes in through them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterRouteTableAssociations {
    pub transit_router_route_table_id: Option<String>,
    pub transit_router_attachment_id: Option<String>,
    pub status: Option<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListTransitRouterRouteTableAssociations`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterRouteTableAssociationsAnswer {
    pub transit_router_associations: Vec<Association>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouterRouteTableAssociations, transit_router_associations: Association, token max_results 50);

/// An attachment associated with a route table; it has one table per transit router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Association {
    pub transit_router_attachment_id: String,
    pub transit_router_route_table_id: String,
    pub resource_id: String,
    pub resource_type: String,
    /// `Associating`, `Active` or `Dissociating`.
    pub status: String,
}

/// Which attachments a table learns routes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterRouteTablePropagations {
    pub transit_router_route_table_id: String,
    pub transit_router_attachment_id: Option<String>,
    pub status: Option<String>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListTransitRouterRouteTablePropagations`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterRouteTablePropagationsAnswer {
    pub transit_router_propagations: Vec<Propagation>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouterRouteTablePropagations, transit_router_propagations: Propagation, token max_results 50);

/// An attachment that a route table learns from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Propagation {
    pub transit_router_attachment_id: String,
    pub transit_router_route_table_id: String,
    pub resource_id: String,
    pub resource_type: String,
    /// `Enabling`, `Active` or `Disabling`.
    pub status: String,
}

/// Makes an attachment use a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateTransitRouterAttachmentWithRouteTable {
    pub transit_router_attachment_id: String,
    pub transit_router_route_table_id: String,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Makes an attachment use no table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DissociateTransitRouterAttachmentFromRouteTable {
    pub transit_router_attachment_id: String,
    pub transit_router_route_table_id: String,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Makes a table learn from an attachment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnableTransitRouterRouteTablePropagation {
    pub transit_router_attachment_id: String,
    pub transit_router_route_table_id: String,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Stops a table from learning from an attachment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DisableTransitRouterRouteTablePropagation {
    pub transit_router_attachment_id: String,
    pub transit_router_route_table_id: String,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}
