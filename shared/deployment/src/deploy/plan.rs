//! The plan: the steps that lead from what is there to what is wanted, in their order.
//!
//! Buckets and what goes into them come first, then home, then the other stacks: an outpost hands its events to home. New bindings reach
//! the store after home has the new code, which understands old bindings; old code need not understand new ones. Stacks of
//! regions that no binding names go last.

use std::collections::BTreeMap;

use onboarding::Store;
use onboarding::ids::Region;
use template::{Deployment, Pseudo, Template};

use super::error::DeployError;
use super::layout::{Layout, Note, Part};
use super::names::Names;
use super::observed::{Existing, Observed};
use super::packages::Packages;
use super::status::Condition;
use super::text::TEMPLATE;
use super::wanted::{Parameters, Sources, comparable};
use crate::package::Package;

/// What leads to what is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// What cannot be had.
    pub notes: Vec<Note>,
}

/// One step. Each may be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a bucket, private and versioned.
    MakeBucket {
        /// Its region.
        region: Region,
        /// Its name.
        bucket: String,
    },
    /// Let nobody else read or write a bucket that is there.
    MakePrivate {
        /// Its region.
        region: Region,
        /// Its name.
        bucket: String,
    },
    /// Keep the versions of a bucket that is there.
    MakeVersioned {
        /// Its region.
        region: Region,
        /// Its name.
        bucket: String,
    },
    /// Put a package into its bucket.
    UploadPackage {
        /// The bucket's region.
        region: Region,
        /// The bucket.
        bucket: String,
        /// The object.
        key: String,
        /// The package.
        package: Package,
    },
    /// Put the bindings into the store.
    UploadBindings {
        /// The store's region.
        region: Region,
        /// Its bucket.
        bucket: String,
        /// Its object.
        key: String,
        /// Whether others are there.
        replaces: bool,
    },
    /// Make a stack.
    CreateStack {
        /// Its region.
        region: Region,
        /// Its name.
        name: String,
        /// Its part.
        part: Part,
        /// Its parameters.
        parameters: BTreeMap<String, String>,
        /// What is left of an earlier one, and goes first.
        remains: Option<Existing>,
    },
    /// Change a stack.
    UpdateStack {
        /// Its region.
        region: Region,
        /// Its part.
        part: Part,
        /// Its parameters.
        parameters: BTreeMap<String, String>,
        /// As it is.
        existing: Existing,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// Take away a stack that no binding needs.
    DeleteStack {
        /// Its region.
        region: Region,
        /// As it is.
        existing: Existing,
    },
    /// Take away a bucket, and all that is in it.
    RemoveBucket {
        /// Its region.
        region: Region,
        /// Its name.
        bucket: String,
        /// How many objects it has, old versions among them.
        objects: usize,
    },
}

/// A difference between a stack and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A parameter's value.
    Parameter {
        /// Its name.
        name: String,
        /// Its value; none where the stack's template does not know it.
        from: Option<String>,
        /// What it becomes.
        to: String,
    },
    /// The template.
    Template,
    /// Its last change failed.
    Repair,
}

impl Step {
    /// The region that it is about.
    #[must_use]
    pub const fn region(&self) -> &Region {
        match self {
            Self::MakeBucket { region, .. }
            | Self::MakePrivate { region, .. }
            | Self::MakeVersioned { region, .. }
            | Self::UploadPackage { region, .. }
            | Self::UploadBindings { region, .. }
            | Self::CreateStack { region, .. }
            | Self::UpdateStack { region, .. }
            | Self::DeleteStack { region, .. }
            | Self::RemoveBucket { region, .. } => region,
        }
    }
}

/// Plans what leads from `observed` to what the bindings want. `own` are parameters that the operator sets.
///
/// # Errors
/// [`DeployError`] of the kinds that say what to mend; nothing was tried.
pub fn plan(
    names: &Names,
    (store, bindings): (&Store, &str),
    layout: &Layout,
    packages: &Packages,
    own: &BTreeMap<String, String>,
    observed: &Observed,
) -> Result<Plan, DeployError> {
    let template = parsed()?;
    let sources = Sources { names, store, layout, packages, probes: &observed.probes, own, template: &template };
    sources.check_own()?;
    check_stacks(names, layout, observed)?;
    let mut steps = Vec::new();
    buckets(&sources, observed, &mut steps)?;
    uploads(&sources, observed, &mut steps);
    let upload = bindings_step(&sources, observed, bindings);
    let (mut before, mut after) = match observed.store {
        None => (upload, None),
        Some(_) => (None, upload),
    };
    steps.extend(before.take());
    for (region, part) in layout.order() {
        steps.extend(stack(&sources, observed, region, part)?);
        steps.extend(after.take());
    }
    for (region, existing) in &observed.stacks {
        if !layout.parts.contains_key(region) && existing.status.condition() != Condition::Gone {
            steps.push(Step::DeleteStack { region: region.clone(), existing: existing.clone() });
        }
    }
    Ok(Plan { steps, notes: layout.notes.clone() })
}

/// The tool's own template.
fn parsed() -> Result<Template, DeployError> {
    Template::parse(TEMPLATE)
        .map_err(|error| DeployError::Parameter { name: "template.yml".to_owned(), reason: error.to_string() })
}

