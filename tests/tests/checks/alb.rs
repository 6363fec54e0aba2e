//! The load balancer, its listener, its server group, and the other load balancers in its region.

use emulator::AccountState;
use emulator::call::Service;
use end_to_end::Console;
use onboarding::Code;

use crate::attachments::FREE;
use crate::case::{ALL, Case};

const NEAR: &str = "cn-chengdu";

/// The changes that are made while the listener is missing and cannot be created.
const FREE_OF_LISTENER: &[&str] = &["group", "rules sg-2"];

/// The changes that a check of the whole path to remote backends blocks, for a non-upgraded ALB.
const WAY: &[&str] = &[
    "attach vpc-1",
    "attach vpc-2",
    "connect cn-hangzhou",
    "link vpc-1",
    "link vpc-2",
    "link cn-hangzhou",
    "route vpc-1",
    "route vpc-2",
    "transit route",
    "rules sg-2",
    "member i-ecs1",
];

/// A change of the world that no API call makes.
pub(crate) fn set_account(state: AccountState) -> impl Fn(Console<'_>) {
    move |console| assert!(console.0.cloud().with(|world| world.set_account(state.clone())))
}

/// A server group of others in the ALB's VPC, with the binding's name.
pub(crate) fn adopted(more: &'static [(&'static str, &'static str)]) -> impl Fn(Console<'_>) {
    move |console| {
        group(console, "web-remote", "vpc-1", more);
    }
}

pub(crate) fn group(console: Console<'_>, name: &str, vpc: &str, more: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("ServerGroupName", name),
        ("ServerGroupType", "Ip"),
        ("VpcId", vpc),
        ("Protocol", "HTTP"),
        ("HealthCheckConfig.HealthCheckEnabled", "true"),
        ("HealthCheckConfig.HealthCheckCodes.1", "http_2xx"),
        ("HealthCheckConfig.HealthCheckCodes.2", "http_3xx"),
        ("ConnectionDrainConfig.ConnectionDrainEnabled", "true"),
        ("ConnectionDrainConfig.ConnectionDrainTimeout", "30"),
    ];
    params.extend(more);
    let answer = console.act(Service::Alb, NEAR, "CreateServerGroup", &params);
    answer["ServerGroupId"].as_str().unwrap().to_owned()
}

/// The id of the only server group with this name.
pub(crate) fn group_named(console: Console<'_>, name: &str) -> String {
    let answer = console.act(Service::Alb, NEAR, "ListServerGroups", &[("ServerGroupNames.1", name)]);
    answer["ServerGroups"][0]["ServerGroupId"].as_str().unwrap().to_owned()
}

pub(crate) fn listen(console: Console<'_>, balancer: &str, port: &str, group: &str) {
    let params = [
        ("LoadBalancerId", balancer),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", port),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", group),
    ];
    console.act(Service::Alb, NEAR, "CreateListener", &params);
}

pub(crate) fn register(console: Console<'_>, group: &str, address: &str, remote: &str) {
    let params = [
        ("ServerGroupId", group),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerId", address),
        ("Servers.1.ServerIp", address),
        ("Servers.1.Port", "80"),
        ("Servers.1.RemoteIpEnabled", remote),
    ];
    console.act(Service::Alb, NEAR, "AddServersToServerGroup", &params);
}

fn attach(console: Console<'_>, cen: &str, region: &str, vpc: &str, zone: &str, vswitch: &str) {
    let params = [
        ("CenId", cen),
        ("RegionId", region),
        ("VpcId", vpc),
        ("ZoneMappings.1.ZoneId", zone),
        ("ZoneMappings.1.VSwitchId", vswitch),
    ];
    console.act(Service::Cbn, region, "CreateTransitRouterVpcAttachment", &params);
}

/// Another VPC with an ALB in Chengdu, and a second CEN instance.
fn with_neighbour(mut case: Case) -> Case {
    case.scenario = with_neighbour_world(&case.scenario);
    case
}

