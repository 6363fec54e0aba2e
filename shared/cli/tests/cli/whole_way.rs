//! From an empty account to the first instance served, and back to an empty account, as docs/getting-started.md goes: the tool as a
//! process, an emulator that refuses what the cloud refuses, and functions that are processes started from the uploaded archives.

#![expect(clippy::unwrap_used, reason = "a cloud that cannot be reached ends the test")]

use std::path::{Path, PathBuf};

use onboarding::StageName;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hands::Hands;
use crate::support::{Emulated, Ran};

#[path = "../../../../tests/src/zip.rs"]
#[expect(unreachable_pub, reason = "it is another crate's module as well")]
mod zip;

/// The cloud's seconds in a real one. A workflow's steps are processes, which take real time.
const SPEED: &str = "120";

/// The directory of the functions' binaries: `cargo test --workspace` builds them, because their packages have tests of their own.
fn built() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_albridge")).parent().unwrap().to_owned();
    for stage in StageName::ALL {
        let binary = folder.join(format!("{stage}{}", std::env::consts::EXE_SUFFIX));
        let missing = "is missing: `cargo test --workspace` builds it; with -p, run `cargo build --workspace` first";
        assert!(binary.exists(), "{} {missing}", binary.display());
    }
    folder
}

/// What `albridge package` leaves in a folder, but each `bootstrap` starts the function that the tests have built.
fn packages(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let functions = built();
    let package = |name: StageName| {
        let script = format!("#!/bin/sh\nexec '{}'\n", functions.join(name.as_str()).display());
        let archive = zip::of("bootstrap", script.as_bytes());
        let file = format!("{name}.zip");
        std::fs::write(folder.join(&file), &archive).unwrap();
        json!({
            "name": name, "file": file, "sha256": hex::encode(Sha256::digest(&archive)), "size": archive.len(),
            "unpacked": script.len(), "glibc": null,
        })
    };
    let manifest = json!({
        "format": 1, "version": env!("CARGO_PKG_VERSION"), "target": "x86_64-unknown-linux-musl", "sbom": "",
        "packages": StageName::ALL.map(package),
    });
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

fn ended(ran: &Ran, code: i32, what: &str) {
    assert_eq!(ran.code, code, "{what}: {}\n{}", ran.stdout, ran.stderr);
}

/// The folder of the packages: those of `albridge package` where `ALBRIDGE_PACKAGES` names them (docs/testing.md), else scripts.
#[expect(clippy::disallowed_methods, reason = "which packages is asked for from outside")]
fn packaged(folder: &Path) -> PathBuf {
    if let Some(packages) = std::env::var_os("ALBRIDGE_PACKAGES").filter(|value| !value.is_empty()) {
        let packages = PathBuf::from(packages);
        let missing = "has no manifest: an absolute path to what `albridge package` left is wanted";
        assert!(packages.join("manifest.json").exists(), "{} {missing}", packages.display());
        return packages;
    }
    let scripts = folder.join("packages");
    packages(&scripts);
    scripts
}

#[test]
fn an_empty_account_serves_its_first_instance_and_is_empty_again() {
    let folder = std::env::temp_dir().join(format!("albridge-way-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let archives = packaged(&folder);
    let bindings = folder.join("bindings.yml");
    std::fs::write(&bindings, local::PROCEDURE_BINDING).unwrap();
    let cloud = Emulated::start(&["--strict", "--speed", SPEED]);
    let tool = |arguments: &[&str]| {
        let (packages, bindings) = (archives.display().to_string(), bindings.display().to_string());
        let mut all = [arguments, &["--bindings", &bindings]].concat();
        if matches!(arguments, ["deploy" | "doctor", ..]) {
            all.extend(["--packages", &packages]);
        }
        cloud.tool(&all)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let hands = Hands::of(&cloud);
        let census = async || hands.control("GET", "/-/world", "").await["counts"].clone();
        let empty = census().await;

        ended(&tool(&["doctor"]), 2, "nothing is deployed");
        ended(&tool(&["deploy", "--yes"]), 0, "deploy");
        ended(&tool(&["doctor"]), 0, "all is deployed");
        let again = tool(&["deploy", "--yes", "--json"]);
        ended(&again, 0, "deploy again");
        assert!(!again.stdout.contains("\"done\""), "a second deploy changes nothing: {}", again.stdout);

        assert_eq!(hands.served_by().await, None);
        hands.call("StartInstance", &[("InstanceId", "i-ecs1")]).await;
        hands.until("an answer", async |hands| hands.served_by().await.as_deref() == Some("i-ecs1")).await;
        let status = ["status", "web", "--home", "cn-hangzhou", "--json"];
        hands.until("nothing left to do", async |_| tool(&status).code == 0).await;
        // What served was the code of these packages, an event brought it about, and its run succeeded.
        let seen = ["with the code of the packages here", "\"code\":\"last-event\"", "\"code\":\"last-success\""];
        hands
            .until("a run that an event began and that succeeded", async |_| {
                let ran = tool(&["doctor", "--json"]);
                let well: Vec<&str> = ran.stdout.lines().filter(|line| line.contains("\"verdict\":\"well\"")).collect();
                ran.code == 0 && seen.iter().all(|words| well.iter().any(|line| line.contains(words)))
            })
            .await;

        // The way back: paused, put where the functions read it, and taken away.
        ended(&tool(&["teardown", "web", "--attachments", "--yes"]), 1, "it is not paused");
        let paused = local::PROCEDURE_BINDING.replacen("provision: auto", "provision: auto\n    paused: true", 1);
        std::fs::write(&bindings, paused).unwrap();
        ended(&tool(&["deploy", "--yes"]), 0, "deploy of the paused binding");
        ended(&tool(&["teardown", "web", "--attachments", "--yes"]), 0, "teardown of the binding");
        ended(&tool(&["teardown", "web", "--attachments", "--yes"]), 0, "and once more");
        assert_eq!(hands.served_by().await, None);
        ended(&tool(&["teardown", "--deployment", "--store", "--yes"]), 0, "teardown of the deployment");
        assert_eq!(without_service_role(census().await), empty);
    });
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The role that a service made for itself belongs to the account from then on.
fn without_service_role(mut census: Value) -> Value {
    if let Some(roles) = census["roles"].as_u64() {
        census["roles"] = json!(roles - 1);
    }
    census
}
