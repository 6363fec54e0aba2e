//! Takes away what was made for a binding, in reverse order. No function runs it, and no run: a person does, by
//! `albridge teardown NAME`, with permissions of that person.
//!
//! What goes, and in which order, is planned in [`onboarding::plan::teardown`]; the loop of every stage ([`stage::run`]) applies
//! it. It is a teardown only in an [`Invocation`](stage::Invocation) that says so; in any other, its plan is empty.

use onboarding::change::{Change, StageName, Write};
use onboarding::topology::Topology;
use openapi::{Action, alb, cbn, ecs, vpc};
use stage::{Needs, Session, Side, Stage, WriteError, change_members, members_group, remove_entry};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct Teardown;

impl Stage for Teardown {
    const NAME: StageName = StageName::Teardown;
    const NEEDS: Needs = Needs::LEFT;
    const WRITES: &'static [&'static str] = &[
        alb::UpdateServerGroupServersAttribute::RAM_ACTION,
        alb::RemoveServersFromServerGroup::RAM_ACTION,
        alb::DeleteListener::RAM_ACTION,
        alb::DeleteServerGroup::RAM_ACTION,
        ecs::RevokeSecurityGroup::RAM_ACTION,
        vpc::DeleteRouteEntry::RAM_ACTION,
        cbn::DeleteTransitRouterRouteEntry::RAM_ACTION,
        cbn::DissociateTransitRouterAttachmentFromRouteTable::RAM_ACTION,
        cbn::DisableTransitRouterRouteTablePropagation::RAM_ACTION,
        cbn::DeleteTransitRouterPeerAttachment::RAM_ACTION,
        cbn::DeleteTransitRouterVpcAttachment::RAM_ACTION,
    ];
    const SHOWS: &'static [&'static str] = &[
        alb::ListServerGroups::NAME,
        alb::ListServerGroupServers::NAME,
        alb::ListListeners::NAME,
        alb::ListRules::NAME,
        vpc::DescribeRouteEntryList::NAME,
        ecs::DescribeSecurityGroupAttribute::NAME,
        cbn::ListTransitRouterRouteEntries::NAME,
        cbn::ListTransitRouterRouteTableAssociations::NAME,
        cbn::ListTransitRouterRouteTablePropagations::NAME,
        cbn::ListTransitRouterPeerAttachments::NAME,
        cbn::ListTransitRouterVpcAttachments::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(Change { write, .. }) = changes.first() else { return Ok(0) };
        match write {
            Write::UpdateServer { .. } | Write::RemoveServer { .. } => {
                change_members(session, members_group(session, topology)?, changes).await
            }
            Write::DeleteListener { .. } | Write::RemoveServerGroup { .. } => front(session, write).await,
            Write::RemoveVpcRoute { .. } | Write::RemoveTransitRoute { .. } | Write::RevokeIngress { .. } => {
                remove_entry(session, topology, write).await
            }
            _ => link(session, write).await,
        }
    }
}

/// Listener and server group.
async fn front(session: &Session<'_>, write: &Write) -> Result<usize, WriteError> {
    let region = session.binding().alb.region.as_str();
    match write {
        Write::DeleteListener { listener, .. } => {
            let delete = alb::DeleteListener {
                listener_id: listener.to_string(),
                client_token: Some(session.fresh_token()),
                ..Default::default()
            };
            session.call(Side::Alb, region, &delete).await?;
        }
        Write::RemoveServerGroup { group, .. } => {
            let delete = alb::DeleteServerGroup {
                server_group_id: group.to_string(),
                client_token: Some(session.fresh_token()),
                ..Default::default()
            };
            session.call(Side::Alb, region, &delete).await?;
        }
        _ => return Ok(0),
    }
    Ok(1)
}

/// Attachments and connections, with their associations and propagations. Nothing is forced.
async fn link(session: &Session<'_>, write: &Write) -> Result<usize, WriteError> {
    let client_token = Some(session.fresh_token());
    match write {
        Write::Dissociate { region, table, id, .. } => {
            let dissociate = cbn::DissociateTransitRouterAttachmentFromRouteTable {
                transit_router_attachment_id: id.to_string(),
                transit_router_route_table_id: table.to_string(),
                client_token,
                ..Default::default()
            };
            session.call(Side::Cen, region.as_str(), &dissociate).await?;
        }
        Write::StopPropagation { region, table, id, .. } => {
            let disable = cbn::DisableTransitRouterRouteTablePropagation {
                transit_router_attachment_id: id.to_string(),
                transit_router_route_table_id: table.to_string(),
                client_token,
                ..Default::default()
            };
            session.call(Side::Cen, region.as_str(), &disable).await?;
        }
        Write::Disconnect { from, id, .. } => {
            let delete = cbn::DeleteTransitRouterPeerAttachment {
                transit_router_attachment_id: id.to_string(),
                client_token,
                ..Default::default()
            };
            session.call(Side::Cen, from.as_str(), &delete).await?;
        }
        Write::DetachVpc { region, id, .. } => {
            let delete = cbn::DeleteTransitRouterVpcAttachment {
                transit_router_attachment_id: id.to_string(),
                client_token,
                ..Default::default()
            };
            session.call(Side::Cen, region.as_str(), &delete).await?;
        }
        _ => return Ok(0),
    }
    Ok(1)
}
