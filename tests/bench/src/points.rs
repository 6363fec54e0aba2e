//! Drift check and `plan` for worlds of several sizes. Each point is a process of its own beside a cloud of its own.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::least;
use crate::report::{Goals, exponent, number, table};
use crate::served::{Ended, Server, run};
use bench_albridge::worlds::Size;

const INSTANCES: [usize; 4] = [10, 100, 1_000, 10_000];
const BINDINGS: [usize; 3] = [1, 10, 50];
/// Real time for one measurement. What takes longer misses every goal, and is not waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// dispatch's Timeout in template.yml, in seconds.
const FUNCTION_TIME: f64 = 30.0;
/// dispatch's MemorySize in template.yml, in MB.
const FUNCTION_MEMORY: f64 = 256.0;
const PLAN_MEMORY: f64 = 64.0;
/// A ratio and an exponent that count as met.
const RATIO: f64 = 1.05;

#[derive(Clone)]
struct Point {
    calls: f64,
    seconds: f64,
    cpu: f64,
    peak: f64,
    by_action: BTreeMap<String, usize>,
}

type Points = BTreeMap<(usize, usize), Option<Point>>;

/// Measures every point, prints the tables, and adds the goals.
pub fn all(goals: &mut Goals) {
    let (mut drift, mut plan) = (Points::new(), Points::new());
    for bindings in BINDINGS {
        for instances in INSTANCES {
            let size = Size { instances, bindings };
            let server = Server::start(&["world".to_owned(), instances.to_string(), bindings.to_string()]);
            drift.insert((bindings, instances), point(&server.ready, "drift"));
            plan.insert((bindings, instances), point(&server.ready, "plan"));
            eprintln!("measured {bindings} bindings, {instances} instances, {} load balancers", size.balancers());
        }
    }
    println!("## Drift check\n");
    show(&drift, Some(&|size| least::drift(size).values().sum::<usize>() as f64));
    println!("## `albridge plan` of one binding\n");
    show(&plan, None);
    for ((bindings, instances), point) in &drift {
        let size = Size { instances: *instances, bindings: *bindings };
        let least: usize = least::drift(size).values().sum();
        let what = format!("drift check, {bindings} bindings, {instances} instances: calls");
        goals.most(what, (least as f64 * RATIO).floor(), point.as_ref().map(|point| point.calls));
    }
    fits("drift check", &drift, goals);
    let largest = drift.get(&(50, 10_000)).cloned().flatten();
    goals.most(
        "drift check, 50 bindings, 10,000 instances: seconds of the cloud's time",
        FUNCTION_TIME,
        largest.as_ref().map(|point| point.seconds),
    );
    goals.most("drift check, 50 bindings, 10,000 instances: MB", FUNCTION_MEMORY, largest.map(|point| point.peak));
    for instances in INSTANCES {
        let alone = plan.get(&(1, instances)).cloned().flatten();
        let among = plan.get(&(10, instances)).cloned().flatten();
        let ratio = alone.zip(among.as_ref()).map(|(alone, among)| among.calls / alone.calls);
        goals.most(
            format!("plan of one binding of ten, {instances} instances: calls to those in a store of one"),
            RATIO,
            ratio,
        );
        if instances == 10_000 {
            goals.most("plan of one binding of ten, 10000 instances: MB", PLAN_MEMORY, among.map(|point| point.peak));
        }
    }
    by_action(&drift);
}

fn point(ready: &Path, what: &str) -> Option<Point> {
    // What a measurement over its limit has left is not this one's.
    let _before = counted(ready);
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["measure", what]).arg(ready);
    let Ended::Told(told) = run(command, LIMIT) else { return None };
    assert!(told["wrong"].is_null(), "{what}: the world is not in place: {}", told["wrong"]);
    let field = |name: &str| told[name].as_f64().unwrap_or(f64::NAN);
    let by_action = counted(ready).0;
    let calls = by_action.values().sum::<usize>() as f64;
    Some(Point { calls, seconds: field("seconds"), cpu: field("cpu"), peak: field("peak"), by_action })
}

