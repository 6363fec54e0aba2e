//! Onboarding in virtual time: in memory, on paused time, by events and the workflow, with fixed seeds. What one story took,
//! which calls it made, and what waited for what.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use clock::Clock;
use emulator::CallRecord;
use emulator::call::{Caller, Service};
use emulator::faults::{Effect, Rule};
use jiff::Timestamp;
use local::{Generation, Hosting, Local, Options};
use onboarding::StageName;
use openapi::fnf;

use crate::delays::Delays;
use crate::worlds;

const SEED: u64 = 11;
/// The flow's Wait: a run's first twelve seconds are for more events.
const WINDOW: Duration = Duration::from_secs(12);
const FLOW: &str = "albridge";
/// The longest that a story may take.
const LIMIT: Duration = Duration::from_secs(3 * 3600);
/// How often the members' health is looked at, by hand.
const LOOK: Duration = Duration::from_millis(100);
/// Every so-many-th time the executions are listed: that counts against the rates of CloudFlow.
const LIST: usize = 100;

/// A call of the deployment's.
pub struct Made {
    /// Seconds after the window.
    pub at: f64,
    /// Whose: a stage, or another role.
    pub stage: String,
    pub action: String,
    pub service: Option<Service>,
    /// Whether it is a write that was accepted.
    pub written: bool,
    /// What it was about, for a reader.
    pub subject: String,
    /// Whether it goes on with an earlier page.
    pub continues: bool,
}

/// What a state of the workflow did.
pub struct State {
    pub stage: String,
    pub entered: f64,
    pub left: f64,
    /// Invocations: beginning, end, whether the function was satisfied.
    pub attempts: Vec<(f64, f64, bool)>,
}

/// What a story took.
pub struct Story {
    pub name: String,
    /// Seconds from the end of the window until all members are healthy: then the last one serves.
    pub seconds: f64,
    /// Seconds from the end of the window to the end of the last run.
    pub ended: f64,
    pub calls: Vec<Made>,
    pub states: Vec<State>,
    pub runs: usize,
}

impl Story {
    /// When the last member was registered.
    pub fn registered(&self) -> f64 {
        let adds = self.calls.iter().filter(|call| call.written && call.action == "AddServersToServerGroup");
        adds.map(|call| call.at).fold(0.0, f64::max)
    }

    /// Calls by a key.
    pub fn count<'s>(&'s self, key: impl Fn(&'s Made) -> &'s str) -> BTreeMap<&'s str, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(key(call)).or_default() += 1;
        }
        counts
    }
}

/// Runs a piece of work on a fresh runtime with paused time.
pub fn paused<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}

fn beginning() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().expect("a time")
}

/// A deployment, and from where on its log and its runs count.
struct Stage {
    local: Local,
    calls: usize,
    runs: usize,
}

impl Stage {
    async fn begin(options: Options) -> Self {
        let clock = Clock::seeded(beginning(), SEED);
        let local = Local::start(options, clock).await.expect("the deployment starts");
        Self { local, calls: 0, runs: 0 }
    }

    fn start(&self, id: &str) {
        worlds::act(&self.local, Service::Ecs, "cn-hangzhou", "StartInstance", vec![("InstanceId".into(), id.into())]);
    }

    async fn executions(&self) -> Vec<fnf::Execution> {
        let list = fnf::ListExecutions { flow_name: FLOW.to_owned(), ..Default::default() };
        let mut found = self.local.operator().list("cn-hangzhou", list).await.expect("ListExecutions");
        found.sort_by(|a, b| (&a.started_time, &a.name).cmp(&(&b.started_time, &b.name)));
        found
    }

    /// Waits until there are new runs, all have ended, and so many members are healthy; gives the runs, and when the members were.
    async fn ended(&self, members: usize) -> (Vec<fnf::Execution>, Timestamp) {
        let clock = self.local.clock();
        let end = clock.now() + LIMIT;
        let (mut healthy, mut looks) = (None, 0_usize);
        loop {
            if healthy.is_none() && worlds::healthy(&self.local) == members {
                healthy = Some(clock.now());
            }
            if let Some(healthy) = healthy.filter(|_| looks.is_multiple_of(LIST)) {
                let runs = self.executions().await;
                let is_open = |run: &fnf::Execution| matches!(&*run.status, "Starting" | "Running");
                if runs.len() > self.runs && !runs.iter().any(is_open) {
                    return (runs.into_iter().skip(self.runs).collect(), healthy);
                }
            }
            assert!(clock.now() < end, "the runs do not end, or the members do not become healthy");
            clock.sleep(LOOK).await;
            looks += 1;
        }
    }

    /// From here on calls and runs count.
    async fn mark(&mut self) {
        self.local.clock().sleep(Duration::from_secs(60)).await;
        self.calls = self.local.cloud().gateway().log().len();
        self.runs = self.executions().await.len();
        self.calls = self.local.cloud().gateway().log().len();
    }

