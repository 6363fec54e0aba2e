//! Whether the load balancer sends requests to the backend at all: listener, server group, entry, weight and health.

use onboarding::binding::Ignorable;
use onboarding::inputs::Verdict;
use onboarding::reason::Code;
use onboarding::topology::Generation::Upgraded;
use onboarding::topology::{Endpoint, Health, InstanceStatus, Known, ListenerStatus, ServerStatus};
use reachability::{Fault, Hop, Remedy, Task};
use serde_json::{Value, json};

use crate::world::{World, known};

fn member() -> Endpoint {
    Endpoint { address: "192.168.7.10".parse().unwrap(), port: 80 }
}

fn fault(world: &World) -> Option<Fault> {
    world.explain().front.unwrap().fault
}

fn ill(world: &mut World, status: &str, reason: &str) {
    let health = Health { status: status.into(), reason: reason.to_owned() };
    world.topology.unhealthy.get_mut().unwrap().insert(member(), health);
}

#[test]
fn a_member_is_served_through_listener_group_and_entry() {
    let answer = World::served(Upgraded).explain();
    assert_eq!(answer.served, Verdict::Reachable);
    assert_eq!(
        answer.front.unwrap().to_string(),
        "lsn-1: HTTP listener on port 8443 is Running\n\
         sgp-1 (web-remote): forwarded to\n\
         sgp-1: 192.168.7.10:80 is Available, weight 100, Remote IP on\n"
    );
}

#[test]
fn without_a_binding_there_is_no_front() {
    let answer = World::complete(Upgraded).explain();
    assert_eq!(answer.front, None);
    assert_eq!(answer.served, answer.verdict);
}

type Change = fn(&mut World);

/// What is wrong, with which code, at which hop (none: before the first), and what puts it right.
fn cases() -> Vec<(&'static str, Code, Option<usize>, Value, Change)> {
    vec![
        ("load balancer locked", Code::AlbNotReady, None, json!({"by": "operator", "action": "unlock"}), |w| {
            w.topology.load_balancer.get_mut().unwrap().as_mut().unwrap().locks.push("overdue".to_owned());
        }),
        ("no load balancer", Code::AlbMissing, None, json!({"by": "operator", "action": "correctBinding"}), |w| {
            w.topology.load_balancer = known(None);
        }),
        (
            "no listener",
            Code::ListenerMissing,
            None,
            json!({"by": "albridge", "change": {"write": {"do": "createListener", "port": 8443}}}),
            |w| w.topology.listeners = known(Vec::new()),
        ),
        (
            "no listener, and one that needs a certificate",
            Code::ListenerMissing,
            None,
            json!({"by": "operator", "action": "createListener", "protocol": "HTTPS", "port": 8443}),
            |w| {
                w.topology.listeners = known(Vec::new());
                w.binding.as_mut().unwrap().listener.protocol = "HTTPS".to_owned();
            },
        ),
        (
            "listener stopped",
            Code::ListenerStopped,
            Some(0),
            json!({"by": "operator", "action": "startListener", "listener": "lsn-1"}),
            |w| w.listener().status = ListenerStatus::Stopped,
        ),
        (
            "no server group",
            Code::ServerGroupMissing,
            Some(0),
            json!({"by": "albridge", "change": {"stage": "server-group", "write": {"do": "createServerGroup", "vpc": "vpc-1"}}}),
            |w| w.topology.server_groups = known(Vec::new()),
        ),
        (
            "our listener forwards elsewhere",
            Code::ListenerForwardsElsewhere,
            Some(1),
            json!({"by": "albridge", "change": {"write": {"do": "forwardListener", "listener": "lsn-1"}}}),
            |w| w.listener().server_groups = vec!["sgp-9".into()],
        ),
        (
            "a listener of others forwards elsewhere",
            Code::ListenerForwardsElsewhere,
            Some(1),
            json!({"by": "operator", "action": "forwardListener", "listener": "lsn-1", "group": "sgp-1"}),
            |w| {
                w.listener().server_groups.clear();
                w.listener().mark = None;
            },
        ),
        (
            "no entry",
            Code::NotMember,
            Some(2),
            json!({"by": "albridge", "change": {"stage": "backend-servers", "write":
                {"do": "addServer", "instance": "i-1", "address": "192.168.7.10", "port": 80, "weight": 100}}}),
            |w| w.servers().clear(),
        ),
        (
            "no entry, nor the tags",
            Code::NotSelected,
            Some(2),
            json!({"by": "operator", "action": "tagInstance", "instance": "i-1"}),
            |w| {
                w.servers().clear();
                w.instance.tags.clear();
            },
        ),
        (
            "no entry, and stopped",
            Code::NotRunning,
            Some(2),
            json!({"by": "operator", "action": "startInstance", "instance": "i-1"}),
            |w| {
                w.servers().clear();
                w.instance.status = InstanceStatus::Stopped;
            },
        ),
        (
            "no Remote IP",
            Code::NotRemote,
            Some(2),
            json!({"by": "operator", "action": "removeMember", "group": "sgp-1", "member": "192.168.7.10:80"}),
            |w| w.servers()[0].remote = false,
        ),
        (
            "being added",
            Code::StillPending,
            Some(2),
            json!({"by": "time", "resource": "192.168.7.10:80", "status": "Adding"}),
            |w| w.servers()[0].status = ServerStatus::Adding,
        ),
        (
            "our entry without weight",
            Code::NoWeight,
            Some(2),
            json!({"by": "albridge", "change": {"write":
                {"do": "updateServer", "weight": 100, "state": {"is": "serving"}}}}),
            |w| {
                w.servers()[0].weight = 0;
                w.servers()[0].description = "albridge/prod/web/i-1/drain-1790000000".to_owned();
            },
        ),
        (
            "an entry of others without weight",
            Code::NoWeight,
            Some(2),
            json!({"by": "operator", "action": "giveWeight", "member": "192.168.7.10:80"}),
            |w| {
                w.servers()[0].weight = 0;
                w.servers()[0].description.clear();
            },
        ),
        ("not decided", Code::Unhealthy, Some(2), json!({"by": "time", "status": "Initial"}), |w| {
            ill(w, "Initial", "");
        }),
        (
            "port closed",
            Code::Unhealthy,
            Some(2),
            json!({"by": "operator", "action": "repairService", "instance": "i-1", "reason": "CONNECT_FAILED"}),
            |w| ill(w, "Unhealthy", "CONNECT_FAILED"),
        ),
    ]
}

