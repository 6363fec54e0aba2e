//! One line about a run, when it ends, however it ends: what alerts are built on (docs/operations.md, "Alerts"). Made from the execution's own
//! history, so that no state has to hand anything to another (decision 0053). Pure, but for the log.

use std::collections::BTreeSet;

use jiff::Timestamp;
use onboarding::change::Tally;
use onboarding::ids::BindingName;
use onboarding::ordered::Ordered;
use onboarding::{Code, Severity};
use openapi::fnf;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stage::causes::{latest, left};
use stage::executions::trigger;
use stage::{Report, Status, history};

/// The version of the line's fields: another number if one goes, or means something else.
const SCHEMA: u32 = 1;
/// The most codes that the line names.
const CODES: usize = 32;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Whose run.
    pub binding: BindingName,
    /// The execution's name.
    pub run: String,
    /// What started it: `event`, `timer`, `manual`; `hand` for an execution that dispatch did not start.
    pub trigger: String,
    /// Whether everything that could be made is in place, was read, and works.
    pub ok: bool,
    /// In a word.
    pub outcome: Outcome,
    /// How long it took, from its start to this line.
    pub seconds: i64,
    /// The reports of its stages.
    pub stages: usize,
    /// Attempts that failed and were made again.
    pub retries: usize,
    /// What stages made, at least: what a failed attempt of another process had written stands in no report.
    #[serde(flatten)]
    pub made: Tally,
    /// What could not be made, each problem once.
    pub blocked: usize,
    /// Calls that failed and are in a report, each once.
    pub unread: usize,
    /// The codes of all this, sorted.
    pub codes: Vec<String>,
    /// The codes of what it follows from, sorted.
    #[serde(default)]
    pub causes: Vec<String>,
    /// The states whose budget was used up.
    pub failed: Vec<String>,
}

/// How a run ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All is in place.
    Done,
    /// The kill switch is on.
    ReadOnly,
    /// Something is blocked, or does not work.
    Blocked,
    /// Something could not be read.
    Unread,
    /// A stage used up its budget.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ReadOnly => "read-only",
            Self::Blocked => "blocked",
            Self::Unread => "unread",
            Self::Failed => "failed",
        }
    }
}

/// How a run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    trigger: Option<String>,
    at: Option<Timestamp>,
}

impl Begun {
    pub(crate) fn of(execution: &fnf::Execution) -> Self {
        Self { trigger: trigger(&execution.input), at: execution.started_time.parse().ok() }
    }

    /// What the history's first event says, if it has the execution's input: that it does is documented nowhere.
    pub(crate) fn told_by(events: &[fnf::Event]) -> Option<Self> {
        let first = events.iter().find(|event| event.kind == "ExecutionStarted")?;
        let detail: Value = serde_json::from_str(&first.event_detail).ok()?;
        let trigger = match detail.get("Input")? {
            Value::String(text) => trigger(text),
            input => trigger(&input.to_string()),
        };
        Some(Self { trigger, at: first.time.parse().ok() })
    }
}

impl Summary {
    /// What an execution's history says at `now`.
    pub(crate) fn of(binding: &BindingName, run: &str, begun: &Begun, events: &[fnf::Event], now: Timestamp) -> Self {
        let mut reports: Vec<Report> = Vec::new();
        let mut codes = BTreeSet::new();
        let work = || events.iter().filter(|event| history::is_work(event));
        for event in work().filter(|event| event.kind == "TaskSucceeded") {
            reports.extend(history::report(&event.event_detail).map(|(report, _)| report));
        }
        let failing = history::gave_up(events);
        // The last attempt of a state that used up its budget was not made again.
        let retries = work().filter(|event| history::is_failure(event)).count() - failing.len();
        for (_, why) in &failing {
            codes.extend(why.as_deref().map(|why| code(why).to_owned()));
        }
        let mut blocked = BTreeSet::new();
        let mut unread = BTreeSet::new();
        let mut made = Tally::default();
        for report in latest(&reports) {
            // What only waits for a time is on its way: a member that drains, a release that is proven again.
            let stuck = || report.blocked.iter().filter(|reason| reason.until.is_none());
            let missing = stuck().filter(|reason| reason.code != Code::NotProbed);
            blocked.extend(missing.map(|reason| (reason.code, reason.resource.as_str())));
            let wrong = report.findings.iter().filter(|finding| finding.code.severity() == Severity::Error);
            blocked.extend(wrong.map(|reason| (reason.code, reason.resource.as_str())));
            unread.extend(report.unread.iter().map(|call| (call.action.as_str(), call.code.as_str())));
            codes.extend(stuck().map(|reason| reason.code.to_string()));
        }
        reports.iter().for_each(|report| made.add(report.tally));
        codes.extend(blocked.iter().map(|(code, _)| code.to_string()));
        if !unread.is_empty() {
            codes.insert(Code::Unread.to_string());
        }
        let mut causes: BTreeSet<&str> = left(&reports, &[]).iter().map(|root| root.reason.code.as_str()).ordered();
        causes.extend(failing.iter().filter_map(|(_, why)| why.as_deref().map(code)));
        let outcome = if !failing.is_empty() {
            Outcome::Failed
        } else if !unread.is_empty() || blocked.iter().any(|(code, _)| *code == Code::Unread) {
            Outcome::Unread
        } else if reports.iter().any(|report| report.status == Status::ReadOnly) {
            Outcome::ReadOnly
        } else if !blocked.is_empty() {
            Outcome::Blocked
        } else {
            Outcome::Done
        };
        Self {
            binding: binding.clone(),
            run: run.to_owned(),
            trigger: begun.trigger.clone().unwrap_or_else(|| "hand".to_owned()),
            ok: outcome == Outcome::Done,
            outcome,
            seconds: begun.at.map_or(0, |began| now.duration_since(began).as_secs()),
            stages: reports.len(),
            retries,
            made,
            blocked: blocked.len(),
            unread: unread.len(),
            codes: codes.into_iter().take(CODES).collect(),
            causes: causes.into_iter().take(CODES).map(str::to_owned).collect(),
            failed: failing.iter().map(|(step, _)| (*step).to_owned()).collect(),
        }
    }

