//! `albridge status`: the last runs of a binding, its members' health, and what is out of place now. It writes nothing.

use std::fmt::Write as _;

use jiff::Timestamp;
use onboarding::ids::BindingName;
use onboarding::{Plan, Topology};
use openapi::fnf;
use serde_json::json;
use stage::executions;

use super::{Workflow, is_open, report};
use crate::args::StatusArgs;
use crate::output::{Console, Exit, Tone, Trouble};
use crate::plan;
use crate::target::{self, Access, Environment};

/// Runs that are shown of one binding.
const RUNS: usize = 5;
/// Members that are named, of those that are not healthy.
const NAMED: usize = 8;

/// Shows every binding asked for.
pub(crate) async fn status(args: &StatusArgs, environment: &Environment, console: Console) -> Result<Exit, Trouble> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let bindings = target::bindings(&store, args.binding.as_deref())?;
    let workflow = Workflow::known(&host);
    let latest = match &workflow {
        Some(workflow) => workflow.latest().await?,
        None => Vec::new(),
    };
    let mut all_well = true;
    for binding in &bindings {
        console.say(console.tint(Tone::Strong, binding.as_str()));
        let mut well = match &workflow {
            Some(workflow) => runs(workflow, binding, &latest, console).await?,
            None => {
                console.say("  runs     not known: give --home REGION, or set ALBRIDGE_HOME_REGION");
                true
            }
        };
        let (topology, plan) = plan::look(&host, binding, false).await?;
        well &= members(binding, &topology, console);
        well &= drift(binding, &plan, console);
        all_well &= well;
    }
    console.tell(&json!({"event": "finished", "ok": all_well}));
    Ok(if all_well { Exit::Done } else { Exit::Pending })
}

/// The last runs. Gives whether the last one that ended, ended well.
async fn runs(
    workflow: &Workflow<'_>,
    binding: &BindingName,
    latest: &[fnf::Execution],
    console: Console,
) -> Result<bool, Trouble> {
    let own: Vec<_> =
        latest.iter().filter(|execution| executions::names(&execution.input, binding)).take(RUNS).collect();
    if own.is_empty() {
        console.say("  runs     none");
    }
    let mut well = None;
    for (number, execution) in own.into_iter().enumerate() {
        let run = Run::read(workflow, execution).await?;
        if !is_open(execution) && execution.status != "Stopped" {
            well.get_or_insert(execution.status == "Succeeded");
        }
        let label = if number == 0 { "runs" } else { "" };
        console.say(format!("  {label:<8} {}", run.words(execution, console)));
        console.tell(&json!({"event": "run", "binding": binding, "run": execution.name, "status": execution.status,
                             "started": execution.started_time, "stopped": execution.stopped_time,
                             "changes": run.changes, "blocked": run.blocked}));
    }
    Ok(well.unwrap_or(true))
}

/// What the history of one run says.
struct Run {
    changes: usize,
    /// Codes, each once.
    blocked: Vec<&'static str>,
}

impl Run {
    async fn read(workflow: &Workflow<'_>, execution: &fnf::Execution) -> Result<Self, Trouble> {
        let mut run = Self { changes: 0, blocked: Vec::new() };
        for event in workflow.history(&execution.name).await? {
            let Some((report, _)) = report(&event.event_detail).filter(|_| event.kind == "TaskSucceeded") else {
                continue;
            };
            run.changes += report.changes;
            run.blocked.extend(report.blocked.iter().map(|reason| reason.code.as_str()));
        }
        run.blocked.sort_unstable();
        run.blocked.dedup();
        Ok(run)
    }

