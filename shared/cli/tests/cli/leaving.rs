//! Members that leave: `apply` drains them, says who goes when, and ends; a saved plan names what follows.

use crate::support::Emulated;

#[test]
fn two_of_twelve_that_are_no_longer_selected_drain_and_apply_ends_well() {
    let folder = std::env::temp_dir().join(format!("albridge-leaving-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    // Ten of the twelve have one tag more.
    let more: String = (2..=12)
        .map(|number| {
            let tier = if number <= 3 { "" } else { ", tier: front" };
            format!("  - {{ id: i-{number:02}, vswitch: vsw-4, securityGroups: [sg-2], tags: {{ app: web{tier} }} }}\n")
        })
        .collect();
    let scenario = emulator::PROCEDURE
        .replace("state: Stopped, tags: { app: web }", "tags: { app: web, tier: front }")
        .replacen("\ncens:", &format!("{more}\ncens:"), 1);
    std::fs::write(file("world.yml"), scenario).unwrap();
    let narrow = local::PROCEDURE_BINDING.replacen("tags: { app: web }", "tags: { app: web, tier: front }", 1);
    assert_ne!(narrow, local::PROCEDURE_BINDING);
    std::fs::write(file("narrow.yml"), narrow).unwrap();

    // The drain of 20 minutes has to outlast three commands: half a minute of real time.
    let cloud = Emulated::start(&["--deploy=false", "--speed", "120", "--scenario", &file("world.yml")]);
    let built = cloud.tool(&["apply", "--yes"]);
    assert_eq!(built.code, 0, "{} {}", built.stdout, built.stderr);

    let bindings = ["--bindings", &file("narrow.yml")];
    let saved = file("plan.json");
    let plan = cloud.tool(&[&["plan", "--out", &saved], &bindings[..]].concat());
    assert_eq!(plan.code, 2, "{}", plan.stderr);
    for leaver in ["i-02", "i-03"] {
        let then: Vec<&str> = plan.stdout.lines().filter(|line| line.trim_start().starts_with("then: ")).collect();
        let named = then.iter().filter(|line| line.contains(leaver) && line.ends_with("(untagged) after 20 minutes"));
        assert_eq!(named.count(), 1, "{}", plan.stdout);
    }
    let applied = cloud.tool(&[&["apply", "--plan", &saved], &bindings[..]].concat());
    assert_eq!(applied.code, 0, "{} {}", applied.stdout, applied.stderr);
    let told = "web: i-02 and i-03 are draining; the next run or apply removes them after ";
    assert!(applied.stdout.contains(told), "{}", applied.stdout);

    let again = cloud.tool(&[&["apply", "--yes", "--json"], &bindings[..]].concat());
    assert_eq!(again.code, 0, "{} {}", again.stdout, again.stderr);
    let leaving: Vec<_> = again.json().into_iter().filter(|line| line["event"] == "leaving").collect();
    assert!(leaving.iter().any(|line| line["members"] == serde_json::json!(["i-02", "i-03"])), "{leaving:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
