//! When a timer trigger fires.
//!
//! Six fields: second, minute, hour, day of month, month, day of week; or `@every 5m`. Times are UTC, or at a fixed
//! offset with `CRON_TZ=Asia/Shanghai` (no summer time since 1991) and `CRON_TZ=UTC`: a time zone whose offset changes
//! would need its history, so it is refused. Source: `reference/workflow-events-template.md` section 2.4.
//!
//! Where both days are restricted, a day matches if either does, as in every cron.

use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// A timer's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    form: Form,
}

/// A schedule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no cron expression: {reason}")]
pub struct CronError {
    text: String,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Every(Duration),
    Fields(Box<Fields>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields {
    offset: Offset,
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

/// How many days ahead a firing is looked for: 29 February comes within eight years.
const DAYS_AHEAD: usize = 366 * 9;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Schedule {
    /// Reads a cron expression.
    ///
    /// # Errors
    /// The text, and what is wrong with it.
    ///
    /// ```
    /// let schedule = template::cron::Schedule::parse("0 0 4 * * *").ok();
    /// let after = "2026-11-22T08:00:00Z".parse().ok();
    /// let next = schedule.zip(after).and_then(|(schedule, after)| schedule.next_after(after));
    /// assert_eq!(next.map(|next| next.to_string()).as_deref(), Some("2026-11-23T04:00:00Z"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let form = match text.trim().strip_prefix("@every") {
            Some(interval) => every(interval.trim()).map(Form::Every),
            None => fields(text.trim()).map(|fields| Form::Fields(Box::new(fields))),
        };
        form.map(|form| Self { form }).map_err(|reason| CronError { text: text.to_owned(), reason })
    }

    /// The first firing later than `after`; `None` for a day that never comes, such as 30 February.
    ///
    /// `@every` counts from `after`, so it is to be called with the last firing, or with the time the timer was made.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.form {
            Form::Every(interval) => {
                SignedDuration::try_from(*interval).ok().and_then(|interval| after.checked_add(interval).ok())
            }
            Form::Fields(fields) => fields.next_after(after),
        }
    }
}

impl Fields {
    fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::fixed(self.offset);
        let from = after.checked_add(1.second()).ok()?.to_zoned(zone.clone());
        let mut date = from.date();
        let mut earliest = (from.hour(), from.minute(), from.second());
        for _ in 0..DAYS_AHEAD {
            if self.matches(date)
                && let Some((hour, minute, second)) = self.time_from(earliest)
            {
                let time = date.at(hour, minute, second, 0);
                return time.to_zoned(zone).ok().map(|zoned| zoned.timestamp());
            }
            date = date.tomorrow().ok()?;
            earliest = (0, 0, 0);
        }
        None
    }

    fn matches(&self, date: Date) -> bool {
        let weekday = match date.weekday() {
            Weekday::Sunday => 0,
            other => other.to_monday_one_offset(),
        };
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, weekday);
        has(self.months, date.month()) && if self.either_day { day || weekday } else { day && weekday }
    }

    /// The first matching time of a day that is not before the given one.
    fn time_from(&self, (hour, minute, second): (i8, i8, i8)) -> Option<(i8, i8, i8)> {
        let first_minute = next(self.minutes, 0)?;
        let first_second = next(self.seconds, 0)?;
        if has(self.hours, hour) {
            if has(self.minutes, minute)
                && let Some(second) = next(self.seconds, second)
            {
                return Some((hour, minute, second));
            }
            if let Some(minute) = next(self.minutes, minute + 1) {
                return Some((hour, minute, first_second));
            }
        }
        next(self.hours, hour + 1).map(|hour| (hour, first_minute, first_second))
    }
}

fn has(set: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| value < 64 && set & (1_u64 << value) != 0)
}

/// The least member of a set of numbers below 64 that is at least `from`.
fn next(set: u64, from: i8) -> Option<i8> {
    (from..64).find(|value| has(set, *value))
}

fn every(text: &str) -> Result<Duration, String> {
    let mut rest = text;
    let mut seconds = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or("a unit is missing")?;
        let (number, tail) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| "a number is missing")?;
        let (unit, tail) = match tail.chars().next() {
            Some('s') => (1, tail.strip_prefix('s')),
            Some('m') => (60, tail.strip_prefix('m')),
            Some('h') => (3_600, tail.strip_prefix('h')),
            _ => return Err("the units are s, m and h".to_owned()),
        };
        seconds = number.checked_mul(unit).and_then(|part| part.checked_add(seconds)).ok_or("it is too long")?;
        rest = tail.unwrap_or_default();
    }
    if seconds == 0 { Err("an interval is missing".to_owned()) } else { Ok(Duration::from_secs(seconds)) }
}

