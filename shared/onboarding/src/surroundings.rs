//! What lies around a binding's path and can forbid it: who else uses the VPCs, the transit router, the load balancer.
//!
//! Facts for [`crate::checks`] only; no packet meets them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::ids::{AlbId, CenId, InstanceId, InterfaceId, Region, ServerGroupId, VpcId};
use crate::topology::Known;

/// Everything around.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Surroundings {
    /// The status of the binding's CEN instance (`Active`, `Creating`, ...); `None` when there is none by this id.
    pub cen: Known<Option<String>>,
    /// Whether CEN has the service-linked role that it makes network interfaces with.
    pub service_role: Known<bool>,
    /// The CEN instances that each VPC of the binding is attached to.
    pub cens: BTreeMap<VpcId, BTreeSet<CenId>>,
    /// How many servers each server group that the load balancer uses has.
    pub balanced: Known<BTreeMap<ServerGroupId, u32>>,
    /// Other VPCs of the ALB's region whose load balancers have remote servers. Read for a classic ALB only.
    pub alb_vpcs: Known<BTreeMap<VpcId, AlbVpc>>,
    /// Who holds which address of the ALB's own VPC. Read for a classic ALB only.
    pub holders: Known<BTreeMap<Ipv4Addr, Holder>>,
    /// How many VPCs the transit router of each region has attached, those of others included.
    pub attachments: BTreeMap<Region, usize>,
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
