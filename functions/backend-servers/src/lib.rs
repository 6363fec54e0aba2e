//! Step 1, second part: the members. Members are exactly the selected instances with an open path, by private address with
//! Remote IP on. Leavers are drained, then deregistered.
//!
//! The plan decides which changes are made. This stage makes the first changes of one kind together, as many as one call
//! accepts.

use onboarding::change::{Change, StageName, Write};
use onboarding::ids::ServerGroupId;
use onboarding::mark::MemberState;
use onboarding::topology::Topology;
use openapi::{Action, alb, cbn, vpc};
use stage::{Needs, Session, Stage, WriteError, call_members, change_members, head, members_group};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct BackendServers;

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
        let group = members_group(session, topology)?;
        let added = head(changes, |write| added(session, write));
        if added.is_empty() { change_members(session, group, changes).await } else { add(session, group, added).await }
    }
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

async fn add(session: &Session<'_>, group: &ServerGroupId, servers: Vec<alb::NewServer>) -> Result<usize, WriteError> {
    let count = servers.len();
    let add = alb::AddServersToServerGroup {
        server_group_id: group.to_string(),
        servers,
        client_token: Some(session.fresh_token()),
        ..Default::default()
    };
    call_members(session, &add, count).await
}
