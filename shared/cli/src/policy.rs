//! `albridge policy`: the minimal RAM policy of each function's role, from the table of actions that the code calls.

use std::collections::BTreeMap;

use handler::Handler;
use local::with_handler;
use onboarding::StageName;
use serde_json::{Value, json};
use stage::{COMMON_ACTIONS, Needs};

use crate::args::PolicyArgs;
use crate::output::{CliError, Console, Exit};

/// Prints the policies.
pub(crate) fn policy(args: &PolicyArgs, console: Console) -> Result<Exit, CliError> {
    let all = StageName::ALL;
    let stages: Vec<StageName> = match &args.stage {
        None => all.to_vec(),
        Some(wanted) => known().filter(|stage| stage.as_str() == wanted).collect(),
    };
    if stages.is_empty() {
        let names: Vec<&str> = known().map(StageName::as_str).collect();
        return Err(CliError::Usage(format!("There is no such function; there are: {}.", names.join(", "))));
    }
    if !console.is_for_people() {
        stages.iter().for_each(|stage| console.print_json(&json!({"stage": stage, "policy": document(*stage)})));
        return Ok(Exit::Done);
    }
    let text = match (&args.stage, stages.first()) {
        (Some(_), Some(stage)) => serde_json::to_string_pretty(&document(*stage)),
        _ => {
            let map: BTreeMap<&str, Value> = stages.iter().map(|stage| (stage.as_str(), document(*stage))).collect();
            serde_json::to_string_pretty(&map)
        }
    };
    console.raw(&text.map_err(|error| CliError::Failed(error.to_string()))?);
    Ok(Exit::Done)
}

/// The functions, and what a person needs for a teardown.
fn known() -> impl Iterator<Item = StageName> {
    StageName::ALL.into_iter().chain([StageName::Teardown])
}

/// The policy of one function. Every resource: most of these calls are listings, which RAM grants on `*` only.
fn document(stage: StageName) -> Value {
    let (needs, writes) = calls(stage);
    let mut actions: Vec<&str> = needs.actions();
    actions.extend(COMMON_ACTIONS);
    actions.extend(writes);
    actions.sort_unstable();
    actions.dedup();
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
}

fn calls(stage: StageName) -> (Needs, &'static [&'static str]) {
    const fn of<H: Handler>(_: &H) -> (Needs, &'static [&'static str]) {
        (H::NEEDS, H::ACTIONS)
    }
    with_handler!(stage, handler => of(&handler))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_allows_what_the_stage_writes_and_no_other_write() {
        let document = document(StageName::Listener);
        let actions: Vec<&str> =
            document["Statement"][0]["Action"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(actions.contains(&"alb:CreateListener") && actions.contains(&"oss:GetObject"), "{actions:?}");
        assert!(!actions.iter().any(|action| action.starts_with("vpc:Create")), "{actions:?}");
        assert!(actions.is_sorted());
    }

    #[test]
    fn a_teardown_creates_nothing() {
        let text = document(StageName::Teardown).to_string();
        assert!(
            text.contains("alb:DeleteServerGroup") && text.contains("cen:DeleteTransitRouterVpcAttachment"),
            "{text}"
        );
        assert!(!text.contains(":Create") && !text.contains(":Add"), "{text}");
    }

    #[test]
    fn the_functions_that_look_write_nothing() {
        for stage in [StageName::Preflight, StageName::Verify] {
            let text = document(stage).to_string();
            assert!(!text.contains(":Create") && !text.contains(":Delete"), "{stage}: {text}");
        }
    }
}
