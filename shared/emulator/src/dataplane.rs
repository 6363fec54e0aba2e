//! The emulator's own packet forwarder: what really happens to the first packet of a connection from a load balancer,
//! and to its answer.
//!
//! ```text
//!   ALB ─► VPC's system table ─► attachment ─► TR table ─► (peer ─► far TR table) ─► attachment ─► VPC ─► interface
//!    ▲                                                                            ACL, security group │
//!    └── VPC ◄─ attachment ◄─ TR table ◄─ (peer ◄─ TR table) ◄─ attachment ◄─ vSwitch's own table ◄───┘
//! ```
//! It reads the tables that the services hold, longest prefix first, and knows nothing of the `reachability` crate:
//! the two check each other. Source of the model: cloud-apis.md section 14.

mod changes;
mod filters;
mod forwarder;
pub(crate) mod owner;
mod path;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::world::World;

pub(crate) use changes::next_change;
pub(crate) use forwarder::Forwarder;

pub use path::{Direction, Fault, Hop, Place, Source, Trace, Verdict};

/// Follows a TCP connection's first packet from `source` to `destination:port`, and the answer back.
pub(crate) fn trace(world: &World, now: Timestamp, source: Source<'_>, destination: Ipv4Addr, port: u16) -> Trace {
    let mut hops = Vec::new();
    let verdict = Forwarder::new(world, now).follow(source, destination, port, &mut hops);
    Trace { hops, verdict }
}

impl World {
    /// Follows a TCP connection's first packet from `source` to `destination:port`, and the answer back.
    #[must_use]
    pub fn trace(&self, now: Timestamp, source: Source<'_>, destination: Ipv4Addr, port: u16) -> Trace {
        trace(self, now, source, destination, port)
    }
}
