//! Step 6 of the procedure: the return routes. Routes in the backend VPC to the ALB's source prefixes and, for a
//! non-upgraded ALB, static routes of the transit router to the ALB's VPC.

use onboarding::change::{Change, StageName, Write};
use onboarding::topology::Topology;
use openapi::{Action, cbn, vpc};
use stage::{Needs, Session, Side, Stage, WriteError, add_vpc_routes, attachment_id};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct BackToOrigin;

impl Stage for BackToOrigin {
    const NAME: StageName = StageName::BackToOrigin;
    const NEEDS: Needs = Needs::MEMBERS.and(Needs::CEN).and(Needs::SURROUNDINGS);
    const WRITES: &'static [&'static str] =
        &["vpc:CreateRouteEntries", "vpc:CreateRouteEntry", "cen:CreateTransitRouterRouteEntry"];
    const SHOWS: &'static [&'static str] = &[
        vpc::DescribeRouteEntryList::NAME,
        cbn::ListTransitRouterRouteEntries::NAME,
        cbn::ListTransitRouterVpcAttachments::NAME,
        cbn::ListTransitRouterPeerAttachments::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(change) = changes.first() else { return Ok(0) };
        let Write::AddTransitRoute { region, table, destination, attachment } = &change.write else {
            return add_vpc_routes(session, topology, changes).await;
        };
        let create = cbn::CreateTransitRouterRouteEntry {
            transit_router_route_table_id: table.to_string(),
            transit_router_route_entry_destination_cidr_block: destination.to_string(),
            transit_router_route_entry_next_hop_type: "Attachment".to_owned(),
            transit_router_route_entry_next_hop_id: Some(attachment_id(topology, attachment)?),
            transit_router_route_entry_name: Some("albridge".to_owned()),
            transit_router_route_entry_description: Some(session.deployment().description(&session.binding().name)),
            client_token: Some(session.fresh_token()),
            ..Default::default()
        };
        session.call(Side::Cen, region.as_str(), &create).await?;
        Ok(1)
    }
}
