//! Everything up to the members.

use onboarding::binding::Provision;
use onboarding::change::{StageName, Write};
use onboarding::topology::{
    AttachmentStatus, Generation, NextHop, RuleSource, SecurityRule, VpcRoute, VpcRouteStatus, VpcRouteType,
};
use onboarding::{Code, Known, Topology, plan};

use super::world;

const BOTH: [Generation; 2] = [Generation::Upgraded, Generation::Classic];

fn stages(plan: &onboarding::Plan) -> Vec<StageName> {
    let mut stages: Vec<_> = plan.changes.iter().map(|change| change.stage).collect();
    stages.dedup();
    stages
}

#[test]
fn from_nothing_every_stage_has_its_part() {
    for generation in BOTH {
        let plan = world::whole(&world::binding(generation), &world::topology(generation));
        use StageName as S;
        let all = [
            S::ServerGroup,
            S::Listener,
            S::VpcAttachments,
            S::PeerAttachment,
            S::VpcRoutes,
            S::BackToOrigin,
            S::SecurityRules,
            S::BackendServers,
        ];
        assert_eq!(stages(&plan), all, "{generation:?}");
        assert!(plan.changes.iter().all(onboarding::Change::is_open), "{plan:?}");
        assert_eq!(plan.findings, []);
    }
}

#[test]
fn what_a_plan_made_needs_no_second_plan() {
    for generation in BOTH {
        let (binding, topology) = world::onboarded(generation);
        assert_eq!(world::whole(&binding, &topology), onboarding::Plan::default(), "{generation:?}");
    }
}

#[test]
fn only_exact_prefixes_are_routed() {
    let plan = world::whole(&world::binding(Generation::Upgraded), &world::topology(Generation::Upgraded));
    let routes: Vec<_> = plan
        .changes
        .iter()
        .filter_map(|change| match &change.write {
            Write::AddVpcRoute { vpc, destination, .. } => Some(format!("{vpc} {destination}")),
            _ => None,
        })
        .collect();
    assert_eq!(routes, ["vpc-1 192.168.7.0/24", "vpc-2 172.16.0.0/24", "vpc-2 172.16.6.0/24"]);
    assert!(!plan.changes.iter().any(|change| matches!(change.write, Write::AddTransitRoute { .. })));
}

#[test]
fn a_classic_alb_needs_the_transit_routers_static_routes() {
    let plan = world::whole(&world::binding(Generation::Classic), &world::topology(Generation::Classic));
    let statics = plan.changes.iter().filter(|change| matches!(change.write, Write::AddTransitRoute { .. })).count();
    assert_eq!(statics, 2, "one for each back-to-origin prefix");
}

#[test]
fn a_classic_alb_without_its_prefixes_is_named() {
    let mut binding = world::binding(Generation::Classic);
    binding.back_to_origin = None;
    let plan = world::whole(&binding, &world::topology(Generation::Classic));
    assert!(plan.findings.iter().any(|finding| finding.code == Code::BackToOriginMissing));
}

#[test]
fn unapproved_attachments_block_what_stands_on_them_and_nothing_else() {
    let mut binding = world::binding(Generation::Upgraded);
    binding.provision = Provision::Approved;
    let plan = world::whole(&binding, &world::topology(Generation::Upgraded));
    for change in &plan.changes {
        let codes: Vec<_> = change.blocked.iter().map(|reason| reason.code).collect();
        match &change.write {
            Write::AttachVpc { .. } | Write::Connect { .. } => {
                assert_eq!(codes, [Code::NotApproved], "{}", change.write);
            }
            Write::Associate { .. } | Write::Propagate { .. } | Write::AddVpcRoute { .. } => {
                assert_eq!(codes, [Code::Waits], "{}", change.write);
            }
            _ => assert!(change.is_open(), "{}", change.write),
        }
    }
}

