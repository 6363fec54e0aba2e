//! The published rate limits of the APIs, enforced where the settings say so.
//!
//! The cloud counts the calls of each API, in each region and account. Nothing says when a service's seconds begin, so there are
//! two ways to count: by the clock's own seconds and minutes, or by the last so many seconds before each call. A call that
//! is refused does not count.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::call::{ApiError, Call, Service, writes};
use crate::faults::throttled;
use crate::settings::RateLimits;

/// So many calls in so many seconds.
type Limit = (usize, i64);

/// What is published for an action (corrections.md section 4, and the pages "api-<product>-<version>-quota" of the
/// products' references): the lowest where there are several. What no page gives is named as assumed.
fn limits(service: Service, action: &str) -> &'static [Limit] {
    const ATTACHMENTS: [&str; 9] = [
        "CreateTransitRouter",
        "UpdateTransitRouter",
        "DeleteTransitRouter",
        "CreateTransitRouterVpcAttachment",
        "UpdateTransitRouterVpcAttachmentAttribute",
        "DeleteTransitRouterVpcAttachment",
        "CreateTransitRouterPeerAttachment",
        "UpdateTransitRouterPeerAttachmentAttribute",
        "DeleteTransitRouterPeerAttachment",
    ];
    match service {
        Service::Cbn if ATTACHMENTS.contains(&action) => &[(3, 1)],
        // Some are 50 to 200 in 60 s, others 3 in 1 s; which ours are was not seen, so both.
        Service::Cbn if writes(action) => &[(3, 1), (50, 60)],
        Service::Cbn => &[(300, 60)],
        Service::Alb if writes(action) => &[(200, 60)],
        // Assumed: the page of NLB.
        Service::Alb if action == "GetListenerHealthStatus" => &[(10, 1)],
        // Seen for the lists of rules, access lists and templates; assumed for the other reads.
        Service::Alb => &[(20, 1)],
        Service::Vpc if action.contains("NetworkAcl") && action != "DescribeNetworkAclAttributes" => &[(30, 60)],
        Service::Vpc => &[(300, 60)],
        Service::Ecs => &[(500, 60)],
        Service::Sts => &[(100, 1)],
        Service::Ram if writes(action) => &[(10, 1)],
        Service::Ram | Service::Ims => &[(100, 1)],
        Service::Ros => &[(100, 60)],
        // CloudFlow has buckets of its own (`state::fnf::rates`); for the others no page was seen.
        Service::Fnf | Service::EventBridge | Service::Fc | Service::Oss => &[],
    }
}

/// The calls that count, by service, action and region: there is one account.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates(BTreeMap<(Service, String, String), VecDeque<Timestamp>>);

impl Rates {
    /// Counts a call, or refuses it.
    pub(super) fn admit(&mut self, now: Timestamp, way: RateLimits, call: &Call) -> Result<(), ApiError> {
        let limits = limits(call.service, &call.action);
        let longest = limits.iter().map(|(_, seconds)| *seconds).max();
        let (Some(longest), true) = (longest, way != RateLimits::Off) else { return Ok(()) };
        let counted = self.0.entry((call.service, call.action.clone(), region(call))).or_default();
        let full = |(calls, seconds): &Limit| {
            let begun = begun(now, way, *seconds);
            counted.iter().rev().take_while(|at| **at >= begun).count() >= *calls
        };
        if limits.iter().any(full) {
            return Err(throttled(call.service));
        }
        let forgotten = begun(now, way, longest);
        while counted.front().is_some_and(|at| *at < forgotten) {
            counted.pop_front();
        }
        counted.push_back(now);
        Ok(())
    }
}

/// When the window began that holds `now`.
fn begun(now: Timestamp, way: RateLimits, seconds: i64) -> Timestamp {
    let second = match way {
        RateLimits::Calendar => now.as_second() - now.as_second().rem_euclid(seconds),
        RateLimits::Sliding | RateLimits::Off => {
            return now.saturating_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
        }
    };
    Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
}

