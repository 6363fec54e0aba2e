//! Apply: the writes of one stage that may be made now, and how each answer is handled.
//!
//! Changes in one lane are written one call at a time; lanes run in parallel. After every round of calls the cloud is read
//! again, so a write with an ambiguous answer needs no special case: if it was not made, the next plan contains it again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use onboarding::change::Leaving;
use onboarding::inputs::{Departures, Inputs};
use onboarding::mark::MemberState;
use onboarding::plan::{Awaited, Readiness, ready};
use onboarding::{Change, Code, Plan, Reason, StageName, Topology, Write};
use openapi::{Error, ErrorKind};

use crate::error::WriteError;
use crate::facts;
use crate::session::Session;
use crate::stage::Stage;
use crate::waits::{Accepted, BusyLanes, REFUSALS, Seen, is_create};

/// How many "already exists" or "not found" answers to one write are treated as a stale listing before the write counts as
/// refused. With the waits between them ([`BusyLanes::stale`]) this takes 15 s.
const STRIKES: u8 = 3;

/// How long an invocation lets open links of other stages go first. They may never be made: the cloud may refuse them.
const LINKS_FIRST: SignedDuration = SignedDuration::from_secs(30);

/// The open changes of a stage, sorted by what can be done with them now.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    /// To be written now, by lane.
    pub(crate) lanes: BTreeMap<String, Vec<Change>>,
    /// In progress, in words.
    pub(crate) waiting: Vec<String>,
    /// What its changes wait for, and what shows that it is ready.
    pub(crate) awaited: Vec<(String, Awaited)>,
    /// Accepted writes that no reading shows yet.
    pub(crate) unseen: Vec<Write>,
    /// Whether something else is waited for than what the plan says is in progress.
    pub(crate) waits_otherwise: bool,
    /// Whether something is still to be created, or was created and is not visible yet.
    pub(crate) creating: bool,
    /// Not to be written, with the reasons.
    pub(crate) blocked: Vec<Reason>,
}

impl Sorted {
    /// The writes that are decided now: the first of each lane.
    pub(crate) fn next(&self) -> impl Iterator<Item = &Write> {
        self.lanes.values().filter_map(|changes| changes.first()).map(|change| &change.write)
    }
}

/// A link of another stage that is open in the lane of a transit router's route. It goes first for a while: the other side
/// learns through it, and has learned by the time that the routes are written.
fn link_before<'p>(plan: &'p Plan, approved: Option<&Plan>, inputs: &Inputs<'_>, change: &Change) -> Option<&'p Write> {
    let is_over = inputs.now.duration_since(inputs.opened) > LINKS_FIRST;
    if is_over || !matches!(change.write, Write::AddTransitRoute { .. }) {
        return None;
    }
    let lane = change.write.lane();
    let links = plan.changes.iter().filter(|other| other.stage != change.stage && other.is_open());
    let links = links.map(|other| &other.write).filter(|write| approved.is_none_or(|plan| plan.covers(write)));
    let mut links = links.filter(|write| matches!(write, Write::Associate { .. } | Write::Propagate { .. }));
    links.find(|write| write.lane() == lane && ready(inputs, write) == Readiness::Now)
}

/// The outcome of one round of calls.
#[derive(Debug, Default)]
pub(crate) struct Wrote {
    /// The writes that were accepted.
    pub(crate) accepted: Vec<Write>,
    /// Whether a call was refused, or its outcome is not known.
    pub(crate) failed: bool,
}

/// What this invocation has written, and the errors that it met.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) made: Vec<String>,
    accepted: Accepted,
    busy: BusyLanes,
    refused: Vec<(Write, Reason)>,
    strikes: Vec<(Write, u8)>,
    /// The most changes that the next call of a lane may carry: halved each time a call with several changes is refused.
    limits: BTreeMap<String, usize>,
    /// Members that this invocation started to drain, or deregistered because their instance is released: the removal caps
    /// count them.
    departures: Departures,
    /// The last transient error.
    pub(crate) last_error: Option<Error>,
}

impl Progress {
    /// Members that this invocation drained or deregistered as released. The later deregistration of a drained member is
    /// not counted again.
    pub(crate) const fn removed(&self) -> &Departures {
        &self.departures
    }

