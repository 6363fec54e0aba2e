//! What reasons advise where their code's remedy does not fit everybody: it names what is there, and commands that can be run.

use onboarding::ids::{BindingName, RouteTableId};
use onboarding::topology::{Generation, Vpc};
use onboarding::{Binding, Code, Known, Reason, Topology, checks, plan};

use super::world;

/// The reason of this code that the checks find.
fn found(binding: &Binding, topology: &Topology, code: Code) -> Reason {
    let deployment = world::deployment();
    let all = checks::check(&world::inputs(&deployment, binding, topology));
    let mut reasons = all.iter().map(|finding| &finding.reason);
    reasons.find(|reason| reason.code == code).unwrap().clone()
}

/// The orphan among the findings of a plan.
fn orphan(binding: &Binding, topology: &Topology) -> Reason {
    let whole = world::whole(binding, topology);
    let deployment = world::deployment();
    let pruned = plan::prune(&world::inputs(&deployment, binding, topology), &[], &[BindingName::from("web")]);
    let mut all = whole.findings.into_iter().chain(pruned.findings);
    all.find(|finding| finding.code == Code::Orphan).unwrap()
}

#[test]
fn what_a_binding_left_is_taken_away_by_its_own_name() {
    let (binding, topology) = world::onboarded(Generation::Upgraded);
    let left_by = |name: &str| {
        let mut topology = topology.clone();
        let mut left = topology.servers.get().unwrap()[0].clone();
        left.address = [192, 168, 7, 77].into();
        left.description = format!("albridge/prod/{name}/i-77");
        topology.servers.get_mut().unwrap().push(left);
        orphan(&binding, &topology)
    };
    let shop = left_by("shop");
    assert!(shop.remedy().contains("`albridge teardown shop --was FILE`"), "{shop}");
    // Anybody may write a description: what no binding may be called is put into no command.
    let hostile = left_by("$(reboot)");
    assert_eq!((hostile.remedy(), hostile.message.contains("$(reboot)")), (Code::Orphan.remedy(), true), "{hostile}");
    for remedy in [shop.remedy(), Code::Orphan.remedy()] {
        assert!(!remedy.contains("BINDING"), "{remedy}");
    }
}

#[test]
fn an_attachment_in_one_zone_is_advised_by_whose_it_is() {
    let (binding, topology) = world::onboarded(Generation::Upgraded);
    let remedy = |mark: Option<&str>| {
        let mut topology = topology.clone();
        let attachment =
            topology.vpc_attachments.get_mut().unwrap().iter_mut().find(|found| found.vpc.as_str() == "vpc-2");
        let attachment = attachment.unwrap();
        attachment.zones = [("cn-hangzhou-h".into(), "vsw-3".into())].into();
        attachment.mark = mark.map(str::to_owned);
        found(&binding, &topology, Code::AttachmentZones).remedy().to_owned()
    };
    let ours = remedy(Some("prod/-/vpc-attachment"));
    assert!(ours.contains("attachmentVswitches in the binding") && !ours.contains("others"), "{ours}");
    assert!(remedy(None).contains("what others made is not altered"), "{}", remedy(None));
}

#[test]
fn others_in_a_security_group_are_counted_in_the_sentence() {
    let (binding, topology) = world::onboarded(Generation::Upgraded);
    let message = |count: u8| {
        let mut topology = topology.clone();
        let instances = topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap();
        for number in 0..count {
            let mut other = world::instance(100 + number);
            other.tags.clear();
            instances.push(other);
        }
        found(&binding, &topology, Code::GroupShared).message
    };
    assert_eq!(message(1), "i-100 in sg-2 is no backend of web.");
    assert_eq!(message(2), "i-100 and 1 more in sg-2 are no backends of web.");
}

#[test]
fn a_custom_route_table_is_advised_by_whose_vswitch_it_is() {
    let remedy = |generation, vpc: &str, vswitch: &str| {
        let (binding, mut topology) = world::onboarded(generation);
        let vpc: &mut Vpc = topology.vpcs.get_mut(vpc).and_then(Known::get_mut).unwrap().as_mut().unwrap();
        let mut table = vpc.system_table().unwrap().clone();
        let id = RouteTableId::from("vtb-own");
        (table.id, table.system) = (id.clone(), false);
        vpc.tables.insert(id.clone(), table);
        vpc.vswitches.get_mut(vswitch).unwrap().table = Some(id);
        found(&binding, &topology, Code::CustomRouteTable).remedy().to_owned()
    };
    for generation in [Generation::Upgraded, Generation::Classic] {
        let front = remedy(generation, "vpc-1", "vsw-2");
        assert!(front.contains("vsw-2") && front.contains("load balancer") && !front.contains("upgraded"), "{front}");
    }
    let backend = remedy(Generation::Classic, "vpc-2", "vsw-4");
    assert!(backend.contains("vsw-4") && backend.contains("use an upgraded ALB"), "{backend}");
}
