//! Released instances, by the new owner of their address and by how many are released at once (decision 20). The whole
//! table is tested for the planner (`onboarding/tests/plans/absence.rs`) and the observer (`stage/tests/stage/absence.rs`);
//! here some of its rows are tested in whole runs.

use emulator::call::Service;
use end_to_end::calls::{assert_quiet, writes, written_since};
use end_to_end::{Console, worlds};
use local::{Generation, Local, Options};
use onboarding::Code;

use crate::{LIMIT, minutes, onboarded};

const FLEET: usize = 9;

/// Ten members, of which a fifth may leave at once.
async fn ten() -> Local {
    let scenario = worlds::fleet(FLEET);
    let local = onboarded(Options { scenario, ..worlds::options(Generation::Upgraded) }).await;
    let console = Console(&local);
    for id in worlds::fleet_ids(FLEET) {
        console.start_instance(&id);
    }
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await.len(), FLEET + 1);
    local
}

fn release(console: Console<'_>, id: &str) {
    console.act(Service::Ecs, "cn-hangzhou", "DeleteInstance", &[("InstanceId", id), ("Force", "true")]);
}

/// Launches an instance with an address that has become free. Returns its id.
fn launch(console: Console<'_>, vswitch: &str, address: &str, app: &str) -> String {
    let params = [
        ("VSwitchId", vswitch),
        ("PrivateIpAddress", address),
        ("SecurityGroupId", "sg-2"),
        ("InstanceType", "ecs.g7.large"),
        ("ImageId", "aliyun_3_x64_20G_alibase.vhd"),
        ("Tag.1.Key", "app"),
        ("Tag.1.Value", app),
    ];
    let made = console.act(Service::Ecs, "cn-hangzhou", "RunInstances", &params);
    made["InstanceIdSets"]["InstanceIdSet"][0].as_str().unwrap().to_owned()
}

/// The address of the member that names an instance.
async fn address_of(console: Console<'_>, id: &str) -> String {
    let members = console.members().await;
    members.into_iter().find(|member| member.description.ends_with(&format!("/{id}"))).unwrap().server_ip
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_takes_over_an_address_takes_over_the_entry_without_a_gap() {
    let local = ten().await;
    let console = Console(&local);
    let (runs, before) = (console.executions().await.len(), writes(&local).len());
    let address = address_of(console, "i-ecs1").await;
    release(console, "i-ecs1");
    let newcomer = launch(console, "vsw-4", &address, "web");
    console.wait(minutes(5)).await;
    console.ended(runs + 1, LIMIT).await;
    assert_eq!(written_since(&local, before), ["UpdateServerGroupServersAttribute"]);
    assert_eq!(address_of(console, &newcomer).await, address);
    assert_eq!(console.members().await.len(), FLEET + 1);
    assert_quiet(&local);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_at_the_address_of_a_released_instance_does_not_keep_its_member() {
    let local = ten().await;
    let console = Console(&local);
    let runs = console.executions().await.len();
    let address = address_of(console, "i-ecs1").await;
    release(console, "i-ecs1");
    launch(console, "vsw-4", &address, "other");
    console.wait(minutes(5)).await;
    console.ended(runs + 1, LIMIT).await;
    let members = console.members().await;
    assert_eq!(members.len(), FLEET);
    assert!(members.iter().all(|member| member.server_ip != address), "{members:?}");
    assert_quiet(&local);
}

#[tokio::test(start_paused = true)]
async fn the_last_instance_of_a_vpc_is_proven_released_by_the_transit_routers_interfaces() {
    let bindings = worlds::binding_with("maxPercent: 20", "maxPercent: 0");
    let local = onboarded(Options { bindings, ..worlds::options(Generation::Upgraded) }).await;
    let console = Console(&local);
    release(console, "i-ecs1");
    console.wait(minutes(5)).await;
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await, []);
    assert_quiet(&local);
}

/// The run that the events start writes the marks. The timer finds them due, and that alone starts the next run.
#[tokio::test(start_paused = true)]
async fn more_releases_than_may_go_at_once_are_marked_and_removed_when_the_timer_finds_the_marks_due() {
    let local = ten().await;
    let console = Console(&local);
    let runs = console.executions().await.len();
    let gone = worlds::fleet_ids(4);
    gone.iter().for_each(|id| release(console, id));
    console.wait(minutes(2)).await;
    let executions = console.ended(runs + 1, LIMIT).await;
    let marked = console.members().await;
    assert_eq!(marked.len(), FLEET + 1);
    assert!(marked.iter().all(|member| member.weight == 100), "{marked:?}");
    assert_eq!(marked.iter().filter(|member| member.description.contains("/released-")).count(), 4, "{marked:?}");
    let reports = console.reports(&executions[runs].name).await;
    let reasons: Vec<_> = reports.into_iter().flat_map(|report| report.blocked).collect();
    let held = reasons.iter().filter(|reason| reason.code == Code::ReleaseMarked && reason.until.is_some());
    assert!(held.count() >= 4, "{reasons:?}");

    console.run("again").await;
    assert_eq!(console.members().await, marked, "not before its time");
    let runs = console.executions().await.len();
    console.wait(minutes(31)).await;
    console.ended(runs + 1, LIMIT).await;
    let members = console.members().await;
    assert_eq!(members.len(), FLEET + 1 - 4, "{members:?}");
    assert!(members.iter().all(|member| !member.description.contains("/released-")), "{members:?}");
    let runs = console.executions().await.len();
    console.wait(minutes(65)).await;
    assert_eq!(console.executions().await.len(), runs, "nothing is left to repair");
    assert_quiet(&local);
}
