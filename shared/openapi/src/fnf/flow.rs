//! Flows.

use serde::{Deserialize, Serialize};

/// One flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeFlow {
    pub name: String,
}

/// Answer of [`DescribeFlow`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeFlowAnswer {
    pub name: String,
    pub id: String,
    #[serde(rename = "Type")]
    pub kind: String,
    pub definition: String,
    pub description: String,
    pub execution_mode: String,
    pub role_arn: String,
    pub created_time: String,
    pub last_modified_time: String,
    pub request_id: String,
}

/// The regions that offer CloudFlow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegions {}

/// Answer of [`DescribeRegions`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeRegionsAnswer {
    pub regions: Vec<Region>,
    pub request_id: String,
}

/// A region that offers CloudFlow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Region {
    pub region_id: String,
    pub local_name: String,
}
