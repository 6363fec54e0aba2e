//! Telling: what a look of the timer finds is compared with what was told before, and who asked for it is told the difference (decision 0053).
//!
//! ```text
//!   causes of all bindings ─► news ─► claim ─► wait ─► is it still mine? ─► send, all at once ─► what was told
//!                              ▲        │                                                             │
//!                              └────────┴───────────── one object beside the store ◄──────────────────┘
//! ```
//!
//! It fails nothing: whatever goes wrong is a line in the log. What was told is written before anything is sent, so that a process that ends in
//! between tells nobody twice; and two looks at once cannot both tell, because each waits for longer after its claim than a claim may take, and
//! looks again whose it is.

mod message;
mod object;
mod send;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use onboarding::causes::{Cause, NextRun};
use onboarding::ids::BindingName;
use onboarding::news::{self, Claim, Delivery, Fault, Mark, News, Sight, Told};
use onboarding::store::{Secrets, Store};
use onboarding::{Binding, Causes, Code, Plan, Receiver, Topology};
use reachability::Wish;
use stage::Invocation;

use message::Message;

pub use object::{Place, Read};
use send::PATIENCE;
pub use send::{Sent, test};

/// The longest that all of it takes.
const LIMIT: Duration = Duration::from_secs(25);
/// The longest from reading what was told to the end of writing a claim. A claim that took longer may not have been seen by others, so nothing is sent.
const CLAIMING: SignedDuration = SignedDuration::from_secs(2);
/// How long a claim is left alone before it is looked at again: longer than another one that began before it may take.
const SETTLING: Duration = Duration::from_secs(3);
/// What reading and writing around all this may take.
const ROOM: Duration = Duration::from_secs(4);
/// A claim that is older belongs to a process that ended while it was telling.
const STALE: SignedDuration = SignedDuration::from_mins(2);

/// What a look found out about a binding, for those who are told.
pub(crate) fn sight(
    invocation: &Invocation<'_>,
    store: &Store,
    binding: &Binding,
    topology: &Topology,
    plan: &Plan,
) -> Sight {
    let paused = store.paused || binding.paused;
    let deployment = &invocation.host.settings().deployment;
    let mut faults = reachability::faults(topology, Wish { deployment, binding });
    // What passes by itself is nobody's news.
    faults.retain(|fault| !fault.mend.passes());
    let causes = Causes::of(binding, plan, &faults, NextRun::Writes);
    let is_whole = plan.unread.is_empty() && !causes.causes.iter().any(|cause| cause.reason.code == Code::Unread);
    // Each instance is news by itself: who was told of one has to hear of the others.
    let apart = causes.causes.iter().flat_map(Cause::apart);
    let faults = apart.filter_map(|cause| Fault::of(binding, cause, paused)).collect();
    if is_whole { Sight::Whole(faults) } else { Sight::Partly(faults) }
}

/// Tells every receiver of a store its news.
pub(crate) async fn tell(invocation: &Invocation<'_>, store: &Store, sights: &BTreeMap<BindingName, Sight>) {
    if store.notify.is_empty() {
        return;
    }
    let clock = invocation.host.clock();
    let limit = LIMIT.min(clock.until(invocation.budget_end()));
    if clock.timeout(limit, all(invocation, store, sights)).await.is_err() {
        not_told("", "the time was used up");
    }
}

fn not_told(receiver: &str, why: &str) {
    tracing::warn!(event = "told", schema = 1, receiver, code = %Code::NotTold, why, "not told");
}

