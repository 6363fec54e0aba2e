//! Step 3 of the procedure: attaches both VPCs to the transit routers of their regions, associates the attachments with a
//! route table and propagates into it. The console's "advanced settings" are one click; the API needs one call for each.

use onboarding::change::{Change, StageName, Write};
use onboarding::ids::{Region, VSwitchId, VpcId, ZoneId};
use onboarding::mark::{Role, TAG_KEY};
use onboarding::topology::Topology;
use openapi::{Action, cbn};
use stage::{Needs, Owner, Session, Side, Stage, WriteError, link, side_of};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct VpcAttachments;

impl Stage for VpcAttachments {
    const NAME: StageName = StageName::VpcAttachments;
    // Billed changes wait until they can be of use, which takes a reading of everything that a member depends on.
    const NEEDS: Needs = Needs::SURROUNDINGS
        .and(Needs::CEN)
        .and(Needs::PREREQUISITES)
        .and(Needs::LISTENERS)
        .and(Needs::MEMBERS)
        .and(Needs::SECURITY);
    const WRITES: &'static [&'static str] = &[
        "cen:CreateTransitRouterVpcAttachment",
        "cen:AssociateTransitRouterAttachmentWithRouteTable",
        "cen:EnableTransitRouterRouteTablePropagation",
        "cen:TagResources",
        // To check by a dry run whether an attachment that was created, but is not listed, is gone.
        "cen:UpdateTransitRouterVpcAttachmentAttribute",
    ];
    const SHOWS: &'static [&'static str] = &[
        cbn::ListTransitRouters::NAME,
        cbn::ListTransitRouterVpcAttachments::NAME,
        cbn::ListTransitRouterRouteTableAssociations::NAME,
        cbn::ListTransitRouterRouteTablePropagations::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(change) = changes.first() else { return Ok(0) };
        match &change.write {
            Write::AttachVpc { region, vpc, zones } => attach(session, topology, region, vpc, zones).await,
            link_write => link(session, topology, link_write).await,
        }
    }
}

async fn attach(
    session: &Session<'_>,
    topology: &Topology,
    region: &Region,
    vpc: &VpcId,
    zones: &[(ZoneId, VSwitchId)],
) -> Result<usize, WriteError> {
    let Some(router) = topology.transit_router(region) else {
        return Err(WriteError::missing(region, format!("There is no transit router in {region}.")));
    };
    let zones = zones.iter().map(|(zone, vswitch)| cbn::ZoneMapping {
        zone_id: zone.to_string(),
        vswitch_id: vswitch.to_string(),
        ..Default::default()
    });
    let create = cbn::CreateTransitRouterVpcAttachment {
        // Without the id, CEN would create a transit router in a region without one.
        transit_router_id: Some(router.id.to_string()),
        cen_id: Some(session.binding().cen.id.to_string()),
        region_id: Some(region.to_string()),
        vpc_id: vpc.to_string(),
        vpc_owner_id: session.cloud().owner(side_of(session.binding(), vpc)),
        zone_mappings: zones.collect(),
        // Exact prefixes only, so routes in the VPC are written one by one.
        auto_publish_route_enabled: Some(false),
        transit_router_attachment_name: Some(format!("albridge-{vpc}")),
        tag: vec![cbn::Tag {
            key: TAG_KEY.to_owned(),
            value: session.deployment().tag(&session.binding().name, Role::VpcAttachment),
        }],
        ..Default::default()
    };
    session.create(Owner::Deployment, Side::Cen, region.as_str(), topology, create).await
}
