//! The peers: two scripts on the official Python SDK, beside `albridge apply` and beside the functions. All do the same cold
//! onboarding on the same emulator with the same delays, over HTTP on loopback, and for all of them time passes only while
//! they wait: what they compute costs none.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use emulator::PROCEDURE;
use local::{Generation, Hosting, Options, Stack};
use serde_json::Value;

use crate::delays::Delays;
use crate::onboarding;
use crate::points::counted;
use crate::report::{Goals, table};
use crate::served::{Ended, Server, run};
use crate::worlds;

const LIMIT: Duration = Duration::from_secs(120);

/// The procedure's world with its instance running, for who comes by hand.
pub fn options() -> Options {
    let delays = Delays::read();
    let scenario = PROCEDURE.replacen("securityGroups: [sg-2], state: Stopped,", "securityGroups: [sg-2],", 1);
    assert_ne!(scenario, PROCEDURE, "the instance runs");
    let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *")];
    Options { scenario, stacks, ..worlds::options(&delays) }
}

struct Took {
    name: String,
    seconds: f64,
    calls: usize,
}

/// Runs all four, prints the table, and adds the goals.
pub fn all(delays: &Delays, goals: &mut Goals) {
    let sequential = script("sequential");
    let parallel = script("parallel");
    let apply = beside("`albridge apply`", |ready| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["measure", "apply"]).arg(ready);
        command
    });
    let functions = onboarding::cold("the functions", Generation::Upgraded, Hosting::Http, delays);
    let functions = Took { name: functions.name, seconds: functions.seconds, calls: functions.calls.len() };
    println!("## Peers: a cold onboarding, upgraded\n");
    let rows: Vec<Vec<String>> = [&sequential, &parallel, &apply, &functions]
        .iter()
        .map(|took| {
            let ratio = format!("{:.3}", took.seconds / parallel.seconds);
            vec![took.name.clone(), format!("{:.1}", took.seconds), took.calls.to_string(), ratio]
        })
        .collect();
    table(&["", "virtual s", "calls", "to the parallel script"], &rows);
    goals.most(
        "cold, upgraded: the functions' seconds, below the parallel script's",
        parallel.seconds - 0.1,
        functions.seconds,
    );
    let fewer = parallel.calls.saturating_sub(1) as f64;
    goals.most("cold, upgraded: the functions' calls, fewer than the parallel script's", fewer, functions.calls as f64);
}

fn script(name: &str) -> Took {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    beside(&format!("SDK script, {name}"), |ready| {
        let mut command = Command::new(folder.join("target/peers/bin/python"));
        command.arg(folder.join("peers").join(format!("{name}.py"))).arg(ready);
        command
    })
}

/// Runs a program beside a cloud of its own.
fn beside(name: &str, program: impl FnOnce(&Path) -> Command) -> Took {
    let server = Server::start(&["world".to_owned(), "procedure".to_owned()]);
    let Ended::Told(told) = run(program(&server.ready), LIMIT) else { panic!("{name} does not end") };
    let told: Value = told;
    assert!(told["wrong"].is_null(), "{name}: {}", told["wrong"]);
    let seconds = told["seconds"].as_f64().expect("seconds");
    let calls = counted(&server.ready).values().sum();
    Took { name: name.to_owned(), seconds, calls }
}