/// The calls that the cloud counted since it was last asked, and when what it watched for was seen.
pub fn counted(ready: &Path) -> (BTreeMap<String, usize>, Option<f64>) {
    use std::io::{BufRead, BufReader, Write};
    let text = std::fs::read_to_string(ready).expect("the server's line");
    let ready: Value = serde_json::from_str(&text).expect("the server's line");
    let mut stream = TcpStream::connect(ready["control"].as_str().expect("a port")).expect("the control port");
    stream.write_all(b"calls\n").expect("the control port");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("the control port");
    let answer: Value = serde_json::from_str(&line).expect("an answer");
    (serde_json::from_value(answer["byAction"].clone()).expect("counts"), answer["seen"].as_f64())
}

fn show(points: &Points, least: Option<&dyn Fn(Size) -> f64>) {
    let mut rows = Vec::new();
    for ((bindings, instances), point) in points {
        let mut row = vec![bindings.to_string(), instances.to_string()];
        match point {
            None => row.extend(["over the limit"; 4].map(str::to_owned)),
            Some(point) => row.extend([
                number(point.calls),
                format!("{:.1}", point.seconds),
                format!("{:.2}", point.cpu),
                format!("{:.1}", point.peak),
            ]),
        }
        if let Some(least) = least {
            let least = least(Size { instances: *instances, bindings: *bindings });
            row.push(number(least));
            row.push(point.as_ref().map_or_else(String::new, |point| number(point.calls / least)));
        }
        rows.push(row);
    }
    let mut head = vec!["bindings", "instances", "calls", "virtual s", "CPU s", "peak MB"];
    if least.is_some() {
        head.extend(["least calls", "ratio"]);
    }
    table(&head, &rows);
}

fn fits(what: &str, points: &Points, goals: &mut Goals) {
    let of = |fixed: &dyn Fn(&(usize, usize)) -> bool, x: &dyn Fn(&(usize, usize)) -> usize| {
        let chosen: Vec<_> = points.iter().filter(|(key, _)| fixed(key)).collect();
        let known: Option<Vec<(f64, f64)>> =
            chosen.iter().map(|(key, point)| Some((x(key) as f64, point.as_ref()?.calls))).collect();
        known.as_deref().and_then(exponent)
    };
    let mut rows = Vec::new();
    for instances in INSTANCES {
        let found = of(&|key| key.1 == instances, &|key| key.0);
        rows.push(vec![
            format!("in bindings, {instances} instances"),
            found.map_or_else(|| "over the limit".to_owned(), number),
        ]);
        goals.most(format!("{what}: exponent of calls in bindings, {instances} instances"), RATIO, found);
    }
    for bindings in BINDINGS {
        let found = of(&|key| key.0 == bindings, &|key| key.1);
        rows.push(vec![
            format!("in instances, {bindings} bindings"),
            found.map_or_else(|| "over the limit".to_owned(), number),
        ]);
        goals.most(format!("{what}: exponent of calls in instances, {bindings} bindings"), RATIO, found);
    }
    table(&["exponent of the calls", "fitted"], &rows);
}

/// Where the calls of one point go, beside the least.
fn by_action(points: &Points) {
    println!("## Drift check of 10 bindings and 1,000 instances, by action\n");
    let size = Size { instances: 1_000, bindings: 10 };
    let least = least::drift(size);
    let made = points.get(&(10, 1_000)).cloned().flatten().map(|point| point.by_action).unwrap_or_default();
    let mut actions: Vec<&str> = least.keys().copied().chain(made.keys().map(String::as_str)).collect();
    actions.sort_unstable();
    actions.dedup();
    let count = |counts: Option<&usize>| counts.map_or_else(|| "0".to_owned(), ToString::to_string);
    let rows: Vec<Vec<String>> = actions
        .into_iter()
        .map(|action| vec![action.to_owned(), count(made.get(action)), count(least.get(action))])
        .collect();
    table(&["action", "calls", "least"], &rows);
}
