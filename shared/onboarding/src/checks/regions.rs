//! Differences between regions, as data.

use crate::ids::Region;

/// Regions where a classic ALB can have servers of another region (`procedure.md`, "Precautions"; ids as in the regions'
/// API). An upgraded ALB can in every region (`cloud-apis.md` section 10, "Upgraded ALB").
const REMOTE_BACKENDS: &[&str] = &[
    // Chinese mainland, and Hong Kong.
    "cn-chengdu",
    "cn-qingdao",
    "cn-beijing",
    "cn-guangzhou",
    "cn-hangzhou",
    "cn-wulanchabu",
    "cn-shanghai",
    "cn-shenzhen",
    "cn-zhangjiakou",
    "cn-hongkong",
    // Asia Pacific.
    "ap-southeast-5",
    "ap-northeast-1",
    "ap-southeast-3",
    "ap-southeast-2",
    "ap-southeast-1",
    "ap-south-1",
    // Europe and Americas.
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-west-1",
];

/// Areas of bandwidth plans in the spelling of the CEN API, with their regions. Hong Kong has the prices of Asia Pacific,
/// because the border that counts is the mainland's. The area of a region that is not listed is unknown.
const AREAS: &[(&str, &[&str])] = &[
    (
        "China",
        &[
            "cn-chengdu",
            "cn-qingdao",
            "cn-beijing",
            "cn-guangzhou",
            "cn-hangzhou",
            "cn-heyuan",
            "cn-huhehaote",
            "cn-nanjing",
            "cn-fuzhou",
            "cn-wuhan-lr",
            "cn-wulanchabu",
            "cn-shanghai",
            "cn-shenzhen",
            "cn-zhangjiakou",
        ],
    ),
    (
        "Asia-Pacific",
        &[
            "cn-hongkong",
            "ap-southeast-1",
            "ap-southeast-3",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-south-1",
        ],
    ),
    ("Australia", &["ap-southeast-2"]),
    ("Europe", &["eu-central-1", "eu-west-1"]),
    ("North-America", &["us-east-1", "us-west-1"]),
    ("Middle-East", &["me-east-1", "me-central-1"]),
];

/// The area of the Chinese mainland.
pub(super) const MAINLAND: &str = "China";

/// Whether a classic ALB of this region can have servers of another region.
#[must_use]
pub(crate) fn offers_remote_backends(region: &Region) -> bool {
    REMOTE_BACKENDS.contains(&region.as_str())
}

/// The bandwidth plan area of a region, if it is listed here.
#[must_use]
pub fn area(region: &Region) -> Option<&'static str> {
    AREAS.iter().find(|(_, regions)| regions.contains(&region.as_str())).map(|(area, _)| *area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_of_the_procedure_has_an_area_and_no_region_has_two() {
        for region in REMOTE_BACKENDS {
            assert!(area(&(*region).into()).is_some(), "{region}");
        }
        let mut seen = std::collections::BTreeSet::new();
        for region in AREAS.iter().flat_map(|(_, regions)| *regions) {
            assert!(seen.insert(region), "{region} twice");
        }
        assert_eq!(REMOTE_BACKENDS.len(), 20);
    }

    #[test]
    fn hong_kong_lies_outside_of_the_mainland() {
        assert_eq!(area(&"cn-hongkong".into()), Some("Asia-Pacific"));
        assert_eq!(area(&"cn-nowhere".into()), None);
        assert!(!offers_remote_backends(&"cn-heyuan".into()));
    }
}
