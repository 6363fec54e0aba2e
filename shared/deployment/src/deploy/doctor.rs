//! What a deployment needs, and what is wrong with it, each with its remedy. It only reads, and waits for nothing; readings are made side
//! by side.
//!
//! A finding is about one thing. What could not be read is a finding of its own, and never counts as well.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all, join4};
use onboarding::Store;
use onboarding::ids::Region;
use openapi::sts;

use super::cloud::{Cloud, doing};
use super::error::DeployError;
use super::layout::{Layout, Part};
use super::names::Names;
use super::observe::{Asked, CENTRAL, lacks_event_role, named, read, regions_with_flows, stored};
use super::observed::Existing;
use super::packages::{Packages, PackagesError};
use super::status::Condition;

/// What mends most of it.
const DEPLOY: &str = "Run albridge deploy.";

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Well,
    /// Not as it should be, and there is a remedy.
    Wrong,
    /// It could not be read.
    Unread,
}

/// One thing, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, as `stack in cn-hangzhou`.
    pub subject: String,
    /// How it stands.
    pub verdict: Verdict,
    /// The same in words.
    pub says: String,
    /// What to do; empty if nothing is to be done.
    pub remedy: String,
}

impl Finding {
    fn well(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Well, says: says.into(), remedy: String::new() }
    }

    fn wrong(subject: impl Into<String>, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Wrong, says: says.into(), remedy: remedy.into() }
    }

    /// The sentence of the error names its remedy.
    fn unread(subject: impl Into<String>, error: &DeployError) -> Self {
        let says = error.to_string();
        Self { subject: subject.into(), verdict: Verdict::Unread, says, remedy: String::new() }
    }
}

/// Looks at everything that the deployment needs. `text` is that of the bindings here, `packages` those that would be deployed.
pub async fn examine(
    cloud: &Cloud,
    asked: &Asked<'_>,
    text: &str,
    packages: &Result<Packages, PackagesError>,
) -> Vec<Finding> {
    let caller = async {
        let caller = cloud.client().call(CENTRAL, &sts::GetCallerIdentity {}).await;
        caller.map_err(doing("reading the account's number", &Region::from(CENTRAL)))
    };
    let (caller, with_flows) = join(caller, regions_with_flows(cloud)).await;
    let account = match caller {
        Ok(caller) => caller.account_id,
        // Without an account nothing else can be read either.
        Err(error) => return vec![Finding::unread("account", &error)],
    };
    let mut findings = vec![Finding::well("account", account.clone())];
    let with_flows = match with_flows {
        Ok(with_flows) => with_flows,
        Err(error) => {
            findings.push(Finding::unread("CloudFlow", &error));
            return findings;
        }
    };
    let layout = match Layout::new(asked.store, asked.saved.home.as_ref(), &with_flows) {
        Ok(layout) => layout,
        Err(error) => {
            let remedy = "Name a home region that offers it: albridge deploy --region REGION.";
            findings.push(Finding::wrong("CloudFlow", error.to_string(), remedy));
            return findings;
        }
    };
    findings.push(Finding::well("CloudFlow", format!("{} offers it", layout.home)));
    let names = Names::new(asked.deployment, &account, asked.saved);
    let regions: BTreeSet<&Region> = layout.parts.keys().chain(&asked.saved.regions).chain(&with_flows).collect();
    let stacks = join_all(regions.into_iter().map(|region| at_once(cloud, region, asked.deployment)));
    let buckets = buckets(cloud, &names, &layout);
    let store = in_store(cloud, &names, &layout, text);
    let (stacks, buckets, store, lacks_role) = join4(stacks, buckets, store, lacks_event_role(cloud)).await;
    let there = stacks.iter().any(|(_, found)| matches!(found, Ok(Some(_))));
    findings.push(role(there, lacks_role));
    for (region, found) in &stacks {
        findings.extend(stack(region, found, layout.parts.get(*region).copied(), asked.deployment, packages));
    }
    findings.push(here(there, packages));
    findings.extend(buckets);
    findings.extend(store);
    if asked.store.paused {
        let remedy = "Set paused: false in the bindings, and run albridge deploy.";
        findings.push(Finding::wrong("kill switch", "The bindings say paused, so nothing is changed.", remedy));
    }
    findings
}

/// The stack of a name in a region, in whatever state.
async fn at_once<'r>(
    cloud: &Cloud,
    region: &'r Region,
    name: &str,
) -> (&'r Region, Result<Option<Existing>, DeployError>) {
    let found = async {
        match named(cloud, region, name).await? {
            Some((id, _)) => read(cloud, region, &id).await,
            None => Ok(None),
        }
    };
    (region, found.await)
}

/// EventBridge's role for functions: the home stack makes it when it comes to be, and not later.
fn role(there: bool, lacks: Result<bool, DeployError>) -> Finding {
    let subject = "role of the events";
    match lacks {
        Err(error) => Finding::unread(subject, &error),
        Ok(false) => Finding::well(subject, "is there"),
        Ok(true) if !there => Finding::well(subject, "is missing; deploy makes it"),
        Ok(true) => Finding::wrong(
            subject,
            "AliyunServiceRoleForEventBridgeSendToFC is missing, so no event reaches a function.",
            "Make it: aliyun resourcemanager CreateServiceLinkedRole --ServiceName sendevent-fc.eventbridge.aliyuncs.com",
        ),
    }
}

