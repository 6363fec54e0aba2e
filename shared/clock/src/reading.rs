//! What one process tells another of its clock.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// A clock as it was read once: what it showed at which real time, and how fast it runs. As text, the three with a space
/// between them: `2026-11-22T08:00:00Z 2026-11-22T09:00:00Z 20`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    wall: Timestamp,
    shown: Timestamp,
    speed: f64,
}

/// A text that is no reading of a clock.
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
    /// A clock that shows `shown` at the real time `wall`, and runs `speed` times as fast.
    #[must_use]
    pub const fn new(wall: Timestamp, shown: Timestamp, speed: f64) -> Self {
        Self { wall, shown, speed }
    }

    /// How many seconds of the clock pass in a real one.
    #[must_use]
    pub const fn speed(&self) -> f64 {
        self.speed
    }

    /// What the clock shows at a real time.
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
