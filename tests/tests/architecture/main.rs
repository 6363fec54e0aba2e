//! The dependencies between the workspace's crates are exactly those that the design allows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails ends its test")]

mod floors;
mod modules;
mod public;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use onboarding::StageName;
use serde_json::Value;

/// The names of the functions' packages.
fn functions() -> BTreeSet<String> {
    StageName::ALL.into_iter().map(|name| name.as_str().to_owned()).collect()
}

/// The shared crates, and which of our crates each may depend on (design, "The shape"). `local`, `cli` and the tests may
/// depend on everything, and nothing depends on the last two.
const SHARED: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("fc-runtime", &[]),
    ("openapi", &["clock"]),
    ("onboarding", &[]),
    ("reachability", &["onboarding"]),
    ("stage", &["openapi", "onboarding", "reachability", "clock"]),
    ("handler", &["fc-runtime", "stage", "onboarding"]),
    ("teardown", &["stage", "openapi", "onboarding"]),
    ("document", &[]),
    ("template", &["document"]),
    ("workflow", &["clock", "document"]),
    ("deployment", &["openapi", "template", "onboarding", "stage", "clock"]),
    ("emulator", &["workflow", "template", "clock", "document"]),
];
const BY_FUNCTIONS: &[&str] = &["handler", "fc-runtime", "stage", "openapi", "onboarding", "reachability", "clock"];
/// Crates without I/O. They must not depend on I/O crates either.
const PURE: &[&str] = &["onboarding", "reachability", "template", "document"];
const IO: &[&str] = &["tokio", "hyper", "hyper-util", "reqwest", "rustls", "tower"];
const CLI: &str = "albridge";
const TESTS: &str = "end-to-end";

struct Package {
    name: String,
    manifest: String,
    /// Normal and build dependencies.
    dependencies: BTreeSet<String>,
    /// Development dependencies.
    for_tests: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dependencies = package["dependencies"].as_array().unwrap();
    let (for_tests, others): (Vec<&Value>, _) = dependencies.iter().partition(|dependency| dependency["kind"] == "dev");
    let names = |dependencies: Vec<&Value>| dependencies.iter().map(|dependency| text(&dependency["name"])).collect();
    Package {
        name: text(&package["name"]),
        manifest: text(&package["manifest_path"]),
        dependencies: names(others),
        for_tests: names(for_tests),
    }
}

/// The packages that a package may depend on; for one without a rule all in `all`, except the tests and the CLI.
fn may(name: &str, all: &BTreeSet<String>) -> BTreeSet<String> {
    let listed = SHARED.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, arrows)| *arrows);
    match listed {
        Some(arrows) => arrows.iter().map(ToString::to_string).collect(),
        None if functions().contains(name) => BY_FUNCTIONS.iter().map(ToString::to_string).collect(),
        None => all.iter().filter(|other| *other != TESTS && *other != CLI).cloned().collect(),
    }
}

#[test]
fn arrows_point_where_the_design_lets_them() {
    let packages = packages();
    let all: BTreeSet<String> = packages.iter().map(|package| package.name.clone()).collect();
    for package in &packages {
        let allowed = may(&package.name, &all);
        let arrows = package.dependencies.intersection(&all);
        let wrong: Vec<_> = arrows.filter(|other| !allowed.contains(*other)).collect();
        assert!(wrong.is_empty(), "{} must not depend on {wrong:?}", package.name);
    }
}

#[test]
fn every_crate_has_its_place_in_the_table() {
    let found: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    let known = SHARED.iter().map(|(name, _)| *name).chain([CLI, "local", TESTS]);
    assert_eq!(found, known.map(str::to_owned).chain(functions()).collect());
}

#[test]
fn functions_do_not_know_one_another() {
    for package in packages().iter().filter(|package| functions().contains(&package.name)) {
        let known = package.dependencies.union(&package.for_tests);
        let others: Vec<_> = known.filter(|name| functions().contains(name.as_str())).collect();
        assert!(others.is_empty(), "{} knows {others:?}", package.name);
    }
}

#[test]
fn emulator_and_client_cannot_share_a_mistake() {
    let emulator = packages().into_iter().find(|package| package.name == "emulator").unwrap();
    let known: Vec<_> = emulator.dependencies.union(&emulator.for_tests).collect();
    for other in ["openapi", "reachability", "onboarding", "stage"] {
        assert!(!known.iter().any(|name| *name == other), "the emulator must not know {other}");
    }
}

#[test]
fn pure_crates_bring_no_io() {
    for package in packages().iter().filter(|package| PURE.contains(&package.name.as_str())) {
        let io: Vec<_> = package.dependencies.iter().filter(|name| IO.contains(&name.as_str())).collect();
        assert!(io.is_empty(), "{} must not depend on {io:?}", package.name);
    }
}

