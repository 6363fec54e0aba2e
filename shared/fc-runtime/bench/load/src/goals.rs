//! What has to hold, and whether it does.

use crate::{
    ECHO, HELLO, LAMBDA, RUN, RUN_CONCURRENT, SAME_WORK,
    report::{Row, cell, median, paired},
};

/// A bound, and what was measured.
pub struct Goal {
    what: String,
    measured: f64,
    bound: Bound,
}

enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    /// What could not be measured is not met.
    pub fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.measured >= bound,
            Bound::AtMost(bound) => self.measured <= bound,
        }
    }
}

/// The goals, in the order in which they are printed.
pub fn of(rows: &[Row], sizes: &[(&str, u64)]) -> Vec<Goal> {
    let row = |name| rows.iter().find(|row| row.name == name);
    let throughput = |name, base| match (row(name), row(base)) {
        (Some(row), Some(base)) => paired(&row.at_16, &base.at_16, |load| load.per_second),
        _ => f64::NAN,
    };
    let of_row =
        |name, values: fn(&Row) -> &Vec<f64>| row(name).map_or(f64::NAN, |row| median(values(row).iter().copied()));
    let size = |name| sizes.iter().find(|(hello, _)| *hello == name).map_or(f64::NAN, |(_, bytes)| *bytes as f64);
    let goal = |what: String, measured, bound| Goal { what, measured, bound };

    let mut goals = vec![
        goal(
            format!("calls/s at 16: {RUN_CONCURRENT} to {SAME_WORK}"),
            throughput(RUN_CONCURRENT, SAME_WORK),
            Bound::AtLeast(0.95),
        ),
        goal(format!("calls/s at 16: {RUN} to {SAME_WORK}"), throughput(RUN, SAME_WORK), Bound::AtLeast(0.85)),
        goal(
            format!("calls/s at 16: {RUN_CONCURRENT} to {LAMBDA}"),
            throughput(RUN_CONCURRENT, LAMBDA),
            Bound::AtLeast(1.5),
        ),
        // Else it would be the mock that limits lambda_runtime.
        goal(
            format!("share of its core that the mock is busy, {LAMBDA}"),
            of_row(LAMBDA, |row| &row.mock_busy),
            Bound::AtMost(0.9),
        ),
    ];
    for base in [SAME_WORK, ECHO] {
        for name in [RUN_CONCURRENT, RUN] {
            let (time, least) = (of_row(name, |row| &row.starts), of_row(base, |row| &row.starts));
            goals.push(goal(format!("start to first answer: {name} to {base}"), time / least, Bound::AtMost(1.25)));
        }
    }
    for base in [SAME_WORK, ECHO] {
        for name in [RUN_CONCURRENT, RUN] {
            let (kb, least) = (of_row(name, |row| &row.resident), of_row(base, |row| &row.resident));
            goals.push(goal(format!("resident MB above {base}: {name}"), (kb - least) / 1024.0, Bound::AtMost(1.0)));
        }
    }
    let [(ours, _), (theirs, _)] = HELLO;
    goals.push(goal(
        format!("hello world, stripped: {ours} to {theirs}"),
        size(ours) / size(theirs),
        Bound::AtMost(0.9),
    ));
    goals
}

/// As a table.
pub fn print(goals: &[Goal]) {
    println!("\n| goal | bound | measured | |\n|---|--:|--:|---|");
    for goal in goals {
        let bound = match goal.bound {
            Bound::AtLeast(bound) => format!("at least {bound}"),
            Bound::AtMost(bound) => format!("at most {bound}"),
        };
        let verdict = if goal.is_met() { "met" } else { "NOT MET" };
        println!("| {} | {bound} | {} | {verdict} |", goal.what, cell(goal.measured, 3));
    }
}
