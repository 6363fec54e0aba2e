//! A model of the coalescing protocol, with all interleavings explored: dispatches, the executions that they start or rely
//! on, Wait, Turn, standing down, a run that is stopped from outside, clock skew, and stale listings.
//!
//! ```text
//!   dispatch ──► StartExecution <binding>-<window> ──► covered, or on to the next window's name
//!      └─ in one process: covered by a start that was made there, or waits for the one that makes the calls
//!   run          Waiting ──► Turning ──► Working (it has read) ──► Ended
//!                               └─► looks twice ──► stands down ──► Ended
//! ```
//!
//! The decisions are made by the product's own code: [`stage::executions`]. The model is everything around them. Its
//! invariants are:
//! - each event is handled by a run that starts to read after the event;
//! - at most one run is at work;
//! - nothing waits for ever, and in the end all runs have ended.

use std::collections::{HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use stage::executions::{self, Proof, Run, Turn};

use end_to_end::beginning;
use end_to_end::matrix::{self, FAILURES, Scope, Tally};

/// Seconds in the model's time.
type Seconds = i64;

/// The constants of the protocol. They can be varied to show that the model detects wrong values.
#[derive(Clone, Copy)]
struct Protocol {
    /// The Wait of the flow.
    wait: Seconds,
    /// The window of dispatch: the Wait minus two seconds.
    window: u32,
    /// The time between the two listings of a third run; `None` if it lists only once.
    second_look: Option<Seconds>,
    /// Whether dispatch relies on an execution that has already ended.
    trusts_ended: bool,
    /// What dispatches in one process take from one another.
    sharing: Sharing,
}

/// What makes a start that another one made good for an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// The age of its call, since it was sent.
    SinceSent,
    /// Wrong: the age since its answer came.
    SinceAnswer,
    /// Wrong: that it was under way when the event came.
    UnderWay,
    /// Wrong: the age by the process's clock, which stands still while the process is frozen.
    Frozen,
}

const PROTOCOL: Protocol =
    Protocol { wait: 4, window: 2, second_look: Some(3), trusts_ended: false, sharing: Sharing::SinceSent };

/// The uncertainties that are explored.
#[derive(Clone, Copy)]
struct Uncertainty {
    dispatches: usize,
    /// The latest start of a dispatch.
    last_event: Seconds,
    /// After this, time continues only for unfinished Waits; everything else can end without it.
    last: Seconds,
    /// Whether a run is already waiting at the start; one is always at work.
    is_one_waiting: bool,
    /// Whether a person may stop one run.
    stop: bool,
    /// Whether all dispatches meet in one process. Calls and answers then take any time, and one of those that make calls may
    /// be cut. No other run is at work then, and clocks and listings are right: those are the other worlds' matter.
    meet: bool,
}

impl Uncertainty {
    const fn clocks(self) -> &'static [Seconds] {
        if self.meet { &[0] } else { &CLOCK }
    }

    const fn lags(self) -> &'static [Seconds] {
        if self.meet { &[0] } else { &LAG }
    }
}

