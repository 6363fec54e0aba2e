//! The matrices: tests with very many cases. This module decides which cases run, and counts them.
//!
//! ```text
//!   cargo test --workspace                          a sample of every matrix
//!   ALBRIDGE_MATRIX=full cargo test --workspace     the whole of every matrix: what .ci/run does
//!   ALBRIDGE_MATRIX=soak cargo test ...             the full product, where a matrix has one
//!   ALBRIDGE_MATRIX=case:ID cargo test ...          one case: what a failing case prints
//! ```
//!
//! Each matrix test counts with a [`Tally`], which is merged into `target/matrix-summary.json` when the test ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use emulator::{Counts, Listings};
use serde_json::{Value, json};

/// Crash points: a call of a stage, with one fault at it.
pub const CRASH_POINTS: &str = "crashPoints";
/// False answers: a reading action, with one way in which its answer is false.
pub const LIES: &str = "lies";
/// Seeds; each one is another interleaving or another history.
pub const SEEDS: &str = "seeds";
/// Delivered events, including malformed and foreign ones.
pub const EVENTS: &str = "events";
/// Calls without a crash point of their own, because their answers equal those of the neighbouring calls.
pub const COLLAPSED_POLLS: &str = "collapsedPolls";
/// Failed cases.
pub const FAILURES: &str = "failures";

/// Which part of the matrices runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every n-th case: the default.
    Sample,
    /// All cases that CI runs.
    Full,
    /// All cases.
    Soak,
    /// The case with this id.
    One(String),
}

/// The scope in `ALBRIDGE_MATRIX`, which is read only here.
///
/// # Panics
/// If its value is not one of the four.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one setting of the tests, read here and nowhere else")]
#[expect(clippy::panic, reason = "a misspelt scope must not pass for a sample")]
pub fn scope() -> Scope {
    let text = std::env::var("ALBRIDGE_MATRIX").unwrap_or_default();
    match text.as_str() {
        "" | "sample" => Scope::Sample,
        "full" => Scope::Full,
        "soak" => Scope::Soak,
        other => match other.strip_prefix("case:") {
            Some(id) => Scope::One(id.to_owned()),
            None => panic!("ALBRIDGE_MATRIX is {other:?}; it can be sample, full, soak or case:ID"),
        },
    }
}

/// What the emulator omits from listings, or states wrongly, in every test that does not set it, by `ALBRIDGE_LISTINGS`:
/// `omitted` and `zero` for counts beside tokens, `untagged` for empty tags. So any suite can run with each of them:
///
/// ```text
///   ALBRIDGE_LISTINGS=omitted cargo test -p end-to-end --test scenarios
/// ```
///
/// # Panics
/// If its value is anything else.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, read here and nowhere else")]
#[expect(clippy::panic, reason = "a misspelt setting must not pass for the usual one")]
pub fn listings() -> Listings {
    let usual = Listings::default();
    match std::env::var("ALBRIDGE_LISTINGS").unwrap_or_default().as_str() {
        "" | "given" => usual,
        "omitted" => Listings { counts: Counts::Omitted, ..usual },
        "zero" => Listings { counts: Counts::Zero, ..usual },
        "untagged" => Listings { omit_empty_tags: true, ..usual },
        other => panic!("ALBRIDGE_LISTINGS is {other:?}; it can be given, omitted, zero or untagged"),
    }
}

impl Scope {
    /// The cases that run in this scope: in a sample every `one_in`th, starting at a place that depends on `seed`; else
    /// all, or the one with the given id.
    pub fn choose<T>(&self, cases: Vec<T>, one_in: usize, seed: u64, id: impl Fn(&T) -> String) -> Vec<T> {
        match self {
            Self::Full | Self::Soak => cases,
            Self::One(wanted) => cases.into_iter().filter(|case| id(case) == *wanted).collect(),
            Self::Sample => {
                let one_in = one_in.max(1);
                let first = usize::try_from(seed).unwrap_or_default() % one_in;
                cases.into_iter().skip(first.min(one_in - 1)).step_by(one_in).collect()
            }
        }
    }

    /// `sample` in a sample, else `full`: for matrices whose cases are numbers.
    #[must_use]
    pub const fn count(&self, sample: u64, full: u64) -> u64 {
        match self {
            Self::Sample => sample,
            Self::Full | Self::Soak | Self::One(_) => full,
        }
    }
}

/// The command that reruns one case of a matrix.
#[must_use]
pub fn rerun(test: &str, id: &str) -> String {
    format!("ALBRIDGE_MATRIX='case:{id}' cargo test -p end-to-end --test matrix {test} -- --nocapture")
}

