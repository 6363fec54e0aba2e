//! A new emulated world for a recording, with simulated time: it advances from request to request without waiting.

use bytes::Bytes;
use emulator::fc::Outcome;
use emulator::recording::Preface;
use emulator::{Effect, Gateway, Generation, Reply, Settings, World};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use openapi::Credentials;

use super::error::ReplayError;
use super::target::{ReplayTarget, Sent};
use crate::stacks;

/// The world that a recording began with. No function runs in it.
#[derive(Debug)]
pub struct FreshWorld {
    gateway: Gateway,
    started: Timestamp,
    now: Timestamp,
}

/// The step by which time advances if the next due time is not in the future, so that it cannot stand still.
const PATIENCE: SignedDuration = SignedDuration::from_millis(1);

impl FreshWorld {
    /// Makes the world; `seed` in place of the recorded one, if given.
    ///
    /// # Errors
    /// [`ReplayError::World`].
    pub fn new(preface: &Preface, seed: Option<u64>) -> Result<Self, ReplayError> {
        let impossible = |why: String| ReplayError::World(why);
        // Recorded times are the cloud's, so its speed does not matter.
        let settings = Settings { seed: seed.unwrap_or(preface.seed), rates: preface.rates, ..Settings::default() };
        let generation = match preface.generation.as_str() {
            "upgraded" => Generation::Upgraded,
            "classic" => Generation::Classic,
            other => return Err(impossible(format!("there is no generation {other}"))),
        };
        let mut world = World::new(settings);
        let policy = emulator::AlbPolicy { generation, ..world.alb_policy() };
        world.set_alb_policy(policy);
        let now = preface.started;
        world.load(now, &preface.world).map_err(|error| impossible(error.to_string()))?;
        world.add_faults(now, preface.faults.clone()).map_err(|error| impossible(error.to_string()))?;
        stacks::store(&mut world, now, &preface.bindings, "");
        Ok(Self { gateway: Gateway::new(world), started: now, now })
    }

    /// The account's own key.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let key = self.gateway.with(|world| world.root_credentials());
        Credentials::new(key.access_key_id, key.access_key_secret)
    }

    /// The world, to look at it or to change it.
    #[must_use]
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Lets everything happen that falls due until then.
    fn advance(&mut self, until: Timestamp) {
        loop {
            let now = self.now;
            let due = self.gateway.with(|world| world.next_due(now));
            let Some(due) = due.map(|due| due.max(now)).filter(|due| *due <= until) else { break };
            self.now = if due == now { now.checked_add(PATIENCE).unwrap_or(until).min(until) } else { due };
            self.work();
            if due == now && self.now == until {
                break;
            }
        }
        self.now = self.now.max(until);
    }

    /// Does what is due, and what that makes due. No function runs here.
    fn work(&self) {
        let now = self.now;
        self.gateway.with(|world| {
            for effect in world.advance(now) {
                let Effect::Invoke(invocation) = effect;
                let nobody = format!("nothing serves function {}", invocation.function);
                world.finish(now, invocation.id, Outcome::Crashed(nobody));
            }
        });
    }

    fn response(&self, reply: Reply) -> Option<Response<Bytes>> {
        match reply {
            Reply::Ready(response) => Some(response),
            Reply::Pending(pending) => {
                self.work();
                self.gateway.collect(self.now, &pending)
            }
            Reply::Altered(reply, delivery) => {
                self.response(*reply).filter(|_| delivery.ending == emulator::Ending::Whole)
            }
        }
    }
}

impl ReplayTarget for FreshWorld {
    fn base(&self, region: &str) -> String {
        format!("http://{region}.api.emulated")
    }

    async fn wait(&mut self, after: SignedDuration) -> Timestamp {
        let until = self.started.checked_add(after).unwrap_or(Timestamp::MAX);
        self.advance(until);
        self.now
    }

    async fn send(&mut self, region: &str, request: Request<Bytes>) -> Sent {
        let reply = self.gateway.handle(self.now, self.now, region, request);
        Ok(self.response(reply))
    }
}
