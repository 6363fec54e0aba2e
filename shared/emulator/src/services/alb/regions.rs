//! Regions and the zones that ALB is sold in.

use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::world::World;

/// `DescribeRegions`.
pub(super) fn regions(world: &World, _call: &Call) -> Answer {
    let regions = world.settings.regions.iter().map(|region| {
        json!({"RegionId": region, "LocalName": region, "RegionEndpoint": format!("alb.{region}.aliyuncs.com")})
    });
    Ok(json!({"Regions": regions.collect::<Value>()}))
}

/// The letters of a region's zones: those that cloud-apis.md names (section 7), and a to c elsewhere.
fn letters(region: &str) -> &'static str {
    match region {
        "cn-hangzhou" => "bghijk",
        "cn-shanghai" => "bcefglmn",
        "cn-chengdu" => "ab",
        _ => "abc",
    }
}

/// `DescribeZones`: of the region of the port.
pub(super) fn zones(_world: &World, call: &Call) -> Answer {
    let zones = letters(&call.region).chars().map(|letter| {
        let zone = format!("{}-{letter}", call.region);
        json!({"ZoneId": zone, "LocalName": zone})
    });
    Ok(json!({"Zones": zones.collect::<Value>()}))
}
