//! Following the workflow's runs from outside, by their listings and histories, until none is left unfinished.

use std::time::Duration;

use jiff::Timestamp;
use onboarding::{Code, StageName};
use openapi::fnf;
use serde_json::{Value, json};
use stage::Report;

use super::play::{HANGZHOU, Play, expect};
use super::run::Run;
use super::story;
use crate::output::{Line, Tone, Trouble};
use crate::plan::changes;
use crate::runs::{is_open, report, word};

/// Between two looks. Times are told from the histories, so a long pause loses nothing, and leaves the calls to the runs.
const LOOK: Duration = Duration::from_secs(8);
/// Longest time that a story waits for a run to begin and end.
const PATIENCE: Duration = Duration::from_secs(40 * 60);
/// Characters of a line.
const WIDTH: usize = 120;
/// Lines about one stage.
const LINES: usize = 3;

/// How much of a run is told to people; programs are told all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Every stage.
    All,
    /// Stages that changed something or could not.
    Changes,
    /// Nothing: the story is elsewhere.
    Nothing,
}

/// What has to be seen before the story goes on. A run has to end in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Nothing more.
    RunEnds,
    /// The server group has so many members.
    Members(usize),
}

/// Follows new runs until one has ended and the goal is reached. Gives those that have ended, oldest first; what is left is
/// for [`quiet`].
pub(crate) async fn follow(play: &mut Play, detail: Detail, goal: Goal) -> Result<Vec<Run>, Trouble> {
    let clock = play.local.clock().clone();
    let end = clock.now().checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
    let mut runs: Vec<Run> = Vec::new();
    play.story.waiting("waiting for a run to begin");
    loop {
        expect(clock.now() < end, || {
            format!("No run did it within {} of the cloud's time.", story::minutes(PATIENCE))
        })?;
        play.pass(LOOK).await;
        look(play, &mut runs, detail).await?;
        let reached = match goal {
            Goal::RunEnds => true,
            Goal::Members(wanted) => play.members().await?.1.len() == wanted,
        };
        if reached && runs.iter().any(|run| run.ended) {
            break;
        }
    }
    let (ended, unfinished) = runs.into_iter().partition(|run| run.ended);
    play.unfinished = unfinished;
    Ok(ended)
}

/// Follows until no run is left unfinished, so that what happens next is not the doing of what happened before. Gives how
/// many there were.
pub(crate) async fn quiet(play: &mut Play, detail: Detail) -> Result<usize, Trouble> {
    let mut runs = std::mem::take(&mut play.unfinished);
    loop {
        look(play, &mut runs, detail).await?;
        if runs.iter().all(|run| run.ended) {
            return Ok(runs.len());
        }
        play.pass(LOOK).await;
    }
}

/// One look at the workflow; `runs` are those that the story is at.
async fn look(play: &mut Play, runs: &mut Vec<Run>, detail: Detail) -> Result<(), Trouble> {
    for execution in play.executions().await? {
        if play.told.contains(&execution.name) {
            continue;
        }
        let place = runs.iter().position(|run| run.name == execution.name);
        let place = place.unwrap_or_else(|| {
            begin(play, &execution, runs.iter().all(|run| run.ended), detail);
            runs.push(Run { name: execution.name.clone(), ..Run::default() });
            runs.len() - 1
        });
        let Some(run) = runs.get_mut(place) else { continue };
        update(play, run, &execution, detail).await?;
        if run.ended {
            play.told.insert(execution.name.clone());
            let (name, status) = (&execution.name, &execution.status);
            expect(matches!(status.as_str(), "Succeeded" | "Stopped"), || {
                format!("The run {name} ended as {status}.")
            })?;
        }
    }
    Ok(())
}

fn begin(play: &Play, execution: &fnf::Execution, alone: bool, detail: Detail) {
    let at = time(&execution.started_time);
    let waits = if alone { "it waits a moment for further events" } else { "it waits for its turn" };
    if detail != Detail::Nothing {
        play.story.step_at(at, format!("run {} begins; {waits}", execution.name));
    }
    play.story.event(json!({"event": "run", "run": execution.name, "status": execution.status}));
}

