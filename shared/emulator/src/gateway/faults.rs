//! Fault injection into a call: before it is carried out, while it is carried out, and into its answer.
//!
//! ```text
//!   meet ──► refused? ──► carry_out (held, or on an earlier world) ──► false error? ──► deliver (late, truncated, cut)
//! ```

use bytes::Bytes;
use http::{Response, StatusCode};

use super::delivery::{Delivery, Ending};
use super::injected::InjectedFaults;
use super::reply::Reply;
use super::respond::{Format, JSON};
use super::shared::Inner;
use super::visit::Visit;
use crate::call::{ApiError, Body, Call, Params, writes};
use crate::faults::{Domain, Effect, Lie, Occurrence, internal_error, throttled, unavailable};
use crate::platform::access;
use crate::time::Hold;

/// Collects the faults for a call, before it is carried out.
pub(super) fn meet(inner: &mut Inner, visit: &mut Visit<'_>, call: &Call) -> Result<(), ApiError> {
    if inner.world.faults.is_empty() {
        return Ok(());
    }
    let occurrence = Occurrence {
        domain: Domain::Call,
        service: call.service,
        action: &call.action,
        region: &call.region,
        caller: Some(&call.caller),
        params: &call.params,
    };
    let struck = inner.world.faults.strike(visit.frame.now, &occurrence);
    if struck.is_empty() {
        return Ok(());
    }
    let injected = visit.injected.get_or_insert_default();
    let mut refusals = Vec::new();
    for (effect, number) in struck {
        match effect {
            Effect::Throttle => refusals.push(throttled(call.service)),
            Effect::Unavailable => refusals.push(unavailable()),
            Effect::InternalError => refusals.push(internal_error(call.service)),
            Effect::Deny => refusals.push(access::refusal(call.service)),
            Effect::Refuse { status, code, message, done } => {
                let message = if message.is_empty() { code.clone() } else { message };
                let error = ApiError::new(status.into(), code, message);
                if done { injected.lie = Some(error) } else { refusals.push(error) }
            }
            Effect::CutBefore => {
                injected.delivery.ending = Ending::Cut;
                refusals.push(cut());
            }
            Effect::CutAfter => injected.delivery.ending = Ending::Cut,
            Effect::Truncate if injected.delivery.ending == Ending::Whole => {
                injected.delivery.ending = Ending::Truncated;
            }
            Effect::Delay { seconds } => injected.delivery.delay += seconds.duration(),
            Effect::Stick { seconds: None } => injected.hold = Some(Hold::Released(number)),
            Effect::Stick { seconds: Some(seconds) } => injected.hold = Some(Hold::Longer(seconds.duration())),
            Effect::StaleReads { seconds } => injected.lag = Some(seconds.duration()),
            Effect::Falsify { lie } => injected.falsified = Some(lie),
            // Nothing is left of the answer to truncate, or the effect is no call's.
            _ => {}
        }
    }
    refusals.into_iter().next().map_or(Ok(()), Err)
}

/// Carries an RPC call out, as far as faults let it.
pub(super) fn carry_out(inner: &mut Inner, visit: &Visit<'_>, call: &Call) -> Result<Body, ApiError> {
    let now = visit.frame.now;
    if inner.world.faults.is_empty() {
        return inner.world.answer(now, call);
    }
    let injected = visit.injected.as_deref();
    if let Some(lag) = injected.and_then(|injected| injected.lag)
        && let Some(past) = inner.history.before(now, lag)
    {
        return past.clone().answer(now, call);
    }
    match injected.and_then(|injected| injected.falsified) {
        Some(Lie::OneWriteAgo) => {
            if let Some(past) = inner.history.before_last() {
                return past.clone().answer(now, call);
            }
        }
        Some(Lie::RepeatedPage) => return inner.world.answer(now, &first_page(call)),
        _ => {}
    }
    if writes(&call.action) {
        inner.history.keep(now, &inner.world);
    }
    inner.world.settings.latencies.hold = injected.and_then(|injected| injected.hold);
    let answer = inner.world.answer(now, call);
    inner.world.settings.latencies.hold = None;
    answer
}

/// The call without its paging parameters.
fn first_page(call: &Call) -> Call {
    let pairs = call.params.iter().filter(|(name, _)| !PAGES.contains(name));
    Call { params: Params::new(pairs), ..call.clone() }
}

/// The parameters that ask for a page after the first.
const PAGES: [&str; 2] = ["NextToken", "PageNumber"];

/// The response to an RPC call that was carried out, as it is or as it is falsified.
pub(super) fn answered(visit: &Visit<'_>, format: Format, answer: Body) -> Response<Bytes> {
    let lie = visit.injected.as_ref().and_then(|injected| injected.falsified);
    let answer = match (lie, lie.and_then(Lie::body)) {
        (_, Some(body)) => return visit.frame.raw(StatusCode::OK, JSON, Bytes::from_static(body.as_bytes()), &[]),
        (Some(lie), None) => {
            let continued = PAGES.iter().any(|name| visit.params.get(name).is_some_and(|page| page != "1"));
            Body::Tree(lie.falsified(answer.into_tree(), continued))
        }
        (None, None) => answer,
    };
    visit.frame.success(format, &visit.action, answer)
}

/// The false error for a call that was carried out, if a rule says so.
pub(super) fn told(visit: &Visit<'_>) -> Result<(), ApiError> {
    visit.injected.as_ref().and_then(|injected| injected.lie.clone()).map_or(Ok(()), Err)
}

/// The reply, with its delivery altered if a rule says so.
pub(super) fn deliver(injected: Option<Box<InjectedFaults>>, reply: Reply) -> Reply {
    match injected {
        Some(injected) if injected.delivery != Delivery::default() => {
            Reply::Altered(Box::new(reply), injected.delivery)
        }
        _ => reply,
    }
}

/// What the log says of a call whose connection was cut before anything was done.
fn cut() -> ApiError {
    ApiError::new(503, "ConnectionCut", "The connection was closed before the call was carried out.")
}
