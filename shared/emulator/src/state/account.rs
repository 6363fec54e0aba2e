//! States of the account that belong to no resource: locks for unpaid bills, a service that is not activated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Those states of the account that are stored in no resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) service_closed: bool,
    /// Services that were opened, by the names that ROS has for them: `FC`, `FNF`, `SLS`.
    pub(crate) opened: BTreeSet<String>,
    pub(crate) locked_packages: BTreeSet<String>,
    pub(crate) locked_balancers: BTreeSet<String>,
    pub(crate) balancer_status: BTreeMap<String, &'static str>,
}

impl Account {
    /// `BusinessStatus` of a bandwidth plan.
    pub(crate) fn package_status(&self, id: &str) -> &'static str {
        if self.locked_packages.contains(id) { "FinancialLocked" } else { "Normal" }
    }

    /// `LoadBalancerOperationLocks` of a load balancer.
    pub(crate) fn balancer_locks(&self, id: &str) -> Value {
        match self.locked_balancers.contains(id) {
            true => json!([{"LockType": "FinancialLocked", "LockReason": "overdue"}]),
            false => json!([]),
        }
    }

    /// The status that a load balancer stays in.
    pub(crate) fn balancer_status(&self, id: &str) -> Option<&'static str> {
        self.balancer_status.get(id).copied()
    }
}
