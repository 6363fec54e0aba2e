//! Backends in two regions, and two bindings that share a load balancer, attachments and connections. Where the bindings are
//! read: at home, from inside of its region, whatever the age of the account; an outpost reads nothing.

use emulator::call::{Caller, Service};
use emulator::{CallRecord, Settings, Strict};
use end_to_end::calls::{assert_quiet, writes};
use end_to_end::{Console, assert_all_ok, start, worlds};
use local::{Generation, HOME, Local, Options, Stack};

use crate::{LIMIT, minutes};

on_both_generations!(events_of_another_region_arrive_through_its_outpost);

fn options(generation: Generation) -> Options {
    let usual = worlds::options(generation);
    let mut stacks = usual.stacks.clone();
    stacks.push(Stack::outpost("cn-shanghai"));
    Options { scenario: worlds::three_regions(), bindings: worlds::two_bindings(), stacks, ..usual }
}

async fn events_of_another_region_arrive_through_its_outpost(generation: Generation) {
    let local = start(options(generation)).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;
    assert_eq!(console.members().await.len(), 1);

    console.act(Service::Ecs, "cn-shanghai", "StartInstance", &[("InstanceId", "i-far")]);
    console.act(Service::Ecs, "cn-shanghai", "StartInstance", &[("InstanceId", "i-api")]);
    console.wait(minutes(2)).await;
    let executions = console.ended(3, LIMIT).await;
    assert!(executions.iter().all(|execution| execution.status == "Succeeded"), "{executions:?}");
    assert!(executions.iter().any(|execution| execution.name.starts_with("api-")), "{executions:?}");
    let addresses =
        |members: Vec<openapi::alb::Server>| members.into_iter().map(|member| member.server_ip).collect::<Vec<_>>();
    assert_eq!(addresses(console.members().await), ["10.8.0.10", "192.168.7.10"]);
    assert_eq!(addresses(console.members_of("api-remote").await), ["10.8.1.10"]);
    assert_eq!(console.ailing().await, Vec::<String>::new());

    let mut served = Vec::new();
    for _ in 0..2 {
        served.extend(console.get().await.unwrap().served_by);
    }
    served.sort();
    assert_eq!(served, ["i-ecs1", "i-far"], "round robin over two regions");
    assert_eq!(console.get_at(8080).await.unwrap().served_by.as_deref(), Some("i-api"));

    // Both bindings want the attachments in Shanghai and Chengdu; each is created once.
    let written: Vec<_> = writes(&local).into_iter().map(|call| call.action).collect();
    let count = |action: &str| written.iter().filter(|made| *made == action).count();
    assert_eq!(count("CreateTransitRouterVpcAttachment"), 3);
    assert_eq!(count("CreateTransitRouterPeerAttachment"), 2);
    assert_eq!(count("CreateServerGroup"), 2);

    let before = writes(&local).len();
    let reports = console.run("by-hand").await;
    assert_all_ok(&reports);
    assert_eq!(writes(&local).len(), before);
    assert_quiet(&local);
}

/// An account that opened OSS lately refuses its data to the public endpoint, an older one does not.
fn accounts() -> [Settings; 2] {
    [false, true]
        .map(|internal_oss| Settings { strict: Strict { internal_oss, ..Strict::default() }, ..Settings::default() })
}

/// The calls of a function of the deployment, by its role.
fn calls_as(local: &Local, role: &str) -> Vec<CallRecord> {
    let role = Some(Caller::Role(role.to_owned()));
    local.cloud().gateway().log().into_iter().filter(|call| call.caller == role).collect()
}

#[tokio::test(start_paused = true)]
async fn an_outpost_hands_its_events_to_home_which_alone_reads_the_store() {
    for settings in accounts() {
        let is_new = settings.strict.internal_oss;
        let local = start(Options { settings, ..options(Generation::Upgraded) }).await;
        let console = Console(&local);
        console.act(Service::Ecs, "cn-shanghai", "StartInstance", &[("InstanceId", "i-far")]);
        let executions = console.ended(1, LIMIT).await;
        assert_eq!(executions[0].status, "Succeeded", "{is_new}: {executions:?}");
        assert_eq!(console.members().await.len(), 1, "{is_new}");
        let handed = calls_as(&local, "albridge-cn-shanghai-dispatch");
        assert!(
            !handed.is_empty() && handed.iter().all(|call| call.action == "InvokeFunction"),
            "{is_new}: {handed:?}"
        );
        assert!(handed.iter().all(|call| call.code.is_none() && call.region == HOME), "{is_new}: {handed:?}");
        let read = calls_as(&local, "albridge-cn-hangzhou-dispatch");
        assert!(read.iter().any(|call| call.action == "GetObject" && call.code.is_none()), "{is_new}: {read:?}");
        // The runs of both bindings may meet in the cloud (`PropagationExist`), so what counts is that nothing is forbidden.
        let log = local.cloud().gateway().log();
        assert!(log.iter().all(|call| call.status != 403), "{is_new}: {log:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn from_outside_of_its_region_the_store_of_a_new_account_is_not_read_and_nothing_is_written() {
    for settings in accounts() {
        let is_new = settings.strict.internal_oss;
        let usual = options(Generation::Upgraded);
        let stacks = usual.stacks.iter().cloned().map(|stack| stack.with("StoreEndpoint", "")).collect();
        let local = start(Options { settings, stacks, ..usual }).await;
        let console = Console(&local);
        console.start_instance("i-ecs1");
        console.wait(minutes(30)).await;
        let read = calls_as(&local, "albridge-cn-hangzhou-dispatch");
        let refused = read.iter().any(|call| call.code.as_deref() == Some("PublicEndpointForbidden"));
        assert_eq!(refused, is_new, "{read:?}");
        assert_eq!(writes(&local).is_empty(), is_new);
    }
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_goes_leaves_the_other_ones_network_alone() {
    let local = start(options(Generation::Upgraded)).await;
    let console = Console(&local);
    console.act(Service::Ecs, "cn-shanghai", "StartInstance", &[("InstanceId", "i-far")]);
    console.act(Service::Ecs, "cn-shanghai", "StartInstance", &[("InstanceId", "i-api")]);
    console.start_instance("i-ecs1");
    console.wait(minutes(2)).await;
    console.ended(2, LIMIT).await;
    // Only `web` is left; it also wants what `api` created for Shanghai's prefixes.
    let text = worlds::two_bindings();
    local.store(&text[..text.find("  - name: api").unwrap()]);
    console.wait(minutes(60)).await;
    // None of it is changed: what only `api` needed is reported and left to a person.
    console.ended(2, LIMIT).await;
    assert_eq!(console.members().await.len(), 2);
    assert_eq!(console.ailing().await, Vec::<String>::new());
    let gone: Vec<_> =
        writes(&local).into_iter().map(|call| call.action).filter(|action| action.starts_with("Delete")).collect();
    assert_eq!(gone, Vec::<String>::new(), "no route goes that somebody wants");
    assert_quiet(&local);
}
