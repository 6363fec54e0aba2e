//! What was seen in the cloud, for one binding: facts only, no wishes.
//!
//! ```text
//!   LoadBalancer ── VPC ── attachment ── transit router ══ peer ══ transit router ── attachment ── VPC ── Instance
//! ```
//!
//! Every part is [`Known`] or not: what could not be read is never taken for absent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::absence::Unproven;
use crate::change::AttachmentRef;
use crate::ids::{
    AlbId, AttachmentId, BandwidthPackageId, InstanceId, InterfaceId, ListenerId, NetworkAclId, PrefixListId, Region,
    RouteEntryId, RouteTableId, RuleId, SecurityGroupId, ServerGroupId, TransitRouterId, VSwitchId, VpcId, ZoneId,
};
pub use crate::known::{Known, Unknown};
use crate::surroundings::Surroundings;
use crate::unread::FailedCalls;

/// Everything seen for one binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// The load balancer; `None` when there is none by this id.
    pub load_balancer: Known<Option<LoadBalancer>>,
    /// Server groups of the load balancer's VPC that carry this binding's mark or the wanted name.
    pub server_groups: Known<Vec<ServerGroup>>,
    /// Members of the binding's server group (see [`Topology::server_group`]), ours and others'.
    pub servers: Known<Vec<Server>>,
    /// Listeners of the load balancer.
    pub listeners: Known<Vec<Listener>>,
    /// The listener's view of members that are not healthy, by address and port; members not listed are healthy.
    pub unhealthy: Known<BTreeMap<Endpoint, Health>>,
    /// VPCs with their vSwitches and tables: the load balancer's and every backend's.
    pub vpcs: BTreeMap<VpcId, Known<Option<Vpc>>>,
    /// Transit routers of the CEN, by region.
    pub transit_routers: BTreeMap<Region, Known<Option<TransitRouter>>>,
    /// Attachments of those VPCs to those transit routers.
    pub vpc_attachments: Known<Vec<VpcAttachment>>,
    /// Inter-region connections of those transit routers.
    pub peer_attachments: Known<Vec<PeerAttachment>>,
    /// The bandwidth plan that the binding names.
    pub bandwidth_package: Known<Option<BandwidthPackage>>,
    /// Whether the transit-router service is open for this account.
    pub transit_router_service: Known<bool>,
    /// Zones where a transit router can have interfaces, by region.
    pub transit_router_zones: BTreeMap<Region, Known<BTreeSet<ZoneId>>>,
    /// Instances of the backend VPCs, by VPC, whatever their tags.
    pub instances: BTreeMap<VpcId, Known<Vec<Instance>>>,
    /// Instances that members name and whose release is proven: absent in two whole readings by id, with no interface of
    /// theirs in a whole listing of their VPC's interfaces that is not empty.
    pub released: BTreeSet<InstanceId>,
    /// Instances that members name, that no listing of the backend VPCs shows, and whose release is not proven.
    #[serde(default)]
    pub unproven: BTreeMap<InstanceId, Unproven>,
    /// Security groups of the backends' interfaces.
    pub security_groups: BTreeMap<SecurityGroupId, Known<Option<SecurityGroup>>>,
    /// Prefix lists that rules name.
    pub prefix_lists: BTreeMap<PrefixListId, Known<Vec<Ipv4Net>>>,
    /// Network ACLs that vSwitches name.
    pub network_acls: BTreeMap<NetworkAclId, Known<Option<NetworkAcl>>>,
    /// What lies around the path and can forbid it.
    #[serde(default)]
    pub surroundings: Surroundings,
    /// The calls that failed while it was read.
    #[serde(default, skip_serializing_if = "FailedCalls::is_empty")]
    pub unread: FailedCalls,
}

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

/// Whether an ALB reaches backends from its own vSwitches or from 100.64.0.0/10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Created since 2025-02-25: sources are addresses of the ALB's own vSwitches.
    Upgraded,
    /// Non-upgraded: sources are the back-to-origin prefixes, which no API tells.
    Classic,
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
    pub status: String,
    /// `Basic`, `Standard`, `StandardWithWaf`.
    pub edition: String,
    /// `Internet` or `Intranet`.
    pub address_type: String,
    /// The name that clients resolve.
    pub dns_name: String,
    /// Why it is locked, if it is.
    pub locks: Vec<String>,
    /// Its vSwitches, by zone, with the addresses it reaches backends from (upgraded only).
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
    /// `Ipv4LocalAddresses`: non-empty on upgraded ALBs only.
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
    pub kind: String,
    /// Its VPC.
    pub vpc: VpcId,
    /// `Creating`, `Available`, `Configuring`.
    pub status: String,
    /// When it was made, as the cloud words it; the oldest of several marked ones is ours.
    pub created: String,
    /// The value of the `albridge` tag, if it has one.
    pub mark: Option<String>,
    /// Number of members.
    pub server_count: u32,
    /// What a binding can wish of it, as it is now.
    pub settings: ServerGroupSettings,
    /// Load balancers whose listeners or rules use it.
    pub load_balancers: Vec<AlbId>,
    /// Cross-zone forwarding; must be on for Remote IP.
    pub cross_zone: bool,
}

