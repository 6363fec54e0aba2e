//! The faults of all members and instances at once: each of several is told, of whom it is and what becomes of the requests.

use std::collections::BTreeMap;

use onboarding::causes::{Effect, InstanceFault, Mend};
use onboarding::reason::Code;
use onboarding::topology::Generation::{Classic, Upgraded};
use onboarding::topology::{
    Endpoint, Generation, Health, Instance, InstanceStatus, Known, ListenerStatus, LoadBalancerZone, RuleSource,
    Server, VpcRouteTable,
};
use onboarding::{Deployment, Topology};
use reachability::Wish;

use crate::world::{FAR, World, instance, known};

/// A served world with its zones and instances, as a reading of everything sees it.
fn served(generation: Generation) -> World {
    let mut world = World::served(generation);
    let binding = world.binding.as_mut().unwrap();
    binding.alb.generation = Some(generation);
    if generation == Classic {
        let cidrs = serde_json::json!({ "cidrs": world.sources });
        binding.back_to_origin = Some(serde_json::from_value(cidrs).unwrap());
    }
    let zones = ["vpc-1-vsw-0", "vpc-1-vsw-1"].map(|vswitch| LoadBalancerZone {
        zone: format!("zone-of-{vswitch}").as_str().into(),
        vswitch: vswitch.into(),
        local_addresses: Vec::new(),
    });
    world.topology.load_balancer.get_mut().unwrap().as_mut().unwrap().zones = zones.into();
    let only = vec![world.instance.clone()];
    world.topology.instances.insert("vpc-2".into(), known(only.into()));
    world
}

fn faults(world: &World) -> Vec<InstanceFault> {
    let (deployment, binding) = (Deployment::new("prod"), world.binding.as_ref().unwrap());
    reachability::faults(&world.topology, Wish { deployment: &deployment, binding })
}

fn codes(world: &World) -> Vec<Code> {
    faults(world).into_iter().map(|fault| fault.reason.code).collect()
}

fn instances(topology: &mut Topology) -> &mut Vec<Instance> {
    topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap()
}

fn member(last: u8) -> Server {
    Server {
        address: [192, 168, 7, last].into(),
        port: 80,
        weight: 100,
        remote: true,
        status: "Available".into(),
        description: String::new(),
    }
}

fn ill(world: &mut World, last: u8, status: &str) {
    let endpoint = Endpoint { address: [192, 168, 7, last].into(), port: 80 };
    let health = Health { status: status.into(), reason: "CONNECT_TIMEOUT".to_owned() };
    world.topology.unhealthy.get_mut().unwrap().insert(endpoint, health);
}

#[test]
fn a_world_that_works_has_none() {
    for generation in [Upgraded, Classic] {
        assert_eq!(codes(&served(generation)), []);
    }
}

/// Two faults at once: whoever mends the one has to know of the other.
#[test]
fn a_fault_in_front_hides_none_of_the_member_or_its_way() {
    let mut world = served(Upgraded);
    world.listener().status = ListenerStatus::Stopped;
    assert_eq!(codes(&world), [Code::ListenerStopped]);

    let mut stopped = world.clone();
    instances(&mut stopped.topology)[0].status = InstanceStatus::Stopped;
    assert_eq!(codes(&stopped), [Code::ListenerStopped, Code::NotRunning]);

    let mut light = world.clone();
    light.servers()[0].weight = 0;
    assert_eq!(codes(&light), [Code::ListenerStopped, Code::NoWeight]);

    // It is kept from being served by both.
    world.rules().clear();
    assert_eq!(codes(&world), [Code::NotAllowed, Code::ListenerStopped]);
}

#[test]
fn of_what_is_gone_in_front_both_are_told() {
    let mut world = served(Upgraded);
    world.topology.listeners = known(Vec::new());
    world.topology.server_groups = known(Vec::new());
    world.topology.servers = Known::nothing_to_read("there is no server group yet");
    assert_eq!(codes(&world), [Code::ListenerMissing, Code::ServerGroupMissing]);
    // Before the first run there is no way either, and the plan says what it makes.
    world.rules().clear();
    assert_eq!(codes(&world), [Code::NotAllowed]);
}

#[test]
fn a_member_that_no_instance_stands_behind_is_told_by_its_address() {
    let mut world = served(Upgraded);
    world.servers().push(member(99));
    assert_eq!(codes(&world), []);
    ill(&mut world, 99, "Unhealthy");
    let found = faults(&world);
    let [fault] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((fault.reason.code, fault.reason.resource.as_str()), (Code::Unhealthy, "192.168.7.99:80"));
    assert_eq!((&fault.instance, &fault.effect), (&None, &Effect::NotHealthy));
    assert!(fault.reason.message.contains("which others registered, is Unhealthy (CONNECT_TIMEOUT)"), "{fault:#?}");
    let Mend::Person { task } = &fault.mend else { panic!("{fault:#?}") };
    assert!(task.contains("take it out of sgp-1") && task.contains("RemoveServersFromServerGroup"), "{task}");

    // Of an instance that the binding does not select, the same, with its name.
    instances(&mut world.topology).push(instance("i-other", "192.168.7.99"));
    assert_eq!(faults(&world)[0].instance, Some("i-other".into()));

    // What is on its way out passes.
    world.servers()[1].status = "Removing".into();
    let found = faults(&world);
    assert_eq!(found[0].reason.message, "Member 192.168.7.99:80 is Removing.");
    assert!(matches!(found[0].mend, Mend::Time { .. }), "{found:#?}");
}

