//! What the actions of `eventbridge` take. Written by tests/conformance from data: not to be edited.

use super::entry::Kind::{Group, Integer, Text};
use super::entry::{Action, may, must};

pub(super) const VERSION: &str = "2020-04-01";

pub(super) const ACTIONS: &[Action] = &[
    Action { name: "DeleteRule", parameters: &[
        must("EventBusName", Text),
        must("RuleName", Text),
    ] },
    Action { name: "DisableRule", parameters: &[
        must("EventBusName", Text),
        must("RuleName", Text),
    ] },
    Action { name: "EnableRule", parameters: &[
        must("EventBusName", Text),
        must("RuleName", Text),
    ] },
    Action { name: "GetRule", parameters: &[
        must("EventBusName", Text),
        must("RuleName", Text),
    ] },
    Action { name: "ListRules", parameters: &[
        must("EventBusName", Text),
        may("Limit", Integer).value(1, 100),
        may("NextToken", Text),
        may("RuleNamePrefix", Text),
    ] },
    Action { name: "ListTargets", parameters: &[
        may("Arn", Text),
        may("EventBusName", Text),
        may("Limit", Integer).value(1, 100),
        may("NextToken", Text),
        may("RuleName", Text),
    ] },
    Action { name: "PutTargets", parameters: &[
        must("EventBusName", Text),
        must("RuleName", Text),
        must("Targets.N.*", Group),
        may("Targets.N.ConcurrentConfig.Concurrency", Integer),
        may("Targets.N.DeadLetterQueue.Arn", Text),
        may("Targets.N.DeadLetterQueue.Network", Text),
        may("Targets.N.DeadLetterQueue.SecurityGroupId", Text),
        may("Targets.N.DeadLetterQueue.VSwitchIds", Text),
        may("Targets.N.DeadLetterQueue.VpcId", Text),
        may("Targets.N.Endpoint", Text),
        may("Targets.N.ErrorsTolerance", Text),
        must("Targets.N.Id", Text),
        may("Targets.N.ParamList.N.Form", Text),
        may("Targets.N.ParamList.N.ResourceKey", Text),
        may("Targets.N.ParamList.N.Template", Text),
        may("Targets.N.ParamList.N.Value", Text),
        may("Targets.N.PushRetryStrategy", Text),
        must("Targets.N.Type", Text),
    ] },
];
