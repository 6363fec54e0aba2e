//! The result of resolving a template with the settings of one deployment.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that one stack consists of. Lists are in the order of their logical ids.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Deployment {
    /// Function Compute functions.
    pub functions: Vec<Function>,
    /// Their triggers.
    pub triggers: Vec<Trigger>,
    /// CloudFlow flows.
    pub flows: Vec<Flow>,
    /// EventBridge rules.
    pub rules: Vec<Rule>,
    /// RAM roles.
    pub roles: Vec<Role>,
    /// Custom policies of the account, those of roles not included.
    pub policies: Vec<Policy>,
    /// Log stores with their projects.
    pub log_stores: Vec<LogStore>,
    /// Services that `ALIYUN::ROS::AutoEnableService` opens, by its names: `FC`, `FNF`, `SLS`.
    pub services: Vec<String>,
    /// Services whose service-linked roles are made: `ALIYUN::ResourceManager::ServiceLinkedRole`.
    pub service_roles: Vec<String>,
    /// Outputs by name.
    pub outputs: BTreeMap<String, Value>,
    /// Every resource by logical id, those above included.
    pub resources: BTreeMap<String, Resource>,
    /// The value of every parameter, defaults included.
    pub parameters: BTreeMap<String, Value>,
}

/// Any resource, its properties resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// For example `ALIYUN::FC3::Function`.
    pub kind: String,
    /// An object.
    pub properties: Value,
}

/// `ALIYUN::FC3::Function`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The name in the template.
    pub logical_id: String,
    /// `FunctionName`.
    pub name: String,
    /// `Handler`.
    pub handler: String,
    /// `Runtime`.
    pub runtime: String,
    /// `Timeout` in seconds; 3 when it is not given.
    pub timeout: u32,
    /// `MemorySize` in MB; 512 when it is not given.
    pub memory: u32,
    /// `Cpu` in thousandths, if it is given.
    pub cpu: Option<u32>,
    /// `DiskSize` in MB; 512 when it is not given.
    pub disk: u32,
    /// `Code`, if it is given.
    pub code: Option<Code>,
    /// `Description`.
    pub description: String,
    /// `InstanceConcurrency`; 1 when it is not given.
    pub instance_concurrency: u32,
    /// `EnvironmentVariables`.
    pub environment: BTreeMap<String, String>,
    /// `Role`: its ARN; empty when the function has none.
    pub role_arn: String,
    /// The port the custom runtime listens on; 9000 when it is not given.
    pub port: u16,
    /// How the process is started.
    pub custom_runtime: Option<CustomRuntime>,
    /// The VPC it runs in, if any.
    pub vpc: Option<Vpc>,
    /// Where its output goes, if anywhere.
    pub log: Option<Log>,
}

/// `Code`: where a function's package is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// `OssBucketName`; empty for a package that is in the template.
    pub bucket: String,
    /// `OssObjectName`.
    pub object: String,
    /// `ZipFile`: the package itself in base64, if it is given.
    pub zip: Option<String>,
    /// `Checksum`: the package's CRC-64, if it is given.
    pub checksum: Option<String>,
}

/// `CustomRuntimeConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRuntime {
    /// `Command`.
    pub command: Vec<String>,
    /// `Args`.
    pub args: Vec<String>,
}

/// `VpcConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// `VpcId`.
    pub vpc_id: String,
    /// `VSwitchIds`.
    pub vswitch_ids: Vec<String>,
    /// `SecurityGroupId`.
    pub security_group_id: String,
}

/// `LogConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// `Project`.
    pub project: String,
    /// `Logstore`.
    pub store: String,
}

/// `ALIYUN::FC3::Trigger`.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// `FunctionName`.
    pub function: String,
    /// `TriggerName`.
    pub name: String,
    /// `TriggerType` and `TriggerConfig`.
    pub kind: TriggerKind,
}

/// What a trigger listens to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TriggerKind {
    /// `timer`.
    Timer {
        /// Six fields or `@every`, to be read by [`cron::Schedule`](crate::cron::Schedule); checked already.
        cron: String,
        /// `enable`; true when it is not given.
        enabled: bool,
        /// Handed to the function as it is.
        payload: String,
    },
    /// `eventbridge`: Function Compute makes a rule of its own on the default bus.
    EventBridge {
        /// The rule's filter pattern.
        pattern: Value,
        /// `triggerEnable`; true when it is not given.
        enabled: bool,
    },
    /// `http`.
    Http,
}

/// `ALIYUN::FNF::Flow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// `Name`.
    pub name: String,
    /// `Definition`, the text of the flow definition language.
    pub definition: String,
    /// `RoleArn`; empty when the flow has none.
    pub role_arn: String,
}

/// `ALIYUN::EventBridge::Rule`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `EventBusName`.
    pub bus: String,
    /// `RuleName`.
    pub name: String,
    /// `Status`; enabled when it is not given.
    pub enabled: bool,
    /// `FilterPattern`.
    pub pattern: Value,
    /// `Targets`.
    pub targets: Vec<Target>,
}

/// A rule's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `Id`.
    pub id: String,
    /// `Type`, for example `acs.fc.function`.
    pub kind: String,
    /// `Endpoint`.
    pub endpoint: String,
    /// `ParamList`.
    pub params: Vec<Param>,
}

/// How one parameter of a target is made from the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// `ResourceKey`, for example `Body`.
    pub key: String,
    /// `Form`: `ORIGINAL`, `TEMPLATE`, `JSONPATH` or `CONSTANT`.
    pub form: String,
    /// `Value`.
    pub value: String,
    /// `Template`.
    pub template: Option<String>,
}

/// `ALIYUN::RAM::Role`.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// `RoleName`.
    pub name: String,
    /// `acs:ram::<account>:role/<name>`.
    pub arn: String,
    /// The services that may assume it, for example `fc.aliyuncs.com`.
    pub trusted: Vec<String>,
    /// The template's own policies that `PolicyAttachments.Custom` names, then `Policies`.
    pub policies: Vec<Policy>,
    /// `PolicyAttachments.Custom`: names of custom policies, of the template's own or others.
    pub attached: Vec<String>,
    /// `PolicyAttachments.System`: names of policies that the cloud defines.
    pub system_policies: Vec<String>,
}

/// A custom policy: `ALIYUN::RAM::ManagedPolicy`, or one of a role's `Policies`.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `PolicyName`.
    pub name: String,
    /// `PolicyDocument`.
    pub document: Value,
}

/// `ALIYUN::SLS::Logstore`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStore {
    /// `ProjectName`.
    pub project: String,
    /// `LogstoreName`.
    pub name: String,
}
