//! Bodies of `CreateFunction` and `UpdateFunction`. Fields that are not played are refused, where the cloud takes them.

use std::collections::BTreeMap;

use serde::Deserialize;
use template::{Code, Log, Vpc};

use crate::call::ApiError;
use crate::platform::{code, functions};
use crate::state::fc::{Function, Launch};
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    function_name: Option<String>,
    description: Option<String>,
    handler: Option<String>,
    runtime: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    cpu: Option<f64>,
    disk_size: Option<u32>,
    instance_concurrency: Option<u32>,
    environment_variables: Option<BTreeMap<String, String>>,
    role: Option<String>,
    internet_access: Option<bool>,
    code: Option<CodeInput>,
    custom_runtime_config: Option<RuntimeInput>,
    vpc_config: Option<VpcInput>,
    log_config: Option<LogInput>,
    /// The official SDK always sends a list.
    #[serde(default)]
    tags: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CodeInput {
    oss_bucket_name: Option<String>,
    oss_object_name: Option<String>,
    zip_file: Option<String>,
    checksum: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuntimeInput {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
    port: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VpcInput {
    vpc_id: Option<String>,
    v_switch_ids: Option<Vec<String>>,
    security_group_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogInput {
    project: Option<String>,
    logstore: Option<String>,
    #[serde(rename = "logBeginRule")]
    _begin: Option<String>,
    #[serde(rename = "enableRequestMetrics")]
    _requests: Option<bool>,
    #[serde(rename = "enableInstanceMetrics")]
    _instances: Option<bool>,
}

/// The function that a body describes; what it does not say stays as in `base`.
pub(super) fn function(world: &World, region: &str, base: Function, body: &[u8]) -> Result<Function, ApiError> {
    let input: Input =
        serde_json::from_slice(body).map_err(|error| ApiError::bad("InvalidArgument", format!("the body: {error}")))?;
    if !input.tags.is_empty() {
        return Err(ApiError::bad("InvalidArgument", "tags of functions are not played by this emulator".to_owned()));
    }
    let launch = input.custom_runtime_config.map_or(base.launch, |config| {
        let usual = Launch::default();
        let command = if config.command.is_empty() { usual.command } else { config.command };
        Launch { command: command.into_iter().chain(config.args).collect(), port: config.port.unwrap_or(usual.port) }
    });
    let package = match input.code {
        None => base.package,
        Some(given) => {
            let given = Code {
                bucket: given.oss_bucket_name.unwrap_or_default(),
                object: given.oss_object_name.unwrap_or_default(),
                zip: given.zip_file,
                checksum: given.checksum,
            };
            code::fetch(world, region, Some(&given), &launch.command)?
        }
    };
    // Empty ids take the function out of its VPC.
    let vpc = input.vpc_config.map_or(base.vpc, |vpc| {
        let vpc = Vpc {
            vpc_id: vpc.vpc_id.unwrap_or_default(),
            vswitch_ids: vpc.v_switch_ids.unwrap_or_default(),
            security_group_id: vpc.security_group_id.unwrap_or_default(),
        };
        Some(vpc).filter(|vpc| !vpc.vpc_id.is_empty())
    });
    let log = input.log_config.map_or(base.log, |log| {
        let log = Log { project: log.project.unwrap_or_default(), store: log.logstore.unwrap_or_default() };
        Some(log).filter(|log| !log.project.is_empty())
    });
    let function = Function {
        name: input.function_name.unwrap_or(base.name),
        description: input.description.unwrap_or(base.description),
        handler: input.handler.unwrap_or(base.handler),
        runtime: input.runtime.unwrap_or(base.runtime),
        timeout: input.timeout.unwrap_or(base.timeout),
        memory: input.memory_size.unwrap_or(base.memory),
        cpu: input.cpu.map_or(base.cpu, |cpu| Some((cpu * 1_000.0).round() as u32)),
        disk: input.disk_size.unwrap_or(base.disk),
        instance_concurrency: input.instance_concurrency.unwrap_or(base.instance_concurrency),
        environment: input.environment_variables.unwrap_or(base.environment),
        role_arn: input.role.unwrap_or(base.role_arn),
        launch,
        vpc,
        log,
        internet: input.internet_access.unwrap_or(base.internet),
        package,
    };
    functions::check(world, region, &function)?;
    Ok(function)
}
