//! What members of other server groups need stays, at a teardown as when prune takes what nobody wants.

use onboarding::change::Write;
use onboarding::topology::context::Served;
use onboarding::topology::{AttachmentRef, Generation};
use onboarding::{Change, Code, Known, Plan};

use super::prune::prune;
use super::teardown::{drained, kept, teardown};
use super::world;

/// A member of a server group that was made for no binding of the store, as another deployment or a person registers it.
fn served(address: &str, port: u16) -> Served {
    Served {
        group: "sgp-other".into(),
        name: "other".to_owned(),
        address: address.parse().unwrap(),
        ports: [port].into(),
    }
}

/// Another deployment found the ways there, and its members are reached over them.
#[test]
fn what_members_of_other_groups_need_stays_with_their_name() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, mut topology) = drained(generation);
        let goes = teardown(&binding, &topology);
        let written = |plan: &Plan, part: &str| {
            plan.changes.iter().map(|change| change.write.to_string()).filter(|what| what.contains(part)).count()
        };
        // In the ALB's own VPC, or in none of the binding's, nothing of it is needed.
        for elsewhere in ["172.16.0.9", "10.9.0.9"] {
            topology.context.served = Known::Known(vec![served(elsewhere, 80)]);
            assert_eq!(teardown(&binding, &topology).changes, goes.changes, "{elsewhere}");
        }
        // At the address of an instance, or at one that nobody has, of the same vSwitch.
        for address in ["192.168.7.10", "192.168.7.99"] {
            topology.context.served = Known::Known(vec![served(address, 80)]);
            let plan = teardown(&binding, &topology);
            assert_eq!(
                written(&plan, "route ") + written(&plan, "detach") + written(&plan, "disconnect"),
                0,
                "{plan:#?}"
            );
            assert!(written(&goes, "route ") > 1 && written(&plan, "revoke") == 0 && written(&goes, "revoke") > 0);
            let told = plan.findings.iter().filter(|found| found.message.contains("server group sgp-other (other)"));
            assert!(told.count() >= 6, "{:#?}", plan.findings);
            // At another port its rules are of no use.
            topology.context.served = Known::Known(vec![served(address, 8080)]);
            assert_eq!(written(&teardown(&binding, &topology), "revoke"), written(&goes, "revoke"));
        }
        topology.context.served = Known::Failed("ListServerGroupServers: Throttling".to_owned());
        let plan = teardown(&binding, &topology);
        let ways = plan
            .changes
            .iter()
            .filter(|change| !matches!(change.write, Write::DeleteListener { .. } | Write::RemoveServerGroup { .. }));
        assert!(ways.clone().count() > 4 && ways.into_iter().all(|change| !change.is_open()), "{plan:#?}");
    }
}

/// What leads to a region or a VPC without such members is of no use to them.
#[test]
fn members_of_other_groups_keep_only_the_ways_to_their_vpc() {
    let (mut binding, mut topology) = drained(Generation::Upgraded);
    let (region, vpc) = ("cn-shanghai", "vpc-3");
    let mut backend = binding.backends[0].clone();
    (backend.region, backend.vpc) = (region.into(), vpc.into());
    binding.backends.push(backend);
    let mut far = topology.vpc(&"vpc-2".into()).unwrap().clone();
    (far.id, far.region, far.cidrs) = (vpc.into(), region.into(), vec!["10.3.0.0/16".parse().unwrap()]);
    far.tables.clear();
    topology.vpcs.insert(vpc.into(), Known::Known(Some(far)));
    topology.transit_routers.insert(region.into(), Known::Known(None));
    topology.instances.insert(vpc.into(), Known::Known(Vec::new().into()));
    let mut attachment = topology.vpc_attachment(&"vpc-2".into()).unwrap().clone();
    (attachment.id, attachment.region, attachment.vpc) = ("tr-attach-far".into(), region.into(), vpc.into());
    topology.vpc_attachments.get_mut().unwrap().push(attachment);
    let mut peer = topology.peer_attachments.get().unwrap()[0].clone();
    (peer.id, peer.regions) = ("tr-attach-peer-far".into(), ("cn-chengdu".into(), region.into()));
    topology.peer_attachments.get_mut().unwrap().push(peer);

    let id = |of: &AttachmentRef| topology.resolve(of).unwrap().to_string();
    let near = id(&AttachmentRef::Vpc { vpc: "vpc-2".into() });
    let home = id(&AttachmentRef::Vpc { vpc: "vpc-1".into() });
    let peer = id(&AttachmentRef::Peer { from: "cn-chengdu".into(), to: "cn-hangzhou".into() });
    let mut topology = topology.clone();
    topology.context.served = Known::Known(vec![served("192.168.7.10", 80)]);
    let plan = teardown(&binding, &topology);
    let stays = |id: &str| kept(&plan).contains(&id);
    assert!(stays(&near) && stays(&home) && stays(&peer), "{plan:#?}");
    assert!(!stays("tr-attach-far") && !stays("tr-attach-peer-far"), "{plan:#?}");
    topology.context.served = Known::Known(vec![served("10.3.7.10", 80)]);
    let plan = teardown(&binding, &topology);
    let stays = |id: &str| kept(&plan).contains(&id);
    assert!(stays("tr-attach-far") && stays("tr-attach-peer-far") && stays(&home), "{plan:#?}");
    assert!(!stays(&near) && !stays(&peer), "{plan:#?}");
}

/// A member of another server group, as another deployment registers it: it came over the ways that this one made.
#[test]
fn ways_to_members_of_other_groups_stay_until_those_have_left() {
    for generation in [Generation::Upgraded, Generation::Classic] {
        let (binding, mut topology) = world::onboarded(generation);
        let instances = topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap();
        instances.iter_mut().for_each(|instance| instance.tags.clear());
        topology.servers.get_mut().unwrap().clear();
        let all = prune(&binding, &topology).changes;
        assert!(all.len() >= 5, "{all:#?}");

        topology.context.served = Known::Failed("ListServerGroupServers: Throttling".to_owned());
        let plan = prune(&binding, &topology);
        assert!(plan.changes.is_empty() && plan.findings.iter().any(|found| found.code == Code::Unread), "{plan:#?}");

        topology.context.served = Known::Known(vec![served("192.168.7.10", 80)]);
        let left = prune(&binding, &topology).changes;
        let toward_it = |change: &Change| change.write.to_string().contains("192.168.7.0/24");
        assert!(!left.iter().any(toward_it) && all.iter().any(toward_it), "{left:#?}");
        assert!(left.iter().all(|change| change.write.to_string().contains("192.168.8.0/24")), "{left:#?}");
        topology.context.served = Known::Known(vec![served("10.9.0.9", 80)]);
        assert_eq!(prune(&binding, &topology).changes, all, "in none of its VPCs it needs nothing of the binding");
    }
}
