//! Executions of the workflow: their names, which of them an event may rely on, and their order. Pure functions.
//!
//! ```text
//!   event ──► <binding>-<window> ──► Wait ──► Turn ──► ... the oldest at work, the second waiting, others stand down
//! ```

use jiff::{SignedDuration, Timestamp};
use onboarding::ids::BindingName;
use onboarding::ordered::sort_few;
use openapi::fnf::Execution;

/// The time window that `now` is in: the time divided by the window's length.
#[must_use]
pub fn window(now: Timestamp, window_seconds: u32) -> i64 {
    now.as_second().div_euclid(i64::from(window_seconds.max(1)))
}

/// The name of the execution that handles all events of one window.
#[must_use]
pub fn name(binding: &BindingName, window: i64) -> String {
    format!("{binding}-{window}")
}

/// Whether an execution that StartExecution returned has provably read nothing yet: the server answered (`date`, from its
/// Date header) before the Wait of the flow ended. Both times are the server's. The window is 2 s shorter than the Wait,
/// which absorbs the rounding of the header and the clock skew of a gateway. If one of the times is missing, nothing is
/// proven.
#[must_use]
pub fn has_not_read(date: Option<Timestamp>, started: &str, window_seconds: u32) -> bool {
    let ends = started
        .parse::<Timestamp>()
        .ok()
        .and_then(|started| started.checked_add(SignedDuration::from_secs(i64::from(window_seconds))).ok());
    matches!((date, ends), (Some(date), Some(ends)) if date < ends)
}

/// What an answer to StartExecution proves, also to others, as long as it is fresh enough: whoever can tell how long ago the
/// call was sent knows what the server's clock shows at most, and so whether the execution waits still.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proof {
    /// When the server answered, from its Date header.
    pub date: Option<Timestamp>,
    /// When the execution started, as the server says.
    pub started: String,
}

impl Proof {
    /// Whether the execution had provably read nothing when the server answered: the proof for whoever made the call after
    /// the event.
    #[must_use]
    pub fn holds(&self, window_seconds: u32) -> bool {
        has_not_read(self.date, &self.started, window_seconds)
    }

    /// Whether it has provably read nothing `age` after the call was *sent*. The server answered after that, so its clock
    /// shows no more than the date of its answer and `age`. The age has to be a true one: a clock that stood still meanwhile
    /// proves nothing.
    #[must_use]
    pub fn holds_after(&self, age: SignedDuration, window_seconds: u32) -> bool {
        let latest = self.date.and_then(|date| date.checked_add(age).ok());
        !age.is_negative() && has_not_read(latest, &self.started, window_seconds)
    }
}

/// An execution that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// When it started. A start time that cannot be parsed counts as the oldest, because that execution must not be
    /// overtaken.
    pub started: Timestamp,
    /// Its name.
    pub name: String,
}

/// The unfinished executions whose input names `binding`, whatever their own names are, oldest first.
#[must_use]
pub fn runs_of(binding: &BindingName, executions: &[Execution]) -> Vec<Run> {
    let mut runs: Vec<_> = executions
        .iter()
        .filter(|execution| matches!(execution.status.as_str(), "Starting" | "Running"))
        .filter(|execution| names(&execution.input, binding))
        .map(|execution| Run {
            started: execution.started_time.parse().unwrap_or(Timestamp::MIN),
            name: execution.name.clone(),
        })
        .collect();
    sort_few(&mut runs, |one, other| one.cmp(other).is_lt());
    runs.dedup_by(|a, b| a.name == b.name);
    runs
}

/// Whether an execution with this input is one of `binding`.
#[must_use]
pub fn names(input: &str, binding: &BindingName) -> bool {
    serde_json::from_str::<serde_json::Value>(input)
        .is_ok_and(|input| input.get("binding").and_then(serde_json::Value::as_str) == Some(binding.as_str()))
}

/// What started an execution with this input, if it says so: `event`, `timer` or `manual`. Events that one execution covers have
/// no execution of their own, so it is what came first.
#[must_use]
pub fn trigger(input: &str) -> Option<String> {
    let input: serde_json::Value = serde_json::from_str(input).ok()?;
    input.get("trigger").and_then(serde_json::Value::as_str).map(str::to_owned)
}

/// What an execution does when it checks its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It continues.
    Go,
    /// It waits. The name is the execution at work; `None` while this execution is not listed yet.
    Wait(Option<String>),
    /// It stops itself if a second listing shows the same two older executions. The second of them has read nothing yet, so
    /// it will see everything that this one would have seen.
    StandDown([String; 2]),
}

