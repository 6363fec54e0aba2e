//! Worlds with one cause and many symptoms: `plan`, `apply`, `run`, `status` and `history` name the cause, once and with its remedy, and count
//! what follows from it.

use std::collections::BTreeSet;
use std::time::Duration;

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::{Generation, Options, PROCEDURE_BINDING};
use serde_json::Value;

use super::Desk;
use super::breakages::{FAR, NEAR, plain, running, text};

/// A world, the binding in question, and what is wrong in it.
struct World {
    what: &'static str,
    desk: Desk,
    binding: &'static str,
    /// What `plan` names as causes.
    planned: &'static [&'static str],
    /// What `apply` leaves.
    left: &'static [&'static str],
    /// What a run leaves, which nobody approved.
    by_run: &'static [&'static str],
}

impl World {
    const fn new(what: &'static str, desk: Desk, root: &'static [&'static str]) -> Self {
        Self { what, desk, binding: "web", planned: root, left: root, by_run: root }
    }
}

/// Every code in a text, each once.
fn codes(text: &str) -> BTreeSet<String> {
    let is_code = |letter: char| letter.is_ascii_uppercase() || letter == '-';
    let words = text.split(|letter| !is_code(letter));
    // Neither that nobody could send a request nor that something takes time is a fault.
    let notes = ["XREG-NOT-PROBED", "XREG-STILL-PENDING"];
    words.filter(|word| word.starts_with("XREG-") && !notes.contains(word)).map(str::to_owned).collect()
}

/// The codes behind a word in the last line that has it.
fn after(text: &str, word: &str) -> BTreeSet<String> {
    text.lines().rev().find_map(|line| line.split_once(word)).map(|(_, rest)| codes(rest)).unwrap_or_default()
}

fn set(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// How often a code begins a line, as the name of a problem does with its remedy behind it.
fn named(text: &str, code: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with(&format!("{code} "))).count()
}

async fn minutes(desk: &Desk, count: u64) {
    desk.local.clock().sleep(Duration::from_secs(60 * count)).await;
}

async fn without_router() -> Desk {
    let scenario = running().replacen("      - { id: tr-hangzhou, region: cn-hangzhou }\n", "", 1);
    Desk::start("roots-router", Options { scenario, ..Options::default() }).await
}

async fn with_their_listener() -> Desk {
    let desk = Desk::start("roots-listener", Options { scenario: running(), ..Options::default() }).await;
    let params = [
        ("ServerGroupName", "others"),
        ("VpcId", "vpc-1"),
        ("Protocol", "HTTP"),
        ("ServerGroupType", "Instance"),
        ("HealthCheckConfig.HealthCheckEnabled", "false"),
    ];
    let group = text(&desk.act(Service::Alb, NEAR, "CreateServerGroup", &params)["ServerGroupId"]);
    minutes(&desk, 1).await;
    let params = [
        ("LoadBalancerId", "alb-1"),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", "80"),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", group.as_str()),
    ];
    desk.act(Service::Alb, NEAR, "CreateListener", &params);
    minutes(&desk, 1).await;
    desk
}

async fn with_a_table_of_its_own() -> Desk {
    let desk = Desk::start("roots-table", Options { scenario: running(), ..Options::default() }).await;
    own_table(&desk, NEAR, "vpc-1", &["vsw-1", "vsw-2"]).await;
    desk
}

/// The instances of a non-upgraded load balancer follow a table that it does not support: what the table lacks follows from that.
async fn with_a_table_of_the_backends() -> Desk {
    let options = Options { scenario: running(), generation: Generation::Classic, ..Options::default() };
    let desk = Desk::start("roots-backends-table", options).await;
    own_table(&desk, FAR, "vpc-2", &["vsw-4"]).await;
    desk
}

async fn own_table(desk: &Desk, region: &str, vpc: &str, vswitches: &[&str]) {
    let params = [("RegionId", region), ("VpcId", vpc), ("RouteTableName", "own")];
    let table = text(&desk.act(Service::Vpc, region, "CreateRouteTable", &params)["RouteTableId"]);
    minutes(desk, 1).await;
    for vswitch in vswitches {
        let params = [("RegionId", region), ("RouteTableId", table.as_str()), ("VSwitchId", *vswitch)];
        desk.act(Service::Vpc, region, "AssociateRouteTable", &params);
        minutes(desk, 1).await;
    }
}

/// The two VPCs of the binding have prefixes in common, and vSwitches inside of one another's.
async fn with_an_overlap() -> Desk {
    let scenario = running()
        .replacen("cidr: 192.168.0.0/16", "cidr: 172.16.0.0/16", 1)
        .replace("192.168.8.0/24", "172.16.0.0/25")
        .replace("192.168.7.0/24", "172.16.6.0/25")
        .replace("192.168.7.10", "172.16.6.10");
    Desk::start("roots-overlap", Options { scenario, ..Options::default() }).await
}

