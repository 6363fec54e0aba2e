//! After the procedure: removes what albridge created and no binding wants any more. It comes last (make before break).
//!
//! Only VPC routes, security group rules and transit router routes with our ownership mark. Attachments, connections,
//! listeners and server groups are reported and left to a person.

use onboarding::change::{Change, StageName};
use onboarding::topology::Topology;
use openapi::{Action, cbn, ecs, vpc};
use stage::{Needs, Session, Stage, WriteError, remove_entry};

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
        match changes.first() {
            Some(change) => remove_entry(session, topology, &change.write).await,
            None => Ok(0),
        }
    }
}
