//! Puts a resolved template into the emulated account, as the resource orchestrator would.

use std::collections::BTreeSet;

use jiff::Timestamp;
use template::{Deployment, TriggerKind};

use crate::call::ApiError;
use crate::platform::{code, functions, triggers};
use crate::state::fc::{Function, Launch};
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
    /// Function Compute refuses a trigger.
    #[error("trigger {name} of function {function}: {}: {}", error.code, error.message)]
    Trigger {
        /// The function's name.
        function: String,
        /// The trigger's name.
        name: String,
        /// Function Compute's own words.
        error: ApiError,
    },
    /// Function Compute refuses a function.
    #[error("function {function}: {}: {}", error.code, error.message)]
    Function {
        /// The function's name.
        function: String,
        /// Function Compute's own words.
        error: ApiError,
    },
    /// What the stack would make is there already, and not the stack's own.
    #[error("{kind} {name} already exists")]
    Exists {
        /// What it is.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A service is not open, or lacks its service-linked role.
    #[error("{kind} {name} is missing")]
    Missing {
        /// What is missing.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A role attaches a custom policy that does not exist.
    #[error("role {role} attaches the policy {policy}, which does not exist")]
    CustomPolicy {
        /// The role's name.
        role: String,
        /// The policy's name.
        policy: String,
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
        trial.open(deployment)?;
        trial.put_roles(deployment)?;
        trial.put_functions(now, region, deployment)?;
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
            for policy in role.policies.iter().filter(|policy| !role.attached.contains(&policy.name)) {
                self.ram.policies.remove(&policy.name);
            }
        }
        for policy in &deployment.policies {
            self.ram.policies.remove(&policy.name);
        }
    }

    /// Opens the services that a template opens; everything else in it needs its service open.
    fn open(&mut self, deployment: &Deployment) -> Result<(), DeployError> {
        for service in &deployment.services {
            self.account.open(service);
        }
        for service in &deployment.service_roles {
            let missing = || DeployError::Missing { kind: "service", name: service.clone() };
            let name = ram::service_role(service).ok_or_else(missing)?.to_owned();
            let trust = ram::trust_services([service.as_str()]);
            self.put_role(Role { arn: self.role_arn(&name.to_lowercase()), name, trust, policies: Vec::new() });
        }
        let strict = self.settings.strict.services;
        let used = [
            ("FC", !deployment.functions.is_empty()),
            ("FNF", !deployment.flows.is_empty()),
            ("SLS", !deployment.log_stores.is_empty()),
        ];
        if let Some((name, _)) = used.into_iter().find(|(name, used)| *used && !self.account.is_open(name, strict)) {
            return Err(DeployError::Missing { kind: "service", name: name.to_owned() });
        }
        if !strict {
            return Ok(());
        }
        let events = deployment.triggers.iter().any(|trigger| matches!(trigger.kind, TriggerKind::EventBridge { .. }));
        if (events || !deployment.rules.is_empty()) && self.ram.role(ram::EVENT_ROLE).is_none() {
            return Err(DeployError::Missing { kind: "service-linked role", name: ram::EVENT_ROLE.to_owned() });
        }
        Ok(())
    }

    fn put_roles(&mut self, deployment: &Deployment) -> Result<(), DeployError> {
        for policy in &deployment.policies {
            self.ram.policies.insert(policy.name.clone(), policy.document.clone());
        }
        for role in &deployment.roles {
            let mut policies: Vec<_> =
                role.policies.iter().map(|policy| (policy.name.clone(), policy.document.clone())).collect();
            // RAM has no policies inside of roles: those of a template become the account's.
            self.ram.policies.extend(policies.iter().cloned());
            for name in role.attached.iter().filter(|name| !role.policies.iter().any(|policy| policy.name == **name)) {
                let document = self.ram.policies.get(name).cloned();
                let missing = || DeployError::CustomPolicy { role: role.name.clone(), policy: name.clone() };
                policies.push((name.clone(), document.ok_or_else(missing)?));
            }
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

    fn put_functions(&mut self, now: Timestamp, region: &str, deployment: &Deployment) -> Result<(), DeployError> {
        for function in &deployment.functions {
            let deployed = read(self, region, function)
                .map_err(|error| DeployError::Function { function: function.name.clone(), error })?;
            self.put_function(now, region, deployed);
        }
        Ok(())
    }

    fn put_triggers(&mut self, now: Timestamp, region: &str, deployment: &Deployment) -> Result<(), DeployError> {
        for trigger in &deployment.triggers {
            let (function, name) = (&trigger.function, &trigger.name);
            triggers::put(self, now, region, function, name, &trigger.kind).map_err(|error| DeployError::Trigger {
                function: function.clone(),
                name: name.clone(),
                error,
            })?;
        }
        Ok(())
    }

    /// Whether a stack may make what it consists of: what is there already must be of its own last version, `own`. Custom policies,
    /// those under a role's Policies as well, and roles belong to the whole account.
    ///
    /// # Errors
    /// [`DeployError::Exists`]
    pub(crate) fn claim(&self, region: &str, new: &Deployment, own: Option<&Deployment>) -> Result<(), DeployError> {
        let here = |name: &str| (region.to_owned(), name.to_owned());
        let claims = Claims::of(new);
        let owned = own.map(Claims::of).unwrap_or_default();
        for (kind, name) in claims.0 {
            let there = match kind {
                "policy" => self.ram.policies.contains_key(&name),
                "role" | "service-linked role" => self.ram.roles.contains_key(&name),
                "function" => self.fc.functions.contains_key(&here(&name)),
                "flow" => self.fnf.flows.contains_key(&here(&name)),
                _ => self.events.rules.keys().any(|(of, bus, rule)| of == region && format!("{bus}/{rule}") == name),
            };
            if there && !owned.0.contains(&(kind, name.clone())) {
                return Err(DeployError::Exists { kind, name });
            }
        }
        match claims.1 {
            Some((kind, name)) => Err(DeployError::Exists { kind, name }),
            None => Ok(()),
        }
    }
}

/// The names that a stack takes, and the first of them that it takes twice.
#[derive(Default)]
struct Claims(BTreeSet<(&'static str, String)>, Option<(&'static str, String)>);

impl Claims {
    fn of(deployment: &Deployment) -> Self {
        let inline = deployment.roles.iter().flat_map(|role| {
            role.policies.iter().map(|policy| policy.name.clone()).filter(|name| !role.attached.contains(name))
        });
        let policies = deployment.policies.iter().map(|policy| policy.name.clone()).chain(inline);
        let roles = deployment.service_roles.iter().filter_map(|service| ram::service_role(service));
        let all = policies
            .map(|name| ("policy", name))
            .chain(deployment.roles.iter().map(|role| ("role", role.name.clone())))
            .chain(roles.map(|name| ("service-linked role", name.to_owned())))
            .chain(deployment.functions.iter().map(|function| ("function", function.name.clone())))
            .chain(deployment.flows.iter().map(|flow| ("flow", flow.name.clone())))
            .chain(deployment.rules.iter().map(|rule| ("event rule", format!("{}/{}", rule.bus, rule.name))));
        let mut claims = Self::default();
        for claim in all {
            if !claims.0.insert(claim.clone()) {
                claims.1.get_or_insert(claim);
            }
        }
        claims
    }
}

/// A function as the template has it, with its package.
fn read(world: &World, region: &str, function: &template::Function) -> Result<Function, ApiError> {
    let launch = launch(function);
    let package = code::fetch(world, region, function.code.as_ref(), &launch.command)?;
    let function = Function {
        name: function.name.clone(),
        description: function.description.clone(),
        handler: function.handler.clone(),
        runtime: function.runtime.clone(),
        timeout: function.timeout,
        memory: function.memory,
        cpu: function.cpu,
        disk: function.disk,
        instance_concurrency: function.instance_concurrency,
        environment: function.environment.clone(),
        role_arn: function.role_arn.clone(),
        launch,
        vpc: function.vpc.clone(),
        log: function.log.clone(),
        internet: true,
        package,
    };
    functions::check(world, region, &function)?;
    Ok(function)
}

fn launch(function: &template::Function) -> Launch {
    let usual = Launch::default();
    let given = function.custom_runtime.as_ref().filter(|custom| !custom.command.is_empty());
    let (command, args) = match given {
        Some(custom) => (custom.command.clone(), custom.args.clone()),
        None => (usual.command, Vec::new()),
    };
    Launch { command: command.into_iter().chain(args).collect(), port: function.port }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
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

    #[test]
    fn the_policies_of_a_stack_are_the_accounts_and_go_with_it() {
        let mut world = world();
        let deployment = deployment("home");
        world.deploy(start(), HANGZHOU, &deployment).unwrap();
        let policies: Vec<&String> = world.ram.policies.keys().collect();
        assert_eq!(policies.len(), 14, "one of each role, and the common one: {policies:?}");
        assert!(policies.iter().all(|name| name.starts_with("albridge-cn-hangzhou-")), "{policies:?}");
        world.undeploy(HANGZHOU, &deployment);
        assert!(world.ram.policies.is_empty());
    }

    #[test]
    fn what_is_there_and_not_the_stacks_own_is_claimed_by_nobody_else() {
        let mut world = world();
        let deployment = deployment("home");
        assert_eq!(world.claim(HANGZHOU, &deployment, None), Ok(()));
        world.ram.policies.insert("albridge-cn-hangzhou-listener".into(), json!({}));
        let taken = DeployError::Exists { kind: "policy", name: "albridge-cn-hangzhou-listener".into() };
        assert_eq!(world.claim(HANGZHOU, &deployment, None), Err(taken));
        world.ram.policies.clear();
        world.deploy(start(), HANGZHOU, &deployment).unwrap();
        assert_eq!(world.claim(HANGZHOU, &deployment, Some(&deployment)), Ok(()), "its own");
        assert!(world.claim(HANGZHOU, &deployment, None).is_err(), "another stack's");
        world.ram = ram::Ram::default();
        let taken = DeployError::Exists { kind: "flow", name: "albridge".into() };
        assert_eq!(world.claim(HANGZHOU, &deployment, None), Err(taken), "functions come after flows here");
    }

    #[test]
    fn what_is_not_open_is_refused_until_the_template_opens_it() {
        let mut world = world();
        world.settings.strict.services = true;
        let mut deployment = deployment("home");
        let missing = |kind, name: &str| Err(DeployError::Missing { kind, name: name.into() });
        assert_eq!(world.deploy(start(), HANGZHOU, &deployment), missing("service-linked role", ram::EVENT_ROLE));
        let opens = std::mem::take(&mut deployment.services);
        assert_eq!(world.deploy(start(), HANGZHOU, &deployment), missing("service", "FC"));
        deployment.services = opens;
        deployment.service_roles = vec!["sendevent-fc.eventbridge.aliyuncs.com".into()];
        assert_eq!(world.deploy(start(), HANGZHOU, &deployment), Ok(()));
        world.undeploy(HANGZHOU, &deployment);
        assert!(world.ram.role(ram::EVENT_ROLE).is_some(), "it is everybody's");
        let taken = DeployError::Exists { kind: "service-linked role", name: ram::EVENT_ROLE.into() };
        assert_eq!(world.claim(HANGZHOU, &deployment, None), Err(taken));
    }

    #[test]
    fn a_name_that_a_template_takes_twice_is_refused() {
        let world = world();
        let mut deployment = deployment("home");
        let twin = deployment.roles[1].policies[1].name.clone();
        deployment.roles[2].policies[1].name = twin.clone();
        assert_eq!(world.claim(HANGZHOU, &deployment, None), Err(DeployError::Exists { kind: "policy", name: twin }));
    }
}
