//! What happened in a run, as a timeline: which stages it came by, the calls of each, and how long was waited. Pure.
//!
//! ```text
//!   StateEntered ─► StateStarted ─► TaskFailed ─► StateStarted ─► TaskSucceeded ─► StateSucceeded
//!                   └── a call that says "not yet" ──┘ └────── a call that ends ──────┘
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use onboarding::StageName;
use openapi::fnf::Event;
use stage::Report;

use stage::history::{cause, report};

/// States that call a function without being named as its stage.
const CALLS: [&str; 4] = ["Turn", "Connect", "SumUp", "SumUpFailed"];

/// A stay in one state of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The state's name.
    pub(crate) step: String,
    /// When it was entered.
    pub(crate) entered: Timestamp,
    /// When it was left, if it was.
    pub(crate) left: Option<Timestamp>,
    /// Whether it ended well.
    pub(crate) failed: bool,
    /// The calls of its function; none of a state that only waits.
    pub(crate) calls: Vec<Call>,
    /// What its stage reported.
    pub(crate) report: Option<Report>,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// When it began.
    pub(crate) began: Timestamp,
    /// When it ended, if it did.
    pub(crate) ended: Option<Timestamp>,
    /// Why it is made again, if it failed.
    pub(crate) again: Option<String>,
}

impl Visit {
    /// The stage, or the name of a state that is none.
    pub(crate) fn name(&self) -> String {
        kebab(&self.step)
    }

    /// Whether it only waits.
    pub(crate) const fn waits(&self) -> bool {
        self.calls.is_empty()
    }
}

/// The visits of states that do something or wait, in order. Events without a time, and those of states that only hold others, are
/// left out.
pub(crate) fn visits(events: &[Event]) -> Vec<Visit> {
    let mut visits: Vec<Draft> = Vec::new();
    let mut by_event: BTreeMap<u64, usize> = BTreeMap::new();
    for event in events {
        let Ok(at) = event.time.parse::<Timestamp>() else { continue };
        if event.kind == "StateEntered" {
            by_event.insert(event.event_id, visits.len());
            visits.push(Draft::new(&event.step_name, at));
            continue;
        }
        let last =
            || visits.iter().rposition(|draft| draft.visit.step == event.step_name && draft.visit.left.is_none());
        let place = by_event.get(&event.schedule_event_id).copied().or_else(last);
        if let Some(draft) = place.and_then(|place| visits.get_mut(place)) {
            draft.note(event, at);
        }
    }
    let entered: Vec<Timestamp> = visits.iter().map(|draft| draft.visit.entered).collect();
    let keep = |(place, draft): (usize, Draft)| draft.done(entered.get(place + 1..).unwrap_or_default());
    visits.into_iter().enumerate().filter_map(keep).collect()
}

struct Draft {
    visit: Visit,
    /// Whether a call has ended here.
    called: bool,
}

impl Draft {
    fn new(step: &str, entered: Timestamp) -> Self {
        let visit =
            Visit { step: step.to_owned(), entered, left: None, failed: false, calls: Vec::new(), report: None };
        Self { visit, called: false }
    }

    fn note(&mut self, event: &Event, at: Timestamp) {
        let visit = &mut self.visit;
        match event.kind.as_str() {
            "StateStarted" => visit.calls.push(Call { began: at, ended: None, again: None }),
            "TaskSucceeded" | "TaskFailed" => {
                self.called = true;
                let began = visit.calls.last().and_then(|call| call.ended).unwrap_or(visit.entered);
                if visit.calls.last().is_none_or(|call| call.ended.is_some()) {
                    visit.calls.push(Call { began, ended: None, again: None });
                }
                let failed = event.kind == "TaskFailed";
                if let Some(call) = visit.calls.last_mut() {
                    call.ended = Some(at);
                    let why = || cause(&event.event_detail).unwrap_or_else(|| "its function failed".to_owned());
                    call.again = failed.then(why);
                }
                if !failed {
                    visit.report = report(&event.event_detail).map(|(report, _)| report);
                }
            }
            "StateSucceeded" | "StateFailed" | "StateTimedOut" | "StateAborted" => {
                visit.left = Some(at);
                visit.failed = event.kind != "StateSucceeded";
            }
            _ => {}
        }
    }

