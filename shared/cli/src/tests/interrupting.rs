//! Ctrl-C while `apply`, `deploy` or `teardown` works: what was sent is waited for, nothing further is begun, and it is said what is made, what nobody knows
//! and how to go on; the same command again does the rest.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::Request;
use local::Options;
use openapi::{Sending, Sent, Transport};
use tokio::sync::watch;

use super::breakages::{plain, running};
use super::teardown::working;
use super::{Desk, Ran};
use crate::interrupt::Interrupts;

/// Interrupts at the first call of an action, whose answer then takes its time.
struct Interrupting {
    through: Arc<dyn Transport>,
    clock: Clock,
    action: &'static str,
    /// How long the answer takes; `None` if it never comes.
    answer: Option<Duration>,
    ctrl_c: watch::Sender<()>,
    /// The writes after the interruption.
    later: Arc<AtomicUsize>,
    over: Mutex<bool>,
    /// Whether Ctrl-C was pressed: what is sent side by side with the call comes before it.
    pressed: Arc<AtomicBool>,
}

impl Transport for Interrupting {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let sent = request.extensions().get::<Sent>().cloned();
        let mut over = self.over.lock().unwrap();
        let writes = sent.as_ref().is_some_and(|sent| sent.writes);
        if self.pressed.load(Ordering::Relaxed) && writes {
            self.later.fetch_add(1, Ordering::Relaxed);
        }
        let sending = self.through.send(request);
        if *over || sent.is_none_or(|sent| sent.action != self.action) {
            return sending;
        }
        *over = true;
        let (clock, answer, ctrl_c) = (self.clock.clone(), self.answer, self.ctrl_c.clone());
        let pressed = Arc::clone(&self.pressed);
        Box::pin(async move {
            let answered = sending.await;
            ctrl_c.send(()).unwrap();
            pressed.store(true, Ordering::Relaxed);
            match answer {
                Some(time) => clock.sleep(time).await,
                None => std::future::pending().await,
            }
            answered
        })
    }
}

