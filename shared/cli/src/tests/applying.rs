//! `apply` where the cloud denies a write, and where others apply at the same time: what each says of itself.

use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use local::Options;
use serde_json::Value;

use super::breakages::{plain, running, working};
use super::{Desk, Ran};

/// How RAM and the services say that a key may not make a call.
const DENIALS: [&str; 3] = ["Forbidden.RAM", "NoPermission", "Forbidden"];

impl Desk {
    fn forbid(&self, service: Service, action: &str, code: &str) {
        let refusal = ApiError::new(403, code, "User not authorized to operate on the specified resource.");
        self.local.cloud().inject(Rule::refuse(refusal).on(service, action)).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_write_names_the_permission_and_what_prints_it() {
    for (number, code) in DENIALS.into_iter().enumerate() {
        let desk =
            Desk::start(&format!("denied-{number}"), Options { scenario: running(), ..Options::default() }).await;
        desk.forbid(Service::Alb, "CreateListener", code);
        let ran = desk.run(&["apply", "web", "--yes"]).await;
        let said = plain(&ran);
        assert_eq!(ran.code, 2, "{said}");
        let remedy = "XREG-REFUSED Give the caller's role or user alb:CreateListener on this resource: `albridge policy listener`";
        assert!(said.contains(code) && said.contains(remedy), "{said}");
        let again = desk.run(&["apply", "web", "--yes", "--json"]).await;
        let left = again.json().last().unwrap()["left"][0].clone();
        assert_eq!(left["code"], "XREG-REFUSED", "{left}");
        assert!(left["remedy"].as_str().unwrap().contains("`albridge policy listener` prints"), "{left}");
        // What it names can be run.
        assert_eq!(desk.run(&["policy", "listener"]).await.code, 0);
        desk.heal();
        let healed = desk.run(&["apply", "web", "--yes"]).await;
        assert_eq!(healed.code, 0, "{}", healed.all());
    }
}

/// The run's report goes through the workflow as JSON; what it left names the permission, too.
#[tokio::test(start_paused = true)]
async fn a_write_that_a_function_is_denied_names_it_as_well() {
    let desk = Desk::start("denied-run", Options { scenario: running(), ..Options::default() }).await;
    desk.forbid(Service::Ecs, "AuthorizeSecurityGroup", "Forbidden.RAM");
    let ran = desk.run(&["run", "web"]).await;
    let said = plain(&ran);
    assert_eq!(ran.code, 2, "{said}");
    assert!(said.contains("ecs:AuthorizeSecurityGroup") && said.contains("`albridge policy security-rules`"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_denied_teardown_and_import_name_theirs() {
    let desk = working("denied-later", Options { scenario: running(), ..Options::default() }).await;
    desk.pause();
    desk.forbid(Service::Alb, "DeleteListener", "NoPermission");
    let said = plain(&desk.run(&["teardown", "web", "--yes"]).await);
    assert!(said.contains("alb:DeleteListener") && said.contains("`albridge policy teardown`"), "{said}");
}

/// The last line of JSON: what was made, and what was found done.
fn counts(ran: &Ran) -> (u64, u64) {
    let last = ran.json().pop().unwrap();
    let count = |field: &str| last[field].as_u64().unwrap_or_else(|| panic!("{field}: {last}"));
    (count("made"), count("found"))
}

#[tokio::test(start_paused = true)]
async fn each_of_several_applies_counts_what_it_made_itself() {
    let alone = Desk::start("alone", Options { scenario: running(), ..Options::default() }).await;
    let planned = alone.run(&["plan", "web", "--json"]).await.json().pop().unwrap()["changes"].as_u64().unwrap();
    let (whole, none) = counts(&alone.run(&["apply", "web", "--yes", "--json"]).await);
    assert!(whole >= planned && none == 0, "{whole} of {planned}");

    let desk = Desk::start("together", Options { scenario: running(), ..Options::default() }).await;
    let apply = || desk.run(&["apply", "web", "--yes", "--json"]);
    let (one, two, three) = tokio::join!(apply(), apply(), apply());
    let mut made = 0;
    for ran in [&one, &two, &three] {
        assert_eq!(ran.code, 0, "{}", ran.all());
        let (mine, found) = counts(ran);
        assert!(mine + found >= planned, "{mine} made and {found} found of {planned}");
        let stages: Vec<Value> = ran.json().into_iter().filter(|line| line["event"] == "stage").collect();
        assert_eq!(stages.iter().map(|stage| stage["changes"].as_u64().unwrap()).sum::<u64>(), mine);
        assert_eq!(stages.iter().map(|stage| stage["found"].as_u64().unwrap()).sum::<u64>(), found);
        made += mine;
    }
    // A create that all of them send under one token is answered to each of them as made.
    let creates = 5;
    assert!((whole..=whole + 2 * creates).contains(&made), "{made} made in all, {whole} by one alone");

    let late = Desk::start("late", Options { scenario: running(), ..Options::default() }).await;
    let file = late.file("plan.json").display().to_string();
    assert_eq!(late.run(&["plan", "web", "--out", &file]).await.code, 2);
    assert_eq!(late.run(&["apply", "web", "--yes"]).await.code, 0);
    let said = plain(&late.run(&["apply", "web", "--yes"]).await);
    assert!(!said.contains("made in"), "{said}");
}
