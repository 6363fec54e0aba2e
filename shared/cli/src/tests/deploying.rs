//! `deploy` and `teardown` on an account without a deployment: what comes to be, what is said, and that it may end anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use emulator::{Settings, Strict, faults};
use http::{Method, Request};
use local::{Options, PROCEDURE_BINDING};
use onboarding::StageName;
use openapi::{Transport, ros};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Desk, Ran};

#[path = "../../../../tests/src/zip.rs"]
#[expect(unreachable_pub, reason = "it is another crate's module as well")]
mod zip;

const CHENGDU: &str = "cn-chengdu";
const HANGZHOU: &str = "cn-hangzhou";
const SHANGHAI: &str = "cn-shanghai";

/// An account with the procedure's world, and packages on this machine.
pub(super) async fn desk(name: &str) -> Desk {
    let desk = Desk::before_deployment(name, Options::default()).await;
    packages(&desk, "first");
    desk
}

/// Packages whose content is `content`.
pub(super) fn packages(desk: &Desk, content: &str) {
    packages_with(desk, "bootstrap", content);
}

/// The same, with another program in them.
pub(super) fn packages_with(desk: &Desk, program: &str, content: &str) {
    let folder = desk.file("packages");
    std::fs::create_dir_all(&folder).unwrap();
    let package = |name: StageName| {
        let file = format!("{name}.zip");
        let archive = zip::of(program, format!("#!/bin/sh\n# {name} {content}\n").as_bytes());
        std::fs::write(folder.join(&file), &archive).unwrap();
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&archive));
        json!({"name": name, "file": file, "sha256": digest, "size": archive.len(), "unpacked": archive.len(), "glibc": null})
    };
    let manifest = json!({"format": 1, "version": "0.1.0", "target": "x86_64-unknown-linux-musl", "sbom": "", "packages": StageName::ALL.map(package)});
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

impl Desk {
    pub(super) async fn deploy(&self, more: &[&str]) -> Ran {
        let folder = self.file("packages").display().to_string();
        self.run(&[&["deploy", "--yes", "--packages", &folder], more].concat()).await
    }

    /// What is in the cloud of a deployment, without ids and times.
    async fn footprint(&self) -> Value {
        let client = self.local.operator();
        let mut stacks = BTreeMap::new();
        for region in [CHENGDU, HANGZHOU, SHANGHAI, "cn-beijing"] {
            for listed in client.list(region, ros::ListStacks::default()).await.unwrap() {
                let stack = client.call(region, &ros::GetStack { stack_id: listed.stack_id }).await.unwrap();
                let parameters: BTreeMap<_, _> =
                    stack.parameters.into_iter().map(|one| (one.parameter_key, one.parameter_value)).collect();
                stacks.insert(format!("{region} {}", stack.stack_name), json!([stack.status, parameters]));
            }
        }
        let mut objects = BTreeMap::new();
        for (bucket, region) in [
            ("albridge-store-1234567890123456", HANGZHOU),
            ("albridge-code-cn-hangzhou-1234567890123456", HANGZHOU),
            ("albridge-code-cn-chengdu-1234567890123456", CHENGDU),
            ("albridge-code-cn-shanghai-1234567890123456", SHANGHAI),
        ] {
            let listed = match client.list_objects(region, bucket, "").await {
                Ok(listed) => listed.into_iter().map(|object| object.key).collect::<Vec<_>>(),
                Err(error) => vec![error.code],
            };
            let info = client.bucket_info(region, bucket).await.map(|info| (info.acl, info.is_versioned)).ok();
            objects.insert(bucket, json!([info, listed]));
        }
        json!({"stacks": stacks, "objects": objects, "functions": self.functions()})
    }

    fn functions(&self) -> BTreeSet<String> {
        self.local
            .cloud()
            .with(|world| world.functions().map(|(region, function)| format!("{region} {}", function.name)).collect())
    }

    pub(super) fn bindings(&self, regions: &[&str]) {
        let hangzhou = "      - { region: cn-hangzhou, vpc: vpc-2, attachmentVswitches: [vsw-3, vsw-4], select: { tags: { app: web } } }\n";
        assert!(PROCEDURE_BINDING.contains(hangzhou));
        let backend = |region: &&str| {
            let (vpc, vswitches) =
                if *region == HANGZHOU { ("vpc-2", "vsw-3, vsw-4") } else { ("vpc-3", "vsw-5, vsw-6") };
            hangzhou.replace(HANGZHOU, region).replace("vpc-2", vpc).replace("vsw-3, vsw-4", vswitches)
        };
        let backends: String = regions.iter().map(backend).collect();
        std::fs::write(self.file("bindings.yml"), PROCEDURE_BINDING.replace(hangzhou, &backends)).unwrap();
    }
}

