//! What the named checks find, and whom they concern: the edges that a world in an emulator does not show.

use onboarding::binding::{Backend, Bandwidth};
use onboarding::change::Write;
use onboarding::checks::{Finding, check};
use onboarding::topology::context::{Elsewhere, Holder};
use onboarding::topology::{
    AttachmentStatus, Generation, Instance, LinkStatus, LoadBalancer, PeerAttachment, Server, TransitRoute, Vpc,
    VpcRouteType,
};
use onboarding::{Binding, Code, Known, Severity, Topology, plan};

use super::world;

fn findings(binding: &Binding, topology: &Topology) -> Vec<Finding> {
    let deployment = world::deployment();
    check(&world::inputs(&deployment, binding, topology))
}

fn codes(binding: &Binding, topology: &Topology) -> Vec<Code> {
    findings(binding, topology).iter().map(|finding| finding.reason.code).collect()
}

/// The writes that carry a code, in words.
fn blocked_by(binding: &Binding, topology: &Topology, code: Code) -> Vec<String> {
    let plan = world::whole(binding, topology);
    let carries = |change: &&onboarding::Change| change.blocked.iter().any(|reason| reason.code == code);
    plan.changes.iter().filter(carries).map(|change| change.write.to_string()).collect()
}

fn vpc<'t>(topology: &'t mut Topology, id: &str) -> &'t mut Vpc {
    topology.vpcs.get_mut(id).unwrap().get_mut().unwrap().as_mut().unwrap()
}

fn load_balancer(topology: &mut Topology) -> &mut LoadBalancer {
    topology.load_balancer.get_mut().unwrap().as_mut().unwrap()
}

/// The procedure's world with a second backend VPC, `vpc-3` in Shanghai, which has one instance.
fn two_backends() -> (Binding, Topology) {
    let mut binding = world::binding(Generation::Upgraded);
    let mut topology = world::topology(Generation::Upgraded);
    let first = binding.backends[0].clone();
    binding.backends.push(Backend { region: "cn-shanghai".into(), vpc: "vpc-3".into(), ..first });
    let mut third = vpc(&mut topology, "vpc-2").clone();
    third.id = "vpc-3".into();
    third.region = "cn-shanghai".into();
    third.cidrs = vec!["10.8.0.0/16".parse().unwrap()];
    topology.vpcs.insert("vpc-3".into(), Known::Known(Some(third)));
    let mut router = topology.transit_router(&"cn-hangzhou".into()).unwrap().clone();
    router.id = "tr-cn-shanghai".into();
    router.region = "cn-shanghai".into();
    topology.transit_routers.insert("cn-shanghai".into(), Known::Known(Some(router)));
    let instance = Instance { id: "i-far".into(), vpc: "vpc-3".into(), ..world::instance(9) };
    topology.instances.insert("vpc-3".into(), Known::Known(vec![instance].into()));
    (binding, topology)
}

#[test]
fn nothing_is_wrong_with_the_procedures_world() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        assert_eq!(findings(&world::binding(generation), &world::topology(generation)), []);
    }
}

#[test]
fn what_nobody_asked_for_is_no_finding_and_what_failed_is() {
    let binding = world::binding(Generation::Classic);
    let mut topology = world::topology(Generation::Classic);
    assert!(topology.context.alb_vpcs.get().is_none(), "the fixture asks for nothing around");
    assert_eq!(codes(&binding, &topology), []);
    topology.context.alb_vpcs = Known::Failed("ListServerGroups: Forbidden".to_owned());
    assert_eq!(codes(&binding, &topology), [Code::Unread]);
    let blocked = blocked_by(&binding, &topology, Code::Unread);
    assert!(blocked.iter().any(|write| write.starts_with("register i-1")), "{blocked:?}");
    assert!(!blocked.iter().any(|write| write.starts_with("create")), "server group and listener: {blocked:?}");
}