/// The counts of one test. At the end of the test they are merged into the summary; a failing test counts as at least one
/// failure.
#[derive(Debug)]
pub struct Tally {
    test: String,
    counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Empty counts. `test` is the name of the test; a later run of it replaces its earlier counts.
    #[must_use]
    pub fn of(test: &str) -> Self {
        Self { test: test.to_owned(), counts: BTreeMap::from([(FAILURES, 0)]) }
    }

    /// Increases a count.
    pub fn add(&mut self, what: &'static str, number: u64) {
        *self.counts.entry(what).or_default() += number;
    }

    /// The present value of a count.
    #[must_use]
    pub fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if std::thread::panicking() && self.count(FAILURES) == 0 {
            self.add(FAILURES, 1);
        }
        // The rerun of one case is not a run of the matrix.
        if !matches!(scope(), Scope::One(_)) {
            self.merge(&summary_path());
        }
    }
}

impl Tally {
    /// Merges the counts into the summary file, which is locked because test processes run in parallel.
    #[expect(clippy::expect_used, reason = "a summary that cannot be written would pass for one that lacks a test")]
    fn merge(&self, path: &PathBuf) {
        let open = File::options().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = open.expect("target/matrix-summary.json can be opened");
        file.lock().expect("target/matrix-summary.json can be locked");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("target/matrix-summary.json can be read");
        let before: Value = serde_json::from_str(&text).unwrap_or_default();
        let mut tests: BTreeMap<String, BTreeMap<String, u64>> =
            before.get("tests").and_then(|tests| serde_json::from_value(tests.clone()).ok()).unwrap_or_default();
        tests.insert(self.test.clone(), self.counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect());
        let text = format!("{:#}\n", summary(&tests));
        file.rewind().and_then(|()| file.set_len(0)).expect("target/matrix-summary.json can be emptied");
        file.write_all(text.as_bytes()).expect("target/matrix-summary.json can be written");
    }
}

/// The sums over all tests, then the counts of each test.
fn summary(tests: &BTreeMap<String, BTreeMap<String, u64>>) -> Value {
    let known = [CRASH_POINTS, LIES, SEEDS, EVENTS, COLLAPSED_POLLS, FAILURES];
    let mut sums: BTreeMap<&str, u64> = known.into_iter().map(|what| (what, 0)).collect();
    for (what, count) in tests.values().flatten() {
        *sums.entry(what).or_default() += count;
    }
    let mut summary = json!(sums);
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("tests".to_owned(), json!(tests));
    }
    summary
}

/// In the target directory: a test's binary is `<target>/<profile>/deps/<name>`.
#[expect(clippy::expect_used, reason = "without a place for the summary there is nothing to check")]
fn summary_path() -> PathBuf {
    let binary = std::env::current_exe().expect("the test knows its own binary");
    binary.ancestors().nth(3).expect("a test's binary is in target/<profile>/deps").join("matrix-summary.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(scope: &Scope, one_in: usize, seed: u64) -> Vec<u32> {
        scope.choose((0..10).collect(), one_in, seed, ToString::to_string)
    }

    #[test]
    fn a_sample_is_every_so_many_th_case_and_one_seed_is_one_sample() {
        assert_eq!(choose(&Scope::Sample, 4, 1), [1, 5, 9]);
        assert_eq!(choose(&Scope::Sample, 4, 1), choose(&Scope::Sample, 4, 5));
        assert_eq!(choose(&Scope::Sample, 1, 3).len(), 10);
        assert_eq!(choose(&Scope::Sample, 0, 3).len(), 10);
        assert_eq!(choose(&Scope::Full, 4, 1).len(), 10);
        assert_eq!(choose(&Scope::One("7".to_owned()), 4, 1), [7]);
    }

    #[test]
    fn counts_of_several_tests_are_summed_and_a_second_run_replaces_the_first() {
        let path = std::env::temp_dir().join(format!("albridge-matrix-{}.json", std::process::id()));
        let tally = |test: &str, points: u64| {
            // Not dropped, so that only this test merges it.
            let mut tally = std::mem::ManuallyDrop::new(Tally::of(test));
            tally.add(CRASH_POINTS, points);
            tally.merge(&path);
        };
        tally("one", 3);
        tally("other", 4);
        tally("one", 5);
        let read: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read[CRASH_POINTS], 9);
        assert_eq!(read["tests"]["one"][CRASH_POINTS], 5);
        assert_eq!(read[FAILURES], 0);
    }
}
