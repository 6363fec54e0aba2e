//! What follows from what: the causes behind a plan, each once.

use onboarding::causes::{Causes, Effect, Hold, InstanceFault, Mend, NextRun, Together};
use onboarding::change::{Change, Leaving, StageName, Write};
use onboarding::ids::InstanceId;
use onboarding::mark::MemberState;
use onboarding::topology::context::Sibling;
use onboarding::topology::{Generation, NextHop, TransitRoute, TransitRouteStatus};
use onboarding::{Binding, Code, Known, Plan, Reason, Topology};

use super::world;

fn codes(causes: &Causes) -> Vec<Code> {
    causes.causes.iter().map(|cause| cause.reason.code).collect()
}

fn of(plan: &Plan, faults: &[InstanceFault]) -> Causes {
    Causes::of(&world::binding(Generation::Upgraded), plan, faults, NextRun::Writes)
}

/// The plan of any run: nobody approved anything.
fn unapproved() -> (Binding, Topology, Plan) {
    let mut binding = world::binding(Generation::Upgraded);
    binding.provision = onboarding::binding::Provision::Approved;
    let topology = world::topology(Generation::Upgraded);
    let plan = world::whole(&binding, &topology);
    (binding, topology, plan)
}

fn fault(code: Code, resource: &str, mend: Mend) -> InstanceFault {
    let reason = Reason::new(code, resource, format!("{resource} is in the way."));
    InstanceFault {
        instance: Some("i-1".into()),
        name: "ECS1".to_owned(),
        is_member: true,
        address: None,
        port: None,
        reason,
        table: None,
        effect: Effect::NotServed,
        mend,
        together: None,
    }
}

fn attach(vpc: &str) -> Mend {
    Mend::Change {
        write: Box::new(Write::AttachVpc { region: "cn-chengdu".into(), vpc: vpc.into(), zones: Vec::new() }),
    }
}

#[test]
fn a_yes_that_nobody_gave_is_one_cause_however_many_changes_wait_for_it() {
    let (_, _, plan) = unapproved();
    let causes = of(&plan, &[]);
    assert_eq!(codes(&causes), [Code::NotApproved]);
    let blocked = plan.changes.iter().filter(|change| !change.is_open()).count();
    assert!(blocked > 8, "{plan:#?}");
    assert_eq!((causes.waiting, causes.causes[0].changes.len()), (blocked, blocked));
    assert!(causes.causes[0].remedy.contains("`albridge apply web`"), "{:?}", causes.causes[0]);
}

#[test]
fn a_newcomers_fault_that_a_blocked_change_would_mend_follows_from_what_blocks_it() {
    let (_, _, plan) = unapproved();
    let newcomer = InstanceFault { is_member: false, ..fault(Code::NotAttached, "vpc-1", attach("vpc-1")) };
    let causes = of(&plan, &[newcomer]);
    assert_eq!(codes(&causes), [Code::NotApproved]);
    assert_eq!(causes.causes[0].instances[0].named(), "i-1 (ECS1)");
}

/// A member was served: what it lacks now is what is wrong, whoever has to say yes to it.
#[test]
fn what_a_member_lacks_for_want_of_a_yes_is_named_with_all_that_the_yes_is_for() {
    let (binding, _, plan) = unapproved();
    let lacking = [fault(Code::NotAttached, "vpc-1", attach("vpc-1"))];
    let causes = Causes::of(&binding, &plan, &lacking, NextRun::Writes);
    assert_eq!(codes(&causes), [Code::NotAttached]);
    let cause = &causes.causes[0];
    assert_eq!((cause.changes.len(), cause.by_run), (causes.waiting, false));
    assert_eq!(cause.instances[0].named(), "i-1 (ECS1)");
    assert!(cause.remedy.starts_with("Run `albridge apply web`, look, and say yes"), "{cause:#?}");
    assert!(cause.remedy.contains("attach vpc-1") && cause.remedy.ends_with("; and 1 more."), "{cause:#?}");
    // A pause is in the way of the yes as well.
    let hold = Hold::new(&binding.name, Reason::new(Code::ReadOnly, "web", "The store says paused."));
    let causes = Causes::of(&binding, &plan, &lacking, NextRun::Held(hold));
    assert_eq!(codes(&causes), [Code::NotApproved, Code::ReadOnly]);
}

