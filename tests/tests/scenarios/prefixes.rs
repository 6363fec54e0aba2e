//! The source prefixes of a load balancer change: in the binding, or because it moves to other zones. New prefixes are
//! allowed before old ones are pruned, and no member loses its path at any call.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use emulator::dataplane::{Source, Verdict};
use emulator::{AccountState, CallRecord, World};
use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, footprint, worlds};
use local::{Generation, Local, Options};

use crate::{LIMIT, minutes, onboarded};

/// Not one of the prefixes that the emulated load balancer really uses, so its path stays open.
const OLD: &str = "100.99.1.0/25";
const NEW: &str = "100.99.2.0/25";

fn bindings(extra: &str) -> String {
    worlds::binding_with("        - 100.117.130.0/25", &format!("        - {extra}\n        - 100.117.130.0/25"))
}

#[tokio::test(start_paused = true)]
async fn new_source_prefixes_are_let_in_before_old_ones_are_pruned() {
    let local = onboarded(Options { bindings: bindings(OLD), ..worlds::options(Generation::Classic) }).await;
    let console = Console(&local);
    let count = |footprint: &footprint::Footprint, prefix: &str| {
        footprint.values().flatten().filter(|line| line.contains(prefix)).count()
    };
    let old = footprint::of(&local).await;
    assert_eq!(
        (count(&old, OLD), count(&old, NEW)),
        (3, 0),
        "a route of VPC2, one of the transit router, and a rule: {old:#?}"
    );

    let before = writes(&local).len();
    local.store(&bindings(NEW));
    console.wait(minutes(30)).await;
    console.ended(2, LIMIT).await;
    let new = footprint::of(&local).await;
    assert_eq!((count(&new, OLD), count(&new, NEW)), (0, 3), "{new:#?}");
    let actions: Vec<_> = writes(&local).into_iter().skip(before).map(|call| call.action).collect();
    let removes = |action: &String| action.starts_with("Delete") || action.starts_with("Revoke");
    let first = actions.iter().position(removes).unwrap();
    assert_eq!(actions.len(), 6, "{actions:?}");
    assert!(actions[first..].iter().all(removes), "make before break: {actions:?}");
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
    assert_quiet(&local);
}

/// The number of calls after which each source's packets were answered, and of all calls.
#[derive(Debug, Default)]
struct Watched {
    calls: usize,
    answered: Vec<usize>,
    /// The calls after which neither all old sources nor all new ones were answered.
    cut: Vec<String>,
}

/// Traces packets from old and new sources to `i-ecs1` after every further call.
fn watch(local: &Local, old: &[[u8; 4]], new: &[[u8; 4]]) -> Arc<Mutex<Watched>> {
    let (old, new): (Vec<Ipv4Addr>, Vec<Ipv4Addr>) =
        (old.iter().map(|at| (*at).into()).collect(), new.iter().map(|at| (*at).into()).collect());
    let watched = Arc::new(Mutex::new(Watched { answered: vec![0; old.len() + new.len()], ..Watched::default() }));
    let note = Arc::clone(&watched);
    local.cloud().gateway().watch(move |world: &World, call: &CallRecord| {
        let open = |address: &Ipv4Addr| {
            let source = Source { vpc: "vpc-1", address: *address };
            matches!(world.trace(call.at, source, [192, 168, 7, 10].into(), 80).verdict, Verdict::Answered { .. })
        };
        let mut watched = note.lock().unwrap();
        watched.calls += 1;
        let answers: Vec<bool> = old.iter().chain(&new).map(open).collect();
        answers.iter().enumerate().filter(|(_, open)| **open).for_each(|(index, _)| watched.answered[index] += 1);
        let (olds, news) = answers.split_at(old.len());
        if !olds.iter().all(|open| *open) && !news.iter().all(|open| *open) {
            watched.cut.push(call.to_string());
        }
    });
    watched
}

/// Fails unless every old source was answered until every new one was, and only the new ones at the end.
fn assert_made_before_broken(watched: &Mutex<Watched>, old: usize) {
    let watched = watched.lock().unwrap();
    assert_eq!(watched.cut, Vec::<String>::new());
    let (olds, news) = watched.answered.split_at(old);
    assert!(olds.iter().all(|count| (1..watched.calls).contains(count)), "open, then pruned: {watched:?}");
    assert!(news.iter().all(|count| (1..watched.calls).contains(count)), "closed, then made: {watched:?}");
    assert!(olds.iter().chain(news).sum::<usize>() > watched.calls, "both for a while: {watched:?}");
}

#[tokio::test(start_paused = true)]
async fn zones_are_let_in_before_those_that_the_load_balancer_left_are_pruned() {
    let third = "      - { id: vsw-2, name: VSW2, zone: cn-chengdu-b, cidr: 172.16.6.0/24 }\n";
    let more = format!("{third}      - {{ id: vsw-7, zone: cn-chengdu-c, cidr: 172.16.9.0/24 }}\n");
    let scenario = emulator::PROCEDURE.replace(third, &more);
    let local = onboarded(Options { scenario, ..worlds::options(Generation::Upgraded) }).await;
    let console = Console(&local);
    let zones = [("cn-chengdu-a", "vsw-1"), ("cn-chengdu-c", "vsw-7")];
    let zones = zones.map(|(zone, vswitch)| (zone.to_owned(), vswitch.to_owned())).to_vec();
    let moved = AccountState::LoadBalancerZones("alb-1".to_owned(), zones);
    assert!(local.cloud().with(|world| world.set_account(moved)));
    let stays = watch(&local, &[[172, 16, 0, 9]], &[]);
    let watched = watch(&local, &[[172, 16, 6, 9]], &[[172, 16, 9, 9]]);
    console.run("by-hand").await;
    assert_made_before_broken(&watched, 1);
    assert_eq!(console.ailing().await, Vec::<String>::new());
    let stays = stays.lock().unwrap();
    assert_eq!(stays.answered, [stays.calls], "the zone that it keeps");
    assert_quiet(&local);
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_takes_back_its_generation_keeps_the_path() {
    let bindings = worlds::binding_with("id: alb-1, ", "id: alb-1, generation: classic, ");
    let local = onboarded(Options { bindings, ..worlds::options(Generation::Upgraded) }).await;
    let console = Console(&local);
    let watched = watch(&local, &[[100, 117, 130, 9], [100, 122, 176, 9]], &[[172, 16, 0, 9], [172, 16, 6, 9]]);
    local.store(local::PROCEDURE_BINDING);
    console.run("by-hand").await;
    assert_made_before_broken(&watched, 2);
    assert_eq!(console.ailing().await, Vec::<String>::new(), "it was an upgraded one all the time");
    assert_quiet(&local);
}
