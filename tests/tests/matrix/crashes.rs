//! Crash points: a fault at one call of a stage, followed by the next run. The result must equal that of an undisturbed
//! run: no duplicates, no orphans, and a further run writes nothing.

use std::collections::BTreeSet;

use end_to_end::matrix::{self, COLLAPSED_POLLS, CRASH_POINTS, FAILURES, Scope, Tally};
use local::Generation;

use crate::faulty::{Fault, disturbed};
use crate::stories;
use crate::story::Story;
use crate::tape;

on_both_generations!(cold, warm, release, untag, repair, teardown);

async fn cold(generation: Generation) {
    every_crash_ends_well("crashes::cold", stories::cold(generation).await).await;
}

async fn warm(generation: Generation) {
    every_crash_ends_well("crashes::warm", stories::warm(generation).await).await;
}

async fn release(generation: Generation) {
    every_crash_ends_well("crashes::release", stories::release(generation).await).await;
}

async fn untag(generation: Generation) {
    every_crash_ends_well("crashes::untag", stories::untag(generation).await).await;
}

async fn repair(generation: Generation) {
    every_crash_ends_well("crashes::repair", stories::repair(generation).await).await;
}

async fn teardown(generation: Generation) {
    every_crash_ends_well("crashes::teardown", stories::teardown(generation).await).await;
}

/// A call in the undisturbed story, and the fault at it.
#[derive(Clone, Copy)]
struct Case {
    part: usize,
    call: usize,
    fault: Fault,
}

/// The sampling interval: small enough that a test run of some minutes covers every story.
const ONE_IN: usize = 240;

async fn every_crash_ends_well(test: &str, story: Story) {
    let scope = matrix::scope();
    let mut tally = Tally::of(&format!("crashes/{}", story.name));
    let (cases, collapsed) = cases(&story, &scope);
    tally.add(COLLAPSED_POLLS, collapsed);
    let cases = scope.choose(cases, ONE_IN, seed(&story.name), |case| id(&story, *case));
    let mut failures = Vec::new();
    for case in cases {
        tally.add(CRASH_POINTS, 1);
        if let Err(what) = crash(&story, case).await {
            tally.add(FAILURES, 1);
            let id = id(&story, case);
            failures.push(format!("{id}: {what}\n    {}", matrix::rerun(test, &id)));
        }
    }
    tally.add("followed", story.followed());
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
}

/// The crash points: in CI every write, and the first reading of each action in each stage; in the soak every call. Also
/// returns how many polls were left out.
fn cases(story: &Story, scope: &Scope) -> (Vec<Case>, u64) {
    let (mut cases, mut collapsed) = (Vec::new(), 0);
    let mut read = BTreeSet::new();
    for (part, at) in
        story.parts.iter().enumerate().map(|(index, part)| (part, index)).filter(|(part, _)| part.is_first_run)
    {
        let points = tape::points(&part.heard);
        collapsed += (part.heard.len() - points.len()) as u64;
        for call in points {
            let heard = &part.heard[call].call;
            let is_first = read.insert((part.binding, part.stage, heard.action.clone()));
            if heard.writes || is_first || *scope == Scope::Soak || matches!(scope, Scope::One(_)) {
                cases.extend(Fault::ALL.map(|fault| Case { part: at, call, fault }));
            }
        }
    }
    (cases, collapsed)
}

fn id(story: &Story, case: Case) -> String {
    let part = &story.parts[case.part];
    let action = &part.heard[case.call].call.action;
    format!("{}/{}-{}/{}-{action}/{}", story.name, case.part, part.stage, case.call, case.fault.name())
}

fn seed(name: &str) -> u64 {
    name.bytes().fold(0, |seed, byte| seed * 31 % 1_000_003 + u64::from(byte))
}

async fn crash(story: &Story, case: Case) -> Result<(), String> {
    let part = &story.parts[case.part];
    let local = part.before.resume(part.seed);
    let (answered, struck) = disturbed(&local, part.binding, part.stage, case.call, case.fault).await;
    if !struck {
        return Err("the call was not made".to_owned());
    }
    let from = match (case.fault.ends_run(), answered) {
        (true, _) => story.next_run(part.step),
        (false, true) => part.step + 1,
        // The flow retries the stage.
        (false, false) => part.step,
    };
    story.ends_well(&local, from).await
}