/// How far the server's Date header may be behind.
const DATE_BEHIND: [Seconds; 2] = [0, 2];
/// The skew of a dispatch's own clock, which only determines the first name.
const CLOCK: [Seconds; 3] = [-2, 0, 2];
/// How old a listing of executions may be.
const LAG: [Seconds; 3] = [0, 1, 2];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Dispatch {
    /// Its event has not happened yet.
    Idle,
    /// It is about to start the run of this window.
    Asking { window: i64 },
    /// It has sent the call for this window, and leads.
    Sent { window: i64, at: Seconds },
    /// The server has answered, and the answer is on its way.
    Answered { window: i64, sent: Seconds, started: Seconds, date: Seconds },
    /// It waits for the one that leads.
    Waiting,
    /// It relies on a run.
    Covered,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Phase {
    Waiting,
    /// Its Wait is over. A third run stores its first listing: the time, and the two older runs, by their index.
    Turning {
        looked: Option<(Seconds, [usize; 2])>,
    },
    Working,
    /// The time of its end, because listings may still show it.
    Ended {
        at: Seconds,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Execution {
    /// Its name is made of it.
    window: i64,
    started: Seconds,
    phase: Phase,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    now: Seconds,
    /// Each with a flag: whether a run has read since its event.
    dispatches: Vec<(Dispatch, bool)>,
    runs: Vec<Execution>,
    may_stop: bool,
    /// What the process keeps of a start: when its call was sent, and the server's times.
    kept: Option<Kept>,
    may_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Kept {
    sent: Seconds,
    started: Seconds,
    date: Seconds,
}

impl Kept {
    fn proof(self) -> Proof {
        Proof { date: Some(at(self.date)), started: at(self.started).to_string() }
    }

    fn covers(self, now: Seconds, protocol: Protocol) -> bool {
        self.proof().holds_after(SignedDuration::from_secs(now - self.sent), protocol.window)
    }
}

/// The window of a run that a person started: none that a dispatch names.
const BY_HAND: i64 = -1;

impl Execution {
    fn name(&self) -> String {
        executions::name(&"web".into(), self.window)
    }
}

impl State {
    fn first(world: Uncertainty) -> Self {
        let run = |window, started, phase| Execution { window, started, phase };
        let mut runs = if world.meet { Vec::new() } else { vec![run(BY_HAND, -20, Phase::Working)] };
        if world.is_one_waiting {
            runs.push(run(0, -10, Phase::Turning { looked: None }));
        }
        let dispatches = vec![(Dispatch::Idle, false); world.dispatches];
        Self { now: 0, dispatches, runs, may_stop: world.stop, kept: None, may_cut: world.meet }
    }

    /// Whether a dispatch is under way, so that the process is not frozen.
    fn is_awake(&self) -> bool {
        self.dispatches.iter().any(|(dispatch, _)| !matches!(dispatch, Dispatch::Idle | Dispatch::Covered))
    }

    /// Whether a dispatch makes calls.
    fn is_led(&self) -> bool {
        self.dispatches
            .iter()
            .any(|(dispatch, _)| matches!(dispatch, Dispatch::Sent { .. } | Dispatch::Answered { .. }))
    }

    /// A dispatch of a process in which others may be under way begins, or has waited for the one that led.
    fn met(&self, index: usize, protocol: Protocol, world: Uncertainty, next: &mut Vec<Self>) {
        let with = |dispatch: Dispatch| {
            let mut state = self.clone();
            state.dispatches[index].0 = dispatch;
            state
        };
        if self.kept.is_some_and(|kept| kept.covers(self.now, protocol)) {
            next.push(with(Dispatch::Covered).settled(protocol));
        } else if self.is_led() {
            if self.dispatches[index].0 != Dispatch::Waiting {
                next.push(with(Dispatch::Waiting));
            }
        } else {
            for skew in world.clocks() {
                let window = executions::window(at(self.now + skew), protocol.window);
                next.push(with(Dispatch::Sent { window, at: self.now }));
            }
        }
    }

    /// What can become of the call of the one that leads.
    fn led(&self, index: usize, protocol: Protocol, next: &mut Vec<Self>) {
        let with = |dispatch: Dispatch| {
            let mut state = self.clone();
            state.dispatches[index].0 = dispatch;
            state
        };
        match self.dispatches[index].0 {
            Dispatch::Sent { window, at: sent } => {
                let (state, started) = self.start(window, protocol);
                for behind in DATE_BEHIND {
                    let mut state = state.clone();
                    state.dispatches[index].0 = match started {
                        None => Dispatch::Sent { window: window + 1, at: self.now },
                        Some(started) => Dispatch::Answered { window, sent, started, date: self.now - behind },
                    };
                    next.push(state);
                }
            }
            Dispatch::Answered { window, sent, started, date } => {
                let kept = Kept {
                    sent: if protocol.sharing == Sharing::SinceAnswer { self.now } else { sent },
                    started,
                    date,
                };
                if kept.proof().holds(protocol.window) {
                    let mut state = with(Dispatch::Covered);
                    state.kept = Some(kept);
                    if protocol.sharing == Sharing::UnderWay {
                        for (dispatch, _) in &mut state.dispatches {
                            if *dispatch == Dispatch::Waiting {
                                *dispatch = Dispatch::Covered;
                            }
                        }
                    }
                    next.push(state.settled(protocol));
                } else {
                    next.push(with(Dispatch::Sent { window: window + 1, at: self.now }));
                }
            }
            _ => return,
        }
        if self.may_cut {
            // The platform brings its event again, if there is time; those that wait go on.
            let mut cut = with(Dispatch::Idle);
            cut.dispatches[index].1 = false;
            cut.may_cut = false;
            next.push(cut.settled(protocol));
        }
    }

    /// With the last dispatch that is under way goes what the process keeps.
    fn settled(mut self, protocol: Protocol) -> Self {
        if !self.is_awake() && protocol.sharing != Sharing::Frozen {
            self.kept = None;
        }
        self
    }

    /// StartExecution: when the run of this name started, if it has not ended.
    fn start(&self, window: i64, protocol: Protocol) -> (Self, Option<Seconds>) {
        let mut state = self.clone();
        let started = match self.runs.iter().find(|run| run.window == window) {
            None => {
                state.runs.push(Execution { window, started: self.now, phase: Phase::Waiting });
                Some(self.now)
            }
            Some(run) if matches!(run.phase, Phase::Ended { .. }) && !protocol.trusts_ended => None,
            Some(run) => Some(run.started),
        };
        (state, started)
    }

    /// All possible next states.
    fn next(&self, protocol: Protocol, world: Uncertainty) -> Vec<Self> {
        let mut next = Vec::new();
        let waits = |run: &Execution| run.phase == Phase::Waiting && self.now < run.started + protocol.wait;
        if self.now < world.last || self.runs.iter().any(waits) {
            let mut later = self.clone();
            later.now += 1;
            if let Some(kept) = later.kept.as_mut().filter(|_| !self.is_awake()) {
                // Only in a wrong protocol there is something: its clock stands still.
                kept.sent += 1;
            }
            later.forget();
            next.push(later);
        }
        for (index, (dispatch, _)) in self.dispatches.iter().enumerate() {
            match dispatch {
                // Dispatches are interchangeable, so they start in order.
                Dispatch::Idle if self.now <= world.last_event => {
                    if world.meet {
                        self.met(index, protocol, world, &mut next);
                    } else if index == 0 || self.dispatches[index - 1].0 != Dispatch::Idle {
                        for skew in world.clocks() {
                            let mut begun = self.clone();
                            let window = executions::window(at(self.now + skew), protocol.window);
                            begun.dispatches[index] = (Dispatch::Asking { window }, false);
                            next.push(begun);
                        }
                    }
                }
                Dispatch::Idle | Dispatch::Covered => {}
                Dispatch::Waiting => self.met(index, protocol, world, &mut next),
                Dispatch::Sent { .. } | Dispatch::Answered { .. } => self.led(index, protocol, &mut next),
                Dispatch::Asking { window } => {
                    for behind in DATE_BEHIND {
                        next.push(self.asked(index, *window, behind, protocol));
                    }
                }
            }
        }
        for index in 0..self.runs.len() {
            self.moved(index, protocol, world, &mut next);
        }
        next
    }

    /// StartExecution: it starts a new run, returns one that is running, or the name is taken.
    fn asked(&self, index: usize, window: i64, behind: Seconds, protocol: Protocol) -> Self {
        let (mut asked, started) = self.start(window, protocol);
        let is_covered = started.is_some_and(|started| {
            executions::has_not_read(Some(at(self.now - behind)), &at(started).to_string(), protocol.window)
        });
        let dispatch = if is_covered { Dispatch::Covered } else { Dispatch::Asking { window: window + 1 } };
        asked.dispatches[index].0 = dispatch;
        asked
    }

    /// The possible steps of a run.
    fn moved(&self, index: usize, protocol: Protocol, world: Uncertainty, next: &mut Vec<Self>) {
        let run = &self.runs[index];
        let with = |phase: Phase| {
            let mut state = self.clone();
            state.runs[index].phase = phase;
            state
        };
        let ended = || with(Phase::Ended { at: self.now });
        match &run.phase {
            Phase::Waiting if self.now >= run.started + protocol.wait => {
                next.push(with(Phase::Turning { looked: None }));
            }
            Phase::Waiting | Phase::Ended { .. } => {}
            Phase::Working => next.push(ended()),
            Phase::Turning { looked } => {
                for lag in world.lags() {
                    match executions::turn(&self.listed(self.now - lag), &run.name()) {
                        Turn::Go => {
                            let mut state = with(Phase::Working);
                            for (dispatch, seen) in &mut state.dispatches {
                                *seen |= *dispatch != Dispatch::Idle;
                            }
                            next.push(state);
                        }
                        // It fails, and lists again later as if for the first time.
                        Turn::Wait(_) if looked.is_some() => next.push(with(Phase::Turning { looked: None })),
                        Turn::Wait(_) => {}
                        Turn::StandDown(older) => match (protocol.second_look, looked) {
                            (None, _) => next.push(ended()),
                            (Some(_), None) => {
                                next.push(with(Phase::Turning { looked: Some((self.now, self.indices(&older))) }));
                            }
                            (Some(after), Some((first, seen))) if self.now >= first + after => {
                                let again = *seen == self.indices(&older);
                                next.push(if again { ended() } else { with(Phase::Turning { looked: None }) });
                            }
                            (Some(_), Some(_)) => {}
                        },
                    }
                }
            }
        }
        if self.may_stop && !matches!(run.phase, Phase::Ended { .. }) {
            let mut stopped = ended();
            stopped.may_stop = false;
            // A person who stops a run takes responsibility for what it would have read; the timer repairs it.
            for (dispatch, seen) in &mut stopped.dispatches {
                *seen |= *dispatch != Dispatch::Idle;
            }
            next.push(stopped);
        }
    }

    /// The runs that had not ended at this time, oldest first.
    fn listed(&self, time: Seconds) -> Vec<Run> {
        let is_listed =
            |run: &&Execution| run.started <= time && !matches!(run.phase, Phase::Ended { at } if at <= time);
        let listed = self.runs.iter().filter(is_listed);
        let mut runs: Vec<Run> = listed.map(|run| Run { started: at(run.started), name: run.name() }).collect();
        runs.sort();
        runs
    }

    fn indices(&self, names: &[String; 2]) -> [usize; 2] {
        let index = |name: &String| self.runs.iter().position(|run| run.name() == *name).unwrap();
        [index(&names[0]), index(&names[1])]
    }

    /// Merges states that differ only in facts that no listing can show any more.
    fn forget(&mut self) {
        let oldest = self.now - LAG.len() as Seconds;
        for run in &mut self.runs {
            if let Phase::Ended { at } = &mut run.phase {
                *at = (*at).max(oldest);
            }
        }
    }

    /// The invariant that this state violates, if any.
    fn broken(&self) -> Option<&'static str> {
        let working = self.runs.iter().filter(|run| run.phase == Phase::Working).count();
        if working > 1 {
            return Some("two runs are at work");
        }
        let has_ended = self.runs.iter().all(|run| matches!(run.phase, Phase::Ended { .. }));
        let unseen = |(dispatch, seen): &(Dispatch, bool)| *dispatch == Dispatch::Covered && !seen;
        (has_ended && self.dispatches.iter().any(unseen)).then_some("nobody has read since the event")
    }

    fn is_over(&self) -> bool {
        let is_quiet = |(dispatch, _): &(Dispatch, bool)| matches!(dispatch, Dispatch::Covered | Dispatch::Idle);
        self.dispatches.iter().all(is_quiet) && self.runs.iter().all(|run| matches!(run.phase, Phase::Ended { .. }))
    }
}

fn at(second: Seconds) -> Timestamp {
    beginning() + SignedDuration::from_secs(second)
}

/// Visits all reachable states. Returns their number, or the first state that violates an invariant.
fn explore(protocol: Protocol, world: Uncertainty) -> Result<usize, String> {
    let first = State::first(world);
    let mut seen = HashSet::from([first.clone()]);
    let mut left = VecDeque::from([first]);
    while let Some(state) = left.pop_front() {
        if let Some(what) = state.broken() {
            return Err(format!("{what}: {state:?}"));
        }
        let next = state.next(protocol, world);
        if next.is_empty() && !state.is_over() {
            return Err(format!("nothing can happen any more: {state:?}"));
        }
        for state in next {
            if !seen.contains(&state) {
                seen.insert(state.clone());
                left.push_back(state);
            }
        }
    }
    Ok(seen.len())
}

/// The protocol violates no invariant in any state of this world.
fn holds(tally: &mut Tally, world: Uncertainty) {
    match explore(PROTOCOL, world) {
        Ok(states) => {
            assert!(states > 1_000, "hardly anything happens: {states}");
            tally.add("modelStates", states as u64);
        }
        Err(what) => {
            tally.add(FAILURES, 1);
            panic!("{what}");
        }
    }
}

/// Two dispatches beside a run at work and a waiting one, and a person who may stop one of the runs.
const STOPPED: Uncertainty =
    Uncertainty { dispatches: 2, last_event: 3, last: 9, is_one_waiting: true, stop: true, meet: false };

#[test]
fn every_event_is_read_after_it_and_one_run_works_at_a_time() {
    let scope = matrix::scope();
    let mut tally = Tally::of("coalescing");
    let beside = |last_event, last| {
        let alone = Uncertainty { dispatches: 2, last_event, last, is_one_waiting: false, stop: false, meet: false };
        [alone, Uncertainty { is_one_waiting: true, ..alone }]
    };
    let mut worlds = vec![Uncertainty { dispatches: 1, ..STOPPED }];
    match scope {
        Scope::Soak => {
            worlds.extend(beside(4, 12));
            worlds.push(STOPPED);
        }
        Scope::Full => worlds.extend(beside(2, 9)),
        _ => worlds.extend(beside(1, 6)),
    }
    for world in worlds {
        holds(&mut tally, world);
    }
}

#[test]
fn the_model_notices_a_window_as_long_as_the_wait() {
    let protocol = Protocol { window: 4, ..PROTOCOL };
    // The second dispatch may join the first one's run after that has read.
    let world = Uncertainty { dispatches: 2, last_event: 6, last: 8, is_one_waiting: false, stop: false, meet: false };
    assert!(explore(protocol, world).unwrap_err().starts_with("nobody has read"));
}

#[test]
fn the_model_notices_a_third_run_that_looks_only_once() {
    let protocol = Protocol { second_look: None, ..PROTOCOL };
    let world = Uncertainty { dispatches: 2, last_event: 5, last: 9, is_one_waiting: true, stop: false, meet: false };
    assert!(explore(protocol, world).unwrap_err().starts_with("nobody has read"));
}

#[test]
fn the_model_notices_a_run_that_is_relied_on_after_its_end() {
    let protocol = Protocol { trusts_ended: true, ..PROTOCOL };
    assert!(explore(protocol, STOPPED).unwrap_err().starts_with("nobody has read"));
}

/// Two dispatches that meet in one process.
const MET: Uncertainty =
    Uncertainty { dispatches: 2, last_event: 6, last: 6, is_one_waiting: false, stop: false, meet: true };

#[test]
fn events_that_meet_in_one_process_are_read_after_as_well() {
    let mut tally = Tally::of("coalescing/meet");
    let last = match matrix::scope() {
        Scope::Soak => 6,
        Scope::Full => 5,
        _ => 2,
    };
    holds(&mut tally, Uncertainty { last_event: last, last, ..MET });
}

#[test]
fn the_model_notices_whoever_joins_what_proves_nothing_to_him() {
    for sharing in [Sharing::UnderWay, Sharing::SinceAnswer, Sharing::Frozen] {
        let found = explore(Protocol { sharing, ..PROTOCOL }, MET);
        assert!(found.unwrap_err().starts_with("nobody has read"));
    }
}
