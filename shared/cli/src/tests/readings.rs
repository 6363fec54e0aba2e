//! What the cloud and the store say, and what keeps them from being read: it is shown and not acted on, said with its code, and
//! never taken for "all is well".

use std::collections::BTreeSet;

use emulator::call::{ApiError, Service};
use emulator::faults::{Effect, Lie, Rule};
use local::Options;

use super::breakages::{running, working};
use super::{Desk, Ran};
use crate::output::visible;

/// Texts that a terminal acts on, one kind each.
const HOSTILE: [&str; 14] = [
    "\u{1b}[2J\u{1b}[1;1H",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{9b}31m",
    "\u{90}payload\u{9c}",
    "done\rweb: everything is in place",
    "a\nweb: everything is in place",
    "\u{8}\u{8}\u{7f}",
    "\u{202e}ecalp ni\u{202c}",
    "\u{2066}\u{2069}\u{200f}\u{200e}\u{61c}",
    "zero\u{200b}width\u{feff}",
    "\u{2028}\u{2029}",
    "\u{1b}[32mgood\u{1b}[0m",
    "\u{85}\u{0}",
];

/// Takes our own colours off. What is left must be plain.
fn assert_plain(what: &str, ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let mut plain = text.clone();
        for code in ["1", "31", "32", "2"] {
            // A style is opened and closed around text without another one.
            let open = format!("\u{1b}[{code}m");
            while let Some(at) = plain.find(&open) {
                let rest = plain.split_off(at);
                let (styled, after) = rest[open.len()..].split_once("\u{1b}[0m").unwrap();
                assert!(!styled.contains('\u{1b}'), "{what}: {text:?}");
                plain = format!("{plain}{styled}{after}");
            }
        }
        let shown: String = plain.split('\n').map(visible).collect::<Vec<_>>().join("\n");
        assert_eq!(plain, shown, "{what}");
    }
}

const COMMANDS: [&[&str]; 8] = [
    &["plan", "web"],
    &["status", "web"],
    &["apply", "web", "--yes"],
    &["explain", "i-ecs1"],
    &["explain", "10.9.9.9"],
    &["graph", "i-ecs1", "--format", "svg"],
    &["graph", "i-ecs1", "--format", "mermaid"],
    &["graph", "i-ecs1", "--format", "dot"],
];

/// Commands that do not begin without the store, and documents.
const MORE: [&[&str]; 5] = [
    &["run", "web"],
    &["history", "web"],
    &["status", "web", "-o", "wide"],
    &["status", "web", "-o", "yaml"],
    &["plan", "web", "-o", "json"],
];

