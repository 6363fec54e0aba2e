//! After the procedure: removes what albridge created and no binding wants any more. It comes last (make before break).
//!
//! Only VPC routes, security group rules and transit router routes with our ownership mark. Attachments, connections,
//! listeners and server groups are reported and left to a person.

use onboarding::change::{Change, StageName, Write};
use onboarding::topology::Topology;
use openapi::{Action, cbn, ecs, vpc};
use stage::{Needs, Session, Side, Stage, WriteError, side_of};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct Prune;

impl Stage for Prune {
    const NAME: StageName = StageName::Prune;
    const NEEDS: Needs = Needs::MEMBERS.and(Needs::CEN).and(Needs::SECURITY).and(Needs::SURROUNDINGS);
    const WRITES: &'static [&'static str] =
        &["vpc:DeleteRouteEntry", "cen:DeleteTransitRouterRouteEntry", "ecs:RevokeSecurityGroup"];
    const SHOWS: &'static [&'static str] = &[
        vpc::DescribeRouteEntryList::NAME,
        cbn::ListTransitRouterRouteEntries::NAME,
        ecs::DescribeSecurityGroupAttribute::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        let Some(change) = changes.first() else { return Ok(0) };
        match &change.write {
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
}
