//! The property tables of the types that the template uses.
//!
//! Source: the validators of ROSCDK 1.15.0, `reference/workflow-events-template.md` section 3.2.

use super::Property;
use super::Shape::{Any, Bool, List, Map, Number, Object, OneOf, Text, Whole};

const fn required(name: &'static str, shape: super::Shape) -> Property {
    Property { name, required: true, shape }
}

const fn optional(name: &'static str, shape: super::Shape) -> Property {
    Property { name, required: false, shape }
}

const ANY_NUMBER: usize = usize::MAX;

/// The properties of a resource type; `None` for a type that is not known here.
pub(crate) fn of(kind: &str) -> Option<&'static [Property]> {
    Some(match kind {
        "ALIYUN::FC3::Function" => FUNCTION,
        "ALIYUN::FC3::Trigger" => TRIGGER,
        "ALIYUN::FC3::ConcurrencyConfig" => CONCURRENCY,
        "ALIYUN::FC3::AsyncInvokeConfig" => ASYNC_INVOKE,
        "ALIYUN::FNF::Flow" => FLOW,
        "ALIYUN::FNF::Schedule" => SCHEDULE,
        "ALIYUN::EventBridge::Rule" => RULE,
        "ALIYUN::RAM::Role" => ROLE,
        "ALIYUN::RAM::ManagedPolicy" => MANAGED_POLICY,
        "ALIYUN::RAM::AttachPolicyToRole" => ATTACH_POLICY,
        "ALIYUN::SLS::Project" => PROJECT,
        "ALIYUN::SLS::Logstore" => LOGSTORE,
        "ALIYUN::SLS::Index" => INDEX,
        "ALIYUN::ROS::AutoEnableService" => AUTO_ENABLE,
        "ALIYUN::ResourceManager::ServiceLinkedRole" => SERVICE_LINKED_ROLE,
        _ => return None,
    })
}

const FUNCTION: &[Property] = &[
    required("FunctionName", Text),
    required("Handler", Text),
    required("Runtime", Text),
    optional(
        "Code",
        Object(&[
            optional("OssBucketName", Text),
            optional("OssObjectName", Text),
            optional("ZipFile", Text),
            optional("SourceCode", Text),
            optional("Checksum", Text),
        ]),
    ),
    optional("Description", Text),
    optional("Cpu", Number),
    optional("MemorySize", Whole(128, 65_536)),
    optional("DiskSize", Whole(512, 10_240)),
    optional("Timeout", Whole(1, 86_400)),
    optional("InstanceConcurrency", Whole(1, 200)),
    optional("Role", Text),
    optional("EnvironmentVariables", Map),
    optional(
        "LogConfig",
        Object(&[
            optional("Project", Text),
            optional("Logstore", Text),
            optional("LogBeginRule", OneOf(&["None", "DefaultRegex"])),
            optional("EnableRequestMetrics", Bool),
            optional("EnableInstanceMetrics", Bool),
        ]),
    ),
    optional(
        "VpcConfig",
        Object(&[
            optional("VpcId", Text),
            optional("VSwitchIds", List(&Text, 1, ANY_NUMBER)),
            optional("SecurityGroupId", Text),
        ]),
    ),
    optional("InternetAccess", Bool),
    optional(
        "CustomRuntimeConfig",
        Object(&[
            optional("Command", List(&Text, 0, ANY_NUMBER)),
            optional("Args", List(&Text, 0, ANY_NUMBER)),
            optional("Port", Whole(1, 65_535)),
            optional("HealthCheckConfig", Map),
        ]),
    ),
    optional("CustomContainerConfig", Map),
    optional("CustomDns", Map),
    optional("DisableOndemand", Bool),
    optional("GpuConfig", Map),
    optional("NasConfig", Map),
    optional("OssMountConfig", Map),
    optional("Layers", List(&Text, 0, ANY_NUMBER)),
    optional("InstanceLifecycleConfig", Map),
    optional("TracingConfig", Map),
    optional("Tags", List(&Map, 0, 20)),
    optional("InstanceIsolationMode", Text),
    optional("SessionAffinity", Text),
    optional("SessionAffinityConfig", Text),
];

const TRIGGER: &[Property] = &[
    required("FunctionName", Text),
    required("TriggerName", Text),
    required(
        "TriggerType",
        OneOf(&["oss", "log", "http", "timer", "tablestore", "cdn_events", "mns_topic", "eventbridge"]),
    ),
    required("TriggerConfig", Map),
    optional("InvocationRole", Text),
    optional("Qualifier", Text),
    optional("SourceArn", Text),
    optional("Description", Text),
];

const CONCURRENCY: &[Property] = &[required("FunctionName", Text), required("ReservedConcurrency", Whole(0, 300))];

const DESTINATION: super::Shape = Object(&[required("Destination", Text)]);

const ASYNC_INVOKE: &[Property] = &[
    required("FunctionName", Text),
    optional("MaxAsyncRetryAttempts", Whole(0, 8)),
    optional("MaxAsyncEventAgeInSeconds", Whole(1, 604_800)),
    optional("AsyncTask", Bool),
    optional("DestinationConfig", Object(&[optional("OnSuccess", DESTINATION), optional("OnFailure", DESTINATION)])),
];

const FLOW: &[Property] = &[
    required("Name", Text),
    required("Definition", Text),
    optional("Description", Text),
    optional("ExecutionMode", OneOf(&["Express", "Standard"])),
    optional("RoleArn", Text),
    optional("ExternalStorageLocation", Text),
    optional("RequestId", Text),
];

