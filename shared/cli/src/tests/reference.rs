//! Pages that describe a file by its JSON schema: docs/bindings.md and docs/scenarios.md. The part between the marks is written here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

const BEGIN: &str =
    "<!-- generated: what follows is written from the schema by shared/cli/src/tests/reference.rs -->\n";
const END: &str = "<!-- generated: end -->";

fn pages() -> [(PathBuf, Value); 2] {
    let page = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    [(page("bindings.md"), onboarding::store::schema()), (page("scenarios.md"), emulator::scenario_schema())]
}

#[test]
fn the_pages_say_what_the_schemas_say() {
    for (file, schema) in pages() {
        let page = std::fs::read_to_string(&file).unwrap();
        let how = "run: cargo test -p albridge --lib -- --ignored update_the_pages";
        assert!(written(&page, &schema) == page, "{} is old; {how}", file.display());
    }
}

#[test]
#[ignore = "writes docs/bindings.md and docs/scenarios.md, which the test above compares"]
fn update_the_pages() {
    for (file, schema) in pages() {
        let page = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, written(&page, &schema)).unwrap();
    }
}

#[test]
fn every_field_of_a_schema_is_described() {
    for (file, schema) in pages() {
        let defs = schema["$defs"].as_object().unwrap();
        for (name, def) in defs.iter().map(|(name, def)| (name.as_str(), def)).chain([("the file", &schema)]) {
            for (field, value) in def["properties"].as_object().into_iter().flatten() {
                assert!(value["description"].is_string(), "{}: {field} of {name}", file.display());
            }
        }
    }
}

/// The page with its generated part made anew.
fn written(page: &str, schema: &Value) -> String {
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut tables = Tables { schema, text: String::new(), places: Vec::new() };
    tables.find("", schema);
    tables.write();
    format!("{before}{BEGIN}\n{}{END}{after}", tables.text)
}

struct Tables<'a> {
    schema: &'a Value,
    text: String,
    /// The objects in the order in which a reader meets them, and everywhere that each stands.
    places: Vec<(&'a Value, Vec<String>)>,
}

impl<'a> Tables<'a> {
    /// Notes an object and those in it.
    fn find(&mut self, place: &str, object: &'a Value) {
        if let Some((_, places)) = self.places.iter_mut().find(|(known, _)| std::ptr::eq(*known, object)) {
            places.push(place.to_owned());
            return;
        }
        self.places.push((object, vec![place.to_owned()]));
        for (name, field) in object["properties"].as_object().into_iter().flatten() {
            let path = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            let (inner, path) = match field["items"].is_object() {
                true => (self.resolved(&field["items"]), format!("{path}[]")),
                false => (self.resolved(field), path),
            };
            if inner["properties"].is_object() {
                self.find(&path, inner);
            }
        }
    }

    /// What a reference leads to; of a value that may be left out, the value.
    fn resolved(&self, value: &'a Value) -> &'a Value {
        let some = value["anyOf"].as_array().and_then(|ways| ways.iter().find(|way| way["type"] != "null"));
        let value = some.unwrap_or(value);
        match value["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            Some(name) => &self.schema["$defs"][name],
            None => value,
        }
    }

    fn write(&mut self) {
        for (object, places) in std::mem::take(&mut self.places) {
            let places: Vec<String> =
                places.iter().filter(|place| !place.is_empty()).map(|p| format!("`{p}`")).collect();
            let title = if places.is_empty() { "The file".to_owned() } else { places.join(", ") };
            let about = said(object);
            let _ = write!(
                self.text,
                "## {title}\n\n{about}\n\n| Field | Value | Unless given | Meaning |\n|---|---|---|---|\n"
            );
            let required: BTreeSet<&str> =
                object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for (name, field) in object["properties"].as_object().into_iter().flatten() {
                let otherwise =
                    if required.contains(name.as_str()) { "**required**".to_owned() } else { default(field) };
                let (kind, about) = (self.kind(field), said(field));
                let _ = writeln!(self.text, "| `{name}` | {kind} | {otherwise} | {about}{} |", self.choices(field));
            }
            self.text.push('\n');
        }
    }

    /// What may stand there.
    fn kind(&self, field: &'a Value) -> String {
        let value = self.resolved(field);
        if value["properties"].is_object() {
            return "object, below".to_owned();
        }
        if let Some(choices) = choices(value) {
            return choices.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        }
        let kind = value["type"].as_str().or_else(|| value["type"][0].as_str()).unwrap_or("any value");
        match kind {
            "array" if value["prefixItems"].is_array() => value["prefixItems"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|item| self.kind(item))
                .collect::<Vec<_>>()
                .join(", "),
            "array" => {
                let many = range(value, "minItems", "maxItems").map_or_else(String::new, |range| format!("{range} "));
                format!("list: {many}{}", self.kind(&value["items"]))
            }
            "object" => "names and texts".to_owned(),
            "string" => match value["format"].as_str() {
                Some("ipv4-prefix") => "text: an IPv4 prefix".to_owned(),
                Some("ipv4") => "text: an IPv4 address".to_owned(),
                _ => "text".to_owned(),
            },
            "integer" | "number" => range(value, "minimum", "maximum").unwrap_or_else(|| "number".to_owned()),
            "boolean" => "`true` or `false`".to_owned(),
            other => other.to_owned(),
        }
    }

    /// What the values mean that may be chosen.
    fn choices(&self, field: &'a Value) -> String {
        let means: Vec<String> = choices(self.resolved(field))
            .into_iter()
            .flatten()
            .filter(|(_, about)| !about.is_empty())
            .map(|(name, about)| format!(" `{name}`: {about}"))
            .collect();
        means.concat()
    }
}

/// The values that may be chosen, and what they mean.
fn choices(value: &Value) -> Option<Vec<(String, String)>> {
    let plain = value["enum"].as_array().map(|names| names.iter().map(|name| (name.clone(), String::new())).collect());
    let described: Option<Vec<(Value, String)>> =
        value["oneOf"].as_array().map(|ways| ways.iter().map(|way| (way["const"].clone(), said(way))).collect());
    let found: Vec<(Value, String)> = plain.or(described)?;
    found.into_iter().map(|(name, about)| Some((name.as_str()?.to_owned(), about))).collect()
}

fn range(value: &Value, least: &str, most: &str) -> Option<String> {
    match (value[least].as_u64(), value[most].as_u64()) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) if least > 0 => Some(format!("{least} or more")),
        _ => None,
    }
}

fn default(field: &Value) -> String {
    match &field["default"] {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::Object(fields) => object_default(fields),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn object_default(fields: &Map<String, Value>) -> String {
    if fields.is_empty() { "none".to_owned() } else { "as below".to_owned() }
}

/// The description on one line, as a cell of a table holds it.
fn said(value: &Value) -> String {
    value["description"]
        .as_str()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
