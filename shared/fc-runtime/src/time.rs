//! Points in time: their source, as milliseconds, and as text in UTC.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The source of the time at which requests arrive.
pub type Now = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Milliseconds since the epoch, 0 before it.
pub(crate) fn epoch_millis(time: SystemTime) -> u64 {
    millis(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A point in time by the calendar.
struct Utc {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    millisecond: u64,
}

impl Utc {
    /// Of milliseconds since the epoch.
    fn of(epoch: u64) -> Self {
        let (seconds, millisecond) = (epoch / 1_000, epoch % 1_000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Years are counted from March, so that the leap day ends one; eras of 400 years have the same number of days.
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
            millisecond,
        }
    }
}

/// `2023-09-05T06:41:11Z`.
pub(crate) fn utc(epoch: u64) -> String {
    let Utc { year, month, day, hour, minute, second, .. } = Utc::of(epoch);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `2023-09-05T06:41:11.042Z`, as in the log lines of Function Compute's runtimes.
pub(crate) fn log_time(epoch: u64) -> String {
    let Utc { year, month, day, hour, minute, second, millisecond } = Utc::of(epoch);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// `05/Sep/2023:06:41:11 +0000`, as in the Common Log Format and in Lambda's events.
pub(crate) fn common_log(epoch: u64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Utc { year, month, day, hour, minute, second, .. } = Utc::of(epoch);
    let month = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).unwrap_or(&"");
    format!("{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_know_leap_years() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_693_896_071_999), "2023-09-05T06:41:11Z");
        assert_eq!(utc(4_107_542_399_000), "2100-02-28T23:59:59Z");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn the_other_forms_say_the_same() {
        assert_eq!(common_log(1_693_896_071_042), "05/Sep/2023:06:41:11 +0000");
        assert_eq!(common_log(0), "01/Jan/1970:00:00:00 +0000");
        assert_eq!(log_time(1_693_896_071_042), "2023-09-05T06:41:11.042Z");
    }
}
