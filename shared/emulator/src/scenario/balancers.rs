//! A load balancer that is there from the start, as a scenario declares it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::ApiError;
use crate::services::alb::load_balancers::{self, Order};
use crate::state::alb::Generation;
use crate::state::alb::load_balancer::Status;
use crate::time::Timed;
use crate::world::World;

/// A load balancer, Active, without listeners.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AlbScenario {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    #[serde(default)]
    pub(crate) name: String,
    /// Its region.
    pub(crate) region: String,
    /// Its VPC.
    pub(crate) vpc: String,
    /// How it reaches its backends; the world's present generation (`emulate --alb`) unless given.
    pub(crate) generation: Option<Generation>,
    /// `Intranet` or `Internet`.
    #[serde(default = "intranet")]
    pub(crate) address_type: String,
    /// `Basic`, `Standard` or `StandardWithWaf`.
    #[serde(default = "standard")]
    pub(crate) edition: String,
    /// Its zones: two or more.
    pub(crate) zones: Vec<ZoneScenario>,
}

/// A zone of a load balancer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ZoneScenario {
    /// The zone.
    pub(crate) zone: String,
    /// The vSwitch there, where its addresses are.
    pub(crate) vswitch: String,
}

fn intranet() -> String {
    "Intranet".to_owned()
}

fn standard() -> String {
    "Standard".to_owned()
}

/// Puts a load balancer, Active at once, into a world whose VPCs and vSwitches are there already.
pub(crate) fn insert_scenario(world: &mut World, now: Timestamp, alb: &AlbScenario) -> Result<(), ApiError> {
    let order = Order {
        id: alb.id.clone(),
        region: alb.region.clone(),
        name: alb.name.clone(),
        vpc: alb.vpc.clone(),
        generation: alb.generation.unwrap_or(world.alb.policy.generation),
        address_type: alb.address_type.clone(),
        edition: alb.edition.clone(),
        address_mode: "Fixed".to_owned(),
        zones: alb.zones.iter().map(|zone| (zone.zone.clone(), zone.vswitch.clone(), None)).collect(),
        status: Timed::settled(Status::Active),
    };
    load_balancers::declare(world, now, order)
}
