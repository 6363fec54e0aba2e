//! Creates that could produce a duplicate: they never do when an answer is lost, and they recreate what was deleted.
//!
//! The properties are tested over seeds. A seed is a history of deletions by hand, interrupted invocations, two concurrent
//! runs, lost answers and stale readings, in random order.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Random;
use emulator::faults::{Effect, Rule};
use emulator::{PROCEDURE, UnknownAttachment, World};
use end_to_end::matrix::{self, SEEDS, Tally};
use end_to_end::things::Thing;
use end_to_end::{Console, apply, start, worlds};
use local::{Generation, Local, Options, Stack};

use crate::{LIMIT, minutes, onboarded};

on_both_generations!(what_was_deleted_is_back_after_one_apply, what_was_deleted_is_back_after_the_timer);

/// `i-ecs1` is already running, so no event starts a run.
fn running(generation: Generation) -> Options {
    let scenario = PROCEDURE.replacen("state: Stopped, ", "", 1);
    assert_ne!(scenario, PROCEDURE);
    Options { scenario, ..worlds::options(generation) }
}

/// A deployment with everything in place and a timer that does not fire, so that only the test itself starts runs.
async fn quiet(options: Options) -> Local {
    let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *")];
    let local = start(Options { stacks, ..options }).await;
    let plan = apply::plan(&local, "web").await.unwrap();
    apply::apply(&local, "web", &plan).await.unwrap();
    for thing in Thing::ALL {
        assert_eq!(thing.of(&local).len(), 1, "{thing:?}");
    }
    local
}

async fn what_was_deleted_is_back_after_one_apply(generation: Generation) {
    let local = quiet(running(generation)).await;
    for thing in Thing::ALL {
        let before = thing.of(&local);
        assert!(thing.delete(&local).await, "{thing:?}");
        assert_eq!(thing.of(&local), Vec::<String>::new(), "{thing:?}");
        let plan = apply::plan(&local, "web").await.unwrap();
        apply::apply(&local, "web", &plan).await.unwrap();
        let after = thing.of(&local);
        assert_eq!(after.len(), 1, "{thing:?}");
        assert_ne!(after, before, "{thing:?}");
        assert_eq!(Console(&local).members().await.len(), 1, "{thing:?}");
        // The health checks of a new listener take a few seconds.
        Console(&local).wait(minutes(1)).await;
        assert_eq!(Console(&local).get().await.unwrap().served_by.as_deref(), Some("i-ecs1"), "{thing:?}");
    }
}

