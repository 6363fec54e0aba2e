//! Step 1, second part: the members. Members are exactly the selected instances with an open path, by private address with
//! Remote IP on. Leavers are drained, then deregistered.
//!
//! The plan decides which changes are made. This stage makes the first changes of one kind together, as many as one call
//! accepts.

use onboarding::change::{Change, StageName, Write};
use onboarding::mark::{MemberState, Role};
use onboarding::topology::Topology;
use openapi::{Action, alb, cbn, vpc};
use stage::{Needs, Session, Side, Stage, WriteError};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct BackendServers;

/// The most servers in one call (cloud-apis.md, section 4).
const SERVERS_PER_CALL: usize = 200;

impl Stage for BackendServers {
    const NAME: StageName = StageName::BackendServers;
    const NEEDS: Needs =
        Needs::MEMBERS.and(Needs::HEALTH).and(Needs::CEN).and(Needs::SECURITY).and(Needs::SURROUNDINGS);
    const WRITES: &'static [&'static str] =
        &["alb:AddServersToServerGroup", "alb:RemoveServersFromServerGroup", "alb:UpdateServerGroupServersAttribute"];
    const SHOWS: &'static [&'static str] = &[
        alb::ListServerGroups::NAME,
        alb::ListServerGroupServers::NAME,
        alb::GetListenerHealthStatus::NAME,
        cbn::ListTransitRouterRouteEntries::NAME,
        vpc::DescribeRouteEntryList::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let name = &session.binding().server_group.name;
        let mark = session.deployment().tag(&session.binding().name, Role::ServerGroup);
        let Some(group) = topology.server_group(&mark, name) else {
            return Err(WriteError::missing(name, format!("The server group {name} is not there.")));
        };
        let group = group.id.to_string();
        let added = head(changes, |write| added(session, write));
        if !added.is_empty() {
            return add(session, group, added).await;
        }
        let updated = head(changes, |write| updated(session, write));
        if !updated.is_empty() {
            return update(session, group, updated).await;
        }
        let removed = head(changes, removed);
        if removed.is_empty() { Ok(0) } else { remove(session, group, removed).await }
    }
}

/// The first changes in `changes` that are of one kind, at most as many as one call accepts.
fn head<T>(changes: &[Change], of: impl Fn(&Write) -> Option<T>) -> Vec<T> {
    changes.iter().take(SERVERS_PER_CALL).map_while(|change| of(&change.write)).collect()
}

fn added(session: &Session<'_>, write: &Write) -> Option<alb::NewServer> {
    let Write::AddServer { instance, address, port, weight } = write else { return None };
    Some(alb::NewServer {
        server_type: "Ip".to_owned(),
        server_id: address.to_string(),
        server_ip: Some(address.to_string()),
        port: *port,
        weight: Some(*weight),
        remote_ip_enabled: Some(true),
        description: Some(session.deployment().member(&session.binding().name, instance, MemberState::Serving)),
    })
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

async fn add(session: &Session<'_>, group: String, servers: Vec<alb::NewServer>) -> Result<usize, WriteError> {
    let count = servers.len();
    let client_token = Some(session.fresh_token());
    let add = alb::AddServersToServerGroup { server_group_id: group, servers, client_token, ..Default::default() };
    call(session, &add, count).await
}

async fn update(session: &Session<'_>, group: String, servers: Vec<alb::ServerUpdate>) -> Result<usize, WriteError> {
    let count = servers.len();
    let client_token = Some(session.fresh_token());
    let update =
        alb::UpdateServerGroupServersAttribute { server_group_id: group, servers, client_token, ..Default::default() };
    call(session, &update, count).await
}

async fn remove(session: &Session<'_>, group: String, servers: Vec<alb::ServerKey>) -> Result<usize, WriteError> {
    let count = servers.len();
    let client_token = Some(session.fresh_token());
    let remove =
        alb::RemoveServersFromServerGroup { server_group_id: group, servers, client_token, ..Default::default() };
    call(session, &remove, count).await
}

/// A refusal concerns all servers of the call; the loop then retries with fewer.
async fn call<A: Action>(session: &Session<'_>, action: &A, count: usize) -> Result<usize, WriteError> {
    let made = session.call(Side::Alb, session.binding().alb.region.as_str(), action).await;
    match made {
        Ok(_) => Ok(count),
        Err(WriteError::Cloud { error, .. }) => Err(WriteError::of(error, count)),
        Err(problem) => Err(problem),
    }
}