    fn words(&self, execution: &fnf::Execution, console: Console) -> String {
        let (tone, status) = match execution.status.as_str() {
            "Succeeded" => (Tone::Good, "succeeded"),
            "Stopped" => (Tone::Faint, "stood down"),
            "Starting" | "Running" => (Tone::Faint, "running"),
            "Failed" => (Tone::Bad, "failed"),
            other => (Tone::Bad, other),
        };
        let mut words = format!("{}  {:<20} {}", started(execution), execution.name, console.tint(tone, status));
        if let Some(seconds) = seconds(execution) {
            let _never = write!(words, " after {} min {:02} s", seconds / 60, seconds % 60);
        }
        if self.changes > 0 {
            let _never = write!(words, ", {}", plan::changes(self.changes));
        }
        if !self.blocked.is_empty() {
            let _never = write!(words, "; blocked: {}", self.blocked.join(", "));
        }
        words
    }
}

/// To the second, as the cloud tells it.
fn started(execution: &fnf::Execution) -> String {
    execution
        .started_time
        .parse::<Timestamp>()
        .map_or_else(|_| execution.started_time.clone(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

fn seconds(execution: &fnf::Execution) -> Option<i64> {
    let started: Timestamp = execution.started_time.parse().ok()?;
    let stopped: Timestamp = execution.stopped_time.parse().ok()?;
    Some(stopped.as_second() - started.as_second())
}

/// The members, and those of them that the ALB does not find healthy. Gives whether there is none of those.
fn members(binding: &BindingName, topology: &Topology, console: Console) -> bool {
    let (Some(servers), Some(unhealthy)) = (topology.servers.get(), topology.unhealthy.get()) else {
        let why = topology.servers.failure().or_else(|| topology.unhealthy.failure()).unwrap_or("not read");
        console.say(format!("  members  {} ({why})", console.tint(Tone::Bad, "not known")));
        console.tell(&json!({"event": "members", "binding": binding, "unread": why}));
        return false;
    };
    let ill: Vec<_> = servers.iter().filter_map(|server| Some((server, unhealthy.get(&server.endpoint())?))).collect();
    let tone = if ill.is_empty() { Tone::Good } else { Tone::Bad };
    let healthy = servers.len().saturating_sub(ill.len());
    let words = if servers.is_empty() { "none".to_owned() } else { format!("{healthy} of {} healthy", servers.len()) };
    console.say(format!("  members  {}", console.tint(tone, words)));
    for (server, health) in ill.iter().take(NAMED) {
        console.say(format!("           {}:{} {} {}", server.address, server.port, health.status, health.reason));
    }
    if ill.len() > NAMED {
        console.say(format!("           and {} more", ill.len() - NAMED));
    }
    let ill: Vec<_> = ill
        .into_iter()
        .map(|(server, health)| {
            json!({"address": server.address, "port": server.port, "status": health.status, "reason": health.reason})
        })
        .collect();
    console.tell(&json!({"event": "members", "binding": binding, "members": servers.len(), "healthy": healthy,
                         "unhealthy": ill}));
    ill.is_empty()
}

/// What a run would change, and what it may not. Gives whether there is nothing.
fn drift(binding: &BindingName, plan: &Plan, console: Console) -> bool {
    let (open, blocked): (Vec<_>, Vec<_>) = plan.changes.iter().partition(|change| change.is_open());
    let words = match (open.len(), blocked.len()) {
        (0, 0) => console.tint(Tone::Good, "none"),
        (open, 0) => console.tint(Tone::Bad, format!("{}, which the next run makes", plan::changes(open))),
        (0, blocked) => console.tint(Tone::Bad, format!("{} blocked", plan::changes(blocked))),
        (open, blocked) => console
            .tint(Tone::Bad, format!("{}, which the next run makes; {blocked} more blocked", plan::changes(open))),
    };
    let more = if plan.changes.is_empty() { String::new() } else { format!(" (albridge plan {binding})") };
    console.say(format!("  drift    {words}{more}"));
    for change in &blocked {
        for reason in &change.blocked {
            console.say(format!("           {}: {}", reason.code, reason.message));
        }
    }
    for finding in &plan.findings {
        console.say(format!("  found    {}: {}", finding.code, finding.message));
    }
    console.tell(&json!({"event": "drift", "binding": binding, "open": open.len(), "blocked": blocked.len(),
                         "pending": plan.pending.len(), "findings": plan.findings}));
    plan.changes.is_empty()
}