#[test]
fn a_functions_main_is_read_at_a_glance() {
    let mut lines = BTreeMap::new();
    for package in packages().into_iter().filter(|package| functions().contains(&package.name)) {
        let main = Path::new(&package.manifest).with_file_name("src").join("main.rs");
        lines.insert(package.name, std::fs::read_to_string(main).unwrap().lines().count());
    }
    assert_eq!(lines.len(), functions().len());
    assert!(lines.values().all(|count| *count <= 10), "{lines:?}");
}

/// Cycles of two modules that are allowed: crate, the two modules, and the reason.
const PAIRS: &[(&str, [&str; 2], &str)] = &[];

/// The modules of each crate have no cyclic dependencies, neither single modules nor modules taken together with their
/// descendants.
#[test]
fn modules_form_no_circle() {
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    for package in packages() {
        for root in roots(&package) {
            let graph = modules::graph(&root);
            let deepest = graph.keys().map(Vec::len).max().unwrap_or_default();
            let circles: BTreeSet<_> =
                (1..=deepest).flat_map(|depth| modules::circles(&modules::folded(&graph, depth))).collect();
            for circle in circles {
                let names: Vec<String> = circle.iter().map(|module| format!("crate::{}", module.join("::"))).collect();
                let pair = PAIRS.iter().position(|(of, pair, _)| *of == package.name && names == pair.as_slice());
                match pair {
                    Some(pair) => drop(excused.insert(pair)),
                    None => wrong.push(format!("{}: {}", package.name, names.join(" "))),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "circles of modules:\n{}", wrong.join("\n"));
    assert_eq!(excused.len(), PAIRS.len(), "a pair of PAIRS is no circle any more");
}

/// Public items without a caller that stay: crate, names, why.
const AWAITED: &[(&str, &[&str], &str)] = &[(
    "albridge",
    &["run_within", "with_transport"],
    "tests/bench, a package of its own, runs the tool beside its cloud",
)];

/// A crate offers what somebody else names: another crate, or its own tests and examples. `fc-runtime` is for others to use, and its
/// public surface is compared with `lambda_runtime`'s.
#[test]
fn what_is_public_has_a_caller() {
    let packages = packages();
    let folder = |package: &Package| Path::new(&package.manifest).parent().unwrap().to_owned();
    let named: BTreeMap<&str, BTreeSet<String>> =
        packages.iter().map(|package| (package.name.as_str(), public::named(&folder(package)))).collect();
    let mut unused = Vec::new();
    for package in packages.iter().filter(|package| package.name != "fc-runtime") {
        let src = folder(package).join("src");
        if !src.join("lib.rs").exists() {
            continue;
        }
        let own: BTreeSet<String> = ["tests", "benches", "examples", "dataplane", "src/bin", "src/main.rs"]
            .iter()
            .flat_map(|own| public::named(&folder(package).join(own)))
            .collect();
        let others = || named.iter().filter(|(other, _)| **other != package.name).map(|(_, names)| names);
        let awaited: BTreeSet<&str> =
            AWAITED.iter().filter(|(of, ..)| *of == package.name).flat_map(|(_, names, _)| *names).copied().collect();
        let offered = public::offered(&src);
        for (name, file) in &offered.items {
            let has_a_caller = own.contains(name) || others().any(|names| names.contains(name));
            if !has_a_caller && !offered.mentioned.contains(name) && !awaited.contains(name.as_str()) {
                let file = file.strip_prefix(&src).unwrap_or(file).display();
                unused.push(format!("{}: {name} ({file})", package.name));
            }
        }
    }
    assert!(unused.is_empty(), "public, and nobody outside names it:\n{}", unused.join("\n"));
}

/// Prints the dependencies between the modules of a crate:
/// `ALBRIDGE_CRATE=stage cargo test ... -- --ignored --nocapture arrows`.
#[test]
#[ignore = "prints a graph for people"]
#[expect(clippy::disallowed_methods, reason = "which crate, read here and nowhere else")]
fn arrows_between_modules() {
    let wanted = std::env::var("ALBRIDGE_CRATE").unwrap_or_default();
    for package in packages().iter().filter(|package| package.name == wanted) {
        for root in roots(package) {
            let graph = modules::graph(&root);
            for (module, arrows) in &graph {
                let arrows: Vec<String> = arrows.iter().map(|module| module.join("::")).collect();
                println!("crate::{} -> {}", module.join("::"), arrows.join(" "));
            }
            for depth in 1..=4 {
                for circle in modules::circles(&modules::folded(&graph, depth)) {
                    println!(
                        "depth {depth}: {}",
                        circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" ")
                    );
                }
            }
        }
    }
}

fn roots(package: &Package) -> Vec<PathBuf> {
    let src = Path::new(&package.manifest).with_file_name("src");
    ["lib.rs", "main.rs"].map(|root| src.join(root)).into_iter().filter(|root| root.exists()).collect()
}
