//! The peers: two scripts on the official Python SDK, beside `albridge apply` and beside the functions. All do the same cold
//! onboarding on the same emulator with the same delays, over HTTP on loopback, and for all of them time passes only while
//! they wait: what they compute costs none.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bench_albridge::delays::Delays;
use bench_albridge::onboarding;
use local::{Generation, Hosting};
use serde_json::Value;

use crate::points::counted;
use crate::report::{Goals, table};
use crate::served::{Ended, Server, run};

const LIMIT: Duration = Duration::from_secs(120);

/// What each call takes, in seconds. Without it a script that looks every second meets the whole seconds of the cloud's delays
/// exactly, which says nothing of scripts; so the goals are about the other.
const LATENCIES: [f64; 2] = [0.0, 0.1];

/// What stands in for "ahead of the parallel script" (docs/benchmarks.md): of its seconds, and in calls.
const SECONDS_LIMIT: f64 = 1.03;
const CALLS_LIMIT: f64 = 460.0;

struct Took {
    name: String,
    /// Until the member was healthy.
    seconds: f64,
    /// Until the program, or the run, ended.
    ended: f64,
    calls: usize,
}

/// Runs all four, prints the tables, and adds the goals.
pub fn all(delays: &Delays, goals: &mut Goals) {
    println!("## Peers: a cold onboarding, upgraded\n");
    for latency in LATENCIES {
        let sequential = script("sequential", latency);
        let parallel = script("parallel", latency);
        let apply = beside("`albridge apply`", |ready| {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args(["measure", "apply"]).arg(ready).arg(latency.to_string());
            command
        });
        let story = onboarding::cold("the functions", Generation::Upgraded, Hosting::Http, latency, delays);
        let functions = Took { name: story.name, seconds: story.seconds, ended: story.ended, calls: story.calls.len() };
        let rows: Vec<Vec<String>> = [&sequential, &parallel, &apply, &functions]
            .iter()
            .map(|took| {
                let ratio = format!("{:.3}", took.seconds / parallel.seconds);
                let seconds = [took.seconds, took.ended].map(|seconds| format!("{seconds:.1}"));
                [vec![took.name.clone()], seconds.to_vec(), vec![took.calls.to_string(), ratio]].concat()
            })
            .collect();
        let head = format!("{latency} s a call");
        table(&[&head, "healthy after, s", "ended after, s", "calls", "seconds, to the parallel script's"], &rows);
        if latency > 0.0 {
            let before = parallel.seconds - 0.1;
            let what = "cold, upgraded: seconds, less than the parallel script's";
            goals.most_by_limit(what, before, parallel.seconds * SECONDS_LIMIT, functions.seconds);
            let fewer = parallel.calls.saturating_sub(1) as f64;
            let what = "cold, upgraded: calls, fewer than the parallel script's";
            goals.most_by_limit(what, fewer, CALLS_LIMIT, functions.calls as f64);
        }
    }
}

fn script(name: &str, latency: f64) -> Took {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    beside(&format!("SDK script, {name}"), |ready| {
        let mut command = Command::new(folder.join("target/peers/bin/python"));
        command.arg(folder.join("peers").join(format!("{name}.py"))).arg(ready).arg(latency.to_string());
        command
    })
}

/// Runs a program beside a cloud of its own.
fn beside(name: &str, program: impl FnOnce(&Path) -> Command) -> Took {
    let server = Server::start(&["world".to_owned(), "procedure".to_owned()]);
    let Ended::Told(told) = run(program(&server.ready), LIMIT) else { panic!("{name} does not end") };
    let told: Value = told;
    assert!(told["wrong"].is_null(), "{name}: {}", told["wrong"]);
    let ended = told["seconds"].as_f64().expect("seconds");
    let (calls, healthy) = counted(&server.ready);
    let seconds = healthy.unwrap_or_else(|| panic!("{name} made no healthy member"));
    Took { name: name.to_owned(), seconds, ended, calls: calls.values().sum() }
}