/// A VPC that is none of the binding's is attached to the same transit router, and has the backends' prefix.
async fn beside_a_third_vpc() -> Desk {
    let third = "  - id: vpc-9
    name: VPC9
    region: cn-hangzhou
    cidr: 192.168.0.0/16
    vswitches:
      - { id: vsw-8, zone: cn-hangzhou-h, cidr: 192.168.7.0/24 }
      - { id: vsw-9, zone: cn-hangzhou-i, cidr: 192.168.9.0/24 }
\nsecurityGroups:\n";
    let scenario = running().replacen("\nsecurityGroups:\n", third, 1);
    let desk = Desk::start("roots-third", Options { scenario, ..Options::default() }).await;
    let params = [
        ("CenId", "cen-1"),
        ("RegionId", FAR),
        ("TransitRouterId", "tr-hangzhou"),
        ("VpcId", "vpc-9"),
        ("ZoneMappings.1.ZoneId", "cn-hangzhou-h"),
        ("ZoneMappings.1.VSwitchId", "vsw-8"),
        ("ZoneMappings.2.ZoneId", "cn-hangzhou-i"),
        ("ZoneMappings.2.VSwitchId", "vsw-9"),
    ];
    let made = desk.act(Service::Cbn, FAR, "CreateTransitRouterVpcAttachment", &params);
    let attachment = text(&made["TransitRouterAttachmentId"]);
    minutes(&desk, 5).await;
    for action in ["AssociateTransitRouterAttachmentWithRouteTable", "EnableTransitRouterRouteTablePropagation"] {
        let params =
            [("TransitRouterAttachmentId", attachment.as_str()), ("TransitRouterRouteTableId", "vtb-tr-hangzhou")];
        desk.act(Service::Cbn, FAR, action, &params);
        minutes(&desk, 2).await;
    }
    desk
}

