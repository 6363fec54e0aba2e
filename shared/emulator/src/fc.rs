//! Function Compute: which functions exist, and invocations from request to outcome.
//!
//! The world only knows that a function was called and what came of it; a `FunctionHost` runs it. Sources:
//! fc-runtime.md sections 1.2 to 1.5.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::{ApiError, Params, Service};
use crate::events::Delivery;
use crate::faults;
use crate::faults::{Domain, Effect, Occurrence, Seconds};
use crate::fnf;
use crate::ram;
use crate::sts;
use crate::world::World;

/// Function Compute tries an asynchronous invocation three times more (fc-runtime.md section 1.5).
const ASYNC_RETRIES: u32 = 3;

/// Real seconds that every invocation gets at least where the cloud's time runs faster than real time: work takes real time,
/// however fast the cloud's passes.
pub const LEAST_REAL_SECONDS: f64 = 10.0;

/// Most invocations at once. The emulator's own limit; an account has 100 to 300 instances to begin with.
const CONCURRENCY: usize = 1_000;

/// A function as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name, unique in its region.
    pub name: String,
    /// Entry point; a formality for custom runtimes.
    pub handler: String,
    /// As in `custom.debian12`.
    pub runtime: String,
    /// Seconds.
    pub timeout: u32,
    /// MB.
    pub memory: u32,
    /// Calls that one instance takes at once.
    pub instance_concurrency: u32,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// The role that it acts as; empty for none.
    pub role_arn: String,
}

/// A trigger, as listings show it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TriggerEntry {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) config: Value,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Functions {
    functions: BTreeMap<(String, String), Deployed>,
    /// Invocations that nobody runs yet, in the order in which they were asked for.
    queued: Vec<Invocation>,
    running: BTreeMap<InvocationId, Running>,
    /// Outcomes of synchronous API calls, until they are collected.
    answers: BTreeMap<InvocationId, Outcome>,
    /// Asynchronous invocations to be tried again.
    retries: Vec<(Timestamp, Attempt)>,
    next: u64,
    /// Seconds that every invocation gets at least.
    least_seconds: u32,
}

impl Functions {
    /// What every invocation gets at least, whatever its function's timeout.
    pub(crate) fn least_invocation(&self) -> Duration {
        Duration::from_secs(u64::from(self.least_seconds))
    }
}

#[derive(Debug, Clone)]
struct Deployed {
    function: Function,
    triggers: Vec<TriggerEntry>,
    created: Timestamp,
}

#[derive(Debug, Clone)]
struct Running {
    attempt: Attempt,
}

/// Names one invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvocationId(pub u64);

/// A function call the world wants made: what the FC service hands to an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Names it.
    pub id: InvocationId,
    /// The function's region.
    pub region: String,
    /// The function's name.
    pub function: String,
    /// The event's bytes.
    pub payload: Vec<u8>,
    /// Headers of the custom-runtime protocol, credentials of the function's role among them.
    pub headers: Vec<(String, String)>,
    /// The function's timeout, in seconds of cloud time; where that runs fast, not less than [`LEAST_REAL_SECONDS`] of
    /// real time. The headers say the same.
    pub timeout_seconds: u32,
    /// What keeps it from its outcome, if anything does.
    pub fate: Option<Fate>,
}

/// A fault of the platform that befalls an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The instance dies after so much work.
    Crash(Duration),
    /// Whatever the function does, its time runs out.
    TimeOut,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function answered 200 with this body.
    Answered(Vec<u8>),
    /// It failed and said why: `errorType`, `errorMessage`.
    Failed {
        /// The function's `errorType`.
        error_type: String,
        /// Its `errorMessage`.
        message: String,
    },
    /// It could not be reached, crashed, or ran out of time.
    Crashed(String),
}

impl Outcome {
    /// Whether the function answered.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

/// Who wants the outcome.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A synchronous API call waits for it.
    Caller,
    /// Nobody: an asynchronous API call, tried again when it fails.
    Nobody,
    /// A workflow's task.
    Task(fnf::TaskKey),
    /// The event bus or a timer.
    Delivery(Delivery),
}

/// One invocation that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) region: String,
    pub(crate) function: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) origin: Origin,
    /// How often it was tried before.
    pub(crate) retry: u32,
}

impl World {
    /// Deploys a function, or replaces the one of that name; its triggers stay.
    pub fn put_function(&mut self, now: Timestamp, region: &str, function: Function) {
        let key = (region.to_owned(), function.name.clone());
        let triggers = self.fc.functions.remove(&key).map(|old| old.triggers).unwrap_or_default();
        self.fc.functions.insert(key, Deployed { function, triggers, created: now });
    }

    /// The function of that name.
    #[must_use]
    pub fn function(&self, region: &str, name: &str) -> Option<&Function> {
        self.fc.functions.get(&(region.to_owned(), name.to_owned())).map(|deployed| &deployed.function)
    }

    /// Every function: region and definition.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.fc.functions.iter().map(|((region, _), deployed)| (region.as_str(), &deployed.function))
    }

    /// Says how many seconds of the world's time pass in a real one: invocations are given time to do their work.
    pub(crate) fn runs_at(&mut self, speed: f64) {
        let seconds = if speed > 1.0 { (speed * LEAST_REAL_SECONDS).ceil().min(86_400.0) } else { 0.0 };
        // Not negative, and far below the most that fits.
        self.fc.least_seconds = Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|least| u32::try_from(least.as_secs()).ok())
            .unwrap_or_default();
    }

    /// The ARN of a function, in the form that workflows and policies use.
    #[must_use]
    pub fn function_arn(&self, region: &str, name: &str) -> String {
        format!("acs:fc:{region}:{}:functions/{name}", self.settings.account_id)
    }

    /// The outcome of a synchronous API call, once it is there; it is given out once.
    pub(crate) fn take_answer(&mut self, id: InvocationId) -> Option<Outcome> {
        self.fc.answers.remove(&id)
    }
}

