//! `history` on an emulated cloud: runs with what they wrote, marks, and how much is shown.

use emulator::call::Service;
use local::Options;

use super::Desk;
use super::breakages::{FAR, NEAR, masked, plain, running, working};

/// Twelve members, one of which drains.
async fn lived(name: &str) -> Desk {
    let more: String = (2..=12)
        .map(|number| {
            format!("  - {{ id: i-{number:02}, vswitch: vsw-4, securityGroups: [sg-2], tags: {{ app: web }} }}\n")
        })
        .collect();
    let scenario = running().replacen("\ncens:", &format!("{more}\ncens:"), 1);
    let desk = working(name, Options { scenario, ..Options::default() }).await;
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    let ran = desk.run(&["run", "web"]).await;
    assert!(matches!(ran.code, 0 | 2), "{}", ran.all());
    desk.settle().await;
    let params = [("ResourceType", "instance"), ("ResourceId.1", "i-02"), ("TagKey.1", "app")];
    desk.act(Service::Ecs, FAR, "UntagResources", &params);
    desk.settle().await;
    let ran = desk.run(&["run", "web"]).await;
    assert!(matches!(ran.code, 0 | 2), "{}", ran.all());
    desk
}

#[tokio::test(start_paused = true)]
async fn runs_are_told_with_what_they_wrote_and_marks_with_their_time() {
    let desk = lived("history").await;
    let ran = desk.run(&["history", "web"]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    let said = plain(&ran);
    for words in ["manual", "mark", "i-02 drains", "vpc-routes", "192.168.7.0/24", "succeeded after"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    insta::assert_snapshot!("history", masked(&said));

    let document: serde_json::Value = serde_json::from_str(&desk.run(&["history", "-o", "json"]).await.stdout).unwrap();
    let entries = document["entries"].as_array().unwrap();
    assert_eq!((&document["ok"], &document["binding"]), (&true.into(), &"web".into()));
    let times: Vec<&str> = entries.iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "newest first: {times:?}");
    assert!(entries.iter().any(|entry| entry["kind"] == "mark" && entry["instance"] == "i-02"), "{document}");
    let run = entries.iter().find(|entry| entry["kind"] == "run" && entry["changes"] != 0).unwrap();
    assert!(run["stages"].as_array().unwrap().iter().any(|stage| !stage["made"].as_array().unwrap().is_empty()));

    let yaml: serde_json::Value = serde_saphyr::from_str(&desk.run(&["history", "-o", "yaml"]).await.stdout).unwrap();
    assert_eq!(yaml, document, "the same document");
    let lines = desk.run(&["history", "--json"]).await.json();
    assert_eq!(lines.len(), entries.len() + 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_counted_and_all_and_since_choose() {
    let desk = lived("history-limit").await;
    let runs = |said: &str| said.lines().filter(|line| line.contains(" web-")).count();
    let one = plain(&desk.run(&["history", "web", "--limit", "1"]).await);
    let all = plain(&desk.run(&["history", "web", "--all"]).await);
    assert_eq!(runs(&one), 1, "{one}");
    let older = runs(&all) - 1;
    assert!(older > 0 && one.contains(&format!("+{older} older (--all, or --since, shows them)")), "{one}");
    let none = plain(&desk.run(&["history", "web", "--since", "0s"]).await);
    assert!(none.starts_with("web: 0 runs, newest first"), "{none}");
    let recent = plain(&desk.run(&["history", "web", "--since", "2026-11-22"]).await);
    assert_eq!(runs(&recent), runs(&all));
}

/// A Catch leads on from a state that gave up, so the execution succeeds.
#[tokio::test(start_paused = true)]
async fn a_run_says_which_state_gave_up_and_did_not_succeed() {
    let desk = working("gave-up", Options { scenario: running(), ..Options::default() }).await;
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    desk.settle().await;
    let roles = desk.act(Service::Ram, super::HOME, "ListRoles", &[]);
    let roles = roles["Roles"]["Role"].as_array().unwrap();
    let name = |role: &serde_json::Value| role["RoleName"].as_str().unwrap().to_owned();
    let role = roles.iter().map(name).find(|name| name.ends_with("vpc-routes")).unwrap();
    desk.delete_role(&role);
    let ran = desk.run(&["run", "web"]).await;
    assert_eq!(ran.code, 1, "{}", ran.all());
    let said = plain(&ran);
    assert!(
        said.lines().last().unwrap().ends_with("ended; VpcRoutes gave up; albridge status shows what is left"),
        "{said}"
    );

    let history = plain(&desk.run(&["history", "web"]).await);
    let last = history.lines().nth(1).unwrap();
    assert!(last.contains(" ended after ") && !last.contains("succeeded"), "{history}");
    assert!(history.contains("VpcRoutes gave up: "), "{history}");
    let document: serde_json::Value = serde_json::from_str(&desk.run(&["history", "-o", "json"]).await.stdout).unwrap();
    assert_eq!(document["entries"][0]["failed"], serde_json::json!(["VpcRoutes"]), "{document}");
    assert!(plain(&desk.status().await).contains("VpcRoutes gave up"));
}
