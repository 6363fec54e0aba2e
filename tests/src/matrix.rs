//! The matrices: tests of very many cases. How much of a matrix a run takes, which cases these are, and what it counts.
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

/// Crash points: a call of a stage, and one fault at it.
pub const CRASH_POINTS: &str = "crashPoints";
/// False answers: an action that reads, and one way in which its answer is not true.
pub const LIES: &str = "lies";
/// Seeds, each of which is another interleaving or another history.
pub const SEEDS: &str = "seeds";
/// Events that were delivered, malformed and foreign ones included.
pub const EVENTS: &str = "events";
/// Calls that were not made crash points of their own, since their answers equal the ones before and after.
pub const COLLAPSED_POLLS: &str = "collapsedPolls";
/// Cases that failed.
pub const FAILURES: &str = "failures";

/// How much of the matrices is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every so-many-th case: the default.
    Sample,
    /// Every case that CI runs.
    Full,
    /// Every case there is.
    Soak,
    /// The case with this id.
    One(String),
}

/// What `ALBRIDGE_MATRIX` asks for. This is the one place that reads it.
///
/// # Panics
/// When it is set to something that is none of the four.
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

/// What `ALBRIDGE_LISTINGS` has the emulator leave out of listings, or say wrongly, in every test that leaves it open:
/// `omitted` and `zero` for counts beside tokens, `untagged` for empty tags. So any suite runs under each of them:
///
/// ```text
///   ALBRIDGE_LISTINGS=omitted cargo test -p end-to-end --test scenarios
/// ```
///
/// # Panics
/// When it is set to something else.
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
    /// Of `cases`, those that this scope runs: in a sample every `one_in`th, beginning at a place that `seed` decides; else
    /// all, or the one with the wanted id.
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

    /// `sample` where a sample is run, `full` where everything is: for matrices whose cases are numbers.
    #[must_use]
    pub const fn count(&self, sample: u64, full: u64) -> u64 {
        match self {
            Self::Sample => sample,
            Self::Full | Self::Soak | Self::One(_) => full,
        }
    }
}

/// The command that runs one case of a matrix again.
#[must_use]
pub fn rerun(test: &str, id: &str) -> String {
    format!("ALBRIDGE_MATRIX='case:{id}' cargo test -p end-to-end --test matrix {test} -- --nocapture")
}

/// What one test counts. Dropped at the end of the test, it is merged into the summary; a test that fails counts as at least
/// one failure.
#[derive(Debug)]
pub struct Tally {
    test: String,
    counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Nothing counted yet. `test` names the test; a later run of it replaces what it counted before.
    #[must_use]
    pub fn of(test: &str) -> Self {
        Self { test: test.to_owned(), counts: BTreeMap::from([(FAILURES, 0)]) }
    }

    /// Counts `number` more.
    pub fn add(&mut self, what: &'static str, number: u64) {
        *self.counts.entry(what).or_default() += number;
    }

    /// What was counted so far.
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
        // A case that is run again alone says nothing about the matrix.
        if !matches!(scope(), Scope::One(_)) {
            self.merge(&summary_path());
        }
    }
}

impl Tally {
    /// Merges the counts into the summary file. Test processes run side by side, so it is locked meanwhile.
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

/// The sums over all tests, then each test's own counts.
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

/// Beside the build's other results: a test's binary is `<target>/<profile>/deps/<name>`.
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
            // Forgotten, so that it is merged where this test wants it only.
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
