//! What an operator sees when something is broken: `status` names the cause in one look, its remedy mends it when it is followed to
//! the letter, and after that nothing is said of it any more. The breakages of one world are made one after the other, each in the
//! state that the remedy of the one before has left.

use emulator::call::Service;
use local::{Options, PROCEDURE_BINDING};

use super::Desk;
pub(super) use by_hand::text;
use follow::{broken, causes, follow};

mod asked;
mod by_hand;
mod deployed;
mod fleet;
mod follow;
mod together;

pub(super) use follow::{masked, plain};

pub(super) const NEAR: &str = "cn-chengdu";
pub(super) const FAR: &str = "cn-hangzhou";

/// The procedure's world with its instance running.
pub(super) fn running() -> String {
    emulator::PROCEDURE.replacen("state: Stopped, ", "", 1)
}

/// The procedure's world and binding with a third region, whose only instance is `i-far`.
fn three_regions(with_router: bool) -> (String, String) {
    let third = "  - id: vpc-3
    name: VPC3
    region: cn-shanghai
    cidr: 10.8.0.0/16
    vswitches:
      - { id: vsw-5, zone: cn-shanghai-e, cidr: 10.8.0.0/24 }
      - { id: vsw-6, zone: cn-shanghai-f, cidr: 10.8.1.0/24 }
\nsecurityGroups:
  - { id: sg-3, name: far, vpc: vpc-3 }
";
    let far = "  - { id: i-far, vswitch: vsw-5, address: 10.8.0.10, securityGroups: [sg-3], tags: { app: web } }\n";
    let router = "      - { id: tr-chengdu, region: cn-chengdu }\n";
    let more = format!("{router}      - {{ id: tr-shanghai, region: cn-shanghai }}\n");
    let three = running().replacen("\nsecurityGroups:\n", third, 1).replacen("\ncens:", &format!("{far}\ncens:"), 1);
    let three = if with_router { three.replacen(router, &more, 1) } else { three };
    let shanghai = "      - { region: cn-shanghai, vpc: vpc-3, attachmentVswitches: [vsw-5, vsw-6], select: { tags: { app: web } } }\n";
    (three, PROCEDURE_BINDING.replacen("    # Read for", &format!("{shanghai}    # Read for"), 1))
}

