//! Breakages that are not mended one after the other: what is gone together, what no run mends now, and members of others.

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::{Options, PROCEDURE_BINDING};
use serde_json::Value;

use super::follow::{causes, masked, plain};
use super::{FAR, NEAR, running, text, working};
use crate::tests::Desk;

async fn status(desk: &Desk) -> String {
    plain(&desk.status().await)
}

/// A route that has the place of one of ours is in conflict with it, and takes packets elsewhere: one problem.
#[tokio::test(start_paused = true)]
async fn a_route_in_the_place_of_one_of_ours_is_one_cause() {
    let nat = "  - { id: i-nat, vswitch: vsw-3, address: 192.168.8.9, securityGroups: [sg-2], webPorts: [] }\n\ncens:";
    let scenario = running().replacen("\ncens:", nat, 1);
    let desk = working("conflict", Options { scenario, ..Options::default() }).await;
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.0.0/24");
    desk.settle().await;
    let params = [
        ("RegionId", FAR),
        ("RouteTableId", "vtb-vpc-2"),
        ("DestinationCidrBlock", "172.16.0.0/24"),
        ("NextHopType", "Instance"),
        ("NextHopId", "i-nat"),
    ];
    desk.act(Service::Vpc, FAR, "CreateRouteEntry", &params);
    desk.settle().await;
    insta::assert_snapshot!("conflict", masked(&causes(&status(&desk).await)));
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.0.0/24");
    desk.settle().await;
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    assert!(!causes(&status(&desk).await).contains("XREG-"), "{}", status(&desk).await);
}

/// The procedure's world with another VPC beside the ALB's, whose vSwitch has the prefix of the instance's.
fn overlapping() -> Options {
    let other = "vpcs:
  - id: vpc-9
    region: cn-chengdu
    cidr: 192.168.0.0/16
    vswitches:
      - { id: vsw-91, zone: cn-chengdu-a, cidr: 192.168.7.0/24 }
";
    Options { scenario: running().replacen("vpcs:\n", other, 1), ..Options::default() }
}

/// Others attach the other VPC to the transit router of the ALB's region.
async fn attach_other(desk: &Desk) -> String {
    let params = [
        ("TransitRouterId", "tr-chengdu"),
        ("VpcId", "vpc-9"),
        ("ZoneMappings.1.ZoneId", "cn-chengdu-a"),
        ("ZoneMappings.1.VSwitchId", "vsw-91"),
    ];
    desk.act(Service::Cbn, NEAR, "CreateTransitRouterVpcAttachment", &params);
    desk.settle().await;
    desk.vpc_attachment(NEAR, "vpc-9")
}

/// A VPC of others that teaches a table the instance's prefix takes its packets: it is named, nothing is said to be unread, and what the
/// remedy says mends it.
#[tokio::test(start_paused = true)]
async fn a_vpc_of_others_that_takes_the_packets_is_the_cause() {
    let desk = working("overlap", overlapping()).await;
    let id = attach_other(&desk).await;
    assert_eq!(desk.status().await.code, 0, "it teaches nothing yet");
    let params = [("TransitRouterAttachmentId", id.as_str()), ("TransitRouterRouteTableId", "vtb-tr-chengdu")];
    desk.act(Service::Cbn, NEAR, "EnableTransitRouterRouteTablePropagation", &params);
    desk.settle().await;
    let (ran, planned, explained) =
        (desk.status().await, desk.run(&["plan", "web"]).await, desk.run(&["explain", "i-ecs1"]).await);
    assert_eq!((ran.code, planned.code, explained.code), (2, 2, 2), "{}{}", planned.all(), explained.all());
    let said = causes(&plain(&ran));
    insta::assert_snapshot!("overlap", masked(&said));
    assert!(!planned.stdout.contains("everything is in place"), "{}", planned.stdout);
    for text in [said, plain(&planned), plain(&explained)] {
        assert!(text.contains("XREG-CIDR-OVERLAP") && text.contains("vpc-9"), "{text}");
        assert!(!text.contains("XREG-UNREAD"), "{text}");
    }
    desk.act(Service::Cbn, NEAR, "DisableTransitRouterRouteTablePropagation", &params);
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}

