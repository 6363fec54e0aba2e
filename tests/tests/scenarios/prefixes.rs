//! A non-upgraded load balancer whose source prefixes change.

use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, footprint, worlds};
use local::{Generation, Options};

use crate::{LIMIT, minutes, onboarded};

/// Not among the prefixes that the emulated load balancer really uses, so that its path stays open throughout.
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
