//! The rate limits of CloudFlow (workflow-events-template.md section 1.5, "Rates"): a token bucket per region and group.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::call::ApiError;

/// A bucket's contents, in thousandths of a call, and when it was last looked at.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    filled: i64,
    at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Rates(BTreeMap<(String, &'static str), Bucket>);

impl Rates {
    /// Takes one call out of its bucket.
    pub(crate) fn take(&mut self, now: Timestamp, region: &str, action: &str) -> Result<(), ApiError> {
        let (group, size, per_second) = match action {
            "StartExecution" => ("start", 100, 100),
            "DescribeExecution" => ("describe", 50, 5),
            "GetExecutionHistory" => ("history", 50, 5),
            _ => ("other", 10, 2),
        };
        let full = Bucket { filled: size * 1000, at: now };
        let bucket = self.0.entry((region.to_owned(), group)).or_insert(full);
        let elapsed = i64::try_from(now.duration_since(bucket.at).as_millis()).unwrap_or(i64::MAX).max(0);
        bucket.filled = bucket.filled.saturating_add(elapsed.saturating_mul(per_second)).min(size * 1000);
        bucket.at = now;
        if bucket.filled < 1000 {
            return Err(ApiError::bad("Throttling.User", "Request was denied due to user flow control."));
        }
        bucket.filled -= 1000;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::testing::start;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let mut rates = Rates::default();
        for _ in 0..10 {
            rates.take(start(), "r", "ListExecutions").unwrap();
        }
        assert_eq!(rates.take(start(), "r", "StopExecution").unwrap_err().code, "Throttling.User");
        assert!(rates.take(start(), "other region", "ListExecutions").is_ok());
        assert!(rates.take(start(), "r", "StartExecution").is_ok());
        let later = start() + SignedDuration::from_millis(500);
        assert!(rates.take(later, "r", "ListExecutions").is_ok());
        assert!(rates.take(later, "r", "ListExecutions").is_err());
    }
}