/// So is an entry that somebody made by hand, and the remedy names the call that takes it away.
#[tokio::test(start_paused = true)]
async fn an_entry_that_leads_to_a_vpc_of_others_is_the_cause() {
    let desk = working("astray", overlapping()).await;
    let id = attach_other(&desk).await;
    let entry = [
        ("TransitRouterRouteTableId", "vtb-tr-chengdu"),
        ("TransitRouterRouteEntryDestinationCidrBlock", "192.168.7.0/24"),
        ("TransitRouterRouteEntryNextHopType", "Attachment"),
        ("TransitRouterRouteEntryNextHopId", id.as_str()),
    ];
    let made = desk.act(Service::Cbn, NEAR, "CreateTransitRouterRouteEntry", &entry);
    desk.settle().await;
    let (ran, planned) = (desk.status().await, desk.run(&["plan", "web"]).await);
    assert_eq!((ran.code, planned.code), (2, 2), "{}", planned.all());
    let said = causes(&plain(&ran));
    insta::assert_snapshot!("astray", masked(&said));
    assert!(said.contains("XREG-WRONG-NEXT-HOP") && said.contains("(DeleteTransitRouterRouteEntry)"), "{said}");
    let route = text(&made["TransitRouterRouteEntryId"]);
    desk.act(Service::Cbn, NEAR, "DeleteTransitRouterRouteEntry", &[("TransitRouterRouteEntryId", &route)]);
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}

/// One ACL is one cause, whatever it drops, and its remedy names all of it: both lists, and every prefix.
#[tokio::test(start_paused = true)]
async fn one_network_acl_is_one_cause() {
    let desk = working("acl", Options { scenario: running(), ..Options::default() }).await;
    desk.deny("Ingress");
    desk.deny("Egress");
    desk.settle().await;
    let said = causes(&status(&desk).await);
    insta::assert_snapshot!("acl", masked(&said));
    let named = [
        "  1 cause\n",
        "ingress list",
        "egress list",
        "from 172.16.0.0/24 and 172.16.6.0/24",
        "to 172.16.0.0/24 and 172.16.6.0/24",
    ];
    assert!(named.iter().all(|part| said.contains(part)), "{said}");
    desk.pass("Ingress");
    desk.pass("Egress");
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}

/// Somebody makes a black hole for the instance's vSwitch on the transit router of the ALB's region.
fn black_hole(desk: &Desk) -> String {
    let params = [
        ("TransitRouterRouteTableId", "vtb-tr-chengdu"),
        ("TransitRouterRouteEntryDestinationCidrBlock", "192.168.7.0/24"),
        ("TransitRouterRouteEntryNextHopType", "BlackHole"),
    ];
    let made = desk.act(Service::Cbn, NEAR, "CreateTransitRouterRouteEntry", &params);
    text(&made["TransitRouterRouteEntryId"])
}

/// Who mends one fault of a way has not to look again to find the next: both are told at once, by every command.
#[tokio::test(start_paused = true)]
async fn two_faults_of_one_way_are_two_causes() {
    let desk = working("both", Options { scenario: running(), ..Options::default() }).await;
    let hole = black_hole(&desk);
    desk.deny("Ingress");
    desk.settle().await;
    let said = causes(&status(&desk).await);
    insta::assert_snapshot!("both_of_one_way", masked(&said));
    assert!(said.contains("  2 causes\n"), "{said}");
    let planned = plain(&desk.run(&["plan", "web"]).await);
    let (all, one) = (plain(&desk.run(&["explain", "web"]).await), plain(&desk.run(&["explain", "i-ecs1"]).await));
    for text in [&said, &planned, &all, &one] {
        assert!(text.contains("XREG-BLACKHOLE") && text.contains("XREG-NETWORK-ACL"), "{text}");
        assert!(
            text.contains("(DeleteTransitRouterRouteEntry)") && text.contains("(UpdateNetworkAclEntries)"),
            "{text}"
        );
    }
    desk.act(Service::Cbn, NEAR, "DeleteTransitRouterRouteEntry", &[("TransitRouterRouteEntryId", &hole)]);
    desk.pass("Ingress");
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}

/// So are several routes that are missing in one table, and what somebody put into a table behind it.
#[tokio::test(start_paused = true)]
async fn every_route_that_is_missing_is_told_and_what_lies_behind() {
    let desk = working("missing", Options { scenario: running(), ..Options::default() }).await;
    let hole = black_hole(&desk);
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.0.0/24");
    desk.settle().await;
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
    desk.settle().await;
    let said = causes(&status(&desk).await);
    insta::assert_snapshot!("missing_and_behind", masked(&said));
    assert!(said.contains("172.16.0.0/24") && said.contains("172.16.6.0/24"), "{said}");
    desk.act(Service::Cbn, NEAR, "DeleteTransitRouterRouteEntry", &[("TransitRouterRouteEntryId", &hole)]);
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0, "{}", status(&desk).await);
}

