//! Facts that cannot be read are unknown, never absent: every call of planning, whatever these calls are, is refused in
//! turn, and no plan becomes bolder.

use std::collections::BTreeSet;

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, Stack};
use onboarding::{Change, Code, Plan, Reason, Write};

use crate::case::{kind, plan, running};

/// The calls of a plan that the gateway can refuse.
fn reads(local: &Local, since: usize) -> BTreeSet<(Service, String)> {
    let log = local.cloud().gateway().log();
    let calls = log.into_iter().skip(since).filter_map(|call| Some((call.service?, call.action)));
    calls.filter(|(service, _)| !matches!(service, Service::Oss | Service::Fc)).collect()
}

fn reasons(plan: &Plan) -> impl Iterator<Item = &Reason> {
    plan.findings.iter().chain(plan.changes.iter().flat_map(|change| &change.blocked))
}

const fn removes(write: &Write) -> bool {
    matches!(
        write,
        Write::UpdateServer { weight: 0, .. }
            | Write::RemoveServer { .. }
            | Write::RemoveVpcRoute { .. }
            | Write::RemoveTransitRoute { .. }
            | Write::RevokeIngress { .. }
            | Write::DeleteServerGroup { .. }
    )
}

/// Refuses each call in turn. `keeps` names the kinds of removal that must not be made without that call.
async fn refuse_each(local: &Local, keeps: impl Fn(&str) -> &'static [&'static str]) {
    let gateway = local.cloud().gateway();
    let before = gateway.log().len();
    let whole = plan(local).await;
    assert!(reasons(&whole).all(|reason| reason.code != Code::Unread), "{whole:#?}");
    let calls = reads(local, before);
    assert!(calls.len() > 20, "{calls:?}");
    for (service, action) in calls {
        heal(local);
        let refusal = ApiError::new(403, "NoPermission", "You are not authorized to do this action.");
        local.cloud().inject(Rule::refuse(refusal).on(service, &action)).unwrap();
        let partial = plan(local).await;
        let named = reasons(&partial).any(|reason| reason.code == Code::Unread && reason.message.contains(&action));
        // A call that no part of the plan depends on need not be named.
        assert!(named || outline(&partial) == outline(&whole), "{action} is not named: {partial:#?}");
        for change in &partial.changes {
            let why = bolder(&whole, change);
            assert_eq!(why, None, "without {action}: {change:#?}\nof {whole:#?}");
        }
        let open = partial.changes.iter().filter(|change| change.is_open() && removes(&change.write));
        let open: BTreeSet<String> = open.map(|change| kind(&change.write)).collect();
        for kept in keeps(&action) {
            assert!(!open.iter().any(|kind| kind.starts_with(kept)), "without {action}: {open:?}");
        }
    }
    heal(local);
}

/// Ends all faults.
fn heal(local: &Local) {
    let now = local.clock().now();
    local.cloud().with(|world| world.clear_faults(now));
}

/// A plan reduced to what does not depend on time.
fn outline(plan: &Plan) -> (Vec<(String, bool)>, &[Reason]) {
    (plan.changes.iter().map(|change| (kind(&change.write), change.is_open())).collect(), &plan.findings)
}

/// In what way a change goes further than in the plan with all facts.
fn bolder(whole: &Plan, change: &Change) -> Option<&'static str> {
    // The state in a member's description contains a time.
    let is_note = |write: &Write| matches!(write, Write::UpdateServer { .. });
    let same = |other: &&Change| {
        other.write == change.write || (is_note(&change.write) && kind(&other.write) == kind(&change.write))
    };
    match whole.changes.iter().find(same) {
        Some(known) if change.is_open() && !known.is_open() => Some("open, and blocked when everything is known"),
        Some(_) => None,
        None if change.is_open() => Some("not planned when everything is known"),
        // A blocked change may contain part of what is known about an attachment's zones.
        None if whole.changes.iter().any(|other| kind(&other.write) == kind(&change.write)) => None,
        None => Some("not even planned when everything is known"),
    }
}

