//! What a world does: it answers calls, advances its time, and routes the outcomes of invocations.
//!
//! ```text
//!   gateway (signature, parameters) ──► World::handle(now, call) ──► service module ──► answer
//!   driver  (sleeps until next_due) ──► World::advance(now)      ──► effects ──► FunctionHost
//!                                       World::finish(now, ..)   ◄── results ◄──┘
//! ```

pub(crate) mod account;
mod deliveries;
mod faults;
mod likeness;
pub(crate) mod requests;

use jiff::Timestamp;

use crate::call::{Answer, ApiError, Body, Call, Service, unknown_action};
use crate::platform::{access, bus, invocations};
use crate::services::fnf::{self, tasks};
use crate::services::{alb, cen, ecs, events, ram, ros, sts, vpc};
use crate::state::fc::{Invocation, InvocationId, Origin, Outcome};
use crate::time;
use crate::world::World;

/// Work for the driver: the world itself does no I/O.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Invoke a function and hand its result to [`World::finish`].
    Invoke(Invocation),
}

impl World {
    /// Answers one verified call. States are brought up to `now` first.
    ///
    /// # Errors
    /// The documented refusals of the service.
    pub fn handle(&mut self, now: Timestamp, call: &Call) -> Answer {
        self.answer(now, call).map(Body::into_tree)
    }

    /// The same, with the body in the form that the gateway writes out.
    pub(crate) fn answer(&mut self, now: Timestamp, call: &Call) -> Result<Body, ApiError> {
        self.settle(now);
        access::authorize(self, call)?;
        if call.params.flag("DryRun")? == Some(true) {
            let mut rehearsal = self.clone();
            rehearsal.dispatch(now, call)?;
            return Err(ApiError::bad("DryRunOperation", "Request validation has been passed with DryRun flag set."));
        }
        if let Some(answer) = self.tokens.replay(now, call) {
            return answer.map(Body::Tree);
        }
        if makes(&call.action) && self.population() >= POPULATION {
            return Err(crate::call::full(&format!("{POPULATION} resources")));
        }
        let answer = self.dispatch(now, call)?;
        if let Body::Tree(tree) = &answer {
            let settled = self.settings.latencies.after(now, self.settings.latencies.token);
            self.tokens.remember(now, settled, call, tree);
        }
        Ok(answer)
    }

    /// The number of resources of the kinds that calls can create without limit.
    fn population(&self) -> usize {
        let counts = [
            self.alb.load_balancers.len(),
            self.alb.listeners.len(),
            self.alb.server_groups.len(),
            self.cen.instances.len(),
            self.cen.packages.len(),
            self.cen.routers.len(),
            self.cen.vpc_attachments.len(),
            self.cen.peers.len(),
            self.cen.entries.len(),
            self.vpc.vpcs.len(),
            self.vpc.switches.len(),
            self.vpc.tables.len(),
            self.ecs.instances.len(),
            self.ecs.interfaces.len(),
            self.ecs.groups.len(),
            self.fnf.population(),
            self.ram.population(),
            self.ros.population(),
        ];
        counts.into_iter().sum()
    }

    /// Advances the time: states settle, waits end, events become due. Returns the work for the driver.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Effect> {
        self.settle(now);
        deliveries::advance(self, now);
        tasks::advance(self, now);
        invocations::advance(self, now).into_iter().map(Effect::Invoke).collect()
    }

    /// Takes the outcome of an [`Effect::Invoke`]; more work may be due at once then.
    pub fn finish(&mut self, now: Timestamp, id: InvocationId, outcome: Outcome) {
        self.settle(now);
        match invocations::finish(self, now, id, outcome) {
            Some((Origin::Caller, outcome)) => drop(self.fc.answers.insert(id, outcome)),
            Some((Origin::Task(key), outcome)) => tasks::complete(self, now, &key, outcome),
            Some((Origin::Delivery(delivery), outcome)) if !outcome.succeeded() => bus::redeliver(self, now, delivery),
            Some((Origin::Delivery(_) | Origin::Nobody, _)) | None => {}
        }
    }

    /// When [`World::advance`] has something to do next, if ever. May be in the past: then at once.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        [
            // The states of VPC and CEN follow from the time: nothing has to be done when they change.
            self.ecs.next_due(),
            self.alb.next_due(now),
            self.events.next_due(),
            self.fnf.next_due(),
            invocations::next_due(self, now),
        ]
        .into_iter()
        .flatten()
        .filter(|due| time::comes(*due))
        .min()
    }

    /// Updates every state that depends on time to `now`: services that others depend on come first.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        ecs::settle(self, now);
        self.vpc.sweep(now);
        cen::settle(self, now);
        alb::settle(self, now);
    }

    fn dispatch(&mut self, now: Timestamp, call: &Call) -> Result<Body, ApiError> {
        let answer = match call.service {
            Service::Alb => alb::handle(self, now, call),
            Service::Cbn => cen::handle(self, now, call),
            Service::Vpc => vpc::handle(self, now, call),
            Service::Ecs => return ecs::handle(self, now, call),
            Service::Fnf => fnf::handle(self, now, call),
            Service::Sts => sts::handle(self, now, call),
            Service::Ram => ram::handle(self, now, call),
            Service::Ims => ram::account(self, call),
            Service::EventBridge => events::handle(self, now, call),
            Service::Ros => ros::handle(self, now, call),
            // Path-style services do not come through here: the gateway calls their modules itself.
            Service::Fc | Service::Oss => Err(unknown_action()),
        };
        answer.map(Body::Tree)
    }
}

/// Most resources of all kinds together. The emulator's own limit, far above the account's quotas in the cloud.
const POPULATION: usize = 200_000;

/// Whether an action creates a resource that counts. Rules, routes and servers have quotas of their own.
fn makes(action: &str) -> bool {
    ["Create", "Run", "StartExecution", "Allocate"].iter().any(|verb| action.starts_with(verb))
}
