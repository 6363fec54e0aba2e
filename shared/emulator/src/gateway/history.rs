//! Worlds as they were before the latest writes, for reads that are to show the past.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::world::World;

/// Worlds as they were before each of the latest writes, while there are rules that show the past.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<(Timestamp, World)>);

/// More writes than these within a lag make the lag shorter: each world kept is a whole one.
const KEPT: usize = 64;

impl History {
    /// Keeps the world that a write is about to change.
    pub(super) fn keep(&mut self, now: Timestamp, world: &World) {
        let Some(lag) = world.faults.longest_lag() else {
            self.0.clear();
            return;
        };
        let since = before(now, lag);
        while self.0.len() >= KEPT || self.0.front().is_some_and(|(at, _)| *at < since) {
            self.0.pop_front();
        }
        self.0.push_back((now, world.clone()));
    }

    /// The world without the latest write, if there was one.
    pub(super) fn before_last(&self) -> Option<&World> {
        self.0.back().map(|(_, world)| world)
    }

    /// The world without the writes of the last `lag`, if there were any.
    pub(super) fn before(&self, now: Timestamp, lag: Duration) -> Option<&World> {
        let since = before(now, lag);
        self.0.iter().find(|(at, _)| *at > since).map(|(_, world)| world)
    }
}

fn before(now: Timestamp, lag: Duration) -> Timestamp {
    SignedDuration::try_from(lag).ok().and_then(|lag| now.checked_sub(lag).ok()).unwrap_or(Timestamp::MIN)
}
