//! `albridge run`: starts the workflow for a binding as an event would, and follows it to its end.
//!
//! It is `dispatch` that starts it, as in the cloud: a run that has not read yet is joined, and runs of one binding take
//! turns. Ending this command ends only the watching.

use std::time::Duration;

use jiff::SignedDuration;
use onboarding::Code;
use onboarding::ids::BindingName;
use openapi::fnf;
use serde_json::json;
use stage::{Host, Report, Status};

use super::report::{cause, report};
use super::stage_line::stage_line;
use super::workflow::{Workflow, is_open};
use crate::args::RunArgs;
use crate::environment::Environment;
use crate::output::{Console, Exit, Line, Tone, Trouble};
use crate::plan;
use crate::target::{self, Access};

/// Between two looks: a history may be read five times a second by the whole account.
const LOOK: Duration = Duration::from_secs(3);
/// How long dispatch may take to start a run.
const START: SignedDuration = SignedDuration::from_secs(60);

/// Starts a run, and tells what its stages report.
pub(crate) async fn run(args: &RunArgs, environment: &Environment, console: Console) -> Result<Exit, Trouble> {
    let host = target::host(&args.target, environment, Access::Write).await?;
    let workflow = Workflow::of(&host)?;
    let store = target::store(&host).await?;
    let binding = target::binding(&store, args.binding.as_deref())?;
    if !workflow.exists().await? {
        return Err(workflow.missing());
    }
    let name = start(&host, &binding).await?;
    console.say(format!("{binding}: run {name}"));
    console.tell(&json!({"event": "run", "binding": binding, "run": name, "status": "Starting"}));
    if args.detach {
        return Ok(Exit::Done);
    }
    follow(&host, &workflow, &binding, name, console).await
}

async fn start(host: &Host, binding: &BindingName) -> Result<String, Trouble> {
    let invocation = plan::invocation(host, host.clock(), START, None);
    let asked = json!({ "binding": binding });
    let dispatched = dispatch::dispatch(&invocation, "", &asked).await.map_err(|failure| target::trouble(&failure))?;
    match (dispatched.started.into_iter().next(), dispatched.ignored.first()) {
        (Some(started), _) => Ok(started.execution),
        (None, Some(reason)) => Err(Trouble::Failed(format!("{} {}", reason.message, reason.code.remedy()))),
        (None, None) => Err(Trouble::Failed(format!("No run of {binding} was started."))),
    }
}

async fn follow(
    host: &Host,
    workflow: &Workflow<'_>,
    binding: &BindingName,
    mut name: String,
    console: Console,
) -> Result<Exit, Trouble> {
    let mut seen = 0;
    let mut reports: Vec<Report> = Vec::new();
    loop {
        // The history is read after the status: a run that has ended has no further events.
        let execution = workflow.execution(&name).await?;
        let events = workflow.history(&name).await?;
        for event in events.iter().skip(seen) {
            reports.extend(tell(event, console));
        }
        seen = events.len();
        if is_open(&execution) {
            host.clock().sleep(LOOK).await;
            continue;
        }
        if execution.status == "Stopped"
            && let Some(other) = workflow.open(binding).await?.pop()
        {
            // It stood down for two older ones; the younger of them had read nothing yet, so it sees what this one would
            // have seen.
            console.say(format!("{binding}: run {name} stood down; {} sees to it", other.name));
            console.tell(&json!({"event": "run", "binding": binding, "run": other.name, "status": "Running"}));
            (name, seen, reports) = (other.name, 0, Vec::new());
            continue;
        }
        return Ok(end(&execution, &reports, console));
    }
}

/// Tells an event of a history. Gives the report, if it brought one.
fn tell(event: &fnf::Event, console: Console) -> Option<Report> {
    match event.kind.as_str() {
        "TaskSucceeded" => {
            let (report, output) = report(&event.event_detail)?;
            console.say(stage_line(&report, report.changes));
            let mut told = json!({"event": "stage", "binding": report.binding, "run": report.run, "stage": report.stage,
                                  "status": report.status, "ok": report.ok, "changes": report.changes,
                                  "made": report.made, "unread": report.unread,
                                  "blocked": report.blocked});
            if let (Some(fields), Some(request)) = (told.as_object_mut(), output.get("request")) {
                fields.insert("request".to_owned(), request.clone());
            }
            console.tell(&told);
            Some(report)
        }
        "TaskFailed" => {
            let what = cause(&event.event_detail).unwrap_or_else(|| "its function failed".to_owned());
            let state = &event.step_name;
            console.say(Line::toned(Tone::Faint, format!("  {state:<16} tries again: {what}")));
            console.tell(&json!({"event": "waiting", "state": state, "what": what}));
            None
        }
        _ => None,
    }
}

/// The last line, and what the command ends with: a run that ended well may have left things blocked, or not known.
fn end(execution: &fnf::Execution, reports: &[Report], console: Console) -> Exit {
    let blocked = reports.iter().flat_map(|report| &report.blocked).any(|reason| reason.code != Code::NotProbed);
    let unread = reports.iter().any(|report| report.status == Status::Unread);
    let (exit, tone, words) = match (execution.status.as_str(), unread, blocked) {
        ("Succeeded", true, _) => (Exit::Failed, Tone::Bad, "ended; some of it could not be read".to_owned()),
        ("Succeeded", false, false) => (Exit::Done, Tone::Good, "succeeded".to_owned()),
        ("Succeeded", false, true) => (Exit::Pending, Tone::Bad, "ended; some of it is blocked".to_owned()),
        (other, ..) => (Exit::Failed, Tone::Bad, format!("ended as {other}; albridge status shows what is left")),
    };
    console.say(Line::new(format!("run {} ", execution.name)).then_toned(tone, words));
    console.finish(exit, json!({"run": execution.name, "status": execution.status}))
}
