//! A reading of a clock, to pass to another process.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// A reading of a clock: the real time, the clock's time, and its speed. As text, the three are separated by spaces:
/// `2026-11-22T08:00:00Z 2026-11-22T09:00:00Z 20`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    wall: Timestamp,
    shown: Timestamp,
    speed: f64,
}

/// The text is not a reading of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingError;

impl fmt::Display for ReadingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it is not the real time, a clock's time and its speed (0.001 to 1000000) with a space between them",
        )
    }
}

impl std::error::Error for ReadingError {}

impl Reading {
    /// A clock that shows `shown` at the real time `wall`, and runs at `speed`.
    #[must_use]
    pub const fn new(wall: Timestamp, shown: Timestamp, speed: f64) -> Self {
        Self { wall, shown, speed }
    }

    /// The seconds of the clock per real second.
    #[must_use]
    pub const fn speed(&self) -> f64 {
        self.speed
    }

    /// The time of the clock at a real time.
    #[must_use]
    pub fn at(&self, wall: Timestamp) -> Timestamp {
        let real = wall.duration_since(self.wall).as_secs_f64();
        SignedDuration::try_from_secs_f64(real * self.speed)
            .ok()
            .and_then(|passed| self.shown.checked_add(passed).ok())
            .unwrap_or(self.shown)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.wall, self.shown, self.speed)
    }
}

impl FromStr for Reading {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let mut parts = text.split(' ');
        let mut time = || parts.next().and_then(|part| part.parse::<Timestamp>().ok()).ok_or(ReadingError);
        let (wall, shown) = (time()?, time()?);
        let speed = parts.next().and_then(|part| part.parse::<f64>().ok()).ok_or(ReadingError)?;
        if !(0.001..=1e6).contains(&speed) || parts.next().is_some() {
            return Err(ReadingError);
        }
        Ok(Self { wall, shown, speed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_told_as_text() {
        let text = "2026-11-22T08:00:00Z 2026-11-22T09:00:00Z 20";
        let reading: Reading = text.parse().unwrap();
        assert_eq!(reading.to_string(), text);
        let at = |wall: &str| reading.at(wall.parse().unwrap()).to_string();
        assert_eq!(at("2026-11-22T08:01:00Z"), "2026-11-22T09:20:00Z");
        assert_eq!(at("2026-11-22T07:59:00Z"), "2026-11-22T08:40:00Z");
    }

    #[test]
    fn what_is_no_reading_is_refused() {
        let (one, two) = ("2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z");
        for text in [String::new(), one.to_owned(), format!("{one} {two}")]
            .into_iter()
            .chain(["x", "0", "-1", "inf", "NaN", "1e7", "20 1"].map(|speed| format!("{one} {two} {speed}")))
        {
            assert_eq!(text.parse::<Reading>(), Err(ReadingError), "{text}");
        }
    }
}
