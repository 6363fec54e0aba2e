//! What is planned, from what is wanted and what is there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use onboarding::Store;
use onboarding::ids::Region;

use super::text::TEMPLATE;
use super::*;
use crate::package::{Manifest, Package};

const CHENGDU: &str = "cn-chengdu";
const HANGZHOU: &str = "cn-hangzhou";
const SHANGHAI: &str = "cn-shanghai";

const FUNCTIONS: [&str; 12] = [
    "dispatch",
    "preflight",
    "server-group",
    "listener",
    "vpc-attachments",
    "peer-attachment",
    "vpc-routes",
    "back-to-origin",
    "security-rules",
    "backend-servers",
    "verify",
    "prune",
];

/// A deployment that is being planned.
#[derive(Clone)]
struct Case {
    bindings: String,
    manifest: Manifest,
    saved: Saved,
    observed: Observed,
    with_flows: Vec<&'static str>,
}

fn bindings(regions: &[&str]) -> String {
    let backend = |region: &&str| {
        format!(
            "      - {{ region: {region}, vpc: vpc-{region}, attachmentVswitches: [vsw-{region}], select: {{ tags: {{ app: web }} }} }}\n"
        )
    };
    let backends: String = regions.iter().map(backend).collect();
    format!(
        "bindings:\n  - name: web\n    alb: {{ region: cn-chengdu, id: alb-1, attachmentVswitches: [vsw-1] }}\n    \
         serverGroup: {{ name: web-remote }}\n    listener: {{ protocol: HTTP, port: 80 }}\n    \
         cen: {{ id: cen-1, bandwidth: {{ payByTraffic: true, mbps: 100 }} }}\n    backends:\n{backends}"
    )
}

impl Case {
    /// An empty account, and the procedure's binding.
    fn new() -> Self {
        let package = |name: &&str| Package {
            name: (*name).to_owned(),
            file: format!("{name}.zip"),
            sha256: "0123456789abcdef".repeat(4),
            size: 7,
            unpacked: 7,
            glibc: None,
        };
        let packages = FUNCTIONS.iter().map(package).collect();
        let probe = Probe {
            vpc: "vpc-1".into(),
            vswitches: ["vsw-1".into(), "vsw-2".into()].into(),
            security_group: "sg-1".into(),
        };
        let observed = Observed { probes: [(CHENGDU.into(), probe)].into(), ..Observed::default() };
        Self {
            bindings: bindings(&[HANGZHOU]),
            manifest: Manifest::new("0.1.0", String::new(), packages),
            saved: Saved::default(),
            observed,
            with_flows: vec![HANGZHOU, SHANGHAI],
        }
    }

    fn store(&self) -> Store {
        Store::parse(&self.bindings, "bindings.yml").unwrap()
    }

    fn layout(&self) -> Result<Layout, DeployError> {
        let with_flows = self.with_flows.iter().map(|region| (*region).into()).collect();
        Layout::new(&self.store(), self.saved.home.as_ref(), &with_flows)
    }

    fn names(&self) -> Names {
        Names::new("albridge", "1234567890123456", &self.saved)
    }

    fn plan(&self) -> Result<Plan, DeployError> {
        let packages = Packages::new(PathBuf::from("packages"), self.manifest.clone());
        let (store, layout) = (self.store(), self.layout()?);
        plan(&self.names(), (&store, &self.bindings), &layout, &packages, &self.saved.parameters, &self.observed)
    }

    /// As if everything had been made.
    fn deployed(mut self) -> Self {
        let steps = self.plan().unwrap().steps;
        for step in &steps {
            match step {
                Step::MakeBucket { region, bucket } => {
                    let made = Bucket { region: region.clone(), is_private: true, is_versioned: true };
                    self.observed.buckets.insert(bucket.clone(), made);
                }
                Step::UploadPackage { bucket, key, package, .. } => {
                    self.observed
                        .objects
                        .entry(bucket.clone())
                        .or_default()
                        .insert(key.clone(), u64::try_from(package.size).unwrap());
                }
                Step::UploadBindings { .. } => self.observed.store = Some(self.bindings.clone().into_bytes()),
                Step::CreateStack { region, parameters, .. } | Step::UpdateStack { region, parameters, .. } => {
                    let existing = Existing {
                        id: format!("stack-{region}"),
                        status: Status::new("CREATE_COMPLETE"),
                        parameters: parameters.clone(),
                        template: TEMPLATE.to_owned(),
                        updated: "2026-11-22T08:00:00".to_owned(),
                    };
                    self.observed.stacks.insert(region.clone(), existing);
                }
                Step::DeleteStack { region, .. } => drop(self.observed.stacks.remove(region)),
                Step::MakePrivate { .. } | Step::MakeVersioned { .. } | Step::RemoveBucket { .. } => {}
            }
        }
        self
    }

