//! `--since`: how long ago, or from when on.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(SignedDuration),
    /// From then on.
    At(Timestamp),
}

impl Since {
    /// Reads `90m`, `2h`, `3d`, `2026-11-22` (its beginning, UTC) or `2026-11-22T08:00:00Z`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match text.get(number.len()..) {
            Some("s") => Some(1),
            Some("m") => Some(60),
            Some("h") => Some(60 * 60),
            Some("d") => Some(24 * 60 * 60),
            Some("w") => Some(7 * 24 * 60 * 60),
            _ => None,
        };
        let seconds = unit.and_then(|unit| number.parse::<u32>().ok().map(|number| i64::from(number) * unit));
        if let Some(seconds) = seconds {
            return Ok(Self::Ago(SignedDuration::from_secs(seconds)));
        }
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
        text.parse::<Timestamp>().ok().or_else(day).map(Self::At).ok_or_else(|| {
            "a time is expected: how long ago, as 90m, 2h or 3d, or from when on, as 2026-11-22 or 2026-11-22T08:00:00Z"
                .to_owned()
        })
    }

    /// The time that it means now.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        for (text, at) in [
            ("90m", "2026-11-22T06:30:00Z"),
            ("2h", "2026-11-22T06:00:00Z"),
            ("3d", "2026-11-19T08:00:00Z"),
            ("1w", "2026-11-15T08:00:00Z"),
            ("0s", "2026-11-22T08:00:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T10:00:00+08:00", "2026-11-20T02:00:00Z"),
        ] {
            assert_eq!(Since::parse(text).unwrap().before(now), at.parse().unwrap(), "{text}");
        }
        for text in ["", "h", "2", "-2h", "2x", "2026-13-01", "yesterday", "99999999999w"] {
            assert!(Since::parse(text).unwrap_err().contains("90m"), "{text}");
        }
        assert_eq!(Since::parse("4294967295w").unwrap().before(now), Timestamp::MIN);
    }
}
