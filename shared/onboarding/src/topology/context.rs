//! The context of a binding: other users of its VPCs, transit routers and load balancer. It decides what is permitted, not
//! how packets are forwarded.
//!
//! Only [`crate::checks`] uses these facts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::ids::{
    AlbId, BindingName, CenId, ForwardingRuleId, InstanceId, InterfaceId, ListenerId, Region, ServerGroupId, VpcId,
};
use crate::known::Known;
use crate::topology::status::CenStatus;
use crate::topology::transit::{PeerAttachment, VpcAttachment};

/// Other users of a binding's resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Context {
    /// The status of the binding's CEN instance (`Active`, `Creating`, ...); `None` if it does not exist.
    pub cen: Known<Option<CenStatus>>,
    /// Whether the service-linked role exists with which CEN creates network interfaces.
    pub service_role: Known<bool>,
    /// The CEN instances that each VPC of the binding is attached to.
    pub cens: BTreeMap<VpcId, BTreeSet<CenId>>,
    /// The number of servers in each server group that the load balancer uses.
    pub balanced: Known<BTreeMap<ServerGroupId, u32>>,
    /// The forwarding rules of the load balancer's listeners. None of them is ours. Read only for a teardown.
    pub rules: Known<Vec<ForwardingRule>>,
    /// VPCs of the ALB's region whose classic load balancers have remote servers. The ALB's own VPC is included only if
    /// other bindings of the store have classic load balancers too. Read only for a classic ALB.
    pub alb_vpcs: Known<BTreeMap<VpcId, AlbVpc>>,
    /// The owners of the addresses in the ALB's own VPC. Read only for a classic ALB.
    pub holders: Known<BTreeMap<Ipv4Addr, Holder>>,
    /// The number of VPCs attached to the transit router of each region, including VPCs of others.
    pub attachments: BTreeMap<Region, usize>,
    /// Attachments to transit routers of this binding's regions, of VPCs that it does not name; and those that this deployment made in
    /// regions that no binding names.
    pub strangers: Vec<VpcAttachment>,
    /// Connections between a region of this binding and one that it does not name.
    pub foreign_peers: Vec<PeerAttachment>,
    /// The load balancers of other bindings in the store with the same region and CEN instance; `None` if one does not
    /// exist.
    pub siblings: BTreeMap<BindingName, Known<Option<Sibling>>>,
    /// Server groups in the ALB's region that this deployment created for bindings that are not in the store.
    pub left_groups: Known<Vec<LeftGroup>>,
    /// Remote members of server groups in the ALB's VPC that were made for no binding of the store: their packets go the same ways. Read
    /// only before something is taken away.
    pub served: Known<Vec<Served>>,
    /// For each backend VPC where no instance has the selected tags: instances in other VPCs that have them.
    pub elsewhere: BTreeMap<VpcId, Known<Vec<Elsewhere>>>,
}

/// A forwarding rule: what somebody lets a listener do with some requests, instead of its default action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardingRule {
    /// The rule.
    pub id: ForwardingRuleId,
    /// Its name.
    pub name: String,
    /// Its listener.
    pub listener: ListenerId,
    /// Server groups that it forwards or mirrors to; none if it redirects or answers itself.
    pub server_groups: Vec<ServerGroupId>,
}

/// The load balancer of another binding of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sibling {
    /// Its VPC.
    pub vpc: VpcId,
    /// The generation in that binding, else by the API's fields.
    pub generation: Generation,
    /// Whether that binding comes before this one in the store.
    pub earlier: bool,
}

/// A remote member of a server group of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Served {
    /// The group.
    pub group: ServerGroupId,
    /// Its name.
    pub name: String,
    /// The member's address.
    pub address: Ipv4Addr,
    /// The ports that requests and health checks go to.
    pub ports: BTreeSet<u16>,
}

/// A server group that was created for a binding that is no longer in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftGroup {
    /// The group.
    pub id: ServerGroupId,
    /// Its name.
    pub name: String,
    /// The binding that it was created for.
    pub binding: BindingName,
    /// The addresses and ports of its members.
    pub members: Vec<String>,
    /// Listeners that forward to it: load balancer, listener, port.
    pub listeners: Vec<(AlbId, ListenerId, u16)>,
}

/// An instance with the selected tags in another VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Elsewhere {
    /// The instance.
    pub instance: InstanceId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its region.
    pub region: Region,
}

/// The owner of an address in a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Holder {
    /// An ALB.
    LoadBalancer(AlbId),
    /// A network interface of an instance.
    Instance(InstanceId),
    /// A network interface that a cloud service created and manages: of an NLB, a database, a transit router.
    Service {
        /// The interface.
        interface: InterfaceId,
        /// The service's description of it.
        description: String,
    },
    /// A network interface that is not attached to an instance.
    Interface(InterfaceId),
}

/// A VPC whose load balancers have remote servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlbVpc {
    /// The server groups with remote servers that load balancers use.
    pub groups: BTreeSet<ServerGroupId>,
    /// The addresses of those servers.
    pub remote: BTreeSet<Ipv4Addr>,
    /// The CEN instances that the VPC is attached to.
    pub cens: BTreeSet<CenId>,
}
