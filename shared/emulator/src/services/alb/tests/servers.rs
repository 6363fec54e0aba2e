//! Servers: what may be added, how a batch fails as a whole, and how a server leaves.

use serde_json::{Value, json};

use crate::call::Service;
use crate::services::alb::bench::{Bench, NEAR, SERVER, listener_params, server_params};
use crate::state::alb::Generation;

fn group_of(bench: &mut Bench) -> String {
    bench.server_group(&[])
}

fn servers(bench: &mut Bench, group: &str) -> Vec<Value> {
    bench.alb("ListServerGroupServers", &[("ServerGroupId", group)]).unwrap()["Servers"].as_array().unwrap().clone()
}

#[test]
fn an_added_server_is_adding_and_the_group_takes_no_other_write_meanwhile() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = group_of(&mut bench);
    bench.add_server(&group, SERVER, &[("Servers.1.Description", "albridge/web/i-1")]).unwrap();
    assert_eq!(
        servers(&mut bench, &group),
        [json!({
            "ServerGroupId": group,
            "ServerId": SERVER,
            "ServerIp": SERVER,
            "ServerType": "Ip",
            "Port": 80,
            "Weight": 100,
            "Description": "albridge/web/i-1",
            "RemoteIpEnabled": true,
            "Status": "Adding",
        })]
    );
    let refused = bench.add_server(&group, "192.168.7.11", &[]).unwrap_err();
    assert_eq!(refused.code, "IncorrectStatus.ServerGroup");
    bench.wait(3);
    assert_eq!(servers(&mut bench, &group)[0]["Status"], "Available");
    bench.add_server(&group, "192.168.7.11", &[]).unwrap();
    assert_eq!(servers(&mut bench, &group).len(), 2);
}

#[test]
fn remote_addresses_are_private_and_others_lie_in_the_groups_vpc() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = group_of(&mut bench);
    let mut add = |address: &str, remote: &str| {
        let added = bench.add_server(&group, address, &[("Servers.1.RemoteIpEnabled", remote)]);
        bench.wait(10);
        added.map(|_| ()).map_err(|refusal| refusal.code)
    };
    let illegal = || Err("IllegalParam.ServerIp".to_owned());
    for remote in ["10.1.2.3", "100.64.0.9", "172.31.255.1", "192.168.0.1"] {
        assert_eq!(add(remote, "true"), Ok(()), "{remote}");
    }
    assert_eq!(add("8.8.8.8", "true"), illegal());
    assert_eq!(add("192.168.7.10", "false"), illegal());
    assert_eq!(add("172.16.9.9", "false"), Ok(()));
    assert_eq!(add("nonsense", "true"), Err("IllegalParam.ServerId".to_owned()));
}

#[test]
fn an_address_may_serve_on_two_ports_but_on_each_only_once() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = group_of(&mut bench);
    bench.add_server(&group, SERVER, &[]).unwrap();
    bench.wait(10);
    bench.add_server(&group, SERVER, &[("Servers.1.Port", "81")]).unwrap();
    bench.wait(10);
    let again = bench.add_server(&group, SERVER, &[]).unwrap_err();
    assert_eq!(again.code, "ResourceAlreadyExist.BackendServer");
    let twice = [
        ("Servers.2.ServerType", "Ip"),
        ("Servers.2.ServerId", "10.0.0.1"),
        ("Servers.2.Port", "80"),
        ("Servers.2.RemoteIpEnabled", "true"),
    ];
    let refused = bench.add_server(&group, "10.0.0.1", &twice).unwrap_err();
    assert_eq!(refused.code, "DuplicatedParam.Server");
    assert_eq!(servers(&mut bench, &group).len(), 2, "a refused batch changes nothing");
}

