//! A stack that is there, and what its own template says that it has.

use std::collections::BTreeMap;

use onboarding::ids::Region;
use template::{Deployment, Pseudo, Template};

use crate::deploy::names::Names;
use crate::deploy::observed::Existing;
use crate::deploy::wanted::comparable;

/// What mends most of it.
pub(super) const DEPLOY: &str = "Run albridge deploy.";

/// What mends a stack whose resources went behind its back: it makes none of them anew by itself.
pub(super) const ANEW: &str =
    "Run albridge teardown --deployment, then albridge deploy; what bindings made in the network stays, and serves.";

/// A stack, and what it has.
pub(super) struct Made<'a> {
    /// The deployment's name.
    pub(super) name: &'a str,
    pub(super) region: &'a Region,
    pub(super) parameters: &'a BTreeMap<String, String>,
    pub(super) deployment: Deployment,
}

impl<'a> Made<'a> {
    /// By its own template and parameters; none if this version cannot read them.
    pub(super) fn of(region: &'a Region, names: &'a Names, found: &'a Existing) -> Option<Self> {
        let pseudo = Pseudo {
            region: region.to_string(),
            account_id: names.account.clone(),
            stack_name: names.deployment.clone(),
            stack_id: found.id.clone(),
        };
        let template = Template::parse(&found.template).ok()?;
        // The cloud gives lists back as JSON, and may give what the template has no parameter for.
        let known = found.parameters.iter().filter(|(name, _)| template.parameters().contains_key(*name));
        let plain = |value: &String| if value.starts_with('[') { comparable(value) } else { value.clone() };
        let given = known.map(|(name, value)| (name.clone(), plain(value))).collect();
        let deployment = template.resolve(&pseudo, &given).ok()?;
        Some(Self { name: &names.deployment, region, parameters: &found.parameters, deployment })
    }
}
