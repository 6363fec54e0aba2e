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

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: what they build has no outside data")]

mod analysis;
mod build;
mod cases;
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

use std::io::Write;

use cases::{Case, cases, probes};
use lab::Lab;
use outcome::{Answers, Outcome};
use summary::Summary;

/// Laboratories that work side by side: most of a case's time is spent waiting for packets that do not come.
const LABS: [&str; 3] = ["one", "two", "three"];

/// Every way to die that the topologies have to show.
const KINDS: [&str; 19] = [
    "forward: vpc: no route",
    "forward: vpc: other next hop",
    "forward: router: no route",
    "forward: router: black hole",
    "forward: router: not associated",
    "forward: router: no bandwidth",
    "forward: astray",
    "forward: loop",
    "forward: network ACL",
    "forward: security groups",
    "forward: instance stopped",
    "return: vpc: no route",
    "return: vpc: service range",
    "return: vpc: other next hop",
    "return: vpc: nobody there",
    "return: router: no route",
    "return: router: black hole",
    "return: astray",
    "return: network ACL",
];

/// Of how many disagreements the whole topology is printed.
const SHOWN: usize = 3;

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
            // Past the harness, which shows nothing of a test that passes.
            let said = format!(
                "\n*** SKIPPED: the Linux kernel was not asked about packets' ways: {why} (README.md names the tools) ***\n\n"
            );
            std::io::stderr().write_all(said.as_bytes()).unwrap();
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
    let never: Vec<&str> = KINDS.iter().filter(|kind| !summary.kinds.contains(**kind)).copied().collect();
    assert!(never.is_empty(), "no packet died so: {never:?}");
    assert_eq!(summary.disagreements, 0, "the judges disagree about so many of {} topologies", summary.topologies);
}
