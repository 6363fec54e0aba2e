//! Which addresses can be members.

use emulator::AccountState;
use emulator::call::Service;
use end_to_end::Console;
use onboarding::Code;

use crate::alb::{adopted, group, group_named, listen, register, set_account};
use crate::attachments::FREE;
use crate::case::Case;

/// Registers two hundred remote servers in a group.
fn two_hundred(name: &'static str, net: usize) -> impl Fn(Console<'_>) {
    move |console| {
        let group = group_named(console, name);
        let mut params = vec![("ServerGroupId".to_owned(), group)];
        for number in 1..=200 {
            let address = format!("10.50.{net}.{number}");
            params.push((format!("Servers.{number}.ServerType"), "Ip".to_owned()));
            params.push((format!("Servers.{number}.ServerId"), address.clone()));
            params.push((format!("Servers.{number}.ServerIp"), address));
            params.push((format!("Servers.{number}.Port"), "80".to_owned()));
            params.push((format!("Servers.{number}.RemoteIpEnabled"), "true".to_owned()));
        }
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        console.act(Service::Alb, "cn-chengdu", "AddServersToServerGroup", &params);
    }
}

checks! {
    an_address_that_is_not_private: Case::new(Code::AddressNotPrivate)
        .scenario("192.168.", "30.1.")
        .leaves(FREE)
        .blocks(&["member i-ecs1"]);

    an_address_that_is_just_private: Case::new(Code::AddressNotPrivate).scenario("192.168.", "10.255.").unfound();

    an_address_registered_by_others: Case::new(Code::MemberForeign)
        .after(adopted(&[]))
        .wait(10)
        .after(|console| register(console, &group_named(console, "web-remote"), "192.168.7.10", "true"))
        .wait(10)
        .without(&["group", "member i-ecs1"]);

    // Without Remote IP the address must be in the ALB's VPC, so the prefixes overlap too.
    an_address_registered_without_remote_ip: Case::new(Code::NotRemote)
        .scenario("cidr: 172.16.0.0/12\n", "cidr: 172.16.0.0/12\n    secondary: [192.168.7.0/24]\n")
        .after(adopted(&[]))
        .wait(10)
        .after(|console| register(console, &group_named(console, "web-remote"), "192.168.7.10", "false"))
        .wait(10)
        .leaves(&["listener"])
        .blocks(&["member i-ecs1"]);

    a_group_with_a_thousand_servers: Case::new(Code::ServerQuota)
        .after(adopted(&[]))
        .wait(10)
        .after(two_hundred("web-remote", 1))
        .wait(10)
        .after(two_hundred("web-remote", 2))
        .wait(10)
        .after(two_hundred("web-remote", 3))
        .wait(10)
        .after(two_hundred("web-remote", 4))
        .wait(10)
        .after(two_hundred("web-remote", 5))
        .wait(10)
        .leaves(&["listener", "rules sg-2"])
        .blocks(&["member i-ecs1"]);

    a_basic_alb_with_all_the_servers_it_takes: Case::new(Code::AlbQuota)
        .scenario("    vpc: vpc-1\n    zones:", "    vpc: vpc-1\n    edition: Basic\n    zones:")
        .after(|console| {
            group(console, "theirs", "vpc-1", &[]);
        })
        .wait(10)
        .after(two_hundred("theirs", 1))
        .wait(10)
        .after(|console| listen(console, "alb-1", "81", &group_named(console, "theirs")))
        .wait(10)
        .leaves(FREE)
        .blocks(&["member i-ecs1"]);

    a_load_balancer_as_a_member: Case::new(Code::LoadBalancerBackend)
        .classic()
        .after(adopted(&[]))
        .wait(10)
        .after(|console| {
            let found = console.act(Service::Alb, "cn-chengdu", "GetLoadBalancerAttribute", &[("LoadBalancerId", "alb-1")]);
            let address = found["ZoneMappings"][0]["LoadBalancerAddresses"][0]["IntranetAddress"].as_str().unwrap();
            register(console, &group_named(console, "web-remote"), address, "false");
        })
        .wait(10)
        .without(&["group"]);

    // An NLB has a service-managed network interface; a CLB has none.
    what_other_services_and_nobody_hold_in_the_albs_vpc: Case::new(Code::LoadBalancerBackend)
        .classic()
        .after(adopted(&[]))
        .after(set_account(AccountState::ServiceInterface("vsw-2".to_owned())))
        .wait(10)
        .after(|console| {
            let managed = [("VpcId", "vpc-1"), ("ServiceManaged", "true")];
            let found = console.act(Service::Ecs, "cn-chengdu", "DescribeNetworkInterfaces", &managed);
            let address = found["NetworkInterfaceSets"]["NetworkInterfaceSet"][0]["PrivateIpAddress"].as_str().unwrap();
            register(console, &group_named(console, "web-remote"), address, "false");
        })
        .wait(10)
        .after(|console| register(console, &group_named(console, "web-remote"), "172.16.0.250", "false"))
        .wait(10)
        .carries(Code::Unread, &[])
        .without(&["group"]);

    a_member_whose_service_is_down: Case::new(Code::Unhealthy)
        .scenario("tags: { app: web }", "webPorts: [], tags: { app: web }")
        .reports();
}
