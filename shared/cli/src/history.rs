//! `albridge history`: who changed what of a binding, and when: the runs of the workflow with what their stages wrote, and what the
//! marks on members tell. Newest first. It writes nothing.

use jiff::Timestamp;
use onboarding::ids::BindingName;
use onboarding::mark::MemberState;
use onboarding::words::counted;
use onboarding::{Binding, Known};
use serde_json::{Value, json};
use stage::{Cloud, Host, Needs, executions};

use crate::args::{HistoryArgs, Output, Shape};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style, Table, Text, event};
use crate::plan;
use crate::runs::Workflow;
use crate::status::{RunSummary, began, ending, given_up, run_document, took};
use crate::target::{self, Access};

/// Changes of one stage that are named.
const NAMED: usize = 6;

/// What happened at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// A run of the workflow.
    Run(Box<RunSummary>),
    /// What a mark on a member tells.
    Mark { at: Timestamp, instance: String, what: &'static str },
}

impl Entry {
    /// When; what has no time that can be read comes last.
    fn at(&self) -> Timestamp {
        match self {
            Self::Run(run) => run.began().unwrap_or(Timestamp::MIN),
            Self::Mark { at, .. } => *at,
        }
    }

    fn document(&self, name: &str) -> Value {
        match self {
            Self::Run(run) => {
                let mut fields = json!({"kind": "run", "at": run.started});
                if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), run_document(run)) {
                    fields.extend(more);
                    fields.insert("by".to_owned(), by(run, name).into());
                }
                fields
            }
            Self::Mark { at, instance, what } => json!({"kind": "mark", "at": at, "instance": instance, "what": what}),
        }
    }
}

/// Shows the history of one binding.
pub(crate) async fn history(args: &HistoryArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let workflow = Workflow::of(&host)?;
    let store = target::store(&host).await?;
    let name = target::binding(&host, &store, args.binding.as_deref())?;
    let missing = || CliError::Failed(format!("The bindings have no {name}."));
    let binding = store.binding(name.as_str()).ok_or_else(missing)?;
    let begin = args.since.map(|since| since.before(host.clock().now()));
    let all = args.shape.all;

    let whole = all || begin.is_some();
    let listed = if whole { workflow.since(begin).await? } else { workflow.page().await? };
    let own: Vec<_> = listed.iter().filter(|execution| executions::names(&execution.input, &name)).collect();
    let limit = if all { usize::MAX } else { args.limit };
    let mut entries = Vec::new();
    for execution in own.iter().take(limit) {
        let run = RunSummary::of(execution, &workflow.history(&execution.name).await?);
        entries.push(Entry::Run(Box::new(run)));
    }
    let older = own.len() - entries.len();
    let (marks, unread) = marks(&host, binding).await;
    entries.extend(marks.into_iter().filter(|mark| begin.is_none_or(|begin| mark.at() >= begin)));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at()));

    console.print(text(&name, &entries, older, unread.as_deref(), args.shape, console));
    for entry in &entries {
        let mut fields = entry.document(name.as_str());
        let kind = fields.as_object_mut().and_then(|fields| fields.shift_remove("kind"));
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        let mut line = json!({"binding": name});
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        console.print_json(&event(kind, &line));
    }
    let exit = Exit::failed(unread.is_some());
    let counts = json!({"older": older, "marksUnknown": unread});
    console.print_document(exit, || {
        let entries: Vec<Value> = entries.iter().map(|entry| entry.document(name.as_str())).collect();
        json!({"binding": name, "entries": entries, "older": older, "marksUnknown": unread})
    });
    Ok(console.finish(exit, counts))
}

/// What the marks on members tell, or why they are not known.
async fn marks(host: &Host, binding: &Binding) -> (Vec<Entry>, Option<String>) {
    let cloud = Cloud::new(host.client().clone(), binding, "");
    let deployment = &host.settings().deployment;
    let topology = stage::observe(&cloud, binding, deployment, Needs::MEMBERS).await;
    let Known::Known(servers) = &topology.servers else {
        // Where there is nothing to read them from there are none.
        return (Vec::new(), topology.servers.failure().map(str::to_owned));
    };
    let marks = servers.iter().filter_map(|server| {
        let (instance, state) = deployment.read_member(&binding.name, &server.description)?;
        let (at, what) = match state {
            MemberState::Serving => return None,
            MemberState::Draining(at) => (at, "drains: it has no weight, and a run removes it when its time is over"),
            MemberState::Stopped(at) => (at, "was found stopped"),
            MemberState::Released(at) => (at, "was found released: a run removes it when that is proven again"),
        };
        Some(Entry::Mark { at, instance: instance.to_string(), what })
    });
    (marks.collect(), None)
}

