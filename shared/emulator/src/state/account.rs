//! States of the account that belong to no resource: locks for unpaid bills, a service that is not activated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Those states of the account that are stored in no resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) service_closed: bool,
    /// How many roles there may be, if it is another number than usual.
    pub(crate) roles: Option<usize>,
    /// Services that were opened, by the names that ROS has for them: `FC`, `FNF`, `SLS`.
    opened: BTreeSet<String>,
    /// Services that were closed again, also where they count as open otherwise.
    closed: BTreeSet<String>,
    pub(crate) locked_packages: BTreeSet<String>,
    pub(crate) locked_balancers: BTreeSet<String>,
    pub(crate) balancer_status: BTreeMap<String, &'static str>,
}

/// Services that can be opened by ROS, as far as they are played, by its names for them.
pub(crate) const SERVICES: [&str; 4] = ["FC", "FNF", "OSS", "SLS"];

impl Account {
    /// Opens a service.
    pub(crate) fn open(&mut self, service: &str) {
        self.closed.remove(service);
        self.opened.insert(service.to_owned());
    }

    /// Closes a service.
    pub(crate) fn close(&mut self, service: &str) {
        self.opened.remove(service);
        self.closed.insert(service.to_owned());
    }

    /// Whether a service is open. Where that is not asked of an account, all are that nobody closed; OSS always was.
    pub(crate) fn is_open(&self, service: &str, strict: bool) -> bool {
        let usual = !strict || service == "OSS";
        !self.closed.contains(service) && (usual || self.opened.contains(service))
    }

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