/// Whether `whole` says everything that `part` says.
pub(crate) fn says(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| says(whole, part)))
        }
        _ => whole == part,
    }
}

#[test]
fn each_fault_of_the_front_is_named_where_it_lies_with_its_remedy() {
    for (what, code, hop, remedy, change) in cases() {
        let mut world = World::served(Upgraded);
        change(&mut world);
        let answer = world.explain();
        assert_eq!(answer.verdict, Verdict::Reachable, "{what}: the path is open all the same");
        assert!(matches!(&answer.served, Verdict::Unreachable(reason) if reason.code == code), "{what}: {answer:?}");
        let front = answer.front.unwrap();
        let fault = front.fault.unwrap();
        assert_eq!((fault.reason.code, fault.hop), (code, hop), "{what}");
        assert_eq!(front.hops.len(), hop.map_or(0, |hop| hop + 1), "{what}: it ends there");
        let told = serde_json::to_value(&fault.remedy).unwrap();
        assert!(says(&told, &remedy), "{what}: {told}");
    }
}

#[test]
fn who_is_no_member_yet_because_the_path_is_closed_is_told_so() {
    let mut world = World::served(Upgraded);
    world.servers().clear();
    world.rules().clear();
    let answer = world.explain();
    assert!(
        matches!(&answer.served, Verdict::Unreachable(reason) if reason.code == Code::NotAllowed),
        "the cause first"
    );
    let Remedy::Albridge { change } = answer.front.unwrap().fault.unwrap().remedy else { panic!("no change") };
    assert_eq!(change.blocked.iter().map(|reason| reason.code).collect::<Vec<_>>(), [Code::NotAllowed]);
}

#[test]
fn another_port_of_the_instance_is_another_member() {
    let mut world = World::served(Upgraded);
    world.ports = vec![8080];
    assert_eq!(fault(&world).map(|fault| fault.reason.resource).as_deref(), Some("192.168.7.10:8080"));
}

#[test]
fn what_was_not_read_of_the_front_is_not_claimed() {
    let forgotten: &[Change] = &[
        |w| w.topology.load_balancer = Known::default(),
        |w| w.topology.listeners = Known::default(),
        |w| w.topology.server_groups = Known::default(),
        |w| w.topology.servers = Known::default(),
        |w| w.topology.unhealthy = Known::default(),
    ];
    for forget in forgotten {
        let mut world = World::served(Upgraded);
        forget(&mut world);
        assert!(matches!(world.explain().served, Verdict::Undetermined(_)));
        let remedy = fault(&world).unwrap().remedy;
        assert!(matches!(remedy, Remedy::Operator(Task::LetRead { .. })), "{remedy:?}");
    }
}

#[test]
fn without_health_checks_nobody_is_unhealthy() {
    let mut world = World::served(Upgraded);
    ill(&mut world, "Unavailable", "");
    world.topology.server_groups.get_mut().unwrap()[0].settings.health_check.enabled = false;
    let answer = world.explain();
    assert_eq!(answer.served, Verdict::Reachable);
    assert!(matches!(&answer.front.unwrap().hops[2], Hop::Server { entry: Some(entry), .. } if entry.health.is_some()));
}

/// No run corrects what the binding leaves to others: its remedy is told where such a setting differs, and the member answers at all.
#[test]
fn a_setting_of_the_check_that_is_left_to_others_is_told_if_it_differs() {
    let told = |ignore: &[Ignorable], path: &str, reason: &str, is_ours: bool| {
        let mut world = World::served(Upgraded);
        ill(&mut world, "Unhealthy", reason);
        world.binding.as_mut().unwrap().server_group.ignore = ignore.to_vec();
        let group = &mut world.topology.server_groups.get_mut().unwrap()[0];
        group.settings.health_check.path = path.to_owned();
        group.mark = group.mark.take().filter(|_| is_ours);
        match fault(&world).unwrap().remedy {
            Remedy::Operator(task) => task.sentence(),
            other => other.to_string(),
        }
    };
    let ignore = [Ignorable::Weight, Ignorable::CheckPath, Ignorable::CheckHost];
    let named = told(&ignore, "/theirs", "RESPONSE_MISMATCH", true);
    assert_eq!(
        named,
        "Take healthCheck.path out of serverGroup.ignore in the binding, so that runs correct it; or correct it in sgp-1 by hand \
         (UpdateServerGroupAttribute)."
    );
    let same = told(&ignore, "/", "RESPONSE_MISMATCH", true);
    assert!(same.starts_with("Have the service on i-1 answer"), "{same}");
    let silent = told(&ignore, "/theirs", "CONNECT_FAILED", true);
    assert!(silent.starts_with("Start the service on i-1"), "{silent}");
    let theirs = told(&ignore, "/theirs", "RESPONSE_MISMATCH", false);
    assert!(theirs.starts_with("Make the health check of sgp-1 and"), "{theirs}");
    let corrected = told(&[], "/theirs", "RESPONSE_MISMATCH", true);
    assert!(corrected.starts_with("albridge can "), "{corrected}");
}
