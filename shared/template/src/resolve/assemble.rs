//! Turns resolved resources into the typed lists of a [`Deployment`].

use std::collections::BTreeMap;

use serde_json::Value;

use super::attribute::role_arn;
use super::read::{Properties, text};
use crate::cron::Schedule;
use crate::deployment::{
    Code, CustomRuntime, Deployment, Flow, Function, Log, LogStore, Param, Policy, Resource, Role, Rule, Target,
    Trigger, TriggerKind, Vpc,
};
use crate::error::{TemplateError, TemplateFault as Fault};
use crate::model::Pseudo;
use crate::schema;

/// Function Compute's defaults for properties that a function does not set.
const TIMEOUT: u32 = 3;
const MEMORY: u32 = 512;
const DISK: u32 = 512;
const PORT: u16 = 9_000;

pub(super) fn deployment(
    pseudo: &Pseudo,
    parameters: BTreeMap<String, Value>,
    resources: BTreeMap<String, Resource>,
    outputs: BTreeMap<String, Value>,
) -> Result<Deployment, TemplateError> {
    let mut result = Deployment {
        functions: Vec::new(),
        triggers: Vec::new(),
        flows: Vec::new(),
        rules: Vec::new(),
        roles: Vec::new(),
        policies: Vec::new(),
        log_stores: Vec::new(),
        services: Vec::new(),
        service_roles: Vec::new(),
        outputs,
        resources: BTreeMap::new(),
        parameters,
    };
    let managed = managed_policies(&resources);
    for (id, resource) in &resources {
        let properties = Properties(&resource.properties);
        match resource.kind.as_str() {
            "ALIYUN::FC3::Function" => result.functions.push(function(id, properties)),
            "ALIYUN::FC3::Trigger" => result.triggers.push(trigger(id, properties)?),
            "ALIYUN::FNF::Flow" => result.flows.push(flow(properties)),
            "ALIYUN::EventBridge::Rule" => result.rules.push(rule(properties)),
            "ALIYUN::RAM::Role" => result.roles.push(role(pseudo, properties, &managed)),
            "ALIYUN::RAM::ManagedPolicy" => result.policies.push(policy(properties)),
            "ALIYUN::ROS::AutoEnableService" => result.services.push(properties.text("ServiceName")),
            "ALIYUN::ResourceManager::ServiceLinkedRole" => result.service_roles.push(properties.text("ServiceName")),
            "ALIYUN::SLS::Logstore" => result
                .log_stores
                .push(LogStore { project: properties.text("ProjectName"), name: properties.text("LogstoreName") }),
            _ => {}
        }
    }
    result.resources = resources;
    Ok(result)
}

fn function(id: &str, properties: Properties<'_>) -> Function {
    let custom = properties.object("CustomRuntimeConfig");
    let port = custom.and_then(|custom| custom.get("Port")).and_then(schema::whole);
    Function {
        logical_id: id.to_owned(),
        name: properties.text("FunctionName"),
        handler: properties.text("Handler"),
        runtime: properties.text("Runtime"),
        timeout: properties.number("Timeout", TIMEOUT),
        memory: properties.number("MemorySize", MEMORY),
        cpu: properties.get("Cpu").and_then(Value::as_f64).map(thousandths),
        disk: properties.number("DiskSize", DISK),
        code: properties.object("Code").map(|code| Code {
            bucket: code.text("OssBucketName"),
            object: code.text("OssObjectName"),
            zip: code.optional_text("ZipFile"),
            checksum: code.optional_text("Checksum"),
        }),
        description: properties.text("Description"),
        instance_concurrency: properties.number("InstanceConcurrency", 1),
        environment: properties.texts_by_name("EnvironmentVariables"),
        role_arn: properties.text("Role"),
        port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT),
        custom_runtime: custom
            .map(|custom| CustomRuntime { command: custom.texts("Command"), args: custom.texts("Args") }),
        vpc: properties.object("VpcConfig").map(|vpc| Vpc {
            vpc_id: vpc.text("VpcId"),
            vswitch_ids: vpc.texts("VSwitchIds"),
            security_group_id: vpc.text("SecurityGroupId"),
        }),
        log: properties
            .object("LogConfig")
            .map(|log| Log { project: log.text("Project"), store: log.text("Logstore") }),
    }
}

