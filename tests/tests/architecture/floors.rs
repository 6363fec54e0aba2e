//! The floors of the emulator and of the domain (docs/architecture.md): a module uses what is on its own floor or below.

use std::collections::BTreeSet;

use super::{modules, packages, roots};

/// From the ground up. Modules of one floor may use one another, as far as they form no circle.
const EMULATOR: &[(&str, &[&str])] = &[
    ("ground", &["call", "digest", "ids", "listing", "package", "settings", "stamp", "tags", "time", "wildcard"]),
    ("rules and tokens", &["faults", "idempotence"]),
    ("state", &["state"]),
    ("world", &["world"]),
    ("shared by services", &["dataplane", "platform", "routing"]),
    ("services", &["services"]),
    ("engine", &["engine", "scenario"]),
    ("gateway", &["gateway"]),
    ("driver", &["driver", "host", "recording"]),
    ("ports", &["ports"]),
];

/// The domain's, as [`EMULATOR`].
const ONBOARDING: &[(&str, &[&str])] = &[
    ("ground", &["ids", "reason", "generation", "limits", "words", "ordered", "secret", "fixtures"]),
    ("facts", &["mark", "known", "unread", "absence"]),
    ("topology", &["topology"]),
    ("binding", &["binding", "receiver"]),
    ("store", &["store"]),
    ("inputs", &["inputs"]),
    ("change", &["change", "difference"]),
    ("desired", &["desired"]),
    ("checks", &["checks"]),
    ("plan", &["plan"]),
    ("causes", &["causes"]),
    ("news", &["news"]),
];

fn emulator() -> modules::Graph {
    graph_of("emulator")
}

fn graph_of(name: &str) -> modules::Graph {
    let package = packages().into_iter().find(|package| package.name == name).unwrap();
    let mut graph: modules::Graph = roots(&package).iter().flat_map(|root| modules::graph(root)).collect();
    // The root only passes on what others define.
    graph.remove(&modules::Module::new());
    graph
}

/// The arrows of which something holds, for a message.
fn arrows(wrong: impl Fn(&modules::Module, &modules::Module) -> bool) -> Vec<String> {
    let graph = emulator();
    let all = graph.iter().flat_map(|(from, arrows)| arrows.iter().map(move |to| (from, to)));
    all.filter(|(from, to)| wrong(from, to))
        .map(|(from, to)| format!("{} -> {}", from.join("::"), to.join("::")))
        .collect()
}

fn floor(module: &modules::Module) -> usize {
    floor_in(EMULATOR, module)
}

fn floor_in(table: &[(&str, &[&str])], module: &modules::Module) -> usize {
    let found = table.iter().position(|(_, modules)| modules.contains(&module[0].as_str()));
    found.unwrap_or_else(|| panic!("{} has no place in the table of floors", module[0]))
}

#[test]
fn no_arrow_of_the_emulator_leads_upwards() {
    let upwards = arrows(|from, to| floor(to) > floor(from));
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn no_arrow_of_the_domain_leads_upwards() {
    let graph = graph_of("onboarding");
    let all = graph.iter().flat_map(|(from, arrows)| arrows.iter().map(move |to| (from, to)));
    let upwards: Vec<_> = all.filter(|(from, to)| floor_in(ONBOARDING, to) > floor_in(ONBOARDING, from)).collect();
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn the_table_of_floors_names_the_emulators_modules() {
    let found: BTreeSet<String> = emulator().into_keys().map(|module| module[0].clone()).collect();
    let listed = EMULATOR.iter().flat_map(|(_, modules)| *modules).map(ToString::to_string);
    assert_eq!(found, listed.collect());
}

/// What one service asks of another is in the other's state; what several need is on the floor below.
#[test]
fn services_do_not_use_one_anothers_actions() {
    let service = |module: &modules::Module| (module[0] == "services").then(|| module.get(1).cloned()).flatten();
    let across = arrows(|from, to| service(from).zip(service(to)).is_some_and(|(from, to)| from != to));
    assert!(across.is_empty(), "{across:#?}");
}