async fn all(invocation: &Invocation<'_>, store: &Store, sights: &BTreeMap<BindingName, Sight>) {
    let host = invocation.host;
    if host.settings().read_only {
        return not_told("", "writes are switched off, so what would be told could not be kept");
    }
    let Some(place) = Place::of(&host.settings().store) else {
        return not_told("", "the store is a file, and what was told is kept beside a store in a bucket");
    };
    let (clock, client) = (host.clock(), invocation.client());
    let begun = clock.now();
    // Whoever claims has to have the time to tell as well.
    if clock.until(invocation.budget_end()) < SETTLING + PATIENCE + ROOM {
        return not_told("", "too little time is left of the look");
    }
    let told = match place.read(&client).await {
        Ok(read) => read.into_told(),
        Err(why) => return not_told("", &why),
    };
    let is_fresh = |claim: &Claim| begun.duration_since(claim.at).abs() < STALE;
    if let Some(claim) = told.claim.as_ref().filter(|claim| is_fresh(claim)) {
        tracing::info!(since = %claim.at, "left to the look that is telling");
        return;
    }
    let all: Vec<Their<'_>> = store.notify.iter().map(|receiver| Their::of(receiver, &told, sights, begun)).collect();
    if all.iter().all(|their| their.news.is_empty()) {
        return;
    }
    // Before the claim: what it takes to read them is not taken from the time to tell.
    let with_news = all.iter().filter(|their| !their.news.is_empty()).map(|their| their.receiver);
    let secrets = stage::secrets::secrets(host, &client, with_news).await;
    let claim = Claim { by: clock.uuid(), at: begun };
    // Nothing is told yet: if this ends here, the next look tells it.
    let claimed = Told { claim: Some(claim.clone()), receivers: told.receivers };
    if let Err(why) = place.write(&client, &claimed).await {
        return not_told("", &why);
    }
    if clock.now().duration_since(begun) > CLAIMING {
        return not_told("", "the claim to tell took too long to be written");
    }
    clock.sleep(SETTLING).await;
    match place.read(&client).await {
        Ok(Read::Told(told)) if told.claim.as_ref().is_some_and(|last| last.by == claim.by) => {}
        Ok(Read::Told(_)) => {
            tracing::info!("left to another look that tells the same");
            return;
        }
        Ok(Read::Nothing(why)) => return not_told("", &why),
        Err(why) => return not_told("", &why),
    }
    let after = |their: &Their<'_>| (their.receiver.name.clone(), their.after.clone());
    let telling = Told { claim: Some(claim), receivers: all.iter().map(after).collect() };
    if let Err(why) = place.write(&client, &telling).await {
        return not_told("", &why);
    }
    let settled = join_all(all.into_iter().map(|their| their.tell(invocation, &secrets, begun))).await;
    let told = Told { claim: None, receivers: settled.into_iter().collect() };
    if let Err(why) = place.write(&client, &told).await {
        // What was sent counts as sent for an hour all the same.
        not_told("", &why);
    }
}

/// A receiver with its news, what it was told before, and what it will have been told.
struct Their<'s> {
    receiver: &'s Receiver,
    news: News,
    before: Vec<Mark>,
    after: Vec<Mark>,
}

impl<'s> Their<'s> {
    fn of(receiver: &'s Receiver, told: &Told, sights: &BTreeMap<BindingName, Sight>, now: Timestamp) -> Self {
        let before = told.receivers.get(&receiver.name).cloned().unwrap_or_default();
        let (news, after) = news::of(receiver, &before, sights, now);
        Self { receiver, news, before, after }
    }

    /// Sends the news, if there are any. Gives what the receiver has been told.
    async fn tell(
        self,
        invocation: &Invocation<'_>,
        secrets: &Result<Secrets, String>,
        now: Timestamp,
    ) -> (String, Vec<Mark>) {
        let Self { receiver, news, before, after } = self;
        let name = receiver.name.clone();
        if news.is_empty() {
            return (name, after);
        }
        let (found, gone) = (news.found.len(), news.gone.len());
        let deployment = invocation.host.settings().deployment.as_str();
        let message = Message { deployment, at: now, news: &news, test: false };
        let sent = send::to(invocation.host, receiver, secrets, &message).await;
        match &sent {
            Sent { delivery: Delivery::Arrived, .. } => {
                tracing::info!(event = "told", schema = 1, receiver = name, found, gone, "told");
            }
            Sent { why, .. } => {
                tracing::warn!(
                    event = "told", schema = 1, receiver = name, found, gone, code = %Code::NotTold, why, "not told"
                );
            }
        }
        (name, news::settled(sent.delivery, &before, after, now))
    }
}
