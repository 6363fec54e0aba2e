//! Plan, apply and explain against an emulated cloud, over HTTP.

use crate::support::{Emulated, tool};

#[test]
fn a_plan_is_saved_seen_applied_exactly_and_then_there_is_nothing_to_do() {
    let folder = std::env::temp_dir().join(format!("albridge-plan-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let recording = folder.join("calls.jsonl");
    let recording = recording.to_str().unwrap();
    let cloud = Emulated::start(&["--deploy=false", "--speed", "120", "--record", recording]);
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

    drop(cloud);
    let replayed = tool(&["replay", recording], &[]);
    assert_eq!(replayed.code, 0, "a whole onboarding is answered again as it was: {}", replayed.stdout);
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

#[test]
fn a_run_is_started_followed_and_seen_afterwards() {
    let cloud = Emulated::start(&["--speed", "120"]);
    let homeless = cloud.tool(&["run", "web"]);
    assert_eq!(homeless.code, 64, "{}", homeless.stderr);
    let nowhere = cloud.tool(&["run", "web", "--home", "cn-beijing"]);
    assert_eq!(nowhere.code, 1);
    assert!(nowhere.stderr.contains("no workflow albridge in cn-beijing"), "{}", nowhere.stderr);

    let home = ["--home", "cn-hangzhou", "--json"];
    let before = cloud.tool(&[&["status"], &home[..]].concat());
    assert_eq!(before.code, 2, "nothing is built yet: {}", before.stdout);
    let run = cloud.tool(&[&["run", "web"], &home[..]].concat());
    assert_eq!(run.code, 0, "{} {}", run.stdout, run.stderr);
    let lines = run.json();
    let stages: Vec<_> = lines.iter().filter(|line| line["event"] == "stage").collect();
    assert_eq!(stages.len(), 12, "each stage, the connection's twice: {}", run.stdout);
    let finished = lines.last().unwrap();
    assert_eq!((&finished["status"], &finished["ok"]), (&"Succeeded".into(), &true.into()));

    let after = cloud.tool(&[&["status", "web"], &home[..]].concat());
    assert_eq!(after.code, 0, "{}", after.stdout);
    let lines = after.json();
    let listed = lines.iter().find(|line| line["run"] == finished["run"]).unwrap();
    assert_eq!(listed["status"], "Succeeded");
    let drift = lines.iter().find(|line| line["event"] == "drift").unwrap();
    assert_eq!((&drift["open"], &drift["blocked"]), (&0.into(), &0.into()));
}

#[test]
fn a_recording_is_made_again_and_what_differs_is_named() {
    let file = std::env::temp_dir().join(format!("albridge-record-{}.jsonl", std::process::id()));
    let name = file.to_str().unwrap();
    let recorded = {
        let cloud = Emulated::start(&["--deploy=false", "--record", name]);
        assert_eq!(cloud.tool(&["plan", "web"]).code, 2);
        std::fs::read_to_string(&file).unwrap()
    };
    let replay = |arguments: &[&str]| tool(&[&["replay", name], arguments].concat(), &[]);
    let alike = replay(&[]);
    assert_eq!(alike.code, 0, "{} {}", alike.stdout, alike.stderr);
    assert!(alike.stdout.contains("all answered as recorded"), "{}", alike.stdout);
    assert_eq!(replay(&["--seed", "5"]).code, 0);

    let changed = recorded.replacen(r#"\"CidrBlock\":\"192.168.7.0/24\""#, r#"\"CidrBlock\":\"192.168.77.0/24\""#, 1);
    assert_ne!(changed, recorded);
    std::fs::write(&file, changed).unwrap();
    let different = replay(&["--json"]);
    let lines = different.json();
    assert_eq!((different.code, lines.len()), (2, 2), "{}", different.stdout);
    let found = &lines[0]["difference"];
    assert_eq!((&found["recorded"], &found["replayed"]), (&"192.168.77.0/24".into(), &"192.168.7.0/24".into()));
    assert!(found["place"].as_str().unwrap().ends_with("CidrBlock"), "{found}");
    assert_eq!(lines[1]["differences"], 1);

    std::fs::write(&file, recorded.replacen(r#""deployed":false"#, r#""deployed":true"#, 1)).unwrap();
    assert_eq!(replay(&[]).code, 64);
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_strict_cloud_has_the_world_nothing_of_ours_and_a_secret_of_its_own() {
    let (one, two) = (Emulated::start(&["--strict"]), Emulated::start(&["--strict"]));
    assert_eq!(one.line["deployed"], false);
    let secret = |cloud: &Emulated| cloud.line["accessKeySecret"].as_str().unwrap().to_owned();
    assert_eq!(secret(&one).len(), 64, "nothing that stands in a document");
    assert_ne!(secret(&one), secret(&two));
    let plan = one.tool(&["plan", "web"]);
    assert_eq!(plan.code, 2, "the world is the procedure's, and its key is the printed one: {}", plan.stderr);
    assert_eq!(tool(&["emulate", "--strict", "--deploy"], &[]).code, 64);
}