    /// Sorts the changes of one stage in a plan.
    pub(crate) fn sort(&self, stage: StageName, approved: Option<&Plan>, inputs: &Inputs<'_>, plan: &Plan) -> Sorted {
        let mut sorted = Sorted::default();
        sorted.waiting.extend(plan.pending_of(stage).map(|pending| pending.what.clone()));
        sorted.waits_otherwise = plan.pending_of(stage).any(|pending| pending.awaited.is_none());
        // A change in progress blocks its lane, whichever stage waits for it: the cloud would refuse another write there.
        let held: BTreeSet<_> = plan.pending.iter().filter_map(|pending| pending.lane.clone()).collect();
        let mut missing = Vec::new();
        let routes_first = self.makes_transit_routes(stage, approved, inputs, plan);
        for change in plan.of(stage) {
            if !change.is_open() {
                sorted.blocked.extend(change.blocked.iter().cloned());
            } else if let Some((_, reason)) = self.refused.iter().find(|(write, _)| write.same_intent(&change.write)) {
                sorted.blocked.push(reason.clone());
            } else if approved.is_some_and(|plan| !plan.covers(&change.write)) {
                let message = format!("This is not in the approved plan: {}.", change.write);
                sorted.blocked.push(Reason::new(Code::NotApproved, &inputs.binding.name, message));
            } else if let Some(reason) = self.unseen(&change.write, inputs.now, &mut sorted.waiting) {
                if reason.is_none() {
                    sorted.unseen.push(change.write.clone());
                    sorted.waits_otherwise = true;
                }
                sorted.creating |= reason.is_none() && is_create(&change.write);
                sorted.blocked.extend(reason);
            } else {
                sorted.creating |= is_create(&change.write);
                let lane = change.write.lane();
                if routes_first && matches!(change.write, Write::AddVpcRoute { .. }) {
                    sorted.waiting.push(format!("after the transit router's routes: {}", change.write));
                    continue;
                }
                match ready(inputs, &change.write) {
                    Readiness::Now if held.contains(&lane) => sorted.waiting.push(change.write.to_string()),
                    Readiness::Now if let Some(link) = link_before(plan, approved, inputs, change) => {
                        sorted.waiting.push(format!("first: {link}"));
                        sorted.awaited.extend(facts::leads_to(link).map(|awaited| (link.to_string(), awaited)));
                    }
                    Readiness::Now => match self.busy.holds(&lane, inputs.now) {
                        Some(code) => {
                            sorted.waiting.push(format!("{} (last refused with {code})", change.write));
                            sorted.waits_otherwise = true;
                        }
                        None => sorted.lanes.entry(lane).or_default().push(change.clone()),
                    },
                    Readiness::Later { what, awaited } => {
                        sorted.awaited.push((what.clone(), awaited));
                        sorted.waiting.push(what);
                    }
                    Readiness::Missing(what) => {
                        let message = format!("{what} is not there yet, so this waits: {}.", change.write);
                        missing.push(Reason::new(Code::Waits, what, message));
                    }
                }
            }
        }
        // What is created is decided on everything, right before; links are decided on less. So creates come first: all that
        // was read for the links of one attachment would have to be read again for the next one.
        for changes in sorted.lanes.values_mut() {
            changes.sort_by_key(|change| matches!(change.write, Write::Associate { .. } | Write::Propagate { .. }));
        }
        // This stage itself may be about to create what is missing. Blocked changes are reported only when the stage has
        // nothing else to do; by then, another stage has to create it.
        sorted.blocked.extend(missing);
        sorted
    }

    /// Whether a stage has routes of a transit router to make, or on their way. The routes of its VPC lead nowhere without
    /// them, and go together after them.
    fn makes_transit_routes(
        &self,
        stage: StageName,
        approved: Option<&Plan>,
        inputs: &Inputs<'_>,
        plan: &Plan,
    ) -> bool {
        let mut writes = plan.of(stage).filter(|change| change.is_open()).map(|change| &change.write);
        let makes = writes.any(|write| {
            matches!(write, Write::AddTransitRoute { .. })
                && !self.refused.iter().any(|(refused, _)| refused.same_intent(write))
                && approved.is_none_or(|plan| plan.covers(write))
                && !matches!(ready(inputs, write), Readiness::Missing(_))
        });
        let is_one = |awaited: &Awaited| matches!(awaited, Awaited::TransitRoute { .. });
        makes || plan.pending_of(stage).any(|pending| pending.awaited.as_ref().is_some_and(is_one))
    }

    /// Makes one call per lane.
    pub(crate) async fn write<S: Stage>(
        &mut self,
        stage: &S,
        session: &Session<'_>,
        topology: &Topology,
        lanes: &BTreeMap<String, Vec<Change>>,
    ) -> Wrote {
        let calls = lanes.iter().map(|(lane, changes)| {
            let changes = self.next(lane, changes);
            async move { (lane, changes, stage.write(session, topology, changes).await) }
        });
        let answers = join_all(calls).await;
        let now = session.clock().now();
        let mut wrote = Wrote::default();
        for (lane, changes, answer) in answers {
            match answer {
                Ok(count) => {
                    self.busy.free(lane);
                    for change in changes.iter().take(count) {
                        let (stage, binding, run) = (S::NAME, &session.binding().name, session.run());
                        tracing::info!(%stage, %binding, run, change = %change.write, "written");
                        self.note_made(change, now);
                        wrote.accepted.push(change.write.clone());
                    }
                }
                Err(problem) => {
                    wrote.failed = true;
                    self.note_error(lane, changes, problem, now);
                }
            }
        }
        wrote
    }