/// Where answers are lost to some ports, all addresses are concerned, and a member's health is no cause.
#[tokio::test(start_paused = true)]
async fn an_acl_that_lets_some_ports_out_is_said_as_it_is() {
    let desk = working("ports", Options { scenario: running(), ..Options::default() }).await;
    desk.deny("Egress");
    desk.pass_ports("Egress", "1024/32767");
    desk.settle().await;
    let (said, explained) = (status(&desk).await, plain(&desk.run(&["explain", "i-ecs1"]).await));
    let headline = explained.lines().next().unwrap_or_default();
    for text in [causes(&said).as_str(), headline] {
        assert!(text.contains("reachable from some of the ALB's ports only"), "{text}");
    }
    assert!(!headline.contains("not healthy"), "{headline}");
    desk.pass("Egress");
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
    desk.settle().await;
    let explained = plain(&desk.run(&["explain", "i-ecs1"]).await);
    assert!(
        explained.lines().next().is_some_and(|line| line.ends_with("some of the ALB's addresses only")),
        "{explained}"
    );
}

/// What could not be read for another reason than a permission is read again as the line about the call says.
#[tokio::test(start_paused = true)]
async fn what_was_not_read_is_mended_as_its_call_is() {
    let desk = working("again", Options { scenario: running(), ..Options::default() }).await;
    for (status, code, remedy) in
        [(503, "ServiceUnavailable", "do: Try again later"), (403, "NoPermission", "do: Let albridge read")]
    {
        let refusal = Rule::refuse(ApiError::new(status, code, "Refused."));
        let refusal = refusal.on(Service::Cbn, "ListTransitRouterVpcAttachments");
        desk.local.cloud().inject(refusal).unwrap();
        let explained = plain(&desk.run(&["explain", "i-ecs1"]).await);
        assert!(explained.contains(remedy), "{code}: {explained}");
        desk.heal();
    }
}

/// A listener and a server group that somebody deletes are both named, with the run that makes them again.
#[tokio::test(start_paused = true)]
async fn a_listener_and_a_server_group_that_are_gone_are_named() {
    let desk = working("gone", Options { scenario: running(), ..Options::default() }).await;
    let group = desk.group();
    desk.act(Service::Alb, NEAR, "DeleteListener", &[("ListenerId", &desk.listener())]);
    desk.settle().await;
    desk.act(Service::Alb, NEAR, "DeleteServerGroup", &[("ServerGroupId", &group)]);
    desk.settle().await;
    let said = causes(&status(&desk).await);
    insta::assert_snapshot!("gone_together", masked(&said));
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    assert!(!causes(&status(&desk).await).contains("XREG-"), "{}", status(&desk).await);
}

/// While nothing may be written no run is promised, and the remedy says first what lets runs write again.
#[tokio::test(start_paused = true)]
async fn while_the_store_is_paused_no_run_is_promised() {
    let desk = working("held", Options { scenario: running(), ..Options::default() }).await;
    desk.rewrite("bindings:\n", "paused: true\nbindings:\n");
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    desk.settle().await;
    let said = status(&desk).await;
    let drift = said.lines().find(|line| line.starts_with("  drift")).unwrap_or_default();
    insta::assert_snapshot!("held", format!("{}\n{drift}", masked(&causes(&said))));
    assert!(!said.contains("which the next run makes"), "{said}");
}

/// What a person has to say yes to is made by no run by itself.
#[tokio::test(start_paused = true)]
async fn what_nobody_approved_is_promised_by_no_plan() {
    let bindings = PROCEDURE_BINDING.replacen("provision: auto", "provision: approved", 1);
    let desk = working("asked", Options { scenario: running(), bindings, ..Options::default() }).await;
    let peer = desk.peer();
    let params = [("TransitRouterAttachmentId", peer.as_str()), ("Force", "true")];
    desk.act(Service::Cbn, NEAR, "DeleteTransitRouterPeerAttachment", &params);
    desk.settle().await;
    let said = plain(&desk.run(&["plan", "web"]).await);
    assert!(said.contains("do: Run `albridge apply web`, look, and say yes"), "{said}");
    assert!(!said.contains("do: Nothing"), "{said}");
}

/// An address that no instance has is explained by what the server group and the health check say of it.
#[tokio::test(start_paused = true)]
async fn a_member_of_others_without_an_instance_is_explained() {
    let desk = working("stranger", Options { scenario: running(), ..Options::default() }).await;
    desk.register("192.168.7.99");
    desk.settle().await;
    let explained = desk.run(&["explain", "192.168.7.99"]).await;
    assert_eq!(explained.code, 2, "{}", explained.all());
    insta::assert_snapshot!("stranger", masked(&plain(&explained)));
    let read: Value =
        serde_json::from_str(&desk.run(&["explain", "192.168.7.99:80", "-o", "json"]).await.stdout).unwrap();
    assert_eq!(read["members"][0]["fault"]["code"], "XREG-UNHEALTHY", "{read}");
    assert_eq!(desk.run(&["explain", "192.168.7.98"]).await.code, 1, "nothing is known of it");
}