    fn stack(&mut self, region: &str) -> &mut Existing {
        self.observed.stacks.get_mut(&Region::from(region)).unwrap()
    }
}

/// The steps in a word each, with their regions; packages counted.
fn words(plan: &Plan) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for step in &plan.steps {
        let region = step.region();
        let word = match step {
            Step::MakeBucket { bucket, .. } => format!("make {bucket}"),
            Step::MakePrivate { bucket, .. } => format!("private {bucket}"),
            Step::MakeVersioned { bucket, .. } => format!("versioned {bucket}"),
            Step::UploadPackage { .. } => format!("package {region}"),
            Step::UploadBindings { replaces, .. } => format!("bindings {replaces}"),
            Step::CreateStack { part, remains, .. } => {
                format!("create {region} {}{}", part.as_str(), if remains.is_some() { " anew" } else { "" })
            }
            Step::UpdateStack { differences, .. } => {
                let names = differences.iter().map(|difference| match difference {
                    Difference::Parameter { name, .. } => name.clone(),
                    Difference::Template => "template".to_owned(),
                    Difference::Repair => "repair".to_owned(),
                });
                format!("update {region}: {}", names.collect::<Vec<_>>().join(" "))
            }
            Step::DeleteStack { .. } => format!("delete {region}"),
            Step::RemoveBucket { bucket, .. } => format!("remove {bucket}"),
        };
        words.push(word);
    }
    words.dedup();
    words
}

