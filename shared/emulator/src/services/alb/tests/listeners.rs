//! Listeners: what they may forward to, and one write at a time per load balancer.

use serde_json::json;

use crate::call::Service;
use crate::services::alb::bench::{Bench, NEAR, listener_params};
use crate::state::alb::Generation;

#[test]
fn a_new_listener_is_provisioning_then_running_and_relates_its_group() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (lb, group) = (bench.lb.clone(), bench.server_group(&[]));
    let made = bench.alb("CreateListener", &listener_params(&lb, "80", &group)).unwrap();
    let id = made["ListenerId"].as_str().unwrap();
    let shown = bench.alb("GetListenerAttribute", &[("ListenerId", id)]).unwrap();
    assert_eq!(shown["ListenerStatus"], "Provisioning");
    bench.wait(3);
    let shown = bench.alb("GetListenerAttribute", &[("ListenerId", id)]).unwrap();
    assert_eq!(shown["ListenerStatus"], "Running");
    assert_eq!(
        shown["DefaultActions"],
        json!([{
            "Type": "ForwardGroup",
            "ForwardGroupConfig": {"ServerGroupTuples": [{"ServerGroupId": group}]},
        }])
    );
    assert_eq!((&shown["IdleTimeout"], &shown["RequestTimeout"]), (&json!(15), &json!(60)));
    let groups = bench.alb("ListServerGroups", &[]).unwrap();
    assert_eq!(groups["ServerGroups"][0]["RelatedLoadBalancerIds"], json!([lb]));
    assert_eq!(bench.refused("DeleteServerGroup", &[("ServerGroupId", &group)]), "ResourceInUse.ServerGroup");
}

#[test]
fn a_second_write_on_one_load_balancer_has_to_wait() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (lb, group) = (bench.lb.clone(), bench.server_group(&[]));
    let made = bench.alb("CreateListener", &listener_params(&lb, "80", &group)).unwrap();
    let id = made["ListenerId"].as_str().unwrap();
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "81", &group)), "IncorrectStatus.LoadBalancer");
    assert_eq!(bench.refused("DeleteListener", &[("ListenerId", id)]), "ResourceInConfiguring.Listener");
    bench.wait(3);
    bench.alb("CreateListener", &listener_params(&lb, "81", &group)).unwrap();
    assert_eq!(bench.refused("StopListener", &[("ListenerId", id)]), "IncorrectStatus.LoadBalancer");
}

#[test]
fn a_port_is_taken_once_and_free_again_after_a_delete() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (lb, group) = (bench.lb.clone(), bench.server_group(&[]));
    let id = bench.listener(&group);
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "80", &group)), "ResourceAlreadyExist.Listener");
    bench.must(Service::Alb, NEAR, "DeleteListener", &[("ListenerId", &id)]);
    assert_eq!(bench.refused("GetListenerAttribute", &[("ListenerId", &id)]), "ResourceNotFound.Listener");
    bench.listener(&group);
}

#[test]
fn the_group_must_exist_be_available_and_be_of_the_same_vpc() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let lb = bench.lb.clone();
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "80", "sgp-0")), "ResourceNotFound.ServerGroup");
    assert_eq!(
        bench.refused("CreateListener", &listener_params("alb-0", "80", "sgp-0")),
        "ResourceNotFound.LoadBalancer"
    );
    let other = bench.must(Service::Vpc, NEAR, "CreateVpc", &[("CidrBlock", "10.0.0.0/8")]);
    let foreign = bench.server_group(&[("VpcId", other["VpcId"].as_str().unwrap())]);
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "80", &foreign)), "Mismatch.VpcId");
    let grpc = bench.server_group(&[("Protocol", "gRPC")]);
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "80", &grpc)), "Mismatch.Protocol");
    let vpc = bench.near_vpc.clone();
    let fresh = bench.alb(
        "CreateServerGroup",
        &[
            ("ServerGroupName", "fresh"),
            ("ServerGroupType", "Ip"),
            ("VpcId", &vpc),
            ("HealthCheckConfig.HealthCheckEnabled", "false"),
        ],
    );
    let fresh = fresh.unwrap()["ServerGroupId"].as_str().unwrap().to_owned();
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "80", &fresh)), "IncorrectStatus.ServerGroup");
}

#[test]
fn an_update_can_move_a_listener_to_another_group() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (first, second) = (bench.server_group(&[]), bench.server_group(&[]));
    let id = bench.listener(&first);
    bench.must(
        Service::Alb,
        NEAR,
        "UpdateListenerAttribute",
        &[
            ("ListenerId", &id),
            ("ListenerDescription", "albridge/web"),
            ("DefaultActions.1.Type", "ForwardGroup"),
            ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", &second),
        ],
    );
    let shown = bench.alb("ListListeners", &[("ListenerIds.1", &id)]).unwrap()["Listeners"][0].clone();
    let tuple = &shown["DefaultActions"][0]["ForwardGroupConfig"]["ServerGroupTuples"][0];
    assert_eq!((&tuple["ServerGroupId"], &shown["ListenerDescription"]), (&json!(second), &json!("albridge/web")));
    bench.must(Service::Alb, NEAR, "DeleteServerGroup", &[("ServerGroupId", &first)]);
}

#[test]
fn a_listener_stops_and_starts_but_not_twice() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = bench.server_group(&[]);
    let id = bench.listener(&group);
    let on = [("ListenerId", id.as_str())];
    assert_eq!(bench.refused("StartListener", &on), "IncorrectStatus.Listener");
    bench.must(Service::Alb, NEAR, "StopListener", &on);
    assert_eq!(bench.alb("GetListenerAttribute", &on).unwrap()["ListenerStatus"], "Stopped");
    assert!(bench.world.frontends(bench.now).is_empty());
    bench.must(Service::Alb, NEAR, "StartListener", &on);
    assert_eq!(bench.world.frontends(bench.now).len(), 1);
}
