//! The ALB side: load balancer, server group with its members, listeners, health.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::ids::{AlbId, ListenerId, Region, ServerGroupId, VSwitchId, VpcId, ZoneId};
use crate::topology::status::{
    HealthStatus, ListenerStatus, LoadBalancerStatus, ServerGroupStatus, ServerGroupType, ServerStatus,
};

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The private address.
    pub address: Ipv4Addr,
    /// The TCP port.
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}

impl Serialize for Endpoint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (address, port) = text.split_once(':').ok_or_else(|| serde::de::Error::custom("expected address:port"))?;
        Ok(Self {
            address: address.parse().map_err(serde::de::Error::custom)?,
            port: port.parse().map_err(serde::de::Error::custom)?,
        })
    }
}

/// An ALB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// Its id.
    pub id: AlbId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: Region,
    /// Its VPC.
    pub vpc: VpcId,
    /// `Active`, `Provisioning`, ...
    pub status: LoadBalancerStatus,
    /// `Basic`, `Standard`, `StandardWithWaf`.
    pub edition: String,
    /// `Internet` or `Intranet`.
    pub address_type: String,
    /// The name that clients resolve.
    pub dns_name: String,
    /// Why it is locked; empty if it is not.
    pub locks: Vec<String>,
    /// Its zones, with their vSwitches and, on an upgraded ALB, the source addresses to the backends.
    pub zones: Vec<LoadBalancerZone>,
}

/// One zone of an ALB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerZone {
    /// The zone.
    pub zone: ZoneId,
    /// The vSwitch.
    pub vswitch: VSwitchId,
    /// `Ipv4LocalAddresses`: not empty on upgraded ALBs only.
    pub local_addresses: Vec<Ipv4Addr>,
}

/// A server group of the IP type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerGroup {
    /// Its id.
    pub id: ServerGroupId,
    /// Its name; not unique in the cloud.
    pub name: String,
    /// `Ip`, `Instance`, `Fc`.
    pub kind: ServerGroupType,
    /// Its VPC.
    pub vpc: VpcId,
    /// `Creating`, `Available`, `Configuring`.
    pub status: ServerGroupStatus,
    /// Its creation time, as the API returns it. If several groups carry our mark, the oldest is ours.
    pub created: String,
    /// The value of the `albridge` tag, if there is one.
    pub mark: Option<String>,
    /// The number of members, as the API returns it.
    pub server_count: u32,
    /// The observed settings that a binding can configure.
    pub settings: ServerGroupSettings,
    /// Load balancers whose listeners or rules use it.
    pub load_balancers: Vec<AlbId>,
    /// Whether cross-zone forwarding is on; Remote IP needs it.
    pub cross_zone: bool,
}

/// The settings of a server group that a binding configures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerGroupSettings {
    /// `HTTP`, `HTTPS`, `gRPC`.
    pub protocol: String,
    /// `Wrr`, `Wlc`, `Sch`, `Uch`.
    pub scheduler: String,
    /// Session persistence.
    pub sticky: bool,
    /// Health checks.
    pub health_check: HealthCheck,
    /// Seconds of connection draining; `None` if it is off.
    pub drain_seconds: Option<u32>,
}

/// Health-check settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// Whether members are checked.
    pub enabled: bool,
    /// `HTTP`, `HTTPS`, `TCP`, `gRPC`.
    pub protocol: String,
    /// The port to check; 0 for the member's own.
    pub port: u16,
    /// The path of the check request.
    pub path: String,
    /// `HEAD` or `GET`; `POST` or `GET` for a gRPC check.
    pub method: String,
    /// The Host header; empty for the member's address.
    pub host: String,
    /// Codes that count as healthy, as in `http_2xx`.
    pub codes: Vec<String>,
    /// Seconds between two checks.
    pub interval: u32,
    /// The timeout of one check, in seconds.
    pub timeout: u32,
    /// Consecutive successes until a member is healthy.
    pub healthy_threshold: u32,
    /// Consecutive failures until a member is unhealthy.
    pub unhealthy_threshold: u32,
}

/// A member of a server group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
    /// Its weight; with 0 it gets no new requests.
    pub weight: u32,
    /// Whether it was registered with Remote IP, for an address outside of the ALB's VPC.
    pub remote: bool,
    /// `Adding`, `Available`, `Configuring`, `Removing`.
    pub status: ServerStatus,
    /// The description; ours starts with the ownership mark.
    pub description: String,
}

impl Server {
    /// Its address and port.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        Endpoint { address: self.address, port: self.port }
    }
}

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// Its id.
    pub id: ListenerId,
    /// `HTTP`, `HTTPS`, `QUIC`.
    pub protocol: String,
    /// The port it listens on.
    pub port: u16,
    /// `Provisioning`, `Running`, `Configuring`, `Stopped`.
    pub status: ListenerStatus,
    /// Its description, which the console shows as its name.
    pub description: String,
    /// The value of the `albridge` tag, if it has one.
    pub mark: Option<String>,
    /// Server groups that its default action forwards to.
    pub server_groups: Vec<ServerGroupId>,
}

/// Why a member is not healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `Initial`, `Unhealthy`, `Unused`, `Unavailable`.
    pub status: HealthStatus,
    /// The reason code, as in `CONNECT_TIMEOUT`; empty if there is none.
    pub reason: String,
}

impl Health {
    /// Whether the member is not checked at all: nobody knows how it is, and the load balancer sends to it.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.status == HealthStatus::Unavailable
    }
}
