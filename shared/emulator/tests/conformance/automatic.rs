//! What every action refuses by its parameter table alone, and without permission.
//!
//! The codes are the services' own (cloud-apis.md section 1): a mistake in the emulator's wording of one family would
//! show here in every action of it.

use serde_json::Value;

use crate::case::{self, Chapter};
use crate::client::{Ask, Client};
use crate::coverage::Coverage;
use crate::tables::{self, Action};

/// Tries every action of a service that has a table.
pub(crate) fn run(chapter: &Chapter, coverage: &mut Coverage, complaints: &mut Vec<String>) {
    let Some(actions) = tables::actions(&chapter.service) else { return };
    let client = Client::new(case::World::Procedure);
    client.put_role("nothing", &[], None);
    let mut trial = Trial { chapter, client, coverage, complaints };
    for (name, action) in actions {
        trial.required(name, action);
        trial.typed(name, action);
        trial.ranged(name, action);
        trial.unknown(name, action);
        trial.denied(name, action);
    }
}

struct Trial<'t> {
    chapter: &'t Chapter,
    client: Client,
    coverage: &'t mut Coverage,
    complaints: &'t mut Vec<String>,
}

impl Trial<'_> {
    fn required(&mut self, action: &str, table: &Action) {
        for (name, kind) in &table.parameters {
            if !kind.starts_with("required") || name == "RegionId" {
                continue;
            }
            let gone = sample_name(name.trim_end_matches(".*"));
            let stays = |sent: &str| sent != gone && !sent.starts_with(&format!("{gone}."));
            let mut rest: Vec<_> = enough(table).into_iter().filter(|(sent, _)| stays(sent)).collect();
            // A field is only missed where its object is there, so a sibling stands for the object.
            let outer = parent(&gone);
            let there = outer.is_empty() || rest.iter().any(|(sent, _)| sent.starts_with(&format!("{outer}.")));
            if !there && !name.ends_with(".N") {
                let inside = |field: &str| parent(&sample_name(field)) == outer && !field.ends_with('*');
                let Some((field, kind)) = table.parameters.iter().find(|(field, _)| *field != name && inside(field))
                else {
                    continue;
                };
                rest.push((sample_name(field), value(kind).to_owned()));
            }
            let field = gone.rsplit('.').find(|part| part.parse::<u32>().is_err()).unwrap_or_default();
            let code = match self.chapter.service.as_str() {
                "alb" | "cbn" => format!("MissingParam.{field}"),
                "fnf" => "MissingRequiredParams".to_owned(),
                _ => "MissingParameter".to_owned(),
            };
            self.expect(action, "missing", name, &code, rest);
        }
    }

    fn typed(&mut self, action: &str, table: &Action) {
        let whole = enough(table);
        for (name, kind) in &table.parameters {
            let wrong = match kind.trim_start_matches("required").trim() {
                "int" | "float" => "ten",
                "bool" => "perhaps",
                "Dict[str, str]" => "{",
                _ => continue,
            };
            let code = self.illegal(name);
            self.with(action, "types", name, &whole, wrong, &code);
        }
    }

    fn ranged(&mut self, action: &str, table: &Action) {
        let whole = enough(table);
        for range in tables::ranges(&self.chapter.service, action) {
            let value = |number: i64| match range.length {
                true => "x".repeat(usize::try_from(number).unwrap_or_default()),
                false => number.to_string(),
            };
            let field = range.parameter.rsplit('.').find(|part| *part != "N").unwrap_or_default();
            let code = match (self.chapter.service.as_str(), range.length) {
                ("vpc" | "ecs", true) => format!("Invalid{field}.Malformed"),
                ("sts", _) => format!("InvalidParameter.{field}"),
                ("fnf", _) => "InvalidArgument".to_owned(),
                _ => self.illegal(&range.parameter),
            };
            // An empty text counts as none.
            if !range.length || range.from > 1 {
                self.with(action, "ranges", &range.parameter, &whole, &value(range.from - 1), &code);
            }
            self.with(action, "ranges", &range.parameter, &whole, &value(range.to + 1), &code);
        }
    }

    fn with(&mut self, action: &str, aspect: &str, name: &str, whole: &[(String, String)], wrong: &str, code: &str) {
        let sent = sample_name(name);
        let mut params: Vec<_> = whole.iter().filter(|(known, _)| *known != sent).cloned().collect();
        params.push((sent, wrong.to_owned()));
        self.expect(action, aspect, name, code, params);
    }

    fn unknown(&mut self, action: &str, table: &Action) {
        let mut params = enough(table);
        params.push(("Colour".to_owned(), "red".to_owned()));
        let code = self.illegal("Colour");
        self.expect(action, "unknown", "refused", &code, params);
    }

    fn denied(&mut self, action: &str, table: &Action) {
        // Anyone may ask who they are, and a token is its own proof.
        if matches!(action, "GetCallerIdentity" | "AssumeRoleWithOIDC") {
            return;
        }
        let code = match self.chapter.service.as_str() {
            "alb" => "Forbidden.NoPermission",
            "vpc" | "ecs" => "Forbidden.RAM",
            "fnf" => "AccessDenied",
            _ => "NoPermission",
        };
        let answer = self.ask(action, Some("nothing"), enough(table));
        if answer == (403, Some(code.to_owned())) {
            self.coverage.add(&self.chapter.service, action, "denied", code);
        } else {
            self.complaints.push(format!("{action} by a role without permissions: {answer:?}, not {code}"));
        }
    }

    fn illegal(&self, name: &str) -> String {
        let field = name.rsplit('.').find(|part| *part != "N").unwrap_or(name);
        match self.chapter.service.as_str() {
            "alb" | "cbn" => format!("IllegalParam.{field}"),
            _ => "InvalidParameter".to_owned(),
        }
    }

    fn expect(&mut self, action: &str, aspect: &str, item: &str, code: &str, params: Vec<(String, String)>) {
        let answer = self.ask(action, None, params);
        if answer == (400, Some(code.to_owned())) {
            self.coverage.add(&self.chapter.service, action, aspect, item);
        } else {
            self.complaints.push(format!("{action}: {aspect} {item}: {answer:?}, not {code}"));
        }
    }

    fn ask(&mut self, action: &str, by: Option<&str>, params: Vec<(String, String)>) -> (u16, Option<String>) {
        let service = self.chapter.service.as_str();
        let ask = Ask { service, action, region: &self.chapter.region, by, params, ..Ask::default() };
        let answer = self.client.ask(ask, None);
        assert!(answer.body["RequestId"].is_string() || answer.body == Value::Null, "{action}: {}", answer.text);
        (answer.status, answer.code)
    }
}

