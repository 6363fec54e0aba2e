//! docs/getting-started.md: its commands, in their order, on the procedure's world. README.md and docs/scenarios.md: the commands that try
//! something. Of every page: what begins as a command is one.

use clap::Parser;
use local::{Options, PROCEDURE_BINDING};

use super::Desk;
use super::deploying::packages;
use crate::args::Cli;

const PAGE: &str = include_str!("../../../../docs/getting-started.md");

const README: &str = include_str!("../../../../README.md");
const SCENARIOS: &str = include_str!("../../../../docs/scenarios.md");

/// The pages with commands, and how many each has at least.
const PAGES: [(&str, &str, usize); 9] = [
    ("README.md", README, 7),
    ("getting-started.md", PAGE, 8),
    ("scenarios.md", SCENARIOS, 5),
    ("operations.md", include_str!("../../../../docs/operations.md"), 10),
    ("bindings.md", include_str!("../../../../docs/bindings.md"), 2),
    ("how-it-works.md", include_str!("../../../../docs/how-it-works.md"), 4),
    ("emulator.md", include_str!("../../../../docs/emulator.md"), 1),
    ("console.md", include_str!("../../../../docs/console.md"), 0),
    ("runbook.md", include_str!("../../../../docs/runbook.md"), 0),
];

/// The commands of a page, without what a shell does with their output.
fn commands(page: &str) -> impl Iterator<Item = Vec<&str>> {
    const WAYS: [&str; 3] = ["$ albridge ", "$ cargo run -q -- ", "$ cargo run -- "];
    let command = |line| WAYS.into_iter().find_map(|way| str::strip_prefix(line, way));
    page.lines()
        .filter_map(command)
        .map(|command| command.split(['#', '|', '>']).next().unwrap_or_default().split_whitespace().collect())
}

#[test]
fn every_command_of_the_pages_can_be_meant() {
    for (page, text, least) in PAGES {
        let mut count = 0;
        for words in commands(text) {
            count += 1;
            let parsed = Cli::try_parse_from(std::iter::once("albridge").chain(words.iter().copied()));
            assert!(parsed.is_ok(), "{page}: {words:?}: {}", parsed.unwrap_err());
        }
        assert!(count >= least, "{page}: {count} commands");
    }
}

/// The code blocks of the page that have a file's name.
fn block(page: &'static str, file: &str) -> &'static str {
    let (_, rest) = page.split_once(&format!("```yaml {file}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Runs the commands of a page that are not `emulate`, and gives their exit codes.
async fn tried(desk: &Desk, page: &str) -> Vec<(String, u8)> {
    let known = ["validate", "plan", "apply", "explain"];
    let mut codes = Vec::new();
    for words in commands(page).filter(|words| known.contains(&words[0])) {
        let ran = desk.run(&words).await;
        assert!(matches!(ran.code, 0 | 2), "{words:?}: {}", ran.all());
        codes.push((words.join(" "), ran.code));
    }
    codes
}

#[tokio::test(start_paused = true)]
async fn the_commands_of_the_readme_that_try_it_work() {
    let desk = Desk::before_deployment("readme", Options::default()).await;
    let section = README.split_once("To try them against an emulated cloud").unwrap().1;
    let codes = tried(&desk, section).await;
    let codes: Vec<(&str, u8)> = codes.iter().map(|(command, code)| (command.as_str(), *code)).collect();
    // Something to do; ECS1 is stopped, and has no member yet.
    assert_eq!(codes, [("plan web", 2), ("apply web --yes", 0), ("explain i-ecs1", 2)]);
}

#[tokio::test(start_paused = true)]
async fn the_example_of_a_scenario_is_a_world_and_its_commands_work_there() {
    let (scenario, bindings) =
        (block(SCENARIOS, "scenario.yml").to_owned(), block(SCENARIOS, "bindings.yml").to_owned());
    let desk = Desk::before_deployment("scenario", Options { scenario, bindings, ..Options::default() }).await;
    let codes = tried(&desk, SCENARIOS).await;
    let codes: Vec<(&str, u8)> = codes.iter().map(|(command, code)| (command.as_str(), *code)).collect();
    let expected = [("validate", 0), ("plan shop", 2), ("apply shop --yes", 2), ("explain i-shop-1", 0)];
    assert_eq!(codes, expected);
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
