//! Completions and man pages, as a shell and a reader get them.

use crate::support::{Emulated, tool};

/// What the tool proposes for the last of these words.
fn proposed(environment: &[(&str, &str)], words: &[&str]) -> Vec<String> {
    let mut environment = environment.to_vec();
    let index = (words.len() - 1).to_string();
    environment.extend([("COMPLETE", "bash"), ("_CLAP_IFS", "\n"), ("_CLAP_COMPLETE_INDEX", index.as_str())]);
    let mut arguments = vec!["--"];
    arguments.extend(words);
    let ran = tool(&arguments, &environment);
    assert_eq!(ran.code, 0, "{words:?}: {}", ran.stderr);
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn completions_know_bindings_and_instances() {
    let cloud = Emulated::start(&["--deploy=false"]);
    let environment = cloud.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(proposed(&environment, &["albridge", "plan", "w"]), ["web"]);
    assert_eq!(proposed(&environment, &["albridge", "explain", "i-"]), ["i-ecs1"]);
    assert_eq!(proposed(&environment, &["albridge", "import", "web", ""]).first().map(String::as_str), Some("i-ecs1"));
    assert_eq!(proposed(&environment, &["albridge", "plan", "--target", "vpc-r"]), ["vpc-routes"]);
    assert!(proposed(&environment, &["albridge", "pol"]).contains(&"policy".to_owned()));
}

#[test]
fn without_a_cloud_bindings_of_a_file_are_known_and_nothing_is_waited_for() {
    let file = std::env::temp_dir().join(format!("albridge-complete-{}.yml", std::process::id()));
    let told = "notify:\n  - { name: night-shift, kind: slack, url: https://hooks.example/x }\n";
    std::fs::write(&file, local::PROCEDURE_BINDING.replacen("bindings:", &format!("{told}bindings:"), 1)).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(proposed(&[], &["albridge", "notify", "--bindings", file, "n"]), ["night-shift"]);
    assert_eq!(proposed(&[], &["albridge", "plan", "--bindings", file, "w"]), ["web"]);
    assert!(proposed(&[], &["albridge", "explain", "--bindings", file, "i-"]).is_empty(), "there is no key");
    assert!(proposed(&[], &["albridge", "plan", "w"]).is_empty());
    std::fs::remove_file(file).unwrap();
}

#[test]
fn man_pages_are_written_for_every_command() {
    let folder = std::env::temp_dir().join(format!("albridge-man-{}", std::process::id()));
    let ran = tool(&["man", folder.to_str().unwrap()], &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let page =
        |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(page("albridge.1").contains("albridge\\-explain(1)"), "{}", page("albridge.1"));
    let plan = page("albridge-plan.1");
    for words in [".TH", "\\-\\-target", "albridge plan web"] {
        assert!(plan.contains(words), "{words}: {plan}");
    }
    let count = std::fs::read_dir(&folder).unwrap().count();
    assert!(ran.stderr.contains(&format!("{count} man pages are in ")), "{count}: {}", ran.stderr);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn help_fits_the_terminal() {
    for (columns, widest) in [("60", 60), ("200", 120)] {
        let help = tool(&["plan", "--help"], &[("COLUMNS", columns)]);
        let longest = help.stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= widest && longest > widest / 2, "{columns} columns: {longest}");
    }
}