fn parent(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(parent, _)| parent)
}

fn sample_name(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').map(|part| if part == "N" { "1" } else { part }).collect();
    parts.join(".")
}

/// A value of the right type.
fn value(kind: &str) -> &'static str {
    match kind.trim_start_matches("required").trim() {
        "int" | "float" => "10",
        "bool" => "true",
        "Dict[str, str]" => "{}",
        _ => "xx",
    }
}

/// Values of the right types for everything required, and one field for each required object.
fn enough(table: &Action) -> Vec<(String, String)> {
    let asked: Vec<(&str, &str)> = table
        .parameters
        .iter()
        .filter(|(name, kind)| kind.starts_with("required") && *name != "RegionId")
        .map(|(name, kind)| (name.as_str(), kind.as_str()))
        .collect();
    let mut params = Vec::new();
    for (name, kind) in &asked {
        if let Some(object) = name.strip_suffix(".*") {
            let inside = |field: &str| field.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'));
            let covered = asked.iter().any(|(other, _)| other != name && inside(other) && !other.ends_with(".*"));
            let first = table.parameters.iter().find(|(field, _)| inside(field) && !field.ends_with('*'));
            if let (false, Some((field, kind))) = (covered, first) {
                params.push((sample_name(field), value(kind).to_owned()));
            }
        } else if within_what_is_asked(name, &asked) {
            params.push((sample_name(name), value(kind).to_owned()));
        }
    }
    params
}

/// Fields of optional objects are asked for only when the object is sent.
fn within_what_is_asked(name: &str, asked: &[(&str, &str)]) -> bool {
    // A list's own elements, as in `ServerIds.N`, are no objects.
    let mut outer = parent(name.strip_suffix(".N").unwrap_or(name));
    while !outer.is_empty() {
        let whole = format!("{outer}.*");
        if !asked.iter().any(|(known, _)| *known == whole) {
            return false;
        }
        outer = parent(outer.strip_suffix(".N").unwrap_or(outer));
    }
    true
}