#[test]
fn a_fault_that_an_open_change_mends_is_left_to_the_next_run() {
    let (binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let plan = world::whole(&binding, &topology);
    let member = fault(Code::NotAttached, "vpc-1", attach("vpc-1"));
    let causes = of(&plan, std::slice::from_ref(&member));
    assert!(causes.causes[0].by_run && causes.waiting == 0, "{causes:#?}");
    // Whoever is no member yet is what the plan is about.
    assert_eq!(codes(&of(&plan, &[InstanceFault { is_member: false, ..member }])), []);
}

#[test]
fn a_fault_that_only_a_person_mends_is_a_cause_with_their_task() {
    let task = "Let it pass.".to_owned();
    let causes = of(&Plan::default(), &[fault(Code::NetworkAcl, "nacl-1", Mend::Person { task: task.clone() })]);
    assert_eq!((codes(&causes), causes.causes[0].remedy.as_str()), (vec![Code::NetworkAcl], task.as_str()));
    assert!(!causes.causes[0].by_run);
}

#[test]
fn a_check_and_a_way_that_name_one_problem_are_one_cause() {
    let overlap = Reason::new(Code::CidrOverlap, "vpc-2", "192.168.0.0/16 of vpc-2 overlaps that of vpc-1.");
    let plan = Plan { findings: vec![overlap.clone()], ..Plan::default() };
    let way = fault(Code::CidrOverlap, "vpc-2", Mend::Person { task: "Renumber.".to_owned() });
    let causes = of(&plan, &[way]);
    assert_eq!(causes.causes.len(), 1, "{causes:#?}");
    assert_eq!(causes.causes[0].reason, overlap);
    assert_eq!(causes.causes[0].remedy, "Renumber.");
}

#[test]
fn what_cannot_work_comes_before_what_waits_and_a_warning_is_a_note() {
    let (_, _, mut plan) = unapproved();
    plan.findings.push(Reason::new(Code::GroupShared, "sg-2", "sg-2 has other members."));
    plan.findings.push(Reason::new(Code::AlbNotReady, "alb-1", "alb-1 is locked."));
    let causes = of(&plan, &[]);
    assert_eq!(codes(&causes), [Code::AlbNotReady, Code::NotApproved]);
    assert_eq!(causes.notes.iter().map(|note| note.code).collect::<Vec<_>>(), [Code::GroupShared]);
}

#[test]
fn that_something_waits_is_a_note_only_where_nothing_that_it_waits_for_is_named() {
    let waits = Reason::new(Code::Waits, "web", "Nothing is pruned until all is there.");
    let mut plan = Plan { findings: vec![waits.clone()], ..Plan::default() };
    assert_eq!(of(&plan, &[]).notes, [waits]);
    plan.findings.push(Reason::new(Code::AlbMissing, "alb-1", "There is no alb-1."));
    assert_eq!(of(&plan, &[]).notes, []);
}

#[test]
fn a_paused_binding_is_a_cause_and_holds_up_what_is_open() {
    let (binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let plan = world::whole(&binding, &topology);
    let paused = Reason::new(Code::ReadOnly, "web", "The store says paused.");
    let causes = Causes::of(&binding, &plan, &[], NextRun::Held(Hold::new(&binding.name, paused.clone())));
    assert_eq!(codes(&causes), [Code::ReadOnly]);
    assert_eq!(causes.causes[0].changes.len(), plan.changes.len());

    // No run makes what a member lacks, so a person has to let runs write again.
    let member = fault(Code::NotAttached, "vpc-1", attach("vpc-1"));
    let causes = Causes::of(&binding, &plan, &[member], NextRun::Held(Hold::new(&binding.name, paused)));
    let lacking = causes.causes.iter().find(|cause| cause.reason.code == Code::NotAttached).unwrap();
    let told = "Set paused: false first, as XREG-READ-ONLY says; then the next run makes the change: attach vpc-1";
    assert!(!lacking.by_run && lacking.remedy.starts_with(told), "{lacking:#?}");
    assert_eq!(causes.waiting, plan.changes.len(), "all of it is held");
}

/// The next run may fail where the last one did: nobody should wait for it.
#[test]
fn after_a_run_that_failed_nobody_is_told_to_wait_for_the_next() {
    let (binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let plan = world::whole(&binding, &topology);
    let causes_of = |next| Causes::of(&binding, &plan, &[fault(Code::NotAttached, "vpc-1", attach("vpc-1"))], next);
    let cause = &causes_of(NextRun::MayFail).causes[0];
    assert!(
        !cause.by_run && cause.remedy.starts_with("Run `albridge apply web`: the last run failed or"),
        "{cause:#?}"
    );
    let cause = &causes_of(NextRun::Writes).causes[0];
    assert!(cause.by_run && cause.remedy.starts_with("Nothing, or `albridge apply web` at once"), "{cause:#?}");
}

/// What a run was refused is why the next one cannot be waited for, of members and of newcomers.
#[test]
fn what_the_last_run_was_refused_is_the_cause_of_what_that_change_would_mend() {
    let (binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let plan = world::whole(&binding, &topology);
    let attaching = plan
        .changes
        .iter()
        .find(|change| matches!(&change.write, Write::AttachVpc { vpc, .. } if vpc.as_str() == "vpc-1"));
    let write = attaching.unwrap().write.to_string();
    let refusal = Reason::new(Code::Refused, "tr-1", format!("{write}: Forbidden.RAM No."))
        .advising(Some("Give the role cen:CreateTransitRouterVpcAttachment.".to_owned()));
    let member = fault(Code::NotAttached, "vpc-1", attach("vpc-1"));
    let newcomer = InstanceFault { is_member: false, instance: Some("i-2".into()), ..member.clone() };
    let other = fault(Code::NotAttached, "vpc-2", attach("vpc-2"));
    let next = || NextRun::Refused(vec![refusal.clone()]);
    let causes = Causes::of(&binding, &plan, &[member, newcomer, other], next());
    assert_eq!(codes(&causes), [Code::Refused, Code::NotAttached]);
    let [cause, other] = &causes.causes[..] else { panic!("{causes:#?}") };
    assert_eq!((&cause.reason, cause.changes.len(), cause.instances.len()), (&refusal, 1, 2));
    assert_eq!((cause.remedy.as_str(), cause.by_run), (refusal.remedy(), false));
    assert!(other.remedy.starts_with("Run `albridge apply web`: the last run failed or was refused"), "{other:#?}");
    assert_eq!(causes.waiting, 1);
    // It is named where no way lacks anything yet.
    assert_eq!(codes(&Causes::of(&binding, &plan, &[], next())), [Code::Refused]);
    // Once the plan no longer holds the change, it is over.
    assert_eq!(codes(&Causes::of(&binding, &Plan::default(), &[], next())), []);
}

/// One service that is down everywhere is one problem, and yet each instance's own for those who are told what is new.
#[test]
fn what_one_task_mends_for_all_is_one_cause_that_knows_each() {
    let ill = |id: &str, all: &str| InstanceFault {
        instance: Some(id.into()),
        effect: Effect::NotHealthy,
        together: Some(Box::new(Together { task: all.to_owned(), who: id.to_owned() })),
        ..fault(Code::Unhealthy, id, Mend::Person { task: format!("Start the service on {id}.") })
    };
    let all = "Start the service on {}.";
    let four = ["i-1", "i-2", "i-3", "i-4"].map(|id| ill(id, all));
    assert_eq!(of(&Plan::default(), &four).causes[0].remedy, "Start the service on all 4.");
    let causes = of(&Plan::default(), &four[..3]);
    let [cause] = &causes.causes[..] else { panic!("{causes:#?}") };
    let told = "Start the service on i-1, i-2 and i-3.";
    assert_eq!((cause.reason.message.as_str(), cause.more, cause.remedy.as_str()), ("i-1 is in the way.", 2, told));
    assert_eq!(cause.instances.len(), 3);
    let apart: Vec<_> =
        cause.apart().iter().map(|each| (each.reason.resource.as_str(), each.remedy.as_str())).collect();
    assert_eq!(apart.first(), Some(&("i-1", "Start the service on i-1.")));
    assert_eq!((apart.len(), cause.apart()[2].instances[0].id.as_str()), (3, "i-3"));

    // At two addresses of one instance it is that instance's.
    let mut second = ill("i-1", all);
    second.reason.message = "i-1 at 10.0.0.2 is in the way.".to_owned();
    second.mend = Mend::Person { task: "Start the service on i-1 at 10.0.0.2.".to_owned() };
    assert_eq!(of(&Plan::default(), &[ill("i-1", all), second]).causes[0].remedy, "Start the service on i-1.");

    // So it is where a run mends all of them.
    let moved = |id: &str| {
        let (address, port, weight) = ("10.0.0.1".parse().unwrap(), 80, 100);
        let state = MemberState::Serving;
        let write = Write::UpdateServer { instance: id.into(), address, port, weight, state };
        InstanceFault {
            mend: Mend::Change { write: Box::new(write) },
            reason: Reason::new(Code::NoWeight, id, id),
            ..ill(id, "Weigh {}.")
        }
    };
    let weightless = ["i-1", "i-2"].map(moved);
    let changes = weightless.iter().filter_map(|fault| match &fault.mend {
        Mend::Change { write } => Some(Change::new(StageName::BackendServers, (**write).clone())),
        _ => None,
    });
    let causes = of(&Plan { changes: changes.collect(), ..Plan::default() }, &weightless);
    let [cause] = &causes.causes[..] else { panic!("{causes:#?}") };
    assert!(cause.by_run && cause.apart().len() == 2 && cause.apart()[1].by_run, "{cause:#?}");
    assert_eq!(cause.remedy.matches("weight 100").count(), 2, "{}", cause.remedy);

    // One alone is told by its own task, and another remedy is another cause.
    let causes = of(&Plan::default(), &[ill("i-1", all), ill("i-2", "Look at the firewall of {}.")]);
    let remedies: Vec<&str> = causes.causes.iter().map(|cause| cause.remedy.as_str()).collect();
    assert_eq!(remedies.len(), 2);
    assert!(remedies.contains(&"Start the service on i-1.") && remedies.contains(&"Start the service on i-2."));
    assert_eq!(causes.causes[0].apart(), std::slice::from_ref(&causes.causes[0]));
}

/// A member that moved leaves once it is served at its new address: what keeps it from that is the one cause.
#[test]
fn leavers_wait_for_what_keeps_the_newcomers() {
    let (stage, old, new) = (StageName::BackendServers, "10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
    let instance = InstanceId::from("i-1");
    let join = Write::AddServer { instance: instance.clone(), address: new, port: 80, weight: 100 };
    let leave = Write::RemoveServer { instance, address: old, port: 80, why: Leaving::Moved };
    let waits = Reason::new(Code::RemovalWaits, "i-1", "i-1 (moved) stays until newcomers are healthy.");
    let leave = Change::new(stage, leave).blocked_by(waits);
    let plan = Plan { changes: vec![Change::new(stage, join), leave.clone()], ..Plan::default() };
    let lacking = fault(Code::NoRoute, "vtb-1", Mend::Person { task: "Add it.".to_owned() });
    let went = InstanceFault {
        instance: None,
        ..fault(Code::Unhealthy, "10.0.0.1:80", Mend::Removal { address: old, port: 80 })
    };
    let causes = of(&plan, &[lacking.clone(), went.clone()]);
    assert_eq!((codes(&causes), causes.waiting), (vec![Code::NoRoute], 1));
    assert_eq!(causes.causes[0].changes, [1]);
    // Of somebody who joins nothing, it is no cause.
    let other = InstanceFault { instance: Some("i-2".into()), ..lacking };
    assert_eq!(codes(&of(&plan, &[other, went.clone()])), [Code::NoRoute, Code::RemovalWaits]);
    // Where nothing is in its way, the next run takes it out; where no plan does it yet, runs do.
    let plan = Plan { changes: vec![Change { blocked: Vec::new(), ..leave }], ..Plan::default() };
    let remedy = |plan: &Plan| of(plan, std::slice::from_ref(&went)).causes.remove(0).remedy;
    assert!(
        remedy(&plan)
            .starts_with("Nothing, or `albridge apply web` at once: the next run makes the change: remove i-1")
    );
    assert_eq!(remedy(&Plan::default()), "Nothing: it leaves, and runs take it out of the server group.");
}

/// What `plan` shows: everything that a person may say yes to is open.
#[test]
fn a_change_that_a_person_has_to_approve_is_made_by_no_run() {
    let (mut binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let plan = world::whole(&binding, &topology);
    binding.provision = onboarding::binding::Provision::Approved;
    let member = fault(Code::NotAttached, "vpc-1", attach("vpc-1"));
    let causes = Causes::of(&binding, &plan, &[member], NextRun::Writes);
    let [cause] = causes.causes.as_slice() else { panic!("{causes:#?}") };
    assert!(!cause.by_run && cause.remedy.starts_with("Run `albridge apply web`, look, and say yes"), "{cause:#?}");
}

fn person(code: Code, resource: &str, task: &str) -> InstanceFault {
    fault(code, resource, Mend::Person { task: task.to_owned() })
}

/// A check, a plan and a way tell of one route, or of one rule, by different codes.
#[test]
fn one_problem_with_several_codes_is_one_cause_with_the_remedy_of_the_way() {
    let shadow = Reason::new(Code::RouteShadowed, "rte-1", "rte-1 takes a part.");
    let conflict = Reason::new(Code::RouteConflict, "rte-1", "It already leads to i-nat.");
    let drop = Reason::new(Code::RuleShadowed, "sgr-1", "sgr-1 drops it.");
    for (told, way) in [(shadow, Code::WrongNextHop), (conflict, Code::WrongNextHop), (drop, Code::NotAllowed)] {
        let plan = Plan { findings: vec![told.clone()], ..Plan::default() };
        let causes = of(&plan, &[person(way, &told.resource, "Remove it.")]);
        let [cause] = causes.causes.as_slice() else { panic!("{causes:#?}") };
        assert_eq!((&cause.reason, cause.remedy.as_str(), cause.more), (&told, "Remove it.", 0));
        assert_eq!(cause.instances.len(), 1);
        // Another route is another problem.
        assert_eq!(of(&plan, &[person(way, "other", "Remove the other.")]).causes.len(), 2);
    }
}

#[test]
fn what_one_task_of_a_person_mends_is_one_cause() {
    let task = "Correct the health check of sgp-1.";
    let faults = ["i-1", "i-2"].map(|id| person(Code::Unhealthy, id, task));
    let causes = of(&Plan::default(), &faults);
    assert_eq!(
        (codes(&causes), causes.causes[0].more, causes.causes[0].remedy.as_str()),
        (vec![Code::Unhealthy], 1, task)
    );
    let apart = ["i-1", "i-2"].map(|id| person(Code::Unhealthy, id, &format!("Start {id}.")));
    assert_eq!(codes(&of(&Plan::default(), &apart)), [Code::Unhealthy, Code::Unhealthy]);
}

/// Who reads a cause follows its remedy: it has to be right for all that the cause stands for.
#[test]
fn problems_with_different_remedies_are_different_causes() {
    let faults = [
        InstanceFault {
            reason: Reason::new(Code::NetworkAcl, "nacl-1", "Ingress entry 1 drops them."),
            ..person(Code::NetworkAcl, "nacl-1", "Let the ingress list pass.")
        },
        InstanceFault {
            reason: Reason::new(Code::NetworkAcl, "nacl-1", "Egress entry 2 drops them."),
            ..person(Code::NetworkAcl, "nacl-1", "Let the egress list pass.")
        },
        person(Code::NetworkAcl, "nacl-2", "Let the ingress list of nacl-2 pass."),
    ];
    let causes = of(&Plan::default(), &faults);
    let said = causes.causes.iter().map(|cause| (cause.reason.message.as_str(), cause.more, cause.remedy.as_str()));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ("Ingress entry 1 drops them.", 0, "Let the ingress list pass."),
            ("Egress entry 2 drops them.", 0, "Let the egress list pass."),
            ("nacl-2 is in the way.", 0, "Let the ingress list of nacl-2 pass.")
        ]
    );
}

/// A check names a problem as a whole: where the ways know different tasks for it, what it says itself is right for all.
#[test]
fn a_problem_that_a_check_names_keeps_its_own_remedy_where_ways_differ() {
    let missing = Reason::new(Code::GroupMissing, "sg-9", "Security group sg-9 does not exist.");
    let plan = Plan { findings: vec![missing], ..Plan::default() };
    let of_other = InstanceFault {
        instance: Some("i-2".into()),
        ..person(Code::GroupMissing, "sg-9", "Give i-2 a security group.")
    };
    let causes = of(&plan, &[person(Code::GroupMissing, "sg-9", "Give i-1 a security group."), of_other]);
    let [cause] = causes.causes.as_slice() else { panic!("{causes:#?}") };
    assert_eq!((cause.remedy.as_str(), cause.instances.len()), (Code::GroupMissing.remedy(), 2));
}

/// The same code, and another change for each: the remedy names them all.
#[test]
fn changes_that_a_run_makes_are_told_together() {
    let binding = world::binding(Generation::Upgraded);
    let mut plan = Plan::default();
    let mut faults = Vec::new();
    for number in 1..=4_u8 {
        let write = Write::AddServer {
            instance: format!("i-{number}").as_str().into(),
            address: [192, 168, 7, number].into(),
            port: 80,
            weight: 100,
        };
        plan.changes.push(Change::new(StageName::BackendServers, write.clone()));
        let mend = Mend::Change { write: Box::new(write) };
        let fault = fault(Code::NotMember, &format!("192.168.7.{number}:80"), mend);
        faults.push(InstanceFault { instance: Some(format!("i-{number}").as_str().into()), is_member: false, ..fault });
    }
    let causes = Causes::of(&binding, &plan, &faults, NextRun::Writes);
    let [cause] = causes.causes.as_slice() else { panic!("{causes:#?}") };
    assert!(cause.by_run && cause.more == 3 && cause.instances.len() == 4, "{cause:#?}");
    let wanted = "makes the changes: register i-1 at 192.168.7.1:80; register i-2 at 192.168.7.2:80; and 2 more.";
    assert!(cause.remedy.ends_with(wanted), "{cause:#?}");
}

#[test]
fn what_waits_for_newcomers_comes_after_what_keeps_them() {
    let (_, _, mut plan) = unapproved();
    plan.changes.truncate(1);
    let stays = Reason::new(Code::RemovalWaits, "i-9", "i-9 stays until newcomers are healthy.");
    plan.changes[0].blocked = vec![stays];
    let initial = fault(Code::Unhealthy, "i-1", Mend::Time { what: "Wait: i-1 is Initial.".to_owned() });
    assert_eq!(codes(&of(&plan, &[initial])), [Code::Unhealthy, Code::RemovalWaits]);
}

/// What a table lacks that may not be used at all follows from that.
#[test]
fn an_unsupported_table_stands_for_what_it_lacks() {
    let custom = Reason::new(Code::CustomRouteTable, "vtb-own", "vSwitch vsw-4 uses the custom route table vtb-own.");
    let plan = Plan { findings: vec![custom], ..Plan::default() };
    let hole = person(Code::Blackhole, "vtb-own", "By hand.");
    let way = InstanceFault { table: Some("vtb-own".into()), is_member: false, ..hole };
    let causes = of(&plan, std::slice::from_ref(&way));
    assert_eq!((codes(&causes), causes.causes[0].instances.len()), (vec![Code::CustomRouteTable], 1));
    let other = InstanceFault { table: Some("vtb-vpc-2".into()), ..way };
    assert_eq!(codes(&of(&plan, &[other])), [Code::Blackhole, Code::CustomRouteTable]);
}

/// A listener or a server group that somebody deleted is told of instances that are no members any more.
#[test]
fn what_is_gone_in_front_of_newcomers_is_told_with_what_makes_it() {
    let (binding, topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let plan = world::whole(&binding, &topology);
    let write = Write::CreateListener { protocol: "HTTP".to_owned(), port: 80 };
    let gone = fault(Code::ListenerMissing, "alb-1", Mend::Change { write: Box::new(write) });
    let causes = of(&plan, &[InstanceFault { is_member: false, ..gone }]);
    let [cause] = causes.causes.as_slice() else { panic!("{causes:#?}") };
    assert!(cause.by_run && cause.remedy.contains("create listener HTTP:80"), "{cause:#?}");
}

#[test]
fn a_router_that_is_missing_is_the_one_cause_of_what_waits_for_its_attachments() {
    let (binding, mut topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    topology.transit_routers.insert("cn-hangzhou".into(), Known::Known(None));
    let causes = of(&world::whole(&binding, &topology), &[]);
    assert_eq!(codes(&causes), [Code::TransitRouterMissing], "{causes:#?}");
    assert!(causes.waiting > 1 && causes.causes[0].changes.len() == causes.waiting, "{causes:#?}");
}

/// A non-upgraded load balancer beside one in another VPC, whose routes are in the transit router's table: nothing of the way is anybody's to
/// mend.
#[test]
fn where_no_way_may_be_made_nothing_that_a_way_lacks_is_a_cause() {
    let (binding, mut topology) = (world::binding(Generation::Classic), world::topology(Generation::Classic));
    let theirs = |destination: &str| TransitRoute {
        id: Some(format!("rte-{destination}").into()),
        destination: destination.parse().unwrap(),
        next_hop: Some("tr-attach-theirs".into()),
        propagated: false,
        status: TransitRouteStatus::Active,
        description: "albridge/prod/api".to_owned(),
    };
    let router = topology.transit_routers.get_mut("cn-chengdu").and_then(|known| known.get_mut()?.as_mut()).unwrap();
    let table = router.tables.values_mut().next().unwrap();
    table.routes = ["100.117.130.0/25", "100.122.175.64/26"].map(theirs).into();
    let task = "Remove the entry.".to_owned();
    let way = fault(Code::NotAttached, "rte-100.117.130.0/25", Mend::Person { task: task.clone() });
    let way = InstanceFault { is_member: false, ..way };
    let alone = of(&world::whole(&binding, &topology), std::slice::from_ref(&way));
    assert_eq!(codes(&alone), [Code::RouteConflict, Code::RouteConflict]);
    assert_eq!((alone.causes[0].remedy.as_str(), alone.causes[0].instances.len()), (task.as_str(), 1));

    let sibling = Sibling { vpc: "vpc-7".into(), generation: Generation::Classic, earlier: true };
    topology.context.siblings = [("api".into(), Known::Known(Some(sibling)))].into();
    let causes = of(&world::whole(&binding, &topology), std::slice::from_ref(&way));
    assert_eq!(codes(&causes), [Code::SecondAlbVpc], "{causes:#?}");
    assert_eq!((causes.causes[0].instances.len(), causes.causes[0].changes.len()), (1, causes.waiting));

    // A member is served meanwhile, or should be: what cuts it off is a cause of its own.
    let member = of(&world::whole(&binding, &topology), &[InstanceFault { is_member: true, ..way }]);
    assert_eq!(codes(&member), [Code::NotAttached, Code::SecondAlbVpc]);
}

/// Routes that the VPC keeps for itself, and destinations that lie in its own vSwitches, are what an overlap looks like in a table.
#[test]
fn an_overlap_is_the_one_cause_of_what_tables_show_of_it() {
    let (binding, mut topology) = (world::binding(Generation::Upgraded), world::topology(Generation::Upgraded));
    let vpc = topology.vpcs.get_mut("vpc-2").and_then(|known| known.get_mut()?.as_mut()).unwrap();
    vpc.cidrs = vec!["172.16.0.0/16".parse().unwrap()];
    for (vswitch, cidr) in [("vsw-3", "172.16.0.0/25"), ("vsw-4", "172.16.6.0/25")] {
        vpc.vswitches.get_mut(vswitch).unwrap().cidr = cidr.parse().unwrap();
    }
    let table = vpc.tables.values_mut().next().unwrap();
    let own = table.routes.iter_mut().filter(|route| route.next_hop == NextHop::Local);
    for (route, cidr) in own.zip(["172.16.0.0/25", "172.16.6.0/25"]) {
        route.destination = cidr.parse().unwrap();
    }
    topology.instances.get_mut("vpc-2").unwrap().get_mut().unwrap()[0].address = Some([172, 16, 6, 10].into());
    let shadow = table.routes.iter().find(|route| route.next_hop == NextHop::Local).unwrap().id.clone();
    let plan = world::whole(&binding, &topology);
    let said = |code: Code| {
        let blocked = plan.changes.iter().flat_map(|change| &change.blocked);
        blocked.chain(&plan.findings).any(|reason| reason.code == code)
    };
    assert!(said(Code::RouteShadowed) && said(Code::RouteImpossible), "{plan:#?}");
    let way = fault(Code::RouteShadowed, shadow.as_str(), Mend::Person { task: "Remove the route.".to_owned() });
    let causes = of(&plan, std::slice::from_ref(&way));
    assert_eq!(codes(&causes), [Code::CidrOverlap], "{causes:#?}");
    assert_eq!(causes.causes[0].instances.len(), 1);

    // A route to somewhere else is one's own fault, overlap or not.
    let vpc = topology.vpcs.get_mut("vpc-2").and_then(|known| known.get_mut()?.as_mut()).unwrap();
    let mut route = vpc.tables.values().next().unwrap().routes[0].clone();
    (route.id, route.next_hop) = ("rte-nat".into(), NextHop::Other("Instance i-nat".to_owned()));
    route.destination = "172.16.0.128/26".parse().unwrap();
    vpc.tables.values_mut().next().unwrap().routes.push(route);
    let causes = of(&world::whole(&binding, &topology), &[way]);
    assert_eq!(codes(&causes), [Code::CidrOverlap, Code::RouteShadowed], "{causes:#?}");
    assert_eq!(causes.causes[1].reason.resource, "rte-nat");
}

/// A CEN instance that the binding names by mistake is there, and the VPCs are attached to another one: their routes lead to attachments that
/// nobody looked at, and are no conflicts.
#[test]
fn routes_to_attachments_of_another_cen_instance_are_no_conflicts() {
    let (binding, mut topology) = world::onboarded(Generation::Upgraded);
    topology.vpc_attachments = Known::Known(Vec::new());
    topology.peer_attachments = Known::Known(Vec::new());
    for vpc in ["vpc-1", "vpc-2"] {
        topology.context.cens.insert(vpc.into(), ["cen-9".into()].into());
    }
    let plan = world::whole(&binding, &topology);
    let conflicts = plan.changes.iter().flat_map(|change| &change.blocked);
    assert!(conflicts.clone().any(|reason| reason.code == Code::RouteConflict), "{plan:#?}");
    let causes = of(&plan, &[]);
    assert!(!causes.causes.is_empty(), "{plan:#?}");
    assert!(codes(&causes).iter().all(|code| *code == Code::VpcElsewhere), "{causes:#?}");
}
