//! Step 2 of the procedure: a listener of the ALB forwards to the server group.

use onboarding::change::{Change, StageName, Write};
use onboarding::mark::{Role, TAG_KEY};
use onboarding::topology::Topology;
use openapi::{Action, alb};
use stage::{Needs, Owner, Session, Side, Stage, WriteError};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct Listener;

impl Stage for Listener {
    const NAME: StageName = StageName::Listener;
    const NEEDS: Needs = Needs::GROUPS.and(Needs::LISTENERS);
    const WRITES: &'static [&'static str] = &[
        "alb:CreateListener",
        "alb:UpdateListenerAttribute",
        "alb:TagResources",
        // To check whether a listener that was created, but is not listed, is gone.
        "alb:GetListenerAttribute",
        "vpc:DescribeVpcAttribute",
    ];
    const SHOWS: &'static [&'static str] = &[alb::ListListeners::NAME, alb::ListServerGroups::NAME];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(change) = changes.first() else { return Ok(0) };
        let name = &session.binding().server_group.name;
        let mark = session.deployment().tag(&session.binding().name, Role::ServerGroup);
        let Some(group) = topology.server_group(&mark, name) else {
            return Err(WriteError::missing(name, format!("The server group {name} is not there.")));
        };
        let forward = vec![alb::ListenerAction::forward_to(group.id.as_str())];
        match &change.write {
            Write::CreateListener { protocol, port } => {
                let tag = session.deployment().tag(&session.binding().name, Role::Listener);
                let create = alb::CreateListener {
                    load_balancer_id: session.binding().alb.id.to_string(),
                    listener_protocol: protocol.clone(),
                    listener_port: *port,
                    listener_description: Some(session.deployment().description(&session.binding().name)),
                    default_actions: forward,
                    tag: vec![alb::Tag { key: TAG_KEY.to_owned(), value: tag }],
                    ..Default::default()
                };
                let region = session.binding().alb.region.as_str();
                return session.create(Owner::Binding, Side::Alb, region, topology, create).await;
            }
            Write::ForwardListener { listener } => {
                let update = alb::UpdateListenerAttribute {
                    listener_id: listener.to_string(),
                    default_actions: forward,
                    ..Default::default()
                };
                session.call(Side::Alb, session.binding().alb.region.as_str(), &update).await?;
            }
            _ => return Ok(0),
        }
        Ok(1)
    }
}
