//! The context of a binding: who else uses its VPCs, transit routers and load balancer. It decides what is permitted, not how packets are forwarded.
//!
//! Facts for [`crate::checks`] only; no packet meets them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::ids::{AlbId, BindingName, CenId, InstanceId, InterfaceId, ListenerId, Region, ServerGroupId, VpcId};
use crate::known::Known;
use crate::topology::status::CenStatus;
use crate::topology::transit::{PeerAttachment, VpcAttachment};

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Context {
    /// The status of the binding's CEN instance (`Active`, `Creating`, ...); `None` when there is none by this id.
    pub cen: Known<Option<CenStatus>>,
    /// Whether CEN has the service-linked role that it makes network interfaces with.
    pub service_role: Known<bool>,
    /// The CEN instances that each VPC of the binding is attached to.
    pub cens: BTreeMap<VpcId, BTreeSet<CenId>>,
    /// How many servers each server group that the load balancer uses has.
    pub balanced: Known<BTreeMap<ServerGroupId, u32>>,
    /// VPCs of the ALB's region whose classic load balancers have remote servers; the ALB's own among them only where other
    /// bindings of the store are classic, too. Read for a classic ALB only.
    pub alb_vpcs: Known<BTreeMap<VpcId, AlbVpc>>,
    /// Who holds which address of the ALB's own VPC. Read for a classic ALB only.
    pub holders: Known<BTreeMap<Ipv4Addr, Holder>>,
    /// How many VPCs the transit router of each region has attached, those of others included.
    pub attachments: BTreeMap<Region, usize>,
    /// Attachments of VPCs that this binding does not name, to transit routers of its regions.
    pub strangers: Vec<VpcAttachment>,
    /// Connections between a region of this binding and one that it does not name.
    pub foreign_peers: Vec<PeerAttachment>,
    /// The load balancers of the store's other bindings with the same region and CEN instance; `None` where there is none by
    /// the binding's id.
    pub siblings: BTreeMap<BindingName, Known<Option<Sibling>>>,
    /// Server groups of the ALB's region that this deployment made for bindings that the store does not have.
    pub left_groups: Known<Vec<LeftGroup>>,
    /// Instances outside of a backend's VPC that have the tags which nobody in it has, by that VPC. Read only where nobody has
    /// them.
    pub elsewhere: BTreeMap<VpcId, Known<Vec<Elsewhere>>>,
}

/// The load balancer of another binding of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sibling {
    /// Its VPC.
    pub vpc: VpcId,
    /// As that binding says, else by the API's fields.
    pub generation: Generation,
    /// Whether that binding stands before this one in the store.
    pub earlier: bool,
}

/// A server group that was made for a binding which the store no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftGroup {
    /// The group.
    pub id: ServerGroupId,
    /// Its name.
    pub name: String,
    /// The binding that it was made for.
    pub binding: BindingName,
    /// The addresses and ports of its members.
    pub members: Vec<String>,
    /// Listeners that forward to it: load balancer, listener, port.
    pub listeners: Vec<(AlbId, ListenerId, u16)>,
}

/// An instance where it is not looked for.
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

/// Who holds an address of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Holder {
    /// An ALB.
    LoadBalancer(AlbId),
    /// A network interface of an instance.
    Instance(InstanceId),
    /// A network interface that a cloud service made and manages: an NLB's, a database's, a transit router's.
    Service {
        /// The interface.
        interface: InterfaceId,
        /// What the service wrote about it.
        description: String,
    },
    /// A network interface that is nobody's at present.
    Interface(InterfaceId),
}

/// A VPC whose load balancers have remote servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlbVpc {
    /// The server groups with remote servers that a load balancer uses.
    pub groups: BTreeSet<ServerGroupId>,
    /// The addresses of those servers.
    pub remote: BTreeSet<Ipv4Addr>,
    /// The CEN instances that the VPC is attached to.
    pub cens: BTreeSet<CenId>,
}
