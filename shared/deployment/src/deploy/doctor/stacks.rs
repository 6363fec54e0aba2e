//! The stacks: there, at rest, and of the packages that are here.

use onboarding::ids::Region;

use super::finding::{Code, Finding};
use super::made::DEPLOY;
use crate::deploy::cloud::Cloud;
use crate::deploy::error::DeployError;
use crate::deploy::layout::Part;
use crate::deploy::observe::{named, read};
use crate::deploy::observed::Existing;
use crate::deploy::packages::{Packages, PackagesError};
use crate::deploy::status::Condition;

/// The stack of a name in a region, in whatever state.
pub(super) async fn at_once(cloud: &Cloud, region: &Region, name: &str) -> Result<Option<Existing>, DeployError> {
    match named(cloud, region, name).await? {
        Some((id, _)) => read(cloud, region, &id).await,
        None => Ok(None),
    }
}

/// Whether a stack is this deployment's and has what its template says, so that it makes sense to look for that.
pub(super) fn is_usable(found: &Existing, deployment: &str) -> bool {
    found.parameters.get("DeploymentName").is_some_and(|name| name == deployment)
        && matches!(found.status.condition(), Condition::Good | Condition::Failed)
}

/// What a region's stack is like, and which code it names.
pub(super) fn look(
    region: &Region,
    found: &Result<Option<Existing>, DeployError>,
    part: Option<Part>,
    deployment: &str,
    packages: &Result<Packages, PackagesError>,
) -> Vec<Finding> {
    let subject = format!("stack in {region}");
    let found = match (found, part) {
        (Err(error), _) => return vec![Finding::unread(Code::Stack, subject, error)],
        (Ok(None), None) => return Vec::new(),
        (Ok(None), Some(part)) => {
            let says = format!("There is none ({}).", part.as_str());
            return vec![Finding::wrong(Code::StackMissing, subject, says, DEPLOY)];
        }
        (Ok(Some(found)), _) => found,
    };
    if found.parameters.get("DeploymentName").is_some_and(|name| name != deployment) {
        let says = format!("The stack {deployment} is not of this deployment.");
        let remedy = "Choose another name with --deployment.";
        return vec![Finding::wrong(Code::StackForeign, subject, says, remedy)];
    }
    let status = &found.status;
    let wrong = |says: String, remedy: &str| Finding::wrong(Code::Stack, subject.clone(), says, remedy);
    let Some(part) = part else {
        return vec![wrong(format!("{status}, and no binding needs it."), DEPLOY)];
    };
    let mut findings = vec![match status.condition() {
        Condition::Good => Finding::well(Code::Stack, subject.clone(), format!("{status} ({})", part.as_str())),
        Condition::Busy => wrong(format!("{status}: it is being changed."), "Wait, and look again."),
        Condition::Failed => wrong(format!("{status}: its last change failed."), DEPLOY),
        Condition::Broken | Condition::Gone => {
            let remedy = "Run albridge deploy: it takes the remains away and makes the stack anew.";
            wrong(format!("{status}: it is no use any more."), remedy)
        }
    }];
    if found.parameters.get("ReadOnly").is_some_and(|value| matches!(value.as_str(), "1" | "true")) {
        let says = format!("ReadOnly is on in {region}: nothing is changed.");
        let remedy = "Run albridge deploy --set ReadOnly=0.";
        findings.push(Finding::wrong(Code::KillSwitch, "kill switch", says, remedy));
    }
    findings.extend(named_packages(region, found, part, packages));
    findings
}

/// Whether the stack names the packages that are here. Their names are those of their content.
fn named_packages(
    region: &Region,
    found: &Existing,
    part: Part,
    packages: &Result<Packages, PackagesError>,
) -> Option<Finding> {
    let packages = packages.as_ref().ok()?;
    let other = packages.list().iter().filter(|package| {
        part.has(&package.name)
            && found.parameters.get(&package.parameter()).is_none_or(|object| *object != package.object())
    });
    let other: Vec<&str> = other.map(|package| package.name.as_str()).collect();
    let subject = format!("packages in {region}");
    Some(if other.is_empty() {
        Finding::well(Code::Packages, subject, "the ones here")
    } else {
        Finding::wrong(Code::Packages, subject, format!("Others than those here: {}.", other.join(", ")), DEPLOY)
    })
}

/// The packages on this machine. A deployment that is there does not need them.
pub(super) fn here(there: bool, packages: &Result<Packages, PackagesError>) -> Finding {
    let (code, subject) = (Code::PackagesHere, "packages here");
    match packages {
        Ok(packages) => Finding::well(code, subject, packages.list().len().to_string()),
        Err(error) if there => {
            let remedy = "Run albridge package, or name a folder with --packages.";
            Finding::not_checked(code, subject, format!("What is deployed was not compared: {error}."), remedy)
        }
        Err(error) => Finding::wrong(code, subject, error.to_string(), "Run albridge package."),
    }
}
