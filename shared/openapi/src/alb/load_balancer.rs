//! Load balancers.

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use crate::listing::listing;

/// The load balancers of a region. Local addresses come only with [`GetLoadBalancerAttribute`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListLoadBalancers {
    pub load_balancer_ids: Vec<String>,
    pub load_balancer_names: Vec<String>,
    pub vpc_ids: Vec<String>,
    pub load_balancer_status: Option<String>,
    /// Those that have a zone there.
    pub zone_id: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`ListLoadBalancers`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListLoadBalancersAnswer {
    pub load_balancers: Vec<LoadBalancer>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(ListLoadBalancers, load_balancers: LoadBalancer, token max_results 100);

/// One load balancer with its zones and addresses; an unknown id is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetLoadBalancerAttribute {
    pub load_balancer_id: String,
}

/// [`GetLoadBalancerAttribute`] answers with the load balancer itself.
pub type GetLoadBalancerAttributeAnswer = LoadBalancer;

/// A load balancer. `zone_mappings` and `region_id` are empty in a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancer {
    pub load_balancer_id: String,
    pub load_balancer_name: String,
    pub vpc_id: String,
    pub region_id: String,
    /// `Internet` or `Intranet`.
    pub address_type: String,
    pub address_ip_version: String,
    pub address_allocated_mode: String,
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    /// `Inactive`, `Active`, `Provisioning`, `Configuring` or `CreateFailed`.
    pub load_balancer_status: String,
    /// `Normal` or `Abnormal`; the API spells it so.
    pub load_balancer_bussiness_status: String,
    /// `Basic`, `Standard` or `StandardWithWaf`.
    pub load_balancer_edition: String,
    pub load_balancer_operation_locks: Vec<OperationLock>,
    pub security_group_ids: Vec<String>,
    pub modification_protection_config: ModificationProtectionConfig,
    pub zone_mappings: Vec<ZoneMapping>,
    pub tags: Vec<Tag>,
    pub create_time: String,
    pub request_id: String,
}

/// A lock put on a load balancer by the platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OperationLock {
    pub lock_type: String,
    pub lock_reason: String,
}

/// Whether the console refuses changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModificationProtectionConfig {
    /// `NonProtection` or `ConsoleProtection`.
    pub status: String,
    pub reason: String,
}

/// A zone that the load balancer works in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ZoneMapping {
    pub zone_id: String,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: String,
    pub status: String,
    pub load_balancer_addresses: Vec<LoadBalancerAddress>,
}

/// The addresses of a load balancer in one zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct LoadBalancerAddress {
    pub address: String,
    pub intranet_address: String,
    pub intranet_address_hc_status: String,
    pub allocation_id: String,
    pub eip_type: String,
    /// Where requests to backends come from; only an upgraded load balancer has them.
    pub ipv4_local_addresses: Vec<String>,
    pub ipv6_address: String,
    pub ipv6_local_addresses: Vec<String>,
}
