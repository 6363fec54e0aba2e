//! `albridge deploy`, `albridge doctor` and `albridge teardown --deployment`: the deployment itself.
//!
//! What is to be done is decided in the crate `deployment`. Here it is shown, asked for and followed, and what was asked for is kept
//! in a file beside the bindings.

mod ask;
mod desk;
mod doctor;
mod follow;
mod interrupted;
mod lines;
mod show;

use deployment::deploy::{
    self, Asked, DeployError, Packages, Previewed, Progress, Seen, Step, apply, leave, leaving, observe, preview,
};
use onboarding::StageName;
use serde_json::json;

use crate::args::{DeployArgs, TeardownArgs};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit};

pub(crate) use ask::{somebody, yes};
pub(crate) use doctor::doctor;

use desk::{Desk, failed};
use interrupted::{Command, Work};

/// Brings the deployment to what the bindings ask for.
pub(crate) async fn deploy(args: &DeployArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    somebody(&args.itself)?;
    let desk = Desk::open(&args.itself, args.deployment.as_deref(), environment).await?;
    let packages =
        Packages::read(&args.packages, StageName::ALL.map(StageName::as_str)).map_err(|error| failed(&error.into()))?;
    let mut saved = desk.saved()?;
    saved.home = args.region.clone().map(Into::into).or(saved.home);
    for (region, group) in &args.probe_security_groups {
        saved.probe_security_groups.insert(region.as_str().into(), group.as_str().into());
    }
    saved.parameters.extend(args.parameters.iter().cloned());
    let asked = Asked { deployment: &desk.deployment, store: &desk.store, saved: &saved };
    let Seen { names, layout, observed } =
        observe(&desk.cloud, &asked, &mut |region, status| follow::waits(region, status, console))
            .await
            .map_err(|error| failed(&error))?;
    let plan = deploy::plan(&names, (&desk.store, &desk.text), &layout, &packages, &saved.parameters, &observed)
        .map_err(|error| failed(&error))?;
    let mut previews: Vec<(&Step, Vec<Previewed>)> = Vec::new();
    for step in &plan.steps {
        previews.push((step, preview(&desk.cloud, step).await.map_err(|error| failed(&error))?));
    }
    show::plan(&names, &layout, &plan.notes, &previews, console);
    lines::plan(&layout, &plan.notes, &previews, console);
    let changes = plan.steps.len();
    if args.itself.dry_run {
        return Ok(console.finish(Exit::pending(changes > 0), json!({"changes": changes})));
    }
    if changes > 0 && !args.itself.yes && !yes("Deploy this?", console) {
        return Err(CliError::Failed("Nothing was changed.".to_owned()));
    }
    // Before a stack is made: a region that is not written down is a stack that nobody finds again. What was asked for now is kept
    // when it is done: a parameter that the cloud refuses must not be in the way of the next time.
    let mut kept = desk.saved()?;
    kept.home = Some(layout.home.clone());
    kept.regions.extend(observed.stacks.keys().chain(layout.parts.keys()).cloned());
    desk.save(&kept)?;
    let work = Work::new(Command::Deploy, &plan.steps, &desk, console);
    let making = async {
        let mut tell = |progress: Progress<'_>| work.tell(&progress);
        let made = apply(&desk.cloud, &plan, &packages, &desk.text, &mut tell).await;
        made.map_err(|error| on_the_way(&error, console))
    };
    if let Some(left) = work.until_stopped(making, &environment.interrupts).await? {
        return Ok(console.finish(Exit::Interrupted, json!({"left": left, "settings": desk.settings})));
    }
    (saved.home, saved.regions) = (kept.home, layout.parts.keys().cloned().collect());
    desk.save(&saved)?;
    if changes > 0 {
        console.print(format!("Deployed; what was asked for is kept in {}.", desk.settings.display()));
    }
    Ok(console.finish(Exit::Done, json!({"changes": changes, "settings": desk.settings})))
}

/// Takes the deployment's stacks away.
pub(crate) async fn teardown(
    args: &TeardownArgs,
    environment: &Environment,
    console: Console,
) -> Result<Exit, CliError> {
    somebody(&args.itself)?;
    let name = args.deployment.as_deref().filter(|name| !name.is_empty());
    let desk = Desk::open(&args.itself, name, environment).await?;
    let mut saved = desk.saved()?;
    let asked = Asked { deployment: &desk.deployment, store: &desk.store, saved: &saved };
    let leaving =
        leaving(&desk.cloud, &asked, args.store, &mut |region, status| follow::waits(region, status, console))
            .await
            .map_err(|error| failed(&error))?;
    show::leaving(&desk.deployment, &leaving, console);
    lines::leaving(&leaving, console);
    let changes = leaving.steps.len();
    if args.itself.dry_run {
        return Ok(console.finish(Exit::pending(changes > 0), json!({"changes": changes})));
    }
    if changes > 0 {
        if !args.itself.yes && !yes("Take this away?", console) {
            return Err(CliError::Failed("Nothing was changed.".to_owned()));
        }
        let work = Work::new(Command::Teardown, &leaving.steps, &desk, console);
        let making = async {
            let mut tell = |progress: Progress<'_>| work.tell(&progress);
            leave(&desk.cloud, &leaving, &mut tell).await.map_err(|error| on_the_way(&error, console))
        };
        if let Some(left) = work.until_stopped(making, &environment.interrupts).await? {
            return Ok(console.finish(Exit::Interrupted, json!({"left": left})));
        }
        console.print(
            "It is gone. What bindings made in the network stays. So do the services that were opened and the role of the events, \
             AliyunServiceRoleForEventBridgeSendToFC, which are the account's.",
        );
        saved.regions.clear();
        desk.save(&saved)?;
    }
    Ok(console.finish(Exit::Done, json!({"changes": changes})))
}

/// The error of a step that was tried.
fn on_the_way(error: &DeployError, console: Console) -> CliError {
    lines::failure(error, console);
    failed(error)
}
