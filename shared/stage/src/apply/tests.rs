use onboarding::ids::InstanceId;

use super::*;

fn leaver(number: u8) -> Change {
    let address = [10, 0, 0, number].into();
    let instance = InstanceId::from(format!("i-{number}"));
    let why = if number == 1 { Leaving::Released } else { Leaving::Untagged };
    Change::new(StageName::BackendServers, Write::RemoveServer { instance, address, port: 80, why })
}

fn error(status: u16, code: &str) -> Error {
    Error {
        kind: ErrorKind::Refused,
        status: Some(status),
        code: code.to_owned(),
        message: "Scripted.".to_owned(),
        request_id: String::new(),
        action: "RemoveServersFromServerGroup",
        retry_after: None,
        place: None,
    }
}

/// The changes that are neither made nor refused.
fn open(progress: &Progress, changes: &[Change]) -> Vec<Change> {
    let settled = |change: &&Change| {
        let refused = progress.refused.iter().any(|(write, _)| write == &change.write);
        !refused && !progress.made.contains(&change.write.to_string())
    };
    changes.iter().filter(settled).cloned().collect()
}

#[test]
fn one_bad_change_in_a_batch_is_found_and_the_others_are_made() {
    let changes: Vec<_> = (1..=8).map(leaver).collect();
    let bad = changes[4].write.clone();
    let mut progress = Progress::default();
    let mut calls = 0;
    loop {
        let open = open(&progress, &changes);
        if open.is_empty() {
            break;
        }
        calls += 1;
        assert!(calls < 20, "it ends");
        let batch = progress.next("members", &open).to_vec();
        if batch.iter().any(|change| change.write == bad) {
            let problem = WriteError::of(error(400, "IllegalParam.Servers"), batch.len());
            progress.note_error("members", &batch, problem, Timestamp::UNIX_EPOCH);
        } else {
            batch.iter().for_each(|change| progress.note_made(change, Timestamp::UNIX_EPOCH));
        }
    }
    assert_eq!(progress.made.len(), 7);
    assert_eq!(progress.refused.len(), 1);
    assert_eq!(progress.refused[0].0, bad);
    assert!(progress.removed().drained.is_empty(), "who goes now was counted when it was sent away");
    assert_eq!(progress.removed().released, ["i-1".into()].into());
}

#[test]
fn a_duplicate_is_read_again_before_it_is_believed() {
    let (change, now) = ([leaver(1)], Timestamp::UNIX_EPOCH);
    let mut progress = Progress::default();
    for _ in 1..STRIKES {
        progress.note_error("lane", &change, error(400, "InvalidRouteEntry.Duplicate").into(), now);
        assert!(progress.refused.is_empty());
    }
    progress.note_error("lane", &change, error(400, "InvalidRouteEntry.Duplicate").into(), now);
    assert_eq!(progress.refused[0].1.code, Code::Refused);
}

#[test]
fn a_note_that_a_listing_does_not_show_yet_is_not_written_again_with_another_time() {
    let note = |second| {
        let state = MemberState::Draining(Timestamp::from_second(second).unwrap());
        let (instance, address) = (InstanceId::from("i-1"), [10, 0, 0, 1].into());
        Change::new(StageName::BackendServers, Write::UpdateServer { instance, address, port: 80, weight: 0, state })
    };
    let mut progress = Progress::default();
    progress.note_made(&note(0), Timestamp::UNIX_EPOCH);
    let mut waiting = Vec::new();
    assert_eq!(progress.unseen(&note(5).write, Timestamp::from_second(5).unwrap(), &mut waiting), Some(None));
    progress.note_made(&note(5), Timestamp::from_second(5).unwrap());
    assert_eq!((progress.made.len(), progress.removed().drained.len()), (1, 1));
}