async fn what_was_deleted_is_back_after_the_timer(generation: Generation) {
    let local = onboarded(worlds::options(generation)).await;
    let console = Console(&local);
    for thing in Thing::ALL {
        assert!(thing.delete(&local).await, "{thing:?}");
        let runs = console.executions().await.len();
        console.wait(minutes(31)).await; // the timer fires every half hour
        console.ended(runs + 1, LIMIT).await;
        assert_eq!(thing.of(&local).len(), 1, "{thing:?}");
        assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"), "{thing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_eight_times_in_a_row_is_back_in_one_invocation_each_time() {
    for thing in Thing::ALL {
        let local = quiet(running(Generation::Upgraded)).await;
        let mut ids = thing.of(&local);
        for deletion in 1..=8 {
            assert!(thing.delete(&local).await, "{thing:?} {deletion}");
            // An attachment takes longer than one invocation; the stage then reports that it needs more time.
            let outcome = thing.ensure(&local).await;
            assert!(outcome.is_ok_and(|report| report.ok) || thing.is_slow(), "{thing:?} {deletion}");
            let back = thing.of(&local);
            assert_eq!(back.len(), 1, "{thing:?} {deletion}");
            assert!(!ids.contains(&back[0]), "{thing:?} {deletion}");
            ids.extend(back);
            Console(&local).wait(minutes(3)).await;
        }
    }
}

/// For the CEN updates used as dry runs, the error code for an unknown attachment is not documented.
#[tokio::test(start_paused = true)]
async fn either_code_for_an_unknown_attachment_proves_that_it_is_gone_and_silence_does_not() {
    let local = quiet(running(Generation::Upgraded)).await;
    let beginning = local.cloud().with(|world| world.clone());
    for (answer, back) in
        [(UnknownAttachment::ByLongCode, 1), (UnknownAttachment::ByShortCode, 1), (UnknownAttachment::NotInDryRun, 0)]
    {
        for thing in [Thing::VpcAttachment, Thing::Connection] {
            local.cloud().with(|world| {
                *world = beginning.clone();
                world.settings.unknown_attachment = answer;
            });
            assert!(thing.delete(&local).await, "{thing:?}");
            let outcome = thing.ensure(&local).await;
            assert_eq!(thing.of(&local).len(), back, "{thing:?} {answer:?}");
            if back == 0 {
                let failure = outcome.unwrap_err().to_string();
                assert!(failure.contains("not visible yet"), "it is reported: {failure}");
            }
        }
    }
}

/// Counts the existing resources after every create, and keeps the maximum.
fn most_at_once(local: &Local, thing: Thing) -> Arc<Mutex<usize>> {
    let most = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&most);
    local.cloud().gateway().watch(move |world: &World, call| {
        if call.action == thing.create() {
            let mut most = seen.lock().unwrap();
            *most = (*most).max(thing.ids(world, call.at).len());
        }
    });
    most
}

/// The stage, interrupted after this time.
async fn cut(local: &Local, thing: Thing, after: Duration) {
    let mut work = pin!(thing.ensure(local));
    let mut end = pin!(local.clock().sleep(after));
    tokio::select! {
        biased;
        () = &mut end => {}
        _ = &mut work => {}
    }
}

/// One history. At its end all faults are over, and the next invocation finds or creates the one resource.
async fn history(local: &Local, thing: Thing, random: &mut Random) -> Vec<String> {
    let mut told = Vec::new();
    let within = |random: &mut Random, most: f64| Duration::from_secs_f64(random.fraction() * most);
    for _ in 0..6 {
        let now = local.cloud().now();
        let dice = random.fraction();
        let step = match dice {
            ..0.3 => format!("deleted {}", thing.delete(local).await),
            0.3..0.5 => {
                let after = within(random, if thing.is_slow() { 20.0 } else { 4.0 });
                cut(local, thing, after).await;
                format!("cut after {after:?}")
            }
            0.5..0.65 => {
                let (one, other) = tokio::join!(thing.ensure(local), async {
                    local.clock().sleep(within(random, 3.0)).await;
                    thing.ensure(local).await
                });
                format!("two at once: {} {}", one.is_ok(), other.is_ok())
            }
            0.65..0.8 => {
                let lost = if random.fraction() < 0.5 { Rule::lose_answer() } else { Rule::new(Effect::CutAfter) };
                let times = 1 + (random.fraction() * 7.0) as u32;
                local.cloud().inject(lost.on_writes().times(times)).unwrap();
                let outcome = thing.ensure(local).await;
                local.cloud().with(|world| world.clear_faults(now));
                format!("{times} answers lost: {}", outcome.is_ok())
            }
            0.8..0.95 => {
                let seconds = within(random, 180.0);
                let mut lag = Rule::new(Effect::StaleReads { seconds: seconds.into() });
                lag.probability = (random.fraction() < 0.5).then(|| 0.5.try_into().unwrap());
                local.cloud().inject(lag).unwrap();
                cut(local, thing, within(random, 60.0)).await;
                let outcome = thing.ensure(local).await;
                local.cloud().with(|world| world.clear_faults(now));
                format!("a lag of {seconds:?}: {}", outcome.is_ok())
            }
            _ => format!("undisturbed: {}", thing.ensure(local).await.is_ok()),
        };
        told.push(step);
    }
    told
}

async fn never_twice_and_always_back(thing: Thing) {
    let mut tally = Tally::of(&format!("tokens of {thing:?}"));
    let local = quiet(running(Generation::Upgraded)).await;
    let beginning = local.cloud().with(|world| world.clone());
    let most = most_at_once(&local, thing);
    for seed in 0..matrix::scope().count(4, 40) {
        local.cloud().with(|world| *world = beginning.clone());
        *most.lock().unwrap() = 0;
        let told = history(&local, thing, &mut Random::seeded(seed)).await;
        assert!(*most.lock().unwrap() <= 1, "seed {seed}: made twice: {told:?}");
        // Nothing is in progress any more, and all faults are over.
        Console(&local).wait(minutes(3)).await;
        let outcome = thing.ensure(&local).await;
        assert_eq!(thing.of(&local).len(), 1, "seed {seed}: {told:?}, at last {outcome:?}");
        tally.add(SEEDS, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_group_is_never_made_twice_and_always_back() {
    never_twice_and_always_back(Thing::ServerGroup).await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_is_never_made_twice_and_always_back() {
    never_twice_and_always_back(Thing::Listener).await;
}

#[tokio::test(start_paused = true)]
async fn a_vpc_attachment_is_never_made_twice_and_always_back() {
    never_twice_and_always_back(Thing::VpcAttachment).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_never_made_twice_and_always_back() {
    never_twice_and_always_back(Thing::Connection).await;
}