    /// Writes the line. Its fields are those of docs/operations.md, "Alerts".
    pub(crate) fn log(&self) {
        let Tally { added, changed, removed } = self.made;
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    event = "run",
                    schema = SCHEMA,
                    binding = %self.binding,
                    run = self.run,
                    trigger = self.trigger,
                    ok = self.ok,
                    outcome = self.outcome.as_str(),
                    seconds = self.seconds,
                    stages = self.stages,
                    retries = self.retries,
                    added,
                    changed,
                    removed,
                    blocked = self.blocked,
                    unread = self.unread,
                    codes = self.codes.join(" "),
                    causes = self.causes.join(" "),
                    failed = self.failed.join(" "),
                    "run summary"
                )
            };
        }
        if self.ok { line!(info) } else { line!(warn) }
    }
}

/// What a failure is called: an error of ours begins with its code.
fn code(why: &str) -> &str {
    match why.split_once(':') {
        Some((code, _)) if code.starts_with("XREG-") => code,
        _ => "FUNCTION-FAILED",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use onboarding::causes::Root;
    use onboarding::{Reason, StageName};
    use serde_json::json;

    use super::*;

    fn event(kind: &str, step: &str, detail: &Value) -> fnf::Event {
        fnf::Event {
            kind: kind.to_owned(),
            step_name: step.to_owned(),
            event_detail: detail.to_string(),
            ..fnf::Event::default()
        }
    }

    fn reported(step: &str, stage: StageName, tally: Tally, blocked: Vec<Reason>) -> fnf::Event {
        let mut report = Report::new(stage, &"web".into(), "web-1", Vec::new(), blocked, Vec::new());
        report.tally = tally;
        event("TaskSucceeded", step, &json!({ "Output": report }))
    }

    fn failed(step: &str, message: &str) -> fnf::Event {
        let cause = json!({"errorType": "StillPending", "errorMessage": message}).to_string();
        event("TaskFailed", step, &json!({"Error": "FC.Unknown", "Cause": cause}))
    }

    fn summary(events: &[fnf::Event]) -> Summary {
        let execution = fnf::Execution {
            name: "web-1".to_owned(),
            input: r#"{"binding":"web","trigger":"timer"}"#.to_owned(),
            started_time: "2026-11-22T08:00:00Z".to_owned(),
            ..fnf::Execution::default()
        };
        let begun = Begun::of(&execution);
        Summary::of(&"web".into(), "web-1", &begun, events, "2026-11-22T08:01:03.9Z".parse().unwrap())
    }

    #[test]
    fn how_a_run_began_is_told_by_its_history_where_that_has_its_input() {
        let input = r#"{"binding":"web","trigger":"timer"}"#;
        let started = |detail: &str| fnf::Event {
            kind: "ExecutionStarted".to_owned(),
            time: "2026-11-22T08:00:00Z".to_owned(),
            event_detail: detail.to_owned(),
            ..fnf::Event::default()
        };
        let at = Some("2026-11-22T08:00:00Z".parse().unwrap());
        for input in [json!(input), json!({"binding": "web", "trigger": "timer"})] {
            let told = Begun::told_by(&[started(&json!({ "Input": input }).to_string())]);
            assert_eq!(told, Some(Begun { trigger: Some("timer".to_owned()), at }), "{input}");
        }
        for silent in ["", "{}", "null", "[]", r#"{"Output":1}"#] {
            assert_eq!(Begun::told_by(&[started(silent)]), None, "{silent}");
        }
        assert_eq!(Begun::told_by(&[event("StateEntered", "Turn", &json!({ "Input": input }))]), None);
    }

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What a function's log has of it, as the template has it written.
    fn line(summary: &Summary) -> Value {
        let paper = Paper::default();
        let out = paper.clone();
        let subscriber = fc_runtime::tracing::default_subscriber(move || out.clone(), "INFO", true);
        tracing::subscriber::with_default(subscriber, || summary.log());
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_run_that_did_its_work_is_ok_and_counted() {
        let turn = event("TaskSucceeded", "Turn", &json!({"Output": {"started": [], "drift": [], "turn": "web-1"}}));
        let rules = Tally { added: 2, ..Tally::default() };
        let members = Tally { added: 1, changed: 3, removed: 1 };
        let not_probed = Reason::new(Code::NotProbed, "alb-1", "No function sits in vpc-1, so no request was sent.");
        let events = [
            turn,
            failed("SecurityRules", "XREG-STILL-PENDING: a rule is not visible yet"),
            reported("SecurityRules", StageName::SecurityRules, rules, Vec::new()),
            reported("BackendServers", StageName::BackendServers, members, Vec::new()),
            reported("Verify", StageName::Verify, Tally::default(), vec![not_probed]),
        ];
        let found = line(&summary(&events));
        let expected = json!({
            "message": "run summary", "event": "run", "schema": 1, "binding": "web", "run": "web-1", "trigger": "timer",
            "ok": true, "outcome": "done", "seconds": 63, "stages": 3, "retries": 1, "added": 3, "changed": 3,
            "removed": 1, "blocked": 0, "unread": 0, "codes": "XREG-NOT-PROBED", "causes": "", "failed": ""
        });
        assert_eq!((&found["fields"], &found["level"]), (&expected, &json!("INFO")));
    }

    /// Members that drain, and releases that are proven again, are on their way; what preflight missed and a stage made is made.
    #[test]
    fn what_waits_for_a_time_and_what_was_settled_meanwhile_is_no_block() {
        let drains = Reason::new(Code::RemovalWaits, "i-1", "i-1 has weight 0.").until(Timestamp::UNIX_EPOCH);
        let missing = Reason::new(Code::NotAttached, "vpc-2", "vpc-2 is not attached.");
        let reported = |step, stage, blocked| reported(step, stage, Tally::default(), blocked);
        let preflight = reported("Preflight", StageName::Preflight, vec![missing.clone(), drains.clone()]);
        let members = reported("BackendServers", StageName::BackendServers, vec![drains.clone()]);
        let verify = reported("Verify", StageName::Verify, vec![drains]);
        let found = summary(&[preflight.clone(), members.clone(), verify]);
        assert_eq!((found.ok, found.outcome, found.blocked, found.codes), (true, Outcome::Done, 0, Vec::new()));
        let found = summary(&[preflight, members]);
        assert_eq!((found.ok, found.blocked), (false, 1), "nobody looked again");
    }

    #[test]
    fn what_follows_is_among_the_codes_and_not_among_the_causes() {
        let missing = Reason::new(Code::TransitRouterMissing, "cn-hangzhou", "There is no transit router.");
        let follows = [Code::NotAttached, Code::Waits, Code::PathNotOpen].map(|code| Reason::new(code, "vpc-2", "No."));
        let root = Root::new(&"web".into(), missing);
        let report = Report::new(StageName::Verify, &"web".into(), "web-1", Vec::new(), follows.into(), Vec::new());
        let report = report.with_causes([root]);
        let found = line(&summary(&[event("TaskSucceeded", "Verify", &json!({ "Output": report }))]));
        let fields = &found["fields"];
        assert_eq!(fields["causes"], "XREG-TR-MISSING");
        assert_eq!(fields["codes"], "XREG-NOT-ATTACHED XREG-PATH-NOT-OPEN XREG-WAITS");
    }

    #[test]
    fn a_run_that_ends_badly_names_its_codes_and_where_it_gave_up() {
        let conflict = || Reason::new(Code::RouteConflict, "192.168.0.0/16", "Another route is in the way.");
        let events = [
            reported("VpcRoutes", StageName::VpcRoutes, Tally::default(), vec![conflict()]),
            reported("BackendServers", StageName::BackendServers, Tally::default(), vec![conflict()]),
            failed("Verify", "XREG-STILL-PENDING: i-1 becomes healthy"),
            failed("Verify", "XREG-STILL-PENDING: i-1 becomes healthy"),
        ];
        let found = line(&summary(&events));
        assert_eq!(found["level"], "WARN");
        let fields = &found["fields"];
        assert_eq!(
            (&fields["ok"], &fields["outcome"], &fields["failed"]),
            (&json!(false), &json!("failed"), &json!("Verify"))
        );
        assert_eq!(fields["codes"], "XREG-ROUTE-CONFLICT XREG-STILL-PENDING");
        assert_eq!(fields["causes"], fields["codes"]);
        assert_eq!((&fields["blocked"], &fields["retries"]), (&json!(1), &json!(1)));
    }

    #[test]
    fn what_was_not_read_is_no_block_and_no_success() {
        let unread = Reason::new(Code::Unread, "the members", "Could not read the members.");
        let found = summary(&[reported("Prune", StageName::Prune, Tally::default(), vec![unread])]);
        assert_eq!((found.ok, found.outcome), (false, Outcome::Unread));
        let again = failed("SumUp", "XREG-UNREAD: the history");
        assert_eq!(summary(&[again]).outcome, Outcome::Done, "that is no part of the run");
        let found = summary(&[failed("Turn", "nothing that we know")]);
        assert_eq!((found.outcome, found.codes), (Outcome::Failed, vec!["FUNCTION-FAILED".to_owned()]));
    }
}