pub(crate) fn put_trigger(world: &mut World, region: &str, function: &str, trigger: TriggerEntry) {
    if let Some(deployed) = world.fc.functions.get_mut(&(region.to_owned(), function.to_owned())) {
        deployed.triggers.retain(|existing| existing.name != trigger.name);
        deployed.triggers.push(trigger);
    }
}

pub(crate) fn remove_function(world: &mut World, region: &str, name: &str) {
    world.fc.functions.remove(&(region.to_owned(), name.to_owned()));
}

/// `GetFunction`, in the API's own lower camel case.
pub(crate) fn describe(world: &World, region: &str, name: &str) -> Result<Value, ApiError> {
    let deployed = find(world, region, name)?;
    let function = &deployed.function;
    let created = format!("{:.0}", deployed.created);
    Ok(json!({
        "functionName": function.name,
        "functionArn": world.function_arn(region, name),
        "functionId": format!("{region}/{name}"),
        "handler": function.handler,
        "runtime": function.runtime,
        "timeout": function.timeout,
        "memorySize": function.memory,
        "instanceConcurrency": function.instance_concurrency,
        "environmentVariables": function.environment,
        "role": function.role_arn,
        "createdTime": created,
        "lastModifiedTime": created,
        "state": "Active",
    }))
}

/// `ListFunctions`.
pub(crate) fn list(world: &World, region: &str) -> Result<Value, ApiError> {
    let names: Vec<&str> =
        world.fc.functions.keys().filter(|(of, _)| of == region).map(|(_, name)| name.as_str()).collect();
    let functions: Result<Vec<Value>, ApiError> = names.into_iter().map(|name| describe(world, region, name)).collect();
    Ok(json!({"functions": functions?}))
}

/// `ListTriggers`.
pub(crate) fn triggers(world: &World, region: &str, name: &str) -> Result<Value, ApiError> {
    let triggers: Vec<Value> = find(world, region, name)?
        .triggers
        .iter()
        .map(|trigger| {
            json!({"triggerName": trigger.name, "triggerType": trigger.kind, "triggerConfig": trigger.config.to_string(), "status": "Active"})
        })
        .collect();
    Ok(json!({"triggers": triggers}))
}

/// Asks for an invocation. It runs when the driver takes it.
pub(crate) fn start(world: &mut World, now: Timestamp, attempt: Attempt) -> Result<InvocationId, ApiError> {
    let mut function = find(world, &attempt.region, &attempt.function)?.function.clone();
    function.timeout = function.timeout.max(world.fc.least_seconds);
    if world.fc.running.len() >= CONCURRENCY {
        return Err(faults::throttled_function());
    }
    let fate = fate(world, now, &attempt)?;
    let mut headers = common_headers(world, &attempt, &function);
    headers.extend(credential_headers(world, now, &function)?);
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
    });
    world.fc.running.insert(id, Running { attempt });
    Ok(id)
}

/// What the world's faults have in store for an invocation.
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
        if !ram::trusts_service(role, "fc.aliyuncs.com") {
            return Err(denied("it does not trust fc.aliyuncs.com"));
        }
        let name = role.name.clone();
        let credentials = sts::function_credentials(world, now, &name);
        values =
            [credentials.access_key_id, credentials.access_key_secret, credentials.security_token.unwrap_or_default()];
    }
    let names = ["x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token"];
    Ok(names.into_iter().map(str::to_owned).zip(values).collect())
}

/// Starts what has to be tried again, and gives out what nobody runs yet.
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

/// Brings an outcome to whoever wanted it. Outcomes of unknown invocations are ignored.
pub(crate) fn finish(world: &mut World, now: Timestamp, id: InvocationId, outcome: Outcome) {
    let Some(Running { attempt }) = world.fc.running.remove(&id) else { return };
    match attempt.origin {
        Origin::Caller => {
            world.fc.answers.insert(id, outcome);
        }
        Origin::Task(key) => fnf::complete(world, now, &key, outcome),
        Origin::Delivery(delivery) => {
            if !outcome.succeeded() {
                crate::events::redeliver(world, now, delivery);
            }
        }
        Origin::Nobody => {
            if !outcome.succeeded() {
                try_again(world, now, Attempt { origin: Origin::Nobody, ..attempt });
            }
        }
    }
}

/// Puts an asynchronous invocation off, until it has been tried often enough.
fn try_again(world: &mut World, now: Timestamp, attempt: Attempt) {
    if attempt.retry < ASYNC_RETRIES {
        let at = world.settings.pace.after(now, Duration::from_secs(1 << attempt.retry.min(8)));
        world.fc.retries.push((at, Attempt { retry: attempt.retry + 1, ..attempt }));
    }
}

fn find<'w>(world: &'w World, region: &str, name: &str) -> Result<&'w Deployed, ApiError> {
    world
        .fc
        .functions
        .get(&(region.to_owned(), name.to_owned()))
        .ok_or_else(|| ApiError::not_found("FunctionNotFound", format!("function '{name}' does not exist")))
}