/// All stacks of the name are this deployment's, and home is where it was.
fn check_stacks(names: &Names, layout: &Layout, observed: &Observed) -> Result<(), DeployError> {
    for (region, existing) in &observed.stacks {
        let has = |name: &str, value: &str| existing.parameters.get(name).is_some_and(|found| found == value);
        match existing.status.condition() {
            Condition::Gone => {}
            _ if !has("DeploymentName", &names.deployment) => {
                return Err(DeployError::Foreign { region: region.clone(), name: names.deployment.clone() });
            }
            Condition::Broken => {}
            _ if has("Role", Part::Home.as_str()) && *region != layout.home => {
                return Err(DeployError::HomeMoved { is: region.clone(), wanted: layout.home.clone() });
            }
            _ => {}
        }
    }
    Ok(())
}

fn buckets(sources: &Sources<'_>, observed: &Observed, steps: &mut Vec<Step>) -> Result<(), DeployError> {
    let (names, layout) = (sources.names, sources.layout);
    let code = layout.order().map(|(region, _)| (region.clone(), names.code_bucket(region)));
    let mut wanted = vec![(layout.home.clone(), names.store_bucket())];
    for bucket in code {
        if !wanted.contains(&bucket) {
            wanted.push(bucket);
        }
    }
    for (region, bucket) in wanted {
        match observed.buckets.get(&bucket) {
            None => steps.push(Step::MakeBucket { region, bucket }),
            Some(found) if found.region != region => {
                return Err(DeployError::BucketElsewhere { name: bucket, is: found.region.clone(), wanted: region });
            }
            Some(found) => {
                if !found.is_private {
                    steps.push(Step::MakePrivate { region: region.clone(), bucket: bucket.clone() });
                }
                if !found.is_versioned {
                    steps.push(Step::MakeVersioned { region, bucket });
                }
            }
        }
    }
    Ok(())
}

fn uploads(sources: &Sources<'_>, observed: &Observed, steps: &mut Vec<Step>) {
    for (region, part) in sources.layout.order() {
        let bucket = sources.names.code_bucket(region);
        for package in sources.packages_of(part) {
            let key = format!("{}{}", sources.names.code_prefix(), package.object());
            let there = observed.objects.get(&bucket).and_then(|objects| objects.get(&key));
            if there.copied() != u64::try_from(package.size).ok() {
                let (region, bucket, package) = (region.clone(), bucket.clone(), package.clone());
                steps.push(Step::UploadPackage { region, bucket, key, package });
            }
        }
    }
}

fn bindings_step(sources: &Sources<'_>, observed: &Observed, bindings: &str) -> Option<Step> {
    let there = observed.store.as_deref();
    let (region, bucket, key) = (sources.layout.home.clone(), sources.names.store_bucket(), sources.names.store_key());
    (there != Some(bindings.as_bytes())).then_some(Step::UploadBindings {
        region,
        bucket,
        key,
        replaces: there.is_some(),
    })
}

fn stack(sources: &Sources<'_>, observed: &Observed, region: &Region, part: Part) -> Result<Option<Step>, DeployError> {
    let there = observed.stacks.get(region).filter(|existing| existing.status.condition() != Condition::Gone);
    let usable = there.filter(|existing| existing.status.condition() != Condition::Broken);
    let parameters = sources.all(region, part, usable.map(|existing| &existing.parameters), observed.lacks_event_role);
    let deployment = resolve(sources, region, &parameters, sources.template)
        .map_err(|error| DeployError::Template { region: region.clone(), reason: error.to_string() })?;
    let Some(existing) = usable else {
        let name = sources.names.deployment.clone();
        let remains = there.cloned();
        return Ok(Some(Step::CreateStack { region: region.clone(), name, part, parameters, remains }));
    };
    let mut differences = differences(&existing.parameters, &parameters);
    if existing.status.condition() == Condition::Failed {
        differences.push(Difference::Repair);
    }
    // With the same parameters: what the text alone changes. One that cannot be read any more is another one.
    let before = Template::parse(&existing.template).ok().and_then(|template| {
        let known = |name: &String| template.parameters().contains_key(name);
        let parameters =
            parameters.iter().filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone()));
        resolve(sources, region, &parameters.collect(), &template).ok()
    });
    let is_same =
        before.is_some_and(|before| before.resources == deployment.resources && before.outputs == deployment.outputs);
    if !is_same {
        differences.push(Difference::Template);
    }
    let (region, existing) = (region.clone(), existing.clone());
    Ok((!differences.is_empty()).then_some(Step::UpdateStack { region, part, parameters, existing, differences }))
}

/// The parameters whose values differ. What only an older template knows is no difference by itself.
fn differences(there: &Parameters, wanted: &Parameters) -> Vec<Difference> {
    let differs = |(name, to): (&String, &String)| {
        let from = there.get(name);
        let is_same = from.is_some_and(|from| comparable(from) == comparable(to));
        (!is_same).then(|| Difference::Parameter { name: name.clone(), from: from.cloned(), to: to.clone() })
    };
    wanted.iter().filter_map(differs).collect()
}

fn resolve(
    sources: &Sources<'_>,
    region: &Region,
    parameters: &Parameters,
    template: &Template,
) -> Result<Deployment, template::TemplateError> {
    let pseudo = Pseudo {
        region: region.to_string(),
        account_id: sources.names.account.clone(),
        stack_name: sources.names.deployment.clone(),
        stack_id: "stack".to_owned(),
    };
    template.resolve(&pseudo, parameters)
}