fn many(group: &str, first: usize, count: usize) -> Vec<(String, String)> {
    let server = |index: usize| {
        let field = move |name: &str| format!("Servers.{}.{name}", index + 1);
        let address = format!("10.0.{}.{}", (first + index) / 250, (first + index) % 250 + 1);
        [
            (field("ServerType"), "Ip".to_owned()),
            (field("ServerId"), address),
            (field("Port"), "80".to_owned()),
            (field("RemoteIpEnabled"), "true".to_owned()),
        ]
    };
    (0..count).flat_map(server).chain([("ServerGroupId".to_owned(), group.to_owned())]).collect()
}

fn add_many(bench: &mut Bench, group: &str, first: usize, count: usize) -> Result<Value, String> {
    let params = many(group, first, count);
    let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let added = bench.alb("AddServersToServerGroup", &params);
    bench.wait(10);
    added.map_err(|refusal| refusal.code)
}

#[test]
fn a_call_adds_two_hundred_and_a_group_holds_a_thousand() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = group_of(&mut bench);
    let over = Err("QuotaExceeded.QuotaInsufficient".to_owned());
    assert_eq!(add_many(&mut bench, &group, 0, 201), over);
    for batch in 0..5 {
        assert!(add_many(&mut bench, &group, batch * 200, 200).is_ok());
    }
    assert_eq!(add_many(&mut bench, &group, 1_000, 1), over);
    let listed = bench.alb("ListServerGroups", &[("ServerGroupIds.1", &group)]).unwrap();
    assert_eq!(listed["ServerGroups"][0]["ServerCount"], 1_000);
}

#[test]
fn weight_and_description_can_change_and_nothing_else() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = group_of(&mut bench);
    bench.add_server(&group, SERVER, &[]).unwrap();
    bench.wait(10);
    let mut params = server_params(&group, SERVER);
    params.extend([("Servers.1.Weight", "0"), ("Servers.1.Description", "drain-1")]);
    bench.alb("UpdateServerGroupServersAttribute", &params).unwrap();
    let shown = servers(&mut bench, &group)[0].clone();
    assert_eq!((&shown["Weight"], &shown["Description"]), (&json!(0), &json!("drain-1")));
    assert_eq!((&shown["Status"], &shown["RemoteIpEnabled"]), (&json!("Configuring"), &json!(true)));
    bench.wait(10);
    let unknown = server_params(&group, "192.168.7.99");
    assert_eq!(bench.refused("UpdateServerGroupServersAttribute", &unknown), "ResourceNotFound.BackendServer");
}

#[test]
fn a_removed_server_goes_at_once_or_after_the_drain_time() {
    for (drains, seconds) in [("false", 3), ("true", 30)] {
        let mut bench = Bench::apart(Generation::Upgraded);
        let group = bench.server_group(&[
            ("ConnectionDrainConfig.ConnectionDrainEnabled", drains),
            ("ConnectionDrainConfig.ConnectionDrainTimeout", "30"),
        ]);
        bench.add_server(&group, SERVER, &[]).unwrap();
        bench.wait(10);
        bench.alb("RemoveServersFromServerGroup", &server_params(&group, SERVER)).unwrap();
        bench.wait(seconds - 1);
        assert_eq!(servers(&mut bench, &group)[0]["Status"], "Removing", "drains: {drains}");
        bench.wait(1);
        assert!(servers(&mut bench, &group).is_empty());
        let refused = bench.refused("RemoveServersFromServerGroup", &server_params(&group, SERVER));
        assert_eq!(refused, "ResourceNotFound.BackendServer");
    }
}

#[test]
fn a_server_that_drains_can_neither_be_removed_nor_added_again() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = bench.server_group(&[("ConnectionDrainConfig.ConnectionDrainEnabled", "true")]);
    bench.add_server(&group, SERVER, &[]).unwrap();
    bench.wait(10);
    bench.alb("RemoveServersFromServerGroup", &server_params(&group, SERVER)).unwrap();
    bench.wait(10);
    let again = bench.refused("RemoveServersFromServerGroup", &server_params(&group, SERVER));
    assert_eq!(again, "IncorrectStatus.BackendServer");
    assert_eq!(bench.add_server(&group, SERVER, &[]).unwrap_err().code, "ResourceAlreadyExist.BackendServer");
}

