//! Rules for one binding. Ranges and allowed words are those of the ALB and CEN APIs (`cloud-apis.md` sections 4, 5, 8 to
//! 11).

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::text;
use super::value::{at_most, distinct, one_of, port, positive, quoted, some_items, within};
use crate::binding::{AssumeRole, BackToOrigin, Bandwidth, Binding, HealthCheckSpec};
use crate::ids::{NAME_PATTERN, VSwitchId, is_name};
use crate::store::wrong::{Wrong, Wrongs};
use crate::topology::Generation;

/// The source addresses of non-upgraded ALBs.
const SHARED_SPACE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(100, 64, 0, 0), 10);

/// The most zones of an attachment (the text of `CreateTransitRouterVpcAttachment`).
const MOST_ZONES: usize = 10;

/// A binding to check, with its path in the document.
pub(super) struct Checked<'a> {
    pub(super) binding: &'a Binding,
    pub(super) path: &'a str,
}

impl Checked<'_> {
    /// Notes every error of the binding.
    pub(super) fn check(&self, wrong: &mut Wrongs) {
        wrong.note(self.name());
        self.alb(wrong);
        self.server_group(wrong);
        self.listener(wrong);
        self.backends(wrong);
        self.cen(wrong);
        if let Some(origin) = &self.binding.back_to_origin {
            self.back_to_origin(origin, wrong);
        }
        wrong.note(within(&self.at("security.priority"), self.binding.security.priority.into()));
        if let Some(verify) = &self.binding.verify {
            wrong.note(text::host_header(&self.at("verify.host"), &verify.host));
            wrong.note(text::url_path(&self.at("verify.path"), &verify.path));
            wrong.note(within(&self.at("verify.expect"), verify.expect.into()));
        }
        wrong.note(within(&self.at("removal.maxPercent"), self.binding.removal.max_percent));
    }

    fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    fn name(&self) -> Result<(), Wrong> {
        let name = self.binding.name.as_str();
        if is_name(name) {
            return Ok(());
        }
        let message = format!("is {}. Write a name of the form {NAME_PATTERN}.", quoted(name));
        Err(Wrong::new(self.at("name"), message))
    }

    fn alb(&self, wrong: &mut Wrongs) {
        let alb = &self.binding.alb;
        wrong.note(text::id(&self.at("alb.region"), alb.region.as_str()));
        wrong.note(text::id(&self.at("alb.id"), alb.id.as_str()));
        vswitches(&self.at("alb.attachmentVswitches"), &alb.attachment_vswitches, wrong);
        if let Some(quota) = alb.server_quota {
            wrong.note(positive(&self.at("alb.serverQuota"), quota));
        }
        self.role("alb", alb.assume_role.as_ref(), wrong);
    }

    fn role(&self, side: &str, role: Option<&AssumeRole>, wrong: &mut Wrongs) {
        let Some(role) = role else { return };
        wrong.note(text::role_arn(&self.at(&format!("{side}.assumeRole.arn")), &role.arn));
        if let Some(id) = &role.external_id {
            wrong.note(text::external_id(&self.at(&format!("{side}.assumeRole.externalId")), id));
        }
    }

    fn server_group(&self, wrong: &mut Wrongs) {
        let group = &self.binding.server_group;
        wrong.note(text::server_group_name(&self.at("serverGroup.name"), &group.name));
        wrong.note(one_of(&self.at("serverGroup.protocol"), &group.protocol, &["HTTP", "HTTPS", "gRPC"]));
        wrong.note(port(&self.at("serverGroup.port"), group.port));
        wrong.note(within(&self.at("serverGroup.weight"), group.weight));
        wrong.note(one_of(&self.at("serverGroup.scheduler"), &group.scheduler, &["Wrr", "Wlc", "Sch"]));
        wrong.note(within(&self.at("serverGroup.drainSeconds"), group.drain_seconds));
        for (index, ignored) in group.ignore.iter().enumerate() {
            if group.ignore.iter().take(index).any(|before| before == ignored) {
                let at = self.at(&format!("serverGroup.ignore[{index}]"));
                wrong.note(Err(Wrong::new(at, "stands in the list twice. Keep one of them.".to_owned())));
            }
        }
        self.health_check(&group.health_check, wrong);
    }

    fn health_check(&self, check: &HealthCheckSpec, wrong: &mut Wrongs) {
        let at = |field: &str| self.at(&format!("serverGroup.healthCheck.{field}"));
        wrong.note(one_of(&at("protocol"), &check.protocol, &["HTTP", "HTTPS", "TCP", "gRPC"]));
        // The texts of HealthCheckProtocol and HealthCheckMethod: HTTP checks use HEAD or GET, gRPC checks POST or GET.
        let methods = if check.is_grpc() { ["POST", "GET"] } else { ["HEAD", "GET"] };
        wrong.note(one_of(&at("method"), check.method(), &methods));
        wrong.note(text::health_path(&at("path"), &check.path));
        wrong.note(text::health_host(&at("host"), &check.host));
        wrong.note(within(&at("interval"), check.interval));
        wrong.note(within(&at("timeout"), check.timeout));
        wrong.note(within(&at("healthyThreshold"), check.healthy_threshold));
        wrong.note(within(&at("unhealthyThreshold"), check.unhealthy_threshold));
        // One that is out of range is named for that alone.
        if (1..=300).contains(&check.timeout) && (1..=50).contains(&check.interval) && check.timeout < check.interval {
            // According to the product's pages, the ALB ignores such a timeout and uses the interval instead.
            let message = format!(
                "is {}, and the ALB takes healthCheck.interval, {} s, for a shorter one. Write a number from {} to 300.",
                check.timeout, check.interval, check.interval
            );
            wrong.note(Err(Wrong::new(at("timeout"), message)));
        }
        let codes = check.codes();
        wrong.note(distinct(&at("codes"), &codes, "code"));
        for (index, code) in codes.iter().enumerate() {
            let at = at(&format!("codes[{index}]"));
            if !check.is_grpc() {
                wrong.note(one_of(&at, code, &["http_2xx", "http_3xx", "http_4xx", "http_5xx"]));
            } else if !code.parse::<u8>().is_ok_and(|number| number <= 99 && number.to_string() == *code) {
                let message = format!("is {}. Write a gRPC status from 0 to 99.", quoted(code));
                wrong.note(Err(Wrong::new(at, message)));
            }
        }
    }

    fn listener(&self, wrong: &mut Wrongs) {
        let listener = &self.binding.listener;
        let known = one_of(&self.at("listener.protocol"), &listener.protocol, &["HTTP", "HTTPS", "QUIC"]);
        let is_known = known.is_ok();
        wrong.note(known);
        wrong.note(port(&self.at("listener.port"), listener.port));
        // The text of CreateServerGroup's Protocol.
        let group = self.binding.server_group.protocol.as_str();
        let listeners: &[&str] = match group {
            "HTTPS" => &["HTTPS"],
            "gRPC" => &["HTTPS", "QUIC"],
            _ => return,
        };
        if !is_known || listeners.contains(&listener.protocol.as_str()) {
            return;
        }
        let message = format!(
            "is {group}, and such a group does not stand behind an {} listener. Write HTTP, or set listener.protocol to {}.",
            listener.protocol,
            listeners.join(" or ")
        );
        wrong.note(Err(Wrong::new(self.at("serverGroup.protocol"), message)));
    }

    fn backends(&self, wrong: &mut Wrongs) {
        let backends = &self.binding.backends;
        wrong.note(some_items(&self.at("backends"), backends, "VPC with instances"));
        let mut vpcs = BTreeSet::new();
        for (index, backend) in backends.iter().enumerate() {
            let side = format!("backends[{index}]");
            let at = |field: &str| self.at(&format!("{side}.{field}"));
            wrong.note(text::id(&at("region"), backend.region.as_str()));
            wrong.note(text::id(&at("vpc"), backend.vpc.as_str()));
            if !vpcs.insert(&backend.vpc) {
                let message = format!("{} is listed twice. Give each VPC one entry.", backend.vpc);
                wrong.note(Err(Wrong::new(at("vpc"), message)));
            }
            vswitches(&at("attachmentVswitches"), &backend.attachment_vswitches, wrong);
            let tags = &backend.select.tags;
            if tags.is_empty() {
                let message = "is empty, which would select every instance of the VPC. Name at least one tag.";
                wrong.note(Err(Wrong::new(at("select.tags"), message)));
            }
            if tags.keys().any(|key| key.trim().is_empty()) {
                wrong.note(Err(Wrong::new(at("select.tags"), "has an empty key. Name the tag.")));
            }
            self.role(&side, backend.assume_role.as_ref(), wrong);
        }
    }

    fn cen(&self, wrong: &mut Wrongs) {
        let cen = &self.binding.cen;
        wrong.note(text::id(&self.at("cen.id"), cen.id.as_str()));
        if let Some(quota) = cen.attachment_quota {
            wrong.note(positive(&self.at("cen.attachmentQuota"), quota));
        }
        let mut remote = self.binding.remote_regions().into_iter().filter(|region| !region.as_str().is_empty());
        match (&cen.bandwidth, remote.next()) {
            (Some(bandwidth), _) => self.bandwidth(bandwidth, wrong),
            (None, None) => {}
            (None, Some(region)) => {
                let message = format!(
                    "has no bandwidth, and {region} is another region than {}. Add bandwidth: {{ package: cenbwp-..., mbps: 10 }} or {{ payByTraffic: true, mbps: 100 }}.",
                    self.binding.alb.region
                );
                wrong.note(Err(Wrong::new(self.at("cen"), message)));
            }
        }
    }

    fn bandwidth(&self, bandwidth: &Bandwidth, wrong: &mut Wrongs) {
        let choice = match (&bandwidth.package, bandwidth.pay_by_traffic) {
            (Some(_), true) => Some("names both a package and payByTraffic. Keep one of them."),
            (None, false) => Some("names neither a package nor payByTraffic. Add one of them."),
            (Some(_), false) | (None, true) => None,
        };
        if let Some(message) = choice {
            wrong.note(Err(Wrong::new(self.at("cen.bandwidth"), message)));
        }
        if let Some(package) = &bandwidth.package {
            wrong.note(text::id(&self.at("cen.bandwidth.package"), package.as_str()));
        }
        wrong.note(within(&self.at("cen.bandwidth.mbps"), bandwidth.mbps));
    }

    fn back_to_origin(&self, BackToOrigin { cidrs }: &BackToOrigin, wrong: &mut Wrongs) {
        if self.binding.alb.generation == Some(Generation::Upgraded) {
            let message = "is for non-upgraded ALBs, and alb.generation is upgraded. Leave one of the two out.";
            return wrong.note(Err(Wrong::new(self.at("backToOrigin"), message)));
        }
        wrong.note(some_items(&self.at("backToOrigin.cidrs"), cidrs, "prefix from the ALB's console page"));
        for (index, cidr) in cidrs.iter().enumerate() {
            let message = if *cidr != cidr.trunc() {
                format!("{cidr} is an address inside a prefix. Write {}.", cidr.trunc())
            } else if cidr.prefix_len() <= 11 {
                format!("{cidr} cannot be a route of a VPC. Copy the longer prefixes from the ALB's console page.")
            } else if !SHARED_SPACE.contains(cidr) {
                format!("{cidr} is outside {SHARED_SPACE}. Copy the prefixes from the ALB's console page.")
            } else if let Some(earlier) =
                cidrs[..index].iter().find(|earlier| earlier.contains(cidr) || cidr.contains(*earlier))
            {
                format!("{cidr} overlaps {earlier}. Keep one of them.")
            } else {
                continue;
            };
            wrong.note(Err(Wrong::new(self.at(&format!("backToOrigin.cidrs[{index}]")), message)));
        }
    }
}

fn vswitches(path: &str, vswitches: &[VSwitchId], wrong: &mut Wrongs) {
    wrong.note(distinct(path, vswitches, "vSwitch"));
    wrong.note(at_most(path, vswitches, MOST_ZONES, "vSwitches"));
    for (index, id) in vswitches.iter().enumerate() {
        wrong.note(text::id(&format!("{path}[{index}]"), id.as_str()));
    }
}
