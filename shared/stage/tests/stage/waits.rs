//! What was accepted and does not show, and what is refused as too early each time: waited for, asked about, reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use onboarding::Code;
use serde_json::json;
use stage::{Report, StageError, Status, run};

use super::run::{Groups, Rules};
use super::scripted::{Call, World, host, instance, invocation_of, refusal, request, world};

/// An invocation of a function has a minute (template.yml); one of `apply` has an hour.
const FUNCTION: Duration = Duration::from_secs(60);
const APPLY: Duration = Duration::from_secs(3600);

/// A world that answers every create with an old id until `gone` different tokens were tried, and shows what the next one
/// makes. The ids of the old ones are refused by a reading and by a rehearsal.
fn with_old_answers(gone: usize) -> Arc<World> {
    let world = world();
    let tokens = Arc::new(std::sync::Mutex::new(Vec::<String>::new()));
    let (created, listed) = (Arc::clone(&tokens), Arc::clone(&tokens));
    world.on("CreateServerGroup", move |call| {
        let mut tokens = created.lock().unwrap();
        let token = call.get("ClientToken").to_owned();
        if !tokens.contains(&token) {
            tokens.push(token.clone());
        }
        let place = tokens.iter().position(|known| *known == token).unwrap();
        (200, json!({ "ServerGroupId": format!("sgp-{place}") }))
    });
    world.on("ListServerGroups", move |_| {
        let shown = listed.lock().unwrap().len() > gone;
        (200, if shown { group(&format!("sgp-{gone}")) } else { json!({ "ServerGroups": [], "TotalCount": 0 }) })
    });
    let answers = move |call: &Call| match call.get("ServerGroupId") == format!("sgp-{gone}") {
        true => (200, json!({ "Servers": [], "TotalCount": 0 })),
        false => (404, refusal("ResourceNotFound.ServerGroup")),
    };
    world.on("ListServerGroupServers", answers);
    world.on("UpdateServerGroupAttribute", answers);
    world
}

fn group(id: &str) -> serde_json::Value {
    json!({ "ServerGroups": [{
        "ServerGroupId": id, "ServerGroupName": "web-remote", "ServerGroupType": "Ip", "VpcId": "vpc-a",
        "ServerGroupStatus": "Available", "ServerCount": 0, "Protocol": "HTTP", "Scheduler": "Wrr",
        "Tags": [{ "Key": "albridge", "Value": "albridge/web/server-group" }],
        "ConnectionDrainConfig": { "ConnectionDrainEnabled": true, "ConnectionDrainTimeout": 30 },
        "HealthCheckConfig": { "HealthCheckEnabled": true, "HealthCheckCodes": ["http_2xx", "http_3xx"] }
    }], "TotalCount": 1 })
}

fn tokens(world: &World) -> Vec<String> {
    world.calls_of("CreateServerGroup").iter().map(|call| call.get("ClientToken").to_owned()).collect()
}

/// Runs the stage and gives how many different tokens it sent, and what became of it.
async fn created(world: &Arc<World>, time: Duration) -> (usize, Result<Report, StageError>) {
    let host = host(world, &[]);
    let outcome = run(&Groups, &invocation_of(&host, time), &request()).await;
    let mut tokens = tokens(world);
    tokens.sort();
    tokens.dedup();
    (tokens.len(), outcome)
}

