//! The path of a packet: its hops, and the first fault.

use std::fmt;

use ipnet::Ipv4Net;
use serde::Serialize;

use crate::fault::Fault;
use crate::hop::Hop;

/// A path, up to the hop where packets end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// Where it should lead.
    pub destination: Ipv4Net,
    /// The hops, in order.
    pub hops: Vec<Hop>,
    /// The first fault, if there is one. A definite break comes before unknown facts, and these before faults that affect
    /// some packets only.
    pub fault: Option<Fault>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hop in &self.hops {
            writeln!(f, "{hop}")?;
        }
        match &self.fault {
            Some(fault) => writeln!(f, "{fault}"),
            None => Ok(()),
        }
    }
}