#[test]
fn a_backend_at_fault_blocks_nothing_of_another() {
    let (binding, mut topology) = two_backends();
    vpc(&mut topology, "vpc-3").cidrs.push("172.20.0.0/16".parse().unwrap());
    let blocked = blocked_by(&binding, &topology, Code::CidrOverlap);
    assert!(blocked.iter().any(|write| write.starts_with("attach vpc-3")), "{blocked:?}");
    assert!(blocked.iter().any(|write| write.starts_with("connect cn-chengdu - cn-shanghai")), "{blocked:?}");
    assert!(blocked.iter().any(|write| write.starts_with("register i-far")), "{blocked:?}");
    let others = ["attach vpc-1", "attach vpc-2", "connect cn-chengdu - cn-hangzhou", "register i-1"];
    for other in others {
        assert!(!blocked.iter().any(|write| write.starts_with(other)), "{other}: {blocked:?}");
    }
}

#[test]
fn two_backends_that_overlap_each_other_are_both_at_fault() {
    let (binding, mut topology) = two_backends();
    vpc(&mut topology, "vpc-3").cidrs.push("192.168.128.0/17".parse().unwrap());
    let blocked = blocked_by(&binding, &topology, Code::CidrOverlap);
    assert!(blocked.iter().any(|write| write.starts_with("attach vpc-2")), "{blocked:?}");
    assert!(blocked.iter().any(|write| write.starts_with("attach vpc-3")), "{blocked:?}");
    assert!(!blocked.iter().any(|write| write.starts_with("attach vpc-1")), "the ALB serves others: {blocked:?}");
}

#[test]
fn a_projected_table_learns_each_prefix_from_the_nearest_router_only() {
    let (binding, mut topology) = two_backends();
    // Somebody has joined the backends' regions: what Chengdu is taught comes to it by two ways.
    let far = PeerAttachment {
        id: "tr-attach-far".into(),
        regions: ("cn-hangzhou".into(), "cn-shanghai".into()),
        status: AttachmentStatus::Attached,
        bandwidth: Some(10),
        bandwidth_package: None,
        auto_publish: true,
        mark: None,
        created: String::new(),
    };
    for region in ["cn-hangzhou", "cn-shanghai"] {
        let router = topology.transit_routers.get_mut(region).unwrap().get_mut().unwrap().as_mut().unwrap();
        let table = router.tables.values_mut().next().unwrap();
        table.associations.insert(far.id.clone(), LinkStatus::Active);
        table.propagations.insert(far.id.clone(), LinkStatus::Active);
    }
    topology.peer_attachments.get_mut().unwrap().push(far);
    let deployment = world::deployment();
    let inputs = world::inputs(&deployment, &binding, &topology);
    let later = plan::project(&inputs, &plan::network(&inputs).changes);
    let router = later.transit_router(&"cn-chengdu".into()).unwrap();
    let routes = || router.tables.values().flat_map(|table| &table.routes);
    let mut prefixes: Vec<_> = routes().map(|route| route.destination).collect();
    let known = prefixes.len();
    prefixes.sort_unstable();
    prefixes.dedup();
    assert_eq!(prefixes.len(), known, "{:?}", routes().collect::<Vec<_>>());
    let to_hangzhou = routes().find(|route| route.destination == "192.168.7.0/24".parse().unwrap()).unwrap();
    assert_eq!(to_hangzhou.next_hop.as_ref().unwrap().as_str(), "planned-cn-chengdu-cn-hangzhou");
}

/// A VPC of others that teaches the ALB's router a prefix that packets of the binding are for takes them; what else it teaches there is its own.
#[test]
fn a_vpc_of_others_takes_packets_at_the_albs_router_too() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let mut other = topology.vpc_attachments.get().unwrap()[0].clone();
    (other.id, other.vpc, other.region) = ("tr-attach-9".into(), "vpc-9".into(), "cn-chengdu".into());
    other.mark = None;
    topology.context.strangers.push(other);
    let mut taught = |destination: &str, status: &str| {
        let router = topology.transit_routers.get_mut("cn-chengdu").unwrap().get_mut().unwrap().as_mut().unwrap();
        for table in router.tables.values_mut() {
            table.routes.retain(|route| route.next_hop.as_ref().is_none_or(|hop| hop.as_str() != "tr-attach-9"));
            table.routes.push(TransitRoute {
                id: None,
                destination: destination.parse().unwrap(),
                next_hop: Some("tr-attach-9".into()),
                propagated: true,
                status: status.into(),
                description: String::new(),
            });
        }
        codes(&binding, &topology)
    };
    assert_eq!(taught("192.168.7.0/24", "Active"), [Code::CidrOverlap]);
    assert_eq!(taught("192.168.7.128/25", "Active"), [Code::CidrOverlap]);
    assert_eq!(taught("192.168.99.0/24", "Active"), [], "no packet of the binding is for it");
    assert_eq!(taught("192.168.7.0/24", "Candidate"), [], "it is not in effect");
}