/// The same for a scenario.
pub(crate) fn with_neighbour_world(scenario: &str) -> String {
    let vpc = "vpcs:
  - id: vpc-9
    region: cn-chengdu
    cidr: 10.9.0.0/16
    vswitches:
      - { id: vsw-91, zone: cn-chengdu-a, cidr: 10.9.1.0/24 }
      - { id: vsw-92, zone: cn-chengdu-b, cidr: 10.9.2.0/24 }
";
    let cen = "cens:
  - id: cen-2
    transitRouters:
      - { id: tr-chengdu-2, region: cn-chengdu }
      - { id: tr-hangzhou-2, region: cn-hangzhou }
";
    let alb = "albs:
  - id: alb-9
    region: cn-chengdu
    vpc: vpc-9
    zones:
      - { zone: cn-chengdu-a, vswitch: vsw-91 }
      - { zone: cn-chengdu-b, vswitch: vsw-92 }
";
    scenario.replacen("vpcs:\n", vpc, 1).replacen("cens:\n", cen, 1).replacen("albs:\n", alb, 1)
}

/// The neighbour's ALB serves a remote server through a CEN instance.
fn serving(case: Case, cen: &'static str, address: &'static str) -> Case {
    case.after(move |console| attach(console, cen, NEAR, "vpc-9", "cn-chengdu-a", "vsw-91"))
        .after(|console| {
            group(console, "theirs", "vpc-9", &[]);
        })
        .wait(120)
        .after(move |console| register(console, &group_named(console, "theirs"), address, "true"))
        .wait(10)
        .after(|console| listen(console, "alb-9", "80", &group_named(console, "theirs")))
        .wait(10)
}

