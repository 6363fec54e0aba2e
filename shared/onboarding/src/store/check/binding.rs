//! Rules about one binding. Ranges and words are those of the ALB and CEN APIs (`cloud-apis.md` sections 4, 5, 8 to 11).

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::value::{distinct, filled, one_of, port, positive, some_items, url_path, within};
use super::{NAME_PATTERN, Wrong};
use crate::binding::{AssumeRole, BackToOrigin, Bandwidth, Binding, HealthCheckWish};
use crate::topology::Generation;

/// Where a non-upgraded ALB's addresses are.
const SHARED_SPACE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);

/// A binding under examination, with its own path.
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
            filled(&self.at("verify.host"), &verify.host)?;
            url_path(&self.at("verify.path"), &verify.path)?;
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
        let message = format!("is `{name}`. Write a name of the form {NAME_PATTERN}.");
        Err(Wrong::new(self.at("name"), message))
    }

    fn alb(&self) -> Result<(), Wrong> {
        let alb = &self.binding.alb;
        filled(&self.at("alb.region"), alb.region.as_str())?;
        filled(&self.at("alb.id"), alb.id.as_str())?;
        distinct(&self.at("alb.attachmentVswitches"), &alb.attachment_vswitches, "vSwitch")?;
        self.role("alb", alb.assume_role.as_ref())
    }

    fn role(&self, side: &str, role: Option<&AssumeRole>) -> Result<(), Wrong> {
        let Some(role) = role else { return Ok(()) };
        let named = role.arn.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/"));
        let digits = |account: &str| !account.is_empty() && account.chars().all(|c| c.is_ascii_digit());
        if !named.is_some_and(|(account, name)| digits(account) && !name.is_empty()) {
            let message = format!("is `{}`. Write acs:ram::<account number>:role/<role name>.", role.arn);
            return Err(Wrong::new(self.at(&format!("{side}.assumeRole.arn")), message));
        }
        role.external_id.as_ref().map_or(Ok(()), |id| filled(&self.at(&format!("{side}.assumeRole.externalId")), id))
    }

    fn server_group(&self) -> Result<(), Wrong> {
        let group = &self.binding.server_group;
        let length = group.name.chars().count();
        if !(2..=128).contains(&length) || !group.name.starts_with(char::is_alphanumeric) {
            let message = format!("is `{}`. Write 2 to 128 characters, the first a letter or a digit.", group.name);
            return Err(Wrong::new(self.at("serverGroup.name"), message));
        }
        one_of(&self.at("serverGroup.protocol"), &group.protocol, &["HTTP", "HTTPS", "gRPC"])?;
        port(&self.at("serverGroup.port"), group.port)?;
        within(&self.at("serverGroup.weight"), group.weight, 1..=100)?;
        one_of(&self.at("serverGroup.scheduler"), &group.scheduler, &["Wrr", "Wlc", "Sch"])?;
        within(&self.at("serverGroup.drainSeconds"), group.drain_seconds, 0..=900)?;
        self.health_check(&group.health_check)
    }

    fn health_check(&self, check: &HealthCheckWish) -> Result<(), Wrong> {
        let at = |field: &str| self.at(&format!("serverGroup.healthCheck.{field}"));
        one_of(&at("protocol"), &check.protocol, &["HTTP", "HTTPS", "TCP", "gRPC"])?;
        one_of(&at("method"), &check.method, &["HEAD", "GET"])?;
        url_path(&at("path"), &check.path)?;
        within(&at("interval"), check.interval, 1..=50)?;
        within(&at("timeout"), check.timeout, 1..=300)?;
        within(&at("healthyThreshold"), check.healthy_threshold, 2..=10)?;
        within(&at("unhealthyThreshold"), check.unhealthy_threshold, 2..=10)?;
        distinct(&at("codes"), &check.codes, "code")?;
        if check.protocol.starts_with("HTTP") {
            let words = ["http_2xx", "http_3xx", "http_4xx", "http_5xx"];
            for (index, code) in check.codes.iter().enumerate() {
                one_of(&at(&format!("codes[{index}]")), code, &words)?;
            }
        }
        Ok(())
    }

    fn listener(&self) -> Result<(), Wrong> {
        let listener = &self.binding.listener;
        one_of(&self.at("listener.protocol"), &listener.protocol, &["HTTP", "HTTPS", "QUIC"])?;
        port(&self.at("listener.port"), listener.port)
    }

    fn backends(&self) -> Result<(), Wrong> {
        let backends = &self.binding.backends;
        some_items(&self.at("backends"), backends, "VPC with instances")?;
        let mut vpcs = BTreeSet::new();
        for (index, backend) in backends.iter().enumerate() {
            let side = format!("backends[{index}]");
            let at = |field: &str| self.at(&format!("{side}.{field}"));
            filled(&at("region"), backend.region.as_str())?;
            filled(&at("vpc"), backend.vpc.as_str())?;
            if !vpcs.insert(&backend.vpc) {
                let message = format!("{} is listed twice. Give each VPC one entry.", backend.vpc);
                return Err(Wrong::new(at("vpc"), message));
            }
            distinct(&at("attachmentVswitches"), &backend.attachment_vswitches, "vSwitch")?;
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
        filled(&self.at("cen.id"), cen.id.as_str())?;
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
                    filled(&self.at("cen.bandwidth.package"), package.as_str())?;
                }
                return positive(&self.at("cen.bandwidth.mbps"), bandwidth.mbps);
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
