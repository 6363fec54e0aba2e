//! The parameter tables as the emulator's sources have them, read anew: what each action must refuse by itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

type Services = BTreeMap<String, Entry>;

static TABLES: LazyLock<Services> = LazyLock::new(|| {
    let mut services: Services = serde_json::from_str(&data("api-parameters.json")).unwrap();
    let ram: Services = serde_json::from_str(&data("ram-parameters.json")).unwrap();
    services.extend(ram);
    for optional in refinements().optional {
        let action = services.get_mut(&optional.service).unwrap().actions.get_mut(&optional.action).unwrap();
        let text = action.parameters.get_mut(&optional.parameter).unwrap();
        *text = text.trim_start_matches("required").trim().to_owned();
    }
    services
});

static RANGES: LazyLock<Vec<Range>> = LazyLock::new(|| refinements().ranges);

fn refinements() -> Refinements {
    serde_saphyr::from_str(&data("refinements.yml")).unwrap()
}

fn data(file: &str) -> String {
    std::fs::read_to_string(crate::root().join("data").join(file)).unwrap()
}

#[derive(Deserialize)]
struct Entry {
    version: String,
    actions: BTreeMap<String, Action>,
}

/// An action's parameters: name and type, as in `required str`.
#[derive(Deserialize)]
pub(crate) struct Action {
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Action {
    /// Whether it cannot be called without saying something.
    pub(crate) fn asks(&self) -> bool {
        self.parameters.iter().any(|(name, kind)| name != "RegionId" && kind.starts_with("required"))
    }
}

#[derive(Deserialize)]
struct Refinements {
    optional: Vec<Optional>,
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
struct Optional {
    service: String,
    action: String,
    parameter: String,
}

/// A range that the models' types do not tell.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Range {
    pub(crate) service: String,
    /// Those that have the parameter, unless named.
    #[serde(default)]
    pub(crate) action: Option<String>,
    pub(crate) parameter: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Whether characters are counted.
    #[serde(default)]
    pub(crate) length: bool,
}

/// The services that have a table.
pub(crate) fn services() -> impl Iterator<Item = &'static str> {
    TABLES.keys().map(String::as_str)
}

/// The actions of a service; none for those without a table.
pub(crate) fn actions(service: &str) -> Option<&'static BTreeMap<String, Action>> {
    TABLES.get(service).map(|entry| &entry.actions)
}

/// The version that a service's requests name.
pub(crate) fn version(service: &str) -> Option<&'static str> {
    TABLES.get(service).map(|entry| entry.version.as_str())
}

/// The ranges that hold for an action: a line of its own goes before one for all.
pub(crate) fn ranges(service: &str, action: &str) -> Vec<Range> {
    let parameters = &TABLES[service].actions[action].parameters;
    let mut found: Vec<Range> = Vec::new();
    let own = |range: &&Range| range.action.is_some();
    for range in RANGES.iter().filter(own).chain(RANGES.iter().filter(|range| !own(range))) {
        let applies = range.service == service
            && range.action.as_deref().is_none_or(|only| only == action)
            && parameters.contains_key(&range.parameter);
        if applies && found.iter().all(|known| known.parameter != range.parameter) {
            found.push(range.clone());
        }
    }
    found
}
