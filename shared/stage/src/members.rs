//! The writes about members that leave: backend-servers and teardown share them. The first changes of one kind go together, as
//! many as one call accepts.

use onboarding::change::{Change, Write};
use onboarding::ids::ServerGroupId;
use onboarding::mark::Role;
use onboarding::topology::Topology;
use openapi::{Action, alb};

use crate::cloud::Side;
use crate::error::WriteError;
use crate::session::Session;

/// The most servers in one call (cloud-apis.md, section 4).
const SERVERS_PER_CALL: usize = 200;

/// The binding's server group.
///
/// # Errors
/// [`WriteError::Blocked`] if it is not there.
pub fn members_group<'t>(session: &Session<'_>, topology: &'t Topology) -> Result<&'t ServerGroupId, WriteError> {
    let name = &session.binding().server_group.name;
    let mark = session.deployment().tag(&session.binding().name, Role::ServerGroup);
    let group = topology.server_group(&mark, name).map(|group| &group.id);
    group.ok_or_else(|| WriteError::missing(name, format!("The server group {name} is not there.")))
}

/// Makes the first of `changes` in one call if they are [`Write::UpdateServer`] or [`Write::RemoveServer`]. Returns how many it
/// made (0 for any other write).
///
/// # Errors
/// The cloud's refusal.
pub async fn change_members(
    session: &Session<'_>,
    group: &ServerGroupId,
    changes: &[Change],
) -> Result<usize, WriteError> {
    let updated = head(changes, |write| updated(session, write));
    if !updated.is_empty() {
        let count = updated.len();
        let update = alb::UpdateServerGroupServersAttribute {
            server_group_id: group.to_string(),
            servers: updated,
            client_token: Some(session.fresh_token()),
            ..Default::default()
        };
        return call_members(session, &update, count).await;
    }
    let removed = head(changes, removed);
    if removed.is_empty() {
        return Ok(0);
    }
    let count = removed.len();
    let remove = alb::RemoveServersFromServerGroup {
        server_group_id: group.to_string(),
        servers: removed,
        client_token: Some(session.fresh_token()),
        ..Default::default()
    };
    call_members(session, &remove, count).await
}

/// The first changes in `changes` that are of one kind, at most as many as one call accepts.
pub fn head<T>(changes: &[Change], of: impl Fn(&Write) -> Option<T>) -> Vec<T> {
    changes.iter().take(SERVERS_PER_CALL).map_while(|change| of(&change.write)).collect()
}

fn updated(session: &Session<'_>, write: &Write) -> Option<alb::ServerUpdate> {
    let Write::UpdateServer { instance, address, port, weight, state } = write else { return None };
    Some(alb::ServerUpdate {
        server_type: "Ip".to_owned(),
        server_id: address.to_string(),
        server_ip: Some(address.to_string()),
        port: *port,
        weight: Some(*weight),
        description: Some(session.deployment().member(&session.binding().name, instance, *state)),
    })
}

fn removed(write: &Write) -> Option<alb::ServerKey> {
    let Write::RemoveServer { address, port, .. } = write else { return None };
    Some(alb::ServerKey {
        server_type: "Ip".to_owned(),
        server_id: address.to_string(),
        server_ip: Some(address.to_string()),
        port: *port,
    })
}

/// A call about `count` members. A refusal concerns all of them; the loop then retries with fewer.
///
/// # Errors
/// The cloud's refusal.
pub async fn call_members<A: Action>(session: &Session<'_>, action: &A, count: usize) -> Result<usize, WriteError> {
    match session.call(Side::Alb, session.binding().alb.region.as_str(), action).await {
        Ok(_) => Ok(count),
        Err(WriteError::Cloud { error, .. }) => Err(WriteError::of(*error, count)),
        Err(problem) => Err(problem),
    }
}