fn fields(text: &str) -> Result<Fields, String> {
    let (offset, text) = match text.strip_prefix("CRON_TZ=") {
        None => (Offset::UTC, text),
        Some(rest) => {
            let (zone, rest) = rest.split_once(char::is_whitespace).ok_or("six fields are needed")?;
            (offset(zone)?, rest)
        }
    };
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [seconds, minutes, hours, days, months, weekdays] = parts.as_slice() else {
        return Err(format!("six fields are needed, not {}", parts.len()));
    };
    let weekday_set = field(weekdays, 0, 7, &WEEKDAYS, 0)?;
    Ok(Fields {
        offset,
        seconds: field(seconds, 0, 59, &[], 0)?,
        minutes: field(minutes, 0, 59, &[], 0)?,
        hours: field(hours, 0, 23, &[], 0)?,
        days: field(days, 1, 31, &[], 0)?,
        months: field(months, 1, 12, &MONTHS, 1)?,
        // 7 is Sunday as well.
        weekdays: weekday_set | ((weekday_set >> 7) & 1),
        either_day: restricted(days) && restricted(weekdays),
    })
}

fn restricted(field: &str) -> bool {
    !field.starts_with('*') && field != "?"
}

fn offset(zone: &str) -> Result<Offset, String> {
    match zone {
        "UTC" | "Etc/UTC" | "GMT" => Ok(Offset::UTC),
        "Asia/Shanghai" | "PRC" | "Asia/Hong_Kong" | "Asia/Singapore" => Ok(Offset::constant(8)),
        "Asia/Tokyo" => Ok(Offset::constant(9)),
        other => Err(format!("the time zone {other} is not one with a fixed offset known here")),
    }
}

/// The members of one field, as bits.
fn field(text: &str, least: u32, most: u32, names: &[&str], first: u32) -> Result<u64, String> {
    let number = |text: &str| -> Result<u32, String> {
        let named = names.iter().zip(first..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some((_, number)) => number,
            None => text.parse().map_err(|_| format!("`{text}` is not a number"))?,
        };
        if (least..=most).contains(&number) { Ok(number) } else { Err(format!("{number} is not in {least} to {most}")) }
    };
    let mut set = 0_u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => match step.parse::<u32>() {
                Ok(step) if step > 0 => (range, Some(step)),
                _ => return Err(format!("`{step}` is no step")),
            },
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            // `5/10` means from 5 on, every 10.
            None if step.is_some() => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(format!("`{range}` ends before it begins"));
        }
        let step = usize::try_from(step.unwrap_or(1)).unwrap_or(usize::MAX);
        for value in (from..=to).step_by(step) {
            set |= 1 << value;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firings(expression: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(expression).unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        let mut times = Vec::new();
        for _ in 0..count {
            at = schedule.next_after(at).unwrap();
            times.push(at.to_string());
        }
        times
    }

    #[test]
    fn every_five_minutes_fires_on_the_five_minutes() {
        let times = firings("0 */5 * * * *", "2026-11-22T08:03:20.5Z", 3);
        assert_eq!(times, ["2026-11-22T08:05:00Z", "2026-11-22T08:10:00Z", "2026-11-22T08:15:00Z"]);
    }

    #[test]
    fn a_firing_is_later_than_the_time_asked_about() {
        assert_eq!(firings("0 0 4 * * *", "2026-11-22T04:00:00Z", 1), ["2026-11-23T04:00:00Z"]);
        assert_eq!(firings("0 0 4 * * *", "2026-11-22T03:59:59Z", 1), ["2026-11-22T04:00:00Z"]);
    }

    #[test]
    fn an_interval_counts_from_the_last_firing() {
        assert_eq!(firings("@every 4m", "2026-11-22T08:00:30Z", 2), ["2026-11-22T08:04:30Z", "2026-11-22T08:08:30Z"]);
        assert_eq!(firings("@every 1h30m", "2026-11-22T08:00:00Z", 1), ["2026-11-22T09:30:00Z"]);
    }

    #[test]
    fn a_fixed_time_zone_moves_the_hour() {
        let times = firings("CRON_TZ=Asia/Shanghai 0 0 4 * * *", "2026-11-22T08:00:00Z", 1);
        assert_eq!(times, ["2026-11-22T20:00:00Z"]);
        assert!(Schedule::parse("CRON_TZ=Europe/Berlin 0 0 4 * * *").is_err());
    }

    #[test]
    fn days_and_weekdays_are_alternatives_when_both_are_given() {
        // 22 November 2026 is a Sunday.
        assert_eq!(
            firings("0 0 0 24 * MON", "2026-11-22T00:00:00Z", 2),
            ["2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"]
        );
        assert_eq!(firings("0 0 0 ? * 7", "2026-11-22T00:00:00Z", 1), ["2026-11-29T00:00:00Z"]);
    }

    #[test]
    fn a_leap_day_is_found_and_an_impossible_day_is_not() {
        assert_eq!(firings("0 0 0 29 2 *", "2026-11-22T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
        let never = Schedule::parse("0 0 0 30 2 *").unwrap();
        assert_eq!(never.next_after("2026-11-22T00:00:00Z".parse().unwrap()), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "* * * * *",
            "60 * * * * *",
            "0 5-1 * * * *",
            "0 */0 * * * *",
            "@every",
            "@every 5",
            "@every 0s",
            "a b c d e f",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