#[test]
fn connections_of_one_plan_share_what_it_has_left() {
    let (mut binding, topology) = two_backends();
    let mbps = |mbps| Some(Bandwidth { package: Some("cenbwp-1".into()), pay_by_traffic: false, mbps });
    binding.cen.bandwidth = mbps(50);
    assert_eq!(blocked_by(&binding, &topology, Code::Bandwidth), Vec::<String>::new(), "100 are enough for two");
    binding.cen.bandwidth = mbps(60);
    let blocked = blocked_by(&binding, &topology, Code::Bandwidth);
    assert_eq!(blocked, ["connect cn-chengdu - cn-shanghai with 60 Mbit/s of cenbwp-1"], "the first one fits");
}

#[test]
fn a_connection_that_is_there_but_narrow_is_named_and_kept() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    binding.cen.bandwidth = Some(Bandwidth { package: Some("cenbwp-1".into()), pay_by_traffic: false, mbps: 20 });
    let with = |topology: &mut Topology, bandwidth| {
        let peers = topology.peer_attachments.get_mut().unwrap().iter_mut();
        peers.for_each(|peer: &mut PeerAttachment| {
            peer.mark = None;
            peer.bandwidth = bandwidth;
        });
    };
    for (bandwidth, found) in [(Some(10), vec![Code::Bandwidth]), (Some(20), vec![]), (None, vec![])] {
        with(&mut topology, bandwidth);
        assert_eq!(codes(&binding, &topology), found, "{bandwidth:?}");
        assert_eq!(world::whole(&binding, &topology).changes, []);
    }
}

#[test]
fn our_own_connection_gets_the_bandwidth_that_the_binding_says() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    let mut ask = |topology: &Topology, mbps| {
        binding.cen.bandwidth = Some(Bandwidth { package: Some("cenbwp-1".into()), pay_by_traffic: false, mbps });
        let plan = world::whole(&binding, topology);
        plan.changes.iter().map(|change| (change.write.to_string(), change.is_open())).collect::<Vec<_>>()
    };
    let set = |mbps| format!("set the bandwidth of the connection cn-chengdu - cn-hangzhou to {mbps} Mbit/s");
    assert_eq!(ask(&topology, 10), []);
    assert_eq!(ask(&topology, 5), [(set(5), true)]);
    assert_eq!(ask(&topology, 100), [(set(100), true)], "90 more are free");
    assert_eq!(ask(&topology, 111), [(set(111), false)], "101 more are not");
    for peer in topology.peer_attachments.get_mut().unwrap() {
        peer.bandwidth_package = None;
    }
    assert_eq!(ask(&topology, 20), [], "paid by traffic: to change that is a person's work");
}

#[test]
fn only_a_stated_quota_of_attachments_counts_and_it_counts_those_of_others() {
    let mut binding = world::binding(Generation::Upgraded);
    let mut topology = world::topology(Generation::Upgraded);
    topology.context.attachments = [("cn-hangzhou".into(), 5)].into();
    assert_eq!(codes(&binding, &topology), []);
    binding.cen.attachment_quota = Some(6);
    assert_eq!(codes(&binding, &topology), []);
    binding.cen.attachment_quota = Some(5);
    let blocked = blocked_by(&binding, &topology, Code::AttachmentQuota);
    assert!(blocked.len() == 1 && blocked[0].starts_with("attach vpc-2"), "{blocked:?}");
}

