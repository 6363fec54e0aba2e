//! Numbers in sentences.

/// A number with its noun, in the singular where it is one.
///
/// ```
/// use onboarding::words::counted;
///
/// assert_eq!([0, 1, 2].map(|count| counted(count, "member")), ["0 members", "1 member", "2 members"]);
/// ```
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

/// The verb that goes with a number of things.
#[must_use]
pub const fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