checks! {
    an_alb_that_is_not_there: Case::new(Code::AlbMissing).binding("id: alb-1", "id: alb-7").leaves(&[]);

    an_alb_that_is_locked: Case::new(Code::AlbNotReady)
        .after(set_account(AccountState::LoadBalancerLocked("alb-1".to_owned())))
        .leaves(&["rules sg-2"])
        .blocks(&["group", "listener", "member i-ecs1"]);

    an_alb_that_is_inactive: Case::new(Code::AlbNotReady)
        .after(set_account(AccountState::LoadBalancerInactive("alb-1".to_owned())))
        .leaves(&["rules sg-2"])
        .blocks(&["group", "listener", "member i-ecs1"]);

    a_port_that_others_listen_on: Case::new(Code::ListenerForwardsElsewhere)
        .after(|console| {
            group(console, "theirs", "vpc-1", &[]);
        })
        .wait(10)
        .after(|console| listen(console, "alb-1", "80", &group_named(console, "theirs")))
        .wait(10)
        .leaves(&["group", "rules sg-2"])
        .blocks(&["listener", "member i-ecs1"]);

    // A group of type Instance with the binding's name: requests go to it, and none reaches ours.
    a_port_that_forwards_to_a_group_of_another_type: Case::new(Code::ListenerForwardsElsewhere)
        .after(|console| {
            group(console, "web-remote", "vpc-1", &[("ServerGroupType", "Instance")]);
        })
        .wait(10)
        .after(|console| listen(console, "alb-1", "80", &group_named(console, "web-remote")))
        .wait(10)
        .leaves(&["group", "rules sg-2"])
        .blocks(&["listener", "member i-ecs1"]);

    // Another listener of others forwards to the group, so requests reach it.
    a_port_that_others_listen_on_beside_one_that_forwards_to_the_group: Case::new(Code::ListenerForwardsElsewhere)
        .after(adopted(&[]))
        .after(|console| {
            group(console, "theirs", "vpc-1", &[]);
        })
        .wait(10)
        .after(|console| listen(console, "alb-1", "80", &group_named(console, "theirs")))
        .wait(10)
        .after(|console| listen(console, "alb-1", "81", &group_named(console, "web-remote")))
        .wait(10)
        .without(&["group", "listener"]);

    a_listener_that_was_stopped: Case::new(Code::ListenerStopped)
        .after(adopted(&[]))
        .wait(10)
        .after(|console| listen(console, "alb-1", "80", &group_named(console, "web-remote")))
        .wait(10)
        .after(|console| {
            let answer = console.act(Service::Alb, NEAR, "ListListeners", &[]);
            let id = answer["Listeners"][0]["ListenerId"].as_str().unwrap();
            console.act(Service::Alb, NEAR, "StopListener", &[("ListenerId", id)]);
        })
        .wait(10)
        .without(&["group", "listener"]);

    a_listener_that_needs_a_certificate: Case::new(Code::ListenerProtocol)
        .binding("listener: { protocol: HTTP, port: 80 }", "listener: { protocol: HTTPS, port: 443 }")
        .leaves(FREE_OF_LISTENER)
        .blocks(&["listener"]);

    a_server_group_with_other_settings: Case::new(Code::ServerGroupDiffers)
        .after(adopted(&[("Scheduler", "Wlc")]))
        .wait(10)
        .without(&["group"]);

    a_server_group_without_cross_zone_forwarding: Case::new(Code::CrossZoneOff)
        .after(adopted(&[("CrossZoneEnabled", "false")]))
        .wait(10)
        .leaves(&["listener", "rules sg-2"])
        .blocks(&["member i-ecs1"]);

    a_generation_that_the_fields_contradict: Case::new(Code::GenerationDiffers)
        .binding("id: alb-1, ", "id: alb-1, generation: classic, ")
        .leaves(&[ALL, &["transit route"]].concat());

    a_classic_alb_without_its_prefixes: Case::new(Code::BackToOriginMissing)
        .classic()
        .binding("    backToOrigin:\n      cidrs:\n        - 100.117.130.0/25\n        - 100.117.130.128/25\n        - 100.117.131.0/25\n        - 100.117.131.128/25\n        - 100.122.175.64/26\n        - 100.122.175.128/26\n        - 100.122.175.192/26\n        - 100.122.176.0/26\n", "")
        .leaves(&["group", "listener"])
        .blocks(&["member i-ecs1"]);

    a_classic_alb_in_a_region_without_remote_backends: Case::new(Code::RegionUnsupported)
        .classic()
        .region("cn-heyuan")
        .scenario("cn-chengdu", "cn-heyuan")
        .binding("cn-chengdu", "cn-heyuan")
        .blocks(WAY);

    an_upgraded_alb_in_that_region: Case::new(Code::GenerationDiffers)
        .region("cn-heyuan")
        .scenario("cn-chengdu", "cn-heyuan")
        .binding("cn-chengdu", "cn-heyuan")
        .binding("id: alb-1, ", "id: alb-1, generation: upgraded, ")
        .binding("    # Read for a non-upgraded ALB only: what its console page shows under \"Back-to-origin Route\".\n    backToOrigin:\n      cidrs:\n        - 100.117.130.0/25\n        - 100.117.130.128/25\n        - 100.117.131.0/25\n        - 100.117.131.128/25\n        - 100.122.175.64/26\n        - 100.122.175.128/26\n        - 100.122.175.192/26\n        - 100.122.176.0/26\n", "")
        .unfound();

    another_alb_vpc_of_the_region: serving(with_neighbour(Case::new(Code::SecondAlbVpc).classic()), "cen-1", "192.168.7.99")
        .blocks(WAY);

    another_alb_vpc_of_the_region_whose_alb_is_upgraded:
        serving(with_neighbour(Case::new(Code::SecondAlbVpc).classic()), "cen-1", "192.168.7.99")
            .scenario("  - id: alb-9\n", "  - id: alb-9\n    generation: upgraded\n")
            .unfound();

    another_alb_vpc_of_the_region_and_an_upgraded_alb:
        serving(with_neighbour(Case::new(Code::SecondAlbVpc)), "cen-1", "192.168.7.99").unfound();

    other_backends_of_the_vpc_that_another_alb_vpc_reaches_otherwise:
        serving(with_neighbour(Case::new(Code::BackendShared).classic()), "cen-2", "192.168.7.99")
            .after(|console| attach(console, "cen-2", "cn-hangzhou", "vpc-2", "cn-hangzhou-h", "vsw-3"))
            .wait(120)
            .unfound()
            .leaves(FREE)
            .carries(Code::VpcElsewhere, &["attach vpc-2"]);

    backends_that_another_alb_vpc_reaches_otherwise:
        serving(with_neighbour(Case::new(Code::BackendShared).classic()), "cen-2", "192.168.7.10")
            .after(|console| attach(console, "cen-2", "cn-hangzhou", "vpc-2", "cn-hangzhou-h", "vsw-3"))
            .wait(120)
            .leaves(FREE)
            .blocks(&["member i-ecs1"]);
}