/// Two non-upgraded load balancers in two VPCs of one region, the first of which has its backends already.
async fn with_two_classic_ones() -> Desk {
    let third = "  - id: vpc-3
    name: VPC3
    region: cn-chengdu
    cidr: 10.9.0.0/16
    vswitches:
      - { id: vsw-5, zone: cn-chengdu-a, cidr: 10.9.0.0/24 }
      - { id: vsw-6, zone: cn-chengdu-b, cidr: 10.9.1.0/24 }
\nsecurityGroups:\n";
    let second = "  - id: alb-2
    name: ALB2
    region: cn-chengdu
    vpc: vpc-3
    zones:
      - { zone: cn-chengdu-a, vswitch: vsw-5 }
      - { zone: cn-chengdu-b, vswitch: vsw-6 }
";
    let scenario = running().replacen("\nsecurityGroups:\n", third, 1) + second;
    let (_, web) = PROCEDURE_BINDING.split_once("bindings:\n").unwrap();
    let web2 = web
        .replacen("name: web\n", "name: web2\n", 1)
        .replacen("id: alb-1, attachmentVswitches: [vsw-1, vsw-2]", "id: alb-2, attachmentVswitches: [vsw-5, vsw-6]", 1)
        .replacen("name: web-remote", "name: web2-remote", 1);
    let bindings = format!("bindings:\n{web}{web2}");
    let options = Options { scenario, bindings, generation: Generation::Classic, ..Options::default() };
    let desk = Desk::start("roots-classic", options).await;
    let applied = desk.run(&["apply", "web", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.all());
    desk
}

/// The cloud refuses to attach VPCs.
async fn refused() -> Desk {
    let desk = Desk::start("roots-refused", Options { scenario: running(), ..Options::default() }).await;
    let refusal = Rule::refuse(ApiError::new(403, "Forbidden.Quota", "No more of them."));
    desk.local.cloud().inject(refusal.on(Service::Cbn, "CreateTransitRouterVpcAttachment")).unwrap();
    desk
}

/// The transit routers stay busy, longer than anybody waits.
async fn busy() -> Desk {
    let desk = Desk::start("roots-busy", Options { scenario: running(), ..Options::default() }).await;
    let refusal = Rule::refuse(ApiError::new(400, "IncorrectStatus.Status", "It is being created."));
    desk.local.cloud().inject(refusal.on(Service::Cbn, "CreateTransitRouterVpcAttachment")).unwrap();
    desk
}

async fn without_cen() -> Desk {
    let bindings = PROCEDURE_BINDING.replacen("cen: { id: cen-1", "cen: { id: cen-9", 1);
    Desk::start("roots-cen", Options { scenario: running(), bindings, ..Options::default() }).await
}

async fn unapproved() -> Desk {
    let bindings = PROCEDURE_BINDING.replacen("provision: auto", "provision: approved", 1);
    Desk::start("roots-approved", Options { scenario: running(), bindings, ..Options::default() }).await
}

async fn worlds() -> Vec<World> {
    vec![
        World::new("no CEN instance", without_cen().await, &["XREG-CEN-MISSING"]),
        World::new("no transit router", without_router().await, &["XREG-TR-MISSING"]),
        World::new("a listener of others", with_their_listener().await, &["XREG-LISTENER-FORWARDS-ELSEWHERE"]),
        World::new("a custom route table", with_a_table_of_its_own().await, &["XREG-CUSTOM-ROUTE-TABLE"]),
        World::new(
            "a custom route table of the backends",
            with_a_table_of_the_backends().await,
            &["XREG-CUSTOM-ROUTE-TABLE"],
        ),
        World::new("an overlap", with_an_overlap().await, &["XREG-CIDR-OVERLAP"]),
        World::new("an overlapping third VPC", beside_a_third_vpc().await, &["XREG-CIDR-OVERLAP"]),
        World {
            binding: "web2",
            ..World::new("two VPCs of load balancers", with_two_classic_ones().await, &["XREG-SECOND-ALB-VPC"])
        },
        World { planned: &[], ..World::new("a refused write", refused().await, &["XREG-REFUSED"]) },
        World { planned: &[], ..World::new("a busy transit router", busy().await, &["XREG-STAYS-BUSY"]) },
        World {
            planned: &[],
            left: &[],
            by_run: &["XREG-NOT-APPROVED"],
            ..World::new("nobody said yes", unapproved().await, &[])
        },
    ]
}

/// A run first, because it is the one that nobody approves; then the plan, and what a person applies.
#[tokio::test(start_paused = true)]
async fn a_cause_is_named_once_and_what_follows_from_it_is_counted() {
    let mut wrong = Vec::new();
    for World { what, desk, binding, planned, left, by_run } in worlds().await {
        let mut expect = |is: &str, found: BTreeSet<String>, wanted: &[&str], said: &str| {
            if found != set(wanted) {
                wrong.push(format!("## {what}, {is}: {found:?}, not {wanted:?}\n{said}"));
            }
        };
        let ran = desk.run(&["run", binding]).await;
        let said = plain(&ran);
        expect("run", codes(&said), by_run, &said);
        expect("the end of a run", after(&said, " ended; "), by_run, &said);
        for code in by_run {
            assert_eq!((named(&said, code), ran.code), (1, 2), "{what}: {said}");
        }
        let looked = plain(&desk.run(&["status", binding]).await);
        expect("status", after(&looked, "; blocked: "), by_run, &looked);
        let told = plain(&desk.run(&["history", binding, "--limit", "1"]).await);
        expect("history", after(&told, "; blocked: "), by_run, &told);

        let seen = plain(&desk.run(&["plan", binding]).await);
        expect("plan", codes(&seen), planned, &seen);
        let applied = desk.run(&["apply", binding, "--yes"]).await;
        let said = plain(&applied);
        expect("apply", codes(&said), left, &said);
        expect("what apply leaves", after(&said, "; left: "), left, &said);
        for code in left {
            assert_eq!(named(&said, code), 1, "{what}: {said}");
        }
        assert_eq!(applied.code, if left.is_empty() { 0 } else { 2 }, "{what}: {said}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Programs get everything as before, and the causes beside it.
#[tokio::test(start_paused = true)]
async fn programs_get_the_causes_and_all_that_is_blocked() {
    let desk = without_router().await;
    let code = |value: &Value| value["code"].as_str().unwrap().to_owned();
    let all = |value: &Value| value.as_array().unwrap().iter().map(code).collect::<BTreeSet<_>>();
    for command in [&["run", "web", "--json"][..], &["apply", "web", "--yes", "--json"]] {
        let lines = desk.run(command).await.json();
        let stage = |name: &str| lines.iter().find(|line| line["event"] == "stage" && line["stage"] == name).unwrap();
        let verify = stage("verify");
        assert_eq!(all(&verify["causes"]), set(&["XREG-TR-MISSING"]), "{verify}");
        assert!(all(&verify["blocked"]).contains("XREG-NOT-ATTACHED"), "{verify}");
        assert_eq!(all(&stage("listener")["causes"]), set(&[]));
        let last = lines.last().unwrap();
        assert_eq!((all(&last["left"]), &last["event"]), (set(&["XREG-TR-MISSING"]), &"finished".into()), "{last}");
        assert!(last["left"][0]["remedy"].as_str().unwrap().contains("transit router"), "{last}");
    }
    let history = desk.run(&["history", "web", "-o", "json"]).await;
    let history: Value = serde_json::from_str(&history.stdout).unwrap();
    let run = &history["entries"][0];
    let listed =
        |field: &str| run[field].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(listed("causes"), ["XREG-TR-MISSING"]);
    assert!(listed("blocked").contains(&"XREG-NOT-ATTACHED"), "{run}");
}

/// A part of a plan has neither preflight nor verify: what the plan said stands for what is left of the part.
#[tokio::test(start_paused = true)]
async fn a_part_that_is_applied_leaves_the_causes_of_its_plan() {
    let desk = without_router().await;
    let said = plain(&desk.run(&["apply", "web", "--yes", "--target", "backend-servers"]).await);
    assert_eq!(after(&said, "; left: "), set(&["XREG-TR-MISSING"]), "{said}");
    assert_eq!(codes(&said), set(&["XREG-TR-MISSING"]), "{said}");
}
