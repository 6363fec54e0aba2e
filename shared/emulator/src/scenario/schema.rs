//! What a scenario file may say. Unknown fields are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::balancers::AlbScenario;
use crate::faults;
use crate::state::ecs::State;

/// What an account holds before the first call, as if it were made long ago.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Scenario {
    /// The VPCs, with their vSwitches.
    #[serde(default)]
    pub(super) vpcs: Vec<Vpc>,
    /// Security groups. A new one lets nothing in, as in the cloud.
    #[serde(default)]
    pub(super) security_groups: Vec<SecurityGroup>,
    /// ECS instances.
    #[serde(default)]
    pub(super) instances: Vec<Instance>,
    /// CEN instances, with their bandwidth plans and transit routers. Nothing is attached.
    #[serde(default)]
    pub(super) cens: Vec<Cen>,
    /// Load balancers, without listeners.
    #[serde(default)]
    pub(super) albs: Vec<AlbScenario>,
    /// What goes wrong from the beginning: rules as in [the emulator's page](emulator.md#faults).
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(super) faults: Vec<faults::Rule>,
}

/// A VPC.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Vpc {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Its region, as `cn-hangzhou`.
    pub(super) region: String,
    /// Its CIDR block.
    #[schemars(with = "String", extend("format" = "ipv4-prefix"))]
    pub(super) cidr: Ipv4Net,
    /// Further CIDR blocks.
    #[serde(default)]
    #[schemars(with = "Vec<Prefix>")]
    pub(super) secondary: Vec<Ipv4Net>,
    /// Its system route table's id; `vtb-` and the VPC's id unless given.
    pub(super) route_table: Option<String>,
    /// Its vSwitches.
    #[serde(default)]
    pub(super) vswitches: Vec<Switch>,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// A vSwitch of a VPC.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Switch {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Its zone, which begins with the region's name.
    pub(super) zone: String,
    /// Its CIDR block: inside of the VPC's, and no other vSwitch's.
    #[schemars(with = "String", extend("format" = "ipv4-prefix"))]
    pub(super) cidr: Ipv4Net,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// A security group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecurityGroup {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Its VPC, which the file declares.
    pub(super) vpc: String,
    /// Whether it is an advanced one.
    #[serde(default)]
    pub(super) enterprise: bool,
    /// What it lets in, or does not.
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// The fields of a rule are spelled as `AuthorizeSecurityGroup` takes them, and read by it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rule {
    /// As `tcp`, `udp`, `icmp` or `all`.
    pub(super) protocol: String,
    /// As `80/80`; `-1/-1` is all.
    pub(super) ports: String,
    /// The prefix it is about.
    #[schemars(with = "String", extend("format" = "ipv4-prefix"))]
    pub(super) source: Ipv4Net,
    /// `accept` or `drop`.
    #[serde(default = "accept")]
    pub(super) policy: String,
    /// 1 is looked at first, 100 last.
    #[serde(default = "first")]
    pub(super) priority: u8,
    /// Its description.
    #[serde(default)]
    pub(super) description: String,
}

/// An ECS instance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Instance {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// The vSwitch of its primary interface.
    pub(super) vswitch: String,
    /// The lowest free address unless given.
    pub(super) address: Option<Ipv4Addr>,
    /// The security groups of its primary interface, of the same VPC.
    pub(super) security_groups: Vec<String>,
    /// Network interfaces beside the primary one.
    #[serde(default)]
    pub(super) interfaces: Vec<Interface>,
    /// Whether it runs.
    #[serde(default)]
    pub(super) state: Standing,
    /// The ports its web server listens on while it runs.
    #[serde(default = "http")]
    pub(super) web_ports: BTreeSet<u16>,
    /// The paths that it answers with 200, others with 404; every path unless given.
    pub(super) web_paths: Option<BTreeSet<String>>,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// A network interface beside the primary one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Interface {
    /// Its id.
    pub(super) id: String,
    /// Its vSwitch.
    pub(super) vswitch: String,
    /// Its private address; the lowest free one unless given.
    pub(super) address: Option<Ipv4Addr>,
    /// Its security groups.
    pub(super) security_groups: Vec<String>,
}

/// The states an instance can rest in.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
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

/// A CEN instance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cen {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Its bandwidth plans.
    #[serde(default)]
    pub(super) bandwidth_packages: Vec<BandwidthPackage>,
    /// Its transit routers.
    #[serde(default)]
    pub(super) transit_routers: Vec<TransitRouter>,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// A bandwidth plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BandwidthPackage {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Mbit/s in all.
    pub(super) mbps: u32,
    /// The two areas it joins.
    #[serde(default = "china")]
    pub(super) areas: (String, String),
}

/// A transit router.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TransitRouter {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    #[serde(default)]
    pub(super) name: String,
    /// Its region.
    pub(super) region: String,
    /// Whether it is of the Basic edition.
    #[serde(default)]
    pub(super) basic: bool,
    /// Its system route table's id; `vtb-` and the transit router's id unless given.
    pub(super) route_table: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
}

/// How a list of prefixes is described.
#[derive(JsonSchema)]
#[schemars(inline, extend("format" = "ipv4-prefix"))]
struct Prefix(#[expect(dead_code, reason = "it is only described")] String);

/// The JSON schema of a scenario file, for editors and `albridge schema --scenario`.
#[must_use]
pub fn schema() -> serde_json::Value {
    serde_json::Value::from(schemars::schema_for!(Scenario))
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
