//! Network interfaces.

use serde::{Deserialize, Serialize};

use super::instance::PrivateIp;
use super::tag::{ResourceTag, Tag};
use crate::listing::listing;

/// The network interfaces of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeNetworkInterfaces {
    pub network_interface_id: Vec<String>,
    pub private_ip_address: Vec<String>,
    pub primary_ip_address: Option<String>,
    pub instance_id: Option<String>,
    pub vpc_id: Option<String>,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: Option<String>,
    pub security_group_id: Option<String>,
    /// `Primary` or `Secondary`.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    pub status: Option<String>,
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`DescribeNetworkInterfaces`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeNetworkInterfacesAnswer {
    pub network_interface_sets: Vec<NetworkInterface>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeNetworkInterfaces, network_interface_sets: NetworkInterface, token max_results 500);

/// A network interface. Its own security groups filter its traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkInterface {
    pub network_interface_id: String,
    pub instance_id: String,
    pub vpc_id: String,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: String,
    pub zone_id: String,
    /// `Primary` or `Secondary`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub status: String,
    pub private_ip_address: String,
    pub private_ip_sets: Vec<PrivateIp>,
    pub security_group_ids: Vec<String>,
    pub service_managed: bool,
    pub description: String,
    pub tags: Vec<ResourceTag>,
}
