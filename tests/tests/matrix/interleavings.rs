//! Interleavings: several processes at once, whose calls have other latencies with every seed. After the next run the
//! result must equal that of an undisturbed run: no duplicates, nothing missing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::Random;
use emulator::faults::{Effect, Rule};
use end_to_end::apply;
use end_to_end::footprint::{self, Footprint};
use end_to_end::matrix::{self, FAILURES, SEEDS, Scope, Tally};
use local::{Generation, Local};
use onboarding::{Plan, StageName};
use stage::Host;

use crate::lies::{SETTLES, kept};
use crate::process::invoke;
use crate::stories;
use crate::story::{Step, Story};

on_both_generations!(two_runs, five_runs, two_bindings, apply_beside_a_run, lagging_listings);

async fn two_runs(generation: Generation) {
    every_seed_ends_well("interleavings::two_runs", generation, [Tale::Cold, Tale::Untag], Kind::Runs(2)).await;
}

async fn five_runs(generation: Generation) {
    every_seed_ends_well("interleavings::five_runs", generation, [Tale::Repair, Tale::Cold], Kind::Runs(5)).await;
}

/// They share the CEN instance, a backend VPC with its attachment, and the load balancer with the routes of its VPC.
async fn two_bindings(generation: Generation) {
    every_seed_ends_well("interleavings::two_bindings", generation, [Tale::TwoBindings], Kind::Bindings).await;
}

async fn apply_beside_a_run(generation: Generation) {
    let tales = [Tale::Cold, Tale::Repair];
    every_seed_ends_well("interleavings::apply_beside_a_run", generation, tales, Kind::Apply).await;
}

/// Stale listings that do not show the writes of the last seconds or minutes; the seed determines the lag.
async fn lagging_listings(generation: Generation) {
    let tales = [Tale::Cold, Tale::Offboarding];
    every_seed_ends_well("interleavings::lagging_listings", generation, tales, Kind::Lag).await;
}

/// The story during which the processes run.
#[derive(Debug, Clone, Copy)]
enum Tale {
    Cold,
    Untag,
    Repair,
    Offboarding,
    TwoBindings,
}

impl Tale {
    async fn told(self, generation: Generation) -> Story {
        match self {
            Self::Cold => stories::cold(generation).await,
            Self::Untag => stories::untag(generation).await,
            Self::Repair => stories::repair(generation).await,
            Self::Offboarding => stories::offboarding(generation).await,
            Self::TwoBindings => stories::two_bindings(generation).await,
        }
    }
}

/// The processes that run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// This many runs of one binding.
    Runs(usize),
    /// One run for each of two bindings.
    Bindings,
    /// `albridge apply` with a plan that was just approved, and a run.
    Apply,
    /// One run with stale listings.
    Lag,
}

/// The number of seeds for each of the ten tests: 2,000 in all.
const FULL: u64 = 200;
const SAMPLE: u64 = 2;
/// The largest lag of a listing.
const LONGEST_LAG: Duration = Duration::from_secs(5 * 60);

async fn every_seed_ends_well<const N: usize>(test: &str, generation: Generation, tales: [Tale; N], kind: Kind) {
    let scope = matrix::scope();
    // A sample covers only one story.
    let told = if scope == Scope::Sample { 1 } else { N };
    let mut stories = Vec::new();
    for tale in &tales[..told] {
        stories.push(tale.told(generation).await);
    }
    let generation = stories[0].name.rsplit('/').next().unwrap();
    let mut tally = Tally::of(&format!("{}/{generation}", test.replace("::", "/")));
    let id = |seed: &u64| format!("{test}/{generation}/{seed}");
    let seeds = scope.choose((0..scope.count(SAMPLE, FULL)).collect(), 1, 0, id);
    let mut failures = Vec::new();
    for seed in seeds {
        tally.add(SEEDS, 1);
        let mut random = Random::seeded(seed);
        let story = &stories[below(&mut random, stories.len())];
        if let Err(what) = ends_well(story, kind, seed, &mut random).await {
            tally.add(FAILURES, 1);
            let id = id(&seed);
            failures.push(format!("{id} ({}): {what}\n    {}", story.name, matrix::rerun(test, &id)));
        }
    }
    for story in &stories {
        tally.add("followed", story.followed());
    }
    assert!(failures.is_empty(), "{} seeds failed:\n{}", failures.len(), failures.join("\n"));
}

