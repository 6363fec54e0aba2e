//! What the world's faults do to a call: before it is carried out, while it is, and to its answer.
//!
//! ```text
//!   meet ──► refused? ──► carry_out (held, or shown the past) ──► told otherwise? ──► deliver (late, truncated, cut)
//! ```

use bytes::Bytes;
use http::{Response, StatusCode};

use super::delivery::{Ending, Manner};
use super::injected::Mishaps;
use super::reply::Reply;
use super::respond::{Format, JSON};
use super::shared::Inner;
use super::visit::Visit;
use crate::call::{ApiError, Body, Call, Params, writes};
use crate::faults::{Domain, Effect, Lie, Occurrence, internal_error, throttled, unavailable};
use crate::platform::access;
use crate::time::Hold;

/// Finds out what goes wrong with a call. Nothing of it was done yet.
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
    let mishaps = visit.mishaps.get_or_insert_default();
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
                if done { mishaps.lie = Some(error) } else { refusals.push(error) }
            }
            Effect::CutBefore => {
                mishaps.manner.ending = Ending::Cut;
                refusals.push(cut());
            }
            Effect::CutAfter => mishaps.manner.ending = Ending::Cut,
            Effect::Truncate if mishaps.manner.ending == Ending::Whole => mishaps.manner.ending = Ending::Truncated,
            Effect::Delay { seconds } => mishaps.manner.delay += seconds.duration(),
            Effect::Stick { seconds: None } => mishaps.hold = Some(Hold::Released(number)),
            Effect::Stick { seconds: Some(seconds) } => mishaps.hold = Some(Hold::Longer(seconds.duration())),
            Effect::StaleReads { seconds } => mishaps.lag = Some(seconds.duration()),
            Effect::Falsify { lie } => mishaps.falsified = Some(lie),
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
    let mishaps = visit.mishaps.as_deref();
    if let Some(lag) = mishaps.and_then(|mishaps| mishaps.lag)
        && let Some(past) = inner.history.before(now, lag)
    {
        return past.clone().answer(now, call);
    }
    match mishaps.and_then(|mishaps| mishaps.falsified) {
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
    inner.world.settings.pace.hold = mishaps.and_then(|mishaps| mishaps.hold);
    let answer = inner.world.answer(now, call);
    inner.world.settings.pace.hold = None;
    answer
}

/// The call without what says which page is wanted.
fn first_page(call: &Call) -> Call {
    let pairs = call.params.iter().filter(|(name, _)| !PAGES.contains(name));
    Call { params: Params::new(pairs), ..call.clone() }
}

/// The parameters that ask for a page after the first.
const PAGES: [&str; 2] = ["NextToken", "PageNumber"];

/// The response to an RPC call that was carried out, as it is or as it is falsified.
pub(super) fn answered(visit: &Visit<'_>, format: Format, answer: Body) -> Response<Bytes> {
    let lie = visit.mishaps.as_ref().and_then(|mishaps| mishaps.falsified);
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

/// What the client is told of a call that was carried out, where that is not the truth.
pub(super) fn told(visit: &Visit<'_>) -> Result<(), ApiError> {
    visit.mishaps.as_ref().and_then(|mishaps| mishaps.lie.clone()).map_or(Ok(()), Err)
}

/// The reply in the manner in which it reaches the client.
pub(super) fn deliver(mishaps: Option<Box<Mishaps>>, reply: Reply) -> Reply {
    match mishaps {
        Some(mishaps) if mishaps.manner != Manner::default() => Reply::Marred(Box::new(reply), mishaps.manner),
        _ => reply,
    }
}

/// What the log says of a call whose connection was cut before anything was done.
fn cut() -> ApiError {
    ApiError::new(503, "ConnectionCut", "The connection was closed before the call was carried out.")
}
