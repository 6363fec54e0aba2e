//! How the bindings of one store affect each other: two classic load balancers in one region, and resources of a removed
//! binding.

use std::collections::BTreeSet;

use end_to_end::apply::{apply, plan};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING};
use onboarding::{Change, Code, Plan};

use crate::alb::with_neighbour_world;
use crate::case::{kind, running};

/// Another binding, for the ALB in another VPC in Chengdu.
fn api(cen: &str) -> String {
    let binding = PROCEDURE_BINDING.split_once("bindings:\n").unwrap().1;
    binding
        .replace("name: web\n", "name: api\n")
        .replace("id: alb-1, attachmentVswitches: [vsw-1, vsw-2]", "id: alb-9, attachmentVswitches: [vsw-91, vsw-92]")
        .replace("web-remote", "api-remote")
        .replace("cen: { id: cen-1, bandwidth: { package: cenbwp-1, mbps: 10 } }", cen)
}

const SAME_CEN: &str = "cen: { id: cen-1, bandwidth: { package: cenbwp-1, mbps: 10 } }";
const OTHER_CEN: &str = "cen: { id: cen-2, bandwidth: { payByTraffic: true, mbps: 10 } }";

fn web_first(cen: &str) -> String {
    format!("{PROCEDURE_BINDING}{}", api(cen))
}

fn api_first(cen: &str) -> String {
    let web = PROCEDURE_BINDING.split_once("bindings:\n").unwrap().1;
    format!("bindings:\n{}{web}", api(cen))
}

async fn world(bindings: String, neighbour: &str) -> Local {
    let scenario = with_neighbour_world(&running(emulator::PROCEDURE)).replacen(
        "  - id: alb-9\n",
        &format!("  - id: alb-9\n    generation: {neighbour}\n"),
        1,
    );
    start(Options { scenario, bindings, ..worlds::options(Generation::Classic) }).await
}

fn kinds(plan: &Plan, which: impl Fn(&Change) -> bool) -> BTreeSet<String> {
    plan.changes.iter().filter(|change| which(change)).map(|change| kind(&change.write)).collect()
}

fn yields(plan: &Plan) -> bool {
    let reasons = plan.changes.iter().flat_map(|change| &change.blocked).chain(&plan.findings);
    reasons.into_iter().any(|reason| reason.code == Code::SecondAlbVpc)
}

#[tokio::test(start_paused = true)]
async fn one_of_two_classic_bindings_goes_on_and_both_see_the_same_one() {
    for (bindings, first, second) in [(web_first(SAME_CEN), "web", "api"), (api_first(SAME_CEN), "api", "web")] {
        let local = world(bindings, "classic").await;
        let (goes, waits) = (plan(&local, first).await.unwrap(), plan(&local, second).await.unwrap());
        assert!(!yields(&goes), "{goes:#?}");
        assert!(yields(&waits), "{waits:#?}");
        let open = kinds(&waits, Change::is_open);
        assert_eq!(open, ["group", "listener"].map(str::to_owned).into(), "of {second}: {waits:#?}");
        // Both are applied at the same time: one completes, and the other does not change the network.
        let (one, other) = tokio::join!(apply(&local, first, &goes), apply(&local, second, &waits));
        assert!(one.unwrap().iter().all(|report| report.ok), "{first}");
        assert!(other.unwrap().iter().any(|report| !report.ok), "{second}");
        let after = plan(&local, first).await.unwrap();
        assert!(after.changes.is_empty(), "{after:#?}");
        let members = Console(&local).members_of(&format!("{second}-remote")).await;
        assert!(members.is_empty(), "{members:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_binding_that_is_there_already_stays_whatever_the_stores_order() {
    let local = world(PROCEDURE_BINDING.to_owned(), "classic").await;
    let whole = plan(&local, "web").await.unwrap();
    apply(&local, "web", &whole).await.unwrap();
    local.store(&api_first(SAME_CEN));
    let web = plan(&local, "web").await.unwrap();
    assert!(!yields(&web) && web.changes.is_empty(), "{web:#?}");
    assert!(yields(&plan(&local, "api").await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_neighbour_or_another_cen_instance_is_in_nobodys_way() {
    for (bindings, neighbour) in
        [(web_first(SAME_CEN), "upgraded"), (api_first(SAME_CEN), "upgraded"), (api_first(OTHER_CEN), "classic")]
    {
        let local = world(bindings, neighbour).await;
        for name in ["web", "api"] {
            let plan = plan(&local, name).await.unwrap();
            assert!(!yields(&plan), "{name} beside {neighbour}: {plan:#?}");
        }
    }
}

/// The messages about orphans in a plan.
fn orphans(plan: &Plan) -> Vec<String> {
    let found = plan.findings.iter().filter(|finding| finding.code == Code::Orphan);
    found.map(|finding| finding.message.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_removed_binding_leaves_is_named_and_stays() {
    let options = Options {
        scenario: running(&worlds::three_regions()),
        bindings: worlds::two_bindings(),
        ..worlds::options(Generation::Classic)
    };
    let local = start(options).await;
    for name in ["web", "api"] {
        let whole = plan(&local, name).await.unwrap();
        apply(&local, name, &whole).await.unwrap();
    }
    assert_eq!(orphans(&plan(&local, "api").await.unwrap()), Vec::<String>::new(), "both are in the store");
    let store = onboarding::Store::parse(&worlds::two_bindings(), "x").unwrap();
    let api = store.binding("api").unwrap();
    local.store(&serde_json::json!({ "bindings": [api] }).to_string());
    let before = local.cloud().gateway().log().len();
    let after = plan(&local, "api").await.unwrap();
    let said = orphans(&after);
    for what in [
        "(web-remote) was made for binding web, which is not in the store; it has 2 members (10.8.0.10:80, 192.168.7.10:80).",
        "on port 80 of alb-1 forwards to",
        "(cn-chengdu - cn-hangzhou) was made by this deployment, and no binding joins these regions.",
        "of vpc-2 in cn-hangzhou was made by this deployment, and no binding names that VPC.",
        "is marked for binding web, which is not in the store.",
    ] {
        assert!(said.iter().any(|message| message.contains(what)), "{what}: {said:#?}");
    }
    let reports = apply(&local, "api", &after).await.unwrap();
    let prune = reports.last().unwrap();
    assert!(
        prune.findings.iter().any(|finding| finding.code == Code::Orphan && finding.message.contains("web-remote")),
        "{prune:#?}"
    );
    let log = local.cloud().gateway().log();
    let writes: Vec<_> = log.iter().skip(before).filter(|call| call.writes).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

/// With a missing load balancer there is nothing to change, but the result is no success.
#[tokio::test(start_paused = true)]
async fn a_missing_load_balancer_is_no_success() {
    let bindings = worlds::binding_with("id: alb-1", "id: alb-7");
    let local = start(Options { bindings, ..worlds::options(Generation::Upgraded) }).await;
    let whole = plan(&local, "web").await.unwrap();
    let reports = apply(&local, "web", &whole).await.unwrap();
    let missing = |report: &&stage::Report| report.findings.iter().any(|reason| reason.code == Code::AlbMissing);
    let preflight = reports.first().unwrap();
    assert!(missing(&preflight) && !preflight.ok, "{preflight:#?}");
    assert_eq!(local.cloud().gateway().writes(), 0);
}
