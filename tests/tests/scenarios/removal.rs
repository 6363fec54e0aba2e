//! Instances that leave: released, stopped, untagged.

use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, footprint, worlds};
use local::{Generation, Local, Options};

use crate::teardown::{theirs, without_theirs};
use crate::{LIMIT, minutes, onboarded};

const FLEET: usize = 9;

on_both_generations!(a_released_instance_is_removed_and_the_rest_stay, untagged_instances_leave_a_few_at_a_time);

/// Ten members.
async fn ten(generation: Generation) -> Local {
    let local = onboarded(Options { scenario: worlds::fleet(FLEET), ..worlds::options(generation) }).await;
    let console = Console(&local);
    for id in worlds::fleet_ids(FLEET) {
        console.start_instance(&id);
    }
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await.len(), FLEET + 1);
    local
}

async fn a_released_instance_is_removed_and_the_rest_stay(generation: Generation) {
    let local = ten(generation).await;
    let console = Console(&local);
    let others: Vec<_> =
        console.members().await.into_iter().filter(|member| !member.description.ends_with("/i-fleet-03")).collect();
    assert_eq!(others.len(), FLEET);
    console.stop_instance("i-fleet-03");
    console.wait(minutes(2)).await;
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await.len(), FLEET + 1, "a stopped instance is kept");
    console.release_instance("i-fleet-03");
    console.wait(minutes(10)).await;
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await, others, "nobody else is touched");
    assert_eq!(console.get().await.unwrap().status, 200);
    assert_quiet(&local);
}

async fn untagged_instances_leave_a_few_at_a_time(generation: Generation) {
    let local = ten(generation).await;
    let console = Console(&local);
    let runs = console.executions().await.len();
    console.untag(&worlds::fleet_ids(5));
    console.wait(minutes(1)).await;
    let executions = console.ended(runs + 1, LIMIT).await;
    // A run drains at most one member or a fifth of the group, whichever is more. A leaver stays a member for a while,
    // without new requests.
    let members = console.members().await;
    assert_eq!(members.len(), FLEET + 1);
    assert_eq!(members.iter().filter(|member| member.weight == 0).count(), 2, "the cap of one run: {members:?}");
    let codes: Vec<_> =
        console.reports(&executions[runs].name).await.into_iter().flat_map(|report| report.blocked).collect();
    assert!(codes.iter().any(|reason| reason.code.as_str() == "XREG-REMOVAL-CAPPED"), "{codes:?}");
    // Even if further runs follow meanwhile.
    for again in ["again", "and-again"] {
        console.run(again).await;
        let members = console.members().await;
        assert_eq!(members.len(), FLEET + 1);
        assert_eq!(members.iter().filter(|member| member.weight == 0).count(), 2, "{members:?}");
    }
    // The timer's runs continue until all have left.
    console.wait(minutes(4 * 30)).await;
    console.ended(runs + 1, LIMIT).await;
    let members = console.members().await;
    assert_eq!(members.len(), FLEET + 1 - 5, "{members:?}");
    assert!(members.iter().all(|member| member.status == "Available" && member.weight == 100));
    assert_eq!(console.ailing().await, Vec::<String>::new());
    assert_quiet(&local);
}

/// The last instance goes, and nothing of the binding is wanted any more; but others reach another one over the same ways.
#[tokio::test(start_paused = true)]
async fn what_members_of_other_groups_need_outlives_the_last_instance() {
    let options = worlds::options(Generation::Upgraded);
    let other = "\n  - { id: i-other, vswitch: vsw-4, address: 192.168.7.50, securityGroups: [sg-2] }\n\ncens:";
    let scenario = options.scenario.replacen("\n\ncens:", other, 1);
    assert_ne!(scenario, options.scenario);
    let local = onboarded(Options { scenario, ..options }).await;
    let console = Console(&local);
    let others = theirs(console, "192.168.7.50").await;
    let served = || async { console.get_at(8080).await.unwrap().served_by };
    assert_eq!(served().await.as_deref(), Some("i-other"));
    let routes = footprint::of(&local).await["routes"].clone();
    console.stop_instance("i-ecs1");
    console.wait(minutes(2)).await;
    console.release_instance("i-ecs1");
    console.wait(minutes(2 * 60)).await;
    assert_eq!(console.members().await.len(), 0, "it has left");
    assert_eq!(footprint::of(&local).await["routes"], routes);
    assert_eq!(served().await.as_deref(), Some("i-other"));
    without_theirs(console, &others).await;
    console.wait(minutes(60)).await;
    let left = footprint::of(&local).await.get("routes").map_or(0, Vec::len);
    assert!(left < routes.len(), "nobody needs them any more");
    assert_quiet(&local);
}

#[tokio::test(start_paused = true)]
async fn tags_that_come_back_bring_members_back() {
    let local = ten(Generation::Upgraded).await;
    let console = Console(&local);
    let runs = console.executions().await.len();
    let before = console.members().await;
    console.untag(&worlds::fleet_ids(2));
    console.wait(minutes(1)).await;
    console.ended(runs + 1, LIMIT).await;
    assert_ne!(console.members().await, before);
    console.tag(&worlds::fleet_ids(2));
    console.wait(minutes(1)).await;
    console.ended(runs + 2, LIMIT).await;
    assert_eq!(console.members().await, before, "nobody was removed, so nobody has to be added");
}

/// Because of this, the cap holds over all invocations of a run (decision 9).
#[test]
fn leavers_are_held_for_longer_than_a_run_can_spend_on_members() {
    let text = template::Template::parse(local::TEMPLATE).unwrap();
    let pseudo = template::Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890123456".to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "albridge".to_owned(),
    };
    let parameters = [("CodeBucket", "code"), ("StoreBucket", "store")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let home = text.resolve(&pseudo, &parameters.into()).unwrap();
    let flow = workflow::Definition::parse(&home.flows[0].definition).unwrap();
    // Longer than any function may take, so that the state's own limit counts.
    let states = workflow::budget::states(&flow, |_| minutes(24 * 60)).unwrap();
    let spent = states["BackendServers"].worst.duration;
    assert!(onboarding::plan::HOLD > spent, "{spent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_instance_stays_a_member_while_the_policy_is_keep() {
    let local = onboarded(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let before = writes(&local).len();
    let members = console.members().await;
    console.stop_instance("i-ecs1");
    console.wait(minutes(90)).await;
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await, members);
    assert_eq!(writes(&local).len(), before);
    console.start_instance("i-ecs1");
    console.wait(minutes(5)).await;
    console.ended(3, LIMIT).await;
    assert_eq!(writes(&local).len(), before);
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));
}
