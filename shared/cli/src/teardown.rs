//! `albridge teardown BINDING`: takes away what was made for a binding, after showing it. Without a binding, the deployment itself.
//!
//! Members drain first, for a minute or as long as the binding says, and are waited for. Whoever interrupts it, and calls it
//! again, goes on from what is there.

mod interrupted;
mod show;

use std::time::Duration;

use onboarding::ids::BindingName;
use onboarding::{Plan, StageName, Store};
use serde_json::json;
use stage::{Host, Invocation, Removal, Request, StoreLocation};

use crate::apply::{Gate, Live, Progress, Work, unless_stopped, wait_for_runs};
use crate::args::{Itself, Target, TeardownArgs};
use crate::deploy;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit};
use crate::plan::{PATIENCE, invocation};
use crate::runs::Told;
use crate::target::{self, Access, failed};

/// Takes a binding's things away, or the deployment.
pub(crate) async fn teardown(
    args: &TeardownArgs,
    environment: &Environment,
    console: Console,
) -> Result<Exit, CliError> {
    match &args.binding {
        Some(binding) => of_binding(args, binding, environment, console).await,
        None => deploy::teardown(args, environment, console).await,
    }
}

async fn of_binding(
    args: &TeardownArgs,
    binding: &str,
    environment: &Environment,
    console: Console,
) -> Result<Exit, CliError> {
    let Itself { yes, dry_run, .. } = args.itself;
    let target = target_of(args, environment)?;
    deploy::somebody(&args.itself)?;
    let access = if dry_run { Access::Read } else { Access::Write };
    let gate = Gate::default();
    let host = target::host_through(&target, environment, access, |way| gate.before(way)).await?;
    let binding = BindingName::from(binding);
    let store = target::store(&host).await?;
    let removal =
        Removal { former: former(args, &binding, &host.settings().store, &store)?, attachments: args.attachments };
    let plan = look(&host, &binding, &removal).await?;
    show::plan(&binding, &plan, console);
    let exit = |plan: &Plan| {
        let left = !plan.changes.is_empty() || !plan.pending.is_empty();
        if plan.is_whole() { Exit::pending(left) } else { Exit::Failed }
    };
    if dry_run || (plan.changes.is_empty() && plan.pending.is_empty()) {
        return Ok(console.finish(exit(&plan), json!({"changes": plan.changes.len()})));
    }
    let question = format!("Take this away from {binding}?");
    if !yes && !deploy::yes(&question, console) {
        return Err(CliError::Failed("Nothing was changed.".to_owned()));
    }
    wait_for_runs(&host, &binding, console).await?;
    let began = host.clock().now();
    let live = Live::new(console, host.clock());
    let working = apply(&host, &binding, &plan, &removal, &live, console);
    let stop = (&gate, &environment.interrupts);
    let made = unless_stopped(Box::pin(working), stop, host.clock(), Some(&live), console).await?;
    drop(live);
    let Some(made) = made else {
        let took = host.clock().now().duration_since(began);
        let left = interrupted::tell(args, &binding, &plan, &gate, took, console);
        return Ok(console.finish(Exit::Interrupted, json!({"left": left})));
    };
    // What is left is said of what is there now.
    let left = look(&host, &binding, &removal).await?;
    show::left(&binding, (made, host.clock().now().duration_since(began)), &left, console);
    Ok(console.finish(exit(&left), json!({"changes": made, "left": left.changes.len()})))
}

/// The stage, again after each wait for members that drain. Gives the number of changes.
async fn apply(
    host: &Host,
    binding: &BindingName,
    plan: &Plan,
    removal: &Removal,
    live: &Live,
    console: Console,
) -> Result<usize, CliError> {
    let request = Request { binding: binding.clone(), run: String::new(), accepted: false };
    let stage = StageName::Teardown;
    let work = Work { host, request: &request, stage, plan, removal: Some(removal) };
    let (mut told, mut made) = (Told::default(), 0);
    loop {
        let mut tell = |progress: Progress<'_>| match progress {
            Progress::Begins { stage } => live.begin(stage),
            Progress::Waits { what, .. } => live.above(|| show::waits(what, console)),
            Progress::Done { .. } => {}
        };
        let report = work.run(&mut tell).await?;
        made += report.written();
        live.above(|| show::step(&report, &mut told, console));
        let Some(until) = show::next(&report) else { return Ok(made) };
        live.above(|| show::drains(&report, until, console));
        let wait = until.duration_since(host.clock().now());
        host.clock().sleep(Duration::try_from(wait).unwrap_or_default()).await;
    }
}

async fn look(host: &Host, binding: &BindingName, removal: &Removal) -> Result<Plan, CliError> {
    let invocation = Invocation { removal: Some(removal), ..invocation(host, host.clock(), PATIENCE, None) };
    stage::plan_teardown(&invocation, binding).await.map(|(_, plan)| plan).map_err(|failure| failed(&failure))
}

fn target_of(args: &TeardownArgs, environment: &Environment) -> Result<Target, CliError> {
    if args.deployment.as_deref() == Some("") {
        let way = "With a binding, --deployment needs the deployment's name; without one, leave the binding out.";
        return Err(CliError::Usage(way.to_owned()));
    }
    if args.itself.settings.is_some() {
        return Err(CliError::Usage("--settings is about the deployment itself, not about a binding.".to_owned()));
    }
    let named = args.itself.bindings.clone();
    let named = named.or_else(|| environment.get("ALBRIDGE_BINDINGS").is_none().then(|| target::BINDINGS.to_owned()));
    Ok(Target {
        bindings: named,
        deployment: args.deployment.clone(),
        profile: args.itself.profile.clone(),
        home: args.home.clone(),
        allow_http: args.itself.allow_http,
    })
}

/// The binding as it was, if the store no longer has it.
fn former(
    args: &TeardownArgs,
    binding: &BindingName,
    from: &StoreLocation,
    store: &Store,
) -> Result<Option<onboarding::Binding>, CliError> {
    let Some(file) = &args.was else {
        if store.binding(binding.as_str()).is_none() {
            let names: Vec<&str> = store.bindings.iter().map(|known| known.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(CliError::Usage(format!(
                "{from} has no binding {binding}; it has: {names}. For one that was taken out, name a file that still has it: --was FILE, an older version of the bindings."
            )));
        }
        return Ok(None);
    };
    let name = file.display().to_string();
    if store.binding(binding.as_str()).is_some() {
        return Err(CliError::Usage(format!(
            "The bindings still have {binding}, so --was {name} would be another one."
        )));
    }
    let text = stage::store::read_file(file)
        .map_err(|error| CliError::Usage(format!("The bindings {name} cannot be read: {error}.")))?;
    let was = Store::parse(&text, &name).map_err(|error| CliError::Usage(error.to_string()))?;
    match was.binding(binding.as_str()) {
        Some(found) => Ok(Some(found.clone())),
        None => Err(CliError::Usage(format!("{name} has no binding {binding} either."))),
    }
}
