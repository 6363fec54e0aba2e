//! The queue of function invocations, with retries.
//!
//! Sources: fc-runtime.md sections 1.2 to 1.5.

use std::time::Duration;

use jiff::Timestamp;

use super::{access, sessions};
use crate::call::{ApiError, Params, Service};
use crate::faults::{self, Domain, Effect, Occurrence, Seconds};
use crate::state::fc::{Attempt, Fate, Function, Invocation, InvocationId, Origin, Outcome, Running};
use crate::world::World;

/// Function Compute tries an asynchronous invocation three times more (fc-runtime.md section 1.5).
const ASYNC_RETRIES: u32 = 3;

/// Most invocations at once. The emulator's own limit; an account has 100 to 300 instances to begin with.
const CONCURRENCY: usize = 1_000;

/// Queues an invocation. The driver runs it.
pub(crate) fn start(world: &mut World, now: Timestamp, attempt: Attempt) -> Result<InvocationId, ApiError> {
    let deployed = world.fc.find(&attempt.region, &attempt.function)?;
    let (mut function, program) = (deployed.function.clone(), deployed.program.clone());
    function.timeout = function.timeout.max(world.fc.least_seconds);
    if world.fc.running.len() >= CONCURRENCY {
        return Err(faults::throttled_function());
    }
    let fate = fate(world, now, &attempt)?;
    let mut headers = common_headers(world, &attempt, &function);
    headers.extend(credential_headers(world, now, &attempt.region, &function)?);
    world.fc.next += 1;
    let id = InvocationId(world.fc.next);
    world.fc.queued.push(Invocation {
        id,
        region: attempt.region.clone(),
        function: function.name.clone(),
        payload: attempt.payload.clone(),
        headers,
        timeout_seconds: function.timeout,
        fate,
        program,
    });
    world.fc.running.insert(id, Running { attempt });
    Ok(id)
}

/// The fault that the rules inject into an invocation, if any.
fn fate(world: &mut World, now: Timestamp, attempt: &Attempt) -> Result<Option<Fate>, ApiError> {
    if !world.faults.touch(Domain::Invocation) {
        return Ok(None);
    }
    let params = Params::new([("functionName".to_owned(), attempt.function.clone())]);
    let occurrence = Occurrence {
        domain: Domain::Invocation,
        service: Service::Fc,
        action: "InvokeFunction",
        region: &attempt.region,
        caller: None,
        params: &params,
    };
    let mut fate = None;
    for (effect, _) in world.faults.strike(now, &occurrence) {
        match effect {
            Effect::ThrottleFunction => return Err(faults::throttled_function()),
            Effect::CrashFunction { seconds } => {
                fate = Some(Fate::Crash(seconds.map_or(Duration::ZERO, Seconds::duration)));
            }
            Effect::TimeOutFunction => fate = Some(Fate::TimeOut),
            _ => {}
        }
    }
    Ok(fate)
}

/// The headers of fc-runtime.md section 1.3 that do not depend on the role.
fn common_headers(world: &mut World, attempt: &Attempt, function: &Function) -> Vec<(String, String)> {
    let id = format!("{:016x}{:016x}", world.ids.number(), world.ids.number());
    let (first, second, third) = (&id[..8], &id[8..16], &id[16..28]);
    let fields = [
        ("content-type", "application/octet-stream".to_owned()),
        ("x-fc-request-id", format!("1-{first}-{second}-{third}")),
        ("x-fc-control-path", "/invoke".to_owned()),
        ("x-fc-account-id", world.settings.account_id.clone()),
        ("x-fc-region", attempt.region.clone()),
        ("x-fc-qualifier", "LATEST".to_owned()),
        ("x-fc-version-id", String::new()),
        ("x-fc-function-name", function.name.clone()),
        ("x-fc-function-handler", function.handler.clone()),
        ("x-fc-function-memory", function.memory.to_string()),
        ("x-fc-function-timeout", function.timeout.to_string()),
        ("x-fc-retry-count", attempt.retry.to_string()),
        ("x-fc-service-name", String::new()),
        ("x-fc-service-logproject", String::new()),
        ("x-fc-service-logstore", String::new()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A session of the function's role. Without a role the headers are there and empty, as in the real cloud.
fn credential_headers(
    world: &mut World,
    now: Timestamp,
    region: &str,
    function: &Function,
) -> Result<Vec<(String, String)>, ApiError> {
    let mut values = [String::new(), String::new(), String::new()];
    if !function.role_arn.is_empty() {
        let denied = |why: &str| {
            ApiError::new(
                403,
                "AccessDenied",
                format!("FC service cannot assume the role {}: {why}.", function.role_arn),
            )
        };
        let role = world.ram.role_by_arn(&function.role_arn).ok_or_else(|| denied("it does not exist"))?;
        if !access::trusts_service(role, "fc.aliyuncs.com") {
            return Err(denied("it does not trust fc.aliyuncs.com"));
        }
        let name = role.name.clone();
        let credentials = sessions::function_credentials(world, now, &name, region);
        values =
            [credentials.access_key_id, credentials.access_key_secret, credentials.security_token.unwrap_or_default()];
    }
    let names = ["x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token"];
    Ok(names.into_iter().map(str::to_owned).zip(values).collect())
}

/// Starts retries that are due, and returns the invocations that are to be run.
pub(crate) fn advance(world: &mut World, now: Timestamp) -> Vec<Invocation> {
    let (due, later) = std::mem::take(&mut world.fc.retries).into_iter().partition(|(at, _)| *at <= now);
    world.fc.retries = later;
    for (_, attempt) in due {
        if let Err(error) = start(world, now, attempt.clone()) {
            tracing::warn!(function = attempt.function, code = error.code, "an asynchronous invocation did not start");
            try_again(world, now, attempt);
        }
    }
    std::mem::take(&mut world.fc.queued)
}

pub(crate) fn next_due(world: &World, now: Timestamp) -> Option<Timestamp> {
    if !world.fc.queued.is_empty() {
        return Some(now);
    }
    world.fc.retries.iter().map(|(at, _)| *at).min()
}

/// Ends an invocation, and returns its origin with the outcome. An asynchronous call has no receiver; if it failed, it is retried.
/// Unknown invocations are ignored.
pub(crate) fn finish(
    world: &mut World,
    now: Timestamp,
    id: InvocationId,
    outcome: Outcome,
) -> Option<(Origin, Outcome)> {
    let Running { attempt } = world.fc.running.remove(&id)?;
    if matches!(attempt.origin, Origin::Nobody) {
        if !outcome.succeeded() {
            try_again(world, now, attempt);
        }
        return None;
    }
    Some((attempt.origin, outcome))
}

/// Schedules a retry of an asynchronous invocation, up to the limit.
fn try_again(world: &mut World, now: Timestamp, attempt: Attempt) {
    if attempt.retry < ASYNC_RETRIES {
        let at = world.settings.latencies.after(now, Duration::from_secs(1 << attempt.retry.min(8)));
        world.fc.retries.push((at, Attempt { retry: attempt.retry + 1, ..attempt }));
    }
}
