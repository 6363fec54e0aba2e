//! The write that two stages share: a route in a VPC's route table with the VPC's attachment as next hop.

use onboarding::change::Write;
use onboarding::topology::AttachmentRef;
use onboarding::topology::Topology;
use openapi::vpc;

use crate::cloud::side_of;
use crate::error::WriteError;
use crate::links::attachment_id;
use crate::session::Session;

/// Makes a [`Write::AddVpcRoute`]. Returns how many changes it made (0 for any other write).
///
/// # Errors
/// The cloud's refusal, or a missing attachment.
pub async fn add_vpc_route(session: &Session<'_>, topology: &Topology, write: &Write) -> Result<usize, WriteError> {
    let Write::AddVpcRoute { region, vpc, table, destination } = write else { return Ok(0) };
    let attachment = AttachmentRef::Vpc { vpc: vpc.clone() };
    let next_hop = attachment_id(topology, &attachment)?;
    let create = vpc::CreateRouteEntry {
        route_table_id: table.to_string(),
        destination_cidr_block: destination.to_string(),
        next_hop_type: Some("Attachment".to_owned()),
        next_hop_id: Some(next_hop),
        route_entry_name: Some("albridge".to_owned()),
        description: Some(session.deployment().description(&session.binding().name)),
        client_token: Some(session.fresh_token()),
        ..Default::default()
    };
    session.call(side_of(session.binding(), vpc), region.as_str(), &create).await?;
    Ok(1)
}
