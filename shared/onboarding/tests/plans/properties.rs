//! Whatever part of a plan comes true first, planning again finishes the work: nothing is lost, nothing is made twice.

use onboarding::plan::{Readiness, ready};
use onboarding::topology::Generation;
use onboarding::{Binding, Change, Topology};
use proptest::prelude::*;

use super::world;

/// The changes that a stage could write now.
fn next(binding: &Binding, topology: &Topology) -> Vec<Change> {
    let deployment = world::deployment();
    let inputs = world::inputs(&deployment, binding, topology);
    let mut changes = world::whole(binding, topology).changes;
    changes.retain(|change| ready(&inputs, &change.write) == Readiness::Now);
    changes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_order_of_writes_ends_in_the_same_world(classic: bool, picks in prop::collection::vec(any::<u32>(), 12)) {
        let generation = if classic { Generation::Classic } else { Generation::Upgraded };
        let binding = world::binding(generation);
        let mut topology = world::topology(generation);
        for pick in picks {
            // A part of the plan, by the bits of `pick`; the cloud was busy for the rest.
            let changes = next(&binding, &topology).into_iter().enumerate();
            let made: Vec<_> = changes.filter(|(place, _)| (pick >> (place % 32)) & 1 == 1).map(|(_, change)| change).collect();
            topology = world::after(&binding, &topology, &made);
        }
        // What chance left over takes a few rounds more: attachments first, then what hangs on them.
        for _ in 0..4 {
            topology = world::after(&binding, &topology, &next(&binding, &topology));
        }
        prop_assert_eq!(world::whole(&binding, &topology).changes, vec![]);
        prop_assert_eq!(topology.server_groups.get().map(Vec::len), Some(1));
        prop_assert_eq!(topology.listeners.get().map(Vec::len), Some(1));
        prop_assert_eq!(topology.servers.get().map(Vec::len), Some(1));
        prop_assert_eq!(topology.vpc_attachments.get().map(Vec::len), Some(2));
        prop_assert_eq!(topology.peer_attachments.get().map(Vec::len), Some(1));
    }
}