/// The kinds and regions of the steps that were shown.
fn steps(ran: &Ran) -> Vec<String> {
    let lines = ran.json();
    let steps = lines.iter().filter(|line| line["event"] == "step");
    let mut steps: Vec<String> =
        steps.map(|line| format!("{} {}", line["step"].as_str().unwrap(), line["region"].as_str().unwrap())).collect();
    steps.dedup();
    steps
}

/// Without our own colours.
pub(super) fn plain(text: &str) -> String {
    ["0", "1", "2", "31", "32"].iter().fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""))
}

#[tokio::test(start_paused = true)]
async fn an_empty_account_gets_home_and_probe_and_a_second_time_nothing_changes() {
    let desk = desk("whole").await;
    let folder = desk.file("packages").display().to_string();
    let looked = desk.run(&["deploy", "--dry-run", "--packages", &folder]).await;
    assert_eq!(looked.code, 2, "{}", looked.all());
    assert_eq!(desk.functions(), BTreeSet::new(), "a dry run writes nothing");
    assert!(!desk.file("albridge.json").exists());
    insta::assert_snapshot!("deploy_shows_what_would_come_to_be", plain(&looked.stdout));

    let deployed = desk.deploy(&[]).await;
    assert_eq!(deployed.code, 0, "{}", deployed.all());
    let functions = desk.functions();
    assert_eq!(functions.iter().filter(|name| name.starts_with(HANGZHOU)).count(), 12);
    assert!(functions.contains("cn-chengdu albridge-verify") && functions.len() == 13, "{functions:?}");
    let before = desk.footprint().await;

    let again = desk.deploy(&[]).await;
    assert_eq!(again.code, 0, "{}", again.all());
    assert!(plain(&again.stdout).contains("Everything is in place."), "{}", again.stdout);
    assert_eq!(desk.footprint().await, before);
    let again = desk.run(&["deploy", "--dry-run", "--json", "--packages", &folder]).await;
    assert_eq!((again.code, steps(&again).len()), (0, 0), "{}", again.stdout);

    // What was kept is not needed: everything is found again.
    std::fs::remove_file(desk.file("albridge.json")).unwrap();
    let again = desk.deploy(&["--json"]).await;
    assert_eq!((again.code, steps(&again).len()), (0, 0), "{}", again.stdout);
    assert!(desk.file("albridge.json").exists());
}

#[tokio::test(start_paused = true)]
async fn what_deploy_kept_tells_where_the_runs_are() {
    let mut desk = desk("kept").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.variables.remove("ALBRIDGE_HOME_REGION");
    let kept = desk.file("albridge.json");
    let known = async |desk: &Desk| !plain(&desk.run(&["status", "web"]).await.stdout).contains("runs     not known");
    assert!(known(&desk).await);
    std::fs::write(&kept, "{").unwrap();
    assert!(!known(&desk).await, "a broken file is deploy's error");
    std::fs::remove_file(&kept).unwrap();
    assert!(!known(&desk).await);
}

#[tokio::test(start_paused = true)]
async fn regions_versions_and_parameters_that_change_change_the_stacks() {
    let desk = desk("changes").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);

    desk.bindings(&[HANGZHOU, SHANGHAI]);
    let more = desk.deploy(&["--json"]).await;
    assert_eq!(more.code, 0, "{}", more.all());
    let expected = [
        "make-bucket cn-shanghai",
        "upload-package cn-shanghai",
        "upload-bindings cn-hangzhou",
        "create-stack cn-shanghai",
    ];
    assert_eq!(steps(&more), expected);
    assert!(desk.functions().contains("cn-shanghai albridge-dispatch"));

    packages(&desk, "second");
    let folder = desk.file("packages").display().to_string();
    let looked = desk.run(&["deploy", "--dry-run", "--packages", &folder, "--set", "LogDays=7"]).await;
    insta::assert_snapshot!("deploy_shows_a_new_version_and_a_parameter", digests(&plain(&looked.stdout)));
    let newer = desk.deploy(&["--json", "--set", "LogDays=7"]).await;
    assert_eq!(newer.code, 0, "{}", newer.all());
    let expected = [
        "upload-package cn-hangzhou",
        "upload-package cn-chengdu",
        "upload-package cn-shanghai",
        "update-stack cn-hangzhou",
        "update-stack cn-chengdu",
        "update-stack cn-shanghai",
    ];
    assert_eq!(steps(&newer), expected);
    let again = desk.deploy(&["--json"]).await;
    assert_eq!(steps(&again), [""; 0], "a parameter that was set is kept");

    desk.bindings(&[HANGZHOU]);
    let fewer = desk.deploy(&["--json"]).await;
    assert_eq!(fewer.code, 0, "{}", fewer.all());
    assert_eq!(steps(&fewer), ["upload-bindings cn-hangzhou", "delete-stack cn-shanghai"]);
    assert!(!desk.functions().contains("cn-shanghai albridge-dispatch"));
    assert_eq!(steps(&desk.deploy(&["--json"]).await), [""; 0]);
}

