//! What it costs to judge many backends in both directions: `cargo bench -p reachability`.
//!
//! Five regions, 200 routes in every table, faults of every kind. Every verdict is compared with what was built, so that
//! nothing is fast by being wrong. Sizes are measured in alternation; the medians are judged: 10,000 backends take less
//! than 100 ms, and a backend costs no more among 10,000 than among 2,500. Without optimisation only the verdicts are
//! judged.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]

mod world;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use reachability::{Question, explain, verdicts};

use crate::world::{PORTS, World};

const SIZES: [usize; 4] = [1_000, 2_500, 5_000, 10_000];
const ROUNDS: usize = 41;
const EXPLAINED_ROUNDS: usize = 3;
const LIMIT: Duration = Duration::from_millis(100);
/// What noise may add to a backend's cost from the second size to the last.
const GROWTH: f64 = 1.15;

fn main() -> ExitCode {
    let world = World::new(SIZES[SIZES.len() - 1]);
    let wrong = world.wrong(&judge(&world, world.instances.len()));
    if !wrong.is_empty() {
        println!("{} verdicts are not as built, as in {:?}", wrong.len(), wrong[0]);
        return ExitCode::FAILURE;
    }
    println!("{}", world.counted());
    if cfg!(debug_assertions) {
        println!("without optimisation nothing is measured");
        return ExitCode::SUCCESS;
    }

    let judged = medians(ROUNDS, |size| drop(black_box(judge(&world, size))));
    let explained = medians(EXPLAINED_ROUNDS, |size| {
        for instance in &world.instances[..size] {
            let World { topology, load_balancer_vpc, sources, .. } = &world;
            let question = Question { topology, sources, load_balancer_vpc, instance, ports: &PORTS, wish: None };
            black_box(explain(question));
        }
    });
    println!("{:>8}  {:>12}  {:>11}  {:>22}", "backends", "verdicts, ms", "us/backend", "each explained, ms");
    for ((size, judged), explained) in SIZES.iter().zip(&judged).zip(&explained) {
        let (all, full) = (judged.as_secs_f64() * 1e3, explained.as_secs_f64() * 1e3);
        println!("{size:>8}  {all:>12.3}  {:>11.3}  {full:>22.1}", each(*judged, *size));
    }

    let last = judged[SIZES.len() - 1];
    let growth = each(last, SIZES[SIZES.len() - 1]) / each(judged[1], SIZES[1]);
    println!("a backend among {} costs {growth:.3} of one among {}", SIZES[SIZES.len() - 1], SIZES[1]);
    if last >= LIMIT || growth > GROWTH {
        println!("NOT MET: less than {LIMIT:?} for all, and at most {GROWTH} times as much for each");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn judge(world: &World, size: usize) -> onboarding::Verdicts {
    let World { topology, load_balancer_vpc, sources, instances, .. } = world;
    verdicts(topology, load_balancer_vpc, sources, &PORTS, &instances[..size])
}

/// Microseconds for one of them.
fn each(all: Duration, size: usize) -> f64 {
    all.as_secs_f64() * 1e6 / size as f64
}

/// The median time for each size, sizes in alternation.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn medians(rounds: usize, run: impl Fn(usize)) -> Vec<Duration> {
    let mut times = vec![Vec::new(); SIZES.len()];
    for _ in 0..rounds {
        for (size, times) in SIZES.iter().zip(&mut times) {
            let start = Instant::now();
            run(*size);
            times.push(start.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    times.iter_mut().map(median).collect()
}
