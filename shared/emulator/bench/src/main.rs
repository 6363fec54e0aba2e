//! Measures the emulator from outside, over loopback: `bench/run` builds both sides, then calls this.
//!
//! ```text
//!   sign a round's requests ─► 16 connections send them, each waits for its answer ─► every answer is checked
//!          (not measured)                      (measured)                                (measured)
//! ```
//!
//! Requests are signed before their round, each with its own nonce and the time of its signing, by code of this package
//! alone. Rounds with one signature and the other alternate; a figure is the median over the rounds. The load runs on one
//! thread of the same machine, and reads every answer through.

mod load;
mod report;
mod scenario;
mod server;
mod sign;

use std::time::{Duration, Instant};

use load::{Batch, Fleet};
use report::Report;
use server::Server;
use sign::Signature;

type BoxError = Box<dyn std::error::Error>;

/// How many connections are kept open.
const CONNECTIONS: usize = 16;
/// Requests in a round: about as much as fits the load's own caches and still lasts for seconds.
const ROUND: usize = 40_000;
/// How long the idle server is watched.
const IDLE: Duration = Duration::from_secs(10);

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().ok_or("usage: bench-emulator SERVER [REQUESTS]")?;
    let requests: usize = arguments.next().map_or(Ok(1_000_000), |count| count.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(&program, requests))?;
    report.print();
    if report.holds() { Ok(()) } else { Err("a goal is not met".into()) }
}

async fn measure(program: &str, requests: usize) -> Result<Report, BoxError> {
    let started = Instant::now();
    let server = Server::start(program)?;
    let mut report = Report::default();
    report.start = started.elapsed();
    let before = server.cpu()?;
    tokio::time::sleep(IDLE).await;
    report.idle = (server.cpu()? - before).as_secs_f64() / IDLE.as_secs_f64();
    report.memory_at_start = server.memory("VmRSS")?;
    let mut fleet = Fleet::connect(&server.address, CONNECTIONS).await?;
    let mut sent = 0;
    while sent < requests {
        for signature in [Signature::Acs3, Signature::Rpc] {
            let count = ROUND.min(requests - sent);
            if count == 0 {
                break;
            }
            let batch = Batch::signed(signature, &server, sent, count);
            let (cpu, began) = (server.cpu()?, Instant::now());
            let checked = fleet.send(&batch).await?;
            let took = began.elapsed();
            report.round(signature, count, took, server.cpu()? - cpu, checked);
            sent += count;
        }
        eprintln!("{sent} of {requests} requests, {}", report.latest());
    }
    report.requests = sent;
    report.memory = server.memory("VmRSS")?;
    report.most_memory = server.memory("VmHWM")?;
    report.pages = load::walk(&server).await?;
    report.lists = load::lists(&server).await?;
    Ok(report)
}
