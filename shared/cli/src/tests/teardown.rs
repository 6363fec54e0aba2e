//! `teardown BINDING`: what it shows, what it says on the way, how it ends.

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::{Options, PROCEDURE_BINDING};
use serde_json::Value;

use super::Desk;
use super::breakages::{masked, plain};

/// The procedure's world with its instance running, and everything in place for it.
pub(super) async fn working(name: &str) -> Desk {
    let scenario = emulator::PROCEDURE.replacen("state: Stopped, ", "", 1);
    let desk = Desk::start(name, Options { scenario, ..Options::default() }).await;
    let applied = desk.run(&["apply", "web", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.all());
    desk
}

impl Desk {
    fn write(&self, bindings: &str) {
        std::fs::write(self.file("bindings.yml"), bindings).unwrap();
    }

    pub(super) fn pause(&self) {
        self.write(&PROCEDURE_BINDING.replacen("    provision: auto", "    paused: true\n    provision: auto", 1));
    }

    fn writes(&self) -> usize {
        let log = self.local.cloud().gateway().log();
        log.iter().filter(|call| call.writes && call.succeeded()).count()
    }
}

#[tokio::test(start_paused = true)]
async fn it_shows_what_goes_and_what_stays_waits_for_the_drain_and_ends_with_nothing_left() {
    let desk = working("gone").await;
    desk.pause();
    let before = desk.writes();
    let shown = desk.run(&["teardown", "web", "--dry-run"]).await;
    assert_eq!(shown.code, 2, "{}", shown.all());
    insta::assert_snapshot!("a_teardown_is_shown_part_by_part", masked(&plain(&shown)));
    let shown = desk.run(&["teardown", "web", "--dry-run", "--attachments"]).await;
    assert_eq!(shown.code, 2, "{}", shown.all());
    insta::assert_snapshot!("a_teardown_with_attachments", masked(&plain(&shown)));
    assert_eq!(desk.writes(), before, "a dry run writes nothing");

    let gone = desk.run(&["teardown", "web", "--yes"]).await;
    assert_eq!(gone.code, 0, "{}", gone.all());
    insta::assert_snapshot!("a_teardown_says_what_it_did", masked(&plain(&gone)));
    let made = desk.writes();
    let again = desk.run(&["teardown", "web", "--yes"]).await;
    assert_eq!((again.code, desk.writes()), (0, made), "{}", again.all());
    assert!(plain(&again).starts_with("web: nothing is left to take away\n"), "{}", again.all());

    let gone = desk.run(&["teardown", "web", "--yes", "--attachments", "--json"]).await;
    assert_eq!(gone.code, 0, "{}", gone.all());
    let lines = gone.json();
    let last = lines.last().unwrap();
    assert_eq!((&last["ok"], &last["left"]), (&Value::from(true), &Value::from(0)), "{last}");
    let first = &lines[0];
    assert_eq!((&first["event"], &first["binding"]), (&"teardown".into(), &"web".into()));
    assert!(first["changes"].as_array().unwrap().iter().any(|change| change["write"]["do"] == "detachVpc"), "{first}");
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_may_come_back_is_refused_with_the_way() {
    let desk = working("back").await;
    let before = desk.writes();
    let refused = desk.run(&["teardown", "web", "--yes"]).await;
    assert_eq!((refused.code, desk.writes()), (1, before), "{}", refused.all());
    assert!(
        refused.stderr.contains("XREG-NOT-PAUSED") && refused.stderr.contains("Set paused: true"),
        "{}",
        refused.stderr
    );
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_was_taken_out_or_renamed_is_named_by_a_file_that_still_has_it() {
    let desk = working("was").await;
    desk.write(&PROCEDURE_BINDING.replacen("- name: web", "- name: site", 1));
    let was = desk.file("old.yml").display().to_string();
    let unknown = desk.run(&["teardown", "web", "--yes"]).await;
    assert_eq!(unknown.code, 64, "{}", unknown.all());
    assert!(
        unknown.stderr.contains("has no binding web; it has: site") && unknown.stderr.contains("--was FILE"),
        "{}",
        unknown.stderr
    );
    let missing = desk.run(&["teardown", "web", "--yes", "--was", &was]).await;
    assert_eq!(missing.code, 64, "{}", missing.all());
    std::fs::write(&was, PROCEDURE_BINDING).unwrap();
    let other = desk.run(&["teardown", "nobody", "--yes", "--was", &was]).await;
    assert_eq!(other.code, 64, "{}", other.all());
    let same = desk.run(&["teardown", "site", "--yes", "--was", &was]).await;
    assert_eq!(same.code, 64, "{}", same.all());

    let gone = desk.run(&["teardown", "web", "--yes", "--was", &was, "--attachments"]).await;
    assert_eq!(gone.code, 0, "{}", gone.all());
    insta::assert_snapshot!("what_the_new_name_wants_stays", masked(&plain(&gone)));
    let applied = desk.run(&["apply", "site", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.all());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_first_and_nothing_that_depends_on_it_goes() {
    let desk = working("unread").await;
    desk.pause();
    let refusal = ApiError::new(403, "NoPermission", "You are not authorized.");
    desk.local.cloud().inject(Rule::refuse(refusal).on(Service::Alb, "ListServerGroupServers")).unwrap();
    let before = desk.writes();
    let ran = desk.run(&["teardown", "web", "--yes", "--attachments"]).await;
    assert_eq!((ran.code, desk.writes()), (1, before), "{}", ran.all());
    assert!(plain(&ran).starts_with("web: not known, because readings failed\n"), "{}", ran.all());
    desk.heal();
    let ran = desk.run(&["teardown", "web", "--yes", "--attachments"]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn a_refused_removal_is_left_named_and_done_by_the_next_teardown() {
    let desk = working("refused").await;
    desk.pause();
    let refusal = ApiError::new(403, "NoPermission", "You are not authorized.");
    desk.local.cloud().inject(Rule::refuse(refusal).on(Service::Alb, "DeleteListener")).unwrap();
    let ran = desk.run(&["teardown", "web", "--yes"]).await;
    assert_eq!(ran.code, 2, "{}", ran.all());
    let said = masked(&plain(&ran));
    assert!(
        said.contains("XREG-REFUSED") && said.contains("left: 2 things (the same command again goes on)"),
        "{said}"
    );
    desk.heal();
    let ran = desk.run(&["teardown", "web", "--yes"]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn options_that_do_not_go_together_are_usage_errors() {
    use clap::Parser;
    for arguments in [
        &["teardown"][..],
        &["teardown", "--deployment", "--attachments"],
        &["teardown", "--deployment", "--was", "old.yml"],
        &["teardown", "web", "--store"],
    ] {
        let parsed = crate::args::Cli::try_parse_from(std::iter::once(&"albridge").chain(arguments));
        assert!(parsed.is_err(), "{arguments:?}");
    }
    let desk = Desk::start("together", Options::default()).await;
    for arguments in
        [&["teardown", "web", "--yes", "--deployment"][..], &["teardown", "web", "--yes", "--settings", "x"]]
    {
        let ran = desk.run(arguments).await;
        assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.all());
    }
}
