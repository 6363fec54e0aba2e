//! Looks for everybody who views the page: one at a time, shared by all viewers, and none while nobody views. A look that fails leaves
//! the one before in place, with its age and the error.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::look::{Looker, Sights};
use crate::output::CliError;

/// How long a viewer waits for the first look.
const FIRST: Duration = Duration::from_secs(4);

/// The looks at a deployment.
pub(super) struct Watch {
    looker: Looker,
    /// The least time between the end of a look and the beginning of the next.
    every: SignedDuration,
    /// Real time, however fast the cloud's runs: it is people who wait.
    clock: Clock,
    state: Mutex<State>,
    /// Counts the looks that have ended, however.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    look: Option<(Arc<Sights>, Timestamp)>,
    failed: Option<(String, Timestamp)>,
    /// When the last one ended.
    last: Option<Timestamp>,
    looking: bool,
}

/// What a viewer gets to see.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The last look that succeeded, and its age.
    pub(super) look: Option<(Arc<Sights>, SignedDuration)>,
    /// Why the one after it failed, and how long ago.
    pub(super) failed: Option<(String, SignedDuration)>,
    /// Whether there is a new one under way.
    pub(super) looking: bool,
    /// How many looks have ended: another number may show something else.
    pub(super) ended: u64,
}

impl Watch {
    /// Looks by `looker`, with at least `every` between two looks.
    pub(super) fn new(looker: Looker, every: SignedDuration, clock: Clock) -> Arc<Self> {
        let (ended, _) = watch::channel(0);
        Arc::new(Self { looker, every, clock, state: Mutex::default(), ended })
    }

    /// What there is to be seen. If that is old, a new look begins, which the viewer does not wait for.
    pub(super) fn view(self: &Arc<Self>) -> View {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |since: Timestamp| now.duration_since(since);
        if !state.looking && state.last.is_none_or(|last| age(last) >= self.every) {
            state.looking = true;
            let flight = Flight(Arc::clone(self));
            let before = state.look.as_ref().map(|(look, _)| Arc::clone(look));
            tokio::spawn(async move {
                let seen = flight.0.looker.look(before.as_deref()).await;
                flight.0.end(seen);
            });
        }
        View {
            look: state.look.as_ref().map(|(look, at)| (Arc::clone(look), age(*at))),
            failed: state.failed.as_ref().map(|(why, at)| (why.clone(), age(*at))),
            looking: state.looking,
            ended: *self.ended.borrow(),
        }
    }

    /// The same, after the first look if that ends soon.
    pub(super) async fn first_view(self: &Arc<Self>) -> View {
        let mut ended = self.ended.subscribe();
        let view = self.view();
        if view.look.is_some() || view.failed.is_some() {
            return view;
        }
        let _still_looking = self.clock.timeout(FIRST, ended.changed()).await;
        self.view()
    }

    fn end(&self, seen: Result<Sights, CliError>) {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match seen {
            Ok(look) => (state.look, state.failed) = (Some((Arc::new(look), now)), None),
            Err(error) => state.failed = Some((error.to_string(), now)),
        }
    }
}

/// A look under way; however it ends, the next one may begin.
struct Flight(Arc<Watch>);

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.looking = false;
        state.last = Some(self.0.clock.now());
        drop(state);
        self.0.ended.send_modify(|count| *count += 1);
    }
}
