//! What was seen in the cloud, for one binding: facts only, no wishes.
//!
//! ```text
//!   LoadBalancer ── VPC ── attachment ── transit router ══ peer ══ transit router ── attachment ── VPC ── Instance
//!   front           network              transit                                                  backend
//! ```
//!
//! Every part is [`Known`] or not: what could not be read is never taken for absent.

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
pub use backend::{Instance, Interface, RuleSource, SecurityGroup, SecurityRule};
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
    /// Who else uses these resources.
    #[serde(default)]
    pub context: Context,
    /// The calls that failed while it was read.
    #[serde(default, skip_serializing_if = "FailedCalls::is_empty")]
    pub unread: FailedCalls,
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
        oldest(&|group| group.mark.as_deref() == Some(mark) && group.kind == ServerGroupType::Ip).or_else(|| {
            oldest(&|group| group.mark.is_none() && group.name == name && group.kind == ServerGroupType::Ip)
        })
    }

    /// A security group, if known and there.
    #[must_use]
    pub fn security_group(&self, id: &SecurityGroupId) -> Option<&SecurityGroup> {
        self.security_groups.get(id).and_then(Known::get).and_then(Option::as_ref)
    }
}
