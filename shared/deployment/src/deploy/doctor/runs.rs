//! The last event and the last run that succeeded, of each binding, from the newest runs of the workflow.

use jiff::Timestamp;
use onboarding::Store;
use onboarding::ids::{BindingName, Region};
use openapi::fnf::{Execution, ListExecutions};
use stage::executions;

use super::finding::{Code, Finding};
use crate::deploy::cloud::{Cloud, doing};

/// One page: how many runs are looked through, of all bindings together.
const PAGE: u32 = 99;

/// Of each binding. Where there is no workflow, that is said elsewhere.
pub(super) async fn look(cloud: &Cloud, home: &Region, flow: &str, store: &Store) -> Vec<Finding> {
    let list = ListExecutions { flow_name: flow.to_owned(), limit: Some(PAGE), ..Default::default() };
    let runs = match cloud.client().call(home.as_str(), &list).await {
        Ok(page) => page.executions,
        Err(error) if error.is_not_found() => return Vec::new(),
        Err(error) => {
            let error = doing("listing the last runs", home)(error);
            return vec![Finding::unread(Code::LastSuccess, "runs", &error)];
        }
    };
    let page_is_full = u32::try_from(runs.len()).is_ok_and(|runs| runs >= PAGE);
    store.bindings.iter().flat_map(|binding| of(&binding.name, &runs, page_is_full)).collect()
}

/// Of one binding; `runs` are the newest first.
fn of(binding: &BindingName, runs: &[Execution], page_is_full: bool) -> [Finding; 2] {
    let mine: Vec<&Execution> = runs.iter().filter(|run| executions::names(&run.input, binding)).collect();
    let among = if page_is_full { format!("among the last {PAGE} runs") } else { "yet".to_owned() };
    let subject = format!("last event of {binding}");
    let event = mine.iter().find(|run| executions::trigger(&run.input).as_deref() == Some("event"));
    let event = match event {
        Some(run) => {
            Finding::well(Code::LastEvent, subject, format!("began {} at {}", run.name, time(&run.started_time)))
        }
        None => Finding::not_checked(
            Code::LastEvent,
            subject,
            format!("None {among}, so nothing shows that events arrive."),
            "Start or stop an instance that has the binding's tags, and look again.",
        ),
    };
    let subject = format!("last success of {binding}");
    let success = mine.iter().find(|run| run.status == "Succeeded");
    let failed = mine.iter().find(|run| matches!(run.status.as_str(), "Succeeded" | "Failed" | "TimedOut"));
    let failed = failed.filter(|run| run.status != "Succeeded");
    let success = match (failed, success) {
        (Some(failed), success) => {
            let since = success.map_or_else(
                || format!("none has succeeded {among}"),
                |run| format!("the last that succeeded began at {}", time(&run.started_time)),
            );
            let says = format!("The last run that ended, {}, failed; {since}.", failed.name);
            let remedy = format!("Run albridge status {binding}, which names the cause.");
            Finding::wrong(Code::LastSuccess, subject, says, remedy)
        }
        (None, Some(run)) => {
            Finding::well(Code::LastSuccess, subject, format!("{} at {}", run.name, time(&run.started_time)))
        }
        (None, None) => Finding::not_checked(
            Code::LastSuccess,
            subject,
            format!("No run has ended {among}."),
            format!("Run albridge run {binding}, and look again."),
        ),
    };
    [event, success]
}

fn time(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::doctor::finding::Verdict;

    fn run(name: &str, status: &str, trigger: &str) -> Execution {
        let input = format!(r#"{{"binding":"web","trigger":"{trigger}"}}"#);
        let started_time = "2026-11-22T08:00:00Z".to_owned();
        Execution { name: name.to_owned(), status: status.to_owned(), input, started_time, ..Default::default() }
    }

    #[test]
    fn the_newest_run_that_ended_decides() {
        let web = BindingName::from("web");
        for (runs, event, success) in [
            (vec![], Verdict::NotChecked, Verdict::NotChecked),
            (vec![run("web-2", "Running", "event")], Verdict::Well, Verdict::NotChecked),
            (vec![run("web-2", "Running", "timer"), run("web-1", "Succeeded", "event")], Verdict::Well, Verdict::Well),
            (
                vec![run("web-2", "Failed", "timer"), run("web-1", "Succeeded", "timer")],
                Verdict::NotChecked,
                Verdict::Wrong,
            ),
            // One that stood down, or was stopped by a person, says nothing.
            (vec![run("web-2", "Stopped", "event"), run("web-1", "Succeeded", "event")], Verdict::Well, Verdict::Well),
        ] {
            let found = of(&web, &runs, false);
            assert_eq!(found.each_ref().map(|one| one.verdict), [event, success], "{runs:?}");
        }
        let other = of(&BindingName::from("api"), &[run("web-1", "Succeeded", "event")], true);
        assert!(other[0].says.contains("among the last 99 runs"), "{}", other[0].says);
    }
}
