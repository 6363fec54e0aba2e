//! Backends: instances with their interfaces, and the security groups of these.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ids::{InstanceId, InterfaceId, PrefixListId, Region, RuleId, SecurityGroupId, VSwitchId, VpcId};
use crate::topology::status::InstanceStatus;

/// The instances of a VPC. There may be ten thousand, so copies of a topology share them until one changes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Instance>", into = "Vec<Instance>")]
pub struct Instances(Arc<Vec<Instance>>);

impl From<Vec<Instance>> for Instances {
    fn from(instances: Vec<Instance>) -> Self {
        Self(Arc::new(instances))
    }
}

impl From<Instances> for Vec<Instance> {
    fn from(instances: Instances) -> Self {
        Arc::unwrap_or_clone(instances.0)
    }
}

impl Deref for Instances {
    type Target = Vec<Instance>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Instances {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl<'a> IntoIterator for &'a Instances {
    type Item = &'a Instance;
    type IntoIter = std::slice::Iter<'a, Instance>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
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
    pub status: InstanceStatus,
    /// Its VPC.
    pub vpc: VpcId,
    /// The vSwitch of its primary interface.
    pub vswitch: VSwitchId,
    /// Its primary private address, if it has one already.
    pub address: Option<Ipv4Addr>,
    /// The interface that owns the address.
    pub interface: Option<InterfaceId>,
    /// Security groups of that interface.
    pub security_groups: Vec<SecurityGroupId>,
    /// All its interfaces that are listed.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Instance {
    /// The same instance, seen at another of its addresses: the interface that owns the address determines vSwitch and
    /// security groups (cloud-apis.md section 11). `None` if none of its interfaces has the address.
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
    /// Whether a cloud service manages it; then users cannot change it.
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
    /// First and last port; `None` for all ports (`-1/-1`).
    pub ports: Option<(u16, u16)>,
    /// The allowed or dropped source.
    pub source: RuleSource,
    /// `true` to accept, `false` to drop.
    pub accept: bool,
    /// 1 (evaluated first) to 100.
    pub priority: u8,
    /// The description; ours starts with the ownership mark.
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
    /// Anything else, in the cloud's own words (IPv6, port lists).
    Other(String),
}
