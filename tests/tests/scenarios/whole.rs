//! An incomplete answer is no fact: each false form of an answer leaves a finished world unchanged, and is reported.

use std::sync::Arc;

use emulator::{Counts, Listings};
use end_to_end::lies::{self, Lie, changed, fixed};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options};
use onboarding::{Code, Plan, Write};
use serde_json::{Value, json};

use crate::{LIMIT, minutes};

/// The number of members of the group.
const FLEET: usize = 12;

/// A world with everything in place for a fleet.
async fn settled(options: Options) -> Local {
    let local = start(Options { scenario: worlds::fleet(FLEET), ..options }).await;
    let console = Console(&local);
    worlds::fleet_ids(FLEET).iter().for_each(|id| console.start_instance(id));
    console.ended(1, LIMIT).await;
    console.wait(minutes(40)).await;
    assert_eq!(console.members().await.len(), FLEET);
    local
}

fn rows(answer: &mut Value) -> &mut Vec<Value> {
    answer["Instances"]["Instance"].as_array_mut().unwrap()
}

/// A lie that changes each row.
fn each(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lie {
    changed(move |answer| rows(answer).iter_mut().for_each(&change))
}

fn without(field: &'static str) -> Lie {
    each(move |row| drop(row.as_object_mut().unwrap().remove(field)))
}

fn nothing_is_open(plan: &Plan) -> bool {
    plan.changes.iter().all(|change| !change.is_open())
}

/// Under the lie the plan has no open change, the action is reported as unread, and no stage writes.
async fn changes_nothing(local: &Local, action: &'static str, what: &str, lie: &Lie) {
    let host = lies::host(local, action, lie);
    let before = local.cloud().gateway().writes();
    let plan = lies::plan(&host, "web").await.unwrap();
    assert!(nothing_is_open(&plan), "{what}: {plan:#?}");
    let reasons = plan.findings.iter().chain(plan.changes.iter().flat_map(|change| &change.blocked));
    let mut unread = reasons.filter(|reason| reason.code == Code::Unread);
    assert!(unread.any(|reason| reason.message.contains(action)), "{what}: {action} is not named: {plan:#?}");
    let outcome = lies::run(&host, "web", &backend_servers::BackendServers).await;
    assert!(format!("{outcome:?}").contains(action), "{what}: {outcome:?}");
    let _ = lies::run(&host, "web", &prune::Prune).await;
    assert_eq!(local.cloud().gateway().writes(), before, "{what}");
}

#[tokio::test(start_paused = true)]
async fn no_false_answer_about_instances_removes_or_alters_a_member() {
    let local = settled(worlds::options(Generation::Upgraded)).await;
    let forms: Vec<(&str, Lie)> = vec![
        ("an empty body", fixed("")),
        ("an empty object", fixed("{}")),
        ("null", fixed("null")),
        ("an error in a success", fixed(r#"{"Code":"Forbidden.RAM","Message":"m","RequestId":"R"}"#)),
        ("a list that is null", changed(|answer| answer["Instances"] = Value::Null)),
        ("a list without its rows", changed(|answer| answer["Instances"] = json!({}))),
        ("no list", changed(|answer| drop(answer.as_object_mut().unwrap().remove("Instances")))),
        ("rows without an id", without("InstanceId")),
        ("rows with an empty id", each(|row| row["InstanceId"] = json!(""))),
        ("rows without tags", without("Tags")),
        ("rows whose tags are null", each(|row| row["Tags"] = Value::Null)),
        ("rows without a state", without("Status")),
        ("rows without a network", without("VpcAttributes")),
        ("rows of no VPC", each(|row| row["VpcAttributes"]["VpcId"] = json!(""))),
        (
            "doubled rows",
            changed(|answer| {
                let copies = rows(answer).clone();
                rows(answer).extend(copies);
            }),
        ),
        ("rows that are fewer than counted", changed(|answer| rows(answer).truncate(3))),
        ("a first page without end", changed(|answer| answer["NextToken"] = json!("again"))),
    ];
    for (what, lie) in &forms {
        changes_nothing(&local, "DescribeInstances", what, lie).await;
    }
    // After the lie has ended, the world is unchanged.
    let truth: Lie = Arc::new(|answer| answer.to_string());
    let plan = lies::plan(&lies::host(&local, "DescribeInstances", &truth), "web").await.unwrap();
    assert!(plan.changes.is_empty() && plan.findings.is_empty(), "{plan:#?}");
    assert_eq!(Console(&local).members().await.len(), FLEET);
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_load_balancer_with_emptied_addresses_is_not_taken_for_a_classic_one() {
    let local = settled(worlds::options(Generation::Upgraded)).await;
    let zones = |answer: &mut Value, change: &dyn Fn(&mut Value)| {
        answer["ZoneMappings"].as_array_mut().unwrap().iter_mut().for_each(change);
    };
    let forms: Vec<(&str, Lie)> = vec![
        ("an empty object", fixed("{}")),
        ("no zones", changed(|answer| answer["ZoneMappings"] = json!([]))),
        ("no list of zones", changed(|answer| drop(answer.as_object_mut().unwrap().remove("ZoneMappings")))),
        ("no addresses", changed(move |answer| zones(answer, &|zone| zone["LoadBalancerAddresses"] = json!([])))),
        (
            "no local addresses",
            changed(move |answer| {
                zones(answer, &|zone| {
                    let addresses = zone["LoadBalancerAddresses"].as_array_mut().unwrap();
                    addresses.iter_mut().for_each(|address| address["Ipv4LocalAddresses"] = json!([]));
                });
            }),
        ),
    ];
    for (what, lie) in &forms {
        changes_nothing(&local, "GetLoadBalancerAttribute", what, lie).await;
    }
}

#[tokio::test(start_paused = true)]
async fn emptied_listings_repeat_no_create() {
    let local = settled(worlds::options(Generation::Classic)).await;
    let emptied = |list: &'static str| changed(move |answer| answer[list] = json!({ "Row": [] }));
    let forms = [
        ("ListServerGroupServers", changed(|answer| answer["Servers"] = json!([]))),
        ("DescribeRouteEntryList", emptied("RouteEntrys")),
        ("DescribeRouteTableList", emptied("RouterTableList")),
        ("ListTransitRouterRouteTables", emptied("TransitRouterRouteTables")),
    ];
    for (action, lie) in &forms {
        let host = lies::host(&local, action, lie);
        let before = local.cloud().gateway().writes();
        let plan = lies::plan(&host, "web").await.unwrap();
        let creates = |change: &onboarding::Change| {
            matches!(change.write, Write::AddServer { .. } | Write::AddVpcRoute { .. } | Write::AddTransitRoute { .. })
        };
        assert!(!plan.changes.iter().any(creates), "{action}: {plan:#?}");
        assert!(plan.findings.iter().any(|finding| finding.code == Code::Unread), "{action}: {plan:#?}");
        let _ = lies::run(&host, "web", &vpc_routes::VpcRoutes).await;
        let _ = lies::run(&host, "web", &back_to_origin::BackToOrigin).await;
        let _ = lies::run(&host, "web", &backend_servers::BackendServers).await;
        assert_eq!(local.cloud().gateway().writes(), before, "{action}");
    }
}

/// If the cloud leaves `Tags` out for an untagged instance, a member that lost its last tag still leaves, and one that kept
/// it stays.
#[tokio::test(start_paused = true)]
async fn an_untagged_member_leaves_in_both_forms_of_being_untagged() {
    for omit_empty_tags in [false, true] {
        let mut options = worlds::options(Generation::Upgraded);
        options.settings.listings = Listings { counts: Counts::Given, omit_empty_tags };
        let local = settled(options).await;
        Console(&local).untag(&["i-fleet-03".to_owned()]);
        let truth: Lie = Arc::new(|answer| answer.to_string());
        let plan = lies::plan(&lies::host(&local, "DescribeInstances", &truth), "web").await.unwrap();
        let leaving: Vec<_> = plan
            .changes
            .iter()
            .filter_map(|change| match &change.write {
                Write::UpdateServer { instance, weight: 0, .. } => Some(instance.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(leaving, ["i-fleet-03"], "{plan:#?}");
    }
}
