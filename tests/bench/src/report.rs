//! Tables, goals, and fits.

/// A table in Markdown; the first column is text, the others numbers.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    println!("| {} |", head.join(" | "));
    let rules: Vec<&str> = (0..head.len()).map(|column| if column == 0 { "---" } else { "--:" }).collect();
    println!("|{}|", rules.join("|"));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// A goal, its bound, and what was measured.
pub struct Goal {
    pub what: String,
    pub bound: f64,
    /// What stands in for a bound that proved impossible: measured, and explained in docs/benchmarks.md.
    pub limit: Option<f64>,
    pub measured: Option<f64>,
}

/// What a measurement says about its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Met,
    /// Missed, and not worse than the documented limit.
    AtLimit,
    Missed,
}

impl Goal {
    fn verdict(&self) -> Verdict {
        let is_within = |bound: f64| self.measured.is_some_and(|measured| measured <= bound + 1e-9);
        if is_within(self.bound) {
            Verdict::Met
        } else if self.limit.is_some_and(is_within) {
            Verdict::AtLimit
        } else {
            Verdict::Missed
        }
    }
}

/// All goals of a run.
#[derive(Default)]
pub struct Goals(Vec<Goal>);

impl Goals {
    /// `measured` is at most `bound`; [`None`] is a measurement that ended over its limit.
    pub fn most(&mut self, what: impl Into<String>, bound: f64, measured: impl Into<Option<f64>>) {
        self.0.push(Goal { what: what.into(), bound, limit: None, measured: measured.into() });
    }

    /// The same for a bound that proved impossible: docs/benchmarks.md shows what stops it at `limit`, and nothing may be worse.
    pub fn most_by_limit(&mut self, what: impl Into<String>, bound: f64, limit: f64, measured: f64) {
        self.0.push(Goal { what: what.into(), bound, limit: Some(limit), measured: Some(measured) });
    }

    /// Prints them; whether all are met, or at a documented limit.
    pub fn print(&self) -> bool {
        println!("### Goals\n");
        let rows: Vec<Vec<String>> = self
            .0
            .iter()
            .map(|goal| {
                let measured = goal.measured.map_or_else(|| "over the limit".to_owned(), number);
                let verdict = match (goal.verdict(), goal.limit) {
                    (Verdict::Met, _) => "met".to_owned(),
                    (Verdict::AtLimit, Some(limit)) => format!("missed, within its limit of {}", number(limit)),
                    _ => "**missed**".to_owned(),
                };
                vec![goal.what.clone(), number(goal.bound), measured, verdict]
            })
            .collect();
        table(&["goal", "at most", "measured", ""], &rows);
        let count = |verdict| self.0.iter().filter(|goal| goal.verdict() == verdict).count();
        let (limits, missed) = (count(Verdict::AtLimit), count(Verdict::Missed));
        println!("{} goals, {missed} missed, {limits} within a limit that docs/benchmarks.md explains", self.0.len());
        missed == 0
    }
}

/// A number with as many digits as a reader wants.
pub fn number(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 && value.abs() >= 10.0 {
        format!("{value:.0}")
    } else if value.abs() >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// The exponent of a power law through points, by least squares on their logarithms.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 2 {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.max(1e-9).ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) =
        (logs.iter().map(|(x, _)| x).sum::<f64>() / count, logs.iter().map(|(_, y)| y).sum::<f64>() / count);
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    (variance > 0.0).then_some(covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_stands_in_for_its_goal_and_no_further() {
        let passes = |measured| {
            let mut goals = Goals::default();
            goals.most_by_limit("calls", 380.0, 419.0, measured);
            (goals.0[0].verdict(), goals.print())
        };
        assert_eq!(passes(380.0), (Verdict::Met, true));
        assert_eq!(passes(419.0), (Verdict::AtLimit, true));
        assert_eq!(passes(420.0), (Verdict::Missed, false));
        let mut goals = Goals::default();
        goals.most("calls", 380.0, 381.0);
        assert!(!goals.print(), "no limit is documented");
    }

    #[test]
    fn a_power_law_is_found() {
        let points: Vec<(f64, f64)> = [1.0, 10.0, 50.0].map(|x: f64| (x, 3.0 * x.powf(1.5))).to_vec();
        assert!((exponent(&points).unwrap() - 1.5).abs() < 1e-9);
        assert_eq!(exponent(&points[..1]), None);
    }
}
