//! CEN instances and their bandwidth plans.

use serde::{Deserialize, Serialize};

use super::tag::{Filter, Tag};
use crate::listing::listing;

/// The CEN instances of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeCens {
    /// Keys: `CenId`, `Name`.
    pub filter: Vec<Filter>,
    pub tag: Vec<Tag>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`DescribeCens`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeCensAnswer {
    pub cens: Vec<Cen>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeCens, cens: Cen, pages 50);

/// A CEN instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cen {
    pub cen_id: String,
    pub name: String,
    pub description: String,
    /// `Creating`, `Active` or `Deleting`.
    pub status: String,
    pub protection_level: String,
    pub cen_bandwidth_package_ids: Vec<String>,
    pub tags: Vec<Tag>,
}

/// The bandwidth plans of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeCenBandwidthPackages {
    /// Keys: `CenId`, `Status`, `CenBandwidthPackageId`.
    pub filter: Vec<Filter>,
    pub page_number: Option<u32>,
    pub page_size: Option<u32>,
}

/// Answer of [`DescribeCenBandwidthPackages`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeCenBandwidthPackagesAnswer {
    pub cen_bandwidth_packages: Vec<BandwidthPackage>,
    pub total_count: Option<u64>,
    pub request_id: String,
}

listing!(DescribeCenBandwidthPackages, cen_bandwidth_packages: BandwidthPackage, pages 50);

/// A bandwidth plan between two areas. The connections that use it share its bandwidth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BandwidthPackage {
    pub cen_bandwidth_package_id: String,
    pub name: String,
    /// Mbit/s.
    pub bandwidth: u64,
    /// `Idle` or `InUse`.
    pub status: String,
    /// `Normal`, `FinancialLocked` or `SecurityLocked`.
    pub business_status: String,
    pub geographic_span_id: String,
    pub geographic_region_a_id: String,
    pub geographic_region_b_id: String,
    pub is_cross_border: bool,
    pub cen_ids: Vec<String>,
    /// What connections take of it; the API spells it so.
    pub orgin_inter_region_bandwidth_limits: Vec<InterRegionBandwidthLimit>,
    pub expired_time: String,
}

/// What one connection takes of a bandwidth plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InterRegionBandwidthLimit {
    pub local_region_id: String,
    pub opposite_region_id: String,
    pub geographic_span_id: String,
    /// Mbit/s.
    pub bandwidth_limit: u64,
}
