//! Step 1 of the procedure: a server group of type IP in the ALB's VPC, with the health check, scheduler and connection
//! draining of the binding. The stage `backend-servers` adds the members later.

use onboarding::change::{Change, StageName, Write};
use onboarding::ids::VpcId;
use onboarding::mark::{Role, TAG_KEY};
use onboarding::topology::{ServerGroupSettings, Topology};
use openapi::{Action, alb};
use stage::{Needs, Owner, Session, Side, Stage, WriteError};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct ServerGroup;

impl Stage for ServerGroup {
    const NAME: StageName = StageName::ServerGroup;
    const NEEDS: Needs = Needs::GROUPS;
    const WRITES: &'static [&'static str] = &[
        "alb:CreateServerGroup",
        "alb:UpdateServerGroupAttribute",
        "alb:DeleteServerGroup",
        "alb:TagResources",
        // To check whether a group that was created, but is not listed, is gone.
        "alb:ListServerGroupServers",
        "vpc:DescribeVpcAttribute",
    ];
    const SHOWS: &'static [&'static str] = &[alb::ListServerGroups::NAME];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(change) = changes.first() else { return Ok(0) };
        match &change.write {
            Write::CreateServerGroup { name, vpc, settings } => {
                return create(session, topology, name, vpc, settings).await;
            }
            Write::UpdateServerGroup { group, settings } => {
                let update = alb::UpdateServerGroupAttribute {
                    server_group_id: group.to_string(),
                    scheduler: Some(settings.scheduler.clone()),
                    health_check_config: Some(health_check(settings)),
                    sticky_session_config: Some(sticky(settings)),
                    connection_drain_config: Some(draining(settings)),
                    ..Default::default()
                };
                session.call(Side::Alb, session.binding().alb.region.as_str(), &update).await?;
            }
            Write::DeleteServerGroup { group } => {
                let delete = alb::DeleteServerGroup { server_group_id: group.to_string(), ..Default::default() };
                session.call(Side::Alb, session.binding().alb.region.as_str(), &delete).await?;
            }
            _ => return Ok(0),
        }
        Ok(1)
    }
}

async fn create(
    session: &Session<'_>,
    topology: &Topology,
    name: &str,
    vpc: &VpcId,
    settings: &ServerGroupSettings,
) -> Result<usize, WriteError> {
    let create = alb::CreateServerGroup {
        server_group_name: name.to_owned(),
        server_group_type: Some("Ip".to_owned()),
        vpc_id: Some(vpc.to_string()),
        protocol: Some(settings.protocol.clone()),
        scheduler: Some(settings.scheduler.clone()),
        health_check_config: health_check(settings),
        sticky_session_config: Some(sticky(settings)),
        connection_drain_config: settings.drain_seconds.map(|_| draining(settings)),
        tag: vec![alb::Tag {
            key: TAG_KEY.to_owned(),
            value: session.deployment().tag(&session.binding().name, Role::ServerGroup),
        }],
        ..Default::default()
    };
    session.create(Owner::Binding, Side::Alb, session.binding().alb.region.as_str(), topology, create).await
}

fn health_check(settings: &ServerGroupSettings) -> alb::HealthCheckConfig {
    let check = &settings.health_check;
    let enabled = alb::HealthCheckConfig { health_check_enabled: Some(check.enabled), ..Default::default() };
    if !check.enabled {
        return enabled;
    }
    let config = alb::HealthCheckConfig {
        health_check_protocol: Some(check.protocol.clone()),
        health_check_connect_port: Some(check.port),
        health_check_interval: Some(check.interval),
        health_check_timeout: Some(check.timeout),
        healthy_threshold: Some(check.healthy_threshold),
        unhealthy_threshold: Some(check.unhealthy_threshold),
        ..enabled
    };
    if check.protocol == "TCP" {
        return config;
    }
    alb::HealthCheckConfig {
        health_check_path: Some(check.path.clone()),
        health_check_method: Some(check.method.clone()),
        // Always set, so that an update can remove a host name.
        health_check_host: Some(if check.host.is_empty() { "$SERVER_IP".to_owned() } else { check.host.clone() }),
        health_check_codes: check.codes.clone(),
        ..config
    }
}

fn sticky(settings: &ServerGroupSettings) -> alb::StickySessionConfig {
    alb::StickySessionConfig {
        sticky_session_enabled: Some(settings.sticky),
        sticky_session_type: settings.sticky.then(|| "Insert".to_owned()),
        ..Default::default()
    }
}

fn draining(settings: &ServerGroupSettings) -> alb::ConnectionDrainConfig {
    alb::ConnectionDrainConfig {
        connection_drain_enabled: Some(settings.drain_seconds.is_some()),
        connection_drain_timeout: settings.drain_seconds,
    }
}