/// Which service does not answer, and where, is what an operator has to look at.
#[tokio::test(start_paused = true)]
async fn a_call_that_fails_is_named_with_service_and_region() {
    let desk = working("unread", Options { scenario: running(), ..Options::default() }).await;
    let refusal = Rule::refuse(ApiError::new(403, "NoPermission", "Refused.")).on(Service::Vpc, "DescribeVSwitches");
    desk.local.cloud().inject(refusal).unwrap();
    let said = status(&desk).await;
    let both = format!("DescribeVSwitches (vpc, {NEAR}), DescribeVSwitches (vpc, {FAR}): NoPermission: Refused");
    assert!(said.contains(&both), "{said}");
}

/// A CEN instance that the binding misspells is the one cause: nothing was looked at of the network that serves, so no route of it is in the way,
/// and nobody is said not to be served.
#[tokio::test(start_paused = true)]
async fn a_misspelt_cen_instance_is_the_one_cause() {
    let desk = working("misspelt", Options { scenario: running(), ..Options::default() }).await;
    desk.rewrite("cen: { id: cen-1", "cen: { id: cen-7");
    let said = status(&desk).await;
    insta::assert_snapshot!("misspelt_cen", masked(&said));
    assert!(causes(&said).contains("\n  1 cause, "), "{said}");
    assert!(said.contains("Name cen-1 in cen.id") && !said.contains("Detach"), "{said}");
    let planned = plain(&desk.run(&["plan", "web"]).await);
    assert!(!planned.contains("XREG-ROUTE-CONFLICT"), "{planned}");
    let explained = plain(&desk.run(&["explain", "i-ecs1"]).await);
    let told = explained.split_once("\n  XREG-").map(|(_, told)| masked(told)).unwrap_or_default();
    insta::assert_snapshot!("misspelt_cen_explained", told);
    let all = desk.run(&["explain", "web"]).await;
    assert!(all.code == 2 && plain(&all).contains("not known"), "{}", all.all());
}

/// No plan opens a way to another interface of an instance: `explain` says of it what `status` says.
#[tokio::test(start_paused = true)]
async fn a_second_interface_is_explained_with_the_remedy_of_status() {
    let second = "address: 192.168.7.10, interfaces: [{ id: eni-second, vswitch: vsw-4, address: 192.168.7.20, securityGroups: [sg-4] }],";
    let scenario = running().replacen("address: 192.168.7.10,", second, 1).replacen(
        "\ninstances:",
        "  - { id: sg-4, name: second, vpc: vpc-2 }\n\ninstances:",
        1,
    );
    let desk = working("second", Options { scenario, ..Options::default() }).await;
    desk.register("192.168.7.20");
    desk.settle().await;
    let said = causes(&status(&desk).await);
    let remedy = said.lines().find_map(|line| line.trim().strip_prefix("do: ")).unwrap();
    let explained = plain(&desk.run(&["explain", "192.168.7.20"]).await);
    let words = explained.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(remedy) && !words.contains("by hand, because no plan"), "{said}\n{explained}");
}

/// Without its load balancer nobody is served, whatever the network could do.
#[tokio::test(start_paused = true)]
async fn where_the_load_balancer_is_not_there_nobody_is_called_served() {
    let desk = working("no-alb", Options { scenario: running(), ..Options::default() }).await;
    desk.rewrite("id: alb-1, ", "id: alb-7, ");
    let all = desk.run(&["explain", "web"]).await;
    let said = plain(&all);
    assert!(all.code == 2 && said.contains("XREG-ALB-MISSING"), "{}", all.all());
    assert!(said.contains("0 of 1 instance can be served") && said.contains("not served  i-ecs1"), "{said}");
}

fn second_instance() -> String {
    let second = "  - { id: i-ecs2, name: ECS2, vswitch: vsw-3, address: 192.168.8.20, securityGroups: [sg-2], tags: { app: web } }\n\ncens:";
    running().replacen("\ncens:", second, 1)
}

