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

/// A range of ports, or the only one in it.
///
/// ```
/// use onboarding::words::ports;
///
/// assert_eq!([ports(80, 80), ports(1024, 65535)], ["port 80", "ports 1024-65535"]);
/// ```
#[must_use]
pub fn ports(first: u16, last: u16) -> String {
    if first == last { format!("port {first}") } else { format!("ports {first}-{last}") }
}

/// The verb that goes with a number of things.
#[must_use]
pub const fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