#[test]
fn doubt_and_throttling_refuse_nothing() {
    let mut progress = Progress::default();
    for (status, code) in [(400, "Throttling.User"), (500, "InternalError"), (503, "ServiceUnavailable")] {
        for _ in 0..2 * REFUSALS {
            progress.note_error("cen", &[leaver(1)], error(status, code).into(), Timestamp::UNIX_EPOCH);
        }
        assert!(progress.refused.is_empty(), "{code}");
        assert_eq!(progress.last_error.as_ref().unwrap().code, code);
    }
}

/// One error of each kind: expired session, conflict, throttling, unknown outcome, no connection, server error, busy
/// service.
#[test]
fn what_passes_by_itself_refuses_no_change() {
    let malformed = Error { kind: ErrorKind::Malformed, ..error(200, "MalformedAnswer") };
    let unreached = Error { kind: ErrorKind::Transport, status: None, ..error(0, "Connect") };
    for error in [
        error(403, "InvalidSecurityToken.Expired"),
        error(400, "IncorrectStatus.TransitRouter"),
        error(400, "Throttling.User"),
        malformed,
        unreached,
        error(500, "SignatureNonceUsed"),
        error(400, "SystemBusy"),
    ] {
        assert!(passes(&error), "{error}");
    }
    let local = Error { kind: ErrorKind::Local, status: None, ..error(0, "InvalidRequest") };
    for error in [error(400, "InvalidParameter"), error(403, "Forbidden.RAM"), error(404, "Http404"), local] {
        assert!(!passes(&error), "{error}");
    }
}

/// A write that the kill switch stopped is blocked with `ReadOnly`; other refusals by the client itself are not.
#[test]
fn only_the_kill_switch_is_called_by_its_name() {
    let local = |code: &str| Error { kind: ErrorKind::Local, status: None, ..error(0, code) };
    for (error, code) in [
        (local("ReadOnly"), Code::ReadOnly),
        (local("InvalidRequest"), Code::Refused),
        (error(400, "ReadOnly"), Code::Refused),
    ] {
        let mut progress = Progress::default();
        progress.note_error("lane", &[leaver(1)], error.into(), Timestamp::UNIX_EPOCH);
        assert_eq!(progress.refused[0].1.code, code);
    }
}

fn revoke(group: &str) -> Change {
    let (region, rule) = ("cn-hangzhou".into(), "sgr-1".into());
    let write = Write::RevokeIngress { region, group: group.into(), rule, source: "10.0.0.0/24".to_owned() };
    Change::new(StageName::Prune, write)
}

fn binding() -> onboarding::Binding {
    serde_json::from_value(onboarding::fixtures::binding(&["vsw-a"], "vpc-b", &["vsw-b"])).unwrap()
}

fn configuring(binding: &onboarding::Binding) -> onboarding::topology::ServerGroup {
    onboarding::topology::ServerGroup {
        id: "sgp-1".into(),
        name: binding.server_group.name.clone(),
        kind: "Ip".into(),
        vpc: "vpc-a".into(),
        status: "Configuring".into(),
        created: String::new(),
        mark: None,
        server_count: 1,
        settings: binding.server_group.settings("Standard"),
        load_balancers: Vec::new(),
        cross_zone: true,
    }
}

type World = (onboarding::Deployment, onboarding::Binding, Topology);

/// A binding, and a topology in which nothing was seen.
fn world() -> World {
    (onboarding::Deployment::new("prod"), binding(), Topology::default())
}

fn inputs((deployment, binding, topology): &World) -> Inputs<'_> {
    let now = Timestamp::UNIX_EPOCH;
    Inputs {
        deployment,
        binding,
        store: &[],
        topology,
        now,
        approved: false,
        opened: now,
        departures: Departures::NONE,
    }
}

