//! The write that two stages share: routes in a VPC's route table with the VPC's attachment as next hop.

use onboarding::change::{Change, Write};
use onboarding::ids::{Region, RouteTableId, VpcId};
use onboarding::topology::AttachmentRef;
use onboarding::topology::Topology;
use openapi::{Action, Error, ErrorKind, vpc};

use crate::cloud::side_of;
use crate::error::WriteError;
use crate::links::attachment_id;
use crate::session::Session;

/// The most routes in one call (cloud-apis.md, section 9).
const ROUTES_PER_CALL: usize = 50;
const NEXT_HOP: &str = "Attachment";
const NAME: &str = "albridge";

/// Makes the first changes as far as they are [`Write::AddVpcRoute`] for one table. Returns how many (0 if the first is
/// something else).
///
/// # Errors
/// The cloud's refusal, or a missing attachment.
pub async fn add_vpc_routes(
    session: &Session<'_>,
    topology: &Topology,
    changes: &[Change],
) -> Result<usize, WriteError> {
    let added = changes.iter().take(ROUTES_PER_CALL).map_while(|change| match &change.write {
        Write::AddVpcRoute { region, vpc, table, destination } => Some((region, vpc, table, destination.to_string())),
        _ => None,
    });
    let added: Vec<_> = added.collect();
    let Some(&(region, vpc, table, _)) = added.first() else { return Ok(0) };
    let same = added.into_iter().take_while(|route| (route.0, route.1, route.2) == (region, vpc, table));
    let destinations: Vec<String> = same.map(|route| route.3).collect();
    let next_hop = attachment_id(topology, &AttachmentRef::Vpc { vpc: vpc.clone() })?;
    match &destinations[..] {
        // One alone carries a token, so that a lost answer is asked for again.
        [destination] => one(session, (region, vpc, table), destination, next_hop).await,
        _ => many(session, (region, vpc, table), destinations, next_hop).await,
    }
}

type Place<'p> = (&'p Region, &'p VpcId, &'p RouteTableId);

async fn one(
    session: &Session<'_>,
    (region, vpc, table): Place<'_>,
    destination: &str,
    next_hop: String,
) -> Result<usize, WriteError> {
    let create = vpc::CreateRouteEntry {
        route_table_id: table.to_string(),
        destination_cidr_block: destination.to_owned(),
        next_hop_type: Some(NEXT_HOP.to_owned()),
        next_hop_id: Some(next_hop),
        route_entry_name: Some(NAME.to_owned()),
        description: Some(session.deployment().description(&session.binding().name)),
        client_token: Some(session.fresh_token()),
        ..Default::default()
    };
    session.call(side_of(session.binding(), vpc), region.as_str(), &create).await?;
    Ok(1)
}

async fn many(
    session: &Session<'_>,
    (region, vpc, table): Place<'_>,
    destinations: Vec<String>,
    next_hop: String,
) -> Result<usize, WriteError> {
    let description = session.deployment().description(&session.binding().name);
    let entries = destinations.iter().map(|destination| vpc::NewRouteEntry {
        route_table_id: table.to_string(),
        dst_cidr_block: destination.clone(),
        next_hop_type: NEXT_HOP.to_owned(),
        next_hop: next_hop.clone(),
        name: Some(NAME.to_owned()),
        description: Some(description.clone()),
    });
    let create = vpc::CreateRouteEntries { route_entries: entries.collect(), ..Default::default() };
    let answer = match session.call(side_of(session.binding(), vpc), region.as_str(), &create).await {
        Ok(answer) => answer,
        Err(WriteError::Cloud { error, .. }) => return Err(WriteError::of(*error, destinations.len())),
        Err(problem) => return Err(problem),
    };
    let refused =
        |destination: &String| answer.failed_route_entries.iter().find(|failed| &failed.dst_cidr_block == destination);
    // Those before the first refused one were made; the loop asks for the others again, that one first.
    match destinations.iter().enumerate().find_map(|(place, destination)| Some((place, refused(destination)?))) {
        None => Ok(destinations.len()),
        Some((0, failed)) => {
            let error = Error {
                kind: ErrorKind::Refused,
                status: Some(200),
                code: failed.failed_code.clone(),
                message: failed.failed_message.clone(),
                request_id: answer.request_id.clone(),
                action: vpc::CreateRouteEntries::NAME,
                retry_after: None,
                place: None,
            };
            Err(WriteError::of(error, destinations.len()))
        }
        Some((made, _)) => Ok(made),
    }
}
