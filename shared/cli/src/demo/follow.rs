//! Following the workflow's runs from outside, by their listings and histories, until none is left unfinished.

use std::time::Duration;

use jiff::Timestamp;
use onboarding::{Code, StageName};
use openapi::fnf;
use serde_json::{Value, json};
use stage::causes::left;
use stage::{Report, Status};

use super::run::Run;
use super::session::{HANGZHOU, Session, expect};
use super::transcript;
use crate::causes::codes;
use crate::output::{CliError, Line, Style};
use crate::plan::changes;
use crate::runs::{is_open, report, word};

/// The polling interval. Times come from the histories, so a long interval loses nothing.
const LOOK: Duration = Duration::from_secs(8);
/// How long the demo waits for a run to begin and end.
const PATIENCE: Duration = Duration::from_secs(40 * 60);
/// The maximum length of a line.
const WIDTH: usize = 120;
/// The maximum number of lines about one stage.
const LINES: usize = 3;

/// How much of a run is printed for people; the output for programs is always complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Every stage.
    All,
    /// Stages that made changes, or were blocked.
    Changes,
    /// Nothing.
    Nothing,
}

/// The condition for the demo to continue. In any case, a run has to end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Nothing more.
    RunEnds,
    /// The server group has so many members.
    Members(usize),
}

/// Follows new runs until one has ended and the goal is reached. Gives those that have ended, oldest first; what is left is
/// for [`quiet`].
pub(crate) async fn follow(session: &mut Session, detail: Detail, goal: Goal) -> Result<Vec<Run>, CliError> {
    let clock = session.local.clock().clone();
    let end = clock.now().checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
    let mut runs: Vec<Run> = Vec::new();
    session.transcript.waiting("waiting for a run to begin");
    loop {
        expect(clock.now() < end, || {
            format!("No run reached the goal within {} of the cloud's time.", transcript::minutes(PATIENCE))
        })?;
        session.pass(LOOK).await;
        look(session, &mut runs, detail).await?;
        let reached = match goal {
            Goal::RunEnds => true,
            Goal::Members(wanted) => session.members().await?.1.len() == wanted,
        };
        if reached && runs.iter().any(|run| run.ended) {
            break;
        }
    }
    let (ended, unfinished) = runs.into_iter().partition(|run| run.ended);
    session.unfinished = unfinished;
    Ok(ended)
}

/// Follows until no run is left unfinished, so that the next part starts without open runs. Returns their number.
pub(crate) async fn quiet(session: &mut Session, detail: Detail) -> Result<usize, CliError> {
    let mut runs = std::mem::take(&mut session.unfinished);
    loop {
        look(session, &mut runs, detail).await?;
        if runs.iter().all(|run| run.ended) {
            return Ok(runs.len());
        }
        session.pass(LOOK).await;
    }
}

/// Polls the workflow once; `runs` are those that are being followed.
async fn look(session: &mut Session, runs: &mut Vec<Run>, detail: Detail) -> Result<(), CliError> {
    for execution in session.executions().await? {
        if session.told.contains(&execution.name) {
            continue;
        }
        let place = runs.iter().position(|run| run.name == execution.name);
        let place = place.unwrap_or_else(|| {
            begin(session, &execution, runs.iter().all(|run| run.ended), detail);
            runs.push(Run { name: execution.name.clone(), ..Run::default() });
            runs.len() - 1
        });
        let Some(run) = runs.get_mut(place) else { continue };
        update(session, run, &execution, detail).await?;
        if run.ended {
            session.told.insert(execution.name.clone());
            let (name, status) = (&execution.name, &execution.status);
            expect(matches!(status.as_str(), "Succeeded" | "Stopped"), || {
                format!("The run {name} ended as {status}.")
            })?;
        }
    }
    Ok(())
}

fn begin(session: &Session, execution: &fnf::Execution, alone: bool, detail: Detail) {
    let at = time(&execution.started_time);
    let waits = if alone { "first it waits for more events" } else { "first it waits for another run to end" };
    if detail != Detail::Nothing {
        session.transcript.step_at(at, format!("run {} begins; {waits}", execution.name));
    }
    session.transcript.event(json!({"event": "run", "run": execution.name, "status": execution.status}));
}