/// A member that leaves for its tag is no fault, if it is meant: what its instance has instead is told, and what to do if it is not meant.
#[tokio::test(start_paused = true)]
async fn a_member_that_is_to_leave_for_its_tag_is_told_with_the_near_miss() {
    let desk = working("untagged", Options { scenario: second_instance(), ..Options::default() }).await;
    let params =
        [("ResourceType", "instance"), ("ResourceId.1", "i-ecs1"), ("Tag.1.Key", "app"), ("Tag.1.Value", "Web")];
    desk.act(Service::Ecs, FAR, "TagResources", &params);
    let said = status(&desk).await;
    let told = said.split_once("  drift").map(|(_, told)| masked(told)).unwrap_or_default();
    insta::assert_snapshot!("untagged", told);
    assert!(!causes(&said).contains("XREG-"), "{said}");
    let explained = desk.run(&["explain", "i-ecs1"]).await;
    let head: Vec<_> = plain(&explained).lines().take_while(|line| !line.is_empty()).map(masked).collect();
    insta::assert_snapshot!("untagged_explained", head.join("\n"));
    assert_eq!(explained.code, 0, "{}", explained.all());
    let all = plain(&desk.run(&["explain", "web"]).await);
    assert!(all.contains("2 of 2 instances") && all.contains("i-ecs1"), "who serves is told: {all}");
    let planned = plain(&desk.run(&["plan", "web"]).await);
    assert!(planned.contains("Unless that is meant, give i-ecs1 app=web"), "{planned}");
}

/// What serves at the port of before is served, and is explained by its own address.
#[tokio::test(start_paused = true)]
async fn a_changed_port_makes_no_fault_of_what_serves() {
    let desk = working("port", Options { scenario: second_instance(), ..Options::default() }).await;
    desk.rewrite("protocol: HTTP, port: 80, weight", "protocol: HTTP, port: 8080, weight");
    let said = status(&desk).await;
    assert!(!said.contains("not served") && !said.contains("XREG-NOT-ALLOWED"), "{said}");
    assert!(said.contains("2 of 2 healthy"), "{said}");
    let explained = desk.run(&["explain", "192.168.7.10:80"]).await;
    assert!(
        explained.code == 0 && plain(&explained).contains("web serves no such port of i-ecs1"),
        "{}",
        explained.all()
    );
}

/// A member at another port of an instance that serves: only that entry is ill.
#[tokio::test(start_paused = true)]
async fn an_ill_member_at_another_port_makes_no_fault_of_its_neighbour() {
    let desk = working("beside", Options { scenario: running(), ..Options::default() }).await;
    let group = desk.group();
    let params = [
        ("ServerGroupId", group.as_str()),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerId", "192.168.7.10"),
        ("Servers.1.ServerIp", "192.168.7.10"),
        ("Servers.1.Port", "8080"),
        ("Servers.1.Weight", "100"),
        ("Servers.1.RemoteIpEnabled", "true"),
    ];
    desk.act(Service::Alb, NEAR, "AddServersToServerGroup", &params);
    desk.settle().await;
    let said = status(&desk).await;
    let told = said.split_once("  drift").map(|(told, _)| masked(told)).unwrap_or_default();
    insta::assert_snapshot!("beside", told);
    let explained = desk.run(&["explain", "192.168.7.10:8080"]).await;
    assert!(explained.code == 2 && plain(&explained).contains("XREG-UNHEALTHY"), "{}", explained.all());
    assert_eq!(desk.run(&["explain", "192.168.7.10:8081"]).await.code, 64, "nobody is there");
}

/// A connection that is gone is gone in both directions, and asks for no yes where the binding has said it.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_is_told_once() {
    let desk = working("once", Options { scenario: running(), ..Options::default() }).await;
    let peer = desk.peer();
    let params = [("TransitRouterAttachmentId", peer.as_str()), ("Force", "true")];
    desk.act(Service::Cbn, NEAR, "DeleteTransitRouterPeerAttachment", &params);
    desk.settle().await;
    let said = status(&desk).await;
    assert!(!said.contains("and 1 more") && !said.contains("needs a yes"), "{said}");
    let explained = plain(&desk.run(&["explain", "i-ecs1"]).await);
    assert_eq!(explained.matches("No inter-region connection").count(), 1, "{explained}");
}

/// What waits for a transit router that is not there waits for nobody's yes.
#[tokio::test(start_paused = true)]
async fn a_region_without_a_transit_router_is_one_cause_of_a_plan() {
    let (scenario, bindings) = super::three_regions(false);
    let desk = Desk::start("one-router", Options { scenario, bindings, ..Options::default() }).await;
    let planned = plain(&desk.run(&["plan", "web"]).await);
    assert!(planned.contains("; 1 cause, ") && planned.contains("XREG-TR-MISSING"), "{planned}");
    assert!(!planned.contains("XREG-NOT-ATTACHED"), "{planned}");
}
