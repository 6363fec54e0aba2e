//! Three judges of one question: does a load balancer's request get to an instance, does the answer come back, and if
//! not, where does it die? They share no code: the analysis (over what the API tells), the emulator's forwarder (over its
//! own tables), and the Linux kernel (over real packets).
//!
//! ```text
//!                      ┌─► build ─► emulated cloud ─┬─► observe ─► analysis ─┐
//!   complete + faults ─┤                            └─► forwarder ───────────┼─► the same answer for every request
//!        (facts)       └─► learned ─► kernel ─► lab ─────────────────────────┘
//! ```
//! Without namespaces, iproute2 or nftables the test says in its summary that it was skipped, and passes; with
//! `ALBRIDGE_DATAPLANE=required` it fails.

mod analysis;
mod build;
mod complete;
mod facts;
mod faults;
mod forwarder;
mod kernel;
mod lab;
mod learned;
mod outcome;
mod rng;
mod summary;

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use local::Generation;
use onboarding::topology::Topology;

use complete::{Shape, complete};
use facts::Facts;
use faults::FAULTS;
use lab::Lab;
use outcome::{Answers, Outcome, Probe};
use rng::Rng;
use summary::Summary;

/// Random topologies, besides every single fault in the procedure's network.
const RANDOM: u64 = 480;

/// Laboratories that work side by side: most of a case's time is spent waiting for packets that do not come.
const LABS: [&str; 3] = ["one", "two", "three"];

/// Of how many disagreements the whole topology is printed.
const SHOWN: usize = 3;

/// A network to judge, and how to make it again.
struct Case {
    name: String,
    facts: Facts,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for generation in [Generation::Upgraded, Generation::Classic] {
        let procedure = complete(&Shape::procedure(generation));
        for (name, apply) in FAULTS {
            let mut facts = procedure.clone();
            apply(&mut facts, &Rng::new(1));
            cases.push(Case { name: format!("{generation:?}: {name}"), facts });
        }
        cases.push(Case { name: format!("{generation:?}: the procedure"), facts: procedure });
    }
    cases.extend((0..RANDOM).map(random));
    cases
}

/// A working network with up to four faults.
fn random(seed: u64) -> Case {
    let rng = Rng::new(seed);
    let mut facts = complete(&Shape::random(&rng));
    let mut name = format!("seed {seed}");
    for _ in 0..*rng.pick(&[0, 1, 1, 1, 2, 2, 3, 4]) {
        let (fault, apply) = rng.pick(FAULTS);
        apply(&mut facts, &rng);
        name = format!("{name}, {fault}");
    }
    Case { name, facts }
}

/// Every instance, from an address in each half of every prefix that the load balancer sends from; an upgraded one has
/// addresses of its own, which are taken too.
fn probes(facts: &Facts, topology: &Topology) -> Vec<Probe> {
    let halves =
        |source: Ipv4Net| source.subnets(source.prefix_len() + 1).unwrap().filter_map(|half| half.hosts().nth(5));
    let mut sources: BTreeSet<_> = facts.sources().into_iter().flat_map(halves).collect();
    sources.extend(topology.alb().unwrap().zones.iter().flat_map(|zone| zone.local_addresses.iter().copied()));
    let instances = facts.backends().iter().flat_map(|vpc| vpc.instances.iter().map(|instance| (vpc.id, instance)));
    instances
        .flat_map(|(vpc, instance)| {
            let probe =
                move |source: &_| Probe { source: *source, vpc, instance: instance.id, address: instance.address };
            sources.iter().map(probe).collect::<Vec<_>>()
        })
        .collect()
}

/// What the judges do not agree on, as text. The analysis does not know what listens on an instance.
fn disagreements(analysis: &Answers, forwarder: &Answers, kernel: &Answers) -> Vec<String> {
    let mut found = Vec::new();
    for (probe, by_kernel) in kernel {
        let (by_analysis, by_forwarder) = (&analysis[probe], &forwarder[probe]);
        let open = *by_analysis == Outcome::Answered && *by_kernel == Outcome::Refused;
        if by_forwarder != by_kernel || (by_analysis != by_kernel && !open) {
            found.push(format!(
                "{} to {} ({}):\n    analysis   {by_analysis}\n    forwarder  {by_forwarder}\n    kernel     {by_kernel}",
                probe.source, probe.instance, probe.address
            ));
        }
    }
    found
}

/// What came of a case.
struct Judged {
    kernel: Answers,
    /// What the judges do not agree on.
    found: Vec<String>,
}

fn judge(lab: &mut Lab, Case { name, facts }: &Case) -> Judged {
    let built = build::build(facts);
    let topology = analysis::observe(&built, facts);
    let probes = probes(facts, &topology);
    let analysis = analysis::judge(&topology, facts, &built.acls, &probes);
    let forwarder = forwarder::judge(&built, facts, &probes);
    let kernel = kernel::judge(lab, facts, &built.attachments, &probes)
        .unwrap_or_else(|error| panic!("{name}: {error}\n{facts:#?}"));
    let mut found = disagreements(&analysis, &forwarder, &kernel);
    found.extend(analysis::contradictions(&topology, facts, &analysis));
    Judged { kernel, found }
}

/// Shares the cases out among the laboratories, and brings the results back into their order.
fn judge_all(labs: &mut [Lab], cases: &[Case]) -> Vec<Judged> {
    let share = labs.len();
    let mut judged: Vec<(usize, Judged)> = std::thread::scope(|scope| {
        let started: Vec<_> = labs
            .iter_mut()
            .enumerate()
            .map(|(first, lab)| {
                scope.spawn(move || {
                    let own = cases.iter().enumerate().skip(first).step_by(share);
                    own.map(|(at, case)| (at, judge(lab, case))).collect::<Vec<_>>()
                })
            })
            .collect();
        started.into_iter().flat_map(|judge| judge.join().unwrap()).collect()
    });
    judged.sort_by_key(|(at, _)| *at);
    judged.into_iter().map(|(_, judged)| judged).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whether a skip is a failure is said by who starts the test")]
fn analysis_forwarder_and_kernel_agree() {
    let required = std::env::var("ALBRIDGE_DATAPLANE").is_ok_and(|value| value == "required");
    let mut labs = match LABS.iter().map(|name| Lab::open(name)).collect::<Result<Vec<_>, _>>() {
        Ok(labs) => labs,
        Err(why) => {
            Summary::skipped(&why).write();
            println!("SKIPPED: the kernel is not asked: {why}");
            assert!(!required, "ALBRIDGE_DATAPLANE=required, but {why}");
            return;
        }
    };
    let cases = cases();
    let mut summary = Summary::default();
    for (case, judged) in cases.iter().zip(judge_all(&mut labs, &cases)) {
        summary.count(&judged.kernel, judged.found.is_empty());
        if !judged.found.is_empty() {
            println!("== {}\n  {}", case.name, judged.found.join("\n  "));
            if summary.disagreements <= SHOWN {
                println!("{:#?}", case.facts);
            }
        }
    }
    summary.write();
    assert_eq!(summary.disagreements, 0, "the judges disagree about so many of {} topologies", summary.topologies);
}
