//! What a deployment needs, and what is wrong with it, each with its remedy. It only reads, and waits for nothing; readings are made side
//! by side.
//!
//! A finding is about one thing. What could not be read is a finding of its own, and never counts as well; neither does what nothing here
//! tells.

mod account;
mod crc;
mod events;
mod finding;
mod functions;
mod made;
mod quotas;
mod runs;
mod services;
mod stacks;
mod store;

use std::collections::BTreeSet;

use futures_util::future::{join, join_all, join4};
use onboarding::ids::Region;

pub use finding::{Code, Finding, Verdict};

use super::cloud::Cloud;
use super::error::DeployError;
use super::layout::{Layout, Part};
use super::names::Names;
use super::observe::{Asked, regions_with_flows};
use super::observed::Existing;
use super::packages::{Packages, PackagesError};
use made::{DEPLOY, Made};

/// The runtime where nobody chose one: the template's default.
const RUNTIME: &str = "custom.debian10";

/// A region's stack, and what is said of what it made.
struct There<'a> {
    region: &'a Region,
    stack: Result<Option<Existing>, DeployError>,
    made: Vec<Finding>,
}

/// Looks at everything that the deployment needs. `text` is that of the bindings here, `packages` those that would be deployed.
pub async fn examine(
    cloud: &Cloud,
    asked: &Asked<'_>,
    text: &str,
    packages: &Result<Packages, PackagesError>,
) -> Vec<Finding> {
    let ((caller, mut findings), with_flows) = join(account::caller(cloud), regions_with_flows(cloud)).await;
    let Some(caller) = caller else { return findings };
    let with_flows = match with_flows {
        Ok(with_flows) => with_flows,
        Err(error) => {
            findings.push(Finding::unread(Code::Home, "CloudFlow", &error));
            return findings;
        }
    };
    let layout = match Layout::new(asked.store, asked.saved.home.as_ref(), &with_flows) {
        Ok(layout) => layout,
        Err(error) => {
            let remedy = "Name a home region that offers it: albridge deploy --region REGION.";
            findings.push(Finding::wrong(Code::Home, "CloudFlow", error.to_string(), remedy));
            return findings;
        }
    };
    findings.push(Finding::well(Code::Home, "CloudFlow", format!("{} offers it", layout.home)));
    let names = Names::new(asked.deployment, &caller.account, asked.saved);
    let regions: BTreeSet<&Region> = layout.parts.keys().chain(&asked.saved.regions).chain(&with_flows).collect();
    let stacks = join_all(
        regions
            .into_iter()
            .map(|region| there(cloud, region, &names, (asked, layout.parts.get(region).copied()), packages)),
    );
    let buckets = store::buckets(cloud, &names, &layout);
    let bindings = store::bindings(cloud, &names, &layout, text);
    let runs = runs::look(cloud, &layout.home, asked.deployment, asked.store);
    let services = join(services::read(cloud, &layout.home), quotas::read(cloud));
    let ((stacks, (services, quotas)), buckets, bindings, runs) =
        join4(join(stacks, services), buckets, bindings, runs).await;
    let is_coming = |there: &&There<'_>| matches!(there.stack, Ok(None));
    let coming = stacks.iter().filter(is_coming).filter_map(|there| layout.parts.get(there.region).copied());
    let coming: Vec<Part> = coming.collect();
    let mut limits = quotas::say(&quotas, &coming);
    if !coming.is_empty() {
        limits.push(quotas::say_stacks(&quotas::stacks(cloud).await, coming.len()));
    }
    let is_there = stacks.iter().any(|there| matches!(there.stack, Ok(Some(_))));
    findings.extend(services.say(&layout.home, is_there));
    for there in stacks {
        let part = layout.parts.get(there.region).copied();
        if part.is_some() {
            findings.push(runtime(asked, &there));
        }
        findings.extend(stacks::look(there.region, &there.stack, part, asked.deployment, packages));
        findings.extend(there.made);
    }
    findings.push(stacks::here(is_there, packages));
    findings.extend(buckets);
    findings.extend(bindings);
    findings.extend(runs);
    if asked.store.paused {
        let remedy = "Set paused: false in the bindings, and run albridge deploy.";
        let says = "The bindings say paused, so nothing is changed.";
        findings.push(Finding::wrong(Code::KillSwitch, "kill switch", says, remedy));
    }
    let refused = findings.iter().any(|finding| finding.verdict == Verdict::Unread);
    findings.extend(account::permissions(&caller, refused));
    findings.extend(limits);
    findings.push(untold());
    findings
}

/// The stack in a region, what it made, and what is to come there.
async fn there<'r>(
    cloud: &Cloud,
    region: &'r Region,
    names: &Names,
    (asked, part): (&Asked<'_>, Option<Part>),
    packages: &Result<Packages, PackagesError>,
) -> There<'r> {
    let takes_events = part.is_some_and(|part| part.has("dispatch"));
    let rules = async { if takes_events { Some(events::rules(cloud, region).await) } else { None } };
    let (stack, rules) = join(stacks::at_once(cloud, region, &names.deployment), rules).await;
    // What no binding needs goes as it is.
    let usable = match &stack {
        Ok(Some(found)) if part.is_some() && stacks::is_usable(found, &names.deployment) => Some(found),
        _ => None,
    };
    let mut made = Vec::new();
    if let (Some(rules), Ok(_)) = (&rules, &stack) {
        let by_rules = asked.saved.parameters.get("Events").is_some_and(|form| form == "rules");
        made.push(events::quota(region, rules, usable.is_some(), by_rules));
    }
    match usable.map(|found| Made::of(region, names, found)) {
        None => {}
        Some(Some(of)) => {
            let on_bus = async {
                match &rules {
                    Some(rules) => events::look(cloud, &of, rules).await,
                    None => Vec::new(),
                }
            };
            let (functions, events) = join(functions::look(cloud, &of, packages), on_bus).await;
            made.extend(functions);
            made.extend(events);
        }
        Some(None) => made.push(Finding::not_checked(
            Code::Functions,
            format!("functions in {region}"),
            "The stack's template cannot be read by this version.",
            DEPLOY,
        )),
    }
    There { region, stack, made }
}

/// The runtime of a region's functions: that of the stack, else the one that was asked for.
fn runtime(asked: &Asked<'_>, there: &There<'_>) -> Finding {
    let found = match &there.stack {
        Ok(Some(found)) if stacks::is_usable(found, asked.deployment) => Some(found),
        _ => None,
    };
    let of = found.and_then(|found| found.parameters.get("Runtime")).or_else(|| asked.saved.parameters.get("Runtime"));
    functions::runtime(there.region, of.map_or(RUNTIME, String::as_str), found.is_some())
}

/// What nothing that is called here tells: ActionTrail records calls without a trail, too, and its API tells of trails into OSS, Log Service
/// and `MaxCompute`, not of the bus; that the bus needs one is said nowhere.
fn untold() -> Finding {
    Finding::not_checked(
        Code::TagEvents,
        "events of tags",
        "No API tells whether ActionTrail sends them to the event bus; the timer sees new tags without them.",
        "Tag an instance, and look whether albridge history shows a run by an event.",
    )
}
