//! The tables, in Markdown.

use crate::{
    load::Load,
    server::{Kind, Server},
};

/// All that was measured of one server.
pub struct Row {
    pub name: &'static str,
    pub at_16: Vec<Load>,
    pub at_200: Vec<Load>,
    pub starts: Vec<f64>,
    pub resident: Vec<f64>,
    pub mock_busy: Vec<f64>,
}

impl Row {
    pub fn new(name: &'static str) -> Self {
        Self { name, at_16: vec![], at_200: vec![], starts: vec![], resident: vec![], mock_busy: vec![] }
    }
}

/// NaN of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub fn cell(value: f64, digits: usize) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.digits$}") }
}

pub fn print(rows: &[Row], servers: &[Server], sizes: &[(&str, u64)]) {
    let throughput = |loads: &[Load]| median(loads.iter().map(|load| load.per_second));
    let cpu = |loads: &[Load]| median(loads.iter().map(|load| load.cpu_micros));
    let base = &rows[0];
    println!(
        "| server | calls/s at 16 | ratio | CPU us/call | CPU ratio | p50 us | p99 us | calls/s at 200 | ratio | CPU us/call |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            cell(throughput(&row.at_16), 0),
            // Round by round, so that a slow minute of the machine counts for both.
            cell(paired(&row.at_16, &base.at_16, |load| load.per_second), 3),
            cell(cpu(&row.at_16), 2),
            cell(paired(&row.at_16, &base.at_16, |load| load.cpu_micros), 3),
            cell(median(row.at_16.iter().map(|load| load.p50_micros)), 0),
            cell(median(row.at_16.iter().map(|load| load.p99_micros)), 0),
            cell(throughput(&row.at_200), 0),
            cell(paired(&row.at_200, &base.at_200, |load| load.per_second), 3),
            cell(cpu(&row.at_200), 2),
        );
    }
    println!("\n| server | start to first answer, ms | resident, kB | mock busy |\n|---|--:|--:|--:|");
    for (row, server) in rows.iter().zip(servers) {
        let busy = if server.kind == Kind::Http { f64::NAN } else { median(row.mock_busy.iter().copied()) };
        println!(
            "| {} | {} | {} | {} |",
            row.name,
            cell(median(row.starts.iter().copied()), 2),
            cell(median(row.resident.iter().copied()), 0),
            cell(busy, 2)
        );
    }
    println!("\n| hello world, stripped | bytes |\n|---|--:|");
    for (name, bytes) in sizes {
        println!("| {name} | {bytes} |");
    }
}

/// The median of the ratios of each round.
pub fn paired(loads: &[Load], base: &[Load], value: impl Fn(&Load) -> f64) -> f64 {
    median(loads.iter().zip(base).map(|(load, base)| value(load) / value(base)))
}
