//! A story: the steps that change a world, and its state at the end.
//!
//! ```text
//!   step       0 act    1 preflight  2 server-group   ...    12 preflight (next run) ...   the end
//!   world      W0 ────► W1 ────────► W2 ─────────────► ... ─► W12 ─────────────────► ... ─► footprint
//!                       │            │
//!                       └ resume ──► a disturbed invocation ──► the steps that are left ──► the same footprint?
//! ```
//!
//! Every stage starts by reading the cloud, and no state passes from one stage to the next. So a world that is cloned
//! before an invocation and resumed is exactly the world of that invocation: with the same seed the same calls are made in
//! the same order, up to the disturbed one.
//!
//! What a stage does depends only on the world, so two worlds that are alike ([`emulator::World::likeness`]) before the
//! same step end alike. The story stores the worlds from which the correct end was reached. A disturbed world that becomes
//! like one of them is not followed further.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use end_to_end::footprint::{self, Footprint};
use local::{Local, Snapshot};
use onboarding::StageName;

use crate::process::{Ended, invoke, stages};
use crate::tape::{Heard, Tape};

/// The Retry of the flow: its interval, and the most attempts (template.yml: 6 to 44 times).
const INTERVAL: Duration = Duration::from_secs(10);
const ATTEMPTS: u64 = 44;
/// The time after the last run for health checks and other changes in progress to complete.
const SETTLES: Duration = Duration::from_secs(120);

/// A step of a story.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A person does something at the console.
    Act(fn(&Local)),
    /// Time passes.
    Wait(Duration),
    /// A stage in a run of a binding, with the retries of the flow.
    Stage { run: usize, binding: &'static str, stage: StageName },
}

/// One run of `binding` and the next one, which continues the work if the first was stopped.
pub(crate) fn two_runs(number: usize, binding: &'static str) -> Vec<Step> {
    let of = |run| stages().map(move |stage| Step::Stage { run, binding, stage });
    of(2 * number).chain(of(2 * number + 1)).collect()
}

/// An invocation of the undisturbed story.
pub(crate) struct Part {
    /// Its step in the story.
    pub(crate) step: usize,
    /// The world before it.
    pub(crate) before: Snapshot,
    /// The seed with which that world was resumed.
    pub(crate) seed: u64,
    pub(crate) binding: &'static str,
    pub(crate) stage: StageName,
    /// Whether it belongs to the first of two runs.
    pub(crate) is_first_run: bool,
    pub(crate) heard: Vec<Heard>,
}

/// A story without faults.
pub(crate) struct Story {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) parts: Vec<Part>,
    /// The world before each step.
    pub(crate) starts: Vec<Snapshot>,
    /// The footprint at the end.
    pub(crate) whole: Footprint,
    /// For each step, and for the end, the worlds before it that are known to lead to the correct end.
    good: RefCell<Vec<BTreeSet<u64>>>,
    /// How many disturbed worlds were followed to the end.
    followed: RefCell<u64>,
}

impl Story {
    /// Runs a story without faults.
    pub(crate) async fn told(name: String, mut local: Local, steps: Vec<Step>) -> Self {
        let (mut parts, mut starts) = (Vec::new(), Vec::new());
        let mut good = vec![BTreeSet::new(); steps.len() + 1];
        for (index, step) in steps.iter().enumerate() {
            starts.push(local.snapshot());
            good[index].insert(likeness(&local));
            let Step::Stage { run, binding, stage } = *step else {
                perform(&local, step).await;
                continue;
            };
            for attempt in 0..ATTEMPTS {
                let (before, seed) = (local.snapshot(), 1 + index as u64 * ATTEMPTS + attempt);
                local = before.resume(seed);
                let tape = Tape::default();
                let ended = invoke(&tape.host(&local), binding, stage, None).await;
                let heard = tape.heard(local.cloud().gateway().log());
                parts.push(Part { step: index, before, seed, binding, stage, is_first_run: run % 2 == 0, heard });
                match ended {
                    Ended::Done => break,
                    Ended::Failed | Ended::OutOfTime => local.clock().sleep(INTERVAL).await,
                }
            }
        }
        let end = likeness(&local);
        good[steps.len()].insert(end);
        let story = Self {
            name,
            steps,
            parts,
            starts,
            whole: settled(&local).await,
            good: RefCell::new(good),
            followed: RefCell::default(),
        };
        if let Err(what) = story.is_at_rest(&local).await {
            panic!("{}: undisturbed, and yet {what}", story.name);
        }
        story
    }

    /// How many disturbed worlds were followed to the end, because no world like them was known.
    pub(crate) fn followed(&self) -> u64 {
        *self.followed.borrow()
    }

