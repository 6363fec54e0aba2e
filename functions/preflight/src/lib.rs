//! The precautions and prerequisites of the procedure: what can be known before any write is known, by name.
//!
//! It looks at everything, plans everything, and reports every change that is blocked and why. It writes nothing, and
//! nothing that it finds stops the run: a failed check blocks only the changes that depend on it.

use fc_runtime::{Diagnostic, LambdaEvent};
use onboarding::change::{Change, StageName};
use onboarding::topology::Topology;
use stage::{Host, Invocation, Needs, Problem, Report, Request, Session, Stage, run};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct Preflight;

/// Answers one invocation.
///
/// # Errors
/// More time is needed, the cloud is failing, or the bindings cannot be read.
pub async fn handle(host: Host, event: LambdaEvent<Request>) -> Result<Report, Diagnostic> {
    let LambdaEvent { payload, context } = event;
    let keys = context.credentials.as_ref();
    let keys = keys.map(|key| (&*key.access_key_id, &*key.access_key_secret, key.security_token.as_deref()));
    let invocation = Invocation::of(&host, context.deadline(), keys);
    let report = run(&Preflight, &invocation, &payload).await;
    report.map_err(|failure| Diagnostic {
        error_type: failure.error_type().to_owned(),
        error_message: failure.to_string(),
    })
}

impl Stage for Preflight {
    const NAME: StageName = StageName::Preflight;
    const NEEDS: Needs = Needs::ALL;
    const WRITES: &'static [&'static str] = &[];

    async fn write(&self, _: &Session<'_>, _: &Topology, _: &[Change]) -> Result<usize, Problem> {
        Ok(0)
    }
}