fn options(generation: Generation) -> Options {
    let home = Stack::home().with("TimerCron", "0 0 0 1 1 *");
    Options { stacks: vec![home], scenario: running(&worlds::fleet(3)), ..worlds::options(generation) }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_planned_for_lack_of_an_answer() {
    let local = start(options(Generation::Classic)).await;
    refuse_each(&local, |_| &[]).await;
    assert_eq!(local.cloud().gateway().writes(), 0);
}

/// Four members: one is released, one loses its tag; and a route and a rule are unwanted.
#[tokio::test(start_paused = true)]
async fn nothing_is_removed_for_lack_of_an_answer() {
    let local = start(options(Generation::Classic)).await;
    let console = Console(&local);
    console.run("first").await;
    assert_eq!(console.members().await.len(), 4);
    // Events start runs, but these must not write.
    local.store(&format!("paused: true\n{}", local::PROCEDURE_BINDING));
    console.untag(&["i-fleet-01".to_owned()]);
    console.stop_instance("i-fleet-02");
    console.wait(std::time::Duration::from_secs(120)).await;
    console.release_instance("i-fleet-02");
    unwanted(console);
    console.wait(std::time::Duration::from_secs(60)).await;
    let whole = plan(&local).await;
    let open: BTreeSet<String> =
        whole.changes.iter().filter(|change| change.is_open()).map(|change| kind(&change.write)).collect();
    assert_eq!(open.len(), 4, "a leaver, a release, a route and a rule: {whole:#?}");
    assert!(whole.changes.iter().all(|change| removes(&change.write)), "{whole:#?}");
    refuse_each(&local, |action| match action {
        "GetLoadBalancerAttribute" | "ListServerGroups" | "ListServerGroupServers" => &["leave", "remove", "revoke"],
        "DescribeInstances" => &["leave", "remove", "revoke"],
        "DescribeNetworkInterfaces" => &["leave", "remove", "revoke"],
        "GetListenerHealthStatus" | "ListListeners" => &["leave"],
        "DescribeVpcAttribute" | "DescribeVSwitches" | "DescribeRouteTableList" | "DescribeRouteEntryList" => {
            &["remove route", "revoke"]
        }
        "DescribeSecurityGroups" | "DescribeSecurityGroupAttribute" => &["remove route", "revoke"],
        "ListTransitRouters"
        | "ListTransitRouterRouteTables"
        | "ListTransitRouterVpcAttachments"
        | "ListTransitRouterPeerAttachments" => &["remove route", "revoke"],
        _ => &[],
    })
    .await;
}

/// A route and a rule with the binding's mark, for prefixes that it does not want.
fn unwanted(console: Console<'_>) {
    let found = console.act(Service::Cbn, "cn-hangzhou", "ListTransitRouterVpcAttachments", &[("VpcId", "vpc-2")]);
    let attachment = found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"].as_str().unwrap();
    let route = [
        ("RouteTableId", "vtb-vpc-2"),
        ("DestinationCidrBlock", "100.99.1.0/25"),
        ("NextHopType", "Attachment"),
        ("NextHopId", attachment),
        ("Description", "albridge/albridge/web"),
    ];
    console.act(Service::Vpc, "cn-hangzhou", "CreateRouteEntry", &route);
    let rule = [
        ("SecurityGroupId", "sg-2"),
        ("Permissions.1.IpProtocol", "TCP"),
        ("Permissions.1.PortRange", "80/80"),
        ("Permissions.1.SourceCidrIp", "100.99.1.0/25"),
        ("Permissions.1.Priority", "90"),
        ("Permissions.1.Description", "albridge/albridge/web"),
    ];
    console.act(Service::Ecs, "cn-hangzhou", "AuthorizeSecurityGroup", &rule);
}
