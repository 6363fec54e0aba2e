//! Load balancers of both generations, and their addresses.

use serde_json::json;

use crate::call::Service;
use crate::services::alb::bench::{Bench, FAR, NEAR};
use crate::state::alb::Generation;

fn free_addresses(bench: &mut Bench) -> i64 {
    let switch = bench.near_switches[0].clone();
    let answer = bench.call(Service::Vpc, NEAR, "DescribeVSwitches", &[("VSwitchId", &switch)]).unwrap();
    answer["VSwitches"]["VSwitch"][0]["AvailableIpAddressCount"].as_i64().unwrap()
}

#[test]
fn an_upgraded_one_has_two_local_addresses_and_a_virtual_one_in_each_vswitch() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let lb = bench.lb.clone();
    let shown = bench.alb("GetLoadBalancerAttribute", &[("LoadBalancerId", &lb)]).unwrap();
    assert_eq!(shown["LoadBalancerStatus"], "Active");
    assert_eq!(shown["RegionId"], NEAR);
    for (index, prefix) in ["172.16.0.", "172.16.6."].into_iter().enumerate() {
        let zone = &shown["ZoneMappings"][index];
        assert_eq!(zone["VSwitchId"], json!(bench.near_switches[index]));
        let address = &zone["LoadBalancerAddresses"][0];
        let local = address["Ipv4LocalAddresses"].as_array().unwrap();
        assert_eq!(local.len(), 2);
        assert!(local.iter().chain([&address["Address"]]).all(|ip| ip.as_str().unwrap().starts_with(prefix)));
    }
    assert_eq!(free_addresses(&mut bench), 252 - 3);
}

#[test]
fn a_classic_one_shows_no_local_addresses_and_the_older_kind_of_name() {
    let mut bench = Bench::apart(Generation::Classic);
    let lb = bench.lb.clone();
    let shown = bench.alb("GetLoadBalancerAttribute", &[("LoadBalancerId", &lb)]).unwrap();
    assert_eq!(shown["ZoneMappings"][0]["LoadBalancerAddresses"][0]["Ipv4LocalAddresses"], json!([]));
    assert!(shown["DNSName"].as_str().unwrap().ends_with(".internal.cn-chengdu.alb.aliyuncs.com"));
    assert_eq!(free_addresses(&mut bench), 252 - 1);
    assert!(bench.source().octets().starts_with(&[100, 117, 130]));
}

#[test]
fn deleting_gives_the_addresses_back_and_takes_the_listeners_along() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let group = bench.server_group(&[]);
    bench.listener(&group);
    let lb = bench.lb.clone();
    bench.must(Service::Alb, NEAR, "DeleteLoadBalancer", &[("LoadBalancerId", &lb)]);
    assert_eq!(free_addresses(&mut bench), 252);
    assert_eq!(bench.alb("ListListeners", &[]).unwrap()["TotalCount"], 0);
    assert_eq!(bench.refused("GetLoadBalancerAttribute", &[("LoadBalancerId", &lb)]), "ResourceNotFound.LoadBalancer");
    bench.must(Service::Alb, NEAR, "DeleteServerGroup", &[("ServerGroupId", &group)]);
    assert_eq!(bench.alb("ListServerGroups", &[]).unwrap()["TotalCount"], 0);
}

#[test]
fn the_port_of_another_region_does_not_know_it() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let lb = bench.lb.clone();
    let refusal = bench.call(Service::Alb, FAR, "GetLoadBalancerAttribute", &[("LoadBalancerId", &lb)]).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (404, "ResourceNotFound.LoadBalancer"));
    assert_eq!(bench.call(Service::Alb, FAR, "ListLoadBalancers", &[]).unwrap()["TotalCount"], 0);
}

#[test]
fn a_vswitch_must_be_of_the_zone_and_of_the_vpc() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (vpc, [a, b], far) = (bench.near_vpc.clone(), bench.near_switches.clone(), bench.far_switches[0].clone());
    let mut refused = |second: &str, zone: &str| {
        bench.refused(
            "CreateLoadBalancer",
            &[
                ("VpcId", &vpc),
                ("AddressType", "Intranet"),
                ("LoadBalancerEdition", "Basic"),
                ("LoadBalancerBillingConfig.PayType", "PostPay"),
                ("ZoneMappings.1.ZoneId", "cn-chengdu-a"),
                ("ZoneMappings.1.VSwitchId", &a),
                ("ZoneMappings.2.ZoneId", zone),
                ("ZoneMappings.2.VSwitchId", second),
            ],
        )
    };
    assert_eq!(refused(&b, "cn-chengdu-c"), "Mismatch.ZoneId");
    assert_eq!(refused(&far, "cn-chengdu-b"), "ResourceNotFound.VSwitch");
    assert_eq!(refused(&b, "cn-chengdu-a"), "DuplicatedParam.ZoneMappings");
}

#[test]
fn lists_are_filtered_by_name_vpc_and_status() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let vpc = bench.near_vpc.clone();
    let mut count = |params: &[(&str, &str)]| bench.alb("ListLoadBalancers", params).unwrap()["TotalCount"].clone();
    assert_eq!(count(&[("VpcIds.1", &vpc), ("LoadBalancerNames.1", "alb-1"), ("LoadBalancerStatus", "Active")]), 1);
    assert_eq!(count(&[("VpcIds.1", "vpc-other")]), 0);
    assert_eq!(count(&[("LoadBalancerStatus", "Provisioning")]), 0);
    assert_eq!(count(&[("AddressType", "Internet")]), 0);
}