/// A world in which both VPCs are attached.
fn attached() -> World {
    let mut world = world();
    let attachment = |vpc: &str, region: &str| onboarding::topology::VpcAttachment {
        id: format!("tr-attach-{vpc}").as_str().into(),
        vpc: vpc.into(),
        transit_router: "tr".into(),
        region: region.into(),
        status: "Attached".into(),
        zones: BTreeMap::new(),
        auto_publish: false,
        mark: None,
        created: String::new(),
    };
    world.2.vpc_attachments =
        onboarding::Known::Known(vec![attachment("vpc-a", "cn-chengdu"), attachment("vpc-b", "cn-hangzhou")]);
    world
}

fn of_vpc(vpc: &str) -> onboarding::topology::AttachmentRef {
    onboarding::topology::AttachmentRef::Vpc { vpc: vpc.into() }
}

fn association(vpc: &str) -> Write {
    Write::Associate { region: "cn-chengdu".into(), table: "vtb".into(), attachment: of_vpc(vpc) }
}

fn transit_route(vpc: &str) -> Write {
    let destination = ipnet::Ipv4Net::new_assert([10, 9, 0, 0].into(), 24);
    Write::AddTransitRoute { region: "cn-chengdu".into(), table: "vtb".into(), destination, attachment: of_vpc(vpc) }
}

#[test]
fn a_link_of_another_stage_goes_before_a_transit_routers_route_for_half_a_minute() {
    let world = attached();
    let opened = Timestamp::UNIX_EPOCH;
    let route = Change::new(StageName::BackToOrigin, transit_route("vpc-a"));
    let link = |vpc| Change::new(StageName::PeerAttachment, association(vpc));
    let blocked = link("vpc-a").blocked_by(Reason::new(Code::Unread, "vtb", "It was not read."));
    let sorted = |other: Change, seconds, approved: Option<&Plan>| {
        let now = opened + SignedDuration::from_secs(seconds);
        let inputs = Inputs { now, opened, ..inputs(&world) };
        let plan = Plan { changes: vec![route.clone(), other], ..Plan::default() };
        Progress::default().sort(StageName::BackToOrigin, approved, &inputs, &plan)
    };
    let waits = sorted(link("vpc-a"), 30, None);
    assert!(waits.lanes.is_empty(), "{waits:?}");
    let awaited: Vec<_> = waits.awaited.iter().map(|(_, awaited)| awaited.clone()).collect();
    assert_eq!(awaited, [Awaited::Association { region: "cn-chengdu".into() }], "it names what it waits for");
    let only_the_route = Plan { changes: vec![route.clone()], ..Plan::default() };
    for (what, free) in [
        ("later", sorted(link("vpc-a"), 31, None)),
        ("a blocked link", sorted(blocked, 0, None)),
        ("a link of what is not there", sorted(link("vpc-c"), 0, None)),
        ("a link that nobody approved", sorted(link("vpc-a"), 0, Some(&only_the_route))),
    ] {
        assert_eq!(free.lanes.len(), 1, "{what}: {free:?}");
    }
}

#[test]
fn creates_go_before_links() {
    let world = attached();
    let attach = Write::AttachVpc { region: "cn-hangzhou".into(), vpc: "vpc-c".into(), zones: Vec::new() };
    let changes = [association("vpc-a"), attach.clone(), association("vpc-b")];
    let changes = changes.into_iter().map(|write| Change::new(StageName::VpcAttachments, write)).collect();
    let plan = Plan { changes, ..Plan::default() };
    let sorted = Progress::default().sort(StageName::VpcAttachments, None, &inputs(&world), &plan);
    let lane: Vec<_> = sorted.lanes.values().flatten().map(|change| &change.write).collect();
    assert_eq!(lane, [&attach, &association("vpc-a"), &association("vpc-b")]);
}

