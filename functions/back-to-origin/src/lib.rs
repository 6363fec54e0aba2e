//! Step 6 of the procedure: the way back. The backend VPC's routes to the ALB's source prefixes and, for a non-upgraded
//! ALB, the transit router's static routes to the ALB's VPC.

use fc_runtime::{Diagnostic, LambdaEvent};
use onboarding::change::{Change, StageName, Write};
use onboarding::topology::Topology;
use openapi::cbn;
use stage::{
    Host, Invocation, Needs, Problem, Report, Request, Session, Side, Stage, add_vpc_route, attachment_id, run,
};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct BackToOrigin;

/// Answers one invocation.
///
/// # Errors
/// More time is needed, the cloud is failing, or the bindings cannot be read.
pub async fn handle(host: Host, event: LambdaEvent<Request>) -> Result<Report, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    let keys = context.credentials.as_ref();
    let keys = keys.map(|key| (&*key.access_key_id, &*key.access_key_secret, key.security_token.as_deref()));
    let invocation = Invocation::of(&host, context.deadline(), keys);
    let report = run(&BackToOrigin, &invocation, &payload).await;
    report.map_err(|failure| Diagnostic {
        error_type: failure.error_type().to_owned(),
        error_message: failure.to_string(),
    })
}

impl Stage for BackToOrigin {
    const NAME: StageName = StageName::BackToOrigin;
    const NEEDS: Needs = Needs::MEMBERS.and(Needs::CEN).and(Needs::SURROUNDINGS);
    const WRITES: &'static [&'static str] = &["vpc:CreateRouteEntry", "cen:CreateTransitRouterRouteEntry"];

    async fn write(&self, cx: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, Problem> {
        let Some(change) = changes.first() else { return Ok(0) };
        let Write::AddTransitRoute { region, table, destination, attachment } = &change.write else {
            return add_vpc_route(cx, topology, &change.write).await;
        };
        let create = cbn::CreateTransitRouterRouteEntry {
            transit_router_route_table_id: table.to_string(),
            transit_router_route_entry_destination_cidr_block: destination.to_string(),
            transit_router_route_entry_next_hop_type: "Attachment".to_owned(),
            transit_router_route_entry_next_hop_id: Some(attachment_id(topology, attachment)?),
            transit_router_route_entry_name: Some("albridge".to_owned()),
            transit_router_route_entry_description: Some(cx.deployment().description(&cx.binding().name)),
            client_token: Some(cx.fresh_token()),
            ..Default::default()
        };
        cx.call(Side::Cen, region.as_str(), &create).await?;
        Ok(1)
    }
}