/// A number of CPUs, which is 0.05 to 16 in the cloud.
fn thousandths(number: f64) -> u32 {
    // Cast to the nearest that there is.
    (number * 1_000.0).round() as u32
}

fn trigger(id: &str, properties: Properties<'_>) -> Result<Trigger, TemplateError> {
    let path = format!("Resources.{id}.Properties.TriggerConfig");
    let refuse = |reason: String| Err(TemplateError::new(Fault::Value, None, &path, reason));
    let form = properties.text("TriggerType");
    let empty = Value::Null;
    let config = properties.object("TriggerConfig").unwrap_or(Properties(&empty));
    let kind = match form.as_str() {
        "timer" => {
            let cron = config.text("cronExpression");
            if let Err(error) = Schedule::parse(&cron) {
                return refuse(error.to_string());
            }
            TriggerKind::Timer { cron, enabled: config.flag("enable", true), payload: config.text("payload") }
        }
        "eventbridge" => match serde_json::from_str::<Value>(&config.text("eventRuleFilterPattern")) {
            Ok(pattern @ Value::Object(_)) => {
                TriggerKind::EventBridge { pattern, enabled: config.flag("triggerEnable", true) }
            }
            _ => return refuse("eventRuleFilterPattern must hold a JSON object as a string".to_owned()),
        },
        "http" => TriggerKind::Http,
        other => return refuse(format!("triggers of the type {other} are not read here")),
    };
    Ok(Trigger { function: properties.text("FunctionName"), name: properties.text("TriggerName"), kind })
}

fn flow(properties: Properties<'_>) -> Flow {
    Flow {
        name: properties.text("Name"),
        definition: properties.text("Definition"),
        role_arn: properties.text("RoleArn"),
    }
}

fn rule(properties: Properties<'_>) -> Rule {
    let targets = properties.list("Targets").iter().map(|target| {
        let target = Properties(target);
        let params = target.list("ParamList").iter().map(|param| {
            let param = Properties(param);
            Param {
                key: param.text("ResourceKey"),
                form: param.text("Form"),
                value: param.text("Value"),
                template: param.optional_text("Template"),
            }
        });
        Target {
            id: target.text("Id"),
            kind: target.text("Type"),
            endpoint: target.text("Endpoint"),
            params: params.collect(),
        }
    });
    Rule {
        bus: properties.text("EventBusName"),
        name: properties.text("RuleName"),
        enabled: properties.get("Status").is_none_or(|status| text(status) == "ENABLE"),
        pattern: properties.get("FilterPattern").cloned().unwrap_or_default(),
        targets: targets.collect(),
    }
}

/// The policies of the template's own that roles attach by name.
fn managed_policies(resources: &BTreeMap<String, Resource>) -> BTreeMap<String, Policy> {
    resources
        .values()
        .filter(|resource| resource.kind == "ALIYUN::RAM::ManagedPolicy")
        .map(|resource| policy(Properties(&resource.properties)))
        .map(|policy| (policy.name.clone(), policy))
        .collect()
}

fn policy(properties: Properties<'_>) -> Policy {
    Policy {
        name: properties.text("PolicyName"),
        document: properties.get("PolicyDocument").cloned().unwrap_or_default(),
    }
}

fn role(pseudo: &Pseudo, properties: Properties<'_>, managed: &BTreeMap<String, Policy>) -> Role {
    let name = properties.text("RoleName");
    let trust = properties.object("AssumeRolePolicyDocument");
    let trusted = trust
        .iter()
        .flat_map(|document| document.list("Statement"))
        .filter(|statement| Properties(statement).text("Effect") == "Allow")
        .filter_map(|statement| Properties(statement).object("Principal"))
        .flat_map(|principal| principal.texts("Service"));
    let attached = properties.object("PolicyAttachments");
    let custom = attached.map(|attached| attached.texts("Custom")).unwrap_or_default();
    let inline = properties.list("Policies").iter().map(|inline| policy(Properties(inline)));
    let policies = custom.iter().filter_map(|name| managed.get(name).cloned()).chain(inline);
    Role {
        arn: role_arn(&pseudo.account_id, &name),
        trusted: trusted.collect(),
        policies: policies.collect(),
        attached: custom.clone(),
        system_policies: attached.map(|attached| attached.texts("System")).unwrap_or_default(),
        name,
    }
}
