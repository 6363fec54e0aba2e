//! The configuration that an operator writes: which instances belong behind which ALB, and what albridge may do.
//!
//! The defaults are those of the manual procedure. The module `store` parses and checks the text.

use std::collections::BTreeMap;
use std::fmt;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::generation::Generation;
use crate::ids::{AlbId, BandwidthPackageId, BindingName, CenId, Region, VSwitchId, VpcId};
use crate::mark::MemberState;
use crate::topology::{HealthCheck, ServerGroupSettings};

/// Backends of some regions behind one ALB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Binding {
    /// `[a-z][a-z0-9-]{0,39}`. Part of every mark: a renamed binding is a new one.
    pub name: BindingName,
    /// Whether unattended runs may make what costs money or reaches wide.
    #[serde(default)]
    pub provision: Provision,
    /// The load balancer.
    pub alb: Alb,
    /// The server group that the backends become members of.
    pub server_group: ServerGroupSpec,
    /// The listener that forwards to it.
    pub listener: ListenerSpec,
    /// The CEN instance that joins the regions.
    pub cen: Cen,
    /// Where the instances are.
    #[schemars(length(min = 1))]
    pub backends: Vec<Backend>,
    /// Source prefixes of a non-upgraded ALB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to_origin: Option<BackToOrigin>,
    /// The rules in the backends' security groups.
    #[serde(default)]
    pub security: Security,
    /// The request that proves it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifySpec>,
    /// When members may be removed.
    #[serde(default)]
    pub removal: Removal,
    /// Read-only while true.
    #[serde(default)]
    pub paused: bool,
}

/// Who may make attachments, connections, and additions to what others made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provision {
    /// Only `albridge apply`, of a plan that a person saw.
    #[default]
    Approved,
    /// Any run.
    Auto,
}

/// The load balancer of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alb {
    /// Its region.
    pub region: Region,
    /// Its id.
    pub id: AlbId,
    /// vSwitches of its VPC for the transit router's interfaces, one per zone.
    #[schemars(length(min = 1, max = 10))]
    pub attachment_vswitches: Vec<VSwitchId>,
    /// Overrides what the API's fields say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// How many servers the load balancer may have, where the account's quota differs from its edition's: no API that
    /// albridge calls tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub server_quota: Option<u32>,
    /// A role of another account that owns the ALB's side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role: Option<AssumeRole>,
}

/// A role to assume for one side of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssumeRole {
    /// `acs:ram::<account>:role/<name>`; the name has 1 to 64 letters, digits, `.` and `-`.
    pub arn: String,
    /// The external id that its trust policy asks for: 2 to 1,224 letters, digits and characters of `_+=,.@:/-`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// The wanted server group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerGroupSpec {
    /// Its name: 2 to 128 letters, digits, Chinese characters, blanks, `.`, `_` and `-`, the first a letter, a Chinese
    /// character or a digit.
    pub name: String,
    /// `HTTP`, `HTTPS` or `gRPC`.
    #[serde(default = "http")]
    pub protocol: String,
    /// The members' port.
    #[serde(default = "port_80")]
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The members' weight, 1 to 100.
    #[serde(default = "weight_100")]
    #[schemars(range(min = 1, max = 100))]
    pub weight: u32,
    /// `Wrr`, `Wlc` or `Sch`.
    #[serde(default = "wrr")]
    pub scheduler: String,
    /// Session persistence.
    #[serde(default)]
    pub sticky: bool,
    /// Health checks.
    #[serde(default)]
    pub health_check: HealthCheckSpec,
    /// Seconds a leaver may finish its requests, 0 to 900.
    #[serde(default = "drain_30")]
    #[schemars(range(max = 900))]
    pub drain_seconds: u32,
    /// Settings that are not corrected where they differ: others may change them. What is made gets them as the binding says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Ignorable>,
}

