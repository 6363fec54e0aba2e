//! The way of a packet: its hops, and the first thing wrong.

use std::fmt;

use ipnet::Ipv4Net;
use serde::Serialize;

use crate::fault::Fault;
use crate::hop::Hop;

/// The way as far as it goes: the hop where packets end is the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// Where it should lead.
    pub destination: Ipv4Net,
    /// What was met, in order.
    pub hops: Vec<Hop>,
    /// The first thing wrong, if anything is. A definite break comes before what is not known, and that before what
    /// fails for some packets only.
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