/// What an apply says that is interrupted at an action, and how many writes came after that.
async fn interrupted(desk: &Desk, action: &'static str, answer: Option<Duration>, arguments: &[&str]) -> (Ran, usize) {
    let (ctrl_c, interrupts) = watch::channel(());
    let later = Arc::new(AtomicUsize::new(0));
    let transport = Interrupting {
        through: desk.transport(),
        clock: desk.local.clock().clone(),
        action,
        answer,
        ctrl_c,
        later: Arc::clone(&later),
        over: Mutex::new(false),
        pressed: Arc::default(),
    };
    let ran = desk.run_between(Arc::new(transport), Interrupts::Test(interrupts), arguments).await;
    (ran, later.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_waited_for_and_nothing_further_is_begun() {
    let desk = Desk::start("interrupt", Options { scenario: running(), ..Options::default() }).await;
    let seconds = Some(Duration::from_secs(8));
    let action = "CreateTransitRouterVpcAttachment";
    let (ran, later) = interrupted(&desk, action, seconds, &["apply", "web", "--yes"]).await;
    let said = plain(&ran);
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    for words in [
        "web: interrupted in vpc-attachments after",
        "changes made before that",
        &format!("made: {action} in cn-"),
        "at most: vpc-attachments",
        "To go on: `albridge apply web`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("not known") && ran.stderr.contains("is waited for"), "{}", ran.all());

    let again = desk.run(&["apply", "web", "--yes"]).await;
    assert!(matches!(again.code, 0 | 2), "{}", again.all());
    desk.settle().await;
    assert_eq!(desk.run(&["plan", "web"]).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_does_not_come_is_reported_as_not_known() {
    let desk = Desk::start("interrupt-unknown", Options { scenario: running(), ..Options::default() }).await;
    let (ran, later) = interrupted(&desk, "CreateServerGroup", None, &["apply", "web", "--yes", "--json"]).await;
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    let lines = ran.json();
    let line = lines.iter().find(|line| line["event"] == "interrupted").unwrap();
    assert_eq!(line["unknown"], serde_json::json!(["CreateServerGroup in cn-chengdu"]), "{line}");
    assert_eq!((&line["stage"], &line["calls"]), (&"server-group".into(), &serde_json::json!([])));
    assert_eq!(lines.last().unwrap()["exitCode"], 130);
    // It was made, and the next apply finds it.
    let again = desk.run(&["apply", "web", "--yes"]).await;
    assert!(matches!(again.code, 0 | 2), "{}", again.all());
    desk.settle().await;
    assert_eq!(desk.run(&["plan", "web"]).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_the_cloud_it_ends_at_once() {
    let desk = Desk::start("interrupt-waiting", Options { scenario: running(), ..Options::default() }).await;
    let (ctrl_c, interrupts) = watch::channel(());
    let arguments = ["apply", "web", "--yes"];
    let applying = desk.run_until(Interrupts::Test(interrupts), None, &arguments);
    let pressing = async {
        // Attachments take about a minute each.
        desk.local.clock().sleep(Duration::from_secs(40)).await;
        ctrl_c.send(()).unwrap();
        desk.local.clock().now()
    };
    let (ran, pressed) = tokio::join!(applying, pressing);
    assert_eq!(ran.code, 130, "{}", ran.all());
    let took = desk.local.clock().now().duration_since(pressed);
    assert!(took.as_secs() < 21, "{took}: {}", ran.all());
    assert!(plain(&ran).contains("To go on"), "{}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn a_teardown_says_what_is_gone_and_the_same_command_goes_on() {
    let desk = working("interrupt-teardown").await;
    desk.pause();
    let arguments = ["teardown", "web", "--yes", "--attachments"];
    let (ran, later) = interrupted(&desk, "DeleteListener", Some(Duration::from_secs(8)), &arguments).await;
    let said = plain(&ran);
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    for words in [
        "web: the teardown was interrupted after",
        "made: RemoveServersFromServerGroup in cn-chengdu",
        "made: DeleteListener in cn-chengdu",
        "at most",
        "To go on: `albridge teardown web --attachments`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(ran.stderr.contains("is waited for"), "{}", ran.all());
    let again = desk.run(&arguments).await;
    assert_eq!(again.code, 0, "{}", again.all());
    let shown = desk.run(&["teardown", "web", "--dry-run", "--attachments"]).await;
    assert!(plain(&shown).starts_with("web: nothing is left to take away"), "{}", shown.all());
}

#[tokio::test(start_paused = true)]
async fn a_teardown_that_is_interrupted_while_members_drain_says_how_they_are_left() {
    let desk = working("interrupt-drain").await;
    desk.pause();
    let action = "UpdateServerGroupServersAttribute";
    let (ran, later) = interrupted(&desk, action, None, &["teardown", "web", "--yes", "--json"]).await;
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    let lines = ran.json();
    let line = lines.iter().find(|line| line["event"] == "interrupted").unwrap();
    assert_eq!(line["unknown"], serde_json::json!([format!("{action} in cn-chengdu")]), "{line}");
    let (ran, _) = interrupted(&desk, "RemoveServersFromServerGroup", None, &["teardown", "web", "--yes"]).await;
    assert!(plain(&ran).contains("not known: RemoveServersFromServerGroup"), "{}", ran.all());
    assert_eq!(desk.run(&["teardown", "web", "--yes"]).await.code, 0);
}

#[tokio::test(start_paused = true)]
async fn a_deployments_teardown_says_which_steps_are_done_and_which_was_begun() {
    let desk = super::deploying::desk("interrupt-deployment").await;
    let deployed = desk.deploy(&[]).await;
    assert_eq!(deployed.code, 0, "{}", deployed.all());
    let arguments = ["teardown", "--deployment", "--yes"];
    let (ran, later) = interrupted(&desk, "DeleteStack", None, &arguments).await;
    let said = plain(&ran);
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    for words in [
        "The teardown was interrupted after",
        "begun: stack in cn-chengdu",
        "not known: DeleteStack in cn-chengdu",
        "not begun: stack in cn-hangzhou",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (ran, later) = interrupted(&desk, "DeleteBucket", Some(Duration::from_secs(2)), &arguments).await;
    let said = plain(&ran);
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    // The answer was waited for, and so the step is done; of the next one nothing was sent.
    assert!(
        said.contains("  done: bucket ") && said.contains("  not begun: bucket ") && !said.contains("  begun: "),
        "{said}"
    );
    let again = desk.run(&arguments).await;
    assert_eq!(again.code, 0, "{}", again.all());
    assert_eq!(desk.run(&["teardown", "--deployment", "--dry-run"]).await.code, 0);
}

/// Each stack is named with its own region, wherever the client is.
#[tokio::test(start_paused = true)]
async fn a_deployments_teardown_names_the_region_of_each_stack() {
    let desk = super::deploying::desk("interrupt-regions").await;
    desk.bindings(&["cn-hangzhou", "cn-shanghai"]);
    let deployed = desk.deploy(&[]).await;
    assert_eq!(deployed.code, 0, "{}", deployed.all());
    let arguments = ["teardown", "--deployment", "--yes", "--json"];
    for region in ["cn-chengdu", "cn-shanghai", "cn-hangzhou"] {
        let (ran, later) = interrupted(&desk, "DeleteStack", Some(Duration::from_secs(2)), &arguments).await;
        assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
        let lines = ran.json();
        let line = lines.iter().find(|line| line["event"] == "interrupted").unwrap();
        assert_eq!(line["calls"], serde_json::json!([format!("DeleteStack in {region}")]), "{line}");
        assert_eq!((&line["region"], &line["begun"]), (&region.into(), &format!("stack in {region}").into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deploy_says_what_is_uploaded_which_stack_goes_on_and_what_was_not_begun() {
    let desk = super::deploying::desk("interrupt-deploy").await;
    let folder = desk.file("packages").display().to_string();
    let arguments = ["deploy", "--yes", "--packages", &folder];
    let (ran, later) = interrupted(&desk, "CreateStack", Some(Duration::from_secs(2)), &arguments).await;
    let said = plain(&ran);
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    for words in [
        "The deployment was interrupted after",
        "done: bucket albridge-store-1234567890123456 in cn-hangzhou",
        "done: 12 packages into albridge-code-cn-hangzhou-1234567890123456",
        "begun: stack in cn-hangzhou (home): it is being made, which goes on in the cloud without this command",
        "made: CreateStack in cn-hangzhou",
        "not begun: stack in cn-chengdu (probe)",
        "`albridge deploy` with the same options",
        "`albridge doctor`",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("not known") && ran.stderr.contains("is waited for"), "{}", ran.all());
    let report = said.split_once("The deployment was").unwrap().1;
    insta::assert_snapshot!("a_deploy_that_was_interrupted", report);
    let again = desk.deploy(&[]).await;
    assert!(again.code == 0 && again.stderr.contains("Waiting for the stack in cn-hangzhou"), "{}", again.all());
    let looked = desk.run(&["deploy", "--dry-run", "--packages", &folder]).await;
    assert_eq!(looked.code, 0, "nothing is left: {}", looked.all());
}

#[tokio::test(start_paused = true)]
async fn a_deploy_that_is_interrupted_while_a_stack_is_followed_ends_at_once() {
    let desk = super::deploying::desk("interrupt-following").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    let (ctrl_c, interrupts) = watch::channel(());
    let folder = desk.file("packages").display().to_string();
    let arguments = ["deploy", "--yes", "--packages", &folder, "--set", "LogDays=7", "--json"];
    let deploying = desk.run_until(Interrupts::Test(interrupts), None, &arguments);
    let pressing = async {
        // Home has just begun to change.
        desk.local.clock().sleep(Duration::from_secs(2)).await;
        ctrl_c.send(()).unwrap();
    };
    let (ran, ()) = tokio::join!(deploying, pressing);
    assert_eq!(ran.code, 130, "{}", ran.all());
    let lines = ran.json();
    let line = lines.iter().find(|line| line["event"] == "interrupted").unwrap();
    assert_eq!(
        (&line["begun"], &line["region"], &line["calls"], &line["notBegun"]),
        (
            &"stack in cn-hangzhou (home)".into(),
            &"cn-hangzhou".into(),
            &serde_json::json!(["UpdateStack in cn-hangzhou"]),
            &serde_json::json!(["stack in cn-chengdu (probe)"])
        )
    );
    assert_eq!(lines.last().unwrap()["exitCode"], 130);
    // What was asked for is kept when it is done: the same options again.
    let again = desk.deploy(&["--set", "LogDays=7"]).await;
    assert_eq!(again.code, 0, "{}", again.all());
    let looked = desk.run(&["deploy", "--dry-run", "--packages", &folder]).await;
    assert_eq!(looked.code, 0, "nothing is left: {}", looked.all());
}

#[tokio::test(start_paused = true)]
async fn a_deploy_that_is_interrupted_at_an_upload_says_how_many_packages_are_there() {
    let desk = super::deploying::desk("interrupt-upload").await;
    let folder = desk.file("packages").display().to_string();
    let (ran, later) = interrupted(&desk, "PutObject", None, &["deploy", "--yes", "--packages", &folder]).await;
    let said = plain(&ran);
    assert_eq!((ran.code, later), (130, 0), "{}", ran.all());
    for words in
        ["begun: albridge/", "not known: PutObject in cn-hangzhou", "not begun: 11 packages into albridge-code-"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(desk.deploy(&[]).await.code, 0);
}
