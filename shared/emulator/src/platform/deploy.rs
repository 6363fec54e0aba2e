//! Puts a resolved template into the emulated account, as the resource orchestrator would.

use jiff::Timestamp;
use serde_json::{Value, json};
use template::cron::Schedule;
use template::{Deployment, Param, Rule, Target, TriggerKind};

use crate::state::fc::{Function, TriggerEntry};
use crate::state::ram::{self, Role};
use crate::world::World;

/// Why a deployment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// A flow's definition is refused.
    #[error("flow {name}: {reason}")]
    Flow {
        /// The flow's name.
        name: String,
        /// CloudFlow's own words.
        reason: String,
    },
    /// A timer's expression is refused.
    #[error("trigger {name} of function {function}: {reason}")]
    Timer {
        /// The function's name.
        function: String,
        /// The trigger's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A trigger names a function that the template does not have.
    #[error("trigger {name}: there is no function {function}")]
    NoFunction {
        /// The function's name.
        function: String,
        /// The trigger's name.
        name: String,
    },
    /// A role attaches a policy of the cloud's own that the emulator does not know.
    #[error("role {role} attaches the system policy {policy}, which the emulator does not know")]
    SystemPolicy {
        /// The role's name.
        role: String,
        /// The policy's name.
        policy: String,
    },
}

impl World {
    /// Registers everything that a resolved template consists of in `region`. Deploying again replaces.
    ///
    /// # Errors
    /// [`DeployError`]: nothing was changed then.
    pub fn deploy(&mut self, now: Timestamp, region: &str, deployment: &Deployment) -> Result<(), DeployError> {
        let mut trial = self.clone();
        trial.put_roles(deployment)?;
        trial.put_functions(now, region, deployment);
        trial.put_triggers(now, region, deployment)?;
        for rule in &deployment.rules {
            trial.put_rule(region, rule.clone());
        }
        for flow in &deployment.flows {
            trial
                .put_flow(now, region, &flow.name, &flow.definition, &flow.role_arn)
                .map_err(|error| DeployError::Flow { name: flow.name.clone(), reason: error.message })?;
        }
        *self = trial;
        Ok(())
    }

    /// Takes away what [`World::deploy`] registered.
    pub(crate) fn undeploy(&mut self, region: &str, deployment: &Deployment) {
        for function in &deployment.functions {
            self.events.remove_triggers(region, &function.name);
            self.fc.remove_function(region, &function.name);
        }
        for rule in &deployment.rules {
            self.events.remove_rule(region, &rule.bus, &rule.name);
        }
        for flow in &deployment.flows {
            self.fnf.remove_flow(region, &flow.name);
        }
        for role in &deployment.roles {
            self.ram.remove_role(&role.name);
        }
    }

    fn put_roles(&mut self, deployment: &Deployment) -> Result<(), DeployError> {
        for role in &deployment.roles {
            let mut policies: Vec<_> =
                role.policies.iter().map(|policy| (policy.name.clone(), policy.document.clone())).collect();
            for policy in &role.system_policies {
                let document = ram::system_policy(policy)
                    .ok_or_else(|| DeployError::SystemPolicy { role: role.name.clone(), policy: policy.clone() })?;
                policies.push((policy.clone(), document));
            }
            let trust = ram::trust_services(role.trusted.iter().map(String::as_str));
            self.put_role(Role { name: role.name.clone(), arn: role.arn.clone(), trust, policies });
        }
        Ok(())
    }

    fn put_functions(&mut self, now: Timestamp, region: &str, deployment: &Deployment) {
        for function in &deployment.functions {
            let deployed = Function {
                name: function.name.clone(),
                handler: function.handler.clone(),
                runtime: function.runtime.clone(),
                timeout: function.timeout,
                memory: function.memory,
                instance_concurrency: function.instance_concurrency,
                environment: function.environment.clone(),
                role_arn: function.role_arn.clone(),
            };
            self.put_function(now, region, deployed);
        }
    }