/// Either is a yes: a person's to this plan, or the binding's to every plan.
#[test]
fn what_costs_money_is_made_with_a_yes_only() {
    for (provision, approved, open) in [
        (Provision::Approved, false, false),
        (Provision::Approved, true, true),
        (Provision::Auto, false, true),
        (Provision::Auto, true, true),
    ] {
        let mut binding = world::binding(Generation::Upgraded);
        binding.provision = provision;
        let (deployment, topology) = (world::deployment(), world::topology(Generation::Upgraded));
        let inputs = onboarding::Inputs { approved, ..world::inputs(&deployment, &binding, &topology) };
        let plan = plan::network(&inputs);
        let paid =
            |change: &&onboarding::Change| matches!(change.write, Write::AttachVpc { .. } | Write::Connect { .. });
        let paid: Vec<_> = plan.changes.iter().filter(paid).collect();
        assert_eq!(paid.len(), 3, "{plan:#?}");
        assert!(paid.iter().all(|change| change.is_open() == open), "{provision:?}, {approved}: {plan:#?}");
        let group = plan.changes.iter().find(|change| matches!(change.write, Write::CreateServerGroup { .. }));
        assert!(group.unwrap().is_open(), "what costs nothing needs none");
    }
}

#[test]
fn additions_to_an_adopted_attachment_need_a_yes() {
    let (mut binding, mut topology) = world::onboarded(Generation::Upgraded);
    binding.provision = Provision::Approved;
    let attachment = topology.vpc_attachments.get_mut().unwrap().first_mut().unwrap();
    attachment.mark = None;
    let id = attachment.id.clone();
    let router = topology.transit_routers.get_mut("cn-chengdu").unwrap().get_mut().unwrap().as_mut().unwrap();
    router.tables.values_mut().for_each(|table| {
        table.propagations.remove(&id);
    });
    let plan = world::whole(&binding, &topology);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert!(matches!(change.write, Write::Propagate { .. }));
    assert_eq!(change.blocked.first().map(|reason| reason.code), Some(Code::NotApproved));
}

#[test]
fn a_failed_check_blocks_only_what_depends_on_it() {
    let binding = world::binding(Generation::Upgraded);
    let mut topology = world::topology(Generation::Upgraded);
    let vpc = topology.vpcs.get_mut("vpc-1").unwrap().get_mut().unwrap().as_mut().unwrap();
    vpc.vswitches.get_mut("vsw-1").unwrap().free_addresses = 0;
    let plan = world::whole(&binding, &topology);
    for change in &plan.changes {
        let codes: Vec<_> = change.blocked.iter().map(|reason| reason.code).collect();
        match &change.write {
            Write::AttachVpc { vpc, .. } if vpc.as_str() == "vpc-1" => assert_eq!(codes, [Code::VSwitchFull]),
            // What costs money waits: without the ALB's attachment nothing can come of it.
            Write::AttachVpc { .. } | Write::Connect { .. } => assert_eq!(codes, [Code::Waits]),
            Write::CreateServerGroup { .. } | Write::CreateListener { .. } | Write::AllowIngress { .. } => {
                assert_eq!(codes, []);
            }
            _ => {}
        }
    }
}

#[test]
fn a_route_that_leads_elsewhere_is_reported_and_left() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let vpc = topology.vpcs.get_mut("vpc-1").unwrap().get_mut().unwrap().as_mut().unwrap();
    for route in vpc.tables.values_mut().flat_map(|table| &mut table.routes) {
        if route.kind == VpcRouteType::Custom {
            route.next_hop = NextHop::Other("NatGateway ngw-1".to_owned());
        }
    }
    let plan = world::whole(&binding, &topology);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(change.blocked.first().map(|reason| reason.code), Some(Code::RouteConflict));
}

#[test]
fn a_wider_route_of_somebody_elses_does_the_job() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let hop = NextHop::Attachment(topology.vpc_attachment(&"vpc-1".into()).unwrap().id.clone());
    let vpc = topology.vpcs.get_mut("vpc-1").unwrap().get_mut().unwrap().as_mut().unwrap();
    let table = vpc.tables.values_mut().next().unwrap();
    table.routes.retain(|route| route.kind != VpcRouteType::Custom);
    table.routes.push(VpcRoute {
        id: "rte-wide".into(),
        destination: "192.168.0.0/16".parse().unwrap(),
        next_hop: hop,
        status: VpcRouteStatus::Available,
        kind: VpcRouteType::Custom,
        name: String::new(),
        description: String::new(),
    });
    assert_eq!(world::whole(&binding, &topology).changes, []);
}

