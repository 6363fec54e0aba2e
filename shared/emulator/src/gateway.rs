//! The protocol layer: decodes and verifies requests, and encodes answers.
//!
//! ```text
//!   http::Request ─► Incoming ─► who signed it? ─► which action? ─► parameters as documented? ─► World::handle
//!                                (identity)        (table)          (table)                          │
//!   http::Response ◄────────────────────── JSON or XML, request id, date (respond) ◄─────────────────┘
//! ```
//!
//! Function Compute and OSS have paths instead of actions; `functions` and `objects` are theirs. Nothing that arrives
//! may panic, and every answer has a request id.

mod delivery;
mod faults;
mod forms;
mod functions;
mod history;
mod identity;
mod injected;
mod log;
mod nonces;
mod objects;
mod rates;
mod reply;
mod request;
mod respond;
mod shared;
mod shrunk;
#[cfg(test)]
pub(crate) mod sign;
mod signature;
mod table;
mod visit;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;

use crate::call::{ApiError, Call, Caller, Params, writes};
use crate::listing;
use crate::platform::access;
use crate::world::World;
use history::History;
use identity::Clocks;
use log::Log;
use nonces::Nonces;
use rates::Rates;
use reply::Served;
use reply::served;
use request::Incoming;
use respond::{Format, Frame};
use shared::Inner;
use shared::Watchers;
use visit::Visit;

pub use delivery::{Answered, Delivery, Ending};
pub use log::CallRecord;
pub use reply::{Pending, Reply};

/// A shared world behind the cloud's protocols. Clones share it.
#[derive(Debug, Clone)]
pub struct Gateway {
    inner: Arc<Mutex<Inner>>,
}

