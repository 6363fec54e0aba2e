//! Inter-region connections. One attachment id serves both transit routers.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// Inter-region connections. One may have been made from either side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTransitRouterPeerAttachments {
    pub cen_id: Option<String>,
    pub region_id: Option<String>,
    pub transit_router_id: Option<String>,
    pub transit_router_attachment_id: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListTransitRouterPeerAttachments`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListTransitRouterPeerAttachmentsAnswer {
    pub transit_router_attachments: Vec<PeerAttachment>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListTransitRouterPeerAttachments, transit_router_attachments: PeerAttachment, token max_results 100);

/// An inter-region connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PeerAttachment {
    pub transit_router_attachment_id: String,
    pub transit_router_attachment_name: String,
    pub transit_router_attachment_description: String,
    pub transit_router_id: String,
    pub region_id: String,
    pub peer_transit_router_id: String,
    pub peer_transit_router_region_id: String,
    pub peer_transit_router_owner_id: u64,
    pub cen_id: String,
    /// `Attaching`, `Attached`, `Modifying`, `Detaching` or `Detached`.
    pub status: String,
    pub resource_type: String,
    /// Mbit/s, where stated.
    pub bandwidth: Option<u64>,
    /// `BandwidthPackage` or `DataTransfer`.
    pub bandwidth_type: String,
    pub cen_bandwidth_package_id: String,
    pub geographic_span_id: String,
    /// `Gold` or `Platinum`.
    pub default_link_type: String,
    pub auto_publish_route_enabled: bool,
    pub creation_time: String,
    pub tags: Vec<Tag>,
}

/// Connects the transit routers of two regions. Without bandwidth it carries 1 Kbit/s.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTransitRouterPeerAttachment {
    pub transit_router_id: Option<String>,
    pub region_id: Option<String>,
    pub cen_id: Option<String>,
    pub peer_transit_router_id: String,
    pub peer_transit_router_region_id: Option<String>,
    pub bandwidth_type: Option<String>,
    pub cen_bandwidth_package_id: Option<String>,
    /// Mbit/s.
    pub bandwidth: Option<u64>,
    pub default_link_type: Option<String>,
    pub auto_publish_route_enabled: Option<bool>,
    pub transit_router_attachment_name: Option<String>,
    pub transit_router_attachment_description: Option<String>,
    pub tag: Vec<Tag>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Changes a connection; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateTransitRouterPeerAttachmentAttribute {
    pub transit_router_attachment_id: String,
    pub transit_router_attachment_name: Option<String>,
    pub transit_router_attachment_description: Option<String>,
    pub bandwidth_type: Option<String>,
    pub cen_bandwidth_package_id: Option<String>,
    pub bandwidth: Option<u64>,
    pub default_link_type: Option<String>,
    pub auto_publish_route_enabled: Option<bool>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Removes a connection. `force` also removes what depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTransitRouterPeerAttachment {
    pub transit_router_attachment_id: String,
    pub force: Option<bool>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}