    /// `later`: when the states after it were entered.
    fn done(mut self, later: &[Timestamp]) -> Option<Visit> {
        let visit = &self.visit;
        if self.called || is_call(&visit.step) {
            return Some(self.visit);
        }
        // While a state waits, nothing else of its kind is entered: one that holds others is no wait.
        let holds = later.iter().any(|entered| visit.left.is_none_or(|left| *entered < left));
        let takes_time = visit.left != Some(visit.entered);
        self.visit.calls.clear();
        (takes_time && !holds).then_some(self.visit)
    }
}

/// Whether a state of the deployment's flow calls a function.
fn is_call(step: &str) -> bool {
    let name = kebab(step);
    CALLS.contains(&step) || StageName::ALL.iter().any(|stage| stage.as_str() == name)
}

/// `VpcAttachments` as `vpc-attachments`.
fn kebab(step: &str) -> String {
    let mut name = String::new();
    for letter in step.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u64, of: u64, kind: &str, step: &str, second: u32) -> Event {
        Event {
            kind: kind.to_owned(),
            event_id: id,
            schedule_event_id: of,
            step_name: step.to_owned(),
            time: format!("2026-11-22T08:00:{second:02}Z"),
            event_detail: r#"{"Error":"x","Cause":"tr-attach-1 is Attaching"}"#.to_owned(),
        }
    }

    #[test]
    fn calls_that_say_not_yet_and_waits_are_told_apart() {
        let events = [
            event(1, 0, "ExecutionStarted", "", 0),
            event(2, 0, "StateEntered", "Wait", 0),
            event(3, 2, "StateStarted", "Wait", 0),
            event(4, 2, "StateSucceeded", "Wait", 12),
            event(5, 0, "StateEntered", "Prepare", 12),
            event(6, 0, "StateEntered", "VpcAttachments", 12),
            event(7, 6, "StateStarted", "VpcAttachments", 12),
            event(8, 0, "StateEntered", "SecurityRules", 12),
            event(9, 6, "TaskFailed", "VpcAttachments", 30),
            event(10, 6, "StateStarted", "VpcAttachments", 31),
            event(11, 6, "TaskSucceeded", "VpcAttachments", 40),
            event(12, 6, "StateSucceeded", "VpcAttachments", 40),
            event(13, 0, "StateEntered", "Open", 40),
            event(14, 13, "StateSucceeded", "Open", 40),
        ];
        let visits = visits(&events);
        let names: Vec<_> = visits.iter().map(Visit::name).collect();
        assert_eq!(names, ["wait", "vpc-attachments", "security-rules"], "no box, and nothing that takes no time");
        assert!(visits[0].waits() && visits[0].left.is_some());
        let calls = &visits[1].calls;
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[0].again.as_deref(), Some("tr-attach-1 is Attaching"));
        assert_eq!((calls[1].again.as_deref(), calls[1].ended), (None, visits[1].left));
        assert!(!visits[2].waits() || visits[2].left.is_none(), "it is at work: {:?}", visits[2]);
    }

    #[test]
    fn a_history_of_another_kind_is_read_as_far_as_it_goes() {
        let odd = [
            event(1, 0, "TaskSucceeded", "Nobody", 1),
            event(2, 0, "StateEntered", "Listener", 2),
            // Without the event that it belongs to, and without one that says when the call began.
            event(3, 0, "TaskFailed", "Listener", 5),
            Event { time: "soon".to_owned(), ..event(4, 2, "TaskSucceeded", "Listener", 6) },
        ];
        let visits = visits(&odd);
        assert_eq!(visits.len(), 1);
        assert_eq!(visits[0].calls.len(), 1);
        assert_eq!(visits[0].calls[0].began, visits[0].entered);
        assert_eq!(visits[0].left, None);
    }

    /// Every state of the template that calls a function is known as one before its first call has ended.
    #[test]
    fn the_flows_tasks_are_known() {
        let lines: Vec<&str> = local::TEMPLATE.lines().map(str::trim).collect();
        let tasks: Vec<&str> = lines
            .windows(2)
            .filter(|pair| pair[0] == "- Type: Task")
            .filter_map(|pair| pair[1].strip_prefix("Name: "))
            .collect();
        assert_eq!(tasks.len(), 15, "{tasks:?}");
        assert!(tasks.iter().all(|task| is_call(task)), "{tasks:?}");
    }
}
