//! Scenarios: files that declare what an account holds before the first call.

mod balancers;
#[cfg(test)]
pub(crate) mod bench;
#[cfg(test)]
mod robustness;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use document::Limits;
use jiff::Timestamp;

use crate::call::{ApiError, Call, Caller, Params, Service};
use crate::services::ecs as ecs_actions;
use crate::services::ecs::{instances, interfaces};
use crate::state::{cen, ecs, vpc};
use crate::time::Timed;
use crate::world::World;
use schema::Scenario;

pub use schema::schema;

/// The world of `reference/procedure.md` before its first step. `ECS1` is stopped: starting it sets things going.
pub const PROCEDURE: &str = include_str!("../scenarios/procedure.yml");

/// Why a scenario cannot be loaded. The world is then as it was.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is no YAML, or says something unknown; the text names line and column.
    #[error("the scenario cannot be read: {0}")]
    Unreadable(String),
    /// It is inconsistent.
    #[error("the scenario's {resource} cannot be: {reason}")]
    Impossible {
        /// The id of what is wrong.
        resource: String,
        /// One sentence.
        reason: String,
    },
}

impl World {
    /// Adds what a scenario declares, all of it as if made long ago and settled, at `now`.
    ///
    /// Load balancers that name no generation get the one that the world makes at present.
    ///
    /// # Errors
    /// [`ScenarioError`]; the world is unchanged then.
    pub fn load(&mut self, now: Timestamp, scenario: &str) -> Result<(), ScenarioError> {
        let scenario: Scenario =
            document::read(scenario, Limits::WORLD).map_err(|error| ScenarioError::Unreadable(error.to_string()))?;
        let mut next = self.clone();
        next.insert(now, scenario)?;
        *self = next;
        Ok(())
    }

    fn insert(&mut self, now: Timestamp, scenario: Scenario) -> Result<(), ScenarioError> {
        for vpc in scenario.vpcs {
            self.insert_vpc(now, vpc)?;
        }
        for group in scenario.security_groups {
            self.insert_group(now, group)?;
        }
        for instance in scenario.instances {
            self.insert_instance(now, instance)?;
        }
        for cen in scenario.cens {
            self.insert_cen(now, cen)?;
        }
        for balancer in &scenario.albs {
            balancers::insert_scenario(self, now, balancer)
                .map_err(|error| impossible(&balancer.id, &error.message))?;
        }
        self.add_faults(now, scenario.faults).map_err(|error| impossible("faults", &error.to_string()))?;
        Ok(())
    }

    fn insert_vpc(&mut self, now: Timestamp, wanted: schema::Vpc) -> Result<(), ScenarioError> {
        self.known_region(&wanted.id, &wanted.region)?;
        new(&wanted.id, self.vpc.vpcs.contains_key(&wanted.id))?;
        let table = wanted.route_table.unwrap_or_else(|| format!("vtb-{}", wanted.id));
        new(&table, self.vpc.tables.contains_key(&table))?;
        let vpc = vpc::Vpc {
            id: wanted.id.clone(),
            region: wanted.region.clone(),
            name: wanted.name,
            description: String::new(),
            cidr: wanted.cidr.trunc(),
            secondary: wanted.secondary,
            router: format!("vrt-{}", wanted.id),
            status: Timed::settled(vpc::Status::Available),
            created: now,
            tags: wanted.tags,
        };
        for switch in &wanted.vswitches {
            new(&switch.id, self.vpc.switches.contains_key(&switch.id))?;
            if !switch.zone.starts_with(&wanted.region) {
                return Err(impossible(&switch.id, "its zone is not of the VPC's region"));
            }
            let overlaps = self
                .vpc
                .switches_of(&wanted.id)
                .any(|held| held.cidr.contains(&switch.cidr) || switch.cidr.contains(&held.cidr));
            if !vpc.holds(switch.cidr) || overlaps {
                return Err(impossible(&switch.id, "its CIDR block is not free in the VPC"));
            }
            let switch = vpc::Switch {
                id: switch.id.clone(),
                vpc: wanted.id.clone(),
                zone: switch.zone.clone(),
                cidr: switch.cidr.trunc(),
                name: switch.name.clone(),
                description: String::new(),
                table: None,
                acl: None,
                taken: BTreeMap::new(),
                status: Timed::settled(vpc::Status::Available),
                created: now,
                tags: switch.tags.clone(),
            };
            self.vpc.switches.insert(switch.id.clone(), switch);
        }
        self.vpc.insert_vpc(vpc, table);
        Ok(())
    }

