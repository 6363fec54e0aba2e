//! Cloud Enterprise Network: what whole answers hold.

use super::End::{Count, TokenAndCount};
use super::Field::{AnyList, Filled, Maybe, When};
use super::{Field, Whole};

/// "If this value is not returned", the service is not open (SDK 1.4.0, `CheckTransitRouterServiceResponseBody`): so the
/// request's id is what tells an answer from nothing.
pub(crate) const SERVICE: Whole = Whole::one(&[Filled("RequestId")]);

/// Numbered pages (SDK 1.4.0, `DescribeCensResponseBody`).
pub(crate) const CENS: Whole = Whole::listing(Count, "Cens", &["CenId"], &[Filled("CenId"), Filled("Status")]);

/// Numbered pages (SDK 1.4.0, `DescribeCenBandwidthPackagesResponseBody`). What connections take of a plan may be missing
/// where there are none; a connection that does not fit is refused by the service.
pub(crate) const BANDWIDTH_PACKAGES: Whole = Whole::listing(
    Count,
    "CenBandwidthPackages",
    &["CenBandwidthPackageId"],
    &[Filled("CenBandwidthPackageId"), Filled("Bandwidth"), Filled("Status"), Filled("BusinessStatus")],
);

/// Numbered pages (SDK 1.4.0, `ListTransitRoutersResponseBody`).
pub(crate) const TRANSIT_ROUTERS: Whole = Whole::listing(
    Count,
    "TransitRouters",
    &["TransitRouterId"],
    &[Filled("TransitRouterId"), Filled("RegionId"), Filled("Type"), Filled("Status")],
);

/// No pages. Older answers split the zones into primary and secondary ones (SDK 1.4.0,
/// `ListTransitRouterAvailableResourceResponseBody`).
pub(crate) const AVAILABLE_ZONES: Whole = Whole::one(&[AnyList(&["AvailableZones", "MasterZones", "SlaveZones"])]);

/// `TotalCount` is "the total number of entries returned" (SDK 1.4.0, `ListTransitRouterVpcAttachmentsResponseBody`). An
/// attachment without tags may have none listed: it is then not taken for ours.
pub(crate) const VPC_ATTACHMENTS: Whole = Whole::listing(
    TokenAndCount,
    "TransitRouterAttachments",
    &["TransitRouterAttachmentId"],
    &[
        Filled("TransitRouterAttachmentId"),
        Filled("VpcId"),
        Filled("TransitRouterId"),
        Filled("Status"),
        Maybe("ZoneMappings", &[Filled("ZoneId"), Filled("VSwitchId")]),
        Maybe("Tags", &[Filled("Key")]),
    ],
);

/// As [`VPC_ATTACHMENTS`] (SDK 1.4.0, `ListTransitRouterPeerAttachmentsResponseBody`). Publishing that is not stated would
/// be switched on.
pub(crate) const PEER_ATTACHMENTS: Whole = Whole::listing(
    TokenAndCount,
    "TransitRouterAttachments",
    &["TransitRouterAttachmentId"],
    &[
        Filled("TransitRouterAttachmentId"),
        Filled("RegionId"),
        Filled("PeerTransitRouterRegionId"),
        Filled("Status"),
        Filled("AutoPublishRouteEnabled"),
        Maybe("Tags", &[Filled("Key")]),
    ],
);

/// `TotalCount` is "the total number of entries returned" (SDK 1.4.0, `ListTransitRouterRouteTablesResponseBody`).
pub(crate) const ROUTE_TABLES: Whole = Whole::listing(
    TokenAndCount,
    "TransitRouterRouteTables",
    &["TransitRouterRouteTableId"],
    &[
        Filled("TransitRouterRouteTableId"),
        Filled("TransitRouterRouteTableType"),
        Filled("TransitRouterRouteTableStatus"),
    ],
);

/// As [`ROUTE_TABLES`] (SDK 1.4.0, `ListTransitRouterRouteTableAssociationsResponseBody`).
pub(crate) const ASSOCIATIONS: Whole = Whole::listing(
    TokenAndCount,
    "TransitRouterAssociations",
    &["TransitRouterAttachmentId", "TransitRouterRouteTableId"],
    LINK,
);

/// As [`ROUTE_TABLES`] (SDK 1.4.0, `ListTransitRouterRouteTablePropagationsResponseBody`).
pub(crate) const PROPAGATIONS: Whole = Whole::listing(
    TokenAndCount,
    "TransitRouterPropagations",
    &["TransitRouterAttachmentId", "TransitRouterRouteTableId"],
    LINK,
);

const LINK: &[Field] = &[Filled("TransitRouterAttachmentId"), Filled("Status")];

/// As [`ROUTE_TABLES`] (SDK 1.4.0, `ListTransitRouterRouteEntriesResponseBody`). A learned entry has no id, and one prefix can
/// be learned from several attachments.
pub(crate) const ROUTE_ENTRIES: Whole = Whole::listing(
    TokenAndCount,
    "TransitRouterRouteEntries",
    &["TransitRouterRouteEntryId"],
    &[
        Filled("TransitRouterRouteEntryDestinationCidrBlock"),
        Filled("TransitRouterRouteEntryStatus"),
        Filled("TransitRouterRouteEntryType"),
        Filled("TransitRouterRouteEntryNextHopType"),
        When("TransitRouterRouteEntryType", "Static", &[Filled("TransitRouterRouteEntryId")]),
        When("TransitRouterRouteEntryNextHopType", "Attachment", &[Filled("TransitRouterRouteEntryNextHopId")]),
    ],
);

/// What was made: without its id the create is in doubt.
pub(crate) const ATTACHMENT_CREATED: Whole = Whole::one(&[Filled("TransitRouterAttachmentId")]);
