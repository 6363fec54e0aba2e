//! A bill of materials: the shipped packages from `cargo metadata`, as CycloneDX 1.5 JSON
//! (<https://cyclonedx.org/docs/1.5/json/>). The same dependency graph gives the same bytes: no time, no serial number,
//! everything sorted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Why there is no bill of materials, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SbomError {
    /// The input is not the output of `cargo metadata --format-version 1`.
    #[error("this is no output of `cargo metadata`: {0}")]
    NotMetadata(&'static str),
    /// A package is neither from the registry nor from this workspace, so it has no name in the bill.
    #[error("{0} comes neither from the registry nor from this workspace")]
    Source(String),
}

/// The fields of a package that the bill contains.
struct Package<'m> {
    name: &'m str,
    version: &'m str,
    license: Option<&'m str>,
    is_own: bool,
}

impl Package<'_> {
    /// The reference of the package in the bill.
    fn reference(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    fn component(&self, kind: &str) -> Value {
        let mut component =
            json!({"type": kind, "bom-ref": self.reference(), "name": self.name, "version": self.version});
        if let Some(fields) = component.as_object_mut() {
            // Older packages write `MIT/Apache-2.0`, where SPDX uses OR.
            let license = self.license.map_or_else(
                || json!({"license": {"name": "in the package's licence file"}}),
                |license| json!({"expression": license.replace('/', " OR ")}),
            );
            fields.insert("licenses".to_owned(), json!([license]));
            if !self.is_own {
                fields.insert("purl".to_owned(), format!("pkg:cargo/{}", self.reference()).into());
            }
        }
        component
    }
}

/// The bill of everything that `roots` (packages of the workspace) are built from: normal and build dependencies, but no
/// development dependencies. `name` and `version` are the product's.
///
/// # Errors
/// [`SbomError`].
pub fn bill(metadata: &Value, name: &str, version: &str, roots: &[String]) -> Result<Value, SbomError> {
    let packages = packages(metadata)?;
    let edges = edges(metadata)?;
    let roots: BTreeSet<&str> = packages
        .iter()
        .filter(|(_, package)| package.is_own && roots.iter().any(|root| root == package.name))
        .map(|(id, _)| *id)
        .collect();
    let mut reached: BTreeSet<&str> = roots.clone();
    let mut todo: Vec<&str> = roots.iter().copied().collect();
    while let Some(id) = todo.pop() {
        let next = edges.get(id).into_iter().flatten().copied();
        todo.extend(next.filter(|next| reached.insert(next)));
    }
    let package = |id: &str| packages.get(id).ok_or(SbomError::NotMetadata("a dependency is no package"));
    let mut components = BTreeMap::new();
    let mut graph = BTreeMap::new();
    for id in &reached {
        let found = package(id)?;
        let kind = if roots.contains(id) { "application" } else { "library" };
        components.insert(found.reference(), found.component(kind));
        let on = edges.get(id).into_iter().flatten().map(|on| Ok(package(on)?.reference()));
        graph.insert(found.reference(), on.collect::<Result<BTreeSet<_>, SbomError>>()?);
    }
    let product = format!("{name}-workspace@{version}");
    let shipped = roots.iter().map(|id| Ok(package(id)?.reference())).collect::<Result<BTreeSet<_>, SbomError>>()?;
    graph.insert(product.clone(), shipped);
    let dependencies: Vec<Value> = graph.iter().map(|(from, on)| json!({"ref": from, "dependsOn": on})).collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": product, "name": name, "version": version}},
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies,
    }))
}

fn packages(metadata: &Value) -> Result<BTreeMap<&str, Package<'_>>, SbomError> {
    let list = metadata["packages"].as_array().ok_or(SbomError::NotMetadata("it has no packages"))?;
    let mut packages = BTreeMap::new();
    for package in list {
        let text = |field: &str| package[field].as_str().ok_or(SbomError::NotMetadata("a package lacks a field"));
        let (id, name, source) = (text("id")?, text("name")?, package["source"].as_str());
        if source.is_some_and(|source| !source.starts_with("registry+") && !source.starts_with("sparse+")) {
            return Err(SbomError::Source(name.to_owned()));
        }
        let license = package["license"].as_str().filter(|license| !license.is_empty());
        packages.insert(id, Package { name, version: text("version")?, license, is_own: source.is_none() });
    }
    Ok(packages)
}

/// The dependencies that each package is built with.
fn edges(metadata: &Value) -> Result<BTreeMap<&str, BTreeSet<&str>>, SbomError> {
    let nodes = metadata["resolve"]["nodes"].as_array().ok_or(SbomError::NotMetadata("nothing is resolved"))?;
    let mut edges = BTreeMap::new();
    for node in nodes {
        let id = node["id"].as_str().ok_or(SbomError::NotMetadata("a node has no id"))?;
        let is_built = |dependency: &&Value| {
            let kinds = dependency["dep_kinds"].as_array();
            kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"].as_str() != Some("dev")))
        };
        let on = node["deps"].as_array().into_iter().flatten().filter(is_built);
        edges.insert(id, on.filter_map(|dependency| dependency["pkg"].as_str()).collect());
    }
    Ok(edges)
}