    /// The changes that the next call of a lane may carry.
    fn next<'c>(&self, lane: &str, changes: &'c [Change]) -> &'c [Change] {
        let most = self.limits.get(lane).copied().unwrap_or(usize::MAX);
        changes.get(..most).unwrap_or(changes)
    }

    /// An open write in words, with what is known about it if it was accepted before.
    pub(crate) fn in_words(&self, write: &Write) -> String {
        match self.accepted.why(write) {
            "" => write.to_string(),
            why => format!("not visible yet: {write} ({why})"),
        }
    }

    /// For a planned write that was accepted before and that no reading shows yet: `Some` with the reason to report, or
    /// `Some(None)` after adding it to `waiting`. `None` if the write may be made now.
    fn unseen(&self, write: &Write, now: Timestamp, waiting: &mut Vec<String>) -> Option<Option<Reason>> {
        let known = |why: &str| if why.is_empty() { String::new() } else { format!(" ({why})") };
        match self.accepted.look(write, now) {
            Seen::Open => None,
            Seen::Waiting(why) => {
                waiting.push(format!("not visible yet: {write}{}", known(why)));
                Some(None)
            }
            Seen::Never(why) => {
                let message = format!("The cloud accepted this, and no reading shows it: {write}{}.", known(why));
                Some(Some(Reason::new(Code::NotVisible, write.lane(), message)))
            }
        }
    }

    fn note_made(&mut self, change: &Change, now: Timestamp) {
        if self.accepted.sent(&change.write, now) {
            self.made.push(change.write.to_string());
        }
        match &change.write {
            Write::UpdateServer { instance, state: MemberState::Draining(_), .. } => {
                self.departures.drained.insert(instance.clone());
            }
            Write::RemoveServer { instance, why: Leaving::Released, .. } => {
                self.departures.released.insert(instance.clone());
            }
            _ => {}
        }
    }

    fn note_error(&mut self, lane: &str, changes: &[Change], problem: WriteError, now: Timestamp) {
        let Some(change) = changes.first() else { return };
        let (error, carried) = match problem {
            WriteError::Blocked(reason) => return self.refuse(change, reason),
            WriteError::NotVisible(why) => return self.accepted.unseen(&change.write, why, now),
            WriteError::Cloud { error, changes: carried } => (error, carried),
        };
        tracing::warn!(change = %change.write, code = error.code, error = %error, "not written");
        if error.kind == ErrorKind::Local && error.code == "ReadOnly" {
            let message = format!("Writes are switched off, so this was not made: {}.", change.write);
            return self.refuse(change, Reason::new(Code::ReadOnly, lane, message));
        }
        if passes(&error) {
            let (refusals, lasted) = self.busy.refused(lane, &change.write, &error.code, now);
            if error.is_conflict() && refusals >= REFUSALS {
                let (code, seconds) = (&error.code, lasted.as_secs());
                let message =
                    format!("{}: refused {refusals} times in {seconds} s with {code}: {}", change.write, error.message);
                self.busy.free(lane);
                self.refuse(change, Reason::new(Code::StaysBusy, lane, message));
            } else {
                self.last_error = Some(error);
            }
        } else if (error.is_duplicate() || error.is_not_found()) && self.strike(&change.write) < STRIKES {
            // Retry with fresh readings after a wait: someone else made the change first, or a resource was deleted.
            self.busy.stale(lane, &change.write, &error.code, now);
        } else if carried > 1 {
            // One change of the batch is invalid: halve the batch until that change is alone.
            self.limits.insert(lane.to_owned(), (carried.min(changes.len()) / 2).max(1));
        } else {
            let message = format!("{}: {} {}", change.write, error.code, error.message);
            self.refuse(change, Reason::new(Code::Refused, lane, message));
            self.limits.remove(lane);
            self.busy.free(lane);
        }
    }

    fn refuse(&mut self, change: &Change, reason: Reason) {
        self.refused.push((change.write.clone(), reason));
    }

    fn strike(&mut self, write: &Write) -> u8 {
        match self.strikes.iter_mut().find(|(struck, _)| struck.same_intent(write)) {
            Some((_, count)) => {
                *count = count.saturating_add(1);
                *count
            }
            None => {
                self.strikes.push((write.clone(), 1));
                1
            }
        }
    }
}

/// Whether the error is transient, so that the answer is to wait and read again: conflict, throttling, busy service,
/// unknown outcome, no connection. Expired credentials count too; they end the invocation.
fn passes(error: &Error) -> bool {
    error.is_expired()
        || error.is_conflict()
        || error.is_throttled()
        || error.may_have_happened()
        || error.kind == ErrorKind::Transport
        || error.status.is_some_and(|status| status >= 500)
        || matches!(error.code.as_str(), "SystemBusy" | "ServiceUnavailable")
}

#[cfg(test)]
mod tests {
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
            Change::new(
                StageName::BackendServers,
                Write::UpdateServer { instance, address, port: 80, weight: 0, state },
            )
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
        Write::AddTransitRoute {
            region: "cn-chengdu".into(),
            table: "vtb".into(),
            destination,
            attachment: of_vpc(vpc),
        }
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
            progress.note_error(
                "members",
                &batch,
                WriteError::of(error(400, "Odd"), batch.len()),
                Timestamp::UNIX_EPOCH,
            );
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
}
