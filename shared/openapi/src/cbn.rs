//! Cloud Enterprise Network (product code Cbn, RAM prefix `cen`), version 2017-09-12.
//!
//! Central: one endpoint for all regions; where a request has a `region_id` it selects or filters. Writes are serialized
//! per CEN by the cloud: a second one is refused with `Operation.Blocking`, which means "wait and read again".

mod cen;
mod peer_attachment;
mod route;
mod route_table;
mod tag;
mod transit_router;
mod vpc_attachment;

use serde::{Deserialize, Serialize};

pub use cen::*;
pub use peer_attachment::*;
pub use route::*;
pub use route_table::*;
pub use tag::*;
pub use transit_router::*;
pub use vpc_attachment::*;

use crate::action::{Acknowledged, actions};
use crate::whole::cbn as whole;

/// What refuses a change to an attachment while it, its VPC or the CEN is being changed.
const ATTACHMENT_BUSY: &[&str] = &[
    "Operation.Blocking",
    "IncorrectStatus.Status",
    "IncorrectStatus.Attachment",
    "IncorrectStatus.VpcResource",
    "IncorrectStatus.VpcOrVswitch",
    "IncorrectStatus.VpcSwitch",
    "IncorrectStatus.VpcRouteTable",
    "InstanceStatus.NotSupport",
];

/// What refuses a change to a route table while it or the CEN is being changed.
const TABLE_BUSY: &[&str] = &[
    "Operation.Blocking",
    "IncorrectStatus.Status",
    "IncorrectStatus.AttachmentOrRouteTable",
    "InstanceStatus.NotSupport",
];

actions! {
    Cbn "cen" {
        reads CheckTransitRouterService => CheckTransitRouterServiceAnswer, whole::SERVICE;
        reads DescribeCens => DescribeCensAnswer, whole::CENS;
        reads DescribeCenBandwidthPackages => DescribeCenBandwidthPackagesAnswer, whole::BANDWIDTH_PACKAGES;
        reads ListTransitRouters => ListTransitRoutersAnswer, whole::TRANSIT_ROUTERS;
        reads ListTransitRouterAvailableResource => ListTransitRouterAvailableResourceAnswer, whole::AVAILABLE_ZONES;
        reads ListTransitRouterVpcAttachments => ListTransitRouterVpcAttachmentsAnswer, whole::VPC_ATTACHMENTS;
        writes CreateTransitRouterVpcAttachment => AttachmentCreated, whole::ATTACHMENT_CREATED { token: true, retry: ATTACHMENT_BUSY };
        writes UpdateTransitRouterVpcAttachmentAttribute => Acknowledged { token: true, retry: ATTACHMENT_BUSY };
        writes DeleteTransitRouterVpcAttachment => Acknowledged { token: true, retry: ATTACHMENT_BUSY };
        reads ListTransitRouterPeerAttachments => ListTransitRouterPeerAttachmentsAnswer, whole::PEER_ATTACHMENTS;
        writes CreateTransitRouterPeerAttachment => AttachmentCreated, whole::ATTACHMENT_CREATED { token: true, retry: ATTACHMENT_BUSY };
        writes UpdateTransitRouterPeerAttachmentAttribute => Acknowledged { token: true, retry: ATTACHMENT_BUSY };
        writes DeleteTransitRouterPeerAttachment => Acknowledged { token: true, retry: ATTACHMENT_BUSY };
        reads ListTransitRouterRouteTables => ListTransitRouterRouteTablesAnswer, whole::ROUTE_TABLES;
        reads ListTransitRouterRouteTableAssociations => ListTransitRouterRouteTableAssociationsAnswer, whole::ASSOCIATIONS;
        reads ListTransitRouterRouteTablePropagations => ListTransitRouterRouteTablePropagationsAnswer, whole::PROPAGATIONS;
        writes AssociateTransitRouterAttachmentWithRouteTable => Acknowledged { token: true, retry: TABLE_BUSY };
        writes DissociateTransitRouterAttachmentFromRouteTable => Acknowledged { token: true, retry: TABLE_BUSY };
        writes EnableTransitRouterRouteTablePropagation => Acknowledged { token: true, retry: TABLE_BUSY };
        writes DisableTransitRouterRouteTablePropagation => Acknowledged { token: true, retry: TABLE_BUSY };
        reads ListTransitRouterRouteEntries => ListTransitRouterRouteEntriesAnswer, whole::ROUTE_ENTRIES;
        writes CreateTransitRouterRouteEntry => CreateTransitRouterRouteEntryAnswer {
            token: true,
            // Right after a delete of the same prefix this code is transient (Terraform's provider retries it).
            retry: &[
                "Operation.Blocking",
                "IncorrectStatus.Status",
                "InstanceStatus.NotSupport",
                "OperationFailed.CreateRouteEntryWithSameDestinationCidrBlock",
            ],
        };
        writes DeleteTransitRouterRouteEntry => Acknowledged { token: true, retry: TABLE_BUSY };
        writes TagResources => Acknowledged;
        writes UntagResources => Acknowledged;
    }
}

/// The answer of a create: the attachment is `Attaching` for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AttachmentCreated {
    pub transit_router_attachment_id: String,
    pub request_id: String,
}

/// Sets tags on resources of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResources {
    pub region_id: Option<String>,
    pub resource_id: Vec<String>,
    /// `TransitRouterVpcAttachment`, `TransitRouterPeerAttachment`, ...
    pub resource_type: String,
    pub tag: Vec<Tag>,
}

/// Takes tags off resources of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResources {
    pub region_id: Option<String>,
    pub resource_id: Vec<String>,
    pub resource_type: String,
    pub tag_key: Vec<String>,
}