    fn put_triggers(&mut self, now: Timestamp, region: &str, deployment: &Deployment) -> Result<(), DeployError> {
        for trigger in &deployment.triggers {
            let (function, name) = (&trigger.function, &trigger.name);
            if self.function(region, function).is_none() {
                return Err(DeployError::NoFunction { function: function.clone(), name: name.clone() });
            }
            let (kind, config) = match &trigger.kind {
                TriggerKind::Timer { cron, enabled, payload } => {
                    let schedule = Schedule::parse(cron).map_err(|error| DeployError::Timer {
                        function: function.clone(),
                        name: name.clone(),
                        reason: error.to_string(),
                    })?;
                    if *enabled {
                        self.events.put_timer(now, region, function, name, schedule, payload);
                    }
                    ("timer", json!({"cronExpression": cron, "enable": enabled, "payload": payload}))
                }
                TriggerKind::EventBridge { pattern, enabled } => {
                    put_trigger_rule(self, region, function, name, pattern, *enabled);
                    let config = json!({
                        "triggerEnable": enabled,
                        "asyncInvocationType": false,
                        "eventRuleFilterPattern": pattern.to_string(),
                        "eventSourceConfig": {"eventSourceType": "Default"},
                    });
                    ("eventbridge", config)
                }
                _ => ("http", json!({})),
            };
            self.fc.put_trigger(region, function, TriggerEntry { name: name.clone(), kind, config });
        }
        Ok(())
    }
}

/// The rule that Function Compute makes for an eventbridge trigger: `{function}-{trigger}` on the default bus.
pub(crate) fn put_trigger_rule(
    world: &mut World,
    region: &str,
    function: &str,
    trigger: &str,
    pattern: &Value,
    enabled: bool,
) {
    let body = Param { key: "Body".to_owned(), form: "ORIGINAL".to_owned(), value: String::new(), template: None };
    let target = Target {
        id: function.to_owned(),
        kind: "acs.fc.function".to_owned(),
        endpoint: world.function_arn(region, function),
        params: vec![body],
    };
    let rule = Rule {
        bus: "default".to_owned(),
        name: format!("{function}-{trigger}"),
        enabled,
        pattern: pattern.clone(),
        targets: vec![target],
    };
    world.put_rule(region, rule);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use template::{Pseudo, Template};

    use super::*;
    use crate::platform::{access, bus};
    use crate::testing::{HANGZHOU, start, world};

    fn deployment(role: &str) -> Deployment {
        let template = Template::parse(include_str!("../../../../template.yml")).unwrap();
        let pseudo = Pseudo {
            region: HANGZHOU.into(),
            account_id: world().settings.account_id,
            stack_name: "albridge".into(),
            stack_id: "s".into(),
        };
        let given = [("Role", role), ("CodeBucket", "code"), ("StoreBucket", "store")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        template.resolve(&pseudo, &BTreeMap::from(given)).unwrap()
    }

    #[test]
    fn the_template_deploys_and_is_taken_away_again() {
        let mut world = world();
        let deployment = deployment("home");
        world.deploy(start(), HANGZHOU, &deployment).unwrap();
        assert_eq!(world.functions().count(), deployment.functions.len());
        let dispatch = world.function(HANGZHOU, "albridge-dispatch").unwrap();
        let role = world.ram.role_by_arn(&dispatch.role_arn).unwrap().name.clone();
        let allowed =
            |action: &str| access::verdict(&world, &role, action, &["*".to_owned()]) == access::Verdict::Allowed;
        assert!(
            allowed("fnf:StartExecution") && allowed("vpc:DescribeVpcAttribute") && !allowed("alb:CreateServerGroup")
        );
        // The drift timer is what falls due next.
        assert_eq!(world.next_due(start()), Some(start() + jiff::SignedDuration::from_mins(5)));
        world.undeploy(HANGZHOU, &deployment);
        assert_eq!((world.functions().count(), world.next_due(start())), (0, None));
    }

    #[test]
    fn an_event_of_an_instance_reaches_dispatch_with_credentials() {
        let mut world = world();
        world.deploy(start(), HANGZHOU, &deployment("outpost")).unwrap();
        let data = json!({"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Running"});
        bus::publish(&mut world, start(), HANGZHOU, "acs.ecs", "ecs:Instance:StateChange", "i-1", data);
        let due = world.next_due(start()).unwrap();
        let effects = world.advance(due);
        let [crate::Effect::Invoke(invocation)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(invocation.function, "albridge-dispatch");
        assert!(invocation.headers.iter().any(|(name, value)| name == "x-fc-security-token" && !value.is_empty()));
    }

    #[test]
    fn what_cannot_be_deployed_leaves_nothing_behind() {
        let mut world = world();
        let mut broken = deployment("home");
        broken.flows[0].definition = "Type: Nonsense".into();
        assert!(matches!(world.deploy(start(), HANGZHOU, &broken), Err(DeployError::Flow { .. })));
        assert_eq!(world.functions().count(), 0);
    }
}