/// The region that a call counts for. Central services know only the one in the parameter.
fn region(call: &Call) -> String {
    let central = matches!(call.service, Service::Cbn | Service::Ram | Service::Ims | Service::Ros | Service::Sts);
    match call.params.get("RegionId") {
        Some(region) => region.to_owned(),
        None if central => String::new(),
        None => call.region.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Caller, Params};
    use crate::testing::start;

    fn call(service: Service, action: &str, region: &str) -> Call {
        let params = [("RegionId".to_owned(), region.to_owned())];
        Call {
            service,
            action: action.to_owned(),
            region: region.to_owned(),
            params: Params::new(params),
            caller: Caller::Root,
            request_id: String::new(),
        }
    }

    /// How many of `tries` calls in the same millisecond pass.
    fn passes(rates: &mut Rates, at: Timestamp, way: RateLimits, call: &Call, tries: usize) -> usize {
        (0..tries).filter(|_| rates.admit(at, way, call).is_ok()).count()
    }

    fn after(seconds: i64) -> Timestamp {
        start() + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn nothing_is_refused_unless_it_is_asked_for() {
        let acls = call(Service::Vpc, "DescribeNetworkAcls", "r");
        assert_eq!(passes(&mut Rates::default(), start(), RateLimits::Off, &acls, 1000), 1000);
    }

    #[test]
    fn each_api_and_region_has_its_own_limit() {
        for (service, action, most) in [
            (Service::Cbn, "CreateTransitRouterVpcAttachment", 3),
            (Service::Cbn, "AssociateTransitRouterAttachmentWithRouteTable", 3),
            (Service::Cbn, "ListTransitRouters", 300),
            (Service::Alb, "CreateListener", 200),
            (Service::Alb, "ListListeners", 20),
            (Service::Alb, "GetListenerHealthStatus", 10),
            (Service::Vpc, "DescribeVpcs", 300),
            (Service::Vpc, "DescribeNetworkAcls", 30),
            (Service::Vpc, "DescribeNetworkAclAttributes", 300),
            (Service::Ecs, "DescribeInstances", 500),
            (Service::Ram, "GetRole", 100),
            (Service::Fnf, "ListFlows", 1000),
        ] {
            for way in [RateLimits::Calendar, RateLimits::Sliding] {
                let mut rates = Rates::default();
                for region in ["one", "two"] {
                    assert_eq!(
                        passes(&mut rates, start(), way, &call(service, action, region), 1000),
                        most,
                        "{action}"
                    );
                }
            }
        }
    }

    #[test]
    fn calendar_windows_end_with_the_minute_and_sliding_ones_with_their_calls() {
        let acls = call(Service::Vpc, "DescribeNetworkAcls", "r");
        let pass = |way, at: &[i64]| -> Vec<usize> {
            let mut rates = Rates::default();
            at.iter().map(|second| passes(&mut rates, after(*second), way, &acls, 20)).collect()
        };
        assert_eq!(pass(RateLimits::Calendar, &[50, 59, 60, 119]), [20, 10, 20, 10]);
        assert_eq!(pass(RateLimits::Sliding, &[50, 59, 60, 119]), [20, 10, 0, 20]);
    }

    #[test]
    fn each_of_several_limits_holds() {
        let associate = call(Service::Cbn, "AssociateTransitRouterAttachmentWithRouteTable", "r");
        for way in [RateLimits::Calendar, RateLimits::Sliding] {
            let mut rates = Rates::default();
            let passed: usize = (0..30).map(|step| passes(&mut rates, after(2 * step), way, &associate, 5)).sum();
            assert_eq!(passed, 50);
        }
    }

    #[test]
    fn a_refusal_is_the_services_own_and_does_not_count() {
        let mut rates = Rates::default();
        let health = call(Service::Alb, "GetListenerHealthStatus", "r");
        assert_eq!(passes(&mut rates, start(), RateLimits::Sliding, &health, 50), 10);
        assert_eq!(passes(&mut rates, after(2), RateLimits::Sliding, &health, 50), 10);
        assert_eq!(rates.admit(after(2), RateLimits::Sliding, &health).unwrap_err(), throttled(Service::Alb));
    }
}