/// The turn of `me` among the runs of one binding, which are in order.
#[must_use]
pub fn turn(runs: &[Run], me: &str) -> Turn {
    match runs.iter().position(|run| run.name == me) {
        Some(0) => Turn::Go,
        Some(1) => Turn::Wait(runs.first().map(|run| run.name.clone())),
        None => Turn::Wait(None),
        Some(_) => match runs {
            [first, second, ..] => Turn::StandDown([first.name.clone(), second.name.clone()]),
            _ => Turn::Wait(None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(name: &str, started: &str, status: &str, input: &str) -> Execution {
        Execution {
            name: name.to_owned(),
            started_time: started.to_owned(),
            status: status.to_owned(),
            input: input.to_owned(),
            ..Default::default()
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn events_of_one_window_have_one_name() {
        let one = window(at("2026-11-22T08:00:00Z"), 10);
        assert_eq!(one, window(at("2026-11-22T08:00:09.9Z"), 10));
        assert_eq!(one + 1, window(at("2026-11-22T08:00:10Z"), 10));
        assert_eq!(name(&"web".into(), 42), "web-42");
    }

    #[test]
    fn only_an_answer_inside_the_wait_proves_that_nothing_was_read() {
        let started = "2026-11-22T08:00:00Z";
        assert!(has_not_read(Some(at("2026-11-22T08:00:09Z")), started, 10));
        assert!(!has_not_read(Some(at("2026-11-22T08:00:10Z")), started, 10));
        assert!(!has_not_read(None, started, 10));
        assert!(!has_not_read(Some(at("2026-11-22T08:00:01Z")), "soon", 10));
    }

    /// Near misses on both sides: the margin of the window is the same for everybody who relies on the proof.
    #[test]
    fn a_proof_ages_with_the_time_since_its_call_was_sent() {
        let proof = Proof { date: Some(at("2026-11-22T08:00:03Z")), started: "2026-11-22T08:00:00Z".to_owned() };
        assert!(proof.holds(10) && proof.holds_after(SignedDuration::ZERO, 10));
        assert!(!proof.holds(3) && !proof.holds_after(SignedDuration::ZERO, 3), "the wait had ended");
        assert!(proof.holds_after(SignedDuration::from_millis(6_999), 10));
        assert!(!proof.holds_after(SignedDuration::from_secs(7), 10));
        assert!(!proof.holds_after(SignedDuration::from_secs(-1), 10), "a clock that was set back proves nothing");
        assert!(!proof.holds_after(SignedDuration::MAX, 10));
        assert!(!Proof { date: None, ..proof.clone() }.holds_after(SignedDuration::ZERO, 10));
        assert!(!Proof { started: "soon".to_owned(), ..proof }.holds_after(SignedDuration::ZERO, 10));
    }

    #[test]
    fn runs_are_those_that_name_the_binding_and_have_not_ended() {
        let mine = r#"{"binding":"web"}"#;
        let executions = [
            execution("web-3", "2026-11-22T08:00:30Z", "Running", mine),
            execution("by-hand", "2026-11-22T08:00:10Z", "Running", mine),
            execution("web-1", "2026-11-22T08:00:00Z", "Succeeded", mine),
            execution("other-1", "2026-11-22T08:00:00Z", "Running", r#"{"binding":"other"}"#),
            execution("odd", "2026-11-22T08:00:00Z", "Running", "not json"),
            execution("web-2", "2026-11-22T08:00:30Z", "Starting", mine),
        ];
        let runs = runs_of(&"web".into(), &executions);
        assert_eq!(runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(), ["by-hand", "web-2", "web-3"]);
    }

    #[test]
    fn an_input_may_say_what_started_it() {
        assert_eq!(trigger(r#"{"binding":"web","trigger":"timer"}"#).as_deref(), Some("timer"));
        for input in ["", "{}", r#"{"trigger":1}"#, "not json"] {
            assert_eq!(trigger(input), None, "{input}");
        }
    }

    #[test]
    fn one_works_one_waits_and_the_rest_stand_down() {
        let run = |name: &str| Run { started: Timestamp::MIN, name: name.to_owned() };
        let runs = [run("a"), run("b"), run("c"), run("d")];
        assert_eq!(turn(&runs, "a"), Turn::Go);
        assert_eq!(turn(&runs, "b"), Turn::Wait(Some("a".to_owned())));
        let stand_down = Turn::StandDown(["a".to_owned(), "b".to_owned()]);
        assert_eq!(turn(&runs, "c"), stand_down);
        assert_eq!(turn(&runs, "d"), stand_down);
        assert_eq!(turn(&runs, "e"), Turn::Wait(None), "not listed yet");
    }
}