    /// The first step of the run after that of `step`: the next run of the same binding, or of the binding that follows.
    pub(crate) fn next_run(&self, step: usize) -> usize {
        let run_of = |step: &Step| match step {
            Step::Stage { run, binding, .. } => Some((*run, *binding)),
            Step::Act(_) | Step::Wait(_) => None,
        };
        let this = self.steps.get(step).and_then(run_of);
        let later = self.steps.iter().enumerate().skip(step);
        later.map(|(index, step)| (index, run_of(step))).find(|(_, run)| *run != this).map_or(step, |(index, _)| index)
    }

    /// The first step with this stage.
    pub(crate) fn step_of(&self, wanted: StageName) -> usize {
        let is_wanted = |step: &Step| matches!(step, Step::Stage { stage, .. } if *stage == wanted);
        self.steps.iter().position(is_wanted).unwrap()
    }

    /// Runs the rest of the story from a step on. Returns what is wrong at its end.
    pub(crate) async fn ends_well(&self, local: &Local, from: usize) -> Result<(), String> {
        let mut trail = Vec::new();
        for (index, step) in self.steps.iter().enumerate().skip(from) {
            let alike = likeness(local);
            if self.good.borrow()[index].contains(&alike) {
                self.remember(trail);
                return Ok(());
            }
            trail.push((index, alike));
            perform(local, step).await;
        }
        *self.followed.borrow_mut() += 1;
        let left = settled(local).await;
        if left != self.whole {
            return Err(format!("another world is left: {}", difference(&self.whole, &left)));
        }
        self.is_at_rest(local).await?;
        self.remember(trail);
        Ok(())
    }

    fn remember(&self, trail: Vec<(usize, u64)>) {
        let mut good = self.good.borrow_mut();
        for (step, alike) in trail {
            good[step].insert(alike);
        }
    }

    /// One more run of every binding writes nothing.
    async fn is_at_rest(&self, local: &Local) -> Result<(), String> {
        let bindings: BTreeSet<&str> = self.steps.iter().filter_map(Step::binding).collect();
        let before = local.cloud().gateway().log().len();
        for binding in bindings {
            for stage in stages() {
                perform(local, &Step::Stage { run: 0, binding, stage }).await;
            }
        }
        let log = local.cloud().gateway().log();
        let written: Vec<String> =
            log.iter().skip(before).filter(|call| call.writes).map(ToString::to_string).collect();
        if written.is_empty() { Ok(()) } else { Err(format!("a further run writes {written:#?}")) }
    }
}

impl Step {
    pub(crate) fn binding(&self) -> Option<&'static str> {
        match self {
            Self::Stage { binding, .. } => Some(binding),
            Self::Act(_) | Self::Wait(_) => None,
        }
    }
}

/// Runs one step of a story.
pub(crate) async fn perform(local: &Local, step: &Step) {
    match *step {
        Step::Act(act) => act(local),
        Step::Wait(time) => local.clock().sleep(time).await,
        Step::Stage { binding, stage, .. } => {
            for _ in 0..ATTEMPTS {
                match invoke(&local.operator_host(), binding, stage, None).await {
                    Ended::Done => return,
                    Ended::Failed | Ended::OutOfTime => local.clock().sleep(INTERVAL).await,
                }
            }
            // The flow's Catch leads to the next state.
        }
    }
}

/// A hash that is equal for worlds that are alike.
pub(crate) fn likeness(local: &Local) -> u64 {
    let now = local.cloud().now();
    let text = local.cloud().gateway().with(|world| world.likeness(now));
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The footprint after all changes in progress are complete. A route that several bindings want is marked for the one that
/// came first, so the binding in its mark does not matter.
pub(crate) async fn settled(local: &Local) -> Footprint {
    local.clock().sleep(SETTLES).await;
    unmarked(footprint::with_health(local).await)
}

/// A footprint without the bindings in the marks of routes.
pub(crate) fn unmarked(mut footprint: Footprint) -> Footprint {
    for kind in ["routes", "transit routes"] {
        for line in footprint.get_mut(kind).into_iter().flatten() {
            if let Some((route, _)) = line.rsplit_once(" albridge/albridge/") {
                *line = format!("{route} albridge");
            }
        }
    }
    footprint
}

/// The lines that only one of two footprints contains.
pub(crate) fn difference(wanted: &Footprint, found: &Footprint) -> String {
    let lines = |of: &Footprint| -> Vec<String> {
        of.iter().flat_map(|(kind, lines)| lines.iter().map(move |line| format!("{kind}: {line}"))).collect()
    };
    let (wanted, mut more) = (lines(wanted), lines(found));
    let mut missing = Vec::new();
    for line in wanted {
        match more.iter().position(|found| *found == line) {
            Some(place) => drop(more.remove(place)),
            None => missing.push(line),
        }
    }
    format!("missing {missing:#?}, too many {more:#?}")
}