async fn update(play: &Play, run: &mut Run, execution: &fnf::Execution, detail: Detail) -> Result<(), Trouble> {
    // The history is read after the status: a run that was listed as ended has no further events.
    let history = fnf::GetExecutionHistory {
        flow_name: execution.flow_name.clone(),
        execution_name: execution.name.clone(),
        ..Default::default()
    };
    let events = play.list(HANGZHOU, history).await?;
    for event in events.iter().skip(run.seen) {
        match event.kind.as_str() {
            "TaskSucceeded" => {
                if let Some((report, output)) = report(&event.event_detail) {
                    stage(play, run, event, &output, &report, detail);
                    run.reports.push(report);
                }
            }
            "TaskFailed" => play.story.waiting(&format!("{}: still on its way, tries again", event.step_name)),
            "StateEntered" => {
                play.story.waiting(&event.step_name);
                run.entered.insert(event.step_name.clone(), time(&event.time));
            }
            _ => {}
        }
    }
    run.seen = events.len();
    if !is_open(execution) {
        run.ended = true;
        let at = time(&execution.stopped_time);
        let word = match execution.status.as_str() {
            "Succeeded" => Line::toned(Tone::Good, "succeeded"),
            "Stopped" => Line::new("stood down: two older runs see to it"),
            other => Line::toned(Tone::Bad, other.to_lowercase()),
        };
        if detail != Detail::Nothing {
            let line = Line::new(format!("run {} ", run.name)).join(word);
            play.story.step_at(at, line.then(format!(", {}", changes(run.changes))));
        }
        play.story.event(json!({"event": "run", "run": run.name, "status": execution.status, "changes": run.changes}));
    }
    Ok(())
}

fn stage(play: &Play, run: &mut Run, event: &fnf::Event, output: &Value, report: &Report, detail: Detail) {
    let at = time(&event.time);
    // An attempt that ran out of time has reported nothing, but it may have written: the cloud's log knows. Runs of one
    // binding take turns, so what the stage's role wrote in this time is this run's.
    let entered = run.entered.get(&event.step_name).copied().unwrap_or(at);
    let calls = play.writes_of(report.stage, entered, at);
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
    play.story.event(told);
    let proof = output.get("request").filter(|_| report.stage == StageName::Verify);
    let dull = count == 0 && report.blocked.is_empty() && proof.is_none();
    if detail == Detail::Nothing || (detail == Detail::Changes && dull) {
        return;
    }
    let (tone, word) = word(report.status);
    let stage = format!("{:<16}", report.stage.as_str());
    let count_words = if count == 0 { String::new() } else { changes(count) };
    let line = Line::new(format!("{stage} ")).then_toned(tone, format!("{word:<9}"));
    play.story.step_at(at, line.then(format!(" {count_words}")));
    if count == report.changes {
        few(play, "+", report.made.iter().cloned(), count);
    } else {
        let calls = calls.into_iter().map(|(action, count)| format!("{action} x{count}"));
        few(play, "+", calls, 0);
    }
    blocked(play, report);
    if let Some(request) = proof {
        let text = request["text"].as_str().unwrap_or_default().trim().to_owned();
        let status = request["status"].as_u64().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        play.story.more(&format!(
            "the probe in the ALB's VPC: {} -> {status} {text}",
            request["url"].as_str().unwrap_or_default()
        ));
    }
}

/// What stands against the rest. Preflight and verify look at the whole binding: they only repeat what its stages say.
fn blocked(play: &Play, report: &Report) {
    if matches!(report.stage, StageName::Preflight | StageName::Verify) {
        return;
    }
    let (waits, first): (Vec<_>, Vec<_>) = report.blocked.iter().partition(|reason| reason.code == Code::Waits);
    few(play, "x", first.iter().map(|reason| format!("{}: {}", reason.code, reason.message)), first.len());
    if !waits.is_empty() {
        play.story.more(&format!("x {} waiting for what is blocked", changes(waits.len())));
    }
}

/// The first few of many.
fn few(play: &Play, sign: &str, lines: impl Iterator<Item = String>, all: usize) {
    let mut shown = 0;
    for line in lines.take(LINES) {
        play.story.more(&format!("{sign} {}", shortened(&line)));
        shown += 1;
    }
    if all > shown {
        play.story.more(&format!("{sign} and {} more", all - shown));
    }
}

/// A line that fits on a screen.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}...", line[..end].trim_end_matches([' ', ',', '-', '>'])),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}