    async fn story(&self, name: &str, members: usize) -> Story {
        let (runs, healthy) = self.ended(members).await;
        for run in &runs {
            let well = matches!(&*run.status, "Succeeded" | "Stopped");
            assert!(well, "{name}: {run:?}");
        }
        let log: Vec<CallRecord> = self.local.cloud().gateway().log().into_iter().skip(self.calls).collect();
        let time = |text: &str| text.parse::<Timestamp>().expect("a time");
        let zero = runs.iter().map(|run| time(&run.started_time)).min().expect("a run") + WINDOW;
        let last = runs.iter().map(|run| time(&run.stopped_time)).max().expect("a run");
        let after = |at: Timestamp| at.duration_since(zero).as_secs_f64();
        let calls: Vec<Made> = log.iter().filter_map(|call| made(call, after(call.at))).collect();
        let mut states = Vec::new();
        for run in &runs {
            states.extend(self.states(&run.name, zero, &calls).await);
        }
        Story { name: name.to_owned(), seconds: after(healthy), ended: after(last), calls, states, runs: runs.len() }
    }

    async fn states(&self, run: &str, zero: Timestamp, calls: &[Made]) -> Vec<State> {
        let history = fnf::GetExecutionHistory {
            flow_name: FLOW.to_owned(),
            execution_name: run.to_owned(),
            ..Default::default()
        };
        let events = self.local.operator().list("cn-hangzhou", history).await.expect("GetExecutionHistory");
        let mut states: Vec<State> = Vec::new();
        for event in events {
            let Some(stage) = stage_of_step(&event.step_name) else { continue };
            let at = event.time.parse::<Timestamp>().expect("a time").duration_since(zero).as_secs_f64();
            let place = states.iter().position(|state| state.stage == stage);
            let place = place.unwrap_or_else(|| {
                states.push(State { stage: stage.clone(), entered: at, left: at, attempts: Vec::new() });
                states.len() - 1
            });
            let state = &mut states[place];
            state.left = at;
            let satisfied = event.kind == "TaskSucceeded";
            if satisfied || event.kind.starts_with("TaskFailed") || event.kind.starts_with("TaskTimedOut") {
                let since = state.attempts.last().map_or(state.entered, |(_, end, _)| *end);
                // An invocation begins with the reading of the store.
                let first = calls.iter().find(|call| call.stage == stage && call.at >= since - 1e-6);
                let begin = first.map_or(since, |call| call.at).min(at);
                state.attempts.push((begin, at, satisfied));
            }
        }
        states
    }
}

fn made(call: &CallRecord, at: f64) -> Option<Made> {
    let role = match &call.caller {
        Some(Caller::Role(role) | Caller::Restricted { role, .. }) => role,
        Some(Caller::Root | Caller::Nobody) | None => return None,
    };
    let known = StageName::ALL.into_iter().find(|stage| role.ends_with(&format!("-{stage}")));
    let stage = known.map_or_else(|| role.clone(), |stage| stage.to_string());
    let named = ["VpcId", "DestinationCidrBlock", "TransitRouterRouteEntryDestinationCidrBlock"];
    let mut subject: Vec<&str> = named.iter().filter_map(|name| call.params.get(name)).collect();
    if call.action.contains("Associate") || call.action.contains("Propagation") {
        subject.extend(
            ["TransitRouterAttachmentId", "TransitRouterRouteTableId"].iter().filter_map(|name| call.params.get(name)),
        );
    }
    Some(Made {
        at,
        stage,
        action: call.action.clone(),
        service: call.service,
        written: call.writes && call.succeeded(),
        subject: subject.join(" "),
        continues: call.params.get("NextToken").is_some()
            || call.params.get("PageNumber").is_some_and(|page| page != "1"),
    })
}

/// `VpcRoutes` is `vpc-routes`.
fn stage_of_step(step: &str) -> Option<String> {
    let squeezed = step.to_lowercase();
    if squeezed == "turn" {
        return Some("turn".to_owned());
    }
    StageName::ALL.into_iter().map(|stage| stage.to_string()).find(|stage| stage.replace('-', "") == squeezed)
}

fn slow(stage: &Stage, latency: f64) {
    if latency <= 0.0 {
        return;
    }
    let delay = serde_json::json!({"delay": {"seconds": latency}});
    let delay: Effect = serde_json::from_value(delay).expect("an effect");
    let mut rule = Rule::new(delay);
    rule.on.caller = Some("albridge-*".to_owned());
    stage.local.cloud().inject(rule).expect("a rule");
}

/// A cold onboarding by the functions, each of whose calls takes `latency` seconds.
pub fn cold(name: &str, generation: Generation, hosting: Hosting, latency: f64, delays: &Delays) -> Story {
    paused(async {
        let options = Options { generation, hosting, ..worlds::options(delays) };
        let stage = Stage::begin(options).await;
        slow(&stage, latency);
        stage.start("i-ecs1");
        let story = stage.story(name, 1).await;
        let answer = stage.local.get("alb-1", 80, "www.example.com").await;
        assert_eq!(answer.map(|answer| answer.status), Some(200), "{name}: a request is answered");
        story
    })
}

/// So many more instances, at once, where everything is in place; each call takes `latency` seconds.
pub fn warm(name: &str, count: usize, latency: f64, delays: &Delays) -> Story {
    paused(async {
        let options = Options { scenario: worlds::fleet(count), ..worlds::options(delays) };
        let mut stage = Stage::begin(options).await;
        stage.start("i-ecs1");
        stage.ended(1).await;
        stage.mark().await;
        slow(&stage, latency);
        for id in worlds::fleet_ids(count) {
            stage.start(&id);
        }
        stage.story(name, count + 1).await
    })
}
