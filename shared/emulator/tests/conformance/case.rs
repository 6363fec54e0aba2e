//! The catalogue's language: chapters of rows and cases, as they stand in `cases/*.yml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Files of `cases`, in the order of the page: a chapter, and files with more of its cases. Read when the tests run, so
/// that a new case needs no compiler.
const CHAPTERS: [&[&str]; 12] = [
    &["alb", "alb-listeners"],
    &["cen", "cen-tables"],
    &["vpc"],
    &["ecs"],
    &["fnf"],
    &["sts"],
    &["ros"],
    &["eventbridge"],
    &["ram"],
    &["ims"],
    &["fc"],
    &["oss"],
];

/// One service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chapter {
    /// Its name in the parameter tables, lower case.
    pub(crate) service: String,
    /// The heading on the page.
    pub(crate) title: String,
    /// Where its calls go unless they say otherwise.
    pub(crate) region: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) cases: Vec<Case>,
}

/// What the page says of an action beside what was checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) action: String,
    pub(crate) played: String,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) differs: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows, in a sentence.
    pub(crate) case: String,
    #[serde(default)]
    pub(crate) world: World,
    pub(crate) steps: Vec<Step>,
}

/// The world that a case begins in.
#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum World {
    /// That of `scenarios/procedure.yml`.
    #[default]
    Procedure,
    Empty,
}

/// A call with what it must be answered with, time that passes, or a function that is invoked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Step {
    /// An action of the chapter's service, or `service.Action`.
    pub(crate) call: Option<String>,
    pub(crate) region: Option<String>,
    /// The role whose session makes the call; the account itself otherwise.
    pub(crate) by: Option<String>,
    /// Parameters; objects and lists are flattened.
    pub(crate) with: Map<String, Value>,
    /// A list parameter too long to write down.
    pub(crate) many: Option<Many>,
    /// `METHOD /path`, for services without actions.
    pub(crate) send: Option<String>,
    pub(crate) body: Option<String>,
    /// Headers beside those that every request has.
    pub(crate) headers: BTreeMap<String, String>,
    /// How often the call is made; `$n` counts from 1.
    pub(crate) times: Option<u32>,
    /// Seconds of cloud time between repeated calls.
    pub(crate) every: u64,

    /// The code that it must be refused with; it must be accepted otherwise.
    pub(crate) refused: Option<String>,
    pub(crate) status: Option<u16>,
    /// Fields of the answer.
    pub(crate) shows: Map<String, Value>,
    /// The same for fields that hold states.
    pub(crate) states: Map<String, Value>,
    /// The answer's whole body.
    pub(crate) says: Option<String>,
    /// Headers of the answer.
    pub(crate) has: BTreeMap<String, String>,
    /// Fields of the answer that later steps name as `$name`.
    pub(crate) keep: BTreeMap<String, String>,
    /// The limit that this step shows.
    pub(crate) limit: Option<String>,

    /// Seconds of cloud time that pass.
    pub(crate) wait: Option<u64>,
    /// A function that must have been invoked by now; its payload is what `shows` and `keep` look at.
    pub(crate) invoked: Option<String>,
    /// What the function answers; it crashes otherwise, if `fails` says so.
    pub(crate) answer: Option<Value>,
    pub(crate) fails: Option<String>,
    /// A role to make: its name and the statements of its policy.
    pub(crate) role: Option<Role>,
    /// A token of the identity provider `ci`, for later steps as `$token`.
    pub(crate) token: Option<Token>,
    /// A function to deploy, by name.
    pub(crate) function: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) subject: String,
    pub(crate) audience: String,
    /// How long it holds.
    pub(crate) seconds: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Many {
    pub(crate) name: String,
    pub(crate) count: u32,
    /// The elements, in which `$m` counts from 1.
    pub(crate) each: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) statements: Vec<Value>,
    #[serde(default)]
    pub(crate) trust: Option<Value>,
}

/// A file with more cases of a chapter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    cases: Vec<Case>,
}

/// Every chapter, in the order of the page.
pub(crate) fn chapters() -> Vec<Chapter> {
    let chapter = |files: &&[&str]| {
        let mut files = files.iter();
        let mut chapter: Chapter = read(files.next().unwrap());
        for file in files {
            chapter.cases.extend(read::<More>(file).cases);
        }
        chapter
    };
    CHAPTERS.iter().map(chapter).collect()
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(crate::root().join(format!("tests/conformance/cases/{name}.yml"))).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("cases/{name}.yml: {error}"))
}
