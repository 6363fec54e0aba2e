//! The queue of function invocations, with retries.
//!
//! Sources: fc-runtime.md sections 1.2 to 1.5.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{access, sessions};
use crate::call::{ApiError, Params, Service};
use crate::faults::{self, Domain, Effect, Occurrence, Seconds};
use crate::state::fc::{Attempt, Fate, Function, Invocation, InvocationId, Origin, Outcome, Running};
use crate::world::World;

/// Function Compute tries an asynchronous invocation three times more (fc-runtime.md section 1.5).
const ASYNC_RETRIES: u32 = 3;

/// Most invocations at once. The emulator's own limit.
const CONCURRENCY: usize = 1_000;

/// How long an asynchronous invocation waits before it looks for an instance again: half a second doubled, and doubled again
/// (fc-runtime.md section 1.5), taken as a constant.
const IN_QUEUE: Duration = Duration::from_secs(1);

/// Queues an invocation. The driver runs it.
pub(crate) fn start(world: &mut World, now: Timestamp, attempt: Attempt) -> Result<InvocationId, ApiError> {
    let deployed = world.fc.find(&attempt.region, &attempt.function)?;
    let (mut function, program) = (deployed.function.clone(), deployed.program.clone());
    function.timeout = function.timeout.max(world.fc.least_seconds);
    if world.fc.running.len() >= CONCURRENCY {
        return Err(faults::throttled_function());
    }
    if instances(world, &attempt) > world.settings.instances {
        return no_instance(world, now, attempt);
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

/// How many instances the calls of a region take with one more: those of a function are filled up one after the other.
fn instances(world: &World, more: &Attempt) -> usize {
    let mut calls = BTreeMap::from([(more.function.as_str(), 1_usize)]);
    for Running { attempt } in world.fc.running.values().filter(|running| running.attempt.region == more.region) {
        *calls.entry(&attempt.function).or_default() += 1;
    }
    let room = |function: &str| {
        let room = world.function(&more.region, function).map_or(1, |function| function.instance_concurrency);
        usize::try_from(room).unwrap_or(usize::MAX).max(1)
    };
    calls.into_iter().map(|(function, calls)| calls.div_ceil(room(function))).sum()
}

/// The region has no instance left: who waits is refused, what nobody waits for stays in the queue (help page 181625).
fn no_instance(world: &mut World, now: Timestamp, attempt: Attempt) -> Result<InvocationId, ApiError> {
    if !matches!(attempt.origin, Origin::Nobody) {
        return Err(ApiError::new(
            429,
            "ResourceExhausted",
            "The number of instances has reached the limit of this region.",
        ));
    }
    let at = world.settings.latencies.after(now, IN_QUEUE);
    world.fc.retries.push((at, attempt));
    world.fc.next += 1;
    Ok(InvocationId(world.fc.next))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{HANGZHOU, put_function, start as beginning, world};

    fn attempt(function: &str, origin: Origin) -> Attempt {
        let (region, function) = (HANGZHOU.to_owned(), function.to_owned());
        Attempt { region, function, payload: Vec::new(), origin, retry: 0 }
    }

    #[test]
    fn a_region_has_so_many_instances_and_each_takes_so_many_calls() {
        let mut world = world();
        world.settings.instances = 3;
        for (name, concurrency) in [("one", 1), ("many", 2)] {
            put_function(&mut world, name, "");
            let mut function = world.function(HANGZHOU, name).cloned().unwrap();
            function.instance_concurrency = concurrency;
            world.put_function(beginning(), HANGZHOU, function);
        }
        let mut call = |function: &str| start(&mut world, beginning(), attempt(function, Origin::Caller));
        let first = call("one").unwrap();
        // Two instances more, of two calls each.
        for _ in 0..4 {
            call("many").unwrap();
        }
        for function in ["one", "many"] {
            let refused = call(function).unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (429, "ResourceExhausted"), "{function}");
        }
        // Another region has instances of its own, and what ends makes room.
        let elsewhere = Attempt { region: "cn-chengdu".to_owned(), ..attempt("one", Origin::Caller) };
        assert_eq!(start(&mut world, beginning(), elsewhere).unwrap_err().code, "FunctionNotFound");
        finish(&mut world, beginning(), first, Outcome::Answered(Vec::new()));
        start(&mut world, beginning(), attempt("many", Origin::Caller)).unwrap();
    }

    #[test]
    fn an_asynchronous_call_waits_for_an_instance_and_uses_up_no_retry() {
        let mut world = world();
        world.settings.instances = 1;
        put_function(&mut world, "job", "");
        let busy = start(&mut world, beginning(), attempt("job", Origin::Caller)).unwrap();
        start(&mut world, beginning(), attempt("job", Origin::Nobody)).unwrap();
        let mut now = beginning();
        for _ in 0..20 {
            now = next_due(&world, now).unwrap().max(now);
            let began: Vec<_> = advance(&mut world, now).into_iter().map(|invocation| invocation.id).collect();
            assert!(began.is_empty() || began == [busy], "{began:?}");
        }
        finish(&mut world, now, busy, Outcome::Answered(Vec::new()));
        now = next_due(&world, now).unwrap();
        assert_eq!(advance(&mut world, now).len(), 1);
    }
}
