//! The writes that prune and teardown share: a route or a security group rule of this deployment goes.

use onboarding::change::Write;
use onboarding::topology::Topology;
use openapi::{cbn, ecs, vpc};

use crate::cloud::{Side, side_of};
use crate::error::WriteError;
use crate::session::Session;

/// Makes a [`Write::RemoveVpcRoute`], [`Write::RemoveTransitRoute`] or [`Write::RevokeIngress`]. Returns how many changes it
/// made (0 for any other write).
///
/// # Errors
/// The cloud's refusal, or a missing security group.
pub async fn remove_entry(session: &Session<'_>, topology: &Topology, write: &Write) -> Result<usize, WriteError> {
    match write {
        Write::RemoveVpcRoute { region, vpc, route, .. } => {
            let delete = vpc::DeleteRouteEntry { route_entry_id: Some(route.to_string()), ..Default::default() };
            session.call(side_of(session.binding(), vpc), region.as_str(), &delete).await?;
        }
        Write::RemoveTransitRoute { region, route, .. } => {
            let delete = cbn::DeleteTransitRouterRouteEntry {
                transit_router_route_entry_id: Some(route.to_string()),
                client_token: Some(session.fresh_token()),
                ..Default::default()
            };
            session.call(Side::Cen, region.as_str(), &delete).await?;
        }
        Write::RevokeIngress { region, group, rule, .. } => {
            let Some(known) = topology.security_group(group) else {
                return Err(WriteError::missing(group, format!("Security group {group} is not there.")));
            };
            let revoke = ecs::RevokeSecurityGroup {
                security_group_id: group.to_string(),
                security_group_rule_id: vec![rule.to_string()],
                client_token: Some(session.fresh_token()),
                ..Default::default()
            };
            session.call(side_of(session.binding(), &known.vpc), region.as_str(), &revoke).await?;
        }
        _ => return Ok(0),
    }
    Ok(1)
}
