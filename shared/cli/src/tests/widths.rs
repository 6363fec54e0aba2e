//! Lines fit the terminal, from 40 columns to 200, and nothing is lost where it is narrow: a word that is too long stays whole.

use std::collections::BTreeSet;

use emulator::call::Service;
use local::Options;

use super::breakages::{FAR, NEAR, masked, plain, running, working};
use super::deploying::desk;
use super::{Desk, Ran};
use crate::output::columns;

const WIDTHS: [usize; 4] = [40, 80, 120, 200];

/// Twelve members, one of which is stopped, and a weight that somebody set by hand.
async fn broken(name: &str) -> Desk {
    let more: String = (2..=12)
        .map(|number| {
            format!(
                "  - {{ id: i-bp1a2b3c4d5e6f7g8h{number:02}, name: web-{number:02}, vswitch: vsw-4, securityGroups: [sg-2], tags: {{ app: web }} }}\n"
            )
        })
        .collect();
    let desk = working(
        name,
        Options { scenario: running().replacen("\ncens:", &format!("{more}\ncens:"), 1), ..Options::default() },
    )
    .await;
    desk.act(Service::Ecs, FAR, "StopInstance", &[("InstanceId", "i-bp1a2b3c4d5e6f7g8h02")]);
    desk.deny("Ingress");
    desk.delete_route(FAR, "vtb-vpc-2", "172.16.6.0/24");
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    desk.settle().await;
    desk
}

/// A line that is too long holds nothing that could stand in another one.
fn assert_fits(what: &str, width: usize, said: &str) {
    for line in said.lines().filter(|line| columns(line) > width) {
        assert!(!line.trim().contains(' ') && line.trim() == line, "{what} at {width} columns: {line:?}");
    }
}

/// The ids and addresses of a text.
fn ids(said: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-./:".contains(letter);
    let words = said.split(|letter: char| !is_part(letter)).map(|word| word.trim_matches([':', '.', '-', '/']));
    words.filter(|word| word.contains('-') && word.contains(|letter: char| letter.is_ascii_digit())).collect()
}

async fn look(desk: &Desk, arguments: &[&str]) {
    let whole = desk.run(arguments).await;
    let whole = plain(&whole);
    for width in WIDTHS {
        let ran: Ran = desk.run_on(width, arguments).await;
        let said = plain(&ran);
        assert_fits(&arguments.join(" "), width, &said);
        let lost: Vec<&str> = ids(&whole).difference(&ids(&said)).copied().collect();
        assert!(lost.is_empty(), "{arguments:?} at {width} columns: {lost:?}\n{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_printed_fits_from_40_columns_to_200() {
    let desk = broken("widths").await;
    for arguments in [
        &["plan", "web"][..],
        &["plan", "web", "--all"],
        &["plan", "web", "-o", "wide"],
        &["status", "web"],
        &["status", "web", "--all"],
        &["status", "web", "-o", "wide"],
        &["explain", "i-ecs1"],
        &["explain", "i-ecs1", "-o", "wide"],
        &["explain", "web"],
        &["explain", "web", "-o", "wide"],
    ] {
        look(&desk, arguments).await;
    }
    let mut golden = String::new();
    for arguments in [&["status", "web"][..], &["plan", "web"], &["explain", "i-ecs1"]] {
        let said = plain(&desk.run_on(40, arguments).await);
        golden.push_str(&format!("## albridge {}\n{}\n", arguments.join(" "), masked(&said)));
    }
    insta::assert_snapshot!("forty_columns", golden);
    let wide = plain(&desk.run(&["status", "web", "-o", "wide", "--sort", "name"]).await);
    insta::assert_snapshot!("status_wide", masked(&wide));
}

#[tokio::test(start_paused = true)]
async fn what_doctor_and_deploy_print_fits_too() {
    let desk = desk("widths-doctor").await;
    let folder = desk.file("packages").display().to_string();
    look(&desk, &["deploy", "--dry-run", "--packages", &folder]).await;
    look(&desk, &["doctor", "--packages", &folder]).await;
}
