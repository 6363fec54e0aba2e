//! Transit routers: at most one per region and CEN.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// Whether the account has opened the transit-router service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CheckTransitRouterService {}

/// Answer of [`CheckTransitRouterService`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CheckTransitRouterServiceAnswer {
    pub enabled: bool,
    pub request_id: String,
}

/// The transit routers of a CEN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouters {
    pub cen_id: String,
    pub region_id: Option<String>,
    pub transit_router_id: Option<String>,
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    pub status: Option<String>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`ListTransitRouters`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRoutersAnswer {
    pub transit_routers: Vec<TransitRouter>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouters, transit_routers: TransitRouter, pages 50);

/// A transit router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TransitRouter {
    pub transit_router_id: String,
    pub transit_router_name: String,
    pub region_id: String,
    pub cen_id: String,
    /// `Enterprise` or `Basic`; only `Enterprise` can be used here.
    #[serde(rename = "Type")]
    pub kind: String,
    /// `Creating`, `Active`, `Modifying` or `Deleting`.
    pub status: String,
    pub ali_uid: u64,
    pub transit_router_cidr_list: Vec<TransitRouterCidr>,
    pub tags: Vec<Tag>,
}

/// An address range that belongs to a transit router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TransitRouterCidr {
    pub transit_router_cidr_id: String,
    pub cidr: String,
    pub name: String,
    pub publish_cidr_route: bool,
}

/// The zones in which a region's transit router can be attached to vSwitches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterAvailableResource {
    pub region_id: String,
}

/// Answer of [`ListTransitRouterAvailableResource`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterAvailableResourceAnswer {
    pub available_zones: Vec<String>,
    pub master_zones: Vec<String>,
    pub slave_zones: Vec<String>,
    pub request_id: String,
}
