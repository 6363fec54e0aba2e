//! The networks that are judged: every single fault in the procedure's network, for both generations of load balancer,
//! and many faults at once in networks of random shape.

use std::collections::BTreeSet;

use end_to_end::matrix;
use ipnet::Ipv4Net;
use local::Generation;
use onboarding::topology::Topology;

use crate::complete::{Shape, complete};
use crate::facts::Facts;
use crate::faults::FAULTS;
use crate::outcome::Probe;
use crate::rng::Rng;

/// A network to judge, and how to make it again.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) facts: Facts,
}

pub(crate) fn cases() -> Vec<Case> {
    // How often each fault is tried alone, which chooses where in the network it strikes, and how many random topologies there are.
    let (single, random_ones) = (matrix::scope().count(1, 2), matrix::scope().count(40, 500));
    let mut cases = Vec::new();
    for generation in [Generation::Upgraded, Generation::Classic] {
        let procedure = complete(&Shape::procedure(generation));
        for (name, apply) in FAULTS {
            for seed in 0..single {
                let mut facts = procedure.clone();
                apply(&mut facts, &Rng::new(seed));
                cases.push(Case { name: format!("{generation:?}: {name}, seed {seed}"), facts });
            }
        }
        cases.push(Case { name: format!("{generation:?}: the procedure"), facts: procedure });
    }
    cases.extend((0..random_ones).map(random));
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

/// Every address of every instance, from an address in each half of every prefix that the load balancer sends from; an upgraded one has
/// addresses of its own, which are taken too.
pub(crate) fn probes(facts: &Facts, topology: &Topology) -> Vec<Probe> {
    let halves =
        |source: Ipv4Net| source.subnets(source.prefix_len() + 1).unwrap().filter_map(|half| half.hosts().nth(5));
    let mut sources: BTreeSet<_> = facts.sources().into_iter().flat_map(halves).collect();
    sources.extend(topology.alb().unwrap().zones.iter().flat_map(|zone| zone.local_addresses.iter().copied()));
    let instances = facts.backends().iter().flat_map(|vpc| vpc.instances.iter().map(|instance| (vpc.id, instance)));
    instances
        .flat_map(|(vpc, instance)| {
            let pairs = instance
                .interfaces()
                .into_iter()
                .flat_map(|interface| sources.iter().map(move |source| (*source, interface.address)));
            let probe = |(source, address)| Probe { source, vpc, instance: instance.id, address };
            pairs.map(probe).collect::<Vec<_>>()
        })
        .collect()
}
