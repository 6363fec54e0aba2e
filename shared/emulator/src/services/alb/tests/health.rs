//! Health: the threshold times the interval after the path opens or breaks, with the reason that tells which.

use serde_json::{Value, json};

use crate::call::Service;
use crate::services::alb::bench::{Bench, NEAR, Piece, SERVER, server_params};
use crate::state::alb::Generation;

/// A listener with one server behind it, just added.
fn served(generation: Generation, without: Option<Piece>, group: &[(&str, &str)]) -> (Bench, String, String) {
    let mut bench = Bench::joined(generation, without);
    let group = bench.server_group(group);
    let listener = bench.listener(&group);
    bench.add_server(&group, SERVER, &[]).unwrap();
    (bench, group, listener)
}

fn abnormal(bench: &mut Bench, listener: &str) -> Value {
    let status = bench.alb("GetListenerHealthStatus", &[("ListenerId", listener)]).unwrap();
    let info = &status["ListenerHealthStatus"][0]["ServerGroupInfos"][0];
    assert_eq!(info["ServerCount"], 1);
    info["NonNormalServers"].clone()
}

fn one(status: &str) -> Value {
    json!([{"ServerId": SERVER, "ServerIp": SERVER, "Port": 80, "Status": status}])
}

fn unhealthy(code: &str) -> Value {
    let mut expected = one("Unhealthy");
    expected[0]["Reason"] = json!({"ReasonCode": code});
    expected
}

#[test]
fn a_reachable_server_is_initial_for_three_checks_and_then_healthy() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (mut bench, _, listener) = served(generation, None, &[]);
        bench.wait(3);
        assert_eq!(abnormal(&mut bench, &listener), one("Initial"));
        bench.wait(5);
        assert_eq!(abnormal(&mut bench, &listener), one("Initial"));
        bench.wait(1);
        assert_eq!(abnormal(&mut bench, &listener), json!([]), "{generation:?}");
    }
}

#[test]
fn an_open_path_heals_a_server_and_a_broken_one_ails_it() {
    let (mut bench, _, listener) = served(Generation::Upgraded, Some(Piece::Rule), &[]);
    bench.wait(3);
    assert_eq!(abnormal(&mut bench, &listener), one("Initial"));
    bench.wait(6);
    assert_eq!(abnormal(&mut bench, &listener), unhealthy("CONNECT_TIMEOUT"));
    let group = bench.group.clone();
    let mut accept = |source: &str| {
        let call = [
            ("SecurityGroupId", group.as_str()),
            ("Permissions.1.IpProtocol", "TCP"),
            ("Permissions.1.PortRange", "80/80"),
            ("Permissions.1.SourceCidrIp", source),
        ];
        bench.call(Service::Ecs, crate::services::alb::bench::FAR, "AuthorizeSecurityGroup", &call).unwrap();
        bench.wait(1);
        bench.wait(6);
        abnormal(&mut bench, &listener)
    };
    assert_eq!(accept("172.16.0.0/24"), unhealthy("CONNECT_TIMEOUT"), "the other zone's checks still fail");
    assert_eq!(accept("172.16.6.0/24"), json!([]));
    let table = bench.near_table.clone();
    let routes = bench.call(
        Service::Vpc,
        NEAR,
        "DescribeRouteEntryList",
        &[("RouteTableId", &table), ("DestinationCidrBlock", "192.168.7.0/24")],
    );
    let route = routes.unwrap()["RouteEntrys"]["RouteEntry"][0]["RouteEntryId"].as_str().unwrap().to_owned();
    bench.call(Service::Vpc, NEAR, "DeleteRouteEntry", &[("RouteEntryId", &route)]).unwrap();
    bench.wait(1);
    assert_eq!(abnormal(&mut bench, &listener), json!([]), "one failed check is not enough");
    bench.wait(6);
    assert_eq!(abnormal(&mut bench, &listener), unhealthy("CONNECT_TIMEOUT"));
}

#[test]
fn a_closed_port_is_a_failed_connection() {
    let (mut bench, _, listener) =
        served(Generation::Upgraded, None, &[("HealthCheckConfig.HealthCheckConnectPort", "81")]);
    let group = bench.group.clone();
    bench.rule(&group, "172.16.0.0/16", "81/81", "accept", "50");
    bench.wait(10);
    assert_eq!(abnormal(&mut bench, &listener), unhealthy("CONNECT_FAILED"));
}