/// A random integer from 0 up to, but not including, `count`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is smaller than the count")]
fn below(random: &mut Random, count: usize) -> usize {
    (random.fraction() * count as f64) as usize
}

async fn ends_well(story: &Story, kind: Kind, seed: u64, random: &mut Random) -> Result<(), String> {
    // The stages of the first run of one binding.
    let first: Vec<(usize, &'static str, StageName)> = story.first_run("web");
    let place = below(random, first.len());
    let local = story.starts[first[place].0].resume(seed);
    local.clock().sleep(SETTLES).await;
    let before = if kind == Kind::Lag { footprint::of(&local).await } else { Footprint::new() };
    let plan =
        if kind == Kind::Apply { Some(apply::plan(&local, "web").await.map_err(|e| e.to_string())?) } else { None };
    if kind == Kind::Lag {
        let lag = LONGEST_LAG.mul_f64(random.fraction());
        local.cloud().inject(Rule::new(Effect::StaleReads { seconds: lag.into() })).unwrap();
    }
    let processes = match kind {
        Kind::Runs(count) => count,
        Kind::Bindings | Kind::Apply => 2,
        Kind::Lag => 1,
    };
    let work = (0..processes).map(|number| {
        // One run may be one stage ahead of the other, and takes one or two stages.
        let at = place.saturating_sub(below(random, 2));
        let until = (place + 1 + below(random, 2)).min(first.len());
        let binding = if kind == Kind::Bindings && number > 0 { "api" } else { "web" };
        let stages: Vec<StageName> = first[at..until].iter().map(|(.., stage)| *stage).collect();
        let approved = plan.as_ref().filter(|_| number == 0);
        let host = unsteady(&local, seed * 8 + number as u64);
        Box::pin(at_work(host, binding, stages, approved))
    });
    futures_util::future::join_all(work.collect::<Vec<_>>()).await;
    let now = local.cloud().now();
    local.cloud().with(|world| world.clear_faults(now));
    if kind == Kind::Lag {
        local.clock().sleep(SETTLES).await;
        kept(&before, &footprint::of(&local).await, &["i-fleet-02", "i-fleet-03"])?;
    }
    story.ends_well(&local, story.first_next_run()).await
}

/// A process that runs some stages of a run.
async fn at_work(host: Host, binding: &'static str, stages: Vec<StageName>, approved: Option<&Plan>) {
    for stage in stages {
        invoke(&host, binding, stage, approved).await;
    }
}

/// A host whose calls are delayed before and after they are carried out.
fn unsteady(local: &Local, seed: u64) -> Host {
    let random = Arc::new(Mutex::new(Random::seeded(seed)));
    let (inner, clock) = (local.transport(), local.clock().clone());
    let transport = move |request: http::Request<Bytes>| {
        let (random, inner, clock) = (Arc::clone(&random), Arc::clone(&inner), clock.clone());
        async move {
            let delay = || {
                let mut random = random.lock().unwrap();
                // Mostly a normal network latency, sometimes long enough for the other processes to act in between.
                let most = if random.fraction() < 0.2 { 3.0 } else { 0.08 };
                Duration::from_secs_f64(most * random.fraction())
            };
            clock.sleep(delay()).await;
            let answered = inner.send(request).await;
            clock.sleep(delay()).await;
            answered
        }
    };
    local.operator_host_over(Arc::new(transport))
}

impl Story {
    /// The steps of the first run of a binding.
    fn first_run(&self, wanted: &str) -> Vec<(usize, &'static str, StageName)> {
        let steps = self.steps.iter().enumerate().filter_map(|(index, step)| match step {
            Step::Stage { run: 0, binding, stage } if *binding == wanted => Some((index, *binding, *stage)),
            _ => None,
        });
        steps.collect()
    }

    /// The first step of the second run.
    fn first_next_run(&self) -> usize {
        self.steps.iter().position(|step| matches!(step, Step::Stage { run: 1, .. })).unwrap()
    }
}
