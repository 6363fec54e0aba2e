//! Someone deletes a resource, and the timer's run restores exactly that.

use emulator::call::Service;
use end_to_end::calls::{assert_quiet, writes, written_since};
use end_to_end::{Console, footprint, worlds};
use local::{Generation, Local};
use openapi::{ecs, vpc};

use crate::{minutes, onboarded};

on_both_generations!(the_timer_repairs_what_somebody_deleted);

async fn the_timer_repairs_what_somebody_deleted(generation: Generation) {
    let local = onboarded(worlds::options(generation)).await;
    let console = Console(&local);
    let whole = footprint::of(&local).await;
    let before = writes(&local).len();
    delete_route(&local).await;
    revoke_rule(&local).await;
    remove_member(&local).await;
    assert_ne!(footprint::of(&local).await, whole);
    assert_eq!(console.members().await, []);

    console.wait(minutes(40)).await;
    let executions = console.executions().await;
    assert_eq!(executions.len(), 2, "one pass of the timer, one run: {executions:?}");
    assert_eq!(
        written_since(&local, before),
        ["AddServersToServerGroup", "AuthorizeSecurityGroup", "CreateRouteEntry"]
    );
    assert_eq!(footprint::of(&local).await, whole);
    assert_eq!(console.get().await.unwrap().served_by.as_deref(), Some("i-ecs1"));

    console.wait(minutes(60)).await;
    assert_eq!(console.executions().await.len(), 2, "nothing is left to repair");
    assert_eq!(writes(&local).len(), before + 3);
    assert_quiet(&local);
}

/// Deletes one of the routes to the backends in the ALB's VPC.
async fn delete_route(local: &Local) {
    let list = vpc::DescribeRouteEntryList {
        route_table_id: "vtb-vpc-1".to_owned(),
        route_entry_type: Some("Custom".to_owned()),
        ..Default::default()
    };
    let routes = local.operator().list("cn-chengdu", list).await.unwrap();
    Console(local).act(Service::Vpc, "cn-chengdu", "DeleteRouteEntry", &[("RouteEntryId", &routes[0].route_entry_id)]);
}

/// Revokes one of the ingress rules of the backends' group.
async fn revoke_rule(local: &Local) {
    let list = ecs::DescribeSecurityGroupAttribute {
        security_group_id: "sg-2".to_owned(),
        direction: Some("ingress".to_owned()),
        ..Default::default()
    };
    let rules = local.operator().list("cn-hangzhou", list).await.unwrap();
    let params = [("SecurityGroupId", "sg-2"), ("SecurityGroupRuleId.1", &*rules[0].security_group_rule_id)];
    Console(local).act(Service::Ecs, "cn-hangzhou", "RevokeSecurityGroup", &params);
}

/// Removes the only member.
async fn remove_member(local: &Local) {
    let console = Console(local);
    let member = console.members().await.remove(0);
    let params = [
        ("ServerGroupId", &*member.server_group_id),
        ("Servers.1.ServerId", &*member.server_id),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerIp", &*member.server_ip),
        ("Servers.1.Port", "80"),
    ];
    console.act(Service::Alb, "cn-chengdu", "RemoveServersFromServerGroup", &params);
    console.wait(minutes(1)).await; // connections drain
}
