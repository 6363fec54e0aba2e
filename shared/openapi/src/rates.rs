//! How fast each API may be called: the published limits, and what the client makes of them.
//!
//! The cloud counts calls for each API, region and account (the quota pages call it "regionId, API, ParentUid"). Most limits are
//! "N calls in S seconds". Nothing says when a service's seconds begin, so no S seconds may see more than N calls, wherever
//! they begin. A token bucket keeps that if its burst and what it refills in S seconds are at most N together: half of N may
//! be called at once, and the other half is spread over the S seconds. The half that is not called at once is also what
//! other clients of the account have left.
//!
//! The table is the one place for these figures. The emulator, which enforces them, has a table of its own.

use std::time::Duration;

use crate::service::Service;

/// What a service permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// All of these.
    Windows(&'static [Window]),
    /// The service has a token bucket itself: so many calls at once, and so many more each second.
    Bucket { burst: u32, per_second: u32 },
}

/// This many calls in so many seconds, wherever the seconds begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window(pub(crate) u32, pub(crate) u32);

/// Where a limit comes from. Accounts can differ from what is published, so throttling is retried in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// It is on the service's page; the lowest figure where the page gives several.
    Published,
    /// No page that was seen has the action. The figure is the lowest of its sisters, or well below what accounts are
    /// known to be given.
    Cautious,
}

/// Which actions of a service a row is for.
#[derive(Debug, Clone, Copy)]
enum Actions {
    Named(&'static [&'static str]),
    /// These share one limit, instead of having one each.
    Together(&'static [&'static str]),
    Writes,
    Reads,
    All,
}

struct Row(Service, Actions, Limit, Basis);

const fn windows(windows: &'static [Window]) -> Limit {
    Limit::Windows(windows)
}

const fn bucket(burst: u32, per_second: u32) -> Limit {
    Limit::Bucket { burst, per_second }
}

/// The first row that is for an action counts. Every service ends with a row for all of its actions.
///
/// Sources: corrections.md section 4, and the pages "api-<product>-<version>-quota" of the products' references, for
/// CloudFlow workflow-events-template.md section 1.5.
const TABLE: &[Row] = &[
    // CEN: 3/1(s) for attachments and transit routers, 50/60(s) to 200/60(s) for some other writes, 3/1(s) for others.
    Row(
        Service::Cbn,
        Actions::Named(&[
            "CreateTransitRouterVpcAttachment",
            "UpdateTransitRouterVpcAttachmentAttribute",
            "DeleteTransitRouterVpcAttachment",
            "CreateTransitRouterPeerAttachment",
            "UpdateTransitRouterPeerAttachmentAttribute",
            "DeleteTransitRouterPeerAttachment",
        ]),
        windows(&[Window(3, 1)]),
        Basis::Published,
    ),
    Row(Service::Cbn, Actions::Writes, windows(&[Window(3, 1), Window(50, 60)]), Basis::Cautious),
    Row(Service::Cbn, Actions::Reads, windows(&[Window(300, 60)]), Basis::Published),
    // ALB: 200/60(s) for every write. Of the reads the page gives the lists of rules and access lists 20/1(s); of health it
    // has none, and NLB's page 10/1(s).
    Row(Service::Alb, Actions::Writes, windows(&[Window(200, 60)]), Basis::Published),
    Row(Service::Alb, Actions::Named(&["GetListenerHealthStatus"]), windows(&[Window(10, 1)]), Basis::Cautious),
    Row(Service::Alb, Actions::Reads, windows(&[Window(20, 1)]), Basis::Cautious),
    // VPC: 300/60(s) to 600/60(s), network ACLs 30/60(s).
    Row(Service::Vpc, Actions::Named(&["DescribeNetworkAcls"]), windows(&[Window(30, 60)]), Basis::Published),
    Row(Service::Vpc, Actions::All, windows(&[Window(300, 60)]), Basis::Published),
    // ECS: 500/60(s) to 1000/60(s). It refuses until the next minute.
    Row(Service::Ecs, Actions::All, windows(&[Window(500, 60)]), Basis::Published),
    // CloudFlow publishes buckets, not windows.
    Row(Service::Fnf, Actions::Named(&["StartExecution"]), bucket(100, 100), Basis::Published),
    Row(Service::Fnf, Actions::Named(&["DescribeExecution", "GetExecutionHistory"]), bucket(50, 5), Basis::Published),
    Row(
        Service::Fnf,
        Actions::Together(&["ListExecutions", "StopExecution", "DescribeFlow"]),
        bucket(10, 2),
        Basis::Published,
    ),
    Row(Service::Fnf, Actions::All, bucket(10, 2), Basis::Published),
    Row(Service::Sts, Actions::All, windows(&[Window(100, 1)]), Basis::Published),
    // RAM: 100/1(s) for what is read here.
    Row(Service::Ram, Actions::All, windows(&[Window(100, 1)]), Basis::Published),
    Row(Service::Ims, Actions::All, windows(&[Window(100, 1)]), Basis::Cautious),
    // ROS: 100/60(s) to 300/60(s).
    Row(Service::Ros, Actions::All, windows(&[Window(100, 60)]), Basis::Published),
    Row(Service::EventBridge, Actions::All, windows(&[Window(100, 60)]), Basis::Cautious),
    // Function Compute and OSS limit what runs and what is carried, not calls of an API.
    Row(Service::Fc, Actions::All, bucket(100, 100), Basis::Cautious),
    Row(Service::Oss, Actions::All, bucket(100, 100), Basis::Cautious),
];

