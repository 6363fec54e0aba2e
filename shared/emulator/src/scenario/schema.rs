//! What a scenario file may say. Unknown fields are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::Deserialize;

use super::balancers::AlbScenario;
use crate::faults;
use crate::state::ecs::State;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Scenario {
    #[serde(default)]
    pub(super) vpcs: Vec<Vpc>,
    #[serde(default)]
    pub(super) security_groups: Vec<SecurityGroup>,
    #[serde(default)]
    pub(super) instances: Vec<Instance>,
    #[serde(default)]
    pub(super) cens: Vec<Cen>,
    #[serde(default)]
    pub(super) albs: Vec<AlbScenario>,
    /// What goes wrong from the beginning.
    #[serde(default)]
    pub(super) faults: Vec<faults::Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Vpc {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) region: String,
    pub(super) cidr: Ipv4Net,
    #[serde(default)]
    pub(super) secondary: Vec<Ipv4Net>,
    /// Its system route table's id; `vtb-` and the VPC's id unless given.
    pub(super) route_table: Option<String>,
    #[serde(default)]
    pub(super) vswitches: Vec<Switch>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Switch {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) cidr: Ipv4Net,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecurityGroup {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) vpc: String,
    #[serde(default)]
    pub(super) enterprise: bool,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// The fields of a rule are spelled as `AuthorizeSecurityGroup` takes them, and read by it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) protocol: String,
    pub(super) ports: String,
    pub(super) source: Ipv4Net,
    #[serde(default = "accept")]
    pub(super) policy: String,
    #[serde(default = "first")]
    pub(super) priority: u8,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Instance {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) vswitch: String,
    /// The lowest free address unless given.
    pub(super) address: Option<Ipv4Addr>,
    pub(super) security_groups: Vec<String>,
    /// Network interfaces beside the primary one.
    #[serde(default)]
    pub(super) interfaces: Vec<Interface>,
    #[serde(default)]
    pub(super) state: Standing,
    /// The ports its web server listens on while it runs.
    #[serde(default = "http")]
    pub(super) web_ports: BTreeSet<u16>,
    /// The paths that it answers with 200, others with 404; every path unless given.
    pub(super) web_paths: Option<BTreeSet<String>>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Interface {
    pub(super) id: String,
    pub(super) vswitch: String,
    pub(super) address: Option<Ipv4Addr>,
    pub(super) security_groups: Vec<String>,
}

/// The states an instance can rest in.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) enum Standing {
    #[default]
    Running,
    Stopped,
}

impl From<Standing> for State {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Running => Self::Running,
            Standing::Stopped => Self::Stopped,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cen {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) bandwidth_packages: Vec<BandwidthPackage>,
    #[serde(default)]
    pub(super) transit_routers: Vec<TransitRouter>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BandwidthPackage {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) mbps: u32,
    /// The two areas it joins.
    #[serde(default = "china")]
    pub(super) areas: (String, String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TransitRouter {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) region: String,
    #[serde(default)]
    pub(super) basic: bool,
    /// Its system route table's id; `vtb-` and the transit router's id unless given.
    pub(super) route_table: Option<String>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

fn accept() -> String {
    "accept".to_owned()
}

const fn first() -> u8 {
    1
}

fn http() -> BTreeSet<u16> {
    BTreeSet::from([80])
}

fn china() -> (String, String) {
    ("China".to_owned(), "China".to_owned())
}
