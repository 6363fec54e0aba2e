//! What a binding leaves to others is shown as it is, and neither planned nor written.

use std::collections::BTreeSet;

use emulator::AccountState;
use local::{Options, PROCEDURE_BINDING};

use super::Desk;
use super::breakages::{plain, running, working};

/// How often something was written; functions and roles are used and not changed.
fn writes(desk: &Desk) -> usize {
    let log = desk.local.cloud().gateway().log();
    log.iter().filter(|call| call.writes && !matches!(call.action.as_str(), "InvokeFunction" | "AssumeRole")).count()
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_is_shown_and_left_by_plan_apply_and_runs() {
    let ignore = "healthCheck: { path: / }, ignore: [weight, healthCheck.path]";
    let bindings = PROCEDURE_BINDING.replacen("healthCheck: { path: / }", ignore, 1);
    let desk = working("ignoring", Options { scenario: running(), bindings, ..Options::default() }).await;
    let state = AccountState::WebServer("i-ecs1".to_owned(), [80].into(), None::<BTreeSet<String>>);
    assert!(desk.local.cloud().with(|world| world.set_account(state)));
    desk.member("60");
    desk.settle().await;
    desk.health_check("HealthCheckPath", "/theirs");
    desk.settle().await;
    let told = ["weight of 192.168.7.10:80 is 60, not 100", "is /theirs, not /"];

    let planned = desk.run(&["plan", "web"]).await;
    assert_eq!(planned.code, 0, "{}", planned.all());
    let said = plain(&planned);
    assert!(said.starts_with("web: everything is in place\n"), "{said}");
    assert!(said.lines().filter(|line| line.starts_with("  ignored: ")).count() == 2, "{said}");
    assert!(told.iter().all(|words| said.contains(words)), "{said}");
    let looked = desk.status().await;
    assert_eq!(looked.code, 0, "{}", looked.all());
    let said = plain(&looked);
    assert!(said.contains("drift    none\n") && told.iter().all(|words| said.contains(words)), "{said}");
    let document = desk.run(&["plan", "web", "--json"]).await.json();
    assert_eq!(document[0]["ignored"][0]["have"], "/theirs", "{document:?}");

    let before = writes(&desk);
    let applied = desk.run(&["apply", "web", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.all());
    let ran = desk.run(&["run", "web"]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    // The run itself, and nothing by it.
    assert_eq!(writes(&desk) - before, 1, "{}", ran.all());

    // Anything else is put right as ever, and what is ignored stays.
    desk.health_check("HealthCheckInterval", "7");
    desk.settle().await;
    let said = plain(&desk.run(&["plan", "web"]).await);
    assert!(said.contains("health check interval 7 s -> 2 s") && !said.contains("/theirs -> /"), "{said}");
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    let said = plain(&desk.status().await);
    assert!(said.contains("drift    none\n") && told.iter().all(|words| said.contains(words)), "{said}");

    // Without the word it is drift.
    desk.rewrite(", ignore: [weight, healthCheck.path]", "");
    let said = plain(&desk.run(&["plan", "web"]).await);
    assert!(said.contains("weight 60 -> 100") && said.contains("health check path /theirs -> /"), "{said}");
}
