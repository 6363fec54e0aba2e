//! What the emulator is checked for, action by action.
//!
//! ```text
//!   cases/*.yml ──► runner (signed requests to a Gateway, time that passes) ──► what held ──► covered.txt, a ratchet
//!   data/*.json ──► automatic (every action: missing, ill-typed, unknown ...) ──┘        └──► docs/emulator-fidelity.md
//! ```
//!
//! Each chapter of `cases` is one service: a row for each of its actions (what is played, the source, known differences)
//! and cases, each a few calls with what they must be answered with. Only what held in this run counts as covered.
//! The parameter tables of the gateway are written from `data` as well (decision 0005). `covered.txt` only grows: an item
//! of it that is no longer covered fails a test, and so does a file that is not current.
//!
//! ```text
//!   cargo test -p emulator --test conformance -- --ignored update
//! ```
//! writes every such file anew; it refuses to drop what was covered. To give something up, delete it by hand first.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper fails the test by panicking")]

mod answer;
mod automatic;
mod case;
mod client;
mod coverage;
mod document;
mod generate;
mod runner;
mod sign;
mod tables;
mod xml;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use case::Chapter;
use coverage::Coverage;

/// Everything that was tried, once for all tests of this binary.
static FOUND: LazyLock<Found> = LazyLock::new(|| {
    let chapters = case::chapters();
    let mut found = Found { chapters, coverage: Coverage::default(), complaints: Vec::new() };
    for chapter in &found.chapters {
        runner::run(chapter, &mut found.coverage, &mut found.complaints);
        automatic::run(chapter, &mut found.coverage, &mut found.complaints);
    }
    found
});

struct Found {
    chapters: Vec<Chapter>,
    coverage: Coverage,
    complaints: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn ratchet() -> PathBuf {
    root().join("tests/conformance/covered.txt")
}

fn page() -> PathBuf {
    root().join("../../docs/emulator-fidelity.md")
}

#[test]
fn every_case_holds() {
    assert!(FOUND.complaints.is_empty(), "{} complaints:\n{}", FOUND.complaints.len(), FOUND.complaints.join("\n"));
}

#[test]
fn every_action_has_a_row_and_is_tried() {
    let mut lacking = Vec::new();
    for chapter in &FOUND.chapters {
        let rows: BTreeSet<&str> = chapter.rows.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(rows.len(), chapter.rows.len(), "{}: a row twice", chapter.title);
        if let Some(actions) = tables::actions(&chapter.service) {
            let known: BTreeSet<&str> = actions.keys().map(String::as_str).collect();
            assert_eq!(rows, known, "{}", chapter.title);
        }
        for row in &chapter.rows {
            let of = |aspect| FOUND.coverage.items(&chapter.service, &row.action, aspect).next().is_some();
            if !of("accepted") {
                lacking.push(format!("{}.{}: no case has it accepted", chapter.service, row.action));
            }
            let asks = tables::actions(&chapter.service).is_none_or(|actions| actions[&row.action].asks());
            if asks && !of("errors") {
                lacking.push(format!("{}.{}: no case has it refused", chapter.service, row.action));
            }
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn nothing_that_was_covered_is_lost() {
    let lost = FOUND.coverage.lost_since(&std::fs::read_to_string(ratchet()).unwrap());
    assert!(lost.is_empty(), "covered before, not any more:\n{}", lost.join("\n"));
}

#[test]
fn the_files_are_current() {
    let how = "run: cargo test -p emulator --test conformance -- --ignored update";
    for (file, text) in generate::files() {
        assert!(std::fs::read_to_string(&file).unwrap_or_default() == text, "{} is old; {how}", file.display());
    }
    assert!(std::fs::read_to_string(ratchet()).unwrap() == FOUND.coverage.text(), "covered.txt is old; {how}");
    let page = std::fs::read_to_string(page()).unwrap();
    assert!(document::write(&page, &FOUND.chapters, &FOUND.coverage) == page, "emulator-fidelity.md is old; {how}");
}

/// Parameter tables first: whatever else is checked needs an emulator that is built with them.
fn write_tables() {
    let mut stale = false;
    for (file, text) in generate::files() {
        if std::fs::read_to_string(&file).unwrap_or_default() != text {
            std::fs::write(&file, text).unwrap();
            stale = true;
        }
    }
    assert!(!stale, "the parameter tables are new: run again, so that the emulator is built with them");
}

#[test]
#[ignore = "writes the parameter tables of the emulator, which the tests above compare"]
fn update() {
    write_tables();
    assert!(FOUND.complaints.is_empty(), "{}", FOUND.complaints.join("\n"));
    let old = std::fs::read_to_string(ratchet()).unwrap_or_default();
    let lost = FOUND.coverage.lost_since(&old);
    assert!(lost.is_empty(), "delete these by hand if they are really to go:\n{}", lost.join("\n"));
    std::fs::write(ratchet(), FOUND.coverage.text()).unwrap();
    let old = std::fs::read_to_string(page()).unwrap();
    std::fs::write(page(), document::write(&old, &FOUND.chapters, &FOUND.coverage)).unwrap();
}
