//! The benchmark suite. `tests/bench/run` builds and runs it; docs/benchmarks.md explains what it prints.
//!
//! ```text
//!   onboarding   in this process, in memory, on paused time: stories, waterfalls, critical path
//!   drift        a process for each point, beside a process that serves its world with its time held
//!   peers        SDK scripts, `albridge apply` and the functions do the same on the same emulator
//! ```

mod critical;
mod least;
mod peers;
mod points;
mod report;
mod served;
mod stories;
mod waterfall;

use std::path::Path;
use std::process::ExitCode;

use bench_albridge::delays::Delays;
use bench_albridge::worlds::Size;
use bench_albridge::{measured, serving};
use report::Goals;

const PARTS: [&str; 3] = ["onboarding", "drift", "peers"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What the suite starts itself.
        ["world", "procedure"] => serving::procedure(),
        ["world", instances, bindings] => {
            let number = |text: &str| text.parse().expect("a number");
            serving::in_place(Size { instances: number(instances), bindings: number(bindings) });
        }
        ["measure", "drift", ready] => measured::drift(Path::new(ready)),
        ["measure", "plan", ready] => measured::plan(Path::new(ready)),
        ["measure", "apply", ready, latency] => measured::apply(Path::new(ready), latency.parse().expect("seconds")),
        parts => return suite(parts),
    }
    ExitCode::SUCCESS
}

fn suite(parts: &[&str]) -> ExitCode {
    let wanted = |part: &str| parts.is_empty() || parts.contains(&"all") || parts.contains(&part);
    if let Some(unknown) = parts.iter().find(|part| **part != "all" && !PARTS.contains(part)) {
        eprintln!("There is no part {unknown}; there are: {}, all.", PARTS.join(", "));
        return ExitCode::from(64);
    }
    let (delays, mut goals) = (Delays::read(), Goals::default());
    if wanted("onboarding") {
        stories::all(&delays, &mut goals);
    }
    if wanted("drift") {
        points::all(&mut goals);
    }
    if wanted("peers") {
        peers::all(&delays, &mut goals);
    }
    if goals.print() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
