//! The twelve handlers, each as the endpoint that Function Compute would talk to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use clock::Clock;
use fc_runtime::{Config, Endpoint, LambdaEvent, LogWriter, Now, Options, service_fn};
use onboarding::StageName;
use openapi::{Credentials, Signature, Transport};
use stage::{Host, Settings};
use template::{Deployment, Function};

use crate::error::LocalError;
use crate::stacks::HOME;
use crate::with_handler;

/// Variables of a function, by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// Writes the functions' logs at debug level. The outcome of each call is in the report of the run.
struct Debug;

impl LogWriter for Debug {
    fn write_line(&self, line: &str) {
        tracing::debug!("{line}");
    }

    fn write_error(&self, line: &str) {
        tracing::debug!("{line}");
    }
}

/// What all functions of the deployment share.
pub(crate) struct FunctionContext {
    /// `ALBRIDGE_ENDPOINTS`.
    pub(crate) endpoints: String,
    /// `ALBRIDGE_RESOLVE`.
    pub(crate) resolve: String,
    /// Whether the transport is in memory: its plain http URLs do not leave the process.
    pub(crate) in_memory: bool,
    pub(crate) signature: Signature,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Clock,
}

impl FunctionContext {
    /// A function's variables: those of the template, and those that make it call the emulator.
    pub(crate) fn variables(&self, function: &Function) -> Variables {
        let mut variables = function.environment.clone();
        self.point_at_emulator(&mut variables);
        variables
    }

    fn point_at_emulator(&self, variables: &mut Variables) {
        variables.insert("ALBRIDGE_ENDPOINTS".to_owned(), self.endpoints.clone());
        variables.insert("ALBRIDGE_RESOLVE".to_owned(), self.resolve.clone());
        if self.in_memory {
            variables.insert("ALBRIDGE_ALLOW_HTTP".to_owned(), "1".to_owned());
        }
        let signature = if matches!(self.signature, Signature::RpcSha1) { "rpc" } else { "acs3" };
        variables.insert("ALBRIDGE_SIGNATURE".to_owned(), signature.to_owned());
    }

    /// What points a process of its own at the emulator, and has it follow the cloud's clock.
    pub(crate) fn of_processes(&self) -> Variables {
        let mut variables = Variables::new();
        self.point_at_emulator(&mut variables);
        variables.insert(stage::CLOCK.to_owned(), self.clock.reading().to_string());
        variables
    }

    /// Makes the host of an instance: each has its own, as each process has.
    fn hosts(&self, function: &Function) -> Result<impl Fn() -> Host + Send + Sync + use<>, LocalError> {
        let settings = Settings::parse(&self.variables(function))
            .map_err(|error| LocalError::Settings { function: function.name.clone(), error })?;
        let (transport, clock) = (Arc::clone(&self.transport), self.clock.clone());
        // Credentials come with each invocation, as in the cloud: without them every call is refused.
        let nobody = || Credentials::new("", "");
        Ok(move || Host::new(settings.clone(), Arc::clone(&transport), clock.clone(), nobody()))
    }

    fn options(&self, function: &Function, region: &str) -> Options {
        let clock = self.clock.clone();
        // Real time, as in a process of its own: the stages count what is left on their own clock.
        let now: Now = Arc::new(move || SystemTime::from(clock.wall()));
        let log: Arc<dyn LogWriter> = Arc::new(Debug);
        let config = Config { function_name: function.name.clone(), ..Config::default() };
        Options { config, region: region.to_owned(), log, ..Options::new(now) }
    }
}

/// The settings of an operator: those of `dispatch` in the home region.
pub(crate) fn operator_settings(
    deployments: &[(String, Deployment)],
    context: &FunctionContext,
) -> Result<Settings, LocalError> {
    let home =
        deployments.iter().filter(|(region, _)| region == HOME).flat_map(|(_, deployment)| &deployment.functions);
    let mut variables = home
        .into_iter()
        .find(|function| function.name.ends_with("-dispatch"))
        .map_or_else(Variables::new, |function| function.environment.clone());
    context.point_at_emulator(&mut variables);
    // From outside: the internal endpoint is the functions' alone.
    variables.insert("ALBRIDGE_BINDINGS".to_owned(), crate::stacks::store_address());
    Settings::parse(&variables).map_err(|error| LocalError::Settings { function: "operator".to_owned(), error })
}

/// Makes the endpoint of an instance of a function.
pub(crate) type Instances = Box<dyn Fn() -> Endpoint + Send + Sync>;

/// The instances of a function of the template, by the handler that its name ends with; `None` for a name that is none of
/// ours.
pub(crate) fn instances(
    deployment: &str,
    region: &str,
    function: &Function,
    context: &FunctionContext,
) -> Result<Option<Instances>, LocalError> {
    let hosts = context.hosts(function)?;
    let options = context.options(function, region);
    let name = function.name.strip_prefix(deployment).and_then(|name| name.strip_prefix('-'));
    let Some(name) = StageName::ALL.into_iter().find(|known| name == Some(known.as_str())) else { return Ok(None) };
    let instances: Instances = with_handler!(name, handler => Box::new(move || {
        let host = hosts();
        let service = service_fn(move |event: LambdaEvent<_>| handler::handle(handler, host.clone(), event));
        Endpoint::new(options.clone(), service)
    }));
    Ok(Some(instances))
}
