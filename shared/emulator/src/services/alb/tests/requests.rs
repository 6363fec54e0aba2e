//! Requests: whose turn it is, and what the client sees when the path is broken.

use crate::call::Service;
use crate::engine::requests::{Decision, Request};
use crate::services::alb::bench::{Bench, FAR, NEAR, Piece, SERVER, server_params};
use crate::state::alb::{Generation, Policy};

fn served(without: Option<Piece>) -> (Bench, String) {
    let mut bench = Bench::joined(Generation::Upgraded, without);
    let group = bench.server_group(&[]);
    bench.listener(&group);
    bench.add_server(&group, SERVER, &[]).unwrap();
    bench.wait(3);
    bench.wait(60);
    (bench, group)
}

/// The bench's load balancer stands in for one that is not named.
const PLAIN: Request<'static> =
    Request { load_balancer: "", port: 80, host: Some("www.example.com"), turn: 0, looped: false };

fn ask(bench: &mut Bench, request: Request<'_>) -> Decision {
    let lb = bench.lb.clone();
    let load_balancer = if request.load_balancer.is_empty() { &lb } else { request.load_balancer };
    bench.world.route(bench.now, Request { load_balancer, ..request })
}

fn status(decision: Decision) -> u16 {
    match decision {
        Decision::Reply { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_reaches_the_instance() {
    let (mut bench, group) = served(None);
    let expected = Decision::Forward {
        server_group: group,
        instance: bench.instance.clone(),
        address: SERVER.parse().unwrap(),
        port: 80,
    };
    assert_eq!(ask(&mut bench, PLAIN), expected);
    assert_eq!(ask(&mut bench, Request { turn: 1, ..PLAIN }), expected);
}

#[test]
fn a_port_without_listener_is_closed() {
    let (mut bench, _) = served(None);
    assert_eq!(ask(&mut bench, Request { port: 81, ..PLAIN }), Decision::Closed);
    assert_eq!(ask(&mut bench, Request { load_balancer: "alb-0", ..PLAIN }), Decision::Closed);
}

#[test]
fn lost_packets_are_504_and_a_group_without_servers_is_503() {
    let (mut bench, group) = served(Some(Piece::Rule));
    assert_eq!(status(ask(&mut bench, PLAIN)), 504, "no server is healthy, and all are tried");
    bench.must(Service::Alb, NEAR, "RemoveServersFromServerGroup", &server_params(&group, SERVER));
    assert_eq!(status(ask(&mut bench, PLAIN)), 503);
}

#[test]
fn a_refused_connection_is_502() {
    let (mut bench, group) = served(None);
    let security_group = bench.group.clone();
    bench.rule(&security_group, "172.16.0.0/16", "81/81", "accept", "50");
    bench.must(Service::Alb, NEAR, "RemoveServersFromServerGroup", &server_params(&group, SERVER));
    bench.add_server(&group, SERVER, &[("Servers.1.Port", "81")]).unwrap();
    bench.wait(60);
    assert_eq!(status(ask(&mut bench, PLAIN)), 502);
}

#[test]
fn a_loop_is_463_and_the_load_balancers_own_name_403() {
    let (mut bench, _) = served(None);
    assert_eq!(status(ask(&mut bench, Request { looped: true, ..PLAIN })), 463);
    let name = bench.world.frontends(bench.now)[0].dns_name.clone();
    let with_port = format!("{name}:80");
    assert_eq!(status(ask(&mut bench, Request { host: Some(&with_port), ..PLAIN })), 403);
    bench.world.set_alb_policy(Policy { refuse_own_name: false, ..Policy::default() });
    assert!(matches!(ask(&mut bench, Request { load_balancer: &name, ..PLAIN }), Decision::Forward { .. }));
    assert!(matches!(ask(&mut bench, Request { host: Some(&name), ..PLAIN }), Decision::Forward { .. }));
}

#[test]
fn turns_go_by_weight_among_the_healthy_only() {
    let (mut bench, group) = served(None);
    let (switch, security_group) = (bench.far_switches[1].clone(), bench.group.clone());
    let second = bench.instance(FAR, &switch, &security_group, "192.168.7.11");
    bench.add_server(&group, "192.168.7.11", &[("Servers.1.Weight", "50")]).unwrap();
    bench.wait(3);
    // Nobody is there: it never gets healthy.
    bench.add_server(&group, "192.168.7.99", &[]).unwrap();
    bench.wait(3);
    bench.wait(60);
    let mut turns = Vec::new();
    for turn in 0..6 {
        let Decision::Forward { instance, .. } = ask(&mut bench, Request { turn, ..PLAIN }) else {
            panic!("turn {turn} failed")
        };
        turns.push(instance);
    }
    let first = bench.instance.clone();
    assert_eq!(turns, [&first, &first, &second, &first, &first, &second].map(Clone::clone));
}

#[test]
fn a_server_that_leaves_gets_no_new_requests() {
    let mut bench = Bench::joined(Generation::Upgraded, None);
    let group = bench.server_group(&[("ConnectionDrainConfig.ConnectionDrainEnabled", "true")]);
    bench.listener(&group);
    bench.add_server(&group, SERVER, &[]).unwrap();
    bench.wait(60);
    assert!(matches!(ask(&mut bench, PLAIN), Decision::Forward { .. }));
    bench.alb("RemoveServersFromServerGroup", &server_params(&group, SERVER)).unwrap();
    bench.wait(5);
    assert_eq!(status(ask(&mut bench, PLAIN)), 503);
}
