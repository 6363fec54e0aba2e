//! `albridge plan`: what `albridge apply` would change, and what blocks the rest. It writes nothing.

mod asked;
mod saved;
mod seen;
mod table;

use clock::Clock;
use jiff::SignedDuration;
use onboarding::binding::Provision;
use onboarding::causes::NextRun;
use onboarding::ids::BindingName;
use onboarding::{Plan, Store, Topology, difference};
use serde_json::{Value, json};
use stage::{Host, Invocation, Readings};

use crate::args::PlanArgs;
use crate::causes::{self, About};
use crate::environment::Environment;
use crate::focus::Focus;
use crate::output::{CliError, Console, Exit, event};
use crate::target::{self, Access, failed};

pub(crate) use asked::check;
pub(crate) use saved::Saved;
pub(crate) use seen::{Seen, View};
pub(crate) use table::{change, changes, ignored, open, sign};

use table::{table, wide};

/// How long one binding may be read for.
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_mins(3);

/// Shows the plans.
pub(crate) async fn plan(args: &PlanArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let mut plans = Vec::new();
    let readings = Readings::default();
    let (mut exit, mut causes, mut documents) = (Exit::Done, 0, Vec::new());
    let bindings = target::bindings(&host, &store, args.binding.as_deref())?;
    if bindings.is_empty() {
        console.print(target::nothing_bound(&host));
        console.print_json(&json!({"event": "empty", "store": host.settings().store.to_string()}));
    }
    if let Some(focus @ Focus::Instance(_)) = args.focus.as_ref().filter(|_| !bindings.is_empty()) {
        let mut all = Vec::new();
        for binding in &bindings {
            all.push(see_with(&readings, &host, &store, binding, true, About::Plan).await?);
        }
        let wanted = bindings.iter().filter_map(|binding| store.binding(binding.as_str()));
        check(focus, &host.settings().deployment, wanted.zip(&all))?;
    }
    for binding in bindings {
        let seen = see_with(&readings, &host, &store, &binding, true, About::Plan).await?;
        let view = View { all: args.shape.all, focus: args.focus.clone() };
        show(&binding, &seen, &view, console);
        documents.push(fields(&binding, &seen, &view));
        exit = exit.max(seen.exit());
        causes += seen.causes.causes.len();
        let plan = args.focus.as_ref().map_or_else(|| seen.plan.clone(), |focus| focus.restrict(&seen.plan));
        plans.push((binding, plan));
    }
    let changes: usize = plans.iter().map(|(_, plan)| plan.changes.len()).sum();
    let blocked = plans.iter().flat_map(|(_, plan)| &plan.changes).filter(|change| !change.is_open()).count();
    let unread: usize = plans.iter().map(|(_, plan)| plan.unread.iter().count()).sum();
    if let Some(file) = &args.out {
        Saved::new(host.settings().deployment.as_str(), plans).write(file)?;
        console.note(format!(
            "Saved; `albridge apply --plan {}` makes exactly these changes, and what follows from them.",
            file.display()
        ));
    }
    let counts = json!({"changes": changes, "blocked": blocked, "causes": causes, "unread": unread});
    console.print_document(exit, || {
        let mut document = counts.clone();
        document.as_object_mut().map(|fields| fields.insert("plans".to_owned(), documents.into()));
        document
    });
    Ok(console.finish(exit, counts))
}

/// Reads the cloud and plans a binding. `approved` plans what a person may say yes to; without it, what any run may do.
pub(crate) async fn look(host: &Host, binding: &BindingName, approved: bool) -> Result<(Topology, Plan), CliError> {
    look_with(&Readings::default(), host, binding, approved).await
}

/// The same with what was read before: bindings of one store share most of it.
async fn look_with(
    readings: &Readings,
    host: &Host,
    binding: &BindingName,
    approved: bool,
) -> Result<(Topology, Plan), CliError> {
    let invocation = Invocation { readings: readings.clone(), ..invocation(host, host.clock(), PATIENCE, None) };
    stage::plan_whole(&invocation, binding, approved).await.map_err(|failure| failed(&failure))
}

/// The same as [`look`], with the causes of what cannot be done.
pub(crate) async fn see(
    host: &Host,
    store: &Store,
    binding: &BindingName,
    approved: bool,
    about: About,
) -> Result<Seen, CliError> {
    see_with(&Readings::default(), host, store, binding, approved, about).await
}

/// The same with what was read before.
pub(crate) async fn see_with(
    readings: &Readings,
    host: &Host,
    store: &Store,
    binding: &BindingName,
    approved: bool,
    about: About,
) -> Result<Seen, CliError> {
    let (topology, plan) = look_with(readings, host, binding, approved).await?;
    let wanted = store.binding(binding.as_str());
    let deployment = &host.settings().deployment;
    let causes = wanted.map(|wanted| causes::of(store, wanted, deployment, &topology, &plan, about, NextRun::NotAsked));
    let asks = wanted.is_none_or(|wanted| wanted.provision == Provision::Approved);
    Ok(Seen { topology, plan, causes: causes.unwrap_or_default(), asks })
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
pub(crate) fn show(binding: &BindingName, seen: &Seen, view: &View, console: Console) {
    console.print(if console.is_wide() {
        wide(binding, seen, view, console.room())
    } else {
        table(binding, seen, view)
    });
    console.print_json(&event("plan", &fields(binding, seen, view)));
}

fn fields(binding: &BindingName, Seen { topology, plan, causes, .. }: &Seen, view: &View) -> Value {
    let changes: Vec<Value> = plan
        .changes
        .iter()
        .filter(|change| view.holds(change))
        .map(|change| {
            json!({"stage": change.stage, "what": change.write.to_string(), "consent": change.consent,
                   "blocked": change.blocked, "settings": difference::settings(topology, &change.write),
                   "write": change.write})
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
    json!({"binding": binding, "unread": plan.unread, "causes": causes.causes, "changes": changes, "then": then,
           "pending": plan.pending, "findings": plan.findings, "ignored": plan.ignored})
}