/// They lead nowhere without the transit router's. Where those will not come, they do not wait.
#[test]
fn routes_of_a_vpc_go_after_those_of_the_transit_router() {
    let world = attached();
    let inputs = inputs(&world);
    let stage = StageName::BackToOrigin;
    let of_vpc = Write::AddVpcRoute {
        region: "cn-hangzhou".into(),
        vpc: "vpc-b".into(),
        table: "vtb-b".into(),
        destination: ipnet::Ipv4Net::new_assert([10, 9, 0, 0].into(), 24),
    };
    let route = Change::new(stage, of_vpc);
    let with = |progress: &Progress, other: Vec<Change>, pending| {
        let plan = Plan { changes: [vec![route.clone()], other].concat(), pending, ..Plan::default() };
        let makes = progress.makes_transit_routes(stage, None, &inputs, &plan);
        (makes, progress.sort(stage, None, &inputs, &plan))
    };
    let transit = |vpc| Change::new(stage, transit_route(vpc));
    let pending = onboarding::plan::Pending {
        stage,
        what: "a route of the transit router".to_owned(),
        lane: None,
        awaited: Some(Awaited::TransitRoute { region: "cn-chengdu".into() }),
    };
    let none = Progress::default();
    for (makes, sorted) in [with(&none, vec![transit("vpc-a")], vec![]), with(&none, vec![], vec![pending])] {
        assert!(makes && sorted.waiting.iter().any(|what| what.starts_with("after the transit")), "{sorted:?}");
        assert!(!sorted.lanes.contains_key(&route.write.lane()), "{sorted:?}");
    }
    let mut refused = Progress::default();
    refused.refuse(&transit("vpc-a"), Reason::new(Code::Refused, "vtb", "No."));
    let blocked = transit("vpc-a").blocked_by(Reason::new(Code::Unread, "vtb", "It was not read."));
    for (what, (makes, sorted)) in [
        ("nothing", with(&none, vec![], vec![])),
        ("a refused one", with(&refused, vec![transit("vpc-a")], vec![])),
        ("a blocked one", with(&none, vec![blocked], vec![])),
        ("one whose attachment is missing", with(&none, vec![transit("vpc-c")], vec![])),
    ] {
        assert!(!makes, "{what}: {sorted:?}");
        assert!(!sorted.waiting.iter().any(|waits| waits.starts_with("after the transit")), "{what}: {sorted:?}");
    }
}

/// Each of these blocks only its own change: a change in progress in the lane, a blocked change, a refused write, a
/// busy lane, a plan that does not contain the change.
#[test]
fn only_what_nothing_stands_against_is_written_now() {
    let world = world();
    let inputs = inputs(&world);
    let now = inputs.now;
    let blocked = revoke("sg-blocked").blocked_by(Reason::new(Code::Unread, "sg-blocked", "It was not read."));
    let pending = |lane: Option<&str>| onboarding::plan::Pending {
        stage: StageName::Prune,
        what: "something".to_owned(),
        lane: lane.map(str::to_owned),
        awaited: None,
    };
    let plan = Plan {
        changes: vec![revoke("sg-free"), revoke("sg-held"), revoke("sg-busy"), revoke("sg-refused"), blocked],
        pending: vec![pending(Some("group sg-held")), pending(None)],
        ..Plan::default()
    };
    let mut progress = Progress::default();
    progress.refuse(&revoke("sg-refused"), Reason::new(Code::Refused, "sg-refused", "No."));
    progress.busy.refused("group sg-busy", &revoke("sg-busy").write, "TaskConflict", now);
    let lanes = |approved: Option<&Plan>| -> Vec<String> {
        progress.sort(StageName::Prune, approved, &inputs, &plan).lanes.into_keys().collect()
    };
    assert_eq!(lanes(None), ["group sg-free"]);
    assert_eq!(lanes(Some(&plan)), ["group sg-free"]);
    assert_eq!(lanes(Some(&Plan::default())), Vec::<String>::new());
    let sorted = progress.sort(StageName::Prune, None, &inputs, &plan);
    assert_eq!(sorted.waiting.len(), 4, "what is on its way, and what waits for it: {:?}", sorted.waiting);
    let blocked: Vec<_> = sorted.blocked.iter().map(|reason| reason.resource.as_str()).collect();
    assert_eq!(blocked, ["sg-refused", "sg-blocked"]);
}

