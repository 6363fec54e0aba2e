//! docs/getting-started.md: its commands, in their order, on the procedure's world. docs/operations.md: its commands are ones.

use clap::Parser;
use local::{Options, PROCEDURE_BINDING};

use super::Desk;
use super::deploying::packages;
use crate::args::Cli;

const PAGE: &str = include_str!("../../../../docs/getting-started.md");

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

#[test]
fn every_command_of_the_operators_page_can_be_meant() {
    let commands: Vec<&str> = OPERATIONS.lines().filter_map(|line| line.strip_prefix("$ albridge ")).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let words = command.split(['#', '|', '>']).next().unwrap().split_whitespace();
        let parsed = Cli::try_parse_from(std::iter::once("albridge").chain(words));
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}

/// The exit codes that the page tells.
fn expected(command: &str) -> &'static [u8] {
    match command {
        // Something to do; and members without weight until the first instance starts.
        "deploy --dry-run" | "plan web" => &[2],
        "apply web --yes" => &[0, 2],
        _ => &[0],
    }
}

#[tokio::test(start_paused = true)]
async fn every_command_of_the_page_works_in_its_order() {
    let desk = Desk::before_deployment("starting", Options::default()).await;
    packages(&desk, "first");
    let folder = desk.file("packages").display().to_string();
    let (mut commands, mut paused) = (0, false);
    for line in PAGE.lines() {
        if line.contains("Set `paused: true` in the binding") {
            let bindings = PROCEDURE_BINDING.replacen("- name: web\n", "- name: web\n    paused: true\n", 1);
            std::fs::write(desk.file("bindings.yml"), bindings).unwrap();
            paused = true;
        }
        let Some(command) = line.strip_prefix("$ albridge ") else { continue };
        commands += 1;
        let mut arguments: Vec<&str> = command.split(' ').collect();
        if matches!(arguments[0], "deploy" | "doctor") {
            arguments.extend(["--packages", &folder]);
        }
        let ran = desk.run(&arguments).await;
        assert!(expected(command).contains(&ran.code), "{command}: {} {}", ran.code, ran.all());
    }
    assert!(commands >= 8 && paused, "{commands}");
    assert_eq!(desk.local.cloud().with(|world| world.functions().count()), 0, "the way back leads back");
}
