//! Direct access to a world's contents, without an API call: roles, keys, functions, flows and rules.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use template::Rule;

use super::World;
use crate::call::ApiError;
use crate::state::fc::{Deployed, Function, InvocationId, LEAST_REAL_SECONDS, Outcome, Program};
use crate::state::fnf::{Flow, parse};
use crate::state::ram::Role;
use crate::state::sts::Credentials;

impl World {
    /// Adds a role, or replaces the one of that name. A role of another account is emulated by its ARN.
    pub fn put_role(&mut self, role: Role) {
        self.ram.roles.insert(role.name.clone(), role);
    }

    /// The ARN of this account's role.
    #[must_use]
    pub fn role_arn(&self, name: &str) -> String {
        format!("acs:ram::{}:role/{name}", self.settings.account_id)
    }

    /// The account's own key. It is no secret: the emulator is no place for real ones.
    #[must_use]
    pub fn root_credentials(&self) -> Credentials {
        self.sts.account.clone().unwrap_or_else(|| Credentials {
            access_key_id: "testid".to_owned(),
            access_key_secret: "testsecret".to_owned(),
            security_token: None,
        })
    }

    /// Sets the key of a role's next session instead of a generated one; several are used in order. So a test that looks for
    /// leaked secrets knows them. The account's own key is that of the role `root`.
    pub fn plant_key(&mut self, role: &str, key: Credentials) {
        if role == "root" {
            self.sts.account = Some(key);
        } else {
            self.sts.planted.entry(role.to_owned()).or_default().push_back(key);
        }
    }

    /// Deploys a function, or replaces the one of that name; its triggers stay.
    pub fn put_function(&mut self, now: Timestamp, region: &str, function: Function) {
        let key = (region.to_owned(), function.name.clone());
        let old = self.fc.functions.remove(&key);
        let created = old.as_ref().map_or(now, |old| old.created);
        let triggers = old.map(|old| old.triggers).unwrap_or_default();
        self.fc.revisions += 1;
        let program = self.program(region, &function);
        self.fc.functions.insert(key, Deployed { function, program, triggers, created, modified: now });
    }

    /// What a function's instances are started from, with the variables of fc-runtime.md section 1.6.
    fn program(&self, region: &str, function: &Function) -> Option<Arc<Program>> {
        let package = Arc::clone(function.package.as_ref()?);
        let mut environment = function.environment.clone();
        let own = [
            ("FC_ACCOUNT_ID", self.settings.account_id.clone()),
            ("FC_REGION", region.to_owned()),
            ("FC_FUNCTION_NAME", function.name.clone()),
            ("FC_FUNCTION_HANDLER", function.handler.clone()),
            ("FC_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
            ("FC_FUNCTION_VERSION", "LATEST".to_owned()),
        ];
        environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Some(Arc::new(Program {
            revision: self.fc.revisions,
            package,
            command: function.launch.command.clone(),
            environment,
            memory: function.memory,
            instance_concurrency: function.instance_concurrency,
        }))
    }

    /// The function of that name.
    #[must_use]
    pub fn function(&self, region: &str, name: &str) -> Option<&Function> {
        self.fc.functions.get(&(region.to_owned(), name.to_owned())).map(|deployed| &deployed.function)
    }

    /// Every function: region and definition.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.fc.functions.iter().map(|((region, _), deployed)| (region.as_str(), &deployed.function))
    }

    /// Sets how many seconds of the world's time pass in a real one. It determines the least timeout of invocations.
    pub(crate) fn runs_at(&mut self, speed: f64) {
        let seconds = if speed > 1.0 { (speed * LEAST_REAL_SECONDS).ceil().min(86_400.0) } else { 0.0 };
        // Not negative, and far below the most that fits.
        self.fc.least_seconds = Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|least| u32::try_from(least.as_secs()).ok())
            .unwrap_or_default();
    }

    /// The ARN of a function, in the form that workflows and policies use.
    #[must_use]
    pub fn function_arn(&self, region: &str, name: &str) -> String {
        format!("acs:fc:{region}:{}:functions/{name}", self.settings.account_id)
    }

    /// The outcome of a synchronous API call, once it is there; it is given out once.
    pub(crate) fn take_answer(&mut self, id: InvocationId) -> Option<Outcome> {
        self.fc.answers.remove(&id)
    }

    /// Deploys a flow, or replaces the one of that name; running executions keep the definition they started with.
    ///
    /// # Errors
    /// What is wrong with the definition, as `CreateFlow` would say it.
    pub(crate) fn put_flow(
        &mut self,
        now: Timestamp,
        region: &str,
        name: &str,
        definition: &str,
        role_arn: &str,
    ) -> Result<(), ApiError> {
        let parsed = parse(definition)?;
        let key = (region.to_owned(), name.to_owned());
        let id = self.ids.uuid();
        let old = self.fnf.flows.remove(&key);
        let flow = Flow {
            id: old.as_ref().map_or(id, |old| old.id.clone()),
            name: name.to_owned(),
            description: old.as_ref().map_or_else(String::new, |old| old.description.clone()),
            text: definition.to_owned(),
            definition: parsed,
            role_arn: role_arn.to_owned(),
            created: old.map_or(now, |old| old.created),
            modified: now,
        };
        self.fnf.flows.insert(key, flow);
        Ok(())
    }

    /// Puts a rule on a bus, or replaces the one of that name.
    pub(crate) fn put_rule(&mut self, region: &str, rule: Rule) {
        self.events.rules.insert((region.to_owned(), rule.bus.clone(), rule.name.clone()), rule);
    }
}
