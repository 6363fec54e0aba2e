//! `doctor`: each thing is broken, it is named, its remedy is followed, and nothing is said of it any more.

use emulator::faults;
use openapi::oss::PutObject;
use serde_json::Value;

use super::deploying::{desk, packages, packages_with, plain};
use super::{Desk, HOME, Ran};

const STORE: &str = "albridge-store-1234567890123456";
const KEY: &str = "albridge/bindings.yml";

impl Desk {
    pub(super) async fn doctor(&self) -> Ran {
        let folder = self.file("packages").display().to_string();
        self.run(&["doctor", "--json", "--packages", &folder]).await
    }

    /// Doctor names exactly this as wrong: what its subjects begin with, and words of each.
    pub(super) async fn names(&self, expected: &[(&str, &str)]) {
        let ran = self.doctor().await;
        let wrong = wrong(&ran);
        assert_eq!((ran.code, wrong.len()), (2, expected.len()), "{}", ran.all());
        for (subject, words) in expected {
            let named = |one: &&Value| one["subject"].as_str().unwrap().starts_with(subject);
            let found = wrong.iter().find(named).unwrap_or_else(|| panic!("{subject}: {}", ran.all()));
            assert!(found["says"].as_str().unwrap().contains(words), "{found}");
            assert!(!found["remedy"].as_str().unwrap().is_empty(), "{found}");
        }
    }

    pub(super) async fn is_well(&self) {
        let ran = self.doctor().await;
        assert_eq!((ran.code, wrong(&ran).len()), (0, 0), "{}", ran.all());
    }

    async fn put_into_store(&self, text: &str) {
        let body = text.as_bytes().to_vec().into();
        let put = PutObject { bucket: STORE.to_owned(), key: KEY.to_owned(), body, ..PutObject::default() };
        self.local.operator().put_object(HOME, &put).await.unwrap();
    }
}

pub(super) fn wrong(ran: &Ran) -> Vec<Value> {
    ran.json()
        .into_iter()
        .filter(|line| line["event"] == "finding" && matches!(line["verdict"].as_str(), Some("wrong" | "unread")))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn before_the_first_deploy_it_says_what_is_missing_and_afterwards_that_all_is_well() {
    let desk = desk("doctor-first").await;
    let folder = desk.file("packages").display().to_string();
    let before = desk.run(&["doctor", "--packages", &folder]).await;
    assert_eq!(before.code, 2, "{}", before.all());
    insta::assert_snapshot!("doctor_before_the_first_deploy", plain(&before.stdout));
    let nowhere = desk.file("nowhere").display().to_string();
    let ran = desk.run(&["doctor", "--json", "--packages", &nowhere]).await;
    assert!(wrong(&ran).iter().any(|one| one["remedy"] == "Run albridge package."), "{}", ran.all());

    assert_eq!(desk.deploy(&[]).await.code, 0);
    let after = desk.run(&["doctor", "--packages", &folder]).await;
    assert_eq!(after.code, 0, "{}", after.all());
    insta::assert_snapshot!("doctor_when_all_is_well", plain(&after.stdout));
    let ran = desk.run(&["doctor", "--json", "--packages", &nowhere]).await;
    assert_eq!(ran.code, 0, "a deployment needs no packages here: {}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_keeps_no_versions_is_named() {
    let desk = desk("doctor-bucket").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.run(&["teardown", "--deployment", "--store", "--yes"]).await;
    desk.local.operator().create_bucket(HOME, STORE).await.unwrap();
    let ran = desk.doctor().await;
    let found = wrong(&ran).into_iter().find(|one| one["subject"] == format!("bucket {STORE}")).unwrap();
    assert_eq!(found["says"], "It keeps no versions.");
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn bindings_code_and_kill_switches_that_are_not_as_here_are_named() {
    let desk = desk("doctor-store").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    let text = std::fs::read_to_string(desk.file("bindings.yml")).unwrap();

    desk.put_into_store("nonsense: [").await;
    desk.names(&[("bindings in the store", "not valid")]).await;
    desk.put_into_store(&format!("# newer\n{text}")).await;
    desk.names(&[("bindings in the store", "not the ones here")]).await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.is_well().await;

    packages(&desk, "second");
    desk.names(&[("packages in cn-chengdu", "verify"), ("packages in cn-hangzhou", "dispatch")]).await;
    assert_eq!(desk.deploy(&["--set", "ReadOnly=1"]).await.code, 0);
    desk.names(&[("kill switch", "ReadOnly"), ("kill switch", "ReadOnly")]).await;
    assert_eq!(desk.deploy(&["--set", "ReadOnly=0"]).await.code, 0);
    desk.is_well().await;

    std::fs::write(desk.file("bindings.yml"), format!("paused: true\n{text}")).unwrap();
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.names(&[("kill switch", "paused")]).await;
    std::fs::write(desk.file("bindings.yml"), &text).unwrap();
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_never_came_to_be_is_named_and_made_anew() {
    let desk = desk("doctor-stack").await;
    packages_with(&desk, "no-bootstrap", "broken");
    assert_eq!(desk.deploy(&[]).await.code, 1);
    let ran = desk.doctor().await;
    let found = wrong(&ran).into_iter().find(|one| one["subject"] == "stack in cn-hangzhou").unwrap();
    assert!(found["says"].as_str().unwrap().starts_with("CREATE_ROLLBACK_COMPLETE"), "{found}");
    packages(&desk, "mended");
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_never_well() {
    let desk = desk("doctor-unread").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    for (action, subject) in [
        ("GetCallerIdentity", "account"),
        ("DescribeRegions", "CloudFlow"),
        ("ListStacks", "stack in cn-hangzhou"),
        ("GetRole", "role of the events"),
        ("GetObject", "bindings in the store"),
    ] {
        let effect = "{ refuse: { status: 403, code: NoPermission } }";
        let rule = faults::parse(&format!("{{ on: {{ action: {action} }}, effect: {effect} }}")).unwrap();
        let now = desk.local.clock().now();
        desk.local.cloud().with(|world| world.add_faults(now, rule)).unwrap();
        let ran = desk.doctor().await;
        assert_eq!(ran.code, 1, "{action}: {}", ran.all());
        let found = wrong(&ran).into_iter().find(|one| one["subject"] == subject && one["verdict"] == "unread");
        assert!(found.is_some(), "{action}: {}", ran.all());
        desk.heal();
        desk.is_well().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_role_of_the_events_is_named_once_there_is_a_deployment() {
    let desk = desk("doctor-role").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    let effect = "{ refuse: { status: 404, code: EntityNotExist.Role } }";
    let rule = faults::parse(&format!("{{ on: {{ action: GetRole }}, effect: {effect} }}")).unwrap();
    let now = desk.local.clock().now();
    desk.local.cloud().with(|world| world.add_faults(now, rule)).unwrap();
    desk.names(&[
        ("role of the events", "AliyunServiceRoleForEventBridgeSendToFC is missing"),
        ("role of CEN", "AliyunServiceRoleForCEN is missing"),
    ])
    .await;
    desk.heal();
    desk.is_well().await;
}