/// A setting of the server group that a binding may leave to others once it is made. Left out is what safety rests on: whether and where members are
/// checked, and descriptions, which carry the marks (decision 0052).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Ignorable {
    /// The weight of members that serve. Members that leave get 0 all the same.
    #[serde(rename = "weight")]
    Weight,
    /// The scheduler.
    #[serde(rename = "scheduler")]
    Scheduler,
    /// Session persistence.
    #[serde(rename = "sticky")]
    Sticky,
    /// Connection draining.
    #[serde(rename = "drainSeconds")]
    DrainSeconds,
    /// The path of health checks.
    #[serde(rename = "healthCheck.path")]
    CheckPath,
    /// Their method.
    #[serde(rename = "healthCheck.method")]
    CheckMethod,
    /// Their host.
    #[serde(rename = "healthCheck.host")]
    CheckHost,
    /// The codes that count as healthy.
    #[serde(rename = "healthCheck.codes")]
    CheckCodes,
    /// Seconds between two checks.
    #[serde(rename = "healthCheck.interval")]
    CheckInterval,
    /// Seconds one check may take.
    #[serde(rename = "healthCheck.timeout")]
    CheckTimeout,
    /// Successes until healthy.
    #[serde(rename = "healthCheck.healthyThreshold")]
    HealthyThreshold,
    /// Failures until unhealthy.
    #[serde(rename = "healthCheck.unhealthyThreshold")]
    UnhealthyThreshold,
}

/// As the binding words it.
impl fmt::Display for Ignorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Ignorable {
    /// Takes the setting over from what is there. A check that is off, or that sends no request, says nothing about the settings that it does
    /// not use.
    fn take_over(self, wanted: &mut ServerGroupSettings, have: &ServerGroupSettings) {
        let (check, there) = (&mut wanted.health_check, &have.health_check);
        let requests = there.enabled && there.protocol != "TCP";
        match self {
            Self::Weight => {}
            Self::Scheduler => wanted.scheduler.clone_from(&have.scheduler),
            Self::Sticky => wanted.sticky = have.sticky,
            Self::DrainSeconds => wanted.drain_seconds = have.drain_seconds,
            Self::CheckPath if requests => check.path.clone_from(&there.path),
            Self::CheckMethod if requests => check.method.clone_from(&there.method),
            Self::CheckHost if requests => check.host.clone_from(&there.host),
            Self::CheckCodes if requests => check.codes.clone_from(&there.codes),
            Self::CheckInterval if there.enabled => check.interval = there.interval,
            Self::CheckTimeout if there.enabled => check.timeout = there.timeout,
            Self::HealthyThreshold if there.enabled => check.healthy_threshold = there.healthy_threshold,
            Self::UnhealthyThreshold if there.enabled => check.unhealthy_threshold = there.unhealthy_threshold,
            _ => {}
        }
    }
}

impl HealthCheckSpec {
    /// The settings to compare with the observed ones.
    pub(crate) fn settings(&self) -> HealthCheck {
        HealthCheck {
            enabled: self.enabled,
            protocol: self.protocol.clone(),
            port: self.port,
            path: self.path.clone(),
            method: self.method().to_owned(),
            host: self.host.clone(),
            codes: self.codes(),
            interval: self.interval,
            timeout: self.timeout,
            healthy_threshold: self.healthy_threshold,
            unhealthy_threshold: self.unhealthy_threshold,
        }
    }
}

impl ServerGroupSpec {
    /// The settings to compare with the observed ones. Only the Standard and WAF editions have connection draining; in
    /// other editions members are drained by weight 0 alone.
    #[must_use]
    pub fn settings(&self, edition: &str) -> ServerGroupSettings {
        ServerGroupSettings {
            protocol: self.protocol.clone(),
            scheduler: self.scheduler.clone(),
            sticky: self.sticky,
            health_check: self.health_check.settings(),
            drain_seconds: (edition != "Basic" && self.drain_seconds > 0).then_some(self.drain_seconds),
        }
    }

    /// The same for a group that is there: what the binding ignores is as it is there.
    #[must_use]
    pub fn settings_beside(&self, edition: &str, have: &ServerGroupSettings) -> ServerGroupSettings {
        let mut wanted = self.settings(edition);
        self.ignore.iter().for_each(|ignored| ignored.take_over(&mut wanted, have));
        wanted
    }

