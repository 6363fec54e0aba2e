//! Parsers for prefixes, ports and ownership tags in answers. External data never causes a panic.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use onboarding::mark::TAG_KEY;

/// A prefix. An address without a length is a /32; host bits are cut off, as the cloud does. `None` for IPv6 and anything
/// else.
pub(super) fn prefix(text: &str) -> Option<Ipv4Net> {
    let text = text.trim();
    text.parse().map(|net: Ipv4Net| net.trunc()).or_else(|_| text.parse::<Ipv4Addr>().map(Ipv4Net::from)).ok()
}

/// Ports `first/last`; `Some(None)` for all ports (`-1/-1`, or empty); `None` if the text is something else.
pub(super) fn ports(text: &str) -> Option<Option<(u16, u16)>> {
    let text = text.trim();
    if text.is_empty() || text == "-1/-1" {
        return Some(None);
    }
    let (first, last) = text.split_once('/').unwrap_or((text, text));
    Some(Some((first.trim().parse().ok()?, last.trim().parse().ok()?)))
}

/// The ownership tag among a resource's tags.
pub(super) fn mark<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    tags.into_iter().find(|(key, _)| *key == TAG_KEY).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_read_with_and_without_a_length() {
        assert_eq!(prefix("10.1.0.0/16").unwrap().to_string(), "10.1.0.0/16");
        assert_eq!(prefix("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(prefix("10.1.2.3/16").unwrap().to_string(), "10.1.0.0/16");
        for other in ["", "2408::/32", "pl-123", "10.0.0.0/33"] {
            assert_eq!(prefix(other), None, "{other}");
        }
    }

    #[test]
    fn ports_read_as_ranges() {
        assert_eq!(ports("80/90"), Some(Some((80, 90))));
        assert_eq!(ports("80"), Some(Some((80, 80))));
        assert_eq!(ports("-1/-1"), Some(None));
        assert_eq!(ports("a/b"), None);
    }
}
