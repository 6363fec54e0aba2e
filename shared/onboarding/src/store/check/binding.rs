//! Rules for one binding. Ranges and allowed words are those of the ALB and CEN APIs (`cloud-apis.md` sections 4, 5, 8 to
//! 11).

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::text;
use super::value::{at_most, distinct, one_of, port, positive, quoted, some_items, within};
use crate::binding::{AssumeRole, BackToOrigin, Bandwidth, Binding, HealthCheckSpec};
use crate::ids::{NAME_PATTERN, VSwitchId};
use crate::store::wrong::Wrong;
use crate::topology::Generation;

/// The source addresses of non-upgraded ALBs.
const SHARED_SPACE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);

/// The bandwidth of the largest plan (the text of `CreateCenBandwidthPackage`).
const MOST_MBPS: u32 = 10_000;
/// The most zones of an attachment (the text of `CreateTransitRouterVpcAttachment`).
const MOST_ZONES: usize = 10;

/// A binding to check, with its path in the document.
pub(super) struct Checked<'a> {
    pub(super) binding: &'a Binding,
    pub(super) path: &'a str,
}

impl Checked<'_> {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        self.name()?;
        self.alb()?;
        self.server_group()?;
        self.listener()?;
        self.backends()?;
        self.cen()?;
        if let Some(origin) = &self.binding.back_to_origin {
            self.back_to_origin(origin)?;
        }
        within(&self.at("security.priority"), self.binding.security.priority.into(), 1..=100)?;
        if let Some(verify) = &self.binding.verify {
            text::host_header(&self.at("verify.host"), &verify.host)?;
            text::url_path(&self.at("verify.path"), &verify.path)?;
            within(&self.at("verify.expect"), verify.expect.into(), 100..=599)?;
        }
        within(&self.at("removal.maxPercent"), self.binding.removal.max_percent, 0..=100)
    }

    fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    fn name(&self) -> Result<(), Wrong> {
        let name = self.binding.name.as_str();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.len() <= 40 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain) {
            return Ok(());
        }
        let message = format!("is {}. Write a name of the form {NAME_PATTERN}.", quoted(name));
        Err(Wrong::new(self.at("name"), message))
    }

    fn alb(&self) -> Result<(), Wrong> {
        let alb = &self.binding.alb;
        text::id(&self.at("alb.region"), alb.region.as_str())?;
        text::id(&self.at("alb.id"), alb.id.as_str())?;
        vswitches(&self.at("alb.attachmentVswitches"), &alb.attachment_vswitches)?;
        if let Some(quota) = alb.server_quota {
            positive(&self.at("alb.serverQuota"), quota)?;
        }
        self.role("alb", alb.assume_role.as_ref())
    }

    fn role(&self, side: &str, role: Option<&AssumeRole>) -> Result<(), Wrong> {
        let Some(role) = role else { return Ok(()) };
        text::role_arn(&self.at(&format!("{side}.assumeRole.arn")), &role.arn)?;
        let at = self.at(&format!("{side}.assumeRole.externalId"));
        role.external_id.as_ref().map_or(Ok(()), |id| text::external_id(&at, id))
    }

    fn server_group(&self) -> Result<(), Wrong> {
        let group = &self.binding.server_group;
        text::server_group_name(&self.at("serverGroup.name"), &group.name)?;
        one_of(&self.at("serverGroup.protocol"), &group.protocol, &["HTTP", "HTTPS", "gRPC"])?;
        port(&self.at("serverGroup.port"), group.port)?;
        within(&self.at("serverGroup.weight"), group.weight, 1..=100)?;
        one_of(&self.at("serverGroup.scheduler"), &group.scheduler, &["Wrr", "Wlc", "Sch"])?;
        within(&self.at("serverGroup.drainSeconds"), group.drain_seconds, 0..=900)?;
        self.health_check(&group.health_check)
    }

    fn health_check(&self, check: &HealthCheckSpec) -> Result<(), Wrong> {
        let at = |field: &str| self.at(&format!("serverGroup.healthCheck.{field}"));
        one_of(&at("protocol"), &check.protocol, &["HTTP", "HTTPS", "TCP", "gRPC"])?;
        // The texts of HealthCheckProtocol and HealthCheckMethod: HTTP checks use HEAD or GET, gRPC checks POST or GET.
        let methods = if check.is_grpc() { ["POST", "GET"] } else { ["HEAD", "GET"] };
        one_of(&at("method"), check.method(), &methods)?;
        text::health_path(&at("path"), &check.path)?;
        text::health_host(&at("host"), &check.host)?;
        within(&at("interval"), check.interval, 1..=50)?;
        within(&at("timeout"), check.timeout, 1..=300)?;
        within(&at("healthyThreshold"), check.healthy_threshold, 2..=10)?;
        within(&at("unhealthyThreshold"), check.unhealthy_threshold, 2..=10)?;
        if check.timeout < check.interval {
            // According to the product's pages, the ALB ignores such a timeout and uses the interval instead.
            let message = format!(
                "is {}, and the ALB takes healthCheck.interval, {} s, for a shorter one. Write a number from {} to 300.",
                check.timeout, check.interval, check.interval
            );
            return Err(Wrong::new(at("timeout"), message));
        }
        let codes = check.codes();
        distinct(&at("codes"), &codes, "code")?;
        for (index, code) in codes.iter().enumerate() {
            let at = at(&format!("codes[{index}]"));
            if !check.is_grpc() {
                one_of(&at, code, &["http_2xx", "http_3xx", "http_4xx", "http_5xx"])?;
            } else if !code.parse::<u8>().is_ok_and(|number| number <= 99 && number.to_string() == *code) {
                return Err(Wrong::new(at, format!("is {}. Write a gRPC status from 0 to 99.", quoted(code))));
            }
        }
        Ok(())
    }

    fn listener(&self) -> Result<(), Wrong> {
        let listener = &self.binding.listener;
        one_of(&self.at("listener.protocol"), &listener.protocol, &["HTTP", "HTTPS", "QUIC"])?;
        port(&self.at("listener.port"), listener.port)?;
        // The text of CreateServerGroup's Protocol.
        let group = self.binding.server_group.protocol.as_str();
        let listeners: &[&str] = match group {
            "HTTPS" => &["HTTPS"],
            "gRPC" => &["HTTPS", "QUIC"],
            _ => return Ok(()),
        };
        if listeners.contains(&listener.protocol.as_str()) {
            return Ok(());
        }
        let message = format!(
            "is {group}, and such a group does not stand behind an {} listener. Write HTTP, or set listener.protocol to {}.",
            listener.protocol,
            listeners.join(" or ")
        );
        Err(Wrong::new(self.at("serverGroup.protocol"), message))
    }

    fn backends(&self) -> Result<(), Wrong> {
        let backends = &self.binding.backends;
        some_items(&self.at("backends"), backends, "VPC with instances")?;
        let mut vpcs = BTreeSet::new();
        for (index, backend) in backends.iter().enumerate() {
            let side = format!("backends[{index}]");
            let at = |field: &str| self.at(&format!("{side}.{field}"));
            text::id(&at("region"), backend.region.as_str())?;
            text::id(&at("vpc"), backend.vpc.as_str())?;
            if !vpcs.insert(&backend.vpc) {
                let message = format!("{} is listed twice. Give each VPC one entry.", backend.vpc);
                return Err(Wrong::new(at("vpc"), message));
            }
            vswitches(&at("attachmentVswitches"), &backend.attachment_vswitches)?;
            let tags = &backend.select.tags;
            if tags.is_empty() {
                let message = "is empty, which would select every instance of the VPC. Name at least one tag.";
                return Err(Wrong::new(at("select.tags"), message));
            }
            if tags.keys().any(|key| key.trim().is_empty()) {
                return Err(Wrong::new(at("select.tags"), "has an empty key. Name the tag."));
            }
            self.role(&side, backend.assume_role.as_ref())?;
        }
        Ok(())
    }

    fn cen(&self) -> Result<(), Wrong> {
        let cen = &self.binding.cen;
        text::id(&self.at("cen.id"), cen.id.as_str())?;
        if let Some(quota) = cen.attachment_quota {
            positive(&self.at("cen.attachmentQuota"), quota)?;
        }
        match (&cen.bandwidth, self.binding.remote_regions().first()) {
            (Some(bandwidth), _) => self.bandwidth(bandwidth),
            (None, None) => Ok(()),
            (None, Some(region)) => {
                let message = format!(
                    "has no bandwidth, and {region} is another region than {}. Add bandwidth: {{ package: cenbwp-..., mbps: 10 }} or {{ payByTraffic: true, mbps: 100 }}.",
                    self.binding.alb.region
                );
                Err(Wrong::new(self.at("cen"), message))
            }
        }
    }

    fn bandwidth(&self, bandwidth: &Bandwidth) -> Result<(), Wrong> {
        let message = match (&bandwidth.package, bandwidth.pay_by_traffic) {
            (Some(_), true) => "names both a package and payByTraffic. Keep one of them.",
            (None, false) => "names neither a package nor payByTraffic. Add one of them.",
            (Some(_), false) | (None, true) => {
                if let Some(package) = &bandwidth.package {
                    text::id(&self.at("cen.bandwidth.package"), package.as_str())?;
                }
                return within(&self.at("cen.bandwidth.mbps"), bandwidth.mbps, 1..=MOST_MBPS);
            }
        };
        Err(Wrong::new(self.at("cen.bandwidth"), message))
    }

    fn back_to_origin(&self, BackToOrigin { cidrs }: &BackToOrigin) -> Result<(), Wrong> {
        if self.binding.alb.generation == Some(Generation::Upgraded) {
            let message = "is for non-upgraded ALBs, and alb.generation is upgraded. Leave one of the two out.";
            return Err(Wrong::new(self.at("backToOrigin"), message));
        }
        some_items(&self.at("backToOrigin.cidrs"), cidrs, "prefix from the ALB's console page")?;
        for (index, cidr) in cidrs.iter().enumerate() {
            let wrong = |message: String| Err(Wrong::new(self.at(&format!("backToOrigin.cidrs[{index}]")), message));
            if *cidr != cidr.trunc() {
                return wrong(format!("{cidr} is an address inside a prefix. Write {}.", cidr.trunc()));
            }
            if cidr.prefix_len() <= 11 {
                return wrong(format!(
                    "{cidr} cannot be a route of a VPC. Copy the longer prefixes from the ALB's console page."
                ));
            }
            if !SHARED_SPACE.contains(cidr) {
                return wrong(format!(
                    "{cidr} is outside {SHARED_SPACE}. Copy the prefixes from the ALB's console page."
                ));
            }
            let earlier = cidrs[..index].iter().find(|earlier| earlier.contains(cidr) || cidr.contains(*earlier));
            if let Some(earlier) = earlier {
                return wrong(format!("{cidr} overlaps {earlier}. Keep one of them."));
            }
        }
        Ok(())
    }
}

fn vswitches(path: &str, vswitches: &[VSwitchId]) -> Result<(), Wrong> {
    distinct(path, vswitches, "vSwitch")?;
    at_most(path, vswitches, MOST_ZONES, "vSwitches")?;
    vswitches.iter().enumerate().try_for_each(|(index, id)| text::id(&format!("{path}[{index}]"), id.as_str()))
}
