//! The second half of step 1: exactly the wanted instances whose path is open are members, by private address with
//! Remote IP on; leavers are drained, then removed.
//!
//! The plan decides who; here the changes of one kind at the head of it go together, as many as one call takes.

use onboarding::change::{Change, StageName, Write};
use onboarding::mark::{MemberState, Role};
use onboarding::topology::Topology;
use openapi::{Action, alb, cbn, vpc};
use stage::{Needs, Problem, Session, Side, Stage};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct BackendServers;

/// Servers that one call takes (cloud-apis.md, section 4).
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

    async fn write(&self, cx: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, Problem> {
        let wish = &cx.binding().server_group.name;
        let mark = cx.deployment().tag(&cx.binding().name, Role::ServerGroup);
        let Some(group) = topology.server_group(&mark, wish) else {
            return Err(Problem::missing(wish, format!("The server group {wish} is not there.")));
        };
        let group = group.id.to_string();
        let added = head(changes, |write| added(cx, write));
        if !added.is_empty() {
            return add(cx, group, added).await;
        }
        let updated = head(changes, |write| updated(cx, write));
        if !updated.is_empty() {
            return update(cx, group, updated).await;
        }
        let removed = head(changes, removed);
        if removed.is_empty() { Ok(0) } else { remove(cx, group, removed).await }
    }
}

/// The changes of one kind at the head of `changes`, at most one call's worth.
fn head<T>(changes: &[Change], of: impl Fn(&Write) -> Option<T>) -> Vec<T> {
    changes.iter().take(SERVERS_PER_CALL).map_while(|change| of(&change.write)).collect()
}

fn added(cx: &Session<'_>, write: &Write) -> Option<alb::NewServer> {
    let Write::AddServer { instance, address, port, weight } = write else { return None };
    Some(alb::NewServer {
        server_type: "Ip".to_owned(),
        server_id: address.to_string(),
        server_ip: Some(address.to_string()),
        port: *port,
        weight: Some(*weight),
        remote_ip_enabled: Some(true),
        description: Some(cx.deployment().member(&cx.binding().name, instance, MemberState::Serving)),
    })
}

fn updated(cx: &Session<'_>, write: &Write) -> Option<alb::ServerUpdate> {
    let Write::UpdateServer { instance, address, port, weight, state } = write else { return None };
    Some(alb::ServerUpdate {
        server_type: "Ip".to_owned(),
        server_id: address.to_string(),
        server_ip: Some(address.to_string()),
        port: *port,
        weight: Some(*weight),
        description: Some(cx.deployment().member(&cx.binding().name, instance, *state)),
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

async fn add(cx: &Session<'_>, group: String, servers: Vec<alb::NewServer>) -> Result<usize, Problem> {
    let count = servers.len();
    let client_token = Some(cx.fresh_token());
    let add = alb::AddServersToServerGroup { server_group_id: group, servers, client_token, ..Default::default() };
    call(cx, &add, count).await
}

async fn update(cx: &Session<'_>, group: String, servers: Vec<alb::ServerUpdate>) -> Result<usize, Problem> {
    let count = servers.len();
    let client_token = Some(cx.fresh_token());
    let update =
        alb::UpdateServerGroupServersAttribute { server_group_id: group, servers, client_token, ..Default::default() };
    call(cx, &update, count).await
}

async fn remove(cx: &Session<'_>, group: String, servers: Vec<alb::ServerKey>) -> Result<usize, Problem> {
    let count = servers.len();
    let client_token = Some(cx.fresh_token());
    let remove =
        alb::RemoveServersFromServerGroup { server_group_id: group, servers, client_token, ..Default::default() };
    call(cx, &remove, count).await
}

/// A refusal is about all the servers of the call: the loop then tries fewer at a time.
async fn call<A: Action>(cx: &Session<'_>, action: &A, count: usize) -> Result<usize, Problem> {
    let made = cx.call(Side::Alb, cx.binding().alb.region.as_str(), action).await;
    match made {
        Ok(_) => Ok(count),
        Err(Problem::Cloud { error, .. }) => Err(Problem::of(error, count)),
        Err(problem) => Err(problem),
    }
}
