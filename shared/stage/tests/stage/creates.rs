//! What is asked before a create goes out once more, for each kind of thing that must not be made twice.

use std::sync::Arc;

use openapi::{alb, cbn};
use serde_json::json;
use stage::{Creation, Needs, Owner, Session, Side};

use super::scripted::{World, host, invocation, request, world};

/// A create, and the questions about what it made.
struct Kind {
    create: &'static str,
    /// The reading, and the parameter in which it names the thing.
    read: (&'static str, &'static str),
    /// The rehearsal, likewise.
    rehearse: (&'static str, &'static str),
    /// What the rehearsal would set, to what the create said.
    sets: &'static str,
    /// The code that says that the thing is gone.
    gone: &'static str,
}

/// Creates a thing twice within an invocation, the listing never showing it, and gives the world with its calls. The thing
/// is gone by every answer.
async fn twice<C: Creation>(kind: &Kind, answer: &str, side: Side<'_>, create: C) -> Arc<World> {
    let world = world();
    world.always(kind.create, json!({ answer: "x-1", "RequestId": "R" }));
    world.refuses(kind.rehearse.0, 404, kind.gone);
    if !kind.read.0.starts_with("ListTransit") {
        world.refuses(kind.read.0, 404, kind.gone);
    }
    let host = host(&world, &[]);
    let session = Session::open(&invocation(&host), &request()).await.unwrap();
    let topology = session.observe(Needs::GROUPS).await.unwrap();
    session.create(Owner::Deployment, side, "cn-chengdu", &topology, create.clone()).await.unwrap();
    let asked = world.calls_of(kind.read.0).len() + world.calls_of(kind.rehearse.0).len();
    assert_eq!(asked, 0, "{}: what was made a moment ago has time to be listed", kind.create);
    // Every attempt is answered with the same old id, so this ends at the last attempt.
    session.create(Owner::Deployment, side, "cn-chengdu", &topology, create).await.unwrap_err();
    world
}

fn asks_about_it(kind: &Kind, world: &Arc<World>) {
    let creates = world.calls_of(kind.create);
    assert!(creates.len() > 2, "{}: it is made anew", kind.create);
    let mut tokens: Vec<_> = creates.iter().map(|call| call.get("ClientToken")).collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), creates.len(), "{}: each attempt has a token of its own", kind.create);
    let named = |(action, parameter): (&str, &str)| {
        let mut calls = world.calls_of(action);
        calls.retain(|call| call.get(parameter) == "x-1");
        calls
    };
    let reads = named(kind.read);
    assert!(reads.len() >= creates.len() - 1, "{} names it: {:?}", kind.read.0, world.calls_of(kind.read.0));
    let of_cen = kind.read.0.starts_with("ListTransit");
    assert!(reads.iter().all(|call| !of_cen || call.get("RegionId") == "cn-chengdu"), "{reads:?}");
    let rehearsals = named(kind.rehearse);
    assert_eq!(rehearsals.len(), world.calls_of(kind.rehearse.0).len(), "{} names it", kind.rehearse.0);
    assert_eq!(rehearsals.len(), reads.len(), "{}: each reading is borne out", kind.create);
    for call in rehearsals {
        assert_eq!(call.get("DryRun"), "true", "{}: nothing is written", kind.rehearse.0);
        assert_eq!(call.get(kind.sets), "as it was", "{}: even a write would change nothing", kind.rehearse.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_thing_is_read_by_its_id_and_rehearsed_before_it_is_made_anew() {
    let name = || Some("as it was".to_owned());
    let kind = Kind {
        create: "CreateServerGroup",
        read: ("ListServerGroupServers", "ServerGroupId"),
        rehearse: ("UpdateServerGroupAttribute", "ServerGroupId"),
        sets: "ServerGroupName",
        gone: "ResourceNotFound.ServerGroup",
    };
    let create = alb::CreateServerGroup { server_group_name: "as it was".to_owned(), ..Default::default() };
    asks_about_it(&kind, &twice(&kind, "ServerGroupId", Side::Alb, create).await);

    let kind = Kind {
        create: "CreateListener",
        read: ("GetListenerAttribute", "ListenerId"),
        rehearse: ("UpdateListenerAttribute", "ListenerId"),
        sets: "ListenerDescription",
        gone: "ResourceNotFound.Listener",
    };
    let create = alb::CreateListener { listener_description: name(), ..Default::default() };
    asks_about_it(&kind, &twice(&kind, "ListenerId", Side::Alb, create).await);

    let id = "TransitRouterAttachmentId";
    let kind = Kind {
        create: "CreateTransitRouterVpcAttachment",
        read: ("ListTransitRouterVpcAttachments", id),
        rehearse: ("UpdateTransitRouterVpcAttachmentAttribute", id),
        sets: "TransitRouterAttachmentName",
        gone: "InvalidTransitRouterAttachmentId.NotFound",
    };
    let create = cbn::CreateTransitRouterVpcAttachment { transit_router_attachment_name: name(), ..Default::default() };
    asks_about_it(&kind, &twice(&kind, id, Side::Cen, create).await);

    let kind = Kind {
        create: "CreateTransitRouterPeerAttachment",
        read: ("ListTransitRouterPeerAttachments", id),
        rehearse: ("UpdateTransitRouterPeerAttachmentAttribute", id),
        ..kind
    };
    let create =
        cbn::CreateTransitRouterPeerAttachment { transit_router_attachment_name: name(), ..Default::default() };
    asks_about_it(&kind, &twice(&kind, id, Side::Cen, create).await);
}

/// The listings of attachments by id: one that shows the attachment keeps the create back, one that shows another does not.
#[tokio::test(start_paused = true)]
async fn an_attachment_that_is_listed_by_its_id_is_not_made_anew() {
    for (listed, made) in [("x-1", 1), ("x-2", 64)] {
        let world = world();
        for kind in ["Vpc", "Peer"] {
            let (create, list) =
                (format!("CreateTransitRouter{kind}Attachment"), format!("ListTransitRouter{kind}Attachments"));
            world.always(&create, json!({ "TransitRouterAttachmentId": "x-1", "RequestId": "R" }));
            world.always(
                &list,
                json!({ "TransitRouterAttachments": [{
                    "TransitRouterAttachmentId": listed, "Status": "Attached", "VpcId": "vpc-b", "CenId": "cen-1",
                    "TransitRouterId": "tr-1", "RegionId": "cn-chengdu", "PeerTransitRouterId": "tr-2",
                    "PeerTransitRouterRegionId": "cn-hangzhou", "AutoPublishRouteEnabled": true
                }], "TotalCount": 1 }),
            );
            let rehearsal = format!("UpdateTransitRouter{kind}AttachmentAttribute");
            world.refuses(&rehearsal, 404, "InvalidTransitRouterAttachmentId.NotFound");
        }
        let host = host(&world, &[]);
        let session = Session::open(&invocation(&host), &request()).await.unwrap();
        let topology = session.observe(Needs::GROUPS).await.unwrap();
        for _ in 0..2 {
            let vpc = cbn::CreateTransitRouterVpcAttachment::default();
            let _vpc = session.create(Owner::Deployment, Side::Cen, "cn-chengdu", &topology, vpc).await;
            let peer = cbn::CreateTransitRouterPeerAttachment::default();
            let _peer = session.create(Owner::Deployment, Side::Cen, "cn-chengdu", &topology, peer).await;
        }
        for create in ["CreateTransitRouterVpcAttachment", "CreateTransitRouterPeerAttachment"] {
            assert_eq!(world.calls_of(create).len(), made, "{create}, {listed} is listed");
        }
    }
}
