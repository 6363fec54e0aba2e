//! The addresses that a load balancer reaches its backends from.
//!
//! An upgraded ALB uses local addresses of its own vSwitches, which the API shows. An older one uses back-to-origin
//! prefixes of 100.64.0.0/10, which only the console shows (cloud-apis.md section 0.2): they live here and nowhere in
//! an answer.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which of the two kinds of ALB a load balancer is: those made since 2025-02-25 are upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Local addresses inside the ALB's vSwitches.
    #[default]
    Upgraded,
    /// Back-to-origin prefixes inside 100.64.0.0/10.
    Classic,
}

const fn net(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

/// The prefixes that Alibaba's own ROS template of the procedure hard-codes for Chengdu (section 0.2).
const CHENGDU: [Ipv4Net; 8] = [
    net(100, 117, 130, 0, 25),
    net(100, 117, 130, 128, 25),
    net(100, 117, 131, 0, 25),
    net(100, 117, 131, 128, 25),
    net(100, 122, 175, 64, 26),
    net(100, 122, 175, 128, 26),
    net(100, 122, 175, 192, 26),
    net(100, 122, 176, 0, 26),
];

/// The back-to-origin prefixes of a region's older load balancers. Only Chengdu's are public (section 16); other
/// regions get four /25 that are told apart by the region's name and mean nothing outside the emulator.
#[must_use]
pub fn back_to_origin(region: &str) -> Vec<Ipv4Net> {
    if region == "cn-chengdu" {
        return CHENGDU.to_vec();
    }
    // FNV-1a: any stable function of the name will do. 100.96.0.0/12 keeps clear of Chengdu's prefixes.
    let hash = region.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let first = u32::from(Ipv4Addr::new(100, 96, 0, 0)) + (hash % 2_048) * 512;
    (0..4).filter_map(|step| Ipv4Net::new(Ipv4Addr::from(first + step * 128), 25).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_prefixes_inside_the_service_range() {
        for region in ["cn-chengdu", "cn-hangzhou", "ap-southeast-1"] {
            let prefixes = back_to_origin(region);
            assert!(prefixes.len() >= 4);
            assert!(prefixes.iter().all(|prefix| net(100, 64, 0, 0, 10).contains(prefix)));
        }
        assert_ne!(back_to_origin("cn-hangzhou"), back_to_origin("cn-shanghai"));
    }
}
