//! What an invocation that ended while it waited leaves to the next one of its process, and what it does not.

use std::sync::Arc;
use std::time::Duration;

use onboarding::{Change, StageName, Topology};
use serde_json::{Value, json};
use stage::{Needs, Session, Stage, StageError, WriteError, run};

use super::scripted::{World, binding, host, invocation_of, request, with_routers, world};

/// Step 3 as its function does it, without its writes.
struct Attachments;

impl Stage for Attachments {
    const NAME: StageName = StageName::VpcAttachments;
    const NEEDS: Needs = Needs::STANDING.and(Needs::PREREQUISITES);
    const WRITES: &'static [&'static str] = &[];
    const SHOWS: &'static [&'static str] = &["ListTransitRouterVpcAttachments"];

    async fn write(&self, _: &Session<'_>, _: &Topology, _: &[Change]) -> Result<usize, WriteError> {
        Ok(0)
    }
}

/// A world in which the first VPC is being attached.
fn attaching() -> Arc<World> {
    let world = world();
    with_routers(&world);
    shows(&world, "Attaching");
    world
}

/// From now on the first VPC's attachment has this status.
fn shows(world: &World, status: &str) {
    let here = attachments(status);
    world.on("ListTransitRouterVpcAttachments", move |call| match call.get("RegionId") {
        "cn-chengdu" => (200, here.clone()),
        _ => (200, json!({ "TransitRouterAttachments": [], "TotalCount": 0 })),
    });
}

fn attachments(status: &str) -> Value {
    let attachment = json!({
        "TransitRouterAttachmentId": "tr-attach-1", "TransitRouterId": "tr-cn-chengdu", "VpcId": "vpc-a",
        "VpcRegionId": "cn-chengdu", "Status": status, "CreationTime": "2026-11-22T08:00Z",
        "Tags": [{ "Key": "albridge", "Value": "albridge/-/vpc-attachment" }]
    });
    json!({ "TransitRouterAttachments": [attachment], "TotalCount": 1 })
}

const MINUTE: Duration = Duration::from_secs(60);

/// How many calls of an action a further invocation makes.
fn more(world: &World, action: &str, before: usize) -> usize {
    world.calls_of(action).len() - before
}

#[tokio::test(start_paused = true)]
async fn who_is_called_again_reads_the_attachment_alone_while_it_is_made() {
    let world = attaching();
    let host = host(&world, &[]);
    let first = run(&Attachments, &invocation_of(&host, MINUTE), &request()).await;
    assert!(matches!(first, Err(StageError::StillPending { .. })), "{first:?}");
    host.clock().sleep(Duration::from_secs(1)).await;
    let before = world.calls().len();
    let again = run(&Attachments, &invocation_of(&host, MINUTE), &request()).await;
    let Err(StageError::StillPending { what }) = again else { panic!("{again:?}") };
    assert!(what.contains("tr-attach-1"), "{what}");
    let mut calls: Vec<String> = world.calls().into_iter().skip(before).map(|call| call.action).collect();
    calls.dedup();
    assert_eq!(calls, ["GetObject", "ListTransitRouterVpcAttachments"], "the store, and the attachment");
    assert!(world.calls().len() - before < 12, "and it is not looked at more often than before");
}

#[tokio::test(start_paused = true)]
async fn another_process_and_a_later_one_look_at_once() {
    for (same, pause) in [(false, 1), (true, 20)] {
        let world = attaching();
        let (first, second) = (host(&world, &[]), host(&world, &[]));
        run(&Attachments, &invocation_of(&first, MINUTE), &request()).await.unwrap_err();
        let before = world.calls_of("ListTransitRouters").len();
        let host = if same { &first } else { &second };
        host.clock().sleep(Duration::from_secs(pause)).await;
        run(&Attachments, &invocation_of(host, MINUTE), &request()).await.unwrap_err();
        assert_eq!(more(&world, "ListTransitRouters", before), 1, "same process: {same}, {pause} s later");
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_attachment_shows_anything_else_everything_is_looked_at() {
    for status in ["Attached", "Detaching", "gone", "refused"] {
        let world = attaching();
        let host = host(&world, &[]);
        run(&Attachments, &invocation_of(&host, MINUTE), &request()).await.unwrap_err();
        match status {
            "gone" => {
                let none = json!({ "TransitRouterAttachments": [], "TotalCount": 0 });
                world.always("ListTransitRouterVpcAttachments", none);
            }
            "refused" => {
                world.refuses("ListTransitRouterVpcAttachments", 403, "Forbidden.RAM");
            }
            status => shows(&world, status),
        }
        let before = world.calls_of("ListTransitRouterRouteTables").len();
        host.clock().sleep(Duration::from_secs(1)).await;
        let _either = run(&Attachments, &invocation_of(&host, MINUTE), &request()).await;
        assert!(more(&world, "ListTransitRouterRouteTables", before) >= 1, "{status}");
    }
}

/// With readings that are handed on, a stage that is called again soon reads only what it waits for; with another store,
/// or later, everything.
#[tokio::test(start_paused = true)]
async fn readings_are_handed_on_for_a_minute_and_for_the_same_store() {
    let short = Duration::from_secs(25);
    for (what, reads) in [("nothing", 0), ("the store", 1), ("its age", 1)] {
        let world = world();
        with_routers(&world);
        shows(&world, "Attached");
        let attachment = json!({ "TransitRouterAttachmentId": "tr-attach-1", "Status": "Associating" });
        world.always(
            "ListTransitRouterRouteTableAssociations",
            json!({ "TransitRouterAssociations": [attachment], "TotalCount": 1 }),
        );
        let host = host(&world, &[]);
        run(&Attachments, &invocation_of(&host, short), &request()).await.unwrap_err();
        if what == "the store" {
            let mut other = binding();
            other["cen"]["bandwidth"]["mbps"] = json!(101);
            world.always("GetObject", Value::from(json!({ "bindings": [other] }).to_string()));
        }
        let invocations = if what == "its age" { 3 } else { 1 };
        for number in 1..=invocations {
            let before = world.calls_of("ListTransitRouters").len();
            host.clock().sleep(Duration::from_secs(1)).await;
            run(&Attachments, &invocation_of(&host, short), &request()).await.unwrap_err();
            if number == invocations {
                assert_eq!(more(&world, "ListTransitRouters", before), reads, "{what} is other");
            }
        }
    }
}
