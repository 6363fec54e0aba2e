//! False answers: every reading action of a stage, in every way in which its answer may be false. While the lie lasts,
//! nothing is removed, nothing correct is changed (except the mark of a released instance, which is cleared again), and
//! nothing is duplicated. Afterwards the world becomes the same as an undisturbed one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use emulator::call::Service;
use emulator::faults::{Effect, Lie, Rule};
use end_to_end::calls::met_a_conflict;
use end_to_end::footprint::{self, Footprint};
use end_to_end::matrix::{self, FAILURES, LIES, Tally};
use local::{Generation, Local};
use onboarding::StageName;

use crate::process::invoke;
use crate::stories;
use crate::story::{Step, Story, likeness, unmarked};

on_both_generations!(steady, cold, offboarding, teardown);

/// Twelve members, and nothing to do.
async fn steady(generation: Generation) {
    no_lie_does_harm("lies::steady", stories::steady(generation).await, StageName::Preflight, &[]).await;
}

/// In the middle of an onboarding: with attachments, but without routes, rules and members.
async fn cold(generation: Generation) {
    no_lie_does_harm("lies::cold", stories::cold(generation).await, StageName::VpcRoutes, &[]).await;
}

/// Twelve members: one has lost its tag, and one is released.
async fn offboarding(generation: Generation) {
    let leavers = ["i-fleet-02", "i-fleet-03"];
    no_lie_does_harm("lies::offboarding", stories::offboarding(generation).await, StageName::Preflight, &leavers).await;
}

/// What another binding wants, while one that shares all of the network with it is torn down.
async fn teardown(generation: Generation) {
    let story = stories::shared_teardown(generation).await;
    no_lie_does_harm("lies::teardown", story, StageName::Teardown, &[]).await;
}

/// The sampling interval: small enough to cover every lie.
const ONE_IN: usize = 90;
/// After this time no resource is in a transient state.
pub(crate) const SETTLES: Duration = Duration::from_secs(30);
/// How often one stage may try the same write: a listing may be stale once or twice.
const TRIES: usize = 3;

/// A reading action, and how its answers are falsified.
#[derive(Debug, Clone)]
struct Case {
    service: Service,
    action: String,
    lie: Lie,
}

async fn no_lie_does_harm(test: &str, story: Story, from: StageName, leavers: &[&str]) {
    let scope = matrix::scope();
    let mut tally = Tally::of(&format!("lies/{}", story.name));
    let step = story.step_of(from);
    let before = {
        let local = story.starts[step].resume(1);
        local.clock().sleep(SETTLES).await;
        let mut before = unmarked(footprint::of(&local).await);
        if from == StageName::Teardown {
            // What goes in the end may go at any time.
            let stays = |kind: &str, line: &String| story.whole.get(kind).is_some_and(|lines| lines.contains(line));
            before.iter_mut().for_each(|(kind, lines)| lines.retain(|line| stays(kind, line)));
            assert!(
                before["routes"].len() > 2 && before["rules"].len() > 1 && before["members"].len() == 1,
                "{before:#?}"
            );
        }
        (likeness(&local), before)
    };
    let id = |case: &Case| format!("{}/{}-{:?}", story.name, case.action, case.lie);
    let seed = 1 + story.name.len() as u64;
    let cases = scope.choose(cases(&story, step), ONE_IN, seed, id);
    let mut failures = Vec::new();
    for case in cases {
        tally.add(LIES, 1);
        let told = Told { story: &story, step, case: &case, before: &before, leavers };
        if let Err(what) = told.does_no_harm().await {
            tally.add(FAILURES, 1);
            let id = id(&case);
            failures.push(format!("{id}: {what}\n    {}", matrix::rerun(test, &id)));
        }
    }
    tally.add("followed", story.followed());
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
}

/// Every action that reads in the run from `step` on, with every lie that changes one of its answers.
fn cases(story: &Story, step: usize) -> Vec<Case> {
    let mut answers: BTreeMap<(String, String), (Service, BTreeSet<Lie>)> = BTreeMap::new();
    for heard in story.parts.iter().filter(|part| part.step >= step && part.is_first_run).flat_map(|part| &part.heard) {
        // Calls for objects and functions are not RPC calls and return no listings.
        let Some(service) = heard.call.service.filter(|service| !matches!(service, Service::Oss | Service::Fc)) else {
            continue;
        };
        if heard.call.writes || !heard.call.succeeded() {
            continue;
        }
        let told =
            answers.entry((format!("{service:?}"), heard.call.action.clone())).or_insert((service, BTreeSet::new()));
        told.1.extend(Lie::ALL.into_iter().filter(|lie| lie.changes(&heard.answer)));
    }
    let of = |((_, action), (service, lies)): ((String, String), (Service, BTreeSet<Lie>))| {
        lies.into_iter().map(move |lie| Case { service, action: action.clone(), lie })
    };
    answers.into_iter().flat_map(of).collect()
}

