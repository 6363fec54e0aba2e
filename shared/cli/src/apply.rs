//! `albridge apply`: shows the plan, asks, and makes the changes, stage by stage, from this machine.
//!
//! Only the changes of the plan that was shown are written: the stages get it as approved. Members that are removed later (they
//! drain first) are not waited for: the output says which members will be removed when.

mod gate;
mod interrupted;
mod leaving;
mod live;
mod stages;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal, Write as _};
use std::pin::pin;
use std::time::Duration;

use jiff::SignedDuration;
use onboarding::causes::{Cause, Root};
use onboarding::ids::BindingName;
use onboarding::{Code, Plan, Reason, Severity};
use serde_json::json;
use stage::causes::left;
use stage::{Host, Report, Status};

use crate::args::ApplyArgs;
use crate::causes::{About, codes};
use crate::environment::Environment;
use crate::interrupt::Interrupts;
use crate::output::{CliError, Console, Exit, Line, Style, visible};
use crate::plan::{self, Saved, Seen, View};
use crate::runs::{Told, Workflow, stage_line};
use crate::target::{self, Access};
use crate::unread::is_left;

pub(crate) use live::{Listening, Live};
pub(crate) use stages::{Part, Progress, Work, stages};

pub(crate) use gate::Gate;
pub(crate) use interrupted::{lasted, writes};

use interrupted::Way;

/// The interval of polling the workflow: ListExecutions allows two calls a second.
const LOOK: Duration = Duration::from_secs(5);
/// How long the answer to a write is waited for after Ctrl-C: as long as the client waits for one.
const ANSWER: Duration = Duration::from_secs(20);
/// How many differences an error message names.
const NAMED: usize = 3;

/// Applies the plan of one binding, or every plan of a saved file.
pub(crate) async fn apply(args: &ApplyArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let saved = args.plan.as_deref().map(Saved::read).transpose()?;
    if saved.is_none() && !args.yes && !std::io::stdin().is_terminal() {
        let ways = "Nobody can be asked here: give --yes, or --plan FILE with a plan that somebody saw.";
        return Err(CliError::Usage(ways.to_owned()));
    }
    let gate = Gate::default();
    let host = target::host_through(&args.target, environment, Access::Write, |way| gate.before(way)).await?;
    let deployment = host.settings().deployment.as_str();
    if let Some(saved) = &saved
        && saved.deployment != deployment
    {
        let other = &saved.deployment;
        return Err(CliError::Usage(format!(
            "The plan is one of the deployment {other}, and this is {deployment}: see --deployment."
        )));
    }
    let store = target::store(&host).await?;
    let mut bindings = target::some_bindings(&host, &store, args.binding.as_deref())?;
    if let Some(saved) = &saved {
        bindings.retain(|binding| saved.plans.iter().any(|plan| plan.binding == *binding));
    }
    if bindings.len() > 1 && saved.is_none() {
        let names: Vec<_> = bindings.iter().map(BindingName::as_str).collect();
        return Err(CliError::Usage(format!("Which binding? The store has: {}.", names.join(", "))));
    }
    if bindings.is_empty() {
        return Err(CliError::Usage(
            "The plan has none of the bindings that the store has, so there is nothing to apply: make a new one."
                .to_owned(),
        ));
    }
    let work = Applying { host: &host, gate: &gate, interrupts: &environment.interrupts, console };
    let mut ended = Ended::default();
    for (number, binding) in bindings.iter().enumerate() {
        let seeing = plan::see(&host, &store, binding, true, About::Plan);
        // Up to the first question the signal ends the process by itself, because nothing is half done.
        let now = if number == 0 { Some(seeing.await?) } else { work.unless_interrupted(seeing).await? };
        let Some(now) = now else {
            ended.add(work.before_anything(binding, &Plan::default()));
            break;
        };
        if let Some(seen) = saved.iter().flat_map(|saved| &saved.plans).find(|plan| plan.binding == *binding) {
            let differences = seen.plan.differences(&now.plan);
            if !differences.is_empty() {
                return Err(moved(binding, &differences));
            }
        }
        let view = View { all: false, focus: args.focus.clone() };
        if let (Some(focus), Some(wanted)) = (&view.focus, store.binding(binding.as_str())) {
            plan::check(focus, &host.settings().deployment, std::iter::once((wanted, &now)))?;
        }
        ended.add(work.one(binding, &now, &view, args.yes || saved.is_some()).await?);
        if ended.exit == Exit::Interrupted {
            break;
        }
    }
    Ok(console.finish(
        ended.exit,
        json!({"made": ended.made, "found": ended.found, "blocked": ended.left, "causes": ended.causes.len(),
               "left": ended.causes}),
    ))
}

/// The result.
#[derive(Debug, Clone, Default)]
struct Ended {
    exit: Exit,
    /// How many changes this process made.
    made: usize,
    /// How many of the plan it found done.
    found: usize,
    /// How many things are left undone.
    left: usize,
    /// What they follow from.
    causes: Vec<Root>,
}