    /// The weight of a member that serves, or is to serve again after `before` was noted of it. A member that was drained has weight 0 by
    /// albridge itself, so that is nobody's choice to be left.
    #[must_use]
    pub fn weight_beside(&self, before: MemberState, have: u32) -> u32 {
        let is_left = self.ignore.contains(&Ignorable::Weight) && !matches!(before, MemberState::Draining(_));
        if is_left { have } else { self.weight }
    }

    /// The ports that the ALB must reach: those of the service and of the health check.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        let check =
            if self.health_check.enabled && self.health_check.port != 0 { self.health_check.port } else { self.port };
        if check == self.port { vec![self.port] } else { vec![self.port, check] }
    }
}

/// Wanted health checks. Fields and ranges are the API's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HealthCheckSpec {
    /// Whether members are checked.
    pub enabled: bool,
    /// `HTTP`, `HTTPS`, `TCP` or `gRPC`.
    pub protocol: String,
    /// The port checked; 0 is the member's own.
    pub port: u16,
    /// The path asked for, 1 to 80 characters.
    pub path: String,
    /// `HEAD` (the default) or `GET`; of a gRPC check `POST` (the default) or `GET`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The Host header, a domain name with a dot; empty for the member's address.
    pub host: String,
    /// Codes that count as healthy: `http_2xx` and `http_3xx` unless stated; of a gRPC check numbers from 0 to 99, 0 unless
    /// stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
    /// Seconds between two checks, 1 to 50.
    #[schemars(range(min = 1, max = 50))]
    pub interval: u32,
    /// Seconds one check may take, 1 to 300.
    #[schemars(range(min = 1, max = 300))]
    pub timeout: u32,
    /// Successes until healthy, 2 to 10.
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold: u32,
    /// Failures until unhealthy, 2 to 10.
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold: u32,
}

impl HealthCheckSpec {
    /// Whether it is a gRPC check, which has its own methods and codes.
    #[must_use]
    pub(crate) fn is_grpc(&self) -> bool {
        self.protocol == "gRPC"
    }

    /// The method as configured, or the default for the protocol.
    #[must_use]
    pub fn method(&self) -> &str {
        let usual = if self.is_grpc() { "POST" } else { "HEAD" };
        self.method.as_deref().unwrap_or(usual)
    }

    /// The codes as configured, or the defaults for the protocol.
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        let usual: &[&str] = if self.is_grpc() { &["0"] } else { &["http_2xx", "http_3xx"] };
        self.codes.clone().unwrap_or_else(|| usual.iter().map(|code| (*code).to_owned()).collect())
    }
}

impl Default for HealthCheckSpec {
    fn default() -> Self {
        Self {
            enabled: true,
            protocol: http(),
            port: 0,
            path: "/".to_owned(),
            method: None,
            host: String::new(),
            codes: None,
            interval: 2,
            timeout: 5,
            healthy_threshold: 3,
            unhealthy_threshold: 3,
        }
    }
}

/// The wanted listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerSpec {
    /// `HTTP`. HTTPS and QUIC need certificates, which are not albridge's to choose: make such a listener by hand and
    /// it is adopted.
    #[serde(default = "http")]
    pub protocol: String,
    /// The port it listens on.
    #[serde(default = "port_80")]
    #[schemars(range(min = 1))]
    pub port: u16,
}

/// The CEN instance of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cen {
    /// Its id.
    pub id: CenId,
    /// What the inter-region connections get. Not needed where every backend is in the ALB's region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// How many VPCs one transit router may have attached, as the Quota Center shows it: no API that albridge calls tells
    /// it, and no number is published. Without it the cloud's refusal is the only check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub attachment_quota: Option<u32>,
    /// Whether attachments and the connection, which are billed, are built before the first instance has the wanted tags.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connect_ahead: bool,
}

/// Bandwidth of an inter-region connection: from a plan, or paid by traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bandwidth {
    /// The plan it is taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<BandwidthPackageId>,
    /// Paid by traffic instead of taken from a plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pay_by_traffic: bool,
    /// Mbit/s for each connection.
    #[schemars(range(min = 1, max = 10000))]
    pub mbps: u32,
}