/// What a region's stack is like, and which code it names.
fn stack(
    region: &Region,
    found: &Result<Option<Existing>, DeployError>,
    part: Option<Part>,
    deployment: &str,
    packages: &Result<Packages, PackagesError>,
) -> Vec<Finding> {
    let subject = format!("stack in {region}");
    let found = match (found, part) {
        (Err(error), _) => return vec![Finding::unread(subject, error)],
        (Ok(None), None) => return Vec::new(),
        (Ok(None), Some(part)) => {
            return vec![Finding::wrong(subject, format!("There is none ({}).", part.as_str()), DEPLOY)];
        }
        (Ok(Some(found)), _) => found,
    };
    if found.parameters.get("DeploymentName").is_some_and(|name| name != deployment) {
        let says = format!("The stack {deployment} is not of this deployment.");
        return vec![Finding::wrong(subject, says, "Choose another name with --deployment.")];
    }
    let status = &found.status;
    let Some(part) = part else {
        return vec![Finding::wrong(subject, format!("{status}, and no binding needs it."), DEPLOY)];
    };
    let mut findings = vec![match status.condition() {
        Condition::Good => Finding::well(subject.clone(), format!("{status} ({})", part.as_str())),
        Condition::Busy => {
            Finding::wrong(subject.clone(), format!("{status}: it is being changed."), "Wait, and look again.")
        }
        Condition::Failed => Finding::wrong(subject.clone(), format!("{status}: its last change failed."), DEPLOY),
        Condition::Broken | Condition::Gone => {
            let remedy = "Run albridge deploy: it takes the remains away and makes the stack anew.";
            Finding::wrong(subject.clone(), format!("{status}: it is no use any more."), remedy)
        }
    }];
    if found.parameters.get("ReadOnly").is_some_and(|value| matches!(value.as_str(), "1" | "true")) {
        let remedy = "Run albridge deploy --set ReadOnly=0.";
        findings.push(Finding::wrong(
            "kill switch",
            format!("ReadOnly is on in {region}: nothing is changed."),
            remedy,
        ));
    }
    findings.extend(code(region, found, part, packages));
    findings
}

/// Whether the stack names the packages that are here. Their names are those of their content.
fn code(region: &Region, found: &Existing, part: Part, packages: &Result<Packages, PackagesError>) -> Option<Finding> {
    let packages = packages.as_ref().ok()?;
    let other = packages.list().iter().filter(|package| {
        part.has(&package.name)
            && found.parameters.get(&package.parameter()).is_none_or(|object| *object != package.object())
    });
    let other: Vec<&str> = other.map(|package| package.name.as_str()).collect();
    let subject = format!("code in {region}");
    Some(if other.is_empty() {
        Finding::well(subject, "the packages here")
    } else {
        Finding::wrong(subject, format!("Other packages than those here: {}.", other.join(", ")), DEPLOY)
    })
}

/// The packages on this machine. A deployment that is there does not need them.
fn here(there: bool, packages: &Result<Packages, PackagesError>) -> Finding {
    let subject = "packages here";
    match packages {
        Ok(packages) => Finding::well(subject, packages.list().len().to_string()),
        Err(error) if there => Finding::well(subject, format!("not compared: {error}")),
        Err(error) => Finding::wrong(subject, error.to_string(), "Run albridge package."),
    }
}

/// The buckets: there, at the right place, private, and keeping versions.
async fn buckets(cloud: &Cloud, names: &Names, layout: &Layout) -> Vec<Finding> {
    let code = layout.parts.keys().map(|region| (names.code_bucket(region), region));
    let wanted: BTreeMap<String, &Region> = code.chain([(names.store_bucket(), &layout.home)]).collect();
    join_all(wanted.into_iter().map(|(bucket, region)| async move {
        let subject = format!("bucket {bucket}");
        let info = match cloud.client().bucket_info(region.as_str(), &bucket).await {
            Ok(info) => info,
            Err(error) if error.is_not_found() => return Finding::wrong(subject, "There is none.", DEPLOY),
            Err(error) => {
                return Finding::unread(subject, &doing(format!("reading the bucket {bucket}"), region)(error));
            }
        };
        let wrong = |says: &str| Finding::wrong(subject.clone(), says, DEPLOY);
        if info.region != region.as_str() {
            let remedy = "Name another one in the settings file, under storeBucket or codeBuckets.";
            return Finding::wrong(subject, format!("It is in {}, not in {region}.", info.region), remedy);
        }
        match (info.acl == "private", info.is_versioned) {
            (false, _) => wrong("Others may read it."),
            (true, false) => wrong("It keeps no versions."),
            (true, true) => Finding::well(subject, "private, keeps versions"),
        }
    }))
    .await
}

/// The bindings that the functions read. Where there is no bucket, that is said of the bucket.
async fn in_store(cloud: &Cloud, names: &Names, layout: &Layout, text: &str) -> Option<Finding> {
    let (bucket, key) = (names.store_bucket(), names.store_key());
    let found = stored(cloud, &layout.home, &bucket, &key).await;
    let subject = "bindings in the store";
    Some(match found {
        Err(DeployError::Call { error, .. }) if error.code == "NoSuchBucket" => return None,
        Err(error) => Finding::unread(subject, &error),
        Ok(None) => Finding::wrong(subject, "There are none.", DEPLOY),
        Ok(Some(found)) if found == text.as_bytes() => Finding::well(subject, "the ones here"),
        Ok(Some(found)) => match std::str::from_utf8(&found).map(|found| Store::parse(found, "the store")) {
            Ok(Ok(_)) => Finding::wrong(
                subject,
                "They are not the ones here.",
                "Run albridge deploy, or fetch those of the store if they are newer.",
            ),
            Ok(Err(error)) => Finding::wrong(subject, format!("They are not valid: {error}"), DEPLOY),
            Err(_) => Finding::wrong(subject, "They are no text.", DEPLOY),
        },
    })
}
