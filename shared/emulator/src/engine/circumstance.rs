//! States of the account that no call of a client brings about: what the platform, its billing and its operators do.
//!
//! Tests put a world into them to see what a client makes of it. What the API does about each is documented with the
//! actions concerned (cloud-apis.md sections 5, 7, 8 and 11).

use crate::platform::interfaces;
use crate::services::alb::load_balancers;
use crate::state::{cen, ram};
use crate::time::Timed;
use crate::world::World;

/// One of those states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Circumstance {
    /// Nobody has opened the transit-router service for the account.
    TransitRouterServiceClosed,
    /// The service-linked role of CEN is gone.
    CenServiceRoleMissing,
    /// A CEN instance stays `Creating`.
    CenCreating(String),
    /// A transit router stays `Creating`.
    TransitRouterCreating(String),
    /// A bandwidth plan is locked for its bill.
    BandwidthPackageLocked(String),
    /// A load balancer is locked for its bill.
    LoadBalancerLocked(String),
    /// A load balancer is `Inactive`.
    LoadBalancerInactive(String),
    /// Every address of a vSwitch is taken.
    VSwitchFull(String),
    /// A security group is managed by a cloud service.
    SecurityGroupManaged(String),
    /// The attachment of a VPC stays `Detaching`.
    AttachmentDetaching(String),
    /// Another cloud service, an NLB say, has a network interface in a vSwitch.
    ServiceInterface(String),
    /// A load balancer is moved to these zones and vSwitches (`UpdateLoadBalancerZones`, which no function may call).
    LoadBalancerZones(String, Vec<(String, String)>),
}

impl World {
    /// Puts the account into a state. Gives whether the thing that it concerns exists.
    pub fn bring_about(&mut self, circumstance: Circumstance) -> bool {
        match circumstance {
            Circumstance::TransitRouterServiceClosed => {
                self.troubles.service_closed = true;
                true
            }
            Circumstance::CenServiceRoleMissing => {
                let there = self.ram.role(ram::CEN_SERVICE_ROLE).is_some();
                self.ram.remove_role(ram::CEN_SERVICE_ROLE);
                there
            }
            Circumstance::CenCreating(id) => {
                let found = self.cen.instances.get_mut(&id);
                found.map(|found| found.status = Timed::settled(cen::Status::Coming)).is_some()
            }
            Circumstance::TransitRouterCreating(id) => {
                let found = self.cen.routers.get_mut(&id);
                found.map(|found| found.status = Timed::settled(cen::Status::Coming)).is_some()
            }
            Circumstance::BandwidthPackageLocked(id) => {
                let there = self.cen.packages.contains_key(&id);
                self.troubles.locked_packages.insert(id);
                there
            }
            Circumstance::LoadBalancerLocked(id) => {
                let there = self.alb.load_balancers.contains_key(&id);
                self.troubles.locked_balancers.insert(id);
                there
            }
            Circumstance::LoadBalancerInactive(id) => {
                let there = self.alb.load_balancers.contains_key(&id);
                self.troubles.balancer_status.insert(id, "Inactive");
                there
            }
            Circumstance::VSwitchFull(id) => {
                self.vpc.switches.get_mut(&id).map(crate::state::vpc::Switch::fill).is_some()
            }
            Circumstance::SecurityGroupManaged(id) => {
                self.ecs.groups.get_mut(&id).map(|group| group.service_managed = true).is_some()
            }
            Circumstance::AttachmentDetaching(vpc) => {
                let found = self.cen.vpc_attachments.values_mut().find(|held| held.vpc == vpc);
                found.map(|found| found.status = Timed::settled(cen::Status::Going)).is_some()
            }
            Circumstance::ServiceInterface(vswitch) => {
                let since = self.vpc.switches.get(&vswitch).map(|switch| switch.created);
                since.is_some_and(|since| {
                    interfaces::make_service_interface(self, since, &vswitch, "a network load balancer").is_ok()
                })
            }
            Circumstance::LoadBalancerZones(id, zones) => load_balancers::move_to(self, &id, &zones).is_ok(),
        }
    }
}
