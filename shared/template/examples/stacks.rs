//! Every kind of stack that template.yml can make, its intrinsics resolved: one JSON document on stdout, for whoever judges
//! properties in another language (`tests/sdk/template.mjs`).
//!
//! ```console
//! $ cargo run --quiet -p template --example stacks
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a main that prints, or ends with the reason")]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use template::{Pseudo, Template};

const TEXT: &str = include_str!("../../../template.yml");

/// Parameters with their values.
type Choice = [(&'static str, &'static str)];

/// The parameters that switch something on or off, each with its choices. All of them together are tried.
const CHOICES: &[(&str, &[&Choice])] = &[
    ("part", &[&[("Role", "home")], &[("Role", "outpost")], &[("Role", "probe")], &[("Role", "outpost+probe")]]),
    ("network", &[&[], &[("ProbeVpc", "vpc-1"), ("ProbeVSwitches", "vsw-1,vsw-2"), ("ProbeSecurityGroup", "sg-1")]]),
    ("events", &[&[("Events", "triggers")], &[("Events", "rules")]]),
    ("service role", &[&[("EventRole", "existing")], &[("EventRole", "create")]]),
    (
        "accounts",
        &[&[], &[("AssumeRoles", "acs:ram::6543210987654321:role/guest,acs:ram::6543210987654322:role/guest")]],
    ),
];

fn main() {
    let template = Template::parse(TEXT).unwrap();
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890123456".to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "stack-1".to_owned(),
    };
    let needed = [("CodeBucket", "albridge-code"), ("StoreBucket", "albridge-store")];
    let mut all = vec![BTreeMap::from(needed)];
    for (_, choices) in CHOICES {
        let with = |given: &BTreeMap<&'static str, &'static str>| {
            let given = given.clone();
            choices.iter().map(move |choice| given.clone().into_iter().chain(choice.iter().copied()).collect())
        };
        all = all.iter().flat_map(with).collect();
    }
    let stacks: Vec<Value> = all.iter().map(|given| stack(&template, &pseudo, given)).collect();
    println!("{}", json!(stacks));
}

fn stack(template: &Template, pseudo: &Pseudo, given: &BTreeMap<&str, &str>) -> Value {
    let parameters = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let deployment = template.resolve(pseudo, &parameters).unwrap();
    let resources = deployment.resources.into_iter();
    let resources: BTreeMap<String, Value> = resources
        .map(|(id, resource)| (id, json!({ "Type": resource.kind, "Properties": resource.properties })))
        .collect();
    json!({ "parameters": given, "resources": resources })
}