#[test]
fn a_basic_load_balancer_counts_its_servers_once_per_use() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (vpc, [a, b]) = (bench.near_vpc.clone(), bench.near_switches.clone());
    let basic = [
        ("VpcId", vpc.as_str()),
        ("AddressType", "Intranet"),
        ("LoadBalancerEdition", "Basic"),
        ("LoadBalancerBillingConfig.PayType", "PostPay"),
        ("ZoneMappings.1.ZoneId", "cn-chengdu-a"),
        ("ZoneMappings.1.VSwitchId", a.as_str()),
        ("ZoneMappings.2.ZoneId", "cn-chengdu-b"),
        ("ZoneMappings.2.VSwitchId", b.as_str()),
    ];
    bench.lb = bench.made(Service::Alb, NEAR, "CreateLoadBalancer", &basic, "LoadBalancerId");
    let group = group_of(&mut bench);
    add_many(&mut bench, &group, 0, 150).unwrap();
    bench.listener(&group);
    let over = "QuotaExceeded.QuotaInsufficient";
    assert_eq!(add_many(&mut bench, &group, 150, 51), Err(over.to_owned()));
    let lb = bench.lb.clone();
    assert_eq!(bench.refused("CreateListener", &listener_params(&lb, "81", &group)), over);
    assert_eq!(bench.alb("ListListeners", &[]).unwrap()["TotalCount"], 1);
}

#[test]
fn an_instance_group_takes_instances_of_its_vpc_and_no_addresses() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (vpc, switch) = (bench.near_vpc.clone(), bench.near_switches[0].clone());
    let security_group = bench.security_group(NEAR, &vpc);
    let near = bench.instance(NEAR, &switch, &security_group, "172.16.0.50");
    let far = bench.instance.clone();
    let group = bench.server_group(&[("ServerGroupType", "Instance")]);
    let mut add = |kind: &str, id: &str| {
        let params = [
            ("ServerGroupId", group.as_str()),
            ("Servers.1.ServerType", kind),
            ("Servers.1.ServerId", id),
            ("Servers.1.Port", "80"),
        ];
        bench.alb("AddServersToServerGroup", &params).map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(add("Ip", "172.16.0.50"), Err("Mismatch.ServerType".to_owned()));
    assert_eq!(add("Ecs", &far), Err("Mismatch.VpcId".to_owned()));
    assert_eq!(add("Ecs", "i-none"), Err("ResourceNotFound.BackendServer".to_owned()));
    assert_eq!(add("Ecs", &near), Ok(()));
    assert_eq!(servers(&mut bench, &group)[0]["ServerIp"], "172.16.0.50");
}

#[test]
fn a_replacement_is_one_write() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = group_of(&mut bench);
    bench.add_server(&group, SERVER, &[]).unwrap();
    bench.wait(10);
    let replace = |added: &'static str| {
        [
            ("AddedServers.1.ServerType", "Ip"),
            ("AddedServers.1.ServerId", added),
            ("AddedServers.1.Port", "80"),
            ("RemovedServers.1.ServerType", "Ip"),
            ("RemovedServers.1.ServerId", SERVER),
            ("RemovedServers.1.Port", "80"),
        ]
    };
    let of = [("ServerGroupId", group.as_str())];
    // There is no Remote IP parameter, so a remote address cannot come in this way, and the leaver stays.
    let remote = [of.as_slice(), &replace("192.168.7.11")].concat();
    assert_eq!(bench.refused("ReplaceServersInServerGroup", &remote), "IllegalParam.ServerIp");
    assert_eq!(servers(&mut bench, &group)[0]["Status"], "Available");
    let local = [of.as_slice(), &replace("172.16.0.60")].concat();
    bench.alb("ReplaceServersInServerGroup", &local).unwrap();
    bench.wait(10);
    let left: Vec<_> = servers(&mut bench, &group).iter().map(|server| server["ServerId"].clone()).collect();
    assert_eq!(left, ["172.16.0.60"]);
}
