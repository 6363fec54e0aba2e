//! The stacks of the deployment, as an operator would create them: which part of the template goes to which region, with
//! which parameters; and the store they all read.

use std::collections::BTreeMap;

use emulator::World;
use jiff::Timestamp;
use template::{Deployment, Pseudo, Template, TemplateError};

/// The deployment, as it is in the cloud.
pub const TEMPLATE: &str = include_str!("../../../template.yml");

/// The region of the home stack in the procedure's world: CloudFlow is not offered in Chengdu.
pub const HOME: &str = "cn-hangzhou";

const BUCKET: &str = "albridge-store";
const KEY: &str = "albridge/bindings.yml";

/// Where the bindings of a local deployment are kept, as `ALBRIDGE_BINDINGS` names it.
#[must_use]
pub fn store_address() -> String {
    format!("oss://{BUCKET}.{HOME}/{KEY}")
}

/// One stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its region.
    pub region: String,
    /// The template's parameters, beyond those that every stack has.
    pub parameters: BTreeMap<String, String>,
}

impl Stack {
    /// All functions and the workflow, in [`HOME`].
    #[must_use]
    pub fn home() -> Self {
        Self::new(HOME, &[("Role", "home"), ("Probes", "cn-chengdu")])
    }

    /// `verify` inside an ALB's VPC.
    #[must_use]
    pub fn probe(region: &str, vpc: &str) -> Self {
        let parameters =
            [("Role", "probe"), ("ProbeVpc", vpc), ("ProbeVSwitches", "vsw-1"), ("ProbeSecurityGroup", "sg-1")];
        Self::new(region, &parameters)
    }

    /// Events of another region with backends.
    #[must_use]
    pub fn outpost(region: &str) -> Self {
        Self::new(region, &[("Role", "outpost"), ("HomeRegion", HOME)])
    }

    /// The same with a parameter set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    fn new(region: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { region: region.to_owned(), parameters: parameters.collect() }
    }
}

/// The template with a stack's parameters.
pub(crate) fn resolve(stack: &Stack, account_id: &str) -> Result<Deployment, TemplateError> {
    let pseudo = Pseudo {
        region: stack.region.clone(),
        account_id: account_id.to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: format!("albridge-{}", stack.region),
    };
    let mut parameters = stack.parameters.clone();
    for (name, value) in
        [("CodeBucket", "albridge-code"), ("StoreBucket", BUCKET), ("StoreRegion", HOME), ("StoreKey", KEY)]
    {
        parameters.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    Template::parse(TEMPLATE)?.resolve(&pseudo, &parameters)
}

/// Stores the bindings at the place that the template names, in a bucket that exists already, and the secrets beside them, if there are any.
pub(crate) fn store(world: &mut World, now: Timestamp, bindings: &str, secrets: &str) {
    world.put_object(now, HOME, BUCKET, KEY, bindings.as_bytes().to_vec());
    if !secrets.is_empty() {
        let key = format!("{KEY}{}", stage::secrets::SUFFIX);
        world.put_object(now, HOME, BUCKET, &key, secrets.as_bytes().to_vec());
    }
}