impl Gateway {
    /// A gateway before `world`.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                world,
                nonces: Nonces::default(),
                rates: Rates::default(),
                log: Log::default(),
                history: History::default(),
                watchers: Watchers::default(),
            })),
        }
    }

    /// Looks at the world, or changes it, outside of any protocol. `look` must not call this gateway (deadlock).
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.lock().world)
    }

    /// Looks at the world after each call to come, reads and refused ones included. `look` must not come back to this
    /// gateway.
    pub fn watch(&self, look: impl FnMut(&World, &CallRecord) + Send + 'static) {
        self.lock().watchers.0.push(Box::new(look));
    }

    /// Every call so far; of very many, the latest.
    #[must_use]
    pub fn log(&self) -> Vec<CallRecord> {
        self.lock().log.records().cloned().collect()
    }

    /// At most `most` calls from the `since`th of all on, and the number of the first of them: older ones may be forgotten.
    #[must_use]
    pub(crate) fn log_since(&self, since: usize, most: usize) -> (usize, Vec<CallRecord>) {
        let inner = self.lock();
        let first = since.max(inner.log.forgotten());
        let skip = first - inner.log.forgotten();
        (first, inner.log.records().skip(skip).take(most).cloned().collect())
    }

    /// How many successful calls changed something.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.lock().log.writes()
    }

    /// The log as text, one call a line: one seed gives one text.
    #[must_use]
    pub fn log_text(&self) -> String {
        self.lock().log.records().map(|call| format!("{call}\n")).collect()
    }

    /// Answers a request that came in by the port of `region`. `wall` is real time, `now` the cloud's; a client's
    /// timestamp may be near either.
    pub fn handle(&self, wall: Timestamp, now: Timestamp, region: &str, request: Request<Bytes>) -> Reply {
        self.handle_at(|| (wall, now), region, request)
    }

    /// The same, with `clocks` read (real time first) when it is the request's turn: nothing that was done in the world before
    /// has a later time.
    pub(crate) fn handle_at(
        &self,
        clocks: impl FnOnce() -> (Timestamp, Timestamp),
        region: &str,
        request: Request<Bytes>,
    ) -> Reply {
        let incoming = Incoming::read(request);
        let mut inner = self.lock();
        let (wall, now) = clocks();
        let request_id = inner.world.ids.uuid();
        let host = incoming.header("host").unwrap_or_else(|| region.to_owned());
        let retry_after = inner.world.settings.retry_after;
        let mut visit = Visit {
            region,
            clocks: Clocks { wall, now },
            frame: Frame { now, request_id, host, retry_after },
            service: None,
            action: String::new(),
            caller: None,
            params: Params::default(),
            injected: None,
        };
        let (reply, status, code) = if functions::is_for(&incoming) {
            functions::serve(&mut inner, &mut visit, &incoming)
        } else if objects::is_for(&incoming) {
            objects::serve(&mut inner, &mut visit, &incoming)
        } else {
            rpc(&mut inner, &mut visit, &incoming)
        };
        let writes = writes(&visit.action);
        let Visit { service, action, caller, params, injected, .. } = visit;
        let call =
            CallRecord { at: now, region: region.to_owned(), service, action, caller, params, status, code, writes };
        let Inner { world, log, watchers, .. } = &mut *inner;
        watchers.0.iter_mut().for_each(|look| look(world, &call));
        log.push(call);
        faults::deliver(injected, reply)
    }

    /// The answer to a synchronous function call, if its outcome is known. It is given out once.
    pub fn collect(&self, now: Timestamp, pending: &Pending) -> Option<Response<Bytes>> {
        let outcome = self.lock().world.take_answer(pending.id)?;
        Some(functions::outcome(&Frame { now, ..pending.frame.clone() }, outcome))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers an RPC or ACS3 request to `/`.
fn rpc(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Served {
    let format = match incoming.filled("Format") {
        Some(format) if format.eq_ignore_ascii_case("xml") => Format::Xml,
        _ => Format::Json,
    };
    let mut detail = None;
    let answer = resolve(inner, visit, incoming).and_then(|call| {
        inner.rates.admit(visit.frame.now, inner.world.settings.rates, &call)?;
        faults::meet(inner, visit, &call)?;
        let answer = faults::carry_out(inner, visit, &call);
        faults::told(visit)?;
        if answer.as_ref().is_err_and(|error| error.status == 403) {
            detail = access::denial(&inner.world, &call);
        }
        answer
    });
    match answer {
        Ok(answer) => {
            let answer = listing::told(inner.world.settings.listings, answer);
            served(faults::answered(visit, format, answer), None)
        }
        Err(error) => served(visit.frame.refusal(format, visit.service, &error, detail), Some(&error)),
    }
}

/// Largest body of an RPC call. The largest documented one is a template of 512 KiB, percent-encoded.
const LARGEST_CALL: usize = 4 << 20;

/// Most parameters of one call: the largest documented have about 1,200, 200 servers of six fields each.
const MOST_PARAMETERS: usize = 10_000;

fn too_large() -> ApiError {
    ApiError::new(413, "RequestEntityTooLarge", "The request has too many parameters, or too long ones.")
}

/// Determines the action and the caller.
fn resolve(inner: &mut Inner, visit: &mut Visit<'_>, incoming: &Incoming) -> Result<Call, ApiError> {
    let named = |header: &str, parameter: &str| {
        incoming
            .header(header)
            .filter(|value| !value.is_empty())
            .or_else(|| incoming.filled(parameter).map(str::to_owned))
    };
    let missing = |name: &str| ApiError::bad(format!("Missing{name}"), format!("{name} is mandatory for this action."));
    visit.action = named("x-acs-action", "Action").ok_or_else(|| missing("Action"))?;
    let version = named("x-acs-version", "Version").ok_or_else(|| missing("Version"))?;
    if !matches!(incoming.method.as_str(), "GET" | "POST") {
        return Err(ApiError::new(405, "UnsupportedHTTPMethod", "This http method is not supported."));
    }
    if incoming.body.len() > LARGEST_CALL || incoming.pairs().count() > MOST_PARAMETERS {
        return Err(too_large());
    }
    let params = incoming.pairs().filter(|(name, _)| !table::is_protocol(name));
    visit.params = Params::new(params);
    let service = table::service_of_version(&version)
        .ok_or_else(|| ApiError::bad("InvalidVersion", "Specified parameter Version is not valid."))?;
    visit.service = Some(service);
    let unsigned = identity::is_unsigned(service, &visit.action);
    let caller = match unsigned {
        true => Caller::Nobody,
        false => identity::verify(&inner.world, &mut inner.nonces, visit.clocks, incoming)?,
    };
    visit.caller = Some(caller.clone());
    if !table::knows(service, &visit.action) {
        return Err(crate::call::unknown_action());
    }
    visit.params = shrunk::expand(service, &visit.action, &visit.params, MOST_PARAMETERS).ok_or_else(too_large)?;
    table::check(service, &visit.action, &visit.params)?;
    let call = visit.call(caller).ok_or_else(crate::call::unknown_action)?;
    if unsigned {
        // What a caller proves itself with is nobody's to read in the log.
        let others = visit.params.iter().filter(|(name, _)| *name != identity::TOKEN);
        visit.params = Params::new(others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>());
    }
    Ok(call)
}

#[cfg(test)]
mod tests;