/// What started a run: what its input says, or else what its name tells.
fn by(run: &RunSummary, binding: &str) -> String {
    let is_ours = run
        .name
        .strip_prefix(binding)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|window| window.parse::<u64>().is_ok());
    match &run.trigger {
        Some(trigger) => trigger.clone(),
        // An execution that dispatch did not start was started at the console, or by a program.
        None if !is_ours => "by hand".to_owned(),
        None => "not known".to_owned(),
    }
}

fn text(
    name: &BindingName,
    entries: &[Entry],
    older: usize,
    unread: Option<&str>,
    shape: Shape,
    console: Console,
) -> Text {
    let mut text = Text::default();
    if let Some(why) = unread {
        text.line(Line::styled(Style::Bad, "not known").then(format!(": the marks on members: {why}")));
    }
    let runs = entries.iter().filter(|entry| matches!(entry, Entry::Run(_))).count();
    let marks = match entries.len() - runs {
        0 => String::new(),
        marks => format!(" and {}", counted(marks, "mark")),
    };
    text.line(Line::styled(Style::Strong, format!("{name}: {}{marks}, newest first", counted(runs, "run"))));
    if shape.output == Output::Wide {
        text.extend(table(name, entries).lines(2, console.room()));
    } else {
        for entry in entries {
            match entry {
                Entry::Run(run) => text.extend(described(run, name, shape.all)),
                Entry::Mark { at, instance, what } => {
                    let line =
                        Line::new(format!("  {}  ", time(*at))).then_styled(Style::Strong, format!("{:<10}", "mark"));
                    text.line(line.then(format!("{instance} {what}")).hanging(6));
                }
            }
        }
    }
    if older > 0 {
        text.line(format!("  +{older} older (--all, or --since, shows them)"));
    }
    text
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A run with what its stages wrote.
fn described(run: &RunSummary, name: &BindingName, all: bool) -> Text {
    let (style, status) = ending(run);
    let after = took(run).map_or_else(String::new, |took| format!(" after {took}"));
    let made = if run.changes() == 0 { String::new() } else { format!(", {}", plan::changes(run.changes())) };
    let blocked = if run.causes.is_empty() { String::new() } else { format!("; blocked: {}", run.causes.join(", ")) };
    let why = run.failure.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let line =
        Line::new(format!("  {}  ", began(run))).then_styled(Style::Strong, format!("{:<10}", by(run, name.as_str())));
    let line = line.then(format!("{} ", run.name)).then_styled(style, status);
    let given_up = given_up(run);
    let mut text = Text::from(line.then(format!("{after}{made}{blocked}{given_up}{why}")).hanging(6));
    for stage in run.stages.iter().filter(|stage| stage.changes > 0) {
        let most = if all { usize::MAX } else { NAMED };
        let mut label = stage.stage.as_str();
        for made in stage.made.iter().take(most) {
            text.line(Line::new(format!("      {label:<16} {made}")).hanging(23));
            label = "";
        }
        let named = stage.made.len().min(most);
        if stage.changes > named {
            // A report names the first changes only, so that the workflow's state stays small.
            let (more, hidden) = (stage.changes - named, stage.made.len() - named);
            let why = if hidden > 0 { " (--all names them)" } else { ", which its report does not name" };
            text.line(Line::new(format!("      {label:<16} +{more} more{why}")).hanging(23));
        }
    }
    text
}

fn table(name: &BindingName, entries: &[Entry]) -> Table {
    let mut table = Table::new(&["when", "by", "what", "ended", "took", "changes", "by stage", "blocked"]);
    for entry in entries {
        match entry {
            Entry::Run(run) => {
                let stages = run.stages.iter().filter(|stage| stage.changes > 0);
                let stages: Vec<String> = stages.map(|stage| format!("{} {}", stage.stage, stage.changes)).collect();
                let (style, status) = ending(run);
                table.row(
                    (style == Style::Bad).then_some(style),
                    [
                        began(run),
                        by(run, name.as_str()),
                        run.name.clone(),
                        format!("{status}{}", given_up(run)),
                        took(run).unwrap_or_default(),
                        run.changes().to_string(),
                        stages.join(", "),
                        run.causes.join(", "),
                    ],
                );
            }
            Entry::Mark { at, instance, what } => {
                let what = format!("{instance} {}", what.split(':').next().unwrap_or_default());
                let none = String::new;
                table.row(None, [time(*at), "mark".to_owned(), what, none(), none(), none(), none(), none()]);
            }
        }
    }
    table
}