/// The settings of a server group that a binding states.
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
    /// Seconds of connection draining; `None` when off.
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
    /// The port checked; 0 is the member's own.
    pub port: u16,
    /// The path asked for.
    pub path: String,
    /// `HEAD` or `GET`.
    pub method: String,
    /// The Host header; empty for the member's address.
    pub host: String,
    /// Codes that count as healthy, as in `http_2xx`.
    pub codes: Vec<String>,
    /// Seconds between two checks.
    pub interval: u32,
    /// Seconds one check may take.
    pub timeout: u32,
    /// Successes until healthy.
    pub healthy_threshold: u32,
    /// Failures until unhealthy.
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
    /// Its weight; 0 gets no new requests.
    pub weight: u32,
    /// Whether the address lies outside the ALB's VPC.
    pub remote: bool,
    /// `Adding`, `Available`, `Configuring`, `Removing`.
    pub status: String,
    /// What its owner wrote about it.
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
    pub status: String,
    /// Its name.
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
    pub status: String,
    /// As in `CONNECT_TIMEOUT`; empty when none is given.
    pub reason: String,
}

/// A VPC with everything a packet meets in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Its region.
    pub region: Region,
    /// Its name.
    pub name: String,
    /// Primary and secondary prefixes.
    pub cidrs: Vec<Ipv4Net>,
    /// Its vSwitches.
    pub vswitches: BTreeMap<VSwitchId, VSwitch>,
    /// Its route tables.
    pub tables: BTreeMap<RouteTableId, VpcRouteTable>,
}

impl Vpc {
    /// The system route table, of which every VPC has one.
    #[must_use]
    pub fn system_table(&self) -> Option<&VpcRouteTable> {
        self.tables.values().find(|table| table.system)
    }

    /// The table that a vSwitch uses: its own where it has one, else the system table.
    #[must_use]
    pub fn table_of(&self, vswitch: &VSwitch) -> Option<&VpcRouteTable> {
        vswitch.table.as_ref().and_then(|table| self.tables.get(table)).or_else(|| self.system_table())
    }

    /// The vSwitch that an address lies in.
    #[must_use]
    pub fn vswitch_of(&self, address: Ipv4Addr) -> Option<&VSwitch> {
        self.vswitches.values().find(|vswitch| vswitch.cidr.contains(&address))
    }
}

/// A vSwitch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VSwitch {
    /// Its id.
    pub id: VSwitchId,
    /// Its zone.
    pub zone: ZoneId,
    /// Its prefix.
    pub cidr: Ipv4Net,
    /// Addresses still free.
    pub free_addresses: u32,
    /// The route table it uses, where the API says.
    pub table: Option<RouteTableId>,
    /// The network ACL on it.
    pub network_acl: Option<NetworkAclId>,
}

/// A route table of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcRouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// The system table, or a custom one.
    pub system: bool,
    /// Its entries, system ones included.
    pub routes: Vec<VpcRoute>,
}

/// A route entry of a VPC's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcRoute {
    /// Its id.
    pub id: RouteEntryId,
    /// Where it applies.
    pub destination: Ipv4Net,
    /// Where it leads.
    pub next_hop: NextHop,
    /// `Available`, `Pending`, `Modifying`, `Deleting`.
    pub status: String,
    /// `System`, `Custom`, `CEN`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What its owner wrote about it; ours begin with the mark.
    pub description: String,
}

/// Where a VPC route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type", content = "id")]
pub enum NextHop {
    /// Inside the VPC.
    Local,
    /// The cloud's own services (the built-in 100.64.0.0/10).
    Service,
    /// A transit router, through this attachment.
    Attachment(AttachmentId),
    /// Anything else, as the cloud names it.
    Other(String),
}

/// A transit router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitRouter {
    /// Its id.
    pub id: TransitRouterId,
    /// Its region.
    pub region: Region,
    /// `Enterprise` or `Basic`.
    pub kind: String,
    /// `Active`, `Creating`, ...
    pub status: String,
    /// Its route tables.
    pub tables: BTreeMap<RouteTableId, TransitTable>,
}

impl TransitRouter {
    /// The system route table.
    #[must_use]
    pub fn system_table(&self) -> Option<&TransitTable> {
        self.tables.values().find(|table| table.system)
    }