fn parameters<'a>(plan: &'a Plan, wanted: &str) -> &'a BTreeMap<String, String> {
    let found = plan.steps.iter().find_map(|step| match step {
        Step::CreateStack { region, parameters, .. } if region.as_str() == wanted => Some(parameters),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn an_empty_account_gets_buckets_packages_bindings_home_and_then_the_others() {
    let plan = Case::new().plan().unwrap();
    let expected = [
        "make albridge-store-1234567890123456",
        "make albridge-code-cn-hangzhou-1234567890123456",
        "make albridge-code-cn-chengdu-1234567890123456",
        "package cn-hangzhou",
        "package cn-chengdu",
        "bindings false",
        "create cn-hangzhou home",
        "create cn-chengdu probe",
    ];
    assert_eq!(words(&plan), expected);
    let uploads = |region: &str| {
        let here = |step: &&Step| matches!(step, Step::UploadPackage { .. }) && step.region().as_str() == region;
        plan.steps.iter().filter(here).count()
    };
    assert_eq!((uploads(HANGZHOU), uploads(CHENGDU)), (12, 1), "a region has the packages of its functions");
}

#[test]
fn parameters_follow_from_the_bindings_and_the_account() {
    let plan = Case::new().plan().unwrap();
    let (home, probe) = (parameters(&plan, HANGZHOU), parameters(&plan, CHENGDU));
    for (name, value) in [
        ("Role", "home"),
        ("HomeRegion", HANGZHOU),
        ("CodeBucket", "albridge-code-cn-hangzhou-1234567890123456"),
        ("StoreBucket", "albridge-store-1234567890123456"),
        ("StoreRegion", HANGZHOU),
        ("Probes", CHENGDU),
        ("ProbeVpc", ""),
        ("AssumeRoles", ""),
        ("Wait", "12"),
        ("ServerGroupPackage", "server-group-0123456789abcdef.zip"),
    ] {
        assert_eq!(home[name], value, "{name}");
    }
    for (name, value) in [
        ("Role", "probe"),
        ("HomeRegion", HANGZHOU),
        ("CodeBucket", "albridge-code-cn-chengdu-1234567890123456"),
        ("ProbeVpc", "vpc-1"),
        ("ProbeVSwitches", "vsw-1,vsw-2"),
        ("ProbeSecurityGroup", "sg-1"),
        ("VerifyPackage", "verify-0123456789abcdef.zip"),
        ("ListenerPackage", "listener.zip"),
    ] {
        assert_eq!(probe[name], value, "{name}");
    }
}

#[test]
fn roles_of_other_accounts_are_named_once_and_their_events_stay_away() {
    let mut case = Case::new();
    let role = "acs:ram::6543210987654321:role/guest";
    case.bindings = bindings(&[HANGZHOU, SHANGHAI]).replace(
        "select: { tags: { app: web } } }\n",
        &format!("select: {{ tags: {{ app: web }} }}, assumeRole: {{ arn: '{role}' }} }}\n"),
    );
    let plan = case.plan().unwrap();
    assert_eq!(parameters(&plan, HANGZHOU)["AssumeRoles"], role);
    assert!(!words(&plan).iter().any(|word| word.contains(SHANGHAI)), "{:?}", words(&plan));
    assert_eq!(plan.notes, [Note::ForeignBackends(HANGZHOU.into()), Note::ForeignBackends(SHANGHAI.into())]);
}

#[test]
fn an_outpost_knows_whose_events_home_takes() {
    let mut case = Case::new();
    let role = "acs:ram::6543210987654321:role/guest";
    case.bindings = bindings(&[HANGZHOU, SHANGHAI]).replacen(
        "select: { tags: { app: web } } }\n",
        &format!("select: {{ tags: {{ app: web }} }}, assumeRole: {{ arn: '{role}' }} }}\n"),
        1,
    );
    let plan = case.plan().unwrap();
    let assumed = [HANGZHOU, SHANGHAI, CHENGDU].map(|region| parameters(&plan, region)["AssumeRoles"].clone());
    assert_eq!(assumed, [role, role, ""], "a probe takes none");
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let mut case = Case::new().deployed();
    assert_eq!(case.plan().unwrap().steps, []);
    // Lists come back in another form.
    let vswitches = r#"["vsw-1","vsw-2"]"#.to_owned();
    case.stack(CHENGDU).parameters.insert("ProbeVSwitches".to_owned(), vswitches);
    assert_eq!(case.plan().unwrap().steps, []);
}

#[test]
fn a_new_region_gets_an_outpost_after_home_and_the_new_bindings() {
    let mut case = Case::new().deployed();
    case.bindings = bindings(&[HANGZHOU, SHANGHAI]);
    let expected = [
        "make albridge-code-cn-shanghai-1234567890123456",
        "package cn-shanghai",
        "bindings true",
        "create cn-shanghai outpost",
    ];
    assert_eq!(words(&case.plan().unwrap()), expected);
    assert_eq!(case.deployed().plan().unwrap().steps, []);
}

#[test]
fn a_region_that_went_away_loses_its_stack_last() {
    let mut case = Case::new();
    case.bindings = bindings(&[HANGZHOU, SHANGHAI]);
    let mut case = case.deployed();
    case.bindings = bindings(&[HANGZHOU]);
    assert_eq!(words(&case.plan().unwrap()), ["bindings true", "delete cn-shanghai"]);
    assert_eq!(case.deployed().plan().unwrap().steps, []);
}

#[test]
fn an_alb_in_a_region_with_backends_gets_both_parts() {
    let mut case = Case::new();
    case.bindings = bindings(&[HANGZHOU, CHENGDU]);
    assert_eq!(parameters(&case.plan().unwrap(), CHENGDU)["Role"], "outpost+probe");
    case.with_flows.push(CHENGDU);
    case.bindings = bindings(&[CHENGDU]);
    let plan = case.plan().unwrap();
    let home = parameters(&plan, CHENGDU);
    assert_eq!((home["Role"].as_str(), home["Probes"].as_str(), home["ProbeVpc"].as_str()), ("home", "", "vpc-1"));
}

#[test]
fn a_new_version_is_uploaded_where_its_functions_are_and_changes_these_stacks() {
    let mut case = Case::new().deployed();
    let listener = case.manifest.packages.iter_mut().find(|package| package.name == "listener").unwrap();
    listener.sha256 = "fedcba9876543210".repeat(4);
    assert_eq!(words(&case.plan().unwrap()), ["package cn-hangzhou", "update cn-hangzhou: ListenerPackage"]);
    assert_eq!(case.deployed().plan().unwrap().steps, []);
}

#[test]
fn an_upload_that_was_cut_is_made_again() {
    let mut case = Case::new().deployed();
    let key = "albridge/prune-0123456789abcdef.zip";
    let bucket = "albridge-code-cn-hangzhou-1234567890123456";
    case.observed.objects.get_mut(bucket).unwrap().insert(key.to_owned(), 3);
    assert_eq!(words(&case.plan().unwrap()), ["package cn-hangzhou"]);
}

#[test]
fn the_operators_own_parameters_change_a_stack_and_those_of_the_console_stay() {
    let mut case = Case::new().deployed();
    case.stack(HANGZHOU).parameters.insert("ReadOnly".to_owned(), "1".to_owned());
    assert_eq!(case.plan().unwrap().steps, [], "the kill switch is not turned back by the way");
    case.saved.parameters.insert("LogDays".to_owned(), "7".to_owned());
    assert_eq!(words(&case.plan().unwrap()), ["update cn-hangzhou: LogDays", "update cn-chengdu: LogDays"]);
    let plan = case.plan().unwrap();
    let Step::UpdateStack { parameters, .. } = &plan.steps[0] else { panic!("{:?}", plan.steps) };
    assert_eq!((parameters["LogDays"].as_str(), parameters["ReadOnly"].as_str()), ("7", "1"));
    for (name, words) in
        [("LogDaus", "none of that name"), ("Role", "follows from"), ("ListenerPackage", "follows from")]
    {
        case.saved.parameters = [(name.to_owned(), "7".to_owned())].into();
        let error = case.plan().unwrap_err();
        assert!(error.is_usage() && error.to_string().contains(words), "{error}");
    }
    case.saved.parameters = [("LogDays".to_owned(), "0".to_owned())].into();
    assert!(case.plan().unwrap_err().to_string().contains("LogDays"), "the template's own bounds hold before any call");
}

#[test]
fn a_new_template_changes_a_stack_and_a_comment_in_it_does_not() {
    let mut case = Case::new().deployed();
    case.stack(HANGZHOU).template = format!("# A comment.\n{TEMPLATE}");
    assert_eq!(case.plan().unwrap().steps, []);
    case.stack(HANGZHOU).template = TEMPLATE.replacen("Description: Logs of albridge", "Description: Logs", 1);
    assert_eq!(words(&case.plan().unwrap()), ["update cn-hangzhou: template"]);
    case.stack(HANGZHOU).template = "{}".to_owned();
    assert_eq!(words(&case.plan().unwrap()), ["update cn-hangzhou: template"]);
}

#[test]
fn what_failed_is_changed_again_or_made_anew() {
    let mut case = Case::new().deployed();
    case.stack(HANGZHOU).status = Status::new("UPDATE_FAILED");
    assert_eq!(words(&case.plan().unwrap()), ["update cn-hangzhou: repair"]);
    case.stack(HANGZHOU).status = Status::new("ROLLBACK_COMPLETE");
    assert_eq!(case.plan().unwrap().steps, [], "it is as it was");
    case.stack(HANGZHOU).status = Status::new("CREATE_ROLLBACK_COMPLETE");
    assert_eq!(words(&case.plan().unwrap()), ["create cn-hangzhou home anew"]);
    case.stack(HANGZHOU).status = Status::new("DELETE_COMPLETE");
    assert_eq!(words(&case.plan().unwrap()), ["create cn-hangzhou home"]);
}

#[test]
fn buckets_that_are_there_are_made_private_and_versioned() {
    let mut case = Case::new().deployed();
    let bucket = case.observed.buckets.get_mut("albridge-store-1234567890123456").unwrap();
    (bucket.is_private, bucket.is_versioned) = (false, false);
    let expected = ["private albridge-store-1234567890123456", "versioned albridge-store-1234567890123456"];
    assert_eq!(words(&case.plan().unwrap()), expected);
    case.observed.buckets.get_mut("albridge-store-1234567890123456").unwrap().region = SHANGHAI.into();
    let error = case.plan().unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("storeBucket"), "{error}");
}

#[test]
fn other_peoples_stacks_and_a_second_home_are_refused() {
    let mut case = Case::new().deployed();
    case.stack(CHENGDU).parameters.insert("DeploymentName".to_owned(), "other".to_owned());
    assert!(matches!(case.plan(), Err(DeployError::Foreign { .. })));
    let mut case = Case::new().deployed();
    case.saved.home = Some(SHANGHAI.into());
    assert!(matches!(case.plan(), Err(DeployError::HomeMoved { .. })));
}

#[test]
fn home_is_where_it_was_asked_for_else_the_first_region_with_backends_that_offers_cloudflow() {
    let mut case = Case::new();
    case.bindings = bindings(&[CHENGDU, SHANGHAI, HANGZHOU]);
    assert_eq!(case.layout().unwrap().home, SHANGHAI.into());
    case.saved.home = Some(HANGZHOU.into());
    assert_eq!(case.layout().unwrap().home, HANGZHOU.into());
    case.saved.home = Some(CHENGDU.into());
    assert!(matches!(case.layout(), Err(DeployError::NoFlows { .. })));
    case.saved.home = None;
    case.with_flows = vec!["cn-beijing"];
    let error = case.layout().unwrap_err().to_string();
    assert!(error.contains("--region") && error.contains("cn-beijing"), "{error}");
}
