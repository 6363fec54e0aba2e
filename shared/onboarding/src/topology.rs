//! The observed state of the cloud for one binding: facts only, no desired state.
//!
//! ```text
//!   LoadBalancer ── VPC ── attachment ── transit router ══ peer ══ transit router ── attachment ── VPC ── Instance
//!   front           network              transit                                                  backend
//! ```
//!
//! Every part is [`Known`] or not: what could not be read never counts as absent.

mod backend;
pub mod context;
mod front;
mod network;
mod status;
mod transit;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::absence::Unproven;
use crate::ids::{AttachmentId, InstanceId, NetworkAclId, PrefixListId, Region, SecurityGroupId, VpcId, ZoneId};
use crate::unread::FailedCalls;

pub use crate::generation::Generation;
pub use crate::known::{Known, Unknown};
pub use backend::{Instance, Instances, Interface, RuleSource, SecurityGroup, SecurityRule};
pub use context::Context;
pub use front::{
    Endpoint, Health, HealthCheck, Listener, LoadBalancer, LoadBalancerZone, Server, ServerGroup, ServerGroupSettings,
};
pub use network::{AclEntry, NetworkAcl, NextHop, VSwitch, Vpc, VpcRoute, VpcRouteTable};
pub use status::{
    AttachmentStatus, BusinessStatus, CenStatus, HealthStatus, InstanceStatus, LinkStatus, ListenerStatus,
    LoadBalancerStatus, ServerGroupStatus, ServerGroupType, ServerStatus, TransitRouteStatus, TransitRouterStatus,
    TransitRouterType, VpcRouteStatus, VpcRouteType,
};
pub use transit::{
    AttachmentRef, BandwidthPackage, PeerAttachment, TransitRoute, TransitRouter, TransitTable, VpcAttachment,
};

/// The observed state for one binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// The load balancer; `None` if it does not exist.
    pub load_balancer: Known<Option<LoadBalancer>>,
    /// Server groups in the load balancer's VPC that carry this binding's mark or the desired name.
    pub server_groups: Known<Vec<ServerGroup>>,
    /// All members of the binding's server group (see [`Topology::server_group`]), ours and those of others.
    pub servers: Known<Vec<Server>>,
    /// Listeners of the load balancer.
    pub listeners: Known<Vec<Listener>>,
    /// Members that the listener sees as not healthy, by address and port; all others are healthy.
    pub unhealthy: Known<BTreeMap<Endpoint, Health>>,
    /// The load balancer's VPC and all backend VPCs, with their vSwitches and route tables.
    pub vpcs: BTreeMap<VpcId, Known<Option<Vpc>>>,
    /// Transit routers of the CEN instance, by region.
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
    pub instances: BTreeMap<VpcId, Known<Instances>>,
    /// Instances of members whose release is proven: two complete readings by id do not contain them, and a complete,
    /// non-empty listing of their VPC's network interfaces contains none of theirs.
    pub released: BTreeSet<InstanceId>,
    /// Instances of members that no listing of the backend VPCs shows and whose release is not proven.
    #[serde(default)]
    pub unproven: BTreeMap<InstanceId, Unproven>,
    /// Security groups of the selected instances' interfaces.
    pub security_groups: BTreeMap<SecurityGroupId, Known<Option<SecurityGroup>>>,
    /// Prefix lists in security group rules.
    pub prefix_lists: BTreeMap<PrefixListId, Known<Vec<Ipv4Net>>>,
    /// Network ACLs of the vSwitches.
    pub network_acls: BTreeMap<NetworkAclId, Known<Option<NetworkAcl>>>,
    /// Other users of these resources.
    #[serde(default)]
    pub context: Context,
    /// The calls that failed during the reading.
    #[serde(default, skip_serializing_if = "FailedCalls::is_empty")]
    pub unread: FailedCalls,
}

impl Topology {
    /// The load balancer, if it is known and exists.
    #[must_use]
    pub fn alb(&self) -> Option<&LoadBalancer> {
        self.load_balancer.get().and_then(Option::as_ref)
    }

    /// A VPC, if it is known and exists.
    #[must_use]
    pub fn vpc(&self, id: &VpcId) -> Option<&Vpc> {
        self.vpcs.get(id).and_then(Known::get).and_then(Option::as_ref)
    }

    /// The transit router of a region, if it is known and exists.
    #[must_use]
    pub fn transit_router(&self, region: &Region) -> Option<&TransitRouter> {
        self.transit_routers.get(region).and_then(Known::get).and_then(Option::as_ref)
    }

    /// The attachment of a VPC, if it is known and exists; the oldest if there are several.
    #[must_use]
    pub fn vpc_attachment(&self, vpc: &VpcId) -> Option<&VpcAttachment> {
        let attachments = self.vpc_attachments.get()?.iter().filter(|attachment| &attachment.vpc == vpc);
        attachments.min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)))
    }

    /// The connection of two regions, if it is known and exists; the oldest if there are several.
    #[must_use]
    pub fn peer_attachment(&self, one: &Region, other: &Region) -> Option<&PeerAttachment> {
        let peers = self.peer_attachments.get()?.iter().filter(|peer| peer.joins(one, other));
        peers.min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)))
    }

    /// The id of an attachment, if it exists.
    #[must_use]
    pub fn resolve(&self, attachment: &AttachmentRef) -> Option<&AttachmentId> {
        match attachment {
            AttachmentRef::Vpc { vpc } => self.vpc_attachment(vpc).map(|attachment| &attachment.id),
            AttachmentRef::Peer { from, to } => self.peer_attachment(from, to).map(|peer| &peer.id),
        }
    }

    /// The binding's server group: the oldest that carries `mark`, else the oldest without a mark named `name` (adopted).
    /// Names are not unique in the cloud, so groups of another type are ignored, whatever their names.
    #[must_use]
    pub fn server_group(&self, mark: &str, name: &str) -> Option<&ServerGroup> {
        let groups = self.server_groups.get()?;
        let oldest = |wanted: &dyn Fn(&ServerGroup) -> bool| {
            groups.iter().filter(|group| wanted(group)).min_by(|a, b| (&a.created, &a.id).cmp(&(&b.created, &b.id)))
        };
        oldest(&|group| group.mark.as_deref() == Some(mark) && group.kind == ServerGroupType::Ip).or_else(|| {
            oldest(&|group| group.mark.is_none() && group.name == name && group.kind == ServerGroupType::Ip)
        })
    }

    /// A security group, if it is known and exists.
    #[must_use]
    pub fn security_group(&self, id: &SecurityGroupId) -> Option<&SecurityGroup> {
        self.security_groups.get(id).and_then(Known::get).and_then(Option::as_ref)
    }
}