    /// The table that an attachment is associated with, settled or on the way.
    #[must_use]
    pub fn table_of(&self, attachment: &AttachmentId) -> Option<&TransitTable> {
        self.tables.values().find(|table| table.associations.contains_key(attachment))
    }
}

/// A route table of a transit router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitTable {
    /// Its id.
    pub id: RouteTableId,
    /// The system table, or a custom one.
    pub system: bool,
    /// Attachments whose packets are looked up here, with their status (`Active`, `Associating`, ...).
    pub associations: BTreeMap<AttachmentId, String>,
    /// Attachments that teach this table, with their status (`Active`, `Enabling`, ...).
    pub propagations: BTreeMap<AttachmentId, String>,
    /// Static and learned entries.
    pub routes: Vec<TransitRoute>,
}

/// A route entry of a transit router's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitRoute {
    /// Its id; learned entries have none.
    pub id: Option<RouteEntryId>,
    /// Where it applies.
    pub destination: Ipv4Net,
    /// Where it leads; `None` is a black hole.
    pub next_hop: Option<AttachmentId>,
    /// Static, or learned from an attachment.
    pub learned: bool,
    /// `Active`, `Creating`, `Rejected`, ...
    pub status: String,
    /// What its owner wrote about it.
    pub description: String,
}

/// An attachment of a VPC to a transit router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// The VPC.
    pub vpc: VpcId,
    /// The transit router.
    pub transit_router: TransitRouterId,
    /// Its region.
    pub region: Region,
    /// `Attached`, `Attaching`, ...
    pub status: String,
    /// Where its interfaces are.
    pub zones: BTreeMap<ZoneId, VSwitchId>,
    /// Whether the transit router writes routes into the VPC by itself.
    pub auto_publish: bool,
    /// The value of the `albridge` tag, if it has one.
    pub mark: Option<String>,
    /// When it was made, as the cloud words it.
    pub created: String,
}

/// An inter-region connection: one attachment that serves two transit routers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerAttachment {
    /// Its id, the same on both sides.
    pub id: AttachmentId,
    /// The two regions, in no order.
    pub regions: (Region, Region),
    /// `Attached`, `Attaching`, ...
    pub status: String,
    /// Mbit/s, where the API states a figure: one that is paid by traffic may have none.
    pub bandwidth: Option<u32>,
    /// The plan it takes bandwidth from; `None` when paid by traffic.
    pub bandwidth_package: Option<BandwidthPackageId>,
    /// Whether each side tells the other its routes.
    pub auto_publish: bool,
    /// The value of the `albridge` tag, if it has one.
    pub mark: Option<String>,
    /// When it was made, as the cloud words it.
    pub created: String,
}

impl PeerAttachment {
    /// Whether it joins these two regions.
    #[must_use]
    pub fn joins(&self, one: &Region, other: &Region) -> bool {
        (&self.regions.0 == one && &self.regions.1 == other) || (&self.regions.0 == other && &self.regions.1 == one)
    }
}

/// A CEN bandwidth plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BandwidthPackage {
    /// Its id.
    pub id: BandwidthPackageId,
    /// Mbit/s in all.
    pub bandwidth: u32,
    /// Mbit/s given to connections already.
    pub used: u32,
    /// `InUse`, `Idle`.
    pub status: String,
    /// `Normal`, `FinancialLocked`, `SecurityLocked`.
    pub business_status: String,
    /// Whether it is associated with the binding's CEN.
    pub associated: bool,
    /// The two areas that it joins, as the API spells them (`China`, `Asia-Pacific`, ...), in no order.
    #[serde(default)]
    pub areas: (String, String),
}

/// An ECS instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Its name.
    pub name: String,
    /// `Running`, `Stopped`, `Starting`, `Stopping`, `Pending`.
    pub status: String,
    /// Its VPC.
    pub vpc: VpcId,
    /// The vSwitch of its primary interface.
    pub vswitch: VSwitchId,
    /// Its primary private address, where it has one already.
    pub address: Option<Ipv4Addr>,
    /// The interface that owns the address.
    pub interface: Option<InterfaceId>,
    /// Security groups of that interface.
    pub security_groups: Vec<SecurityGroupId>,
    /// All of its interfaces, as far as they are listed.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Instance {
    /// The same instance, as it is met at another of its addresses: the interface that owns the address decides vSwitch
    /// and security groups (cloud-apis.md section 11). Nothing if no interface of it has the address.
    #[must_use]
    pub fn at(&self, address: Ipv4Addr) -> Option<Self> {
        if self.address == Some(address) {
            return Some(self.clone());
        }
        let owner = self.interfaces.iter().find(|interface| interface.addresses.contains(&address))?;
        Some(Self {
            vswitch: owner.vswitch.clone(),
            address: Some(address),
            interface: Some(owner.id.clone()),
            security_groups: owner.security_groups.clone(),
            ..self.clone()
        })
    }
}