async fn update(session: &Session, run: &mut Run, execution: &fnf::Execution, detail: Detail) -> Result<(), CliError> {
    // The history is read after the status: a run that was listed as ended has no further events.
    let history = fnf::GetExecutionHistory {
        flow_name: execution.flow_name.clone(),
        execution_name: execution.name.clone(),
        ..Default::default()
    };
    let events = session.list(HANGZHOU, history).await?;
    for event in events.iter().skip(run.seen) {
        match event.kind.as_str() {
            "TaskSucceeded" => {
                if let Some((report, output)) = report(&event.event_detail) {
                    stage(session, run, event, &output, &report, detail);
                    run.reports.push(report);
                }
            }
            "TaskFailed" => session.transcript.waiting(&format!("{}: still on its way, tries again", event.step_name)),
            "StateEntered" => {
                session.transcript.waiting(&event.step_name);
                run.entered.insert(event.step_name.clone(), time(&event.time));
            }
            _ => {}
        }
    }
    run.seen = events.len();
    if !is_open(&execution.status) {
        run.ended = true;
        let at = time(&execution.stopped_time);
        let word = match execution.status.as_str() {
            "Succeeded" => match blocked_stages(&run.reports) {
                (0, _) => Line::styled(Style::Good, "succeeded"),
                (1, codes) => Line::styled(Style::Bad, format!("ended, 1 stage is blocked by {codes}")),
                (stages, codes) => Line::styled(Style::Bad, format!("ended, {stages} stages are blocked by {codes}")),
            },
            "Stopped" => Line::new("stopped: two older runs do its work"),
            other => Line::styled(Style::Bad, other.to_lowercase()),
        };
        if detail != Detail::Nothing {
            let line = Line::new(format!("run {} ", run.name)).join(word);
            session.transcript.step_at(at, line.then(format!(", {}", changes(run.changes))));
        }
        session
            .transcript
            .event(json!({"event": "run", "run": run.name, "status": execution.status, "changes": run.changes}));
    }
    Ok(())
}

fn stage(session: &Session, run: &mut Run, event: &fnf::Event, output: &Value, report: &Report, detail: Detail) {
    let at = time(&event.time);
    // An attempt that timed out has reported nothing, but it may have written: the cloud's log shows it. Runs of one
    // binding do not overlap, so the writes of the stage's role in this time belong to this run.
    let entered = run.entered.get(&event.step_name).copied().unwrap_or(at);
    let calls = session.writes_of(report.stage, entered, at);
    let count = report.changes.max(calls.values().sum());
    run.changes += count;
    let mut told =
        json!({"event": "stage", "run": run.name, "stage": report.stage, "status": report.status, "changes": count});
    if let Some(fields) = told.as_object_mut() {
        if !report.blocked.is_empty() {
            fields.insert("blocked".to_owned(), json!(report.blocked));
        }
        if let Some(request) = output.get("request") {
            fields.insert("request".to_owned(), request.clone());
        }
    }
    session.transcript.event(told);
    let proof = output.get("request").filter(|_| report.stage == StageName::Verify);
    let dull = count == 0 && report.blocked.is_empty() && proof.is_none();
    if detail == Detail::Nothing || (detail == Detail::Changes && dull) {
        return;
    }
    let (style, word) = word(report.status);
    let stage = format!("{:<16}", report.stage.as_str());
    let count_words = if count == 0 { String::new() } else { changes(count) };
    let line = Line::new(format!("{stage} ")).then_styled(style, format!("{word:<9}"));
    session.transcript.step_at(at, line.then(format!(" {count_words}")));
    if count == report.changes {
        few(session, "+", report.made.iter().cloned(), count);
    } else {
        let calls = calls.into_iter().map(|(action, count)| format!("{action} x{count}"));
        few(session, "+", calls, 0);
    }
    blocked(session, report);
    if let Some(request) = proof {
        let text = request["text"].as_str().unwrap_or_default().trim().to_owned();
        let status = request["status"].as_u64().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        session.transcript.more(&format!(
            "the probe in the ALB's VPC: {} -> {status} {text}",
            request["url"].as_str().unwrap_or_default()
        ));
    }
}

/// The reasons that block the rest. Preflight and verify check the whole binding, so their reasons are repeated by its stages.
fn blocked(session: &Session, report: &Report) {
    if matches!(report.stage, StageName::Preflight | StageName::Verify) {
        return;
    }
    let (waits, first): (Vec<_>, Vec<_>) = report.blocked.iter().partition(|reason| reason.code == Code::Waits);
    few(session, "x", first.iter().map(|reason| format!("{}: {}", reason.code, reason.message)), first.len());
    if !waits.is_empty() {
        session.transcript.more(&format!("x {} waiting for what is blocked", changes(waits.len())));
    }
}

/// How many stages are blocked, and the causes' codes.
fn blocked_stages(reports: &[Report]) -> (usize, String) {
    let lasting = |report: &&Report| report.blocked.iter().any(|reason| reason.until.is_none());
    let blocked = reports.iter().filter(|report| report.status != Status::Done).filter(lasting).count();
    let codes = codes(&left(reports, &[]));
    (if codes.is_empty() { 0 } else { blocked }, codes.join(", "))
}

/// The first few of many.
fn few(session: &Session, sign: &str, lines: impl Iterator<Item = String>, all: usize) {
    let mut shown = 0;
    for line in lines.take(LINES) {
        session.transcript.more(&format!("{sign} {}", shortened(&line)));
        shown += 1;
    }
    if all > shown {
        session.transcript.more(&format!("{sign} and {} more", all - shown));
    }
}

/// A line, shortened to the maximum length.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}...", line[..end].trim_end_matches([' ', ',', '-', '>'])),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}