#[tokio::test(start_paused = true)]
async fn codes_and_messages_from_the_cloud_are_shown_and_not_acted_on() {
    let desk = Desk::start("messages", Options::default()).await;
    for text in HOSTILE {
        desk.heal();
        let refusal = ApiError::new(403, format!("NoPermission{text}"), format!("You may not: {text}"));
        desk.local.cloud().inject(Rule::refuse(refusal)).unwrap();
        for command in COMMANDS.iter().chain(&MORE) {
            let ran = desk.run(command).await;
            assert_plain(&format!("{command:?} {text:?}"), &ran);
            assert_eq!(ran.code, 1, "{command:?}: {}", ran.all());
        }
        let ran = desk.run(&["plan", "web"]).await;
        assert!(ran.all().contains("NoPermission") && !ran.all().contains("in place\n"), "{}", ran.all());
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_not_there_or_not_readable_is_named() {
    let mut desk = Desk::start("store", Options::default()).await;
    let store = local::store_address();
    desk.variables.insert("ALBRIDGE_BINDINGS".to_owned(), format!("{store}.missing"));
    assert_not_known(&desk, "NoSuchKey").await;
    desk.variables.insert("ALBRIDGE_BINDINGS".to_owned(), store);
    let refusal = ApiError::new(403, "AccessDenied", "You have no right to access this object.");
    desk.local.cloud().inject(Rule::refuse(refusal).on(Service::Oss, "GetObject")).unwrap();
    assert_not_known(&desk, "AccessDenied").await;
    desk.variables.insert("ALBRIDGE_BINDINGS".to_owned(), "no-such-file.yml".to_owned());
    let ran = desk.run(&["plan"]).await;
    assert_eq!(ran.code, 64);
    assert!(ran.stderr.contains("no-such-file.yml"), "{}", ran.stderr);
}

/// Every command ends with 1, names the call and its code, and its last JSON line says the same.
async fn assert_not_known(desk: &Desk, code: &str) {
    for command in COMMANDS {
        let ran = desk.run(command).await;
        assert_eq!(ran.code, 1, "{command:?}: {}", ran.all());
        assert!(ran.stderr.contains("GetObject") && ran.stderr.contains(code), "{command:?}: {}", ran.all());
        let ran = desk.run(&[command, &["--json"]].concat()).await;
        let last = ran.json().pop().unwrap();
        assert_eq!((ran.code, &last["ok"], &last["exitCode"]), (1, &false.into(), &1.into()), "{command:?}: {last}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_changed_is_two_and_not_ok() {
    let desk = Desk::start("pending", Options::default()).await;
    let ran = desk.run(&["plan", "web", "--json"]).await;
    let last = ran.json().pop().unwrap();
    assert_eq!((ran.code, &last["ok"], &last["exitCode"]), (2, &false.into(), &2.into()), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_cannot_be_used_is_named_without_its_keys() {
    let mut desk = Desk::start("profile", Options::default()).await;
    desk.variables.retain(|name, _| !name.starts_with("ALIBABA_CLOUD"));
    desk.variables.insert("HOME".to_owned(), desk.file("").display().to_string());
    std::fs::create_dir_all(desk.file(".aliyun")).unwrap();
    for profile in [
        r#"{"profiles": "cAnArYsEcReT/1"}"#,
        r#"{"profiles": [{"name": "default", "mode": "AK", "access_key_secret": "cAnArYsEcReT/1""#,
        r#"{"profiles": [{"name": "default", "mode": "RamRoleArn", "access_key_secret": "cAnArYsEcReT/1"}]}"#,
        r#"{"profiles": [{"name": "default", "mode": "AK", "access_key_id": "x", "access_key_secret": "cAnArYsEcReT/1"}]}"#,
    ] {
        std::fs::write(desk.file(".aliyun").join("config.json"), profile).unwrap();
        for command in [&["plan"][..], &["plan", "--json"]] {
            let ran = desk.run(command).await;
            assert!(ran.code == 64 || ran.code == 1, "{}", ran.all());
            assert!(!ran.all().contains("cAnAr"), "{}", ran.all());
        }
    }
}

/// Readings that decide nothing where all is made: what attachments need before they are made, and a VPC's own row, which is no list.
const DECIDE_NOTHING: [&str; 6] = [
    "CheckTransitRouterService",
    "DescribeCenBandwidthPackages",
    "DescribeCens",
    "DescribeVpcAttribute",
    "GetRole",
    "ListTransitRouterAvailableResource",
];

/// Whatever a listing hides while everything is in place, nobody says that everything is in place.
#[tokio::test(start_paused = true)]
async fn no_listing_that_hides_its_rows_lets_a_command_say_that_all_is_well() {
    let desk = working("hidden", Options { scenario: running(), ..Options::default() }).await;
    let well = desk.run(&["plan", "web"]).await;
    assert_eq!(well.code, 0, "{}", well.all());
    let log = desk.local.cloud().gateway().log();
    let reads = log.iter().filter(|call| !call.writes && !DECIDE_NOTHING.contains(&&*call.action));
    let reads: BTreeSet<_> = reads.filter_map(|call| Some((call.service?, call.action.clone()))).collect();
    let mut lied = 0;
    for (service, action) in reads {
        // Functions, flows and objects are no listings of what a plan decides on.
        if !matches!(service, Service::Alb | Service::Cbn | Service::Vpc | Service::Ecs) {
            continue;
        }
        for lie in [Lie::EmptyBody, Lie::NoList, Lie::EmptyWorld, Lie::RowsWithoutId] {
            if (action.as_str(), lie) == ("ListTransitRouterRouteEntries", Lie::RowsWithoutId) {
                continue; // what is learned has no id
            }
            desk.local.cloud().inject(Rule::new(Effect::Falsify { lie }).on(service, &action)).unwrap();
            for command in ["plan", "status"] {
                let before = desk.local.cloud().gateway().log().len();
                let ran = desk.run(&[command, "web"]).await;
                let log = desk.local.cloud().gateway().log();
                if log[before..].iter().any(|call| call.action == action) {
                    lied += 1;
                    assert_ne!(ran.code, 0, "{command}, {action} {lie:?}: {}", ran.all());
                    assert!(
                        !ran.all().contains("everything is in place"),
                        "{command}, {action} {lie:?}: {}",
                        ran.all()
                    );
                }
            }
            desk.heal();
        }
    }
    assert!(lied > 80, "{lied}");
}