/// A network interface of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// Its vSwitch.
    pub vswitch: VSwitchId,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Its private addresses, the primary one first.
    pub addresses: Vec<Ipv4Addr>,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Its region.
    pub region: Region,
    /// Its VPC.
    pub vpc: VpcId,
    /// Managed by a cloud service: nobody else may change it.
    pub service_managed: bool,
    /// Ingress rules.
    pub rules: Vec<SecurityRule>,
}

/// An ingress rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityRule {
    /// Its id.
    pub id: RuleId,
    /// `TCP`, `UDP`, `ICMP`, `GRE`, `ALL`.
    pub protocol: String,
    /// First and last port; `None` is all (`-1/-1`).
    pub ports: Option<(u16, u16)>,
    /// Who may send.
    pub source: RuleSource,
    /// Accept, or drop.
    pub accept: bool,
    /// 1 (first) to 100.
    pub priority: u8,
    /// What its owner wrote about it.
    pub description: String,
}

/// The source of an ingress rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type", content = "value")]
pub enum RuleSource {
    /// A prefix.
    Cidr(Ipv4Net),
    /// A prefix list.
    PrefixList(PrefixListId),
    /// Members of a security group.
    Group(SecurityGroupId),
    /// Anything else, as the cloud words it (IPv6, port lists).
    Other(String),
}

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Ingress entries in order; the first that matches decides.
    pub ingress: Vec<AclEntry>,
    /// Egress entries in order.
    pub egress: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AclEntry {
    /// `all`, `tcp`, ...
    pub protocol: String,
    /// First and last port; `None` is all.
    pub ports: Option<(u16, u16)>,
    /// Source (ingress) or destination (egress).
    pub cidr: Ipv4Net,
    /// Accept, or drop.
    pub accept: bool,
}

impl Topology {
    /// The load balancer, if known and there.
    #[must_use]
    pub fn alb(&self) -> Option<&LoadBalancer> {
        self.load_balancer.get().and_then(Option::as_ref)
    }

    /// A VPC, if known and there.
    #[must_use]
    pub fn vpc(&self, id: &VpcId) -> Option<&Vpc> {
        self.vpcs.get(id).and_then(Known::get).and_then(Option::as_ref)
    }

    /// A region's transit router, if known and there.
    #[must_use]
    pub fn transit_router(&self, region: &Region) -> Option<&TransitRouter> {
        self.transit_routers.get(region).and_then(Known::get).and_then(Option::as_ref)
    }

    /// The attachment of a VPC, if known and there; the oldest where there are several.
    #[must_use]
    pub fn vpc_attachment(&self, vpc: &VpcId) -> Option<&VpcAttachment> {
        let attachments = self.vpc_attachments.get()?.iter().filter(|attachment| &attachment.vpc == vpc);
        attachments.min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)))
    }

    /// The connection of two regions, if known and there; the oldest where there are several.
    #[must_use]
    pub fn peer_attachment(&self, one: &Region, other: &Region) -> Option<&PeerAttachment> {
        let peers = self.peer_attachments.get()?.iter().filter(|peer| peer.joins(one, other));
        peers.min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)))
    }

    /// The id of an attachment by what it is for, once it exists.
    #[must_use]
    pub fn resolve(&self, attachment: &AttachmentRef) -> Option<&AttachmentId> {
        match attachment {
            AttachmentRef::Vpc { vpc } => self.vpc_attachment(vpc).map(|attachment| &attachment.id),
            AttachmentRef::Peer { from, to } => self.peer_attachment(from, to).map(|peer| &peer.id),
        }
    }

    /// The binding's server group: the oldest that carries `mark`, else the oldest unmarked one named `name` (adopted). Names
    /// are not unique in the cloud, so groups of another type are nobody's business, whatever they are called.
    #[must_use]
    pub fn server_group(&self, mark: &str, name: &str) -> Option<&ServerGroup> {
        let groups = self.server_groups.get()?;
        let oldest = |wanted: &dyn Fn(&ServerGroup) -> bool| {
            groups.iter().filter(|group| wanted(group)).min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)))
        };
        oldest(&|group| group.mark.as_deref() == Some(mark) && group.kind == "Ip")
            .or_else(|| oldest(&|group| group.mark.is_none() && group.name == name && group.kind == "Ip"))
    }

    /// A security group, if known and there.
    #[must_use]
    pub fn security_group(&self, id: &SecurityGroupId) -> Option<&SecurityGroup> {
        self.security_groups.get(id).and_then(Known::get).and_then(Option::as_ref)
    }
}
