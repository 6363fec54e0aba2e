//! The stories of the matrices: an instance starts, another one starts, one is released or untagged, something is undone.

use std::time::Duration;

use emulator::call::Service;
use emulator::time::Latencies;
use end_to_end::teardown::paused;
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options};
use onboarding::StageName;

use crate::process::stages;
use crate::story::{Step, Story, perform, two_runs};

/// A cloud with short transitions, in which every transient state still lasts some seconds. A story consists mostly of
/// polling.
fn brisk() -> Latencies {
    let seconds = Duration::from_secs;
    let mut latencies = Latencies::default();
    (latencies.vpc_attach, latencies.vpc_detach, latencies.peer_attach) = (seconds(8), seconds(8), seconds(8));
    (latencies.table_link, latencies.propagate) = (seconds(4), seconds(3));
    (latencies.instance_start, latencies.instance_stop) = (seconds(8), seconds(5));
    latencies
}

/// The procedure's world with `running` running instances, without deployed functions and delivered events: the story
/// itself invokes the stages.
async fn world(generation: Generation, running: usize, stopped: usize) -> Local {
    let fleet = worlds::fleet(running + stopped - 1);
    // The first instances run from the start; the very first is i-ecs1.
    let scenario = fleet.replacen("state: Stopped, tags", "tags", running);
    let mut options = Options { scenario, stacks: Vec::new(), ..worlds::options(generation) };
    options.settings.latencies = brisk();
    start(options).await
}

/// The same, with everything in place for the running instances.
async fn in_place(generation: Generation, running: usize, stopped: usize) -> Local {
    let local = world(generation, running, stopped).await;
    for stage in stages() {
        perform(&local, &Step::Stage { run: 0, binding: "web", stage }).await;
    }
    assert_eq!(Console(&local).members().await.len(), running, "the story begins with its members");
    local
}

fn named(story: &str, generation: Generation) -> String {
    let generation = match generation {
        Generation::Upgraded => "upgraded",
        Generation::Classic => "classic",
    };
    format!("{story}/{generation}")
}

/// Only a running instance, and nothing else in place.
pub(crate) async fn cold(generation: Generation) -> Story {
    let local = world(generation, 1, 0).await;
    Story::told(named("cold", generation), local, two_runs(0, "web")).await
}

/// One more instance starts.
pub(crate) async fn warm(generation: Generation) -> Story {
    let local = in_place(generation, 1, 1).await;
    let mut steps =
        vec![Step::Act(|local| Console(local).start_instance("i-fleet-01")), Step::Wait(Duration::from_secs(30))];
    steps.extend(two_runs(0, "web"));
    Story::told(named("warm", generation), local, steps).await
}

/// One of three instances is released.
pub(crate) async fn release(generation: Generation) -> Story {
    let local = in_place(generation, 3, 0).await;
    let mut steps = vec![
        Step::Act(|local| Console(local).stop_instance("i-fleet-02")),
        Step::Wait(Duration::from_secs(30)),
        Step::Act(|local| Console(local).release_instance("i-fleet-02")),
        Step::Wait(Duration::from_secs(30)),
    ];
    steps.extend(two_runs(0, "web"));
    Story::told(named("release", generation), local, steps).await
}

/// One of three instances loses its tag: it is drained, and deregistered by a later run.
pub(crate) async fn untag(generation: Generation) -> Story {
    let local = in_place(generation, 3, 0).await;
    let mut steps = vec![Step::Act(|local| Console(local).untag(&["i-fleet-02".to_owned()]))];
    steps.extend(two_runs(0, "web"));
    steps.push(Step::Wait(Duration::from_secs(25 * 60)));
    steps.extend(two_runs(1, "web"));
    Story::told(named("untag", generation), local, steps).await
}

/// Twelve members, and nothing changes.
pub(crate) async fn steady(generation: Generation) -> Story {
    Story::told(named("steady", generation), in_place(generation, 12, 0).await, two_runs(0, "web")).await
}

/// Of twelve instances one loses its tag and one is released. The run that drains the first deregisters the second.
pub(crate) async fn offboarding(generation: Generation) -> Story {
    let local = in_place(generation, 12, 0).await;
    let mut steps = vec![
        Step::Act(|local| Console(local).untag(&["i-fleet-02".to_owned()])),
        Step::Act(|local| Console(local).stop_instance("i-fleet-03")),
        Step::Wait(Duration::from_secs(30)),
        Step::Act(|local| Console(local).release_instance("i-fleet-03")),
        Step::Wait(Duration::from_secs(30)),
    ];
    steps.extend(two_runs(0, "web"));
    steps.push(Step::Wait(Duration::from_secs(25 * 60)));
    steps.extend(two_runs(1, "web"));
    Story::told(named("offboarding", generation), local, steps).await
}