/// The violations of the CycloneDX 1.5 schema in this bill; empty if there are none. It checks `required` of the bill, of
/// `component`, `licenseChoice` and `dependency`, `uniqueItems`, and that every `ref` names a component.
#[must_use]
pub fn faults(bill: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, what: String| {
        if !holds {
            faults.push(what);
        }
    };
    expect(bill["bomFormat"] == "CycloneDX" && bill["specVersion"] == "1.5", "format or version".to_owned());
    expect(bill["version"].as_u64().is_some_and(|version| version >= 1), "version of the bill".to_owned());
    let components: Vec<&Value> = bill["components"].as_array().into_iter().flatten().collect();
    let product = &bill["metadata"]["component"];
    let mut references = BTreeSet::new();
    for component in components.iter().copied().chain([product]) {
        let reference = component["bom-ref"].as_str().unwrap_or_default();
        let kind = component["type"].as_str().unwrap_or_default();
        expect(["application", "library"].contains(&kind), format!("type of {reference}"));
        expect(component["name"].as_str().is_some_and(|name| !name.is_empty()), format!("name of {reference}"));
        expect(!reference.is_empty() && references.insert(reference), format!("bom-ref {reference}"));
        for license in component["licenses"].as_array().into_iter().flatten() {
            let named = license["license"]["name"].is_string() || license["license"]["id"].is_string();
            expect(named ^ license["expression"].is_string(), format!("licence of {reference}"));
        }
        let purl = component["purl"].as_str();
        expect(
            purl.is_none_or(|purl| purl.starts_with("pkg:cargo/") && purl.contains('@')),
            format!("purl of {reference}"),
        );
    }
    let mut seen = BTreeSet::new();
    for dependency in bill["dependencies"].as_array().into_iter().flatten() {
        let from = dependency["ref"].as_str().unwrap_or_default();
        expect(references.contains(from) && seen.insert(from), format!("ref {from}"));
        let on: Vec<&str> =
            dependency["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let unique: BTreeSet<&str> = on.iter().copied().collect();
        expect(unique.len() == on.len() && unique.is_subset(&references), format!("dependsOn of {from}"));
    }
    expect(seen == references, "every component has its dependencies".to_owned());
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, license: Option<&str>, source: Option<&str>) -> Value {
        json!({"id": format!("{name} {version}"), "name": name, "version": version, "license": license, "source": source})
    }

    fn metadata() -> Value {
        let registry = Some("registry+https://example.org/index");
        let on = |id: &str, kind: Value| json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
        json!({
            "packages": [
                package("tool", "0.1.0", Some("Apache-2.0"), None),
                package("core", "0.1.0", Some("Apache-2.0"), None),
                package("tests", "0.1.0", Some("Apache-2.0"), None),
                package("old", "1.0.0", Some("MIT/Apache-2.0"), registry),
                package("odd", "2.0.0", None, registry),
                package("dev", "3.0.0", Some("MIT"), registry),
            ],
            "resolve": {"nodes": [
                {"id": "tool 0.1.0", "deps": [on("core 0.1.0", Value::Null), on("dev 3.0.0", "dev".into())]},
                {"id": "core 0.1.0", "deps": [on("old 1.0.0", Value::Null), on("odd 2.0.0", "build".into())]},
                {"id": "tests 0.1.0", "deps": [on("dev 3.0.0", Value::Null)]},
                {"id": "old 1.0.0", "deps": []},
                {"id": "odd 2.0.0", "deps": []},
                {"id": "dev 3.0.0", "deps": []},
            ]},
        })
    }

    #[test]
    fn a_bill_holds_what_is_shipped_with_licences_purls_and_graph() {
        let bill = bill(&metadata(), "product", "0.1.0", &["tool".to_owned()]).unwrap();
        assert_eq!(faults(&bill), Vec::<String>::new());
        let components = bill["components"].as_array().unwrap();
        let names: Vec<&str> = components.iter().map(|component| component["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["core", "odd", "old", "tool"]);
        assert_eq!(components[2]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(components[2]["purl"], "pkg:cargo/old@1.0.0");
        assert_eq!(components[0].get("purl"), None, "it is in no registry");
        let core = bill["dependencies"].as_array().unwrap().iter().find(|found| found["ref"] == "core@0.1.0").unwrap();
        assert_eq!(core["dependsOn"], json!(["odd@2.0.0", "old@1.0.0"]));
    }

    #[test]
    fn the_same_graph_gives_the_same_bytes() {
        let mut other = metadata();
        other["packages"].as_array_mut().unwrap().reverse();
        other["resolve"]["nodes"].as_array_mut().unwrap().reverse();
        let bytes = |metadata: &Value| bill(metadata, "product", "0.1.0", &["tool".to_owned()]).unwrap().to_string();
        assert_eq!(bytes(&metadata()), bytes(&other));
    }

    #[test]
    fn what_cannot_be_named_is_refused() {
        let mut git = metadata();
        git["packages"][3]["source"] = "git+https://example.org/old".into();
        assert_eq!(bill(&git, "p", "1", &[]).unwrap_err(), SbomError::Source("old".to_owned()));
        assert!(matches!(bill(&json!({}), "p", "1", &[]), Err(SbomError::NotMetadata(_))));
    }

    #[test]
    fn a_bill_that_breaks_the_schema_is_noticed() {
        let whole = bill(&metadata(), "product", "0.1.0", &["tool".to_owned()]).unwrap();
        type Spoil = fn(&mut Value);
        let breaks: [(&str, Spoil); 6] = [
            ("version", |bill| bill["specVersion"] = "1.4".into()),
            ("twice", |bill| bill["components"][1] = bill["components"][0].clone()),
            ("no name", |bill| bill["components"][0]["name"] = Value::Null),
            ("no licence", |bill| bill["components"][0]["licenses"] = json!([{}])),
            ("nobody", |bill| bill["dependencies"][0]["dependsOn"] = json!(["nobody@1"])),
            ("left out", |bill| bill["dependencies"] = json!([])),
        ];
        for (what, spoil) in breaks {
            let mut spoilt = whole.clone();
            spoil(&mut spoilt);
            assert!(!faults(&spoilt).is_empty(), "{what}");
        }
    }
}
