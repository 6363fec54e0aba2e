//! A cloud that returns false answers: the answers of one action are rewritten on their way to the client.

use std::sync::Arc;

use bytes::Bytes;
use local::Local;
use onboarding::Plan;
use onboarding::ids::BindingName;
use openapi::{Sending, Transport};
use serde_json::Value;
use stage::{Host, Invocation, Report, Request, Stage, StageError};
use std::time::Duration;

/// The time limit of one reading or stage.
const LIMIT: Duration = Duration::from_secs(3600);

/// The rewritten answer of an action.
pub type Lie = Arc<dyn Fn(Value) -> String + Send + Sync>;

/// A lie that changes the answer's JSON.
pub fn changed(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lie {
    Arc::new(move |mut answer| {
        change(&mut answer);
        answer.to_string()
    })
}

/// A lie with a fixed body.
#[must_use]
pub fn fixed(body: &'static str) -> Lie {
    Arc::new(move |_| body.to_owned())
}

struct Lying {
    way: Arc<dyn Transport>,
    action: &'static str,
    lie: Lie,
}

impl Transport for Lying {
    fn send(&self, request: http::Request<Bytes>) -> Sending {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let asked = form_urlencoded::parse(query).any(|(name, value)| name == "Action" && value == self.action)
            || request.headers().get("x-acs-action").is_some_and(|action| action == self.action);
        let sending = self.way.send(request);
        let lie = asked.then(|| Arc::clone(&self.lie));
        Box::pin(async move {
            let response = sending.await?;
            Ok(match lie {
                Some(lie) if response.status().is_success() => {
                    response.map(|body| Bytes::from(lie(serde_json::from_slice(&body).unwrap_or_default())))
                }
                _ => response,
            })
        })
    }
}

/// An operator's machine that receives every answer of `action` rewritten by `lie`.
pub fn host(local: &Local, action: &'static str, lie: &Lie) -> Host {
    local.operator_host_by(|way| Arc::new(Lying { way, action, lie: Arc::clone(lie) }))
}

/// The plan of a binding, computed on that machine.
///
/// # Errors
/// [`StageError`] if it cannot be computed.
pub async fn plan(host: &Host, binding: &str) -> Result<Plan, StageError> {
    let deadline = host.clock().now() + LIMIT;
    let invocation = Invocation::until(host, deadline);
    Ok(Box::pin(stage::plan_whole(&invocation, &BindingName::from(binding), false)).await?.1)
}

/// One stage, run on that machine as by a workflow.
///
/// # Errors
/// The [`StageError`] of the stage.
pub async fn run<S: Stage>(host: &Host, binding: &str, stage: &S) -> Result<Report, StageError> {
    let deadline = host.clock().now() + LIMIT;
    let invocation = Invocation::until(host, deadline);
    Box::pin(stage::run(
        stage,
        &invocation,
        &Request { binding: BindingName::from(binding), run: String::new(), accepted: false },
    ))
    .await
}
