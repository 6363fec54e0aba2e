//! Instances.

use serde::{Deserialize, Serialize};

use super::tag::{ResourceTag, Tag};
use crate::listing::listing;

/// The instances of a region. Unknown ids are simply not in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstances {
    /// Up to 100; sent as a JSON array in one parameter.
    #[serde(serialize_with = "crate::flatten::json_list")]
    pub instance_ids: Vec<String>,
    /// Up to 100; sent as a JSON array in one parameter. Goes with `instance_network_type` `vpc`.
    #[serde(serialize_with = "crate::flatten::json_list")]
    pub private_ip_addresses: Vec<String>,
    pub instance_network_type: Option<String>,
    pub vpc_id: Option<String>,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: Option<String>,
    pub zone_id: Option<String>,
    pub security_group_id: Option<String>,
    pub status: Option<String>,
    /// The filter stops at 1,000 resources.
    pub tag: Vec<Tag>,
    pub max_results: Option<u32>,
    pub next_token: Option<String>,
}

/// Answer of [`DescribeInstances`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeInstancesAnswer {
    pub instances: Vec<Instance>,
    pub next_token: String,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeInstances, instances: Instance, token max_results 100);

/// An instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Instance {
    pub instance_id: String,
    pub instance_name: String,
    /// `Pending`, `Running`, `Starting`, `Stopping` or `Stopped`.
    pub status: String,
    pub region_id: String,
    pub zone_id: String,
    pub vpc_attributes: VpcAttributes,
    pub network_interfaces: Vec<InstanceInterface>,
    pub security_group_ids: Vec<String>,
    pub creation_time: String,
    /// `None` where the answer says nothing of tags, as it does of an instance without any.
    pub tags: Option<Vec<ResourceTag>>,
}

/// Where an instance is in its VPC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct VpcAttributes {
    pub vpc_id: String,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: String,
    pub private_ip_address: Vec<String>,
}

/// An interface, as an instance lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceInterface {
    pub network_interface_id: String,
    /// `Primary` or `Secondary`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub primary_ip_address: String,
    pub private_ip_sets: Vec<PrivateIp>,
}

/// A private address of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PrivateIp {
    pub private_ip_address: String,
    pub primary: bool,
}

/// Makes instances and starts them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RunInstances {
    pub image_id: Option<String>,
    pub instance_type: Option<String>,
    pub security_group_id: Option<String>,
    #[serde(rename = "VSwitchId")]
    pub vswitch_id: Option<String>,
    pub zone_id: Option<String>,
    pub instance_name: Option<String>,
    pub host_name: Option<String>,
    pub private_ip_address: Option<String>,
    /// Base64.
    pub user_data: Option<String>,
    pub amount: Option<u32>,
    pub instance_charge_type: Option<String>,
    pub tag: Vec<Tag>,
    pub client_token: Option<String>,
    pub dry_run: Option<bool>,
}

/// Answer of [`RunInstances`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RunInstancesAnswer {
    pub instance_id_sets: Vec<String>,
    pub order_id: String,
    pub request_id: String,
}

/// Starts a stopped instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartInstance {
    pub instance_id: String,
    pub dry_run: Option<bool>,
}

/// Stops a running instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopInstance {
    pub instance_id: String,
    pub force_stop: Option<bool>,
    /// `StopCharging` or `KeepCharging`.
    pub stopped_mode: Option<String>,
    pub dry_run: Option<bool>,
}

/// Releases an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteInstance {
    pub instance_id: String,
    pub force: Option<bool>,
    pub dry_run: Option<bool>,
}