const SCHEDULE: &[Property] = &[
    required("FlowName", Text),
    required("ScheduleName", Text),
    required("CronExpression", Text),
    optional("Enable", Bool),
    optional("Payload", Text),
    optional("Description", Text),
];

const RULE: &[Property] = &[
    required("EventBusName", Text),
    required("RuleName", Text),
    required("FilterPattern", Map),
    required("Targets", List(&TARGET, 1, 5)),
    optional("Status", OneOf(&["ENABLE", "DISABLE"])),
    optional("Description", Text),
];

const TARGET: super::Shape = Object(&[
    required("Id", Text),
    required("Type", Text),
    required("Endpoint", Text),
    required("ParamList", List(&PARAM, 1, ANY_NUMBER)),
    optional("PushRetryStrategy", OneOf(&["BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"])),
    optional("DeadLetterQueue", Object(&[required("Arn", Text)])),
    optional("ErrorsTolerance", OneOf(&["ALL", "NONE"])),
    optional("ConcurrentConfig", Object(&[required("Concurrency", Whole(1, u64::MAX))])),
]);

const PARAM: super::Shape = Object(&[
    required("ResourceKey", Text),
    required("Form", OneOf(&["ORIGINAL", "TEMPLATE", "JSONPATH", "CONSTANT"])),
    required("Value", Text),
    optional("Template", Text),
]);

const ROLE: &[Property] = &[
    required("RoleName", Text),
    required(
        "AssumeRolePolicyDocument",
        Object(&[required("Version", Text), required("Statement", List(&TRUST, 1, ANY_NUMBER))]),
    ),
    optional("Description", Text),
    optional(
        "Policies",
        List(&Object(&[required("PolicyName", Text), required("PolicyDocument", DOCUMENT)]), 0, ANY_NUMBER),
    ),
    optional(
        "PolicyAttachments",
        Object(&[optional("System", List(&Text, 0, 20)), optional("Custom", List(&Text, 0, 5))]),
    ),
    optional("MaxSessionDuration", Whole(3_600, 43_200)),
    optional("DeletionForce", Bool),
    optional("IgnoreExisting", Bool),
    optional("Tags", List(&Map, 0, 20)),
];

const TRUST: super::Shape = Object(&[
    required("Action", Text),
    required("Effect", OneOf(&["Allow", "Deny"])),
    required(
        "Principal",
        Object(&[
            optional("Service", List(&Text, 1, ANY_NUMBER)),
            optional("RAM", List(&Text, 1, ANY_NUMBER)),
            optional("Federated", List(&Text, 1, ANY_NUMBER)),
        ]),
    ),
    optional("Condition", Map),
]);

const DOCUMENT: super::Shape =
    Object(&[required("Version", Text), required("Statement", List(&STATEMENT, 1, ANY_NUMBER))]);

/// Action and Resource are lists: ROS refuses the short form with one string. Effect and Resource are required by RAM, not by
/// ROS: a statement without them is found when the stack is made, so it is refused here.
const STATEMENT: super::Shape = Object(&[
    required("Effect", OneOf(&["Allow", "Deny"])),
    optional("Action", List(&Text, 1, ANY_NUMBER)),
    optional("NotAction", List(&Text, 1, ANY_NUMBER)),
    required("Resource", List(&Text, 1, ANY_NUMBER)),
    optional("Condition", Map),
]);

const MANAGED_POLICY: &[Property] = &[
    required("PolicyName", Text),
    optional("PolicyDocument", DOCUMENT),
    optional("PolicyDocumentUnchecked", Map),
    optional("Description", Text),
    optional("IgnoreExisting", Bool),
    optional("Groups", List(&Text, 0, ANY_NUMBER)),
    optional("Roles", List(&Text, 0, ANY_NUMBER)),
    optional("Users", List(&Text, 0, ANY_NUMBER)),
];

const ATTACH_POLICY: &[Property] =
    &[required("PolicyType", OneOf(&["System", "Custom"])), required("PolicyName", Text), required("RoleName", Text)];

const PROJECT: &[Property] = &[
    required("Name", Text),
    optional("DataRedundancyType", Text),
    optional("Description", Text),
    optional("Tags", List(&Map, 0, 20)),
    optional("ResourceGroupId", Text),
];

const LOGSTORE: &[Property] = &[
    required("ProjectName", Text),
    required("LogstoreName", Text),
    optional("TTL", Whole(1, 3_650)),
    optional("ShardCount", Whole(1, 100)),
    optional("Mode", OneOf(&["standard", "query"])),
    optional("AutoSplit", Bool),
    optional("MaxSplitShard", Whole(1, 64)),
    optional("AppendMeta", Bool),
    optional("EnableTracking", Bool),
    optional("EncryptConf", Map),
    optional("PreserveStorage", Bool),
];

const INDEX: &[Property] = &[
    required("ProjectName", Text),
    required("LogstoreName", Text),
    required(
        "FullTextIndex",
        Object(&[
            required("Enable", Bool),
            optional("CaseSensitive", Bool),
            optional("Delimiter", Text),
            optional("IncludeChinese", Bool),
        ]),
    ),
    optional("KeyIndices", List(&Any, 0, ANY_NUMBER)),
    optional("LogReduce", Bool),
];

/// Of the many services those that a deployment here may open.
const AUTO_ENABLE: &[Property] = &[
    required("ServiceName", OneOf(&["FC", "FNF", "SLS", "OSS", "TransitRouter", "CMS", "Config", "MNS", "KMS"])),
    optional("ServiceParameters", Map),
];

const SERVICE_LINKED_ROLE: &[Property] =
    &[required("ServiceName", Text), optional("CustomSuffix", Text), optional("Description", Text)];
