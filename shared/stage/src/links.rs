//! The two writes that both attachment stages share: association with a transit router's route table, and propagation into
//! it.

use onboarding::change::Write;
use onboarding::topology::AttachmentRef;
use onboarding::topology::Topology;
use openapi::cbn;

use crate::cloud::Side;
use crate::error::WriteError;
use crate::session::Session;

/// The id of an attachment, which may not exist yet.
///
/// # Errors
/// [`WriteError::Blocked`] while it does not exist.
pub fn attachment_id(topology: &Topology, attachment: &AttachmentRef) -> Result<String, WriteError> {
    let id = topology.resolve(attachment).map(ToString::to_string);
    id.ok_or_else(|| WriteError::missing(attachment, format!("There is no id yet for {attachment}.")))
}

/// Makes a [`Write::Associate`] or [`Write::Propagate`]. Returns how many changes it made (0 for any other write).
///
/// # Errors
/// The cloud's refusal, or a missing attachment.
pub async fn link(session: &Session<'_>, topology: &Topology, write: &Write) -> Result<usize, WriteError> {
    match write {
        Write::Associate { region, table, attachment } => {
            let associate = cbn::AssociateTransitRouterAttachmentWithRouteTable {
                transit_router_attachment_id: attachment_id(topology, attachment)?,
                transit_router_route_table_id: table.to_string(),
                client_token: Some(session.fresh_token()),
                ..Default::default()
            };
            session.call(Side::Cen, region.as_str(), &associate).await?;
        }
        Write::Propagate { region, table, attachment } => {
            let propagate = cbn::EnableTransitRouterRouteTablePropagation {
                transit_router_attachment_id: attachment_id(topology, attachment)?,
                transit_router_route_table_id: table.to_string(),
                client_token: Some(session.fresh_token()),
                ..Default::default()
            };
            session.call(Side::Cen, region.as_str(), &propagate).await?;
        }
        _ => return Ok(0),
    }
    Ok(1)
}