/// A desk beside a world in which everything works.
pub(super) async fn working(name: &str, options: Options) -> Desk {
    let desk = Desk::start(name, options).await;
    let applied = desk.run(&["apply", "web", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.all());
    desk.settle().await;
    desk
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_way_are_named_mended_and_gone() {
    let nat = "  - { id: i-nat, vswitch: vsw-3, address: 192.168.8.9, securityGroups: [sg-2], webPorts: [] }\n\ncens:";
    let scenario = running().replacen("\ncens:", nat, 1);
    let desk = working("ways", Options { scenario, ..Options::default() }).await;
    let golden = follow(
        &desk,
        vec![
            broken("a network ACL drops requests", "XREG-NETWORK-ACL", |desk| desk.deny("Ingress"))
                .naming(&["i-ecs1 (ECS1)", "ingress entry 1"])
                .mended_by("UpdateNetworkAclEntries", |desk| desk.pass("Ingress")),
            broken("a network ACL drops answers", "XREG-NETWORK-ACL", |desk| desk.deny("Egress"))
                .naming(&["i-ecs1 (ECS1)", "egress entry 1"])
                .mended_by("UpdateNetworkAclEntries", |desk| desk.pass("Egress")),
            broken("a black hole on a transit router", "XREG-BLACKHOLE", |desk| {
                let params = [
                    ("TransitRouterRouteTableId", "vtb-tr-chengdu"),
                    ("TransitRouterRouteEntryDestinationCidrBlock", "192.168.7.0/24"),
                    ("TransitRouterRouteEntryNextHopType", "BlackHole"),
                ];
                desk.act(Service::Cbn, NEAR, "CreateTransitRouterRouteEntry", &params);
            })
            .naming(&["i-ecs1 (ECS1)", "192.168.7.0/24", "vtb-tr-chengdu"])
            .mended_by("DeleteTransitRouterRouteEntry", |desk| {
                let query = [
                    ("TransitRouterRouteTableId", "vtb-tr-chengdu"),
                    ("TransitRouterRouteEntryDestinationCidrBlock", "192.168.7.0/24"),
                ];
                let found = desk.act(Service::Cbn, NEAR, "ListTransitRouterRouteEntries", &query);
                let entries = found["TransitRouterRouteEntries"].as_array().unwrap();
                let hole =
                    entries.iter().find(|entry| entry["TransitRouterRouteEntryNextHopType"] == "BlackHole").unwrap();
                let id = text(&hole["TransitRouterRouteEntryId"]);
                desk.act(Service::Cbn, NEAR, "DeleteTransitRouterRouteEntry", &[("TransitRouterRouteEntryId", &id)]);
            }),
            broken("the route to the backends is deleted", "XREG-NO-ROUTE", |desk| {
                desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
            })
            .naming(&["i-ecs1 (ECS1)", "192.168.7.0/24"]),
            broken("answers leave by another way than requests come", "XREG-ROUTE-SHADOWED", |desk| {
                let params = [
                    ("RegionId", FAR),
                    ("RouteTableId", "vtb-vpc-2"),
                    ("DestinationCidrBlock", "172.16.0.0/25"),
                    ("NextHopType", "Instance"),
                    ("NextHopId", "i-nat"),
                ];
                desk.act(Service::Vpc, FAR, "CreateRouteEntry", &params);
            })
            .naming(&["i-ecs1 (ECS1)", "172.16.0.0/25"])
            .mended_by("DeleteRouteEntry", |desk| desk.delete_route(FAR, "vtb-vpc-2", "172.16.0.0/25")),
            broken("one of the routes back is deleted", "XREG-NO-ROUTE", |desk| {
                desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
            })
            .naming(&["i-ecs1 (ECS1)", "172.16.6.0/24"]),
            broken("the rules of the security group are revoked", "XREG-NOT-ALLOWED", |desk| {
                desk.revoke(|_| true);
            })
            .naming(&["i-ecs1 (ECS1)", "sg-2"]),
            broken("a rule drops the ALB's packets first", "XREG-RULE-SHADOWED", Desk::drop_first)
                .naming(&["i-ecs1 (ECS1)", "sg-2"])
                .mended_by("RevokeSecurityGroup", Desk::revoke_drops),
            broken("a rule drops the ALB's packets, and none accepts them", "XREG-RULE-SHADOWED", |desk| {
                desk.revoke(|_| true);
                desk.drop_first();
            })
            .naming(&["  1 cause\n", "i-ecs1 (ECS1)", "sg-2"])
            .mended_by("RevokeSecurityGroup", Desk::revoke_drops),
            broken("the rule is gone", "XREG-NOT-ALLOWED", |_| ()).naming(&["sg-2"]).after_another(),
            broken("the connection publishes no routes any more", "XREG-NOT-LEARNED", |desk| {
                let peer = desk.peer();
                let params = [("TransitRouterAttachmentId", peer.as_str()), ("AutoPublishRouteEnabled", "false")];
                desk.act(Service::Cbn, NEAR, "UpdateTransitRouterPeerAttachmentAttribute", &params);
            })
            .naming(&["i-ecs1 (ECS1)", "does not publish routes"]),
            broken("a propagation is switched off", "XREG-NOT-LEARNED", |desk| {
                let id = desk.vpc_attachment(FAR, "vpc-2");
                let params =
                    [("TransitRouterAttachmentId", id.as_str()), ("TransitRouterRouteTableId", "vtb-tr-hangzhou")];
                desk.act(Service::Cbn, FAR, "DisableTransitRouterRouteTablePropagation", &params);
            })
            .naming(&["i-ecs1 (ECS1)"]),
            broken("an association is taken away", "XREG-NOT-ASSOCIATED", |desk| {
                let id = desk.vpc_attachment(NEAR, "vpc-1");
                let params =
                    [("TransitRouterAttachmentId", id.as_str()), ("TransitRouterRouteTableId", "vtb-tr-chengdu")];
                desk.act(Service::Cbn, NEAR, "DissociateTransitRouterAttachmentFromRouteTable", &params);
            })
            .naming(&["i-ecs1 (ECS1)"]),
            broken("the connection is deleted", "XREG-NOT-ATTACHED", |desk| {
                let peer = desk.peer();
                desk.act(
                    Service::Cbn,
                    NEAR,
                    "DeleteTransitRouterPeerAttachment",
                    &[("TransitRouterAttachmentId", peer.as_str()), ("Force", "true")],
                );
            })
            .naming(&["i-ecs1 (ECS1)"]),
            broken("two faults at once", "XREG-NETWORK-ACL", |desk| {
                desk.deny("Ingress");
                desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
            })
            .naming(&["i-ecs1 (ECS1)", "XREG-NO-ROUTE"])
            .mended_by("UpdateNetworkAclEntries", |desk| desk.pass("Ingress")),
            broken("the other one of the two", "XREG-NO-ROUTE", |_| ()).naming(&["172.16.6.0/24"]).after_another(),
        ],
    )
    .await;
    insta::assert_snapshot!("breakages_ways", golden);
}

#[tokio::test(start_paused = true)]
async fn faults_of_members_and_front_are_named_mended_and_gone() {
    let second = "address: 192.168.7.10, interfaces: [{ id: eni-second, vswitch: vsw-4, address: 192.168.7.20, securityGroups: [sg-4] }],";
    let scenario = running().replacen("address: 192.168.7.10,", second, 1).replacen(
        "\ninstances:",
        "  - { id: sg-4, name: second, vpc: vpc-2 }\n\ninstances:",
        1,
    );
    let desk = working("members", Options { scenario, ..Options::default() }).await;
    let golden = follow(
        &desk,
        vec![
            broken("the instance is stopped", "XREG-NOT-RUNNING", |desk| {
                desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", "i-ecs1")]);
            })
            .naming(&["i-ecs1 (ECS1)", "Stopped"])
            .mended_by("StartInstance", |desk| {
                desk.act(Service::Ecs, FAR, "StartInstance", &[("InstanceId", "i-ecs1")]);
            }),
            broken("the listener is stopped", "XREG-LISTENER-STOPPED", |desk| {
                desk.act(Service::Alb, NEAR, "StopListener", &[("ListenerId", &desk.listener())]);
            })
            .naming(&["i-ecs1 (ECS1)", "port 80"])
            .mended_by("StartListener", |desk| {
                desk.act(Service::Alb, NEAR, "StartListener", &[("ListenerId", &desk.listener())]);
            }),
            broken("the listener and the instance behind it are stopped", "XREG-LISTENER-STOPPED", |desk| {
                desk.act(Service::Alb, NEAR, "StopListener", &[("ListenerId", &desk.listener())]);
                desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", "i-ecs1")]);
            })
            .naming(&["i-ecs1 (ECS1)", "port 80", "XREG-NOT-RUNNING"])
            .mended_by("StartListener", |desk| {
                desk.act(Service::Alb, NEAR, "StartListener", &[("ListenerId", &desk.listener())]);
            }),
            broken("the instance is stopped still", "XREG-NOT-RUNNING", |_| ())
                .naming(&["i-ecs1 (ECS1)"])
                .mended_by("StartInstance", |desk| {
                    desk.act(Service::Ecs, FAR, "StartInstance", &[("InstanceId", "i-ecs1")]);
                })
                .after_another(),
            broken("the listener is deleted", "XREG-LISTENER-MISSING", |desk| {
                desk.act(Service::Alb, NEAR, "DeleteListener", &[("ListenerId", &desk.listener())]);
            })
            .naming(&["i-ecs1 (ECS1)", "port 80"]),
            broken("the weight is set to 0 by hand", "XREG-NO-WEIGHT", |desk| desk.member("0"))
                .naming(&["i-ecs1 (ECS1)"]),
            broken("the health check asks another port", "XREG-UNHEALTHY", |desk| {
                desk.health_check("HealthCheckConnectPort", "8081");
            })
            .naming(&["i-ecs1 (ECS1)"]),
            broken("the member is removed by hand", "XREG-NOT-MEMBER", |desk| {
                desk.remove_member("192.168.7.10");
            })
            .naming(&["i-ecs1 (ECS1)"]),
            broken("the only instance loses its tag", "XREG-NONE-SELECTED", |desk| {
                let params = [("ResourceType", "instance"), ("ResourceId.1", "i-ecs1"), ("TagKey.1", "app")];
                desk.act(Service::Ecs, FAR, "UntagResources", &params);
            })
            .naming(&["  1 cause, ", "i-ecs1"])
            .told("give i-ecs1 app=web (TagResources), or correct select.tags", |desk| {
                let params = [
                    ("ResourceType", "instance"),
                    ("ResourceId.1", "i-ecs1"),
                    ("Tag.1.Key", "app"),
                    ("Tag.1.Value", "web"),
                ];
                desk.act(Service::Ecs, FAR, "TagResources", &params);
            }),
            broken("the tags in the binding are wrong", "XREG-NONE-SELECTED", |desk| {
                desk.rewrite("tags: { app: web }", "tags: { app: wbe }");
            })
            .naming(&["  1 cause, ", "i-ecs1 has app=web"])
            .told("correct select.tags", |desk| desk.rewrite("tags: { app: wbe }", "tags: { app: web }")),
            broken("a vSwitch of the ALB gets a table of its own", "XREG-CUSTOM-ROUTE-TABLE", |desk| {
                let params = [("RegionId", NEAR), ("VpcId", "vpc-1"), ("RouteTableName", "own")];
                let table = text(&desk.act(Service::Vpc, NEAR, "CreateRouteTable", &params)["RouteTableId"]);
                desk.act(
                    Service::Vpc,
                    NEAR,
                    "AssociateRouteTable",
                    &[("RegionId", NEAR), ("RouteTableId", &table), ("VSwitchId", "vsw-1")],
                );
            })
            .naming(&["vsw-1"])
            .told("system route table", |desk| {
                let filter = [("RegionId", NEAR), ("VpcId", "vpc-1"), ("RouteTableName", "own")];
                let tables = desk.act(Service::Vpc, NEAR, "DescribeRouteTableList", &filter);
                let table = text(&tables["RouterTableList"]["RouterTableListType"][0]["RouteTableId"]);
                desk.act(
                    Service::Vpc,
                    NEAR,
                    "UnassociateRouteTable",
                    &[("RegionId", NEAR), ("RouteTableId", &table), ("VSwitchId", "vsw-1")],
                );
            }),
            broken("a prefix list drops the ALB's packets", "XREG-RULE-SHADOWED", |desk| {
                let params = [
                    ("RegionId", FAR),
                    ("PrefixListName", "alb"),
                    ("MaxEntries", "2"),
                    ("AddressFamily", "IPv4"),
                    ("Entry.1.Cidr", "172.16.0.0/12"),
                ];
                let list = text(&desk.act(Service::Ecs, FAR, "CreatePrefixList", &params)["PrefixListId"]);
                desk.drop_from(("Permissions.1.SourcePrefixListId", list.as_str()));
            })
            .naming(&["i-ecs1 (ECS1)", "sg-2"])
            .mended_by("RevokeSecurityGroup", Desk::revoke_drops),
            broken("the store is paused", "XREG-READ-ONLY", |desk| {
                desk.rewrite("bindings:\n", "paused: true\nbindings:\n");
            })
            .naming(&["the whole store"])
            .told("paused: false", |desk| desk.rewrite("paused: true\nbindings:\n", "bindings:\n")),
            broken("the binding is paused", "XREG-READ-ONLY", |desk| {
                desk.rewrite("    provision: auto\n", "    provision: auto\n    paused: true\n");
            })
            .naming(&["this binding"])
            .told("Set paused: false in the binding web", |desk| desk.rewrite("    paused: true\n", "")),
            broken("the service moves to another port", "XREG-UNHEALTHY", |desk| desk.listen(8080))
                .naming(&["i-ecs1 (ECS1)", "CONNECT_FAILED"])
                .told("nothing listens on 192.168.7.10:80", |desk| desk.listen(80)),
            broken("a second interface is registered by hand", "XREG-NOT-ALLOWED", |desk| {
                desk.register("192.168.7.20");
            })
            .naming(&["i-ecs1 (ECS1) at 192.168.7.20", "sg-4"])
            .mended_by("RemoveServersFromServerGroup", |desk| desk.remove_member("192.168.7.20")),
            broken("an address that nobody has is registered by hand", "XREG-UNHEALTHY", |desk| {
                desk.register("192.168.7.99");
            })
            .naming(&["192.168.7.99:80", "which others registered"])
            .mended_by("RemoveServersFromServerGroup", |desk| desk.remove_member("192.168.7.99")),
            broken("the bandwidth plan is locked for its bill", "XREG-BANDWIDTH-LOCKED", |desk| {
                let state = emulator::AccountState::BandwidthPackageLocked("cenbwp-1".to_owned());
                assert!(desk.local.cloud().with(|world| world.set_account(state)));
            })
            .naming(&["cenbwp-1", "FinancialLocked"])
            .told("pay its bill", |desk| {
                let state = emulator::AccountState::BandwidthPackagePaid("cenbwp-1".to_owned());
                assert!(desk.local.cloud().with(|world| world.set_account(state)));
            }),
        ],
    )
    .await;
    insta::assert_snapshot!("breakages_members", golden);
}

/// What a fresh world, an overlap and a vSwitch without a zone print: at most twelve lines, the cause first.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_made_is_said_in_twelve_lines_with_the_cause_first() {
    let approved = PROCEDURE_BINDING.replacen("provision: auto", "provision: approved", 1);
    let overlap = running()
        .replacen("cidr: 192.168.0.0/16", "cidr: 172.16.0.0/12", 1)
        .replace("192.168.8.0/24", "172.17.8.0/24")
        .replace("192.168.7.", "172.17.7.");
    // Both of the named vSwitches are in one zone.
    let twice = "      - { id: vsw-9, zone: cn-hangzhou-h, cidr: 192.168.9.0/24 }\n\nsecurityGroups:";
    let one_zone = running().replacen("\nsecurityGroups:", twice, 1);
    let zone = PROCEDURE_BINDING.replacen("[vsw-3, vsw-4]", "[vsw-3, vsw-9]", 1);
    let cases = [
        ("a fresh approved world", running(), approved.as_str(), "status", "XREG-NOT-APPROVED"),
        ("an overlap", overlap.clone(), PROCEDURE_BINDING, "status", "XREG-CIDR-OVERLAP"),
        ("an overlap, planned", overlap, PROCEDURE_BINDING, "plan", "XREG-CIDR-OVERLAP"),
        ("a vSwitch that is not there", running(), zone.as_str(), "status", "XREG-VSWITCH-MISSING"),
        ("a vSwitch that is not there, planned", running(), zone.as_str(), "plan", "XREG-VSWITCH-MISSING"),
        ("two vSwitches of one zone", one_zone.clone(), zone.as_str(), "status", "XREG-VSWITCH-ZONE"),
        ("two vSwitches of one zone, planned", one_zone, zone.as_str(), "plan", "XREG-VSWITCH-ZONE"),
    ];
    let mut golden = String::new();
    for (index, (what, scenario, bindings, command, code)) in cases.into_iter().enumerate() {
        let options = Options { scenario, bindings: bindings.to_owned(), ..Options::default() };
        let desk = Desk::start(&format!("twelve-{index}"), options).await;
        let said = plain(&desk.run(&[command, "web"]).await);
        golden.push_str(&format!("## {what}: albridge {command} web\n{}\n", masked(&said)));
        let first = said.lines().find(|line| line.contains("XREG-")).unwrap_or_default().trim();
        assert!(first.starts_with(code), "{what}: {said}");
        assert_eq!(said.matches(code).count(), 1, "{what}: {said}");
        assert!(said.lines().count() <= 12, "{what}: {said}");
    }
    insta::assert_snapshot!("twelve_lines", golden);

    // A plan that a person is asked to approve has no cause: it is all there is to see, each change once, and a total.
    let options = Options { scenario: running(), bindings: approved, ..Options::default() };
    let desk = Desk::start("twelve-approved", options).await;
    let said = plain(&desk.run(&["plan", "web"]).await);
    assert!(said.starts_with("web: 18 changes, 3 of them need a yes\n") && !said.contains("XREG-"), "{said}");
    let changes = said.lines().filter(|line| line.starts_with("    + "));
    assert_eq!(changes.collect::<std::collections::BTreeSet<_>>().len(), 18, "{said}");
    assert!(said.contains("Plan: 18 to add, 0 to change, 0 to remove, 0 blocked"), "{said}");
}

/// What a person sees of worlds that are wrong from the beginning, or that cannot be seen.
#[tokio::test(start_paused = true)]
async fn what_is_wrong_from_the_beginning_is_named_in_one_look() {
    let (three, three_backends) = three_regions(false);
    let second = running().replacen(
        "\ncens:",
        "  - { id: i-ecs2, vswitch: vsw-4, securityGroups: [sg-2], tags: { app: web } }\n\ncens:",
        1,
    );
    let quota = PROCEDURE_BINDING.replacen("id: alb-1, ", "id: alb-1, serverQuota: 1, ", 1);
    let cases = [
        (
            "a service on another port",
            running().replacen("address: 192.168.7.10,", "address: 192.168.7.10, webPorts: [8080],", 1),
            PROCEDURE_BINDING.to_owned(),
            "XREG-UNHEALTHY",
            "Start the service on i-ecs1: nothing listens on 192.168.7.10:80",
        ),
        ("no room for a second server", second, quota, "XREG-ALB-QUOTA", "i-ecs2"),
        ("one of three regions has no transit router", three, three_backends, "XREG-TR-MISSING", "cn-shanghai"),
    ];
    let mut golden = String::new();
    for (index, (what, scenario, bindings, code, names)) in cases.into_iter().enumerate() {
        let desk = Desk::start(&format!("wrong-{index}"), Options { scenario, bindings, ..Options::default() }).await;
        desk.run(&["apply", "web", "--yes"]).await;
        desk.settle().await;
        let said = causes(&plain(&desk.status().await));
        golden.push_str(&format!("## {what}\n{}\n\n", masked(&said)));
        let first = said.lines().nth(2).unwrap_or_default().trim();
        assert!(first.starts_with(&format!("{code}  ")) && said.contains(names), "{what}: {said}");
        // Where every call was answered, nothing is said to be unread.
        assert!(!said.contains("XREG-UNREAD"), "{what}: {said}");
    }
    insta::assert_snapshot!("breakages_from_the_beginning", golden);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_refuses_is_named_first_with_what_mends_it() {
    use emulator::call::ApiError;
    use emulator::faults::Rule;
    let desk = working("refused", Options { scenario: running(), ..Options::default() }).await;
    for (code, remedy) in [
        ("InvalidTimeStamp.Expired", "Set this machine's clock"),
        ("EntityNotExist.Role", "Make the role again under the same name"),
        ("NoPermission", "`albridge policy` prints what each function needs"),
    ] {
        desk.local.cloud().inject(Rule::refuse(ApiError::new(403, code, "Refused."))).unwrap();
        let ran = desk.status().await;
        let said = plain(&ran);
        assert_eq!(ran.code, 1, "{said}");
        assert!(said.contains(&format!("{code}: Refused")) && said.contains(remedy), "{code}: {said}");
        desk.heal();
        assert_eq!(desk.status().await.code, 0, "{code}");
    }
}