    fn insert_group(&mut self, now: Timestamp, wanted: schema::SecurityGroup) -> Result<(), ScenarioError> {
        new(&wanted.id, self.ecs.groups.contains_key(&wanted.id))?;
        let Some(vpc) = self.vpc.vpcs.get(&wanted.vpc) else {
            return Err(impossible(&wanted.id, "its VPC is not declared"));
        };
        let region = vpc.region.clone();
        let group = ecs::Group {
            id: wanted.id.clone(),
            region: region.clone(),
            vpc: wanted.vpc,
            name: wanted.name,
            description: String::new(),
            enterprise: wanted.enterprise,
            service_managed: false,
            rules: Vec::new(),
            created: now,
            tags: wanted.tags,
        };
        self.ecs.groups.insert(wanted.id.clone(), group);
        for rule in wanted.rules {
            let source = rule.source.to_string();
            let priority = rule.priority.to_string();
            let params = [
                ("SecurityGroupId", wanted.id.as_str()),
                ("Permissions.1.IpProtocol", rule.protocol.as_str()),
                ("Permissions.1.PortRange", rule.ports.as_str()),
                ("Permissions.1.SourceCidrIp", source.as_str()),
                ("Permissions.1.Policy", rule.policy.as_str()),
                ("Permissions.1.Priority", priority.as_str()),
                ("Permissions.1.Description", rule.description.as_str()),
            ];
            let call = Call {
                service: Service::Ecs,
                action: "AuthorizeSecurityGroup".to_owned(),
                region: region.clone(),
                params: Params::new(params.map(|(name, value)| (name.to_owned(), value.to_owned()))),
                caller: Caller::Root,
                request_id: self.ids.uuid(),
            };
            ecs_actions::handle(self, now, &call).map_err(|error: ApiError| impossible(&wanted.id, &error.message))?;
        }
        Ok(())
    }

    fn insert_instance(&mut self, now: Timestamp, wanted: schema::Instance) -> Result<(), ScenarioError> {
        new(&wanted.id, self.ecs.instances.contains_key(&wanted.id))?;
        let id = wanted.id.clone();
        let switch = self.vpc.switches.get(&wanted.vswitch);
        let vpc = switch
            .and_then(|switch| self.vpc.vpcs.get(&switch.vpc))
            .ok_or_else(|| impossible(&id, "its vSwitch is not declared"))?;
        let more = wanted.interfaces.iter().flat_map(|interface| &interface.security_groups);
        for group in wanted.security_groups.iter().chain(more) {
            if self.ecs.groups.get(group).is_none_or(|group| group.vpc != vpc.id) {
                return Err(impossible(&id, "a security group of it is not declared in its VPC"));
            }
        }
        let launch = instances::Launch {
            id: Some(wanted.id),
            name: wanted.name,
            description: String::new(),
            region: vpc.region.clone(),
            switch: wanted.vswitch,
            address: wanted.address,
            groups: wanted.security_groups,
            instance_type: "ecs.g7.large".to_owned(),
            image: "aliyun_3_x64_20G_alibase.vhd".to_owned(),
            web_ports: wanted.web_ports,
            web_paths: wanted.web_paths,
            tags: wanted.tags,
        };
        instances::launch(self, now, launch, wanted.state.into()).map_err(|error| impossible(&id, &error.message))?;
        for interface in wanted.interfaces {
            new(&interface.id, self.ecs.interfaces.contains_key(&interface.id))?;
            let groups = interface.security_groups;
            interfaces::attach_secondary(self, now, &id, &interface.id, &interface.vswitch, interface.address, groups)
                .map_err(|error| impossible(&interface.id, &error.message))?;
        }
        Ok(())
    }

    fn insert_cen(&mut self, now: Timestamp, wanted: schema::Cen) -> Result<(), ScenarioError> {
        new(&wanted.id, self.cen.instances.contains_key(&wanted.id))?;
        for package in wanted.bandwidth_packages {
            new(&package.id, self.cen.packages.contains_key(&package.id))?;
            let package = cen::Package {
                id: package.id,
                name: package.name,
                description: String::new(),
                bandwidth: package.mbps,
                areas: package.areas,
                charge_type: "PREPAY".to_owned(),
                cen: Some(wanted.id.clone()),
                created: now,
                tags: BTreeMap::new(),
            };
            self.cen.packages.insert(package.id.clone(), package);
        }
        for router in wanted.transit_routers {
            self.known_region(&router.id, &router.region)?;
            new(&router.id, self.cen.routers.contains_key(&router.id))?;
            if self.cen.routers.values().any(|held| held.cen == wanted.id && held.region == router.region) {
                return Err(impossible(&router.id, "its CEN has a transit router in that region already"));
            }
            let table = router.route_table.unwrap_or_else(|| format!("vtb-{}", router.id));
            new(&table, self.cen.tables.contains_key(&table))?;
            let router = cen::Router {
                id: router.id,
                cen: wanted.id.clone(),
                region: router.region,
                edition: if router.basic { cen::Edition::Basic } else { cen::Edition::Enterprise },
                name: router.name,
                description: String::new(),
                cidrs: Vec::new(),
                status: Timed::settled(cen::Status::Up),
                created: now,
                tags: router.tags,
            };
            self.cen.insert_router(router, table);
        }
        let instance = cen::CenInstance {
            id: wanted.id.clone(),
            name: wanted.name,
            description: String::new(),
            protection: "REDUCED".to_owned(),
            status: Timed::settled(cen::Status::Up),
            created: now,
            tags: wanted.tags,
        };
        self.cen.instances.insert(wanted.id, instance);
        Ok(())
    }

    fn known_region(&self, resource: &str, region: &str) -> Result<(), ScenarioError> {
        if self.settings.regions.iter().any(|known| known == region) {
            return Ok(());
        }
        Err(impossible(resource, "its region is none of this world's"))
    }
}

fn new(id: &str, taken: bool) -> Result<(), ScenarioError> {
    if taken { Err(impossible(id, "its id is taken")) } else { Ok(()) }
}

fn impossible(resource: &str, reason: &str) -> ScenarioError {
    ScenarioError::Impossible { resource: resource.to_owned(), reason: reason.to_owned() }
}
