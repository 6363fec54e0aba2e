//! States of the account that no API call of a client causes: what the platform, its billing and its operators do.
//!
//! Tests set them to see how a client handles them. What the API does about each is documented with the
//! actions concerned (cloud-apis.md sections 5, 7, 8 and 11).

use std::collections::BTreeSet;

use crate::platform::interfaces;
use crate::services::alb::load_balancers;
use crate::state::{account, cen, ram};
use crate::time::Timed;
use crate::world::World;

/// One of those states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// The transit-router service is not activated for the account.
    TransitRouterServiceClosed,
    /// The owner has activated it again.
    TransitRouterServiceOpen,
    /// A service is closed, by the name that ROS has for it: `FC`, `FNF`, `OSS` or `SLS`.
    ServiceClosed(String),
    /// The account may have so many roles. It is told, and not enforced.
    RoleQuota(usize),
    /// The service-linked role of CEN is gone.
    CenServiceRoleMissing,
    /// A CEN instance stays `Creating`.
    CenCreating(String),
    /// A transit router stays `Creating`.
    TransitRouterCreating(String),
    /// A bandwidth plan is locked for its bill.
    BandwidthPackageLocked(String),
    /// The bill of a bandwidth plan is paid.
    BandwidthPackagePaid(String),
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
    /// Somebody on an instance has its web server listen on these ports and know these paths; every path if none are said.
    WebServer(String, BTreeSet<u16>, Option<BTreeSet<String>>),
    /// A load balancer is moved to these zones and vSwitches (`UpdateLoadBalancerZones`, which no function may call).
    LoadBalancerZones(String, Vec<(String, String)>),
}

impl World {
    /// Sets a state of the account. Returns whether the resource that it concerns exists.
    pub fn set_account(&mut self, state: AccountState) -> bool {
        match state {
            AccountState::TransitRouterServiceClosed => {
                self.account.service_closed = true;
                true
            }
            AccountState::TransitRouterServiceOpen => {
                self.account.service_closed = false;
                true
            }
            AccountState::ServiceClosed(service) => {
                self.account.close(&service);
                account::SERVICES.contains(&service.as_str())
            }
            AccountState::RoleQuota(most) => {
                self.account.roles = Some(most);
                true
            }
            AccountState::CenServiceRoleMissing => {
                let there = self.ram.role(ram::CEN_SERVICE_ROLE).is_some();
                self.ram.remove_role(ram::CEN_SERVICE_ROLE);
                there
            }
            AccountState::CenCreating(id) => {
                let found = self.cen.instances.get_mut(&id);
                found.map(|found| found.status = Timed::settled(cen::Status::Coming)).is_some()
            }
            AccountState::TransitRouterCreating(id) => {
                let found = self.cen.routers.get_mut(&id);
                found.map(|found| found.status = Timed::settled(cen::Status::Coming)).is_some()
            }
            AccountState::BandwidthPackageLocked(id) => {
                let there = self.cen.packages.contains_key(&id);
                self.account.locked_packages.insert(id);
                there
            }
            AccountState::BandwidthPackagePaid(id) => self.account.locked_packages.remove(&id),
            AccountState::LoadBalancerLocked(id) => {
                let there = self.alb.load_balancers.contains_key(&id);
                self.account.locked_balancers.insert(id);
                there
            }
            AccountState::LoadBalancerInactive(id) => {
                let there = self.alb.load_balancers.contains_key(&id);
                self.account.balancer_status.insert(id, "Inactive");
                there
            }
            AccountState::VSwitchFull(id) => {
                self.vpc.switches.get_mut(&id).map(crate::state::vpc::Switch::fill).is_some()
            }
            AccountState::SecurityGroupManaged(id) => {
                self.ecs.groups.get_mut(&id).map(|group| group.service_managed = true).is_some()
            }
            AccountState::AttachmentDetaching(vpc) => {
                let found = self.cen.vpc_attachments.values_mut().find(|held| held.vpc == vpc);
                found.map(|found| found.status = Timed::settled(cen::Status::Going)).is_some()
            }
            AccountState::ServiceInterface(vswitch) => {
                let since = self.vpc.switches.get(&vswitch).map(|switch| switch.created);
                since.is_some_and(|since| {
                    interfaces::make_service_interface(self, since, &vswitch, "a network load balancer").is_ok()
                })
            }
            AccountState::WebServer(id, ports, paths) => {
                let found = self.ecs.instances.get_mut(&id);
                let serve = |instance: &mut crate::state::ecs::Instance| {
                    (instance.web_ports, instance.web_paths) = (ports, paths);
                };
                found.map(serve).is_some()
            }
            AccountState::LoadBalancerZones(id, zones) => load_balancers::move_to(self, &id, &zones).is_ok(),
        }
    }
}
