//! Load balancers, server groups, listeners, and the results of health checks.

pub(crate) mod health;
pub(crate) mod health_check;
pub(crate) mod job;
pub(crate) mod listener;
pub(crate) mod load_balancer;
pub(crate) mod rule;
pub(crate) mod server;
pub(crate) mod server_group;
mod sources;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use crate::state::alb::health::Health;
use crate::state::alb::job::Job;
use crate::state::alb::listener::Listener;
use crate::state::alb::load_balancer::LoadBalancer;
use crate::state::alb::rule::Rule;
use crate::state::alb::server_group::ServerGroup;
use crate::time::Held;

pub use sources::{Generation, back_to_origin};

/// How load balancers behave where the real ones depend on when they were created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The generation of load balancers that are made from now on.
    pub generation: Generation,
    /// Whether requests that name the load balancer's own domain name are refused, as for names given since
    /// 2024-11-15 (cloud-apis.md section 6).
    pub refuse_own_name: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { generation: Generation::Upgraded, refuse_own_name: true }
    }
}

/// Everything of the ALB service, in all regions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alb {
    pub(crate) policy: Policy,
    pub(crate) load_balancers: BTreeMap<String, LoadBalancer>,
    pub(crate) server_groups: BTreeMap<String, ServerGroup>,
    pub(crate) listeners: BTreeMap<String, Listener>,
    pub(crate) rules: BTreeMap<String, Rule>,
    pub(crate) jobs: VecDeque<Job>,
    pub(crate) health: Health,
}

impl Alb {
    /// How many servers there are in all groups.
    pub(crate) fn server_count(&self) -> usize {
        self.server_groups.values().map(|group| group.servers.len()).sum()
    }

    /// The load balancers whose listeners or rules forward to a group.
    pub(crate) fn related(&self, now: Timestamp, group: &str) -> BTreeSet<String> {
        let listeners =
            self.listeners.values().filter(|listener| listener.server_group == group && !listener.is_gone(now));
        let is_for = |rule: &&Rule| rule.groups.iter().any(|other| other == group) && !rule.is_gone(now);
        let rules = self.rules.values().filter(is_for).map(|rule| rule.load_balancer.clone());
        listeners.map(|listener| listener.load_balancer.clone()).chain(rules).collect()
    }

    /// When a state changes next: probing begins or ends then, so the world has to be advanced at that instant.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let groups = self.server_groups.values();
        let servers =
            groups.clone().flat_map(|group| group.servers.values()).filter_map(|server| server.status.due(now));
        let listeners = self.listeners.values().filter_map(|listener| listener.status.due(now));
        let load_balancers = self.load_balancers.values().filter_map(|lb| lb.status.due(now));
        let rules = self.rules.values().filter_map(|rule| rule.status.due(now));
        servers
            .chain(listeners)
            .chain(rules)
            .chain(load_balancers)
            .chain(groups.filter_map(|group| group.status.due(now)))
            .min()
    }

    /// Releases what a fault rule holds.
    pub(crate) fn release(&mut self, hold: Held) {
        self.load_balancers.values_mut().for_each(|balancer| hold.release(&mut balancer.status));
        self.listeners.values_mut().for_each(|listener| hold.release(&mut listener.status));
        self.rules.values_mut().for_each(|rule| hold.release(&mut rule.status));
        for group in self.server_groups.values_mut() {
            hold.release(&mut group.status);
            group.servers.values_mut().for_each(|server| hold.release(&mut server.status));
        }
        self.jobs.iter_mut().for_each(|job| hold.date(&mut job.done));
    }
}
