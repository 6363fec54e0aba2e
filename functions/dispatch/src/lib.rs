//! The trigger: starts executions of the workflow for events, the timer and manual requests, and coalesces them. Executions
//! of one binding take turns.
//!
//! ```text
//!   ECS event ─┐                         ┌► StartExecution <binding>-<window>
//!   timer ─────┼─► which bindings? ──────┤
//!   a person ──┘   (the cloud decides)   └► drift, reported
//!
//!   a run's Turn state ─► whose turn is it? ─► continue, wait, or stand down
//! ```
//!
//! Level-triggered, not edge-triggered: an event only tells where to look. A lost, late, duplicated or forged event changes
//! nothing that the schedule would not change. An event from an unknown account, source or type only causes a log line
//! (decision 0023).

mod answer;
mod bindings;
mod drift;
pub mod event;
mod start;
mod turn;

use std::collections::BTreeSet;
use std::future::ready;

use fc_runtime::Context;
use handler::Handler;
use onboarding::{Binding, Code, Reason, StageName};
use serde_json::Value;
use stage::{Invocation, Needs, StageError, store};

use event::Trigger;

pub use answer::{Dispatched, Drift, Started};

/// The trigger's function.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch;

impl Handler for Dispatch {
    const NAME: StageName = StageName::Dispatch;
    /// What the drift check reads.
    const NEEDS: Needs = Needs::ALL;
    const ACTIONS: &'static [&'static str] = &["fnf:StartExecution", "fnf:ListExecutions", "fnf:StopExecution"];
    type Event = Value;
    type Answer = Dispatched;

    async fn answer(
        &self,
        invocation: &Invocation<'_>,
        context: &Context,
        event: Value,
    ) -> Result<Dispatched, StageError> {
        dispatch(invocation, &context.account_id, &event).await
    }
}

/// Handles a trigger. `account` is the deployment's own account; empty if it is not known.
///
/// # Errors
/// [`StageError`]: as for every stage.
pub async fn dispatch(invocation: &Invocation<'_>, account: &str, event: &Value) -> Result<Dispatched, StageError> {
    match event::read(event) {
        Trigger::Ignored(why) => Ok(ignored(&why)),
        Trigger::Turn { binding, run } => turn::take(invocation, &binding, &run).await,
        Trigger::Timer => drift::repair(invocation).await,
        Trigger::Manual { binding } => {
            let store = store::of(invocation).await?;
            store::find(&store, &binding)?;
            start::where_concerned(invocation, vec![(&binding, ready(true))]).await
        }
        Trigger::Instances { region, ids, accounts } => {
            let store = store::of(invocation).await?;
            let bindings = bindings::within(&store, region.as_ref(), &accounts, account);
            if let Some(why) = foreign(account, &accounts, &bindings) {
                return Ok(ignored(&why));
            }
            let (region, ids) = (region.as_ref(), &ids);
            let asked =
                bindings.into_iter().map(|binding| (&binding.name, bindings::holds(invocation, binding, region, ids)));
            start::where_concerned(invocation, asked.collect()).await
        }
        Trigger::Region { region, accounts } => {
            let store = store::of(invocation).await?;
            let bindings = bindings::within(&store, Some(&region), &accounts, account);
            if let Some(why) = foreign(account, &accounts, &bindings) {
                return Ok(ignored(&why));
            }
            let all = bindings.into_iter().map(|binding| (&binding.name, ready(true)));
            start::where_concerned(invocation, all.collect()).await
        }
    }
}

/// Why an event from these accounts concerns no binding, if the accounts are the cause.
fn foreign(ours: &str, accounts: &BTreeSet<String>, bindings: &[&Binding]) -> Option<String> {
    let other = accounts.iter().find(|account| *account != ours)?;
    bindings.is_empty().then(|| format!("no binding here has to do with account {}", event::quoted(other)))
}

fn ignored(why: &str) -> Dispatched {
    tracing::warn!(why, "event ignored");
    let reason = Reason::new(Code::EventIgnored, "event", format!("The event was ignored: {why}."));
    Dispatched { ignored: vec![reason], ..Dispatched::default() }
}
