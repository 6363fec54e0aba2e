//! `albridge run`: starts the workflow for a binding as an event would, and follows it to its end.
//!
//! `dispatch` starts it, as in the cloud: if a run of the binding is waiting to start, it is joined, and runs of one binding do not
//! overlap. If this command is stopped, the run continues.

use std::time::Duration;

use jiff::SignedDuration;
use onboarding::ids::BindingName;
use onboarding::{Code, Reason};
use openapi::fnf;
use serde_json::json;
use stage::{Host, Report, Status};

use super::stage_line::{Told, stage_line};
use super::workflow::{Workflow, is_open};
use crate::args::RunArgs;
use crate::causes::codes;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style};
use crate::plan;
use crate::target::{self, Access};
use stage::causes::{latest, left};
use stage::history::{cause, gave_up, report};

/// The polling interval: the whole account may read histories five times a second.
const LOOK: Duration = Duration::from_secs(3);
/// How long dispatch may take to start a run.
const START: SignedDuration = SignedDuration::from_secs(60);

/// Starts a run, and prints what its stages report.
pub(crate) async fn run(args: &RunArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Write).await?;
    let workflow = Workflow::of(&host)?;
    let store = target::store(&host).await?;
    let binding = target::binding(&host, &store, args.binding.as_deref())?;
    if !workflow.exists().await? {
        return Err(workflow.missing());
    }
    let name = start(&host, &binding).await?;
    console.print(format!("{binding}: run {name}"));
    console.print_json(&json!({"event": "run", "binding": binding, "run": name, "status": "Starting"}));
    if args.detach {
        return Ok(Exit::Done);
    }
    follow(&host, &workflow, &binding, name, console).await
}

async fn start(host: &Host, binding: &BindingName) -> Result<String, CliError> {
    let invocation = plan::invocation(host, host.clock(), START, None);
    let asked = json!({ "binding": binding });
    let dispatched = dispatch::dispatch(&invocation, "", &asked).await.map_err(|failure| target::failed(&failure))?;
    match (dispatched.started.into_iter().next(), dispatched.ignored.first()) {
        (Some(started), _) => Ok(started.execution),
        (None, Some(reason)) => Err(CliError::Failed(format!("{} {}", reason.message, reason.remedy()))),
        (None, None) => Err(CliError::Failed(format!("No run of {binding} was started."))),
    }
}

async fn follow(
    host: &Host,
    workflow: &Workflow<'_>,
    binding: &BindingName,
    mut name: String,
    console: Console,
) -> Result<Exit, CliError> {
    let mut seen = 0;
    let mut reports: Vec<Report> = Vec::new();
    let mut told = Told::default();
    loop {
        // The history is read after the status: a run that has ended has no further events.
        let execution = workflow.execution(&name).await?;
        let events = workflow.history(&name).await?;
        for event in events.iter().skip(seen) {
            reports.extend(tell(event, &mut told, console));
        }
        seen = events.len();
        if is_open(&execution.status) {
            host.clock().sleep(LOOK).await;
            continue;
        }
        if execution.status == "Stopped"
            && let Some(other) = workflow.open(binding).await?.pop()
        {
            // It stopped because two older ones exist; the younger of them has not read the cloud yet, so it does the work of
            // this one.
            console.print(format!("{binding}: run {name} stopped; run {} does its work", other.name));
            console.print_json(&json!({"event": "run", "binding": binding, "run": other.name, "status": "Running"}));
            (name, seen, reports) = (other.name, 0, Vec::new());
            continue;
        }
        return Ok(end(&execution, &events, &reports, console));
    }
}

/// Prints an event of a history. Returns the report, if it contains one.
fn tell(event: &fnf::Event, said: &mut Told, console: Console) -> Option<Report> {
    match event.kind.as_str() {
        "TaskSucceeded" => {
            let (report, output) = report(&event.event_detail)?;
            console.print(stage_line(&report, said));
            let mut told = json!({"event": "stage", "binding": report.binding, "run": report.run, "stage": report.stage,
                                  "status": report.status, "ok": report.ok, "changes": report.written(),
                                  "made": report.made, "unread": report.unread,
                                  "blocked": report.blocked, "causes": report.causes});
            if let (Some(fields), Some(request)) = (told.as_object_mut(), output.get("request")) {
                fields.insert("request".to_owned(), request.clone());
            }
            console.print_json(&told);
            Some(report)
        }
        "TaskFailed" => {
            let what = cause(&event.event_detail).unwrap_or_else(|| "its function failed".to_owned());
            let state = &event.step_name;
            console.print(Line::styled(Style::Faint, format!("  {state:<16} tries again: {what}")));
            console.print_json(&json!({"event": "waiting", "state": state, "what": what}));
            None
        }
        _ => None,
    }
}

/// The last line and the exit of the command: even an execution that succeeded may have gone on from states that gave up, or have left
/// changes blocked, or facts unread.
fn end(execution: &fnf::Execution, events: &[fnf::Event], reports: &[Report], console: Console) -> Exit {
    let failed: Vec<&str> = gave_up(events).into_iter().map(|(state, _)| state).collect();
    // What only waits for a time is on its way.
    let is_stuck = |reason: &Reason| reason.code != Code::NotProbed && reason.until.is_none();
    let blocked = latest(reports).flat_map(|report| &report.blocked).any(is_stuck);
    let unread = reports.iter().any(|report| report.status == Status::Unread);
    let causes = left(reports, &[]);
    let (exit, style, words) = match (execution.status.as_str(), unread, blocked) {
        ("Succeeded", ..) if !failed.is_empty() => {
            let words = format!("ended; {} gave up; albridge status shows what is left", failed.join(", "));
            (Exit::Failed, Style::Bad, words)
        }
        ("Succeeded", true, _) => (Exit::Failed, Style::Bad, "ended; some of it could not be read".to_owned()),
        ("Succeeded", false, false) => (Exit::Done, Style::Good, "succeeded".to_owned()),
        ("Succeeded", false, true) => {
            (Exit::Pending, Style::Bad, format!("ended; some of it is blocked: {}", codes(&causes).join(", ")))
        }
        (other, ..) => (Exit::Failed, Style::Bad, format!("ended as {other}; albridge status shows what is left")),
    };
    console.print(Line::new(format!("run {} ", execution.name)).then_styled(style, words));
    let told = json!({"run": execution.name, "status": execution.status, "causes": causes.len(), "left": causes, "failed": failed});
    console.finish(exit, told)
}