#[test]
fn a_leaver_is_the_plans_to_tell_of() {
    let mut world = served(Upgraded);
    let drains = "albridge/prod/web/i-9/drain-1795334400".to_owned();
    world.servers().push(Server { description: drains, ..member(99) });
    ill(&mut world, 99, "Unhealthy");
    assert_eq!(codes(&world), []);
    // Its instance is released, or it is not selected any more: runs take it out.
    world.servers()[1].description = "albridge/prod/web/i-9".to_owned();
    world.topology.released.insert("i-9".into());
    let told = |world: &World| {
        let [fault] = faults(world).try_into().unwrap();
        let address = "192.168.7.99".parse().unwrap();
        assert_eq!(fault.mend, Mend::Removal { address, port: 80 });
        assert_eq!((fault.instance, fault.address), (Some("i-9".into()), Some(address)));
        (fault.reason.code, fault.reason.message)
    };
    let released = "i-9 is released, and its member 192.168.7.99:80 is still registered.";
    assert_eq!(told(&world), (Code::NotRunning, released.to_owned()));
    // It has moved.
    world.topology.released.clear();
    instances(&mut world.topology).push(Instance { tags: BTreeMap::new(), ..instance("i-9", "192.168.7.98") });
    let moved =
        "Member 192.168.7.99:80, registered for i-9, is Unhealthy (CONNECT_TIMEOUT): i-9 has another address now.";
    assert_eq!(told(&world), (Code::Unhealthy, moved.to_owned()));
}

/// What is the same on many instances has one sentence for all of them: the port is in it, the instances are not.
#[test]
fn tasks_of_one_kind_have_one_sentence_for_all() {
    let mut world = served(Upgraded);
    ill(&mut world, 10, "Unhealthy");
    world.servers().push(member(99));
    let like = Instance { tags: world.instance.tags.clone(), ..instance("i-9", "192.168.7.99") };
    instances(&mut world.topology).push(like);
    ill(&mut world, 99, "Unhealthy");
    let found = faults(&world);
    let [one, other] = found.as_slice() else { panic!("{found:#?}") };
    assert_ne!(one.mend, other.mend);
    let of = |fault: &InstanceFault| fault.together.as_deref().map(|of| (of.task.clone(), of.who.clone())).unwrap();
    let (task, who) = of(one);
    assert!(
        task.contains("the service on {}: the way") && task.contains("port 80 does not answer (CONNECT_TIMEOUT)"),
        "{task}"
    );
    assert_eq!((who.as_str(), of(other)), ("i-1", (task, "i-9".to_owned())));
    instances(&mut world.topology)[0].status = "Stopped".into();
    assert_eq!(of(&faults(&world)[0]), ("Start {} (StartInstance).".to_owned(), "i-1".to_owned()));
    // One route, and what takes time, is nobody's by itself.
    world.rules().clear();
    assert_eq!(faults(&world)[0].together, None);
}

#[test]
fn what_becomes_of_requests_is_told_as_it_is() {
    let effects = |world: &World| faults(world).into_iter().map(|fault| fault.effect).collect::<Vec<_>>();
    let mut world = served(Upgraded);
    ill(&mut world, 10, "Unhealthy");
    assert_eq!(effects(&world), [Effect::NotHealthy]);

    // The health check asks a port that no rule accepts.
    let mut world = served(Upgraded);
    world.binding.as_mut().unwrap().server_group.health_check.port = 8081;
    assert_eq!(effects(&world), [Effect::Ports(vec![8081])]);

    // One of the two prefixes that the load balancer sends from is accepted.
    let mut world = served(Upgraded);
    world.rules().truncate(1);
    assert!(matches!(world.rules()[0].source, RuleSource::Cidr(_)));
    assert_eq!(effects(&world), [Effect::InPart]);

    world.rules().clear();
    assert_eq!(effects(&world), [Effect::NotServed]);
}

#[test]
fn the_table_in_which_packets_end_is_told() {
    let mut world = served(Classic);
    let own = VpcRouteTable { id: "vtb-own".into(), system: false, routes: Vec::new() };
    let vpc = world.vpc("vpc-2");
    vpc.tables.insert("vtb-own".into(), own);
    vpc.vswitches.values_mut().for_each(|vswitch| vswitch.table = Some("vtb-own".into()));
    let found = faults(&world);
    assert_eq!((found[0].reason.code, &found[0].table), (Code::Blackhole, &Some("vtb-own".into())));
}

/// A table that learns nothing does so because of what is missing where it would be taught.
#[test]
fn what_is_missing_far_away_is_the_fault_and_not_that_it_is_not_learned() {
    let mut world = served(Upgraded);
    for region in ["cn-chengdu", "cn-hangzhou"] {
        world.table(region).routes.retain(|route| route.destination.to_string() != "192.168.7.0/24");
    }
    let mut detached = world.clone();
    detached.attachments().retain(|attachment| attachment.id.as_str() != FAR);
    detached.routes("vpc-2").retain(|route| route.id.as_str() != "rte-172.16.0.0/24");
    let first = &faults(&detached)[0].reason;
    assert_eq!((first.code, first.resource.as_str()), (Code::NotAttached, "vpc-2"));

    drop(world.table("cn-hangzhou").propagations.remove(FAR));
    let first = &faults(&world)[0].reason;
    assert_eq!((first.code, first.resource.as_str()), (Code::NotLearned, "vtb-tr-2"));
    assert!(first.message.ends_with("tr-attach-2 does not propagate to it."), "{first:?}");

    drop(world.table("cn-hangzhou").associations.remove("tr-attach-peer"));
    assert_eq!(faults(&world)[0].reason.code, Code::NotAssociated);
}
