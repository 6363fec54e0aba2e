//! The runbook and the list of codes belong together: one heading for each code, and text under each heading.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::Code;

const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

/// The text under each `## XREG-...`, by code.
fn sections() -> BTreeMap<&'static str, &'static str> {
    let mut sections = BTreeMap::new();
    for section in RUNBOOK.split("\n## ").skip(1) {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        assert!(sections.insert(heading.trim(), text.trim()).is_none(), "{heading} has two headings");
    }
    sections
}

#[test]
fn every_code_has_its_heading_and_every_heading_its_code() {
    let headings: BTreeSet<&str> = sections().into_keys().collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(headings, codes);
}

#[test]
fn every_heading_says_what_to_look_at_and_what_to_do() {
    for (heading, text) in sections() {
        assert!(!text.starts_with("See:"), "{heading}: it begins with what the code means");
        for part in ["\nSee: ", "\nDo: "] {
            assert_eq!(text.matches(part).count(), 1, "{heading}: {}", part.trim());
        }
        let lines = text.lines().count();
        assert!((3..=6).contains(&lines), "{heading}: {lines} lines");
    }
}

#[test]
fn codes_that_the_text_refers_to_exist() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let words = RUNBOOK.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '-'));
    for word in words.filter(|word| word.starts_with("XREG-") && *word != "XREG-") {
        assert!(codes.contains(word.trim_end_matches('-')), "{word}");
    }
}
