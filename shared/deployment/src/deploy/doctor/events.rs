//! What starts runs: triggers, the rules on the event bus, and how many more rules it takes.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use onboarding::ids::Region;
use openapi::eventbridge::{ListRules, Rule};
use openapi::{Error, fc};
use serde_json::{Value, json};
use template::{Trigger, TriggerKind};

use super::finding::{Code, Finding};
use super::made::{ANEW, Made};
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::error::DeployError;

const BUS: &str = "default";

/// Rules that Function Compute makes on the default bus, at most (corrections.md, section 1).
const MOST: usize = 10;

/// Rules of a bus, at most (workflow-events-template.md, section 2.3).
const MOST_RULES: usize = 50;

/// Triggers for events that a deployment has in a region with backends.
const WANTED: usize = 3;

/// The rules of a region's bus, by name.
pub(super) type Rules = Result<BTreeMap<String, Rule>, DeployError>;

/// Reads the rules of a region.
pub(super) async fn rules(cloud: &Cloud, region: &Region) -> Rules {
    let mut rules = BTreeMap::new();
    let mut list = ListRules { event_bus_name: BUS.to_owned(), limit: Some(100), ..Default::default() };
    loop {
        let answer = cloud.client().call(region.as_str(), &list).await;
        let page = answer.map_err(doing(format!("listing the event rules of {region}"), region))?.data;
        rules.extend(page.rules.into_iter().map(|rule| (rule.rule_name.clone(), rule)));
        if page.next_token.is_empty() || list.next_token.as_ref() == Some(&page.next_token) {
            return Ok(rules);
        }
        list.next_token = Some(page.next_token);
    }
}

/// Whether the bus takes the rules that are to come, which are the deployment's own or Function Compute's. Where all are there, it took
/// them.
pub(super) fn quota(region: &Region, rules: &Rules, there: bool, by_rules: bool) -> Finding {
    let subject = format!("rules in {region}");
    let (most, maker) = if by_rules { (MOST_RULES, "it takes") } else { (MOST, "Function Compute makes") };
    match rules {
        Err(error) => Finding::unread(Code::RuleQuota, subject, error),
        Ok(rules) if !there && rules.len() + WANTED > most => {
            let is = rules.len();
            let says = format!("The default bus has {is}, {WANTED} are to come, and {maker} no more than {most}.");
            let fewer = "Delete rules that nobody needs.";
            let other =
                "Run albridge deploy --set Events=rules, of which the bus takes 50, or delete rules that nobody needs.";
            Finding::wrong(Code::RuleQuota, subject, says, if by_rules { fewer } else { other })
        }
        Ok(rules) => Finding::well(Code::RuleQuota, subject, format!("{} on the default bus", rules.len())),
    }
}

/// The triggers and rules of a stack that is there.
pub(super) async fn look(cloud: &Cloud, made: &Made<'_>, rules: &Rules) -> Vec<Finding> {
    let triggers = made.deployment.triggers.iter().map(|trigger| async move {
        let get = fc::GetTrigger { function_name: trigger.function.clone(), trigger_name: trigger.name.clone() };
        (trigger, cloud.client().get_trigger(made.region.as_str(), &get).await)
    });
    let triggers = join_all(triggers).await;
    let expected = triggers.len() + made.deployment.rules.len();
    let mut findings: Vec<Finding> =
        triggers.iter().filter_map(|(trigger, found)| one(made, trigger, found, rules)).collect();
    if let Ok(rules) = rules {
        findings.extend(made.deployment.rules.iter().filter_map(|rule| {
            let found = rules.get(&rule.name);
            let pattern = |found: &Rule| serde_json::from_str::<Value>(&found.filter_pattern).ok();
            let same = found.is_none_or(|found| pattern(found).as_ref() == Some(&rule.pattern));
            if same { status(made, &rule.name, found, ANEW.to_owned()) } else { Some(changed(made, &rule.name)) }
        }));
    }
    if findings.is_empty() && expected > 0 {
        let says = format!("{expected} are there and on");
        findings.push(Finding::well(Code::Triggers, format!("triggers in {}", made.region), says));
    }
    findings
}