/// A lie during the run from a step of a story on.
struct Told<'a> {
    story: &'a Story,
    step: usize,
    case: &'a Case,
    /// The world before the lie: its likeness hash and its footprint.
    before: &'a (u64, Footprint),
    leavers: &'a [&'a str],
}

impl Told<'_> {
    async fn does_no_harm(&self) -> Result<(), String> {
        let Case { service, action, lie } = self.case;
        let local = self.story.starts[self.step].resume(1);
        local.clock().sleep(SETTLES).await;
        local.cloud().inject(Rule::new(Effect::Falsify { lie: *lie }).on(*service, action)).unwrap();
        let mut last = self.step;
        for (index, binding, stage) in self.stages() {
            last = index;
            // A stage that does not read with the action behaves as in the undisturbed story.
            if !self.reads(stage) {
                if !self.is_at_rest() {
                    invoke(&local.operator_host(), binding, stage, None).await;
                }
                continue;
            }
            let began = local.cloud().gateway().log().len();
            invoke(&local.operator_host(), binding, stage, None).await;
            repeats_nothing(&local, began).map_err(|what| format!("{stage} {what}"))?;
        }
        let now = local.cloud().now();
        local.cloud().with(|world| world.clear_faults(now));
        local.clock().sleep(SETTLES).await;
        if likeness(&local) != self.before.0 {
            kept(&self.before.1, &unmarked(footprint::of(&local).await), self.leavers)?;
        }
        self.story.ends_well(&local, self.story.next_run(last)).await
    }

    /// The stages of the run with the lie.
    fn stages(&self) -> impl Iterator<Item = (usize, &'static str, StageName)> {
        let end = self.story.next_run(self.step);
        let steps = self.story.steps.iter().enumerate().take(end).skip(self.step);
        steps.filter_map(|(index, step)| match step {
            Step::Stage { binding, stage, .. } => Some((index, *binding, *stage)),
            Step::Act(_) | Step::Wait(_) => None,
        })
    }

    /// Whether the undisturbed run writes nothing.
    fn is_at_rest(&self) -> bool {
        let parts = self.story.parts.iter().filter(|part| part.step >= self.step && part.is_first_run);
        !parts.flat_map(|part| &part.heard).any(|heard| heard.call.writes)
    }

    /// Whether a stage reads with the action.
    fn reads(&self, stage: StageName) -> bool {
        let mut parts = self.story.parts.iter().filter(|part| part.step >= self.step && part.stage == stage);
        parts.any(|part| part.heard.iter().any(|heard| heard.call.action == self.case.action))
    }
}

/// Fails if one write was tried too often.
fn repeats_nothing(local: &Local, since: usize) -> Result<(), String> {
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let log = local.cloud().gateway().log();
    // A call refused because of bad timing has to be repeated.
    for call in log.into_iter().skip(since).filter(|call| call.writes && !met_a_conflict(call)) {
        let params = call.params.iter().filter(|(name, _)| *name != "ClientToken");
        let params: Vec<_> = params.map(|(name, value)| format!("{name}={value}")).collect();
        *tried.entry(format!("{} {}", call.action, params.join(" "))).or_default() += 1;
    }
    match tried.into_iter().find(|(_, times)| *times > TRIES) {
        None => Ok(()),
        Some((write, times)) => Err(format!("tries {times} times: {write}")),
    }
}

/// Fails if anything from before is missing, changed or duplicated. A leaver may be missing, and a member may be marked as
/// released.
pub(crate) fn kept(before: &Footprint, after: &Footprint, leavers: &[&str]) -> Result<(), String> {
    let is_leaver = |line: &str| leavers.iter().any(|leaver| line.contains(leaver));
    for (kind, lines) in before {
        let after = after.get(kind).map(Vec::as_slice).unwrap_or_default();
        for line in lines.iter().filter(|line| !is_leaver(line)) {
            let marked = format!("{line}/released");
            if !after.contains(line) && !after.contains(&marked) {
                return Err(format!("{kind}: {line:?} is gone or altered: {after:#?}"));
            }
        }
    }
    for (kind, lines) in after {
        if let Some(pair) = lines.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("{kind}: {:?} is there twice", pair[0]));
        }
    }
    Ok(())
}