#[test]
fn the_template_gives_each_stage_the_time_that_these_tests_give_it() {
    let template = include_str!("../../../../template.yml");
    let times = template.lines().filter_map(|line| line.strip_prefix("      Timeout: ")?.parse().ok());
    let times: Vec<u64> = times.collect();
    assert_eq!(times.len(), 12, "{times:?}");
    assert!(times.iter().all(|time| Duration::from_secs(*time) == FUNCTION), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn eight_deletions_are_passed_within_one_invocation() {
    let world = with_old_answers(8);
    let host = host(&world, &[]);
    let began = host.clock().now();
    let report = run(&Groups, &invocation_of(&host, FUNCTION), &request()).await.unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(tokens(&world).len(), 9, "one create an attempt, each under a token of its own");
    assert!(host.clock().now().duration_since(began).as_secs() < 10, "at once");
}

#[tokio::test(start_paused = true)]
async fn every_invocation_passes_the_same_attempts() {
    let world = with_old_answers(3);
    let (count, outcome) = created(&world, FUNCTION).await;
    assert_eq!((count, outcome.unwrap().ok), (4, true));
    // The listing forgets: another run goes the same way, and ends at the same token.
    world.always("ListServerGroups", json!({ "ServerGroups": [], "TotalCount": 0 }));
    let (count, outcome) = created(&world, FUNCTION).await;
    assert_eq!(count, 4, "no token that the first run did not send");
    assert_eq!(outcome.unwrap_err().error_type(), "StillPending");
}

/// A create that is answered late is noted; one that is answered too late is left to the next invocation, in time for this
/// one's answer. The margin is 5 s, and half of it is for writes.
#[tokio::test(start_paused = true)]
async fn a_write_may_take_half_of_the_margin_to_be_answered_and_no_more() {
    for (seconds, answered) in [(6, true), (7, true), (8, false), (600, false)] {
        let world = with_old_answers(0);
        world.slow("CreateServerGroup", Duration::from_secs(seconds));
        let host = host(&world, &[]);
        let began = host.clock().now();
        let failure = run(&Groups, &invocation_of(&host, Duration::from_secs(10)), &request()).await.unwrap_err();
        let dropped = failure.to_string().contains("a write is not answered yet");
        assert_eq!(dropped, !answered, "after {seconds} s: {failure}");
        let took = host.clock().now().duration_since(began).as_millis();
        assert!(took <= 7_500, "after {seconds} s: {took} ms");
        assert_eq!(failure.error_type(), "StillPending", "after {seconds} s: {failure}");
    }
}

/// A group that was made and is never listed. `read` and `rehearsal` are the answers about its id.
fn unlisted(read: (u16, &str), rehearsal: (u16, &str)) -> Arc<World> {
    let world = world();
    world.always("CreateServerGroup", json!({ "ServerGroupId": "sgp-1" }));
    for (action, (status, code)) in [("ListServerGroupServers", read), ("UpdateServerGroupAttribute", rehearsal)] {
        match status {
            200 => world.always(action, json!({ "Servers": [], "TotalCount": 0 })),
            _ => world.refuses(action, status, code),
        };
    }
    world
}

const GONE: (u16, &str) = (404, "ResourceNotFound.ServerGroup");

#[tokio::test(start_paused = true)]
async fn without_two_refusals_by_code_no_attempt_moves_on() {
    let cases = [
        ("a reading that lags behind", GONE, (400, "DryRunOperation")),
        ("a dry run that answers as if it were none", GONE, (200, "")),
        ("a group that is being made", GONE, (400, "IncorrectStatus.ServerGroup")),
        ("an empty answer about its members", (200, ""), GONE),
        ("no permission to read", (403, "Forbidden.RAM"), GONE),
        ("no permission to rehearse", GONE, (403, "Forbidden.RAM")),
        ("a page that is no answer", GONE, (404, "")),
        ("a refusal of something else", GONE, (404, "ResourceNotFound.LoadBalancer")),
        ("a service that fails", GONE, (500, "InternalError")),
    ];
    for (case, read, rehearsal) in cases {
        let world = unlisted(read, rehearsal);
        let (count, outcome) = created(&world, FUNCTION).await;
        assert_eq!(count, 1, "{case}");
        assert_eq!(tokens(&world).len(), 1, "{case}: sent once");
        let failure = outcome.unwrap_err().to_string();
        assert!(failure.contains("not visible yet") && failure.contains("sgp-1"), "{case}: {failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_load_balancer_or_its_vpc_cannot_be_seen_no_attempt_moves_on() {
    let cases: [(&str, u16, &str); 4] = [
        ("GetLoadBalancerAttribute", 404, "ResourceNotFound.LoadBalancer"),
        ("GetLoadBalancerAttribute", 403, "Forbidden.RAM"),
        ("DescribeVpcAttribute", 404, "InvalidVpcId.NotFound"),
        ("DescribeVpcAttribute", 200, ""),
    ];
    for (action, status, code) in cases {
        let world = unlisted(GONE, GONE);
        // From the first rehearsal on, the cloud does not show it any more.
        let seen = Arc::new(AtomicUsize::new(0));
        let rehearsed = Arc::clone(&seen);
        world.on("UpdateServerGroupAttribute", move |_| {
            rehearsed.store(1, Ordering::Relaxed);
            (404, refusal("ResourceNotFound.ServerGroup"))
        });
        world.on(action, move |call| match (seen.load(Ordering::Relaxed), status) {
            (0, _) if action == "DescribeVpcAttribute" => {
                (200, json!({ "VpcId": call.get("VpcId"), "CidrBlock": "10.1.0.0/16", "Status": "Available" }))
            }
            (0, _) => (
                200,
                json!({
                    "LoadBalancerId": "alb-1", "VpcId": "vpc-a", "LoadBalancerStatus": "Active",
                    "LoadBalancerEdition": "Standard",
                    "ZoneMappings": [{
                        "ZoneId": "cn-chengdu-a", "VSwitchId": "vsw-a",
                        "LoadBalancerAddresses": [{ "Ipv4LocalAddresses": ["10.1.1.9"] }]
                    }]
                }),
            ),
            (_, 200) => (200, json!({})),
            _ => (status, refusal(code)),
        });
        let (count, outcome) = created(&world, FUNCTION).await;
        assert_eq!(count, 1, "{action} {status}");
        let told = match outcome {
            Ok(report) => format!("{report:?}"),
            Err(failure) => failure.to_string(),
        };
        let named = if action == "DescribeVpcAttribute" { "vpc-a" } else { "alb-1" };
        assert!(told.contains(named), "{action} {status}: it is reported: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_exists_and_is_never_listed_is_reported_and_not_made_again() {
    let world = unlisted((200, ""), (400, "DryRunOperation"));
    let host = host(&world, &[]);
    let began = host.clock().now();
    let report = run(&Groups, &invocation_of(&host, APPLY), &request()).await.unwrap();
    assert_eq!(report.status, Status::Blocked);
    assert_eq!(report.blocked[0].code, Code::NotVisible);
    assert!(report.blocked[0].message.contains("sgp-1 exists"), "{report:?}");
    assert_eq!(world.writes(), ["CreateServerGroup"]);
    assert!(host.clock().now().duration_since(began).as_mins() < 6, "it does not use up its hour");
}

/// A security group that never shows the rule that it accepted.
fn forgetful() -> Arc<World> {
    let world = world();
    world.always(
        "DescribeInstances",
        json!({ "Instances": { "Instance": [instance("i-1", "10.2.1.1", "sg-1")] }, "TotalCount": 1 }),
    );
    let group = json!({ "SecurityGroupId": "sg-1", "VpcId": "vpc-b" });
    world.always("DescribeSecurityGroups", json!({ "SecurityGroups": { "SecurityGroup": [group] }, "TotalCount": 1 }));
    world
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_accepted_and_never_shows_is_repeated_twice_and_then_reported() {
    let world = forgetful();
    let host = host(&world, &[]);
    let report = run(&Rules, &invocation_of(&host, APPLY), &request()).await.unwrap();
    assert_eq!(world.writes(), ["AuthorizeSecurityGroup"; 3]);
    assert_eq!(report.blocked[0].code, Code::NotVisible, "{report:?}");
    assert!(!report.ok);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_that_never_ends_is_met_a_dozen_times_and_then_reported() {
    for time in [APPLY, FUNCTION] {
        let world = forgetful();
        world.refuses("AuthorizeSecurityGroup", 400, "IncorrectStatus.SecurityGroup");
        let host = host(&world, &[]);
        let began = host.clock().now();
        let report = loop {
            match run(&Rules, &invocation_of(&host, time), &request()).await {
                Ok(report) => break report,
                Err(failure) => assert_eq!(failure.error_type(), "StillPending", "{failure}"),
            }
            host.clock().sleep(Duration::from_secs(1)).await;
            assert!(host.clock().now().duration_since(began).as_mins() < 10, "{:?}", world.writes().len());
        };
        assert_eq!(world.writes().len(), 12, "invocations of {time:?}");
        assert_eq!(report.blocked[0].code, Code::StaysBusy, "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_expire_end_the_invocation_at_once() {
    for (action, sent) in [("ListServerGroups", 0), ("CreateServerGroup", 1)] {
        let world = world();
        world.refuses(action, 403, "InvalidSecurityToken.Expired");
        let host = host(&world, &[]);
        let began = host.clock().now();
        let failure = run(&Groups, &invocation_of(&host, APPLY), &request()).await.unwrap_err();
        assert!(matches!(failure, StageError::Expired { .. }), "{action}: {failure}");
        assert!(failure.to_string().contains("InvalidSecurityToken.Expired"), "{action}: {failure}");
        assert_eq!(world.writes().len(), sent, "{action}");
        assert!(host.clock().now().duration_since(began).as_secs() < 5, "{action}");
    }
}
