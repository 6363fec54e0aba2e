//! Many instances at once.

use std::collections::BTreeSet;

use end_to_end::calls::{assert_quiet, writes, written_since};
use end_to_end::{Console, worlds};
use local::{Generation, Options};

use crate::{LIMIT, onboarded};

const FLEET: usize = 20;

on_both_generations!(instances_that_start_together_share_a_run);

async fn instances_that_start_together_share_a_run(generation: Generation) {
    let local = onboarded(Options { scenario: worlds::fleet(FLEET), ..worlds::options(generation) }).await;
    let console = Console(&local);
    let before = writes(&local).len();
    for id in worlds::fleet_ids(FLEET) {
        console.start_instance(&id);
    }
    let executions = console.ended(2, LIMIT).await;
    assert!(executions.len() <= 3, "at most two runs for all of them: {executions:?}");
    assert!(executions.iter().all(|execution| execution.status == "Succeeded"), "{executions:?}");
    let members = console.members().await;
    let addresses: BTreeSet<_> = members.iter().map(|member| member.server_ip.as_str()).collect();
    assert_eq!((members.len(), addresses.len()), (FLEET + 1, FLEET + 1));
    assert_eq!(console.ailing().await, Vec::<String>::new());
    let written: BTreeSet<_> = written_since(&local, before).into_iter().collect();
    assert_eq!(written.into_iter().collect::<Vec<_>>(), ["AddServersToServerGroup"], "the network is there already");
    assert_quiet(&local);
}
