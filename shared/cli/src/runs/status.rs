//! `albridge status`: the last runs of a binding, its members' health, and what is out of place now. It writes nothing.

use std::fmt::Write as _;

use jiff::Timestamp;
use onboarding::causes::Kept;
use onboarding::ids::BindingName;
use onboarding::{Code, Known, Reason, Topology};
use openapi::fnf;
use serde_json::json;
use stage::{Readings, executions};

use super::report::report;
use super::workflow::{Workflow, is_open};
use crate::args::StatusArgs;
use crate::causes::{self, About};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style};
use crate::plan::{self, Seen};
use crate::target::{self, Access};
use crate::unread::{self, PlanState};

/// Runs that are shown of one binding.
const RUNS: usize = 5;
/// Changes that are shown, of those that a run makes.
const CHANGES: usize = 3;
/// Members that are named, of those that are not healthy.
const NAMED: usize = 8;

/// Shows every binding asked for.
pub(crate) async fn status(args: &StatusArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let bindings = target::bindings(&store, args.binding.as_deref())?;
    let workflow = Workflow::known(&host);
    let latest = match &workflow {
        Some(workflow) => Some(workflow.latest().await),
        None => None,
    };
    let mut exit = Exit::Done;
    let readings = Readings::default();
    for binding in &bindings {
        let seen = plan::see_with(&readings, &host, &store, binding, false, About::State).await?;
        let Seen { topology, plan, causes } = &seen;
        console.print(Line::styled(Style::Strong, binding.as_str()));
        // What is not known is said first.
        console.print_json(&json!({"event": "unread", "binding": binding, "unread": plan.unread}));
        if !plan.unread.is_empty() {
            console.print(unread::lines(&plan.unread, "  "));
        }
        if let Some(headline) = causes::headline(causes) {
            console.print(Line::new("  ").then_styled(Style::Bad, headline));
            console.print(causes::lines(causes, plan, "  "));
        }
        console.print_json(&json!({"event": "causes", "binding": binding, "causes": causes.causes,
                             "waiting": causes.waiting}));
        exit = exit.max(match (&workflow, &latest) {
            (Some(workflow), Some(Ok(latest))) => runs(workflow, binding, latest, console).await?,
            (_, Some(Err(error))) => {
                console.print(Line::new("  runs     ").then_styled(Style::Bad, "not known").then(format!(": {error}")));
                console.print_json(&json!({"event": "run", "binding": binding, "unread": error.to_string()}));
                Exit::Failed
            }
            _ => {
                console.print("  runs     not known: give --home REGION, or set ALBRIDGE_HOME_REGION");
                Exit::Done
            }
        });
        exit = exit.max(members(binding, topology, console));
        exit = exit.max(drift(binding, &seen, console));
    }
    Ok(console.finish(exit, json!({})))
}

/// The last runs. What has not ended well is pending: the next run makes up for it.
async fn runs(
    workflow: &Workflow<'_>,
    binding: &BindingName,
    latest: &[fnf::Execution],
    console: Console,
) -> Result<Exit, CliError> {
    let own: Vec<_> =
        latest.iter().filter(|execution| executions::names(&execution.input, binding)).take(RUNS).collect();
    if own.is_empty() {
        console.print("  runs     none");
    }
    let mut well = None;
    for (number, execution) in own.into_iter().enumerate() {
        let run = Run::read(workflow, execution).await?;
        if !is_open(execution) && execution.status != "Stopped" {
            well.get_or_insert(execution.status == "Succeeded");
        }
        let label = if number == 0 { "runs" } else { "" };
        console.print(Line::new(format!("  {label:<8} ")).join(run.words(execution)));
        console.print_json(
            &json!({"event": "run", "binding": binding, "run": execution.name, "status": execution.status,
                             "started": execution.started_time, "stopped": execution.stopped_time,
                             "changes": run.changes, "blocked": run.blocked}),
        );
    }
    Ok(Exit::pending(well == Some(false)))
}

/// The summary of one run, from its history.
struct Run {
    changes: usize,
    /// Codes, each once.
    blocked: Vec<&'static str>,
}

