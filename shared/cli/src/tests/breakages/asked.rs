//! What commands say that are asked about one thing, where something else is wrong: exit codes, and causes beside the faults of a way.

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::{Options, PROCEDURE_BINDING};

use super::{FAR, NEAR, plain, running, text, working};
use crate::tests::{Desk, Ran};

fn two() -> Options {
    let second = "  - { id: i-ecs2, name: ECS2, vswitch: vsw-3, address: 192.168.8.20, securityGroups: [sg-2], tags: { app: web } }\n\ncens:";
    Options { scenario: running().replacen("\ncens:", second, 1), ..Options::default() }
}

async fn explained(desk: &Desk, subject: &str) -> (Ran, String) {
    let ran = desk.run(&["explain", subject]).await;
    let said = plain(&ran);
    (ran, said)
}

/// Everything was read, so nobody says that it could not be: 2, whatever is asked.
#[tokio::test(start_paused = true)]
async fn a_load_balancer_that_is_gone_was_read_and_ends_with_2() {
    let desk = working("gone", two()).await;
    desk.act(Service::Alb, NEAR, "DeleteLoadBalancer", &[("LoadBalancerId", "alb-1")]);
    desk.settle().await;
    for arguments in
        [&["status"][..], &["plan"], &["apply", "web", "--yes"], &["explain", "web"], &["explain", "i-ecs1"]]
    {
        let ran = desk.run(arguments).await;
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.all());
        assert!(plain(&ran).contains("name its successor there"), "{arguments:?}: {}", ran.all());
    }
    let (_, said) = explained(&desk, "i-ecs1").await;
    assert!(said.starts_with("web: i-ecs1 (192.168.7.10:80, ECS1) is not reachable\n  XREG-ALB-MISSING  "), "{said}");
    let read = desk.run(&["explain", "i-ecs1", "--json"]).await.json();
    assert_eq!(read[0]["causes"][0]["code"], "XREG-ALB-MISSING", "{read:?}");
}

/// An instance whose way is open is not all: what keeps the binding from working concerns it, too.
#[tokio::test(start_paused = true)]
async fn an_instance_is_told_what_is_wrong_with_its_binding() {
    let desk = working("whole", two()).await;
    let (ran, said) = explained(&desk, "i-ecs1").await;
    assert!(ran.code == 0 && !said.contains("also wrong"), "{said}");

    desk.rewrite("provision:", "paused: true\n    provision:");
    let (ran, said) = explained(&desk, "i-ecs1").await;
    let beneath = said.split_once("\n  also wrong with web\n").map(|(_, told)| told).unwrap_or_default();
    assert!(ran.code == 2 && said.contains(" is reachable\n"), "{said}");
    let lines =
        "  XREG-READ-ONLY  The store says `paused: true` for this binding, so no run writes anything.\n      do: ";
    assert!(beneath.starts_with(lines), "{said}");
    let all = plain(&desk.run(&["explain", "web"]).await);
    assert!(all.contains(lines), "the same lines: {all}");
    let read = desk.run(&["explain", "i-ecs1", "--json"]).await.json();
    assert_eq!(read[0]["causes"][0]["code"], "XREG-READ-ONLY", "{read:?}");

    // What its own faults say is not said again.
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
    desk.settle().await;
    let (ran, said) = explained(&desk, "i-ecs1").await;
    let (own, beneath) = said.split_once("\n  also wrong with web\n").unwrap();
    assert!(ran.code == 2 && own.contains("\n  XREG-NO-ROUTE\n"), "{said}");
    assert!(!beneath.contains("XREG-NO-ROUTE") && beneath.matches("XREG-READ-ONLY").count() == 1, "{said}");
}

