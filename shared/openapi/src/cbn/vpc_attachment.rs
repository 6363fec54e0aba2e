//! VPC attachments of a transit router.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// VPC attachments, by CEN or region and more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterVpcAttachments {
    pub cen_id: Option<String>,
    pub region_id: Option<String>,
    pub transit_router_id: Option<String>,
    pub transit_router_attachment_id: Option<String>,
    pub vpc_id: Option<String>,
    pub status: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListTransitRouterVpcAttachments`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterVpcAttachmentsAnswer {
    pub transit_router_attachments: Vec<VpcAttachment>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouterVpcAttachments, transit_router_attachments: VpcAttachment, token max_results 100);

/// A VPC attachment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VpcAttachment {
    pub transit_router_attachment_id: String,
    pub transit_router_attachment_name: String,
    pub transit_router_attachment_description: String,
    pub transit_router_id: String,
    pub cen_id: String,
    pub vpc_id: String,
    pub vpc_region_id: String,
    pub vpc_owner_id: u64,
    /// `Attaching`, `Attached`, `Modifying` or `Detaching`.
    pub status: String,
    pub resource_type: String,
    pub zone_mappings: Vec<ZoneMapping>,
    pub auto_publish_route_enabled: bool,
    pub charge_type: String,
    pub order_type: String,
    pub creation_time: String,
    #[serde(rename = "TransitRouterVPCAttachmentOptions")]
    pub transit_router_vpc_attachment_options: BTreeMap<String, String>,
    pub tags: Vec<Tag>,
}

/// A vSwitch that an attachment has an interface in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ZoneMapping {
    pub zone_id: String,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: String,
    /// Of an attachment that was read; it is not sent.
    #[serde(skip_serializing)]
    pub network_interface_id: String,
}

/// Attaches a VPC to a transit router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitRouterVpcAttachment {
    /// Always set: without it the service creates a transit router if there is none.
    pub transit_router_id: Option<String>,
    pub cen_id: Option<String>,
    pub region_id: Option<String>,
    pub vpc_id: String,
    pub vpc_owner_id: Option<u64>,
    pub zone_mappings: Vec<ZoneMapping>,
    pub charge_type: Option<String>,
    pub auto_publish_route_enabled: Option<bool>,
    pub transit_router_attachment_name: Option<String>,
    pub transit_router_attachment_description: Option<String>,
    #[serde(rename = "TransitRouterVPCAttachmentOptions", serialize_with = "crate::flatten::json_map")]
    pub transit_router_vpc_attachment_options: BTreeMap<String, String>,
    pub tag: Vec<Tag>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Changes an attachment; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateTransitRouterVpcAttachmentAttribute {
    pub transit_router_attachment_id: String,
    pub transit_router_attachment_name: Option<String>,
    pub transit_router_attachment_description: Option<String>,
    pub auto_publish_route_enabled: Option<bool>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Removes an attachment. `force` also removes what depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitRouterVpcAttachment {
    pub transit_router_attachment_id: String,
    pub force: Option<bool>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}