/// Digests replaced: those of these packages are of no interest.
fn digests(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(".zip") {
        let (head, tail) = rest.split_at(at);
        let start = head.len() - head.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(&head[..start]);
        out.push_str(".zip");
        rest = &tail[4..];
    }
    out + rest
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_fails_is_named_with_the_clouds_words_and_taken_back() {
    let desk = desk("fails").await;
    packages_with(&desk, "no-bootstrap", "broken");
    let failed = desk.deploy(&[]).await;
    assert_eq!(failed.code, 1, "{}", failed.all());
    assert!(failed.stderr.contains("The stack in cn-hangzhou is CREATE_ROLLBACK_COMPLETE: "), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("InvalidArgument") && failed.stderr.contains("run deploy again"),
        "{}",
        failed.stderr
    );
    assert_eq!(desk.functions(), BTreeSet::new());

    packages(&desk, "mended");
    let mended = desk.deploy(&[]).await;
    assert_eq!(mended.code, 0, "{}", mended.all());
    assert!(plain(&mended.stdout).contains("anew: the last one is CREATE_ROLLBACK_COMPLETE"), "{}", mended.stdout);
    let before = desk.footprint().await;

    packages_with(&desk, "no-bootstrap", "broken again");
    let failed = desk.deploy(&["--json", "--set", "LogDays=7"]).await;
    assert_eq!(failed.code, 1, "{}", failed.all());
    let error = failed.json().last().unwrap()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("is ROLLBACK_COMPLETE: ") && error.contains("as it was before"), "{error}");
    let told = failed.json().into_iter().find(|line| line["event"] == "failed").unwrap();
    assert_eq!((&told["region"], &told["status"]), (&HANGZHOU.into(), &"ROLLBACK_COMPLETE".into()));
    let resource = &told["resources"][0];
    assert!(!resource["resource"].as_str().unwrap().is_empty(), "{told}");
    assert!(resource["reason"].as_str().unwrap().contains("InvalidArgument"), "{told}");

    packages(&desk, "mended");
    let mended = desk.deploy(&["--json"]).await;
    assert_eq!((mended.code, steps(&mended)), (0, Vec::new()), "what was refused is not kept: {}", mended.all());
    let after = desk.footprint().await;
    let stack = |footprint: &Value| footprint["stacks"]["cn-hangzhou albridge"].clone();
    assert_eq!((&stack(&after)[0], &stack(&after)[1]), (&"ROLLBACK_COMPLETE".into(), &stack(&before)[1]));
    assert_eq!(after["functions"], before["functions"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_to_be_mended_here_is_64_and_nothing_is_written() {
    let desk = desk("usage").await;
    let nowhere = desk.file("nowhere").display().to_string();
    for (arguments, words) in [
        (&["--region", CHENGDU][..], "does not offer CloudFlow"),
        (&["--set", "Role=probe"], "it follows from"),
        (&["--set", "LogDays=0"], "LogDays"),
        (&["--set", "TimerCron=now and then"], "no cron expression"),
        (&["--packages", &nowhere], "albridge package"),
        (&["--bindings", "oss://bucket.cn-hangzhou/bindings.yml"], "give --bindings FILE"),
    ] {
        let folder = desk.file("packages").display().to_string();
        let usual = ["deploy", "--yes", "--packages", &folder];
        let usual = if arguments[0] == "--packages" { &usual[..2] } else { &usual[..] };
        let ran = desk.run(&[usual, arguments].concat()).await;
        assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.all());
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
    assert_eq!((desk.functions(), desk.file("albridge.json").exists()), (BTreeSet::new(), false));
}

#[tokio::test(start_paused = true)]
async fn connections_that_break_around_any_write_do_no_harm() {
    let whole = desk("unbroken").await;
    assert_eq!(whole.deploy(&[]).await.code, 0);
    let expected = whole.footprint().await;
    let actions = ["PutBucket", "PutBucketVersioning", "PutObject", "CreateStack"];
    for effect in ["cutBefore", "cutAfter"] {
        for action in actions {
            let desk = desk(&format!("{effect}-{action}")).await;
            let rule = faults::parse(&format!("{{ on: {{ action: {action} }}, times: 2, effect: {effect} }}")).unwrap();
            let now = desk.local.clock().now();
            desk.local.cloud().with(|world| world.add_faults(now, rule)).unwrap();
            let ran = desk.deploy(&[]).await;
            assert_eq!(ran.code, 0, "{effect} {action}: {}", ran.all());
            assert_eq!(desk.footprint().await, expected, "{effect} {action}");
        }
    }
}

/// A transport on which the tool dies: before or after its write of a number.
struct Deadly {
    inner: Arc<dyn Transport>,
    writes: AtomicUsize,
    at: usize,
    after: bool,
    died: Notify,
}

impl Deadly {
    fn is_write(request: &Request<Bytes>) -> bool {
        let action = request.headers().get("x-acs-action").and_then(|name| name.to_str().ok()).unwrap_or_default();
        [Method::PUT, Method::DELETE].contains(request.method())
            || ["CreateStack", "UpdateStack", "DeleteStack"].contains(&action)
    }
}

#[tokio::test(start_paused = true)]
async fn killed_around_any_write_and_run_again_it_ends_the_same() {
    let whole = desk("alive").await;
    let folder = |desk: &Desk| desk.file("packages").display().to_string();
    let counted = kill(&whole, &["deploy", "--yes", "--packages", &folder(&whole)], usize::MAX, false).await;
    let expected = whole.footprint().await;
    assert!(counted > 15, "{counted} writes");
    for (at, after) in moments(counted) {
        let desk = desk(&format!("killed-{at}-{after}")).await;
        let command = ["deploy", "--yes", "--packages", &folder(&desk)];
        assert_eq!(kill(&desk, &command, at, after).await, at + 1);
        let again = desk.deploy(&[]).await;
        assert_eq!(again.code, 0, "write {at}, after {after}: {}", again.all());
        assert_eq!(desk.footprint().await, expected, "write {at}, after {after}");
        assert_eq!(steps(&desk.deploy(&["--json"]).await), [""; 0], "write {at}, after {after}");
    }
}

/// Before and after each of so many writes; by default a fifth of them, where writes before and after alternate.
#[expect(
    clippy::disallowed_methods,
    reason = "the setting of the matrices (docs/testing.md), which this crate's tests go by, too"
)]
fn moments(writes: usize) -> impl Iterator<Item = (usize, bool)> {
    let scope = std::env::var("ALBRIDGE_MATRIX").unwrap_or_default();
    let one_in = if matches!(scope.as_str(), "full" | "soak") { 1 } else { 5 };
    (0..writes).flat_map(|at| [(at, false), (at, true)]).step_by(one_in)
}

/// Runs a command until its write of a number, and dies there. Gives how many writes there were.
async fn kill(desk: &Desk, command: &[&str], at: usize, after: bool) -> usize {
    let deadly =
        Arc::new(Deadly { inner: desk.transport(), writes: AtomicUsize::new(0), at, after, died: Notify::new() });
    let shared = Arc::clone(&deadly);
    let transport: Arc<dyn Transport> = Arc::new(move |request: Request<Bytes>| {
        let deadly = Arc::clone(&shared);
        async move {
            let is_deadly = Deadly::is_write(&request) && deadly.writes.fetch_add(1, Ordering::Relaxed) == deadly.at;
            if !is_deadly {
                return deadly.inner.send(request).await;
            }
            if deadly.after {
                let _answer = deadly.inner.send(request).await;
            }
            deadly.died.notify_one();
            std::future::pending().await
        }
    });
    tokio::select! {
        ran = desk.run_by(transport, command) => assert_eq!(ran.code, 0, "{}", ran.all()),
        () = deadly.died.notified() => {}
    }
    deadly.writes.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn teardown_takes_stacks_and_packages_home_last_and_the_store_where_that_is_asked_for() {
    let desk = desk("teardown").await;
    let before = desk.footprint().await;
    desk.bindings(&[HANGZHOU, SHANGHAI]);
    let deployed = desk.deploy(&[]).await;
    assert_eq!(deployed.code, 0, "{}", deployed.all());
    let looked = desk.run(&["teardown", "--deployment", "--dry-run"]).await;
    assert_eq!(looked.code, 2, "{}", looked.all());
    insta::assert_snapshot!("teardown_shows_what_would_go", plain(&looked.stdout));
    let gone = desk.run(&["teardown", "--deployment", "--yes", "--json"]).await;
    assert_eq!(gone.code, 0, "{}", gone.all());
    let expected = [
        "delete-stack cn-chengdu",
        "delete-stack cn-shanghai",
        "delete-stack cn-hangzhou",
        "remove-bucket cn-chengdu",
        "remove-bucket cn-hangzhou",
        "remove-bucket cn-shanghai",
    ];
    assert_eq!(steps(&gone), expected);
    let mut left = desk.footprint().await;
    let store = "albridge-store-1234567890123456";
    assert_eq!(left["objects"][store][1], json!(["albridge/bindings.yml"]), "the store stays");
    left["objects"][store] = before["objects"][store].clone();
    assert_eq!(left, before);

    let again = desk.run(&["teardown", "--deployment", "--yes", "--store"]).await;
    assert_eq!(again.code, 0, "{}", again.all());
    assert_eq!(desk.footprint().await, before);
    let again = desk.run(&["teardown", "--deployment", "--yes", "--store"]).await;
    assert!(again.code == 0 && again.stdout.contains("There is nothing to take away."), "{}", again.all());
}

#[tokio::test(start_paused = true)]
async fn teardown_killed_around_any_write_and_run_again_ends_the_same() {
    let whole = desk("taken").await;
    let before = whole.footprint().await;
    assert_eq!(whole.deploy(&[]).await.code, 0);
    let command = ["teardown", "--deployment", "--store", "--yes"];
    let counted = kill(&whole, &command, usize::MAX, false).await;
    assert!(counted > 15, "{counted} writes");
    for (at, after) in moments(counted) {
        let desk = desk(&format!("taken-{at}-{after}")).await;
        assert_eq!(desk.deploy(&[]).await.code, 0);
        assert_eq!(kill(&desk, &command, at, after).await, at + 1);
        let again = desk.run(&command).await;
        assert_eq!(again.code, 0, "write {at}, after {after}: {}", again.all());
        assert_eq!(desk.footprint().await, before, "write {at}, after {after}");
    }
}

/// An account that opened OSS lately: from one machine packages reach two regions, each by its own internal endpoint.
#[tokio::test(start_paused = true)]
async fn where_buckets_refuse_the_public_endpoint_each_region_may_have_another() {
    let settings = Settings { strict: Strict { internal_oss: true, ..Strict::default() }, ..Settings::default() };
    let mut desk = Desk::before_deployment("inside", Options { settings, ..Options::default() }).await;
    packages(&desk, "first");
    let inside = |desk: &mut Desk, regions: &[&str]| {
        let endpoints = desk.variables.get_mut("ALBRIDGE_ENDPOINTS").unwrap();
        let mut all: BTreeMap<String, String> = serde_json::from_str(endpoints).unwrap();
        for region in regions {
            let url = format!("http://{region}.api.emulated/oss-{region}-internal");
            all.insert(format!("oss-{region}"), url);
        }
        *endpoints = json!(all).to_string();
    };
    let refused = desk.deploy(&[]).await;
    assert_eq!(refused.code, 1, "{}", refused.all());
    let way = "'{\"oss-cn-hangzhou\":\"https://oss-cn-hangzhou-internal.aliyuncs.com\"}'";
    assert!(refused.stderr.contains("PublicEndpointForbidden") && refused.stderr.contains(way), "{}", refused.all());
    inside(&mut desk, &[HANGZHOU]);
    let refused = desk.deploy(&[]).await;
    assert!(refused.code == 1 && refused.stderr.contains("\"oss-cn-chengdu\""), "{}", refused.all());
    inside(&mut desk, &[CHENGDU]);
    let deployed = desk.deploy(&[]).await;
    assert_eq!(deployed.code, 0, "{}", deployed.all());
    let gone = desk.run(&["teardown", "--deployment", "--store", "--yes"]).await;
    assert_eq!(gone.code, 0, "{}", gone.all());
}
