//! Prefix lists that security rules may refer to.

use serde::{Deserialize, Serialize};

/// One prefix list with its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribePrefixListAttributes {
    pub prefix_list_id: String,
}

/// Answer of [`DescribePrefixListAttributes`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribePrefixListAttributesAnswer {
    pub prefix_list_id: String,
    pub prefix_list_name: String,
    /// `IPv4` or `IPv6`.
    pub address_family: String,
    pub entries: Vec<PrefixListEntry>,
    pub max_entries: u32,
    pub description: String,
    pub request_id: String,
}

/// A prefix of a prefix list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PrefixListEntry {
    pub cidr: String,
    pub description: String,
}