/// By how much the times may differ that two requests take to where they are counted.
const SPREAD: Duration = Duration::from_secs(1);

/// How the client spaces calls: as a token bucket of `burst` tokens, to which one is added after each `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

impl Limit {
    /// The pace that keeps within the limit.
    fn pace(self) -> Pace {
        match self {
            Self::Windows(windows) => {
                let paces = || windows.iter().map(|window| window.pace());
                Pace {
                    burst: paces().map(|pace| pace.burst).min().unwrap_or(1),
                    interval: paces().map(|pace| pace.interval).max().unwrap_or(SPREAD),
                }
            }
            Self::Bucket { burst, per_second } => {
                Pace { burst: burst.max(1), interval: Duration::from_secs(1) / per_second.max(1) }
            }
        }
    }
}

impl Window {
    /// The pace that keeps within the window.
    pub(crate) fn pace(self) -> Pace {
        let Self(calls, _) = self;
        let burst = calls.div_ceil(2).max(1);
        // One nanosecond more than the share, so that rounding never adds a call.
        let interval = self.span() / calls.saturating_sub(burst).max(1) + Duration::from_nanos(1);
        Pace { burst, interval }
    }

    /// Calls that are counted in the window have been sent within this time.
    fn span(self) -> Duration {
        Duration::from_secs(self.1.into()) + SPREAD
    }
}

/// How one action is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) pace: Pace,
    pub(crate) basis: Basis,
    /// What its calls are counted as: itself, or the first of those that share its limit.
    pub(crate) api: &'static str,
}