impl Run {
    async fn read(workflow: &Workflow<'_>, execution: &fnf::Execution) -> Result<Self, CliError> {
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

    fn words(&self, execution: &fnf::Execution) -> Line {
        let (style, status) = match execution.status.as_str() {
            "Succeeded" => (Style::Good, "succeeded"),
            "Stopped" => (Style::Faint, "stopped"),
            "Starting" | "Running" => (Style::Faint, "running"),
            "Failed" => (Style::Bad, "failed"),
            other => (Style::Bad, other),
        };
        let mut words = String::new();
        if let Some(seconds) = seconds(execution) {
            let _never = write!(words, " after {} min {:02} s", seconds / 60, seconds % 60);
        }
        if self.changes > 0 {
            let _never = write!(words, ", {}", plan::changes(self.changes));
        }
        if !self.blocked.is_empty() {
            let _never = write!(words, "; blocked: {}", self.blocked.join(", "));
        }
        let began = format!("{}  {:<20} ", started(execution), execution.name);
        Line::new(began).then_styled(style, status).then(words)
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

/// The members, and those of them that the ALB does not find healthy.
fn members(binding: &BindingName, topology: &Topology, console: Console) -> Exit {
    let (Some(servers), Some(unhealthy)) = (topology.servers.get(), topology.unhealthy.get()) else {
        // A call that failed has been named above.
        let failed = topology.servers.failure().or_else(|| topology.unhealthy.failure());
        let why = topology.servers.why_unknown().or_else(|| topology.unhealthy.why_unknown()).unwrap_or_default();
        let words = if failed.is_some() { String::new() } else { format!(": {why}") };
        let registered = topology.servers.get().filter(|servers| !servers.is_empty()).map(Vec::len);
        let known = registered.map_or_else(String::new, |count| format!("{count} registered, their health "));
        console.print(Line::new("  members  ").then(known).then_styled(Style::Bad, "not known").then(words));
        console.print_json(&json!({"event": "members", "binding": binding, "members": registered,
                             "unread": why.to_string()}));
        return if failed.is_some() { Exit::Failed } else { Exit::Pending };
    };
    let ill: Vec<_> = servers.iter().filter_map(|server| Some((server, unhealthy.get(&server.endpoint())?))).collect();
    let style = if ill.is_empty() { Style::Good } else { Style::Bad };
    let healthy = servers.len().saturating_sub(ill.len());
    let words = if servers.is_empty() { "none".to_owned() } else { format!("{healthy} of {} healthy", servers.len()) };
    console.print(Line::new("  members  ").then_styled(style, words));
    let instances = || topology.instances.values().filter_map(Known::get).flatten();
    for (server, health) in ill.iter().take(NAMED) {
        let owner = instances().find_map(|instance| instance.at(server.address));
        let owner = owner.map_or_else(String::new, |owner| {
            let kept = Kept { id: owner.id.clone(), name: owner.name.clone(), is_member: true };
            format!("{} ", kept.named())
        });
        let endpoint = server.endpoint();
        console.print(format!("           {owner}{endpoint} {} {}", health.status, health.reason));
    }
    if ill.len() > NAMED {
        console.print(format!("           and {} more", ill.len() - NAMED));
    }
    let ill: Vec<_> = ill
        .into_iter()
        .map(|(server, health)| {
            json!({"address": server.address, "port": server.port, "status": health.status, "reason": health.reason})
        })
        .collect();
    console.print_json(&json!({"event": "members", "binding": binding, "members": servers.len(), "healthy": healthy,
                         "unhealthy": ill}));
    Exit::pending(!ill.is_empty())
}

/// What a run would change, and what it may not.
fn drift(binding: &BindingName, seen: &Seen, console: Console) -> Exit {
    let Seen { plan, causes, .. } = seen;
    let standing = PlanState::of(plan, causes);
    let (open, blocked): (Vec<_>, Vec<_>) = plan.changes.iter().partition(|change| change.is_open());
    let counted = match (open.len(), blocked.len()) {
        (0, 0) => None,
        (open, 0) => Some(format!("{}, which the next run makes", plan::changes(open))),
        (0, blocked) => Some(format!("{} blocked", plan::changes(blocked))),
        (open, blocked) => Some(format!("{}, which the next run makes; {blocked} more blocked", plan::changes(open))),
    };
    let (style, words) = match (standing, counted) {
        (PlanState::NotKnown, None) => (Style::Bad, "not known".to_owned()),
        (PlanState::NotKnown, Some(counted)) => (Style::Bad, format!("not known; so far {counted}")),
        (_, Some(counted)) => (Style::Bad, counted),
        (PlanState::Missing | PlanState::Wrong, None) => (Style::Bad, "none that a run could make up for".to_owned()),
        (_, None) => (Style::Good, "none".to_owned()),
    };
    let more = if plan.changes.is_empty() { String::new() } else { format!(" (albridge plan {binding})") };
    console.print(Line::new("  drift    ").then_styled(style, words).then(more));
    if !open.is_empty() {
        console.print(plan::open(&seen.topology, plan, CHANGES, "           "));
    }
    for reason in blocked.iter().flat_map(|change| &change.blocked).filter(|reason| reason.until.is_some()) {
        console.print(format!("           {}", reason.message));
    }
    let said = |note: &&Reason| note.code == Code::Unread && !plan.unread.is_empty();
    for note in causes.notes.iter().filter(|note| !said(note)) {
        console.print(format!("  note     {}: {}", note.code, note.message));
    }
    console.print_json(&json!({"event": "drift", "binding": binding, "known": standing != PlanState::NotKnown,
                         "open": open.len(), "blocked": blocked.len(), "pending": plan.pending.len(),
                         "findings": plan.findings}));
    seen.exit()
}