/// A paused binding with two members is torn down: they drain, and a later call takes everything away.
pub(crate) async fn teardown(generation: Generation) -> Story {
    let local = in_place(generation, 2, 0).await;
    let of = |run| Step::Stage { run, binding: "web", stage: StageName::Teardown };
    // A call that was stopped is made again at once.
    let steps = vec![
        Step::Act(|local| local.store(&paused())),
        of(0),
        of(1),
        Step::Wait(Duration::from_secs(2 * 60)),
        of(2),
        of(3),
    ];
    Story::told(named("teardown", generation), local, steps).await
}

/// Two bindings share all of the network; the members of the first, which is paused, have drained. It is torn down, and what the
/// other one wants stays.
pub(crate) async fn shared_teardown(generation: Generation) -> Story {
    let (scenario, bindings) = worlds::many_bindings(2);
    let (scenario, stacks) = (scenario.replace("state: Stopped, tags", "tags"), Vec::new());
    let paused = bindings.replacen("    provision: auto", "    paused: true\n    provision: auto", 1);
    let mut options = Options { scenario, bindings, stacks, ..worlds::options(generation) };
    options.settings.latencies = brisk();
    let local = start(options).await;
    for binding in ["app-01", "app-02"] {
        for stage in stages() {
            perform(&local, &Step::Stage { run: 0, binding, stage }).await;
        }
    }
    local.store(&paused);
    let of = |run| Step::Stage { run, binding: "app-01", stage: StageName::Teardown };
    perform(&local, &of(0)).await;
    local.clock().sleep(Duration::from_secs(2 * 60)).await;
    Story::told(named("shared-teardown", generation), local, vec![of(0), of(1)]).await
}

/// Two bindings that share the CEN instance, a backend VPC and the load balancer: a run of each, then a second run of each.
pub(crate) async fn two_bindings(generation: Generation) -> Story {
    let scenario = worlds::three_regions().replace("state: Stopped, tags", "tags");
    let bindings = worlds::two_bindings();
    let mut options = Options { scenario, bindings, stacks: Vec::new(), ..worlds::options(generation) };
    options.settings.latencies = brisk();
    let of = |run, binding| stages().map(move |stage| Step::Stage { run, binding, stage });
    let steps = of(0, "web").chain(of(2, "api")).chain(of(1, "web")).chain(of(3, "api"));
    Story::told(named("two-bindings", generation), start(options).await, steps.collect()).await
}

/// A route, a rule and a member are deleted by hand.
pub(crate) async fn repair(generation: Generation) -> Story {
    let local = in_place(generation, 2, 0).await;
    let mut steps = vec![Step::Act(undo), Step::Wait(Duration::from_secs(60))];
    steps.extend(two_runs(0, "web"));
    Story::told(named("repair", generation), local, steps).await
}

/// Deletes one route of the ALB's VPC, one rule of the backends' group, and one member.
fn undo(local: &Local) {
    let console = Console(local);
    let first = |service, region: &str, action: &str, params: &[(&str, &str)], at: &str, id: &str| {
        let answer = console.act(service, region, action, params);
        let row = answer.pointer(at).unwrap_or_else(|| panic!("{action}: {answer}"));
        row[id].as_str().unwrap_or_else(|| panic!("{action}: {row}")).to_owned()
    };
    let table = [("RouteTableId", "vtb-vpc-1"), ("RouteEntryType", "Custom")];
    let route = first(
        Service::Vpc,
        "cn-chengdu",
        "DescribeRouteEntryList",
        &table,
        "/RouteEntrys/RouteEntry/0",
        "RouteEntryId",
    );
    console.act(Service::Vpc, "cn-chengdu", "DeleteRouteEntry", &[("RouteEntryId", &route)]);
    let group = [("SecurityGroupId", "sg-2"), ("Direction", "ingress")];
    let rule = first(
        Service::Ecs,
        "cn-hangzhou",
        "DescribeSecurityGroupAttribute",
        &group,
        "/Permissions/Permission/0",
        "SecurityGroupRuleId",
    );
    let rule = [("SecurityGroupId", "sg-2"), ("SecurityGroupRuleId.1", &*rule)];
    console.act(Service::Ecs, "cn-hangzhou", "RevokeSecurityGroup", &rule);
    let group = first(Service::Alb, "cn-chengdu", "ListServerGroups", &[], "/ServerGroups/0", "ServerGroupId");
    let listed = [("ServerGroupId", &*group)];
    let server = console.act(Service::Alb, "cn-chengdu", "ListServerGroupServers", &listed)["Servers"][0].clone();
    let params = [
        ("ServerGroupId", &*group),
        ("Servers.1.ServerId", server["ServerId"].as_str().unwrap()),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerIp", server["ServerIp"].as_str().unwrap()),
        ("Servers.1.Port", "80"),
    ];
    console.act(Service::Alb, "cn-chengdu", "RemoveServersFromServerGroup", &params);
}
