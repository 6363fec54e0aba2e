//! The parameters that each stack should have.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::Store;
use onboarding::ids::{Region, VSwitchId};
use template::Template;

use super::error::DeployError;
use super::layout::{Layout, Part};
use super::names::Names;
use super::observed::Probe;
use super::packages::Packages;
use crate::package::Package;

/// Values of a template's parameters, by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Parameters that follow from the bindings, the packages and the account, beside those of the packages.
const DERIVED: &[&str] = &[
    "DeploymentName",
    "Role",
    "HomeRegion",
    "CodeBucket",
    "CodePrefix",
    "StoreBucket",
    "StoreRegion",
    "StoreKey",
    "Probes",
    "ProbeVpc",
    "ProbeVSwitches",
    "ProbeSecurityGroup",
    "AssumeRoles",
];

/// The role that EventBridge sends events to functions with, as the template names the ways to have it.
const EVENT_ROLE: &str = "EventRole";

/// What the parameters follow from.
pub(crate) struct Sources<'a> {
    pub(crate) names: &'a Names,
    pub(crate) store: &'a Store,
    pub(crate) layout: &'a Layout,
    pub(crate) packages: &'a Packages,
    pub(crate) probes: &'a BTreeMap<Region, Probe>,
    /// The operator's own.
    pub(crate) own: &'a Parameters,
    pub(crate) template: &'a Template,
}

impl<'a> Sources<'a> {
    /// The packages that a part has functions for.
    pub(crate) fn packages_of(&self, part: Part) -> impl Iterator<Item = &'a Package> {
        self.packages.list().iter().filter(move |package| part.has(&package.name))
    }

    /// The operator may set what does not follow from anything else, and what the template knows.
    pub(crate) fn check_own(&self) -> Result<(), DeployError> {
        let derived: BTreeSet<String> = self.packages.list().iter().map(Package::parameter).collect();
        for name in self.own.keys() {
            let wrong = |reason: &str| DeployError::Parameter { name: name.clone(), reason: reason.to_owned() };
            if DERIVED.contains(&name.as_str()) || derived.contains(name) {
                return Err(wrong("it follows from the bindings, the packages and the account"));
            }
            if !self.template.parameters().contains_key(name) {
                return Err(wrong("the template has none of that name"));
            }
        }
        Ok(())
    }

    /// The parameters of a region's stack that follow from anything.
    pub(crate) fn derived(&self, region: &Region, part: Part) -> Parameters {
        let names = self.names;
        let mut all = Parameters::new();
        let mut set = |name: &str, value: String| drop(all.insert(name.to_owned(), value));
        set("DeploymentName", names.deployment.clone());
        set("Role", part.as_str().to_owned());
        set("HomeRegion", self.layout.home.to_string());
        set("CodeBucket", names.code_bucket(region));
        set("CodePrefix", names.code_prefix().to_owned());
        set("StoreBucket", names.store_bucket());
        set("StoreRegion", self.layout.home.to_string());
        set("StoreKey", names.store_key());
        // Home alone reads what is in other accounts; an outpost knows by them whose events it hands on. A probe needs neither.
        let roles = if part == Part::Probe { Default::default() } else { self.store.assumed_roles() };
        let probes = if part == Part::Home { self.elsewhere() } else { Default::default() };
        set("AssumeRoles", joined(&roles));
        set("Probes", joined(&probes));
        let probe = self.probes.get(region).filter(|_| part != Part::Outpost);
        let vswitches = probe.into_iter().flat_map(|probe| &probe.vswitches).map(VSwitchId::as_str).collect();
        set("ProbeVpc", probe.map(|probe| probe.vpc.to_string()).unwrap_or_default());
        set("ProbeVSwitches", joined(&vswitches));
        set("ProbeSecurityGroup", probe.map(|probe| probe.security_group.to_string()).unwrap_or_default());
        for package in self.packages_of(part) {
            set(&package.parameter(), package.object());
        }
        all
    }

    /// All parameters of a region's stack: what follows from something, what the operator set, what a stack that is there has, and
    /// for the rest the template's defaults. So nothing that was set in the console is put back by the way.
    pub(crate) fn all(
        &self,
        region: &Region,
        part: Part,
        there: Option<&Parameters>,
        lacks_event_role: bool,
    ) -> Parameters {
        let mut all = self.derived(region, part);
        let makes_role = there.is_none() && part == Part::Home && lacks_event_role;
        for (name, parameter) in self.template.parameters() {
            if all.contains_key(name) {
                continue;
            }
            let own = self.own.get(name);
            // A package of a function that this part does not have is of no interest, whatever it says.
            let kept = there.and_then(|there| there.get(name)).filter(|_| !name.ends_with("Package"));
            let value = own.or(kept).cloned();
            let value = value.or_else(|| (makes_role && name == EVENT_ROLE).then(|| "create".to_owned()));
            let usual = || parameter.default.as_ref().map(text);
            if let Some(value) = value.or_else(usual) {
                all.insert(name.clone(), value);
            }
        }
        all.retain(|name, _| self.template.parameters().contains_key(name));
        all
    }

    /// The regions of probes other than home.
    fn elsewhere(&self) -> BTreeSet<&str> {
        let others = self.probes.keys().filter(|region| **region != self.layout.home);
        others.map(Region::as_str).collect()
    }
}

fn joined(parts: &BTreeSet<&str>) -> String {
    parts.iter().copied().collect::<Vec<_>>().join(",")
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as it can be compared: a list may come back as JSON, or with blanks.
pub(crate) fn comparable(value: &str) -> String {
    let list: Option<Vec<String>> = value.starts_with('[').then(|| serde_json::from_str(value).ok()).flatten();
    let parts = list.unwrap_or_else(|| value.split(',').map(str::to_owned).collect());
    parts.iter().map(|part| part.trim()).collect::<Vec<_>>().join(",")
}