/// How an action is limited.
pub(crate) fn of(service: Service, action: &'static str, writes: bool) -> Limited {
    let counted_as = |actions: Actions| match actions {
        Actions::Named(names) => names.contains(&action).then_some(action),
        Actions::Together(names) => names.contains(&action).then(|| names.first().copied().unwrap_or(action)),
        Actions::Writes => writes.then_some(action),
        Actions::Reads => (!writes).then_some(action),
        Actions::All => Some(action),
    };
    let mut rows = TABLE.iter().filter(|row| row.0 == service);
    let found = rows.find_map(|row| Some((row, counted_as(row.1)?)));
    match found {
        Some((row, api)) => Limited { pace: row.2.pace(), basis: row.3, api },
        // Not reached: a test asks the table for every action.
        None => Limited { pace: windows(&[Window(60, 60)]).pace(), basis: Basis::Cautious, api: action },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(service: Service, action: &str) -> Option<(Limit, Basis)> {
        let info = crate::actions().iter().find(|info| info.service == service && info.name == action)?;
        let row = TABLE.iter().filter(|row| row.0 == service).find(|row| match row.1 {
            Actions::Named(names) | Actions::Together(names) => names.contains(&info.name),
            Actions::Writes => info.writes,
            Actions::Reads => !info.writes,
            Actions::All => true,
        })?;
        Some((row.2, row.3))
    }

    #[test]
    fn every_action_has_a_row() {
        for info in crate::actions() {
            assert!(limit(info.service, info.name).is_some(), "{info:?}");
        }
    }

    #[test]
    fn every_action_that_is_named_exists() {
        for Row(service, actions, ..) in TABLE {
            let (Actions::Named(names) | Actions::Together(names)) = actions else { continue };
            for name in *names {
                assert!(limit(*service, name).is_some(), "{service:?} {name}");
            }
        }
    }

    #[test]
    fn the_figures_are_the_published_ones() {
        use Basis::{Cautious, Published};
        for (service, action, expected, basis) in [
            (Service::Cbn, "CreateTransitRouterVpcAttachment", windows(&[Window(3, 1)]), Published),
            (Service::Cbn, "UpdateTransitRouterPeerAttachmentAttribute", windows(&[Window(3, 1)]), Published),
            (
                Service::Cbn,
                "AssociateTransitRouterAttachmentWithRouteTable",
                windows(&[Window(3, 1), Window(50, 60)]),
                Cautious,
            ),
            (Service::Cbn, "ListTransitRouters", windows(&[Window(300, 60)]), Published),
            (Service::Alb, "AddServersToServerGroup", windows(&[Window(200, 60)]), Published),
            (Service::Alb, "ListServerGroups", windows(&[Window(20, 1)]), Cautious),
            (Service::Alb, "GetListenerHealthStatus", windows(&[Window(10, 1)]), Cautious),
            (Service::Vpc, "DescribeNetworkAcls", windows(&[Window(30, 60)]), Published),
            (Service::Vpc, "DescribeNetworkAclAttributes", windows(&[Window(300, 60)]), Published),
            (Service::Vpc, "CreateRouteEntry", windows(&[Window(300, 60)]), Published),
            (Service::Ecs, "DescribeInstances", windows(&[Window(500, 60)]), Published),
            (Service::Ecs, "AuthorizeSecurityGroup", windows(&[Window(500, 60)]), Published),
            (Service::Fnf, "StartExecution", bucket(100, 100), Published),
            (Service::Sts, "AssumeRole", windows(&[Window(100, 1)]), Published),
        ] {
            assert_eq!(limit(service, action), Some((expected, basis)), "{action}");
        }
    }

    #[test]
    fn actions_that_share_a_limit_are_counted_together() {
        let counted = |action| of(Service::Fnf, action, false).api;
        assert_eq!(counted("ListExecutions"), counted("DescribeFlow"));
        assert_eq!(counted("ListExecutions"), of(Service::Fnf, "StopExecution", true).api);
        assert_ne!(counted("DescribeExecution"), counted("GetExecutionHistory"));
    }

    #[test]
    fn burst_and_refill_are_at_most_the_limit_together() {
        for Row(service, _, limit, _) in TABLE {
            let Limit::Windows(windows) = *limit else { continue };
            let Pace { burst, interval } = limit.pace();
            for window in windows {
                let refill = window.span().as_nanos() / interval.as_nanos();
                assert!(
                    u128::from(burst) + refill <= u128::from(window.0),
                    "{service:?}: {burst} and {refill}, {window:?}"
                );
            }
            assert!(windows.iter().any(|window| burst >= window.0 / 2), "{service:?}: half of them at once");
        }
    }
}