/// So is a table that the load balancer's own vSwitch uses.
#[tokio::test(start_paused = true)]
async fn an_instance_is_told_of_a_custom_route_table_of_the_load_balancer() {
    let desk = working("custom", two()).await;
    let params = [("VpcId", "vpc-1"), ("RouteTableName", "own"), ("AssociateType", "VSwitch")];
    let made = desk.act(Service::Vpc, NEAR, "CreateRouteTable", &params);
    desk.settle().await;
    let table = text(&made["RouteTableId"]);
    let params = [("RouteTableId", table.as_str()), ("VSwitchId", "vsw-1")];
    desk.act(Service::Vpc, NEAR, "AssociateRouteTable", &params);
    desk.settle().await;
    let (ran, said) = explained(&desk, "i-ecs1").await;
    assert!(ran.code == 2 && said.contains("XREG-CUSTOM-ROUTE-TABLE") && said.contains("vsw-1"), "{said}");
}

/// What is wrong with another instance alone is none of its business.
#[tokio::test(start_paused = true)]
async fn an_instance_is_not_told_of_faults_of_others() {
    let desk = working("others", two()).await;
    desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", "i-ecs2")]);
    desk.settle().await;
    let (ran, said) = explained(&desk, "i-ecs1").await;
    assert!(ran.code == 0 && !said.contains("XREG-") && !said.contains("i-ecs2"), "{said}");
    let (ran, said) = explained(&desk, "i-ecs2").await;
    assert!(ran.code == 2 && said.matches("XREG-NOT-RUNNING").count() == 1, "{said}");
    assert_eq!(explained(&desk, "web").await.0.code, 2);
}

/// Nobody counts what was not read.
#[tokio::test(start_paused = true)]
async fn instances_that_were_not_read_are_not_counted() {
    let desk = working("unlisted", two()).await;
    let refusal = Rule::refuse(ApiError::new(403, "NoPermission", "Refused.")).on(Service::Ecs, "DescribeInstances");
    desk.local.cloud().inject(refusal).unwrap();
    let (ran, said) = explained(&desk, "web").await;
    assert!(said.contains("web: instances not known: could not read DescribeInstances"), "{said}");
    assert!(ran.code == 1 && said.contains("NoPermission") && !said.contains("can be served"), "{said}");
}

/// Of several VPCs those that were read are counted.
#[tokio::test(start_paused = true)]
async fn instances_of_a_region_that_were_not_read_are_named_beside_those_that_were() {
    let (scenario, bindings) = super::three_regions(true);
    let desk = working("unlisted-one", Options { scenario, bindings, ..Options::default() }).await;
    let mut refusal =
        Rule::refuse(ApiError::new(403, "NoPermission", "Refused.")).on(Service::Ecs, "DescribeInstances");
    refusal.on.region = Some("cn-shanghai".to_owned());
    desk.local.cloud().inject(refusal).unwrap();
    let (ran, said) = explained(&desk, "web").await;
    assert!(said.contains("; instances of vpc-3 not known: could not read"), "{said}");
    assert!(ran.code == 1 && said.contains("of 1 instance can be served"), "{said}");
}

/// The bindings are looked for in one way by all commands.
#[tokio::test(start_paused = true)]
async fn bindings_that_nobody_names_are_missed_in_the_same_words() {
    let mut desk = Desk::start("unnamed", Options::default()).await;
    for blank in [None, Some(" ")] {
        desk.variables.remove("ALBRIDGE_BINDINGS");
        desk.variables.extend(blank.map(|blank| ("ALBRIDGE_BINDINGS".to_owned(), blank.to_owned())));
        for arguments in [&["plan"][..], &["deploy", "--dry-run"]] {
            let ran = desk.run(arguments).await;
            assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.all());
            assert!(ran.stderr.contains("there is no bindings.yml here"), "{arguments:?}: {}", ran.all());
        }
    }
    std::fs::write(desk.file("other.yml"), PROCEDURE_BINDING).unwrap();
    desk.variables.insert("ALBRIDGE_BINDINGS".to_owned(), desk.file("other.yml").display().to_string());
    assert_ne!(desk.run(&["plan"]).await.code, 64);
}
