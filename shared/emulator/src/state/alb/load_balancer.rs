//! Load balancers: present in two zones or more, each zone with a virtual address and, if upgraded, local addresses.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::state::alb::{Generation, back_to_origin};
use crate::tags::Tags;
use crate::time::Timed;

/// `LoadBalancerStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Provisioning,
    Active,
    /// A listener of it is being written.
    Configuring,
    Deleting,
    Gone,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "Provisioning",
            Self::Active => "Active",
            Self::Configuring | Self::Deleting | Self::Gone => "Configuring",
        }
    }
}

/// A zone that a load balancer is present in.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) zone: String,
    pub(crate) vswitch: String,
    pub(crate) address: Ipv4Addr,
    /// Empty unless upgraded.
    pub(crate) local: Vec<Ipv4Addr>,
}

/// An application load balancer.
#[derive(Debug, Clone)]
pub(crate) struct LoadBalancer {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) vpc: String,
    pub(crate) generation: Generation,
    pub(crate) address_type: String,
    pub(crate) edition: String,
    pub(crate) address_mode: String,
    pub(crate) dns_name: String,
    pub(crate) zones: Vec<Zone>,
    pub(crate) security_groups: Vec<String>,
    pub(crate) resource_group: String,
    pub(crate) deletion_protection: Option<Timestamp>,
    pub(crate) modification_protection: (String, String),
    pub(crate) pay_type: String,
    pub(crate) tags: Tags,
    pub(crate) created: Timestamp,
    pub(crate) status: Timed<Status>,
}

impl LoadBalancer {
    /// The addresses its packets to backends come from: one for each prefix that has to be routed back.
    pub(crate) fn sources(&self) -> Vec<Ipv4Addr> {
        match self.generation {
            Generation::Upgraded => self.zones.iter().filter_map(|zone| zone.local.first().copied()).collect(),
            Generation::Classic => {
                back_to_origin(&self.region).iter().filter_map(|prefix| prefix.hosts().next()).collect()
            }
        }
    }

    /// Whether its name is of the kind that must not be used directly: those given since 2024-11-15.
    pub(crate) fn refuses_own_name(&self) -> bool {
        self.dns_name.ends_with("aliyuncsslb.com")
    }

    /// How many servers it may have, counted once per use by a listener (section 4, quotas).
    pub(crate) fn server_quota(&self) -> usize {
        if self.edition == "Basic" { 200 } else { 1_000 }
    }

    pub(crate) fn is_serving(&self, now: Timestamp) -> bool {
        matches!(self.status.get(now), Status::Active | Status::Configuring)
    }

    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        *self.status.get(now) == Status::Gone
    }
}