/// What is wrong with a trigger, or with the rule that Function Compute made for it.
fn one(made: &Made<'_>, trigger: &Trigger, found: &Result<fc::Trigger, Error>, rules: &Rules) -> Option<Finding> {
    let subject = format!("trigger {} of {} in {}", trigger.name, trigger.function, made.region);
    let wanted = config(&trigger.kind)?;
    let put = |wanted: &Value| {
        let body = json!({"triggerConfig": wanted.to_string()});
        let (function, name, region) = (&trigger.function, &trigger.name, made.region);
        format!("aliyun fc PUT /2023-03-30/functions/{function}/triggers/{name} --region {region} --body '{body}'")
    };
    let found = match found {
        Ok(found) => found,
        Err(error) if error.is_not_found() => {
            let kind = if matches!(trigger.kind, TriggerKind::Timer { .. }) { "timer" } else { "eventbridge" };
            let body = json!({"triggerName": trigger.name, "triggerType": kind, "triggerConfig": wanted.to_string()});
            let (function, region) = (&trigger.function, made.region);
            let remedy = format!(
                "Make it: aliyun fc POST /2023-03-30/functions/{function}/triggers --region {region} --body '{body}'"
            );
            return Some(Finding::wrong(Code::Trigger, subject, "The stack has it, and it is not there.", remedy));
        }
        Err(error) => {
            let error = doing(format!("reading the trigger {}", trigger.name), made.region)(error.clone());
            return Some(Finding::unread(Code::Trigger, subject, &error));
        }
    };
    let is: Value = serde_json::from_str(&found.trigger_config).unwrap_or_default();
    if !is_on(&is) && is_on(&wanted) {
        let remedy = format!("Turn it on: {}", put(&wanted));
        return Some(Finding::wrong(Code::TriggerOff, subject, "It is off, so nothing comes of it.", remedy));
    }
    if heard(&is) != heard(&wanted) {
        let remedy = format!("Put it back: {}", put(&wanted));
        return Some(Finding::wrong(
            Code::Trigger,
            subject,
            "It listens to something else than the stack says.",
            remedy,
        ));
    }
    match (&trigger.kind, rules) {
        (TriggerKind::EventBridge { enabled: true, .. }, Ok(rules)) => {
            let name = format!("{}-{}", trigger.function, trigger.name);
            status(made, &name, rules.get(&name), format!("Let Function Compute make it: {}", put(&wanted)))
        }
        _ => None,
    }
}

/// What is wrong with a rule that should be on.
fn status(made: &Made<'_>, name: &str, found: Option<&Rule>, anew: String) -> Option<Finding> {
    let subject = format!("rule {name} in {}", made.region);
    match found.map(|rule| rule.status.as_str()) {
        None => Some(Finding::wrong(Code::Rule, subject, "It is not there, so no event is sent on.", anew)),
        Some("DISABLE") => {
            let remedy = format!(
                "Turn it on: aliyun eventbridge EnableRule --region {} --EventBusName {BUS} --RuleName {name}",
                made.region
            );
            Some(Finding::wrong(Code::RuleOff, subject, "It is off, so no event is sent on.", remedy))
        }
        Some("ENABLE") => None,
        Some(other) => {
            let says = format!("Its status is {other}, which nothing here knows.");
            Some(Finding::not_checked(Code::RuleOff, subject, says, "Look at it in the EventBridge console."))
        }
    }
}

fn changed(made: &Made<'_>, name: &str) -> Finding {
    let subject = format!("rule {name} in {}", made.region);
    Finding::wrong(Code::Rule, subject, "It matches other events than the stack says.", ANEW)
}

/// The configuration of a trigger as Function Compute takes it; none of a kind that no stack has.
fn config(kind: &TriggerKind) -> Option<Value> {
    match kind {
        TriggerKind::Timer { cron, enabled, payload } => {
            Some(json!({"cronExpression": cron, "enable": enabled, "payload": payload}))
        }
        TriggerKind::EventBridge { pattern, enabled } => Some(json!({
            "triggerEnable": enabled,
            "asyncInvocationType": false,
            "eventRuleFilterPattern": pattern.to_string(),
            "eventSourceConfig": {"eventSourceType": "Default"},
        })),
        _ => None,
    }
}

/// On unless it says that it is not.
fn is_on(config: &Value) -> bool {
    ["enable", "triggerEnable"].iter().all(|name| config[name] != Value::Bool(false))
}

/// What a trigger listens to, however it is written; the service adds fields of its own.
fn heard(config: &Value) -> Value {
    let pattern = config["eventRuleFilterPattern"].as_str();
    let pattern: Option<Value> = pattern.and_then(|text| serde_json::from_str(text).ok());
    json!([config["cronExpression"], config["payload"], pattern, config["eventSourceConfig"]["eventSourceType"]])
}

#[cfg(test)]
mod tests {
    use template::{Pseudo, Template};

    use super::*;
    use crate::deploy::text::TEMPLATE;

    #[test]
    fn a_region_with_backends_has_as_many_triggers_as_the_quota_is_asked_for() {
        let pseudo = Pseudo {
            region: "cn-shanghai".into(),
            account_id: "1".into(),
            stack_name: "s".into(),
            stack_id: "s".into(),
        };
        let given = [("Role", "outpost"), ("CodeBucket", "code"), ("StoreBucket", "store")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let deployment = Template::parse(TEMPLATE).unwrap().resolve(&pseudo, &given.into()).unwrap();
        let events = deployment.triggers.iter().filter(|one| matches!(one.kind, TriggerKind::EventBridge { .. }));
        assert_eq!(events.count(), WANTED);
    }

    #[test]
    fn a_trigger_is_compared_by_what_it_hears() {
        let wanted = json!({"enable": true, "cronExpression": "@every 5m", "payload": "drift"});
        let is = json!({"enable": true, "cronExpression": "@every 5m", "payload": "drift", "added": 1});
        assert_eq!(heard(&is), heard(&wanted));
        assert!(is_on(&is) && !is_on(&json!({"enable": false})) && !is_on(&json!({"triggerEnable": false})));
        let spaced = json!({"eventRuleFilterPattern": "{ \"source\": [\"acs.ecs\"] }"});
        let tight = json!({"eventRuleFilterPattern": "{\"source\":[\"acs.ecs\"]}"});
        assert_eq!(heard(&spaced), heard(&tight));
    }
}
