//! docs/emulator-fidelity.md lists every action, and says truly which ones the emulator answers.

#![expect(clippy::unwrap_used, reason = "a test helper fails the test by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use emulator::call::{Call, Caller, Params, Service};
use emulator::{PROCEDURE, Settings, World};
use jiff::Timestamp;

const TABLE: &str = include_str!("../../../docs/emulator-fidelity.md");
const PARAMETERS: &str = include_str!("../data/api-parameters.json");

/// Services of the parameter table, and the headings of their tables.
const SERVICES: [(&str, Service, &str); 8] = [
    ("alb", Service::Alb, "ALB 2020-06-16"),
    ("cbn", Service::Cbn, "CEN (Cbn) 2017-09-12"),
    ("vpc", Service::Vpc, "VPC 2016-04-28"),
    ("ecs", Service::Ecs, "ECS 2014-05-26"),
    ("fnf", Service::Fnf, "CloudFlow (FnF) 2019-03-15"),
    ("sts", Service::Sts, "STS 2015-04-01"),
    ("ros", Service::Ros, "ROS 2019-09-10"),
    ("eventbridge", Service::EventBridge, "EventBridge 2020-04-01"),
];

/// The cells of every action's row, by action, under one heading.
fn rows(heading: &str) -> BTreeMap<String, Vec<String>> {
    let section = TABLE.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let mut rows = BTreeMap::new();
    for line in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Action |")) {
        let cells: Vec<String> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        assert_eq!(cells.len(), 5, "{line}");
        let action = cells[0].clone();
        assert!(rows.insert(action, cells).is_none(), "listed twice: {line}");
    }
    rows
}

/// The actions of each service in the parameter table.
fn actions() -> BTreeMap<String, BTreeSet<String>> {
    let file: serde_json::Value = serde_json::from_str(PARAMETERS).unwrap();
    let actions = |entry: &serde_json::Value| entry["actions"].as_object().unwrap().keys().cloned().collect();
    file.as_object().unwrap().iter().map(|(name, entry)| (name.clone(), actions(entry))).collect()
}

/// Whether the emulator answers an action with anything but "no such action".
fn is_answered(world: &World, now: Timestamp, service: Service, action: &str) -> bool {
    let call = Call {
        service,
        action: action.to_owned(),
        region: "cn-hangzhou".to_owned(),
        params: Params::default(),
        caller: Caller::Root,
        request_id: "00000000-0000-0000-0000-000000000000".to_owned(),
    };
    !matches!(world.clone().handle(now, &call), Err(error) if error.code == "InvalidAction.NotFound")
}

fn world(now: Timestamp) -> World {
    let mut world = World::new(Settings::default());
    world.load(now, PROCEDURE).unwrap();
    world
}

#[test]
fn fidelity_lists_every_action() {
    let actions = actions();
    assert_eq!(actions.len(), SERVICES.len(), "a service is new: give it a heading");
    for (name, _, heading) in SERVICES {
        let listed: BTreeSet<String> = rows(heading).into_keys().collect();
        assert_eq!(listed, actions[name], "{heading}");
    }
}

#[test]
fn fidelity_says_truly_what_is_implemented() {
    let now = "2026-11-22T08:00:00Z".parse().unwrap();
    let world = world(now);
    assert!(!is_answered(&world, now, Service::Alb, "CreateRules"), "the probe tells them apart");
    let ram = [("ram", Service::Ram, "RAM 2015-05-01")];
    for (_, service, heading) in SERVICES.into_iter().chain(ram) {
        for (action, cells) in rows(heading) {
            let answered = is_answered(&world, now, service, &action);
            assert_eq!(cells[1], if answered { "yes" } else { "no" }, "{heading}: {action}");
        }
    }
}

#[test]
fn every_row_says_what_is_played_and_where_that_is_known_from() {
    let path_style = [("fc", Service::Fc, "Function Compute 2023-03-30"), ("oss", Service::Oss, "OSS")];
    for (_, _, heading) in SERVICES.into_iter().chain(path_style) {
        let rows = rows(heading);
        assert!(!rows.is_empty(), "{heading}");
        for (action, cells) in rows {
            assert!(!cells[2].is_empty() && !cells[3].is_empty(), "{heading}: {action}");
        }
    }
}
