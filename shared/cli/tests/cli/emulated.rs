//! Plan, apply and explain against an emulated cloud, over HTTP.

use crate::support::Emulated;

#[test]
fn a_plan_is_saved_seen_applied_exactly_and_then_there_is_nothing_to_do() {
    let cloud = Emulated::start(&["--deploy=false", "--speed", "100"]);
    let folder = std::env::temp_dir().join(format!("albridge-plan-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("plan.json");
    let file = file.to_str().unwrap();

    let plan = cloud.tool(&["plan", "web", "--out", file]);
    assert_eq!(plan.code, 2, "{}", plan.stderr);
    insta::assert_snapshot!("plan_of_the_procedure", plan.stdout);

    let explain = cloud.tool(&["explain", "192.168.7.10", "--json"]);
    assert_eq!(explain.code, 2, "{}", explain.stderr);
    assert_eq!(explain.json()[0]["explanation"]["verdict"]["verdict"], "unreachable");

    let applied = cloud.tool(&["apply", "--plan", file, "--json"]);
    assert_eq!(applied.code, 0, "{} {}", applied.stdout, applied.stderr);
    let stages: Vec<_> = applied.json().into_iter().filter(|line| line["event"] == "stage").collect();
    assert_eq!(stages.len(), 11);
    assert!(stages.iter().all(|stage| stage["stage"] != "dispatch"));

    let again = cloud.tool(&["apply", "--plan", file]);
    assert_eq!(again.code, 1, "that plan is done");
    assert!(again.stderr.contains("Make a new plan"), "{}", again.stderr);

    let nothing = cloud.tool(&["plan"]);
    assert_eq!(nothing.code, 0, "{}", nothing.stdout);
    assert_eq!(nothing.stdout, "web: everything is in place\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_empty_world_is_planned_for_with_reasons() {
    let cloud = Emulated::start(&["--scenario", "empty"]);
    assert_eq!(cloud.line["deployed"], false);
    let plan = cloud.tool(&["plan", "--json"]);
    let lines = plan.json();
    assert!(plan.code == 1 || plan.code == 2, "{} {}", plan.code, plan.stdout);
    assert!(lines[0].to_string().contains("XREG-ALB-MISSING"), "{}", lines[0]);
    let explain = cloud.tool(&["explain", "i-nowhere"]);
    assert_eq!(explain.code, 1);
    assert!(explain.stderr.contains("i-nowhere"), "{}", explain.stderr);
}