#[test]
fn a_path_that_the_web_server_does_not_know_is_another_answer_than_the_check_expects() {
    let path = ("HealthCheckConfig.HealthCheckPath", "/ready?full");
    for (codes, taken) in [(None, false), (Some("http_4xx"), true)] {
        let mut group = vec![path];
        group.extend(codes.map(|code| ("HealthCheckConfig.HealthCheckCodes.1", code)));
        let (mut bench, _, listener) = served(Generation::Upgraded, None, &group);
        let ids: Vec<String> = bench.world.ecs.instances.iter_mut().map(|(id, _)| id.clone()).collect();
        let serve = |bench: &mut Bench, paths: &[&str]| {
            let paths: std::collections::BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            for id in &ids {
                let state = crate::AccountState::WebServer(id.clone(), [80].into(), Some(paths.clone()));
                assert!(bench.world.set_account(state));
            }
            bench.wait(1);
            bench.wait(10);
        };
        serve(&mut bench, &["/"]);
        let expected = if taken { json!([]) } else { unhealthy("RESPONSE_MISMATCH") };
        assert_eq!(abnormal(&mut bench, &listener), expected);
        serve(&mut bench, &["/ready"]);
        let expected = if taken { unhealthy("RESPONSE_MISMATCH") } else { json!([]) };
        assert_eq!(abnormal(&mut bench, &listener), expected);
    }
}

#[test]
fn what_is_not_checked_is_neither_healthy_nor_unhealthy() {
    let off = [("HealthCheckConfig.HealthCheckEnabled", "false")];
    let (mut bench, _, listener) = served(Generation::Upgraded, None, &off);
    bench.wait(60);
    assert_eq!(abnormal(&mut bench, &listener), one("Unavailable"));

    let (mut bench, group, listener) = served(Generation::Upgraded, None, &[]);
    bench.wait(60);
    assert_eq!(abnormal(&mut bench, &listener), json!([]));
    let idle = [server_params(&group, SERVER), vec![("Servers.1.Weight", "0")]].concat();
    bench.must(Service::Alb, NEAR, "UpdateServerGroupServersAttribute", &idle);
    assert_eq!(abnormal(&mut bench, &listener), one("Unused"));
    let busy = [server_params(&group, SERVER), vec![("Servers.1.Weight", "100")]].concat();
    bench.alb("UpdateServerGroupServersAttribute", &busy).unwrap();
    bench.wait(1);
    assert_eq!(abnormal(&mut bench, &listener), one("Initial"), "checks begin anew");
}

#[test]
fn health_does_not_depend_on_how_often_somebody_looks() {
    let (mut often, _, listener) = served(Generation::Upgraded, None, &[]);
    let mut seldom = often.clone();
    for _ in 0..8 {
        often.wait(1);
    }
    assert_eq!(abnormal(&mut often, &listener), one("Initial"));
    often.wait(1);
    seldom.now = often.now;
    assert_eq!(abnormal(&mut often, &listener), json!([]));
    assert_eq!(abnormal(&mut seldom, &listener), json!([]));
}

#[test]
fn a_path_that_opened_unseen_counts_from_when_it_opened() {
    let (mut bench, _, listener) = served(Generation::Upgraded, Some(Piece::NearRoute), &[]);
    bench.wait(60);
    assert_eq!(abnormal(&mut bench, &listener), unhealthy("CONNECT_TIMEOUT"));
    let table = bench.near_table.clone();
    let vpc = bench.near_vpc.clone();
    let found = bench.call(Service::Cbn, NEAR, "ListTransitRouterVpcAttachments", &[("VpcId", &vpc)]).unwrap();
    let attachment = found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"].as_str().unwrap().to_owned();
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "192.168.7.0/24"),
        ("NextHopType", "Attachment"),
        ("NextHopId", attachment.as_str()),
    ];
    bench.call(Service::Vpc, NEAR, "CreateRouteEntry", &route).unwrap();
    // The route is Pending for 4 s, and three checks take 6 s.
    let mut early = bench.clone();
    early.now += jiff::SignedDuration::from_secs(9);
    assert_eq!(abnormal(&mut early, &listener), unhealthy("CONNECT_TIMEOUT"));
    bench.now += jiff::SignedDuration::from_secs(10);
    assert_eq!(abnormal(&mut bench, &listener), json!([]));
}