impl Ended {
    fn add(&mut self, other: Self) {
        self.exit = self.exit.max(other.exit);
        self.made += other.made;
        self.found += other.found;
        self.left += other.left;
        self.causes.extend(other.causes);
    }

    /// The result after the stages. What could not be read takes precedence over what is left to do, which is not known completely.
    fn of(reports: &[Report], causes: Vec<Root>) -> Self {
        let left = undone(reports);
        let mut findings = reports.iter().flat_map(|report| &report.findings);
        let unread = reports.iter().any(|report| report.status == Status::Unread);
        let exit = Exit::failed(unread).max(Exit::pending(left > 0 || findings.any(is_left)));
        Self { exit, left, causes, ..Self::default() }
    }
}

/// What plans are applied with.
struct Applying<'a> {
    host: &'a Host,
    gate: &'a Gate,
    interrupts: &'a Interrupts,
    console: Console,
}

impl Applying<'_> {
    /// Applies one plan. After Ctrl-C nothing further is begun; a write that was sent is waited for.
    async fn one(&self, binding: &BindingName, seen: &Seen, view: &View, agreed: bool) -> Result<Ended, CliError> {
        let console = self.console;
        let plan = &view.focus.as_ref().map_or_else(|| seen.plan.clone(), |focus| focus.restrict(&seen.plan));
        plan::show(binding, seen, view, console);
        if plan.changes.is_empty() && plan.pending.is_empty() {
            let causes = seen.causes.causes.iter().map(Root::from).collect();
            return Ok(Ended { exit: seen.exit(), causes, ..Ended::default() });
        }
        if !agreed && !ask(&format!("Apply this to {binding}?"), console) {
            return Err(CliError::Failed("Nothing was changed.".to_owned()));
        }
        if self.unless_interrupted(wait_for_runs(self.host, binding, console)).await?.is_none() {
            return Ok(self.before_anything(binding, plan));
        }
        let clock = self.host.clock();
        let (began, way) = (clock.now(), RefCell::new(Way::default()));
        let part = if view.focus.is_some() { Part::Planned } else { Part::All };
        let told = Told::after(&seen.causes);
        let reports = self.stages(binding, (plan, part), told, &way).await?;
        let (took, way) = (clock.now().duration_since(began), way.into_inner());
        let Some(reports) = reports else {
            let left = interrupted::on_the_way(binding, plan, &way, self.gate, took, console);
            let (made, found) = (way.made, way.found);
            return Ok(Ended { exit: Exit::Interrupted, made, found, left, causes: Vec::new() });
        };
        leaving::tell(binding, &reports, console);
        let causes = left(&reports, &shown(seen, view));
        let others = seen.plan.changes.len() - plan.changes.len();
        console.print(closing(binding, &causes, others, &way, took).then(not_asked_for(others)));
        Ok(Ended { made: way.made, found: way.found, ..Ended::of(&reports, causes) })
    }

    /// Runs the stages, and keeps how far they are. Gives their reports, or nothing if they were interrupted.
    async fn stages(
        &self,
        binding: &BindingName,
        (plan, part): (&Plan, Part),
        mut told: Told,
        way: &RefCell<Way>,
    ) -> Result<Option<Vec<Report>>, CliError> {
        let Self { host, gate, console, .. } = *self;
        let live = Live::new(console, host.clock());
        let working = stages(host, binding, plan, part, |progress| {
            let mut way = way.borrow_mut();
            match &progress {
                Progress::Begins { stage } => {
                    live.begin(*stage);
                    gate.begin();
                    way.stage = Some(*stage);
                }
                Progress::Waits { .. } => {}
                Progress::Done { report } => {
                    way.made += report.written();
                    way.found += report.found;
                    way.over.insert(report.stage);
                }
            }
            live.above(|| tell(&progress, &mut told, console));
        });
        unless_stopped(working, (gate, self.interrupts), host.clock(), Some(&live), console).await
    }

    /// What comes of it, or nothing if there is a Ctrl-C before.
    async fn unless_interrupted<T>(
        &self,
        doing: impl Future<Output = Result<T, CliError>>,
    ) -> Result<Option<T>, CliError> {
        let mut interrupts = self.interrupts.clone();
        tokio::select! {
            biased;
            done = doing => done.map(Some),
            () = interrupts.next() => Ok(None),
        }
    }

    fn before_anything(&self, binding: &BindingName, plan: &Plan) -> Ended {
        interrupted::before_anything(binding, self.console);
        Ended { exit: Exit::Interrupted, left: plan.changes.len(), ..Ended::default() }
    }
}