#[test]
fn what_holds_an_address_of_the_albs_vpc_decides_whether_it_can_be_a_member() {
    let (binding, mut topology) = world::onboarded(Generation::Classic);
    let member = topology.servers.get().unwrap()[0].clone();
    let at = |last: u8| std::net::Ipv4Addr::from([172, 16, 0, last]);
    let of_others = |last| Server { address: at(last), description: String::new(), remote: false, ..member.clone() };
    topology.servers.get_mut().unwrap().extend([1, 2, 3, 4, 5].map(of_others));
    topology.context.holders = Known::Known(
        [
            (at(1), Holder::Instance("i-near".into())),
            (at(2), Holder::Interface("eni-2".into())),
            (at(3), Holder::Service { interface: "eni-3".into(), description: "an NLB".to_owned() }),
            (at(4), Holder::LoadBalancer("alb-2".into())),
        ]
        .into(),
    );
    let found = findings(&binding, &topology);
    let named: Vec<_> = found.iter().map(|finding| (finding.reason.code, finding.reason.resource.as_str())).collect();
    let expected = [
        (Code::LoadBalancerBackend, "172.16.0.3"),
        (Code::LoadBalancerBackend, "172.16.0.4"),
        (Code::Unread, "172.16.0.5"),
    ];
    assert_eq!(named, expected);
}

#[test]
fn a_plan_whose_areas_are_not_told_is_not_at_fault() {
    let binding = world::binding(Generation::Upgraded);
    let mut topology = world::topology(Generation::Upgraded);
    let areas = |topology: &mut Topology, one: &str, other: &str| {
        let plan = topology.bandwidth_package.get_mut().unwrap().as_mut().unwrap();
        plan.areas = (one.to_owned(), other.to_owned());
    };
    areas(&mut topology, "", "");
    assert_eq!(codes(&binding, &topology), []);
    areas(&mut topology, "china", "china");
    assert_eq!(codes(&binding, &topology), [], "either spelling");
    areas(&mut topology, "China", "Europe");
    assert_eq!(codes(&binding, &topology), [Code::BandwidthSpan]);
}

#[test]
fn the_albs_quota_counts_a_server_once_for_each_listener() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    load_balancer(&mut topology).edition = "Basic".to_owned();
    binding.server_group.drain_seconds = 0;
    topology.context.balanced = Known::Known([("sgp-1".into(), 1), ("sgp-theirs".into(), 99)].into());
    let mut second = topology.listeners.get().unwrap()[0].clone();
    second.id = "lsn-2".into();
    second.port = 81;
    second.server_groups = vec!["sgp-theirs".into()];
    let mut third = second.clone();
    third.id = "lsn-3".into();
    topology.listeners.get_mut().unwrap().extend([second, third]);
    let instances = topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap();
    instances.extend([world::instance(2), world::instance(3)]);
    let blocked = blocked_by(&binding, &topology, Code::AlbQuota);
    assert_eq!(blocked, ["register i-3 at 192.168.7.3:80"], "199 of 200: one more fits");
    binding.alb.server_quota = Some(400);
    assert_eq!(blocked_by(&binding, &topology, Code::AlbQuota), Vec::<String>::new());
}

#[test]
fn a_listener_of_others_that_forwards_nowhere_takes_the_port() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let listener = &mut topology.listeners.get_mut().unwrap()[0];
    (listener.mark, listener.server_groups) = (None, Vec::new());
    topology.server_groups.get_mut().unwrap()[0].load_balancers.clear();
    assert_eq!(blocked_by(&binding, &topology, Code::ListenerForwardsElsewhere), ["create listener HTTP:80"]);
    // A rule of that listener forwards to the group: requests reach it, and it is only said.
    topology.server_groups.get_mut().unwrap()[0].load_balancers = vec!["alb-1".into()];
    let plan = world::whole(&binding, &topology);
    assert!(plan.changes.is_empty() && plan.findings[0].code == Code::ListenerForwardsElsewhere, "{plan:?}");
}

