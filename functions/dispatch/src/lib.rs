//! The trigger: starts executions of the workflow for events, the timer and manual requests, and coalesces them. Executions
//! of one binding take turns.
//!
//! ```text
//!   ECS event ─┐                         ┌► StartExecution <binding>-<window>
//!   timer ─────┼─► which bindings? ──────┤
//!   a person ──┘   (the cloud decides)   └► drift, reported
//!
//!   the same in an outpost ─► dispatch at home
//!
//!   a run's Turn state ─► whose turn is it? ─► continue, wait, or stand down
//!   a run's last state ─► what became of it? ─► one line
//! ```
//!
//! Level-triggered, not edge-triggered: an event only tells where to look. A lost, late, duplicated or forged event changes
//! nothing that the schedule would not change. An event from an unknown account, source or type only causes a log line
//! (decision 0023).

mod answer;
mod bindings;
mod drift;
mod ended;
pub mod event;
mod meeting;
mod outpost;
mod share;
mod start;
mod summary;
pub mod telling;
mod turn;

use fc_runtime::Context;
use handler::Handler;
use onboarding::StageName;
use serde_json::Value;
use stage::{Invocation, Needs, StageError, StoreLocation, store};

use bindings::Sighting;
use event::{Trigger, quoted};
use meeting::Meeting;

pub use answer::{Dispatched, Drift, Started};
pub use summary::{Outcome, Summary};

/// The trigger's function.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch;

impl Handler for Dispatch {
    const NAME: StageName = StageName::Dispatch;
    /// What the drift check reads.
    const NEEDS: Needs = Needs::ALL;
    /// Those of home's: an outpost's needs `fc:InvokeFunction`, and nothing else.
    const ACTIONS: &'static [&'static str] = &[
        "fnf:StartExecution",
        "fnf:ListExecutions",
        "fnf:StopExecution",
        "fnf:DescribeExecution",
        "fnf:GetExecutionHistory",
        "oss:PutObject",
    ];
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
/// It ends before the invocation's deadline, whatever it waits for: what events share in a process holds only while
/// invocations are under way, and an invocation that was cut would look like one.
///
/// # Errors
/// [`StageError`]: as for every stage.
pub async fn dispatch(invocation: &Invocation<'_>, account: &str, event: &Value) -> Result<Dispatched, StageError> {
    let host = invocation.host;
    let meeting = host.shared::<Meeting>();
    let _present = meeting.enter();
    let limit = host.clock().until(invocation.budget_end()) + host.settings().margin / 2;
    let late = |_| StageError::StillPending { what: "the trigger was not handled in time".to_owned() };
    // Boxed: without the box every caller's future would contain it.
    host.clock().timeout(limit, Box::pin(handle(invocation, account, event))).await.map_err(late)?
}

async fn handle(invocation: &Invocation<'_>, account: &str, event: &Value) -> Result<Dispatched, StageError> {
    let trigger = event::read(event);
    if let Some(stranger) = trigger.stranger(invocation.host.settings().accounts.as_ref(), account) {
        return Ok(answer::ignored(&format!("this deployment has nothing to do with account {}", quoted(stranger))));
    }
    match trigger {
        Trigger::Ignored(why) => Ok(answer::ignored(&why)),
        _ if invocation.host.settings().store == StoreLocation::AtHome => outpost::hand_on(invocation, event).await,
        Trigger::Turn { binding, run } => turn::take(invocation, &binding, &run).await,
        Trigger::Ended { binding, run } => ended::sum_up(invocation, &binding, &run).await,
        Trigger::Timer => drift::repair(invocation).await,
        Trigger::Manual { binding } => {
            let store = store::of(invocation).await?;
            store::find(&store, &binding)?;
            start::asked_for(invocation, &binding).await
        }
        Trigger::Instances { region, ids, accounts } => {
            share::handle(invocation, account, Sighting { region, ids: Some(ids), accounts }).await
        }
        Trigger::Region { region, accounts } => {
            share::handle(invocation, account, Sighting { region: Some(region), ids: None, accounts }).await
        }
    }
}