/// The next look may be a short one only if one reading shows everything that is waited for; and a request that ends as
/// soon as everything is accepted may not end while something is still to be created.
#[test]
fn what_is_waited_for_says_whether_one_reading_shows_it_and_whether_something_is_created() {
    let mut world = world();
    // Members wait until their group is available.
    world.2.server_groups = onboarding::Known::Known(vec![configuring(&world.1)]);
    let inputs = inputs(&world);
    let (binding, now) = (inputs.binding, inputs.now);
    let pending = |awaited: Option<Awaited>| onboarding::plan::Pending {
        stage: StageName::Prune,
        what: "something".to_owned(),
        lane: Some(leaver(1).write.lane()),
        awaited,
    };
    let seen = || Some(Awaited::LoadBalancer);
    let group = || Write::CreateServerGroup {
        name: "web".to_owned(),
        vpc: "vpc-a".into(),
        settings: binding.server_group.settings("Standard"),
    };
    let create = || Change::new(StageName::Prune, group());
    let member = || Change::new(StageName::Prune, leaver(1).write);
    let accepted = |write: Write| {
        let mut progress = Progress::default();
        progress.note_made(&Change::new(StageName::Prune, write.clone()), now);
        if is_create(&write) {
            progress.accepted.unseen(&write, "it exists".to_owned(), now);
        }
        progress
    };
    // Progress so far, changes, pending: whether it waits otherwise, whether it creates.
    let cases = [
        ("nothing", Progress::default(), vec![], vec![], (false, false)),
        ("a pending change with its reading", Progress::default(), vec![], vec![pending(seen())], (false, false)),
        ("and one without", Progress::default(), vec![], vec![pending(seen()), pending(None)], (true, false)),
        ("a member whose group's reading is named", Progress::default(), vec![member()], vec![], (false, false)),
        ("and its lane is held", Progress::default(), vec![member()], vec![pending(seen())], (false, false)),
        ("a create", Progress::default(), vec![create()], vec![], (false, true)),
        ("a create and a removal", Progress::default(), vec![create(), revoke("sg-1")], vec![], (false, true)),
        ("an unseen removal", accepted(revoke("sg-1").write), vec![revoke("sg-1")], vec![], (true, false)),
        ("an unseen create", accepted(group()), vec![create()], vec![], (true, true)),
        ("an unseen create, then one", accepted(group()), vec![create(), revoke("sg-1")], vec![], (true, true)),
    ];
    for (what, progress, changes, pending, expected) in cases {
        let plan = Plan { changes, pending, ..Plan::default() };
        let sorted = progress.sort(StageName::Prune, None, &inputs, &plan);
        assert_eq!((sorted.waits_otherwise, sorted.creating), expected, "{what}: {sorted:?}");
    }
}

/// "Already exists" and "not found" are both retried after a fresh reading, but not for ever.
#[test]
fn what_is_there_already_or_gone_waits_in_its_lane() {
    for code in ["InvalidRouteEntry.Duplicate", "InvalidVpcId.NotFound"] {
        let mut progress = Progress::default();
        progress.note_error("lane", &[leaver(1)], error(400, code).into(), Timestamp::UNIX_EPOCH);
        assert_eq!(progress.busy.holds("lane", Timestamp::UNIX_EPOCH), Some(code));
        progress.note_error("lane", &[leaver(2)], error(400, code).into(), Timestamp::UNIX_EPOCH);
        assert!(progress.refused.is_empty(), "each write for itself");
        for _ in 1..STRIKES {
            progress.note_error("lane", &[leaver(1)], error(400, code).into(), Timestamp::UNIX_EPOCH);
        }
        assert_eq!(progress.refused.len(), 1, "{code}");
        assert_eq!(progress.busy.holds("lane", Timestamp::UNIX_EPOCH), None, "the lane is free for its next write");
    }
}

