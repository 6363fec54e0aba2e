//! The servers of a group.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::time::Timed;

/// A server is known by its id and port (cloud-apis.md section 4).
pub(crate) type ServerKey = (String, u16);

/// A server's `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Adding,
    Available,
    Configuring,
    /// Gets no new requests; keeps its connections while the group drains.
    Removing,
    Gone,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Adding => "Adding",
            Self::Available => "Available",
            Self::Configuring => "Configuring",
            Self::Removing | Self::Gone => "Removing",
        }
    }

    /// Whether new requests may go there.
    pub(crate) const fn takes_requests(self) -> bool {
        matches!(self, Self::Available | Self::Configuring)
    }
}

/// One server of a group.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) kind: String,
    pub(crate) weight: u32,
    pub(crate) description: String,
    pub(crate) remote_ip: bool,
    pub(crate) status: Timed<Status>,
}

impl Server {
    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        *self.status.get(now) == Status::Gone
    }
}
