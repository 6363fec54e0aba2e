//! Functions that were deployed, and invocations from request to outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use template::{Log, Vpc};

use crate::call::ApiError;
use crate::package::Package;
use crate::state::events::Delivery;
use crate::state::fnf::TaskKey;

/// The least timeout of an invocation, in real seconds, where the cloud's time runs faster than real time: the function's work
/// still takes real time.
pub(crate) const LEAST_REAL_SECONDS: f64 = 10.0;

/// A function as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name, unique in its region.
    pub name: String,
    /// What its owner says of it.
    pub description: String,
    /// Entry point; a formality for custom runtimes.
    pub handler: String,
    /// As in `custom.debian12`.
    pub runtime: String,
    /// Seconds.
    pub timeout: u32,
    /// MB.
    pub memory: u32,
    /// Thousandths of a CPU, if they were given.
    pub cpu: Option<u32>,
    /// MB.
    pub disk: u32,
    /// Calls that one instance takes at once.
    pub instance_concurrency: u32,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// The role that it acts as; empty for none.
    pub role_arn: String,
    /// How its process is started.
    pub launch: Launch,
    /// The VPC it runs in, if any.
    pub vpc: Option<Vpc>,
    /// Where its log goes, if anywhere.
    pub log: Option<Log>,
    /// Whether it reaches the internet beside its VPC.
    pub internet: bool,
    /// What was uploaded for it. Without that somebody has to serve it by its name.
    pub package: Option<Arc<Package>>,
}

impl Default for Function {
    /// What Function Compute makes of a request that has nothing but the required.
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            handler: "bootstrap".to_owned(),
            runtime: "custom.debian10".to_owned(),
            timeout: 3,
            memory: 512,
            cpu: None,
            disk: 512,
            instance_concurrency: 1,
            environment: BTreeMap::new(),
            role_arn: String::new(),
            launch: Launch::default(),
            vpc: None,
            log: None,
            internet: true,
            package: None,
        }
    }
}

/// How the process of a custom runtime is started (fc-runtime.md section 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program with its arguments; its folder is `/code`.
    pub command: Vec<String>,
    /// The port that it listens on in an instance of its own.
    pub port: u16,
}

impl Default for Launch {
    fn default() -> Self {
        Self { command: vec![BOOTSTRAP.to_owned()], port: 9_000 }
    }
}

/// What is started unless a function says otherwise.
pub(crate) const BOOTSTRAP: &str = "/code/bootstrap";

/// What instances are started from: one version of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Grows with every version of any function: an instance serves the version that it was started from.
    pub revision: u64,
    /// What was uploaded.
    pub package: Arc<Package>,
    /// The program with its arguments.
    pub command: Vec<String>,
    /// The function's own variables, and those that say what it is.
    pub environment: BTreeMap<String, String>,
    /// MB.
    pub memory: u32,
    /// Calls that one instance takes at once.
    pub instance_concurrency: u32,
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
    pub(crate) functions: BTreeMap<(String, String), Deployed>,
    /// Invocations that are not running yet, in the order of the requests.
    pub(crate) queued: Vec<Invocation>,
    pub(crate) running: BTreeMap<InvocationId, Running>,
    /// Outcomes of synchronous API calls, until they are collected.
    pub(crate) answers: BTreeMap<InvocationId, Outcome>,
    /// Asynchronous invocations that are to be retried.
    pub(crate) retries: Vec<(Timestamp, Attempt)>,
    pub(crate) next: u64,
    /// The number of versions of functions so far.
    pub(crate) revisions: u64,
    /// Seconds that every invocation gets at least.
    pub(crate) least_seconds: u32,
}

impl Functions {
    /// What every invocation gets at least, whatever its function's timeout.
    pub(crate) fn least_invocation(&self) -> Duration {
        Duration::from_secs(u64::from(self.least_seconds))
    }

    pub(crate) fn put_trigger(&mut self, region: &str, function: &str, trigger: TriggerEntry) {
        if let Some(deployed) = self.functions.get_mut(&(region.to_owned(), function.to_owned())) {
            deployed.triggers.retain(|existing| existing.name != trigger.name);
            deployed.triggers.push(trigger);
        }
    }

    pub(crate) fn remove_function(&mut self, region: &str, name: &str) {
        self.functions.remove(&(region.to_owned(), name.to_owned()));
    }

    /// A function that must be there.
    pub(crate) fn find(&self, region: &str, name: &str) -> Result<&Deployed, ApiError> {
        self.functions
            .get(&(region.to_owned(), name.to_owned()))
            .ok_or_else(|| ApiError::not_found("FunctionNotFound", format!("function '{name}' does not exist")))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Deployed {
    pub(crate) function: Function,
    /// What its instances are started from, where a package was uploaded.
    pub(crate) program: Option<Arc<Program>>,
    pub(crate) triggers: Vec<TriggerEntry>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) attempt: Attempt,
}

/// Identifies an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvocationId(pub u64);

/// A function call for the driver: what the FC service sends to an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Its id.
    pub id: InvocationId,
    /// The function's region.
    pub region: String,
    /// The function's name.
    pub function: String,
    /// The event's bytes.
    pub payload: Vec<u8>,
    /// Headers of the custom-runtime protocol, credentials of the function's role among them.
    pub headers: Vec<(String, String)>,
    /// The function's timeout, in seconds of cloud time; where that runs fast, not less than 10 s (`LEAST_REAL_SECONDS`) of
    /// real time. The headers say the same.
    pub timeout_seconds: u32,
    /// The fault injected into it, if any.
    pub fate: Option<Fate>,
    /// What the function's instances are started from, where its package was uploaded.
    pub program: Option<Arc<Program>>,
}

/// A fault of the platform, injected into an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The instance crashes after this time.
    Crash(Duration),
    /// Whatever the function does, its time runs out.
    TimeOut,
}

/// The outcome of an invocation.
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

/// Who gets the outcome.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A synchronous API call waits for it.
    Caller,
    /// Nobody: an asynchronous API call, retried when it fails.
    Nobody,
    /// A workflow's task.
    Task(TaskKey),
    /// The event bus or a timer.
    Delivery(Delivery),
}

/// A requested invocation.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) region: String,
    pub(crate) function: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) origin: Origin,
    /// The number of earlier attempts.
    pub(crate) retry: u32,
}