#[test]
fn the_last_route_that_fits_is_still_made() {
    let binding = world::binding(Generation::Upgraded);
    let mut topology = world::topology(Generation::Upgraded);
    let table = vpc(&mut topology, "vpc-2").tables.values_mut().next().unwrap();
    let mut route = table.routes[0].clone();
    route.kind = VpcRouteType::Custom;
    for number in 0..199_u8 {
        route.id = format!("rte-{number}").into();
        route.destination = format!("10.1.{number}.0/24").parse().unwrap();
        table.routes.push(route.clone());
    }
    let blocked = blocked_by(&binding, &topology, Code::RouteQuota);
    assert_eq!(blocked, ["route 172.16.6.0/24 of vpc-2 (vtb-vpc-2) to the transit router"], "two are wanted, one fits");
}

#[test]
fn a_member_of_ours_without_remote_ip_is_named() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    topology.servers.get_mut().unwrap()[0].remote = false;
    let plan = world::whole(&binding, &topology);
    assert_eq!(plan.changes, []);
    assert_eq!(plan.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::NotRemote]);
}

#[test]
fn removals_are_blocked_by_no_check() {
    let (binding, mut topology) = world::onboarded(Generation::Classic);
    load_balancer(&mut topology).locks = vec!["FinancialLocked".to_owned()];
    load_balancer(&mut topology).region = "cn-nowhere".into();
    topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap().clear();
    topology.released = ["i-1".into()].into();
    let deployment = world::deployment();
    let inputs = world::inputs(&deployment, &binding, &topology);
    let plan = plan::members(&inputs, &world::all_reachable(&topology));
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(change.is_open() && matches!(change.write, Write::RemoveServer { .. }), "{change:?}");
}

#[test]
fn a_warning_is_worth_knowing_and_an_error_stops_something() {
    assert_eq!(Code::GroupShared.severity(), Severity::Warning);
    assert_eq!(Code::CidrOverlap.severity(), Severity::Error);
    let listed = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning).count();
    assert!((10..Code::ALL.len() / 2).contains(&listed), "{listed}");
}

#[test]
fn an_attachment_or_connection_of_ours_that_the_binding_no_longer_describes_is_noted_and_nothing_is_rebuilt() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    assert_eq!(codes(&binding, &topology), []);
    let mut moved = binding.clone();
    moved.backends[0].attachment_vswitches = vec!["vsw-3".into(), "vsw-5".into()];
    let mut billed = binding.clone();
    billed.cen.bandwidth = Some(Bandwidth { package: None, pay_by_traffic: true, mbps: 10 });
    for changed in [&moved, &billed] {
        assert_eq!(codes(changed, &topology), [Code::AttachmentDiffers]);
        assert_eq!(world::whole(changed, &topology).changes, []);
    }
    // What others made need not be as the binding says.
    topology.vpc_attachments.get_mut().unwrap().iter_mut().for_each(|found| found.mark = None);
    assert!(!codes(&moved, &topology).contains(&Code::AttachmentDiffers));
}

#[test]
fn a_bandwidth_plan_that_is_locked_is_a_fault_of_the_connection_that_takes_from_it() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    topology.bandwidth_package.get_mut().unwrap().as_mut().unwrap().business_status = "FinancialLocked".into();
    assert_eq!(codes(&binding, &topology), [Code::BandwidthLocked]);
}

/// An instance that another backend of the binding selects is where it belongs, and no hint at what is wrong with this one.
#[test]
fn what_another_backend_selects_comes_near_to_nothing() {
    let (binding, mut topology) = two_backends();
    let selected = topology.instances["vpc-2"].get().unwrap()[0].id.clone();
    topology.instances.insert("vpc-3".into(), Known::Known(Vec::new().into()));
    let of = |instance: &str, vpc: &str| Elsewhere {
        instance: instance.into(),
        vpc: vpc.into(),
        region: "cn-hangzhou".into(),
    };
    let elsewhere = vec![of(selected.as_str(), "vpc-2"), of("i-lost", "vpc-9")];
    topology.context.elsewhere = [("vpc-3".into(), Known::Known(elsewhere))].into();
    let found = findings(&binding, &topology);
    let message = &found.iter().find(|finding| finding.reason.code == Code::NoneSelected).unwrap().reason.message;
    assert!(message.ends_with("has app=web: i-lost has them in vpc-9 (cn-hangzhou)."), "{message}");
}