/// Instances of one VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backend {
    /// Its region.
    pub region: Region,
    /// The VPC.
    pub vpc: VpcId,
    /// vSwitches of that VPC for the transit router's interfaces, one per zone.
    #[schemars(length(min = 1, max = 10))]
    pub attachment_vswitches: Vec<VSwitchId>,
    /// Which of its instances are wanted.
    pub select: Select,
    /// A role of another account that owns this side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_role: Option<AssumeRole>,
}

/// Which instances are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Select {
    /// Tags that an instance must all have.
    #[schemars(extend("minProperties" = 1))]
    pub tags: BTreeMap<String, String>,
}

impl Select {
    /// Whether an instance with these tags is selected.
    #[must_use]
    pub fn matches(&self, tags: &BTreeMap<String, String>) -> bool {
        self.matches_with(|key| tags.get(key).map(String::as_str))
    }

    /// The same with a lookup of a tag's value.
    pub fn matches_with<'t>(&self, value_of: impl Fn(&str) -> Option<&'t str>) -> bool {
        self.tags.iter().all(|(key, value)| value_of(key) == Some(value.as_str()))
    }
}

/// Source prefixes of a non-upgraded ALB: the console shows them, no API does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackToOrigin {
    /// Prefixes inside 100.64.0.0/10, longer than /11.
    #[schemars(schema_with = "prefixes")]
    pub cidrs: Vec<Ipv4Net>,
}

/// The rules in the backends' security groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Security {
    /// 1 is looked at first, 100 last.
    #[schemars(range(min = 1, max = 100))]
    pub priority: u8,
}

impl Default for Security {
    fn default() -> Self {
        Self { priority: 90 }
    }
}

/// The request that proves it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifySpec {
    /// The Host header: ALB names since 2024-11 refuse direct access.
    pub host: String,
    /// The path asked for.
    #[serde(default = "slash")]
    pub path: String,
    /// The status that proves it.
    #[serde(default = "status_200")]
    #[schemars(range(min = 100, max = 599))]
    pub expect: u16,
}

/// When members may be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Removal {
    /// What becomes of a stopped instance.
    pub on_stop: OnStop,
    /// Seconds a stopped instance is waited for.
    pub stop_grace_seconds: u32,
    /// Percent of the group that may leave at a time; at least one member. 0: nobody is removed but proven releases.
    #[schemars(range(max = 100))]
    pub max_percent: u32,
    /// Healthy members that are always left.
    pub min_healthy: u32,
}

impl Default for Removal {
    fn default() -> Self {
        Self { on_stop: OnStop::Keep, stop_grace_seconds: 300, max_percent: 20, min_healthy: 1 }
    }
}

/// What becomes of a stopped instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnStop {
    /// It stays a member; the health check takes it out of service.
    #[default]
    Keep,
    /// It is drained and removed after the grace time.
    Drain,
}

impl Binding {
    /// Every region of the binding without duplicates, the ALB's first.
    #[must_use]
    pub fn regions(&self) -> Vec<&Region> {
        let mut regions = vec![&self.alb.region];
        for backend in &self.backends {
            if !regions.contains(&&backend.region) {
                regions.push(&backend.region);
            }
        }
        regions
    }

    /// Backend regions other than the ALB's; each needs an inter-region connection.
    #[must_use]
    pub(crate) fn remote_regions(&self) -> Vec<&Region> {
        self.regions().into_iter().skip(1).collect()
    }
}

/// A list of prefixes, for the schema.
fn prefixes(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "array", "minItems": 1, "items": {"type": "string", "format": "ipv4-prefix"}})
}

fn http() -> String {
    "HTTP".to_owned()
}

fn wrr() -> String {
    "Wrr".to_owned()
}

fn slash() -> String {
    "/".to_owned()
}

const fn port_80() -> u16 {
    80
}

const fn weight_100() -> u32 {
    100
}

const fn drain_30() -> u32 {
    30
}

const fn status_200() -> u16 {
    200
}
