//! Step 4 of the procedure: the inter-region connection with its bandwidth, associated and propagated on both sides, with
//! route publishing on. One peer attachment serves both transit routers.

use onboarding::change::{Change, StageName, Write};
use onboarding::ids::{BandwidthPackageId, Region};
use onboarding::mark::{Role, TAG_KEY};
use onboarding::topology::AttachmentRef;
use onboarding::topology::Topology;
use openapi::{Action, cbn};
use stage::{Needs, Owner, Session, Side, Stage, WriteError, attachment_id, link};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct PeerAttachment;

impl Stage for PeerAttachment {
    const NAME: StageName = StageName::PeerAttachment;
    // Billed changes wait until they can be of use, which takes a reading of everything that a member depends on.
    const NEEDS: Needs = Needs::SURROUNDINGS
        .and(Needs::CEN)
        .and(Needs::PREREQUISITES)
        .and(Needs::LISTENERS)
        .and(Needs::MEMBERS)
        .and(Needs::SECURITY);
    const WRITES: &'static [&'static str] = &[
        "cen:CreateTransitRouterPeerAttachment",
        "cen:UpdateTransitRouterPeerAttachmentAttribute",
        "cen:AssociateTransitRouterAttachmentWithRouteTable",
        "cen:EnableTransitRouterRouteTablePropagation",
        "cen:TagResources",
    ];
    const SHOWS: &'static [&'static str] = &[
        cbn::ListTransitRouters::NAME,
        cbn::ListTransitRouterPeerAttachments::NAME,
        cbn::ListTransitRouterRouteTableAssociations::NAME,
        cbn::ListTransitRouterRouteTablePropagations::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(change) = changes.first() else { return Ok(0) };
        match &change.write {
            Write::Connect { from, to, mbps, package } => {
                return connect(session, topology, (from, to), *mbps, package.as_ref()).await;
            }
            Write::PublishRoutes { from, to } => {
                let publish = cbn::UpdateTransitRouterPeerAttachmentAttribute {
                    transit_router_attachment_id: attachment_id(topology, &peer(from, to))?,
                    auto_publish_route_enabled: Some(true),
                    client_token: Some(session.fresh_token()),
                    ..Default::default()
                };
                session.call(Side::Cen, from.as_str(), &publish).await?;
            }
            Write::SetBandwidth { from, to, mbps } => {
                let set = cbn::UpdateTransitRouterPeerAttachmentAttribute {
                    transit_router_attachment_id: attachment_id(topology, &peer(from, to))?,
                    bandwidth: Some((*mbps).into()),
                    client_token: Some(session.fresh_token()),
                    ..Default::default()
                };
                session.call(Side::Cen, from.as_str(), &set).await?;
            }
            link_write => return link(session, topology, link_write).await,
        }
        Ok(1)
    }
}

async fn connect(
    session: &Session<'_>,
    topology: &Topology,
    (from, to): (&Region, &Region),
    mbps: u32,
    package: Option<&BandwidthPackageId>,
) -> Result<usize, WriteError> {
    let (Some(near), Some(far)) = (topology.transit_router(from), topology.transit_router(to)) else {
        return Err(WriteError::missing(to, format!("There is no transit router in {from} or {to}.")));
    };
    let create = cbn::CreateTransitRouterPeerAttachment {
        transit_router_id: Some(near.id.to_string()),
        region_id: Some(from.to_string()),
        cen_id: Some(session.binding().cen.id.to_string()),
        peer_transit_router_id: far.id.to_string(),
        peer_transit_router_region_id: Some(to.to_string()),
        bandwidth_type: Some(if package.is_some() { "BandwidthPackage" } else { "DataTransfer" }.to_owned()),
        cen_bandwidth_package_id: package.map(ToString::to_string),
        bandwidth: Some(mbps.into()),
        auto_publish_route_enabled: Some(true),
        transit_router_attachment_name: Some(format!("albridge-{from}-{to}")),
        tag: vec![cbn::Tag {
            key: TAG_KEY.to_owned(),
            value: session.deployment().tag(&session.binding().name, Role::PeerAttachment),
        }],
        ..Default::default()
    };
    session.create(Owner::Deployment, Side::Cen, from.as_str(), topology, create).await
}

fn peer(from: &Region, to: &Region) -> AttachmentRef {
    AttachmentRef::Peer { from: from.clone(), to: to.clone() }
}