/// What comes of `working`, which calls the cloud through the gate. After Ctrl-C nothing further is begun, the answers to what was sent are waited
/// for, and nothing comes of it.
pub(crate) async fn unless_stopped<T>(
    working: impl Future<Output = Result<T, CliError>>,
    (gate, interrupts): (&Gate, &Interrupts),
    clock: &clock::Clock,
    live: Option<&Live>,
    console: Console,
) -> Result<Option<T>, CliError> {
    let (mut working, mut interrupts) = (pin!(working), interrupts.clone());
    let showing = async {
        match live {
            Some(live) => live.keep_showing().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        done = &mut working => return done.map(Some),
        () = interrupts.next() => {}
        never = showing => match never {},
    }
    gate.close();
    if !gate.is_idle() {
        let note = || {
            console.note(
                "Interrupted: nothing further is begun, and the answer to what was sent is waited for; Ctrl-C again ends at once.",
            );
        };
        live.map_or_else(note, |live| live.above(note));
    }
    tokio::select! {
        biased;
        done = &mut working => done.map(Some),
        () = gate.idle() => Ok(None),
        () = interrupts.next() => Ok(None),
        () = clock.sleep(ANSWER) => Ok(None),
    }
}

/// The causes that the plan named of what it could not do in the part that is carried out.
fn shown(seen: &Seen, view: &View) -> Vec<Root> {
    let holds = |at: &usize| seen.plan.changes.get(*at).is_some_and(|change| view.holds(change));
    let concerns = |cause: &&Cause| cause.changes.is_empty() || cause.changes.iter().any(holds);
    seen.causes.causes.iter().filter(|cause| !cause.by_run).filter(concerns).map(Root::from).collect()
}

/// The last line: what was made here, how long it took, what was found done, and the causes of what is left.
fn closing(binding: &BindingName, causes: &[Root], others: usize, way: &Way, took: SignedDuration) -> Line {
    let made = plan::changes(way.made);
    let line = Line::styled(Style::Strong, format!("{binding}: {made} made in {}", lasted(took)));
    let line = match way.found {
        0 => line,
        found => line.then(format!(", {found} found done by others or no longer needed")),
    };
    let codes = codes(causes).join(", ");
    if codes.is_empty() {
        return line.then(if others == 0 { ", nothing is left to do" } else { "" });
    }
    line.then("; left: ").then_styled(Style::Bad, codes).then(format!(" (albridge status {binding})"))
}

/// That changes beside the part that was asked for are still to be made.
fn not_asked_for(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => "; 1 other change was not asked for".to_owned(),
        others => format!("; {others} other changes were not asked for"),
    }
}

/// How many changes are left. Those that only wait for a time do not count: a later run or apply makes them.
fn undone(reports: &[Report]) -> usize {
    let undone = |reason: &&Reason| reason.code != Code::NotProbed && reason.until.is_none();
    let blocked = reports.iter().flat_map(|report| &report.blocked).filter(undone).count();
    // Faults that block no change, for example a load balancer that does not exist.
    let stuck = |reason: &&Reason| reason.code.severity() == Severity::Error;
    blocked + reports.iter().flat_map(|report| &report.findings).filter(undone).filter(stuck).count()
}

/// The error for a saved plan that no longer matches the current one.
fn moved(binding: &BindingName, differences: &[String]) -> CliError {
    let first = differences.get(..NAMED).unwrap_or(differences).join("; ");
    let more = match differences.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    CliError::Failed(format!(
        "{binding} is not as it was when the plan was made, so nothing was changed ({first}{more}). Make a new plan."
    ))
}

/// Whether the person at this machine says yes.
pub(crate) fn ask(question: &str, console: Console) -> bool {
    let mut stderr = std::io::stderr().lock();
    let _gone = write!(stderr, "{} Only `yes` does. ", visible(question)).and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer).is_ok();
    if !read {
        console.note("The answer could not be read.");
    }
    read && answer.trim() == "yes"
}

/// Waits until no run of the binding is listed, where the workflow's region is known: two at the same time would
/// conflict.
pub(crate) async fn wait_for_runs(host: &Host, binding: &BindingName, console: Console) -> Result<(), CliError> {
    let Some(workflow) = Workflow::known(host) else { return Ok(()) };
    let mut told = false;
    while let Some(first) = workflow.open(binding).await?.first() {
        if !told {
            console.note(format!("Waiting for the run {} of {binding} to end.", first.name));
            told = true;
        }
        host.clock().sleep(LOOK).await;
    }
    Ok(())
}

fn tell(progress: &Progress<'_>, told: &mut Told, console: Console) {
    match progress {
        Progress::Begins { .. } => {}
        Progress::Waits { stage, what } => {
            console.print(Line::styled(Style::Faint, format!("  {stage:<16} waits: {what}")));
            console.print_json(&json!({"event": "waiting", "stage": stage, "what": what}));
        }
        Progress::Done { report } => {
            console.print(stage_line(report, told));
            console.print_json(
                &json!({"event": "stage", "binding": report.binding, "stage": report.stage, "status": report.status,
                                 "changes": report.written(), "found": report.found, "made": report.made,
                                 "unread": report.unread, "blocked": report.blocked, "causes": report.causes}),
            );
        }
    }
}
