//! The world that is measured: 10,000 running instances of one region.

use std::fmt::Write as _;

/// Instances of the region.
pub const INSTANCES: usize = 10_000;
/// Where they are.
pub const REGION: &str = "cn-hangzhou";

/// The instance at this place of the listing.
pub fn instance(place: usize) -> String {
    format!("i-bench{place:05}")
}

/// The scenario file.
pub fn text() -> String {
    let mut text = String::from(
        "vpcs:
  - id: vpc-bench
    region: cn-hangzhou
    cidr: 10.0.0.0/8
    vswitches:
      - { id: vsw-bench-h, zone: cn-hangzhou-h, cidr: 10.1.0.0/16 }
      - { id: vsw-bench-i, zone: cn-hangzhou-i, cidr: 10.2.0.0/16 }
securityGroups:
  - { id: sg-bench, vpc: vpc-bench }
instances:
",
    );
    for place in 0..INSTANCES {
        let (switch, app) = (["vsw-bench-h", "vsw-bench-i"][place % 2], ["web", "batch"][usize::from(place % 10 == 9)]);
        let id = instance(place);
        let _infallible = writeln!(
            text,
            "  - {{ id: {id}, name: {id}, vswitch: {switch}, securityGroups: [sg-bench], tags: {{ app: {app} }} }}"
        );
    }
    text
}
