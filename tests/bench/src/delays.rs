//! The cloud's delays, from the one file that both the emulator and the critical path are set by.

use std::collections::BTreeMap;
use std::time::Duration;

use emulator::time::Latencies;
use serde::Deserialize;

const TEXT: &str = include_str!("../delays.json");

#[derive(Deserialize)]
struct File {
    delays: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    seconds: f64,
}

/// Seconds by name.
pub struct Delays(BTreeMap<String, f64>);

impl Delays {
    /// Those of the file.
    pub fn read() -> Self {
        let file: File = serde_json::from_str(TEXT).expect("delays.json is valid");
        Self(file.delays.into_iter().map(|(name, entry)| (name, entry.seconds)).collect())
    }

    /// One of them, in seconds.
    pub fn seconds(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("delays.json has no {name}"))
    }

    fn duration(&self, name: &str) -> Duration {
        Duration::from_secs_f64(self.seconds(name))
    }

    /// From a member that answers to a healthy one.
    pub fn healthy(&self) -> f64 {
        self.seconds("healthInterval") * self.seconds("healthyThreshold")
    }

    /// The emulator's settings.
    pub fn latencies(&self) -> Latencies {
        let mut latencies = Latencies::default();
        latencies.alb_write = self.duration("albWrite");
        latencies.vpc_attach = self.duration("vpcAttach");
        latencies.peer_attach = self.duration("peerAttach");
        latencies.table_link = self.duration("tableLink");
        latencies.propagate = self.duration("propagate");
        latencies.route_entry = self.duration("routeEntry");
        latencies.transit_route_entry = self.duration("transitRouteEntry");
        latencies.instance_start = self.duration("instanceStart");
        latencies.event = self.duration("event");
        latencies
    }

    /// How long what a write starts is on its way, for a waterfall; [`None`] for a write that is done when it is answered.
    pub fn of_write(&self, action: &str) -> Option<f64> {
        let name = match action {
            "CreateServerGroup" | "CreateListener" | "AddServersToServerGroup" => "albWrite",
            "CreateTransitRouterVpcAttachment" => "vpcAttach",
            "CreateTransitRouterPeerAttachment" => "peerAttach",
            "AssociateTransitRouterAttachmentWithRouteTable" | "EnableTransitRouterRouteTablePropagation" => {
                "tableLink"
            }
            "CreateRouteEntry" | "CreateRouteEntries" => "routeEntry",
            "CreateTransitRouterRouteEntry" => "transitRouteEntry",
            _ => return None,
        };
        Some(self.seconds(name))
    }
}