#[test]
fn a_call_that_is_refused_is_halved_until_one_change_stands_alone() {
    let changes: Vec<_> = (1..=8).map(leaver).collect();
    let mut progress = Progress::default();
    let mut sizes = vec![8];
    for _ in 0..4 {
        let batch = progress.next("members", &changes).to_vec();
        progress.note_error("members", &batch, WriteError::of(error(400, "Odd"), batch.len()), Timestamp::UNIX_EPOCH);
        sizes.push(progress.next("members", &changes).len());
    }
    assert_eq!(sizes, [8, 4, 2, 1, 8], "and the others go together again");
}

#[test]
fn a_conflict_that_lasts_is_reported() {
    let mut progress = Progress::default();
    for _ in 0..REFUSALS {
        assert!(progress.refused.is_empty());
        let problem = error(400, "IncorrectStatus.TransitRouter").into();
        progress.note_error("cen", &[leaver(1)], problem, Timestamp::UNIX_EPOCH);
    }
    let [(_, reason)] = &progress.refused[..] else { panic!("{:?}", progress.refused) };
    assert_eq!(reason.code, Code::StaysBusy);
    assert!(reason.message.contains("IncorrectStatus.TransitRouter"), "{reason}");
    assert_eq!(progress.busy.holds("cen", Timestamp::UNIX_EPOCH), None, "the lane is free for its next write");
}

#[test]
fn the_next_invocation_goes_on_with_what_is_busy_and_with_nothing_else_that_was_refused() {
    let (now, busy) = (Timestamp::UNIX_EPOCH, || error(400, "IncorrectStatus.TransitRouter"));
    let mut before = Progress::default();
    for _ in 0..REFUSALS {
        before.note_error("a", &[leaver(1)], busy().into(), now);
    }
    before.note_error("b", &[leaver(2)], error(400, "InvalidParameter").into(), now);
    before.note_error("c", &[leaver(3)], busy().into(), now);
    let after = Progress::from(before.into_refused());
    let refused: Vec<_> = after.refused.iter().map(|(write, reason)| (write, reason.code)).collect();
    assert_eq!(refused, [(&leaver(1).write, Code::StaysBusy)]);
    assert_eq!(after.busy.holds("c", now), Some("IncorrectStatus.TransitRouter"));
}

#[test]
fn a_denied_write_advises_the_permission_and_what_prints_all_of_them() {
    let advice = |code: &str, action: &'static str, stage: StageName| {
        let mut progress = Progress::default();
        let error = Error { action, ..error(403, code) };
        let change = Change { stage, ..leaver(1) };
        progress.note_error("lane", &[change], error.into(), Timestamp::UNIX_EPOCH);
        assert_eq!(progress.refused[0].1.code, Code::Refused);
        progress.refused[0].1.advice.clone()
    };
    for code in ["Forbidden.RAM", "NoPermission", "Forbidden", "AccessDenied"] {
        let remedy = advice(code, "CreateListener", StageName::Listener).unwrap();
        assert!(remedy.contains(" alb:CreateListener ") && remedy.contains("`albridge policy listener`"), "{remedy}");
    }
    let attach = advice("NoPermission", "CreateTransitRouterVpcAttachment", StageName::VpcAttachments).unwrap();
    assert!(attach.contains(" cen:CreateTransitRouterVpcAttachment "), "not cbn, the API's name: {attach}");
    let both = advice("NoPermission", "TagResources", StageName::Listener).unwrap();
    assert!(both.contains("user TagResources on"), "two services have it: {both}");
    assert_eq!(advice("QuotaExceeded.Listener", "CreateListener", StageName::Listener), None);
    let key = advice("InvalidAccessKeyId.NotFound", "CreateListener", StageName::Listener).unwrap();
    assert!(key.contains("credentials"), "{key}");
}
