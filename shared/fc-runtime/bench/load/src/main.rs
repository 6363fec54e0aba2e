//! Measures the servers of this folder against one another: `bench/run` builds them, then calls this.
//!
//! Every round measures every server once, so that what else happens on the machine happens to all; each round begins
//! with another one. Printed are medians over the rounds, their ratios to hyper doing the same work, and at the end each
//! goal with what was measured. The exit code is 1 if a goal is not met.

mod goals;
mod load;
mod report;
mod server;

use std::{
    env, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use load::{Load, Sample};
use report::Row;
use server::{Kind, Server};

const SAME_WORK: &str = "hyper, same work";
const ECHO: &str = "hyper, echo";
const RUN_CONCURRENT: &str = "fc-runtime run_concurrent";
const RUN: &str = "fc-runtime run";
const LAMBDA: &str = "lambda_runtime, 16 in flight";

const SERVERS: [(&str, &str, Kind); 10] = [
    (SAME_WORK, "hyper/release/hyper-same-work", Kind::Http),
    (RUN_CONCURRENT, "fc/release/run-concurrent", Kind::Http),
    (RUN, "fc/release/run", Kind::Http),
    ("fc-runtime run_concurrent, traced", "fc/release/traced run_concurrent", Kind::Http),
    ("fc-runtime run, traced", "fc/release/traced run", Kind::Http),
    (ECHO, "hyper/release/hyper-plain", Kind::Http),
    ("axum, echo", "axum/release/bench-axum", Kind::Http),
    ("lambda_runtime, 1 in flight", "lambda/release/bench-lambda", Kind::Poll(1)),
    (LAMBDA, "lambda/release/bench-lambda", Kind::Poll(16)),
    ("lambda_runtime, 200 in flight", "lambda/release/bench-lambda", Kind::Poll(200)),
];

/// Those whose throughput a goal is about; the others are there for reference, and get a second each.
const JUDGED: [&str; 4] = [SAME_WORK, RUN_CONCURRENT, RUN, LAMBDA];

/// Starts of each server in a round, and rounds in which memory is looked at, which takes a while.
const STARTS: usize = 5;
const MEMORY_ROUNDS: usize = 3;

const HELLO: [(&str, &str); 2] = [("fc-runtime", "fc/release/hello"), ("lambda_runtime", "lambda/release/hello")];

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let target =
        PathBuf::from(arguments.next().ok_or_else(|| io::Error::other("usage: bench-load TARGET ROUNDS SECONDS"))?);
    let rounds = number(arguments.next(), 9);
    let seconds = number(arguments.next(), 2);
    let script = load::write_script(&target)?;
    let mock = target.join("load/release/mock");
    let servers: Vec<Server> =
        SERVERS.map(|(name, command, kind)| Server::new(name, &target, command, kind, mock.clone())).into();
    let mut rows: Vec<Row> = servers.iter().map(|server| Row::new(server.name)).collect();
    for round in 0..rounds {
        for turn in 0..servers.len() {
            let index = (turn + round) % servers.len();
            let seconds = if JUDGED.contains(&rows[index].name) { seconds } else { 1 };
            measure(&servers[index], &mut rows[index], &script, seconds)?;
        }
        eprintln!("round {} of {rounds}", round + 1);
    }
    let sizes = sizes(&target)?;
    report::print(&rows, &servers, &sizes);
    let goals = goals::of(&rows, &sizes);
    goals::print(&goals);
    Ok(if goals.iter().all(goals::Goal::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn number(argument: Option<String>, default: usize) -> usize {
    argument.and_then(|argument| argument.parse().ok()).unwrap_or(default)
}

fn measure(server: &Server, row: &mut Row, script: &Path, seconds: usize) -> io::Result<()> {
    match server.kind {
        Kind::Http => {
            for _ in 0..STARTS {
                row.starts.push(server.time_start()?.as_secs_f64() * 1e3);
            }
            let running = server.start()?;
            row.at_16.push(load::wrk(&running, script, 16, seconds)?);
            row.at_200.push(load::wrk(&running, script, 200, seconds)?);
            drop(running);
            // Memory is compared in a process that has served 16 connections only.
            if row.resident.len() < MEMORY_ROUNDS {
                row.resident.push(load::resident_after(server, script, 100_000)?);
            }
        }
        Kind::Poll(in_flight) => {
            let sample: Sample = load::poll(server, in_flight, seconds)?;
            let loads: &mut Vec<Load> = if in_flight == 200 { &mut row.at_200 } else { &mut row.at_16 };
            loads.push(sample.load);
            row.mock_busy.push(sample.mock_busy);
            row.resident.push(sample.resident_kb);
        }
    }
    Ok(())
}

fn sizes(target: &Path) -> io::Result<Vec<(&'static str, u64)>> {
    HELLO.iter().map(|(name, path)| Ok((*name, std::fs::metadata(target.join(path))?.len()))).collect()
}