#[test]
fn a_drop_that_shadows_is_reported_not_overridden() {
    let binding = world::binding(Generation::Upgraded);
    let mut topology = world::topology(Generation::Upgraded);
    let group = topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    group.rules.push(SecurityRule {
        id: "sgr-drop".into(),
        protocol: "ALL".to_owned(),
        ports: None,
        source: RuleSource::Cidr("172.16.0.0/24".parse().unwrap()),
        accept: false,
        priority: 1,
        description: String::new(),
    });
    let plan = world::whole(&binding, &topology);
    assert!(plan.findings.iter().any(|finding| finding.code == Code::RuleShadowed && finding.resource == "sgr-drop"));
    let rules = plan.changes.iter().find_map(|change| match &change.write {
        Write::AllowIngress { rules, .. } => Some(rules.clone()),
        _ => None,
    });
    let sources: Vec<_> = rules.unwrap().iter().map(|rule| rule.source.to_string()).collect();
    assert_eq!(sources, ["172.16.6.0/24"], "the other prefix is not shadowed");
}

#[test]
fn a_missing_rule_comes_back_alone() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    let group = topology.security_groups.get_mut("sg-2").unwrap().get_mut().unwrap().as_mut().unwrap();
    group.rules.pop();
    let plan = world::whole(&binding, &topology);
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(change.stage, StageName::SecurityRules);
}

#[test]
fn what_could_not_be_read_is_never_taken_for_absent() {
    let binding = world::binding(Generation::Upgraded);
    let complete = world::topology(Generation::Upgraded);
    let unread = || Known::Failed("the call failed".to_owned());
    let mut topology = complete.clone();
    topology.server_groups = Known::Failed("the call failed".to_owned());
    let plan = world::whole(&binding, &topology);
    assert!(
        !plan
            .changes
            .iter()
            .any(|change| matches!(change.write, Write::CreateServerGroup { .. } | Write::AddServer { .. }))
    );
    assert!(plan.findings.iter().any(|finding| finding.code == Code::Unread));

    let mut topology = complete.clone();
    topology.vpc_attachments = Known::Failed("the call failed".to_owned());
    let plan = world::whole(&binding, &topology);
    assert!(!plan.changes.iter().any(|change| matches!(change.write, Write::AttachVpc { .. })));

    let mut topology = complete;
    topology.load_balancer = unread();
    let deployment = world::deployment();
    assert_eq!(plan::network(&world::inputs(&deployment, &binding, &topology)).changes, []);
}

#[test]
fn what_nobody_asked_for_is_planned_without_a_word() {
    let binding = world::binding(Generation::Upgraded);
    let deployment = world::deployment();
    let nothing = Topology::default();
    let plan = plan::network(&world::inputs(&deployment, &binding, &nothing));
    assert_eq!((plan.changes, plan.findings), (vec![], vec![]));
    // A part that could not be read is reported beside parts that were not asked for.
    let topology = Topology { load_balancer: Known::Failed("Forbidden.RAM".to_owned()), ..nothing };
    let plan = plan::network(&world::inputs(&deployment, &binding, &topology));
    let codes: Vec<_> = plan.findings.iter().map(|finding| finding.code).collect();
    assert_eq!((plan.changes, codes), (vec![], vec![Code::Unread]));
}

#[test]
fn what_is_on_its_way_counts_as_there_for_what_is_planned() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    for attachment in topology.vpc_attachments.get_mut().unwrap() {
        attachment.status = "Attaching".into();
    }
    let deployment = world::deployment();
    let later = plan::project(&world::inputs(&deployment, &binding, &topology), &[]);
    assert!(
        later.vpc_attachments.get().unwrap().iter().all(|attachment| attachment.status == AttachmentStatus::Attached)
    );
}

/// Somebody has moved the backend VPC's attachment to a table of its own, which learns what the connection teaches.
#[test]
fn an_attachment_does_not_propagate_into_a_table_that_only_its_own_packets_are_looked_up_in() {
    for generation in BOTH {
        let (binding, mut topology) = world::onboarded(generation);
        let far = topology.vpc_attachment(&"vpc-2".into()).unwrap().id.clone();
        let router = topology.transit_routers.get_mut("cn-hangzhou").unwrap().get_mut().unwrap().as_mut().unwrap();
        let system = router.tables.values_mut().next().unwrap();
        let mut own = onboarding::topology::TransitTable { id: "vtb-own".into(), system: false, ..system.clone() };
        system.associations.remove(&far);
        own.associations.retain(|attachment, _| *attachment == far);
        own.propagations.remove(&far);
        router.tables.insert(own.id.clone(), own);
        let plan = plan::network(&world::inputs(&world::deployment(), &binding, &topology));
        let links: Vec<_> =
            plan.changes.iter().filter(|change| matches!(change.write, Write::Propagate { .. })).collect();
        assert!(links.is_empty(), "{links:#?}");
    }
}
