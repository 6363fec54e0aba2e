//! What was measured, and whether the goals hold.

use std::time::Duration;

use crate::load::Checked;
use crate::sign::Signature;

/// The goals, from the issue that this benchmark judges: requests a second, and MB after a million of them.
const RATE: f64 = 10_000.0;
const MEMORY: f64 = 100.0;

#[derive(Debug, Default)]
pub struct Report {
    /// From the start of the process to its line.
    pub start: Duration,
    /// Share of a core that the idle server takes.
    pub idle: f64,
    pub memory_at_start: f64,
    pub memory: f64,
    pub most_memory: f64,
    pub requests: usize,
    /// Per page, one after the other.
    pub pages: Duration,
    pub lists: Vec<(String, Duration)>,
    rounds: Vec<Round>,
    checked: Checked,
}

#[derive(Debug)]
struct Round {
    signature: Signature,
    rate: f64,
    /// Processor time of the server per request, in microseconds.
    cpu: f64,
}

impl Report {
    pub fn round(&mut self, signature: Signature, count: usize, took: Duration, cpu: Duration, checked: Checked) {
        let count = count as f64;
        let cpu = cpu.as_secs_f64() * 1e6 / count;
        self.rounds.push(Round { signature, rate: count / took.as_secs_f64(), cpu });
        self.checked.right += checked.right;
        self.checked.wrong += checked.wrong;
        self.checked.replays_refused += checked.replays_refused;
    }

    /// The latest round in words.
    pub fn latest(&self) -> String {
        self.rounds.last().map_or_else(String::new, |round| format!("{:.0} a second, {:.1} us", round.rate, round.cpu))
    }

    /// ACS3 is judged: it is what today's SDKs send.
    fn goals(&self) -> [(String, String, bool); 4] {
        let rate = self.median(Signature::Acs3, |round| round.rate);
        let replays = self.rounds.len() * crate::CONNECTIONS;
        [
            ("at least 10,000 requests a second (ACS3-HMAC-SHA256)".into(), format!("{rate:.0}"), rate >= RATE),
            (
                format!("less than 100 MB resident after {} requests", self.requests),
                format!("{:.1} MB", self.memory),
                self.memory < MEMORY && self.requests >= 1_000_000,
            ),
            (
                "every answer is the page asked for".into(),
                format!("{} of {}", self.checked.right, self.requests),
                self.checked.right == self.requests && self.checked.wrong == 0,
            ),
            (
                "every replayed nonce is refused".into(),
                format!("{} of {replays}", self.checked.replays_refused),
                self.checked.replays_refused == replays,
            ),
        ]
    }

    pub fn holds(&self) -> bool {
        self.goals().iter().all(|(_, _, met)| *met)
    }

    pub fn print(&self) {
        println!("| signature | requests/s, median | least | most | server's CPU us/request |\n|---|--:|--:|--:|--:|");
        for (signature, name) in [(Signature::Acs3, "ACS3-HMAC-SHA256"), (Signature::Rpc, "HMAC-SHA1")] {
            let rates = self.sorted(signature, |round| round.rate);
            println!(
                "| {name} | {:.0} | {:.0} | {:.0} | {:.1} |",
                self.median(signature, |round| round.rate),
                rates.first().copied().unwrap_or_default(),
                rates.last().copied().unwrap_or_default(),
                self.median(signature, |round| round.cpu),
            );
        }
        println!("\n| | |\n|---|--:|");
        println!("| resident at the start, MB | {:.1} |", self.memory_at_start);
        println!("| resident at the end, MB | {:.1} |", self.memory);
        println!("| most ever resident, MB | {:.1} |", self.most_memory);
        println!("| start to ready, ms | {:.0} |", self.start.as_secs_f64() * 1e3);
        println!("| idle, share of a core | {:.4} |", self.idle);
        println!("\n| one call after the other | us |\n|---|--:|");
        println!("| DescribeInstances, a page by token | {:.0} |", self.pages.as_secs_f64() * 1e6);
        for (name, took) in &self.lists {
            println!("| {name} | {:.0} |", took.as_secs_f64() * 1e6);
        }
        println!("\n| goal | measured | |\n|---|--:|---|");
        for (goal, figure, met) in self.goals() {
            println!("| {goal} | {figure} | {} |", if met { "met" } else { "**NOT MET**" });
        }
    }

    fn sorted(&self, signature: Signature, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        let mut figures: Vec<f64> =
            self.rounds.iter().filter(|round| round.signature == signature).map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures
    }

    fn median(&self, signature: Signature, figure: impl Fn(&Round) -> f64) -> f64 {
        let figures = self.sorted(signature, figure);
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    }
}
