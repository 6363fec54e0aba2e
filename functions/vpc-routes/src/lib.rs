//! Step 5 of the procedure: the system route table of the ALB's VPC sends the backends' prefixes to the transit router.
//!
//! Exactly the prefixes of the vSwitches that hold backends: the console's default of whole private ranges would capture
//! other traffic. The cloud takes one route write at a time per VPC.

use fc_runtime::{Diagnostic, LambdaEvent};
use onboarding::change::{Change, StageName};
use onboarding::topology::Topology;
use stage::{Host, Invocation, Needs, Problem, Report, Request, Session, Stage, add_vpc_route, run};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct VpcRoutes;

/// Answers one invocation.
///
/// # Errors
/// More time is needed, the cloud is failing, or the bindings cannot be read.
pub async fn handle(host: Host, event: LambdaEvent<Request>) -> Result<Report, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    let keys = context.credentials.as_ref();
    let keys = keys.map(|key| (&*key.access_key_id, &*key.access_key_secret, key.security_token.as_deref()));
    let invocation = Invocation::of(&host, context.deadline(), keys);
    let report = run(&VpcRoutes, &invocation, &payload).await;
    report.map_err(|failure| Diagnostic {
        error_type: failure.error_type().to_owned(),
        error_message: failure.to_string(),
    })
}

impl Stage for VpcRoutes {
    const NAME: StageName = StageName::VpcRoutes;
    const NEEDS: Needs = Needs::MEMBERS.and(Needs::CEN).and(Needs::SURROUNDINGS);
    const WRITES: &'static [&'static str] = &["vpc:CreateRouteEntry"];

    async fn write(&self, cx: &Session<'_>, topology: &Topology, changes: &[Change]) -> Result<usize, Problem> {
        let Some(change) = changes.first() else { return Ok(0) };
        add_vpc_route(cx, topology, &change.write).await
    }
}
