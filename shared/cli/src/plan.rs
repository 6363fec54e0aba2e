//! `albridge plan`: what `albridge apply` would change, and what blocks the rest. It writes nothing.

mod saved;
mod table;

use clock::Clock;
use jiff::SignedDuration;
use onboarding::ids::BindingName;
use onboarding::{Plan, Topology};
use serde_json::{Value, json};
use stage::{Host, Invocation, Readings};

use crate::args::PlanArgs;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit};
use crate::target::{self, Access, failed};
use crate::unread::PlanState;

pub(crate) use saved::Saved;
pub(crate) use table::{change, changes, table};

/// How long one binding may be read for.
const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// Shows the plans.
pub(crate) async fn plan(args: &PlanArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let mut plans = Vec::new();
    let readings = Readings::default();
    for binding in target::bindings(&store, args.binding.as_deref())? {
        let (_, plan) = look_with(&readings, &host, &binding, true).await?;
        show(&binding, &plan, console);
        plans.push((binding, plan));
    }
    let changes: usize = plans.iter().map(|(_, plan)| plan.changes.len()).sum();
    let blocked = plans.iter().flat_map(|(_, plan)| &plan.changes).filter(|change| !change.is_open()).count();
    let unread: usize = plans.iter().map(|(_, plan)| plan.unread.iter().count()).sum();
    let exit = plans.iter().map(|(_, plan)| PlanState::of(plan).exit(plan)).max().unwrap_or(Exit::Done);
    if let Some(file) = &args.out {
        Saved::new(host.settings().deployment.as_str(), plans).write(file)?;
        console.note(format!(
            "Saved; `albridge apply --plan {}` makes exactly these changes, and what follows from them.",
            file.display()
        ));
    }
    Ok(console.finish(exit, json!({"changes": changes, "blocked": blocked, "unread": unread})))
}

/// Reads the cloud and plans a binding. `approved` plans what a person may say yes to; without it, what any run may do.
pub(crate) async fn look(host: &Host, binding: &BindingName, approved: bool) -> Result<(Topology, Plan), CliError> {
    look_with(&Readings::default(), host, binding, approved).await
}

/// The same with what was read before: bindings of one store share most of it.
pub(crate) async fn look_with(
    readings: &Readings,
    host: &Host,
    binding: &BindingName,
    approved: bool,
) -> Result<(Topology, Plan), CliError> {
    let invocation = Invocation { readings: readings.clone(), ..invocation(host, host.clock(), PATIENCE, None) };
    stage::plan_whole(&invocation, binding, approved).await.map_err(|failure| failed(&failure))
}

/// A person's invocation, which ends after `patience`, or later where the cloud's time runs fast.
pub(crate) fn invocation<'a>(
    host: &'a Host,
    clock: &Clock,
    patience: SignedDuration,
    approved: Option<&'a Plan>,
) -> Invocation<'a> {
    let patience = crate::cloud_clock::time_limit(clock, patience);
    let deadline = clock.now().checked_add(patience).unwrap_or(jiff::Timestamp::MAX);
    Invocation { approved, ..Invocation::until(host, deadline) }
}

/// Prints a plan.
pub(crate) fn show(binding: &BindingName, plan: &Plan, console: Console) {
    console.print(table(binding, plan));
    console.print_json(&line(binding, plan));
}

fn line(binding: &BindingName, plan: &Plan) -> Value {
    let changes: Vec<Value> = plan
        .changes
        .iter()
        .map(|change| {
            json!({"stage": change.stage, "what": change.write.to_string(), "consent": change.consent,
                   "blocked": change.blocked, "write": change.write})
        })
        .collect();
    let then: Vec<Value> = plan
        .follow_ups
        .iter()
        .map(|follow_up| {
            json!({"stage": follow_up.stage, "what": follow_up.to_string(), "after": follow_up.after,
                   "write": follow_up.write})
        })
        .collect();
    json!({"event": "plan", "binding": binding, "unread": plan.unread, "changes": changes, "then": then,
           "pending": plan.pending, "findings": plan.findings})
}
