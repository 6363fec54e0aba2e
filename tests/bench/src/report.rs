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
    pub measured: Option<f64>,
}

/// All goals of a run.
#[derive(Default)]
pub struct Goals(Vec<Goal>);

impl Goals {
    /// `measured` is at most `bound`; [`None`] is a measurement that ended over its limit.
    pub fn most(&mut self, what: impl Into<String>, bound: f64, measured: impl Into<Option<f64>>) {
        self.0.push(Goal { what: what.into(), bound, measured: measured.into() });
    }

    /// Prints them; whether all are met.
    pub fn print(&self) -> bool {
        println!("### Goals\n");
        let met = |goal: &Goal| goal.measured.is_some_and(|measured| measured <= goal.bound + 1e-9);
        let rows: Vec<Vec<String>> = self
            .0
            .iter()
            .map(|goal| {
                let measured = goal.measured.map_or_else(|| "over the limit".to_owned(), number);
                let verdict = if met(goal) { "met" } else { "**missed**" };
                vec![goal.what.clone(), number(goal.bound), measured, verdict.to_owned()]
            })
            .collect();
        table(&["goal", "at most", "measured", ""], &rows);
        let missed = self.0.iter().filter(|goal| !met(goal)).count();
        println!("{} goals, {missed} missed", self.0.len());
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
    fn a_power_law_is_found() {
        let points: Vec<(f64, f64)> = [1.0, 10.0, 50.0].map(|x: f64| (x, 3.0 * x.powf(1.5))).to_vec();
        assert!((exponent(&points).unwrap() - 1.5).abs() < 1e-9);
        assert_eq!(exponent(&points[..1]), None);
    }
}
