//! Step 5 of the procedure: routes in the system route table of the ALB's VPC, from the backends' prefixes to the transit
//! router.
//!
//! Only the prefixes of vSwitches with backends: the console's default, whole private ranges, would divert other traffic.
//! The cloud accepts one write at a time per VPC; one can carry several routes of a table.

use onboarding::change::{Change, StageName};
use onboarding::topology::Topology;
use openapi::{Action, cbn, vpc};
use stage::{Needs, Session, Stage, WriteError, add_vpc_routes};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct VpcRoutes;

impl Stage for VpcRoutes {
    const NAME: StageName = StageName::VpcRoutes;
    const NEEDS: Needs = Needs::MEMBERS.and(Needs::CEN).and(Needs::SURROUNDINGS);
    const WRITES: &'static [&'static str] = &["vpc:CreateRouteEntries", "vpc:CreateRouteEntry"];
    const SHOWS: &'static [&'static str] = &[
        vpc::DescribeRouteEntryList::NAME,
        cbn::ListTransitRouterVpcAttachments::NAME,
        cbn::ListTransitRouterPeerAttachments::NAME,
    ];

    async fn write(&self, session: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, WriteError> {
        add_vpc_routes(session, topology, changes).await
    }
}
