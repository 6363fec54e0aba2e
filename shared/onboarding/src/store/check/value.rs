//! Rules about single values and lists.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::store::wrong::Wrong;

/// The bandwidth of the largest plan (the text of `CreateCenBandwidthPackage`).
const MOST_MBPS: u32 = 10_000;

type Checked = Result<(), Wrong>;

/// A text must not be empty.
pub(super) fn filled(path: &str, text: &str) -> Checked {
    if text.trim().is_empty() {
        return Err(Wrong::new(path, "is empty. Write a value, or leave the line out if it has a default."));
    }
    Ok(())
}

/// A value for a message: its beginning, with control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 96;
    let escaped: String = text
        .chars()
        .take(SHOWN)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        format!("`{escaped}...`, of {} characters", text.chars().count())
    } else {
        format!("`{escaped}`")
    }
}

/// The numbers that a field takes, by the last name of its path; `None` of a field that has no range of its own.
fn range(path: &str) -> Option<RangeInclusive<u32>> {
    let field = path.rsplit_once('.').map_or(path, |(_, field)| field);
    Some(match field {
        "port" => 1..=u16::MAX.into(),
        "weight" | "priority" => 1..=100,
        "drainSeconds" => 0..=900,
        "interval" => 1..=50,
        "timeout" => 1..=300,
        "healthyThreshold" | "unhealthyThreshold" => 2..=10,
        "mbps" => 1..=MOST_MBPS,
        "expect" => 100..=599,
        "maxPercent" => 0..=100,
        _ => return None,
    })
}

/// What is wrong with a value that is not even a number of the field's type.
pub(in crate::store) fn no_number(path: &str) -> String {
    match range(path) {
        Some(range) => format!("is no number from {} to {}.", range.start(), range.end()),
        None => "is no whole number, or too large a one.".to_owned(),
    }
}

/// A number must be in the range of its field.
pub(super) fn within(path: &str, value: u32) -> Checked {
    match range(path) {
        Some(range) if !range.contains(&value) => {
            Err(Wrong::new(path, format!("is {value}. Write a number from {} to {}.", range.start(), range.end())))
        }
        _ => Ok(()),
    }
}

/// A number must not be 0.
pub(super) fn positive(path: &str, value: u32) -> Checked {
    if value > 0 {
        return Ok(());
    }
    Err(Wrong::new(path, "is 0. Write a number of at least 1."))
}

/// A port must not be 0.
pub(super) fn port(path: &str, value: u16) -> Checked {
    within(path, value.into())
}

/// A word must be one of those allowed; case matters.
pub(super) fn one_of(path: &str, value: &str, words: &[&str]) -> Checked {
    if words.contains(&value) {
        return Ok(());
    }
    Err(Wrong::new(path, format!("is {}. Write one of {}.", quoted(value), words.join(", "))))
}

/// A list must not be empty.
pub(super) fn some_items<T>(path: &str, items: &[T], what: &str) -> Checked {
    if items.is_empty() {
        return Err(Wrong::new(path, format!("is empty. Name at least one {what}.")));
    }
    Ok(())
}

/// A list must not have more items than `most`.
pub(super) fn at_most<T>(path: &str, items: &[T], most: usize, what: &str) -> Checked {
    if items.len() <= most {
        return Ok(());
    }
    Err(Wrong::new(path, format!("has {} entries. Name at most {most} {what}.", items.len())))
}

/// A list must not be empty, and must not contain empty or repeated items.
pub(super) fn distinct<T: Ord + Display>(path: &str, items: &[T], what: &str) -> Checked {
    some_items(path, items, what)?;
    let mut seen = BTreeSet::new();
    for (at, item) in items.iter().enumerate() {
        let path = format!("{path}[{at}]");
        filled(&path, &item.to_string())?;
        if !seen.insert(item) {
            return Err(Wrong::new(path, format!("`{item}` is listed twice. Name each {what} once.")));
        }
    }
    Ok(())
}
