//! Handles an event together with those that meet it.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use onboarding::Binding;
use onboarding::ids::BindingName;
use onboarding::store::Store;
use stage::{Invocation, StageError, store};

use crate::answer::{Dispatched, Started};
use crate::bindings::{self, Sighting, Whereabouts};
use crate::meeting::{Answer, Meeting};
use crate::{answer, start};

/// Handles an event: a start that was made here covers it, or somebody leads a batch in which it is, or it leads itself.
/// `account` is the deployment's own account.
pub(crate) async fn handle(invocation: &Invocation<'_>, account: &str, event: Sighting) -> Answer {
    let meeting = invocation.host.shared::<Meeting>();
    let is_covered = |event: &Sighting| {
        let host = invocation.host;
        meeting.covered(event, account, host.clock().now(), host.settings().window_seconds)
    };
    if let Some(covered) = is_covered(&event) {
        return Ok(covered);
    }
    let ticket = meeting.join(event);
    let _lead = meeting.lead().await;
    if let Some(answered) = ticket.answer() {
        return answered;
    }
    // From here on only those are in the batch that have arrived.
    let mut batch = Vec::new();
    for (number, event) in meeting.waiting() {
        match is_covered(&event) {
            Some(covered) => meeting.answer(number, Ok(covered)),
            None => batch.push((number, event)),
        }
    }
    if !batch.is_empty() {
        for (number, answered) in lead(invocation, account, &meeting, &batch).await {
            meeting.answer(number, answered);
        }
    }
    let lost = || StageError::CloudFailing { what: "an event got no answer; this is a defect of albridge".to_owned() };
    ticket.answer().unwrap_or_else(|| Err(lost()))
}

/// Makes the calls for a batch of events, and answers each.
async fn lead(
    invocation: &Invocation<'_>,
    account: &str,
    meeting: &Meeting,
    batch: &[(u64, Sighting)],
) -> Vec<(u64, Answer)> {
    let since = invocation.host.clock().now();
    let store = match store::load(invocation.host, &invocation.client()).await {
        Ok(store) => store,
        Err(failure) => return batch.iter().map(|(number, _)| (*number, Err(failure.clone()))).collect(),
    };
    meeting.keep_store(&store, since);
    let within = |event: &Sighting| bindings::within(&store, event.region.as_ref(), &event.accounts, account);
    let asked: Vec<(u64, &Sighting, Vec<&Binding>)> =
        batch.iter().map(|(number, event)| (*number, event, within(event))).collect();
    let started = if invocation.host.settings().read_only {
        BTreeMap::new()
    } else {
        start_all(invocation, &store, &asked).await
    };
    let answer = |(number, event, bindings): (u64, &Sighting, Vec<&Binding>)| {
        (number, answer_to(invocation, account, event, &bindings, &started))
    };
    asked.into_iter().map(answer).collect()
}

/// The runs of the bindings that some event concerns, by binding; and the numbers of those events.
type Runs<'s> = BTreeMap<&'s BindingName, (Vec<&'s Sighting>, Result<String, StageError>)>;

/// Starts, or joins, an execution for each binding that turns out to be concerned. A failed start does not affect the
/// others.
async fn start_all<'s>(
    invocation: &Invocation<'_>,
    store: &'s Store,
    asked: &[(u64, &'s Sighting, Vec<&'s Binding>)],
) -> Runs<'s> {
    let events: Vec<_> = asked.iter().map(|(_, event, bindings)| (*event, bindings.as_slice())).collect();
    let whereabouts = Whereabouts::read(invocation, &events).await;
    let concerned = store.bindings.iter().filter_map(|binding| {
        let asks = |(_, event, bindings): &&(u64, &'s Sighting, Vec<&'s Binding>)| {
            bindings.iter().any(|within| within.name == binding.name) && whereabouts.concerns(event, binding)
        };
        let by: Vec<&'s Sighting> = asked.iter().filter(asks).map(|(_, event, _)| *event).collect();
        (!by.is_empty()).then_some((&binding.name, by))
    });
    let starts = concerned.map(|(name, by)| async move { (name, (by, start::one(invocation, name, "event").await)) });
    // Collected, because a stream that contains the closure is not `Send`.
    let starts: Vec<_> = starts.collect();
    join_all(starts).await.into_iter().collect()
}

/// The answer to one event. If a start for it failed, it is that failure, so that the platform retries the event.
fn answer_to(
    invocation: &Invocation<'_>,
    account: &str,
    event: &Sighting,
    bindings: &[&Binding],
    runs: &Runs<'_>,
) -> Answer {
    if let Some(why) = bindings::foreign(account, &event.accounts, bindings) {
        return Ok(answer::ignored(&why));
    }
    let mut dispatched = Dispatched::default();
    if invocation.host.settings().read_only {
        dispatched.ignored = bindings.iter().map(|binding| start::switched_off(&binding.name)).collect();
        return Ok(dispatched);
    }
    for binding in bindings {
        let Some((by, run)) = runs.get(&binding.name) else { continue };
        if by.iter().any(|asker| std::ptr::eq(*asker, event)) {
            let execution = run.clone()?;
            dispatched.started.push(Started { binding: binding.name.clone(), execution, drift: Vec::new() });
        }
    }
    Ok(dispatched)
}
