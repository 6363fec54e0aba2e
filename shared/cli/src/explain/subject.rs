//! What `explain` and `graph` are asked about: an instance, or an address and perhaps a port.

use std::net::Ipv4Addr;

use onboarding::ids::InstanceId;

use crate::output::CliError;

/// Whom packets are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An instance at its primary address, by its id or its name.
    Instance(InstanceId),
    /// Whoever has the address.
    Address {
        /// The private address.
        address: Ipv4Addr,
        /// The port, if one is asked about.
        port: Option<u16>,
    },
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::Address { address, port: None } => address.fmt(f),
            Self::Address { address, port: Some(port) } => write!(f, "{address}:{port}"),
        }
    }
}

impl Subject {
    /// Reads an instance's id, an IPv4 address, or an address and a port.
    pub(crate) fn parse(text: &str) -> Result<Self, CliError> {
        let wrong = |what: &str| {
            Err(CliError::Usage(format!(
                "{text:?} is {what}: an instance's id or name is expected, as i-ecs1, or an address, as 192.168.7.10 or 192.168.7.10:80."
            )))
        };
        if text.chars().all(|letter| letter.is_ascii_digit() || ".:/".contains(letter)) {
            let (address, port) = match text.split_once(':') {
                Some((address, port)) => (address, Some(port)),
                None => (text, None),
            };
            let Ok(address) = address.parse() else { return wrong("no IPv4 address") };
            return match port.map(str::parse) {
                None => Ok(Self::Address { address, port: None }),
                Some(Ok(port @ 1..)) => Ok(Self::Address { address, port: Some(port) }),
                Some(_) => wrong("an address with a port that is not 1 to 65535"),
            };
        }
        if text.parse::<std::net::Ipv6Addr>().is_ok() || text.starts_with('[') {
            return wrong("an IPv6 address, which no remote member has");
        }
        if !text.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter)) {
            return wrong("neither an instance id nor an address");
        }
        Ok(Self::Instance(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_addresses_and_ports_are_told_apart() {
        assert_eq!(Subject::parse("i-ecs1").unwrap(), Subject::Instance("i-ecs1".into()));
        let address = Ipv4Addr::new(192, 168, 7, 10);
        assert_eq!(Subject::parse("192.168.7.10").unwrap(), Subject::Address { address, port: None });
        assert_eq!(Subject::parse("192.168.7.10:80").unwrap(), Subject::Address { address, port: Some(80) });
    }

    #[test]
    fn what_is_neither_is_named_with_what_is_expected() {
        for (text, what) in [
            ("", "no IPv4 address"),
            ("192.168.7", "no IPv4 address"),
            ("192.168.7.256", "no IPv4 address"),
            ("192.168.7.0/24", "no IPv4 address"),
            ("192.168.7.10:", "port"),
            ("192.168.7.10:0", "port"),
            ("192.168.7.10:65536", "port"),
            ("192.168.7.10:80:80", "port"),
            ("fe80::1", "IPv6"),
            ("[fe80::1]:80", "IPv6"),
            ("i-ecs1:80", "neither"),
            ("i ecs1", "neither"),
        ] {
            let error = Subject::parse(text).unwrap_err();
            assert_eq!(error.code(), 64, "{text}");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.to_string().contains("192.168.7.10:80"), "{error}");
        }
    }
}
