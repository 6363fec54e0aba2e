//! The process that is measured at one point: the drift check as dispatch's function makes it for the timer, or
//! `albridge plan`. Its cloud is another process, so what `/proc` says of this one is its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use albridge::Environment;
use clock::Clock;
use dispatch::Dispatched;
use jiff::Timestamp;
use onboarding::Code;
use openapi::{Credentials, Transport};
use serde_json::{Value, json};
use stage::{Host, Invocation, Settings};

use crate::frozen::Control;
use crate::lockstep;
use crate::onboarding::paused;

/// The deployment's account in the emulator.
const ACCOUNT: &str = "1234567890123456";
/// How long a drift check may take here, on the cloud's clock: far longer than its function has, so that what it would take is
/// seen.
const PATIENCE: Duration = Duration::from_secs(1800);

struct Desk {
    ready: Value,
    clock: Clock,
    transport: Arc<dyn Transport>,
}

impl Desk {
    async fn open(ready: &Path, latency: f64) -> Self {
        let text = std::fs::read_to_string(ready).expect("the server's line");
        let ready: Value = serde_json::from_str(&text).expect("the server's line");
        let clock = Clock::seeded(Timestamp::now(), 7);
        let control = Control::connect(&text_of(&ready["control"])).await.expect("the control port");
        let transport = Arc::new(lockstep::transport(clock.clone(), control, Duration::from_secs_f64(latency)));
        Self { ready, clock, transport }
    }

    fn variables(&self, bindings: String) -> BTreeMap<String, String> {
        let ready = |name: &str| text_of(&self.ready[name]);
        BTreeMap::from([
            ("ALBRIDGE_ENDPOINTS".to_owned(), self.ready["endpoints"].to_string()),
            ("ALBRIDGE_BINDINGS".to_owned(), bindings),
            ("ALBRIDGE_HOME_REGION".to_owned(), local::HOME.to_owned()),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID".to_owned(), ready("accessKeyId")),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET".to_owned(), ready("accessKeySecret")),
        ])
    }

    fn told(&self, begun: Timestamp, extra: Value) {
        let seconds = self.clock.now().duration_since(begun).as_secs_f64();
        let mut told = json!({"seconds": seconds, "cpu": cpu(), "peak": peak()});
        for (name, value) in extra.as_object().cloned().unwrap_or_default() {
            told[name] = value;
        }
        println!("\n{told}");
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The drift check for all bindings.
pub fn drift(ready: &Path) {
    paused(async {
        let desk = Desk::open(ready, 0.0).await;
        let settings = Settings::parse(&desk.variables(text_of(&desk.ready["store"]))).expect("settings");
        let key = Credentials::new(text_of(&desk.ready["accessKeyId"]), text_of(&desk.ready["accessKeySecret"]));
        let host = Host::new(settings, Arc::clone(&desk.transport), desk.clock.clone(), key);
        let begun = desk.clock.now();
        let invocation = Invocation::until(&host, begun + PATIENCE);
        let timer = json!({"triggerTime": begun.to_string(), "triggerName": "drift", "payload": "drift"});
        let outcome = Box::pin(dispatch::dispatch(&invocation, ACCOUNT, &timer)).await;
        let wrong = match outcome {
            Ok(dispatched) if is_in_place(&dispatched) => Value::Null,
            Ok(dispatched) => json!(short(&format!("{dispatched:?}"))),
            Err(error) => json!(error.to_string()),
        };
        desk.told(begun, json!({"wrong": wrong}));
    });
}

/// Nothing to repair, and nothing to report but bindings without instances, where there are fewer instances than bindings.
fn is_in_place(dispatched: &Dispatched) -> bool {
    let mut reasons = dispatched.drift.iter().flat_map(|drift| &drift.reasons);
    dispatched.started.is_empty() && reasons.all(|reason| reason.code == Code::NoneSelected)
}

/// `albridge plan` of the first binding, as an operator runs it, with the bindings in a file.
pub fn plan(ready: &Path) {
    paused(async {
        let desk = Desk::open(ready, 0.0).await;
        let file = std::env::temp_dir().join(format!("bench-albridge-{}.yml", std::process::id()));
        std::fs::write(&file, text_of(&desk.ready["bindings"])).expect("a file for the bindings");
        let variables = desk.variables(file.display().to_string());
        let environment = Environment::with_transport(variables, Arc::clone(&desk.transport), desk.clock.clone());
        let begun = desk.clock.now();
        let code = Box::pin(albridge::run_within(&["albridge", "--json", "plan", "b0"], &environment)).await;
        let _gone = std::fs::remove_file(&file);
        let wrong = if code == 0 { Value::Null } else { json!(format!("exit code {code}")) };
        desk.told(begun, json!({"wrong": wrong}));
    });
}

/// `albridge apply` of the procedure's binding, where nothing is in place.
pub fn apply(ready: &Path, latency: f64) {
    paused(async {
        let desk = Desk::open(ready, latency).await;
        let file = std::env::temp_dir().join(format!("bench-albridge-{}.yml", std::process::id()));
        std::fs::write(&file, text_of(&desk.ready["bindings"])).expect("a file for the bindings");
        let variables = desk.variables(file.display().to_string());
        let environment = Environment::with_transport(variables, Arc::clone(&desk.transport), desk.clock.clone());
        let begun = desk.clock.now();
        let code = Box::pin(albridge::run_within(&["albridge", "--json", "apply", "web", "--yes"], &environment)).await;
        let _gone = std::fs::remove_file(&file);
        let wrong = if code == 0 { Value::Null } else { json!(format!("exit code {code}")) };
        desk.told(begun, json!({"wrong": wrong}));
    });
}

fn short(text: &str) -> String {
    text.chars().take(1_500).collect()
}

/// Seconds of processor time of this process so far, of all its threads.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in parentheses may hold blanks: fields 14 and 15 are the 12th and 13th after it. Linux counts in hundredths.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The most that was ever resident, in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or(0.0) * 1024.0 / 1e6
}
