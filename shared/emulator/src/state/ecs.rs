//! Instances, their network interfaces, security groups and prefix lists.

mod fleet;
mod instance;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::tags::Tags;
use crate::time::Held;

pub(crate) use fleet::Fleet;
pub(crate) use instance::{Instance, State};
pub(crate) use rules::{Policy, PortRange, Protocol, Rule, Source};

/// Every server of the account and what belongs to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ecs {
    pub(crate) instances: Fleet,
    pub(crate) interfaces: BTreeMap<String, Interface>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) prefix_lists: BTreeMap<String, PrefixList>,
    /// The times of the instances' next transitions.
    pub(crate) due: BTreeSet<(Timestamp, String)>,
}

/// An elastic network interface: of an instance, or of a transit router's attachment.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) zone: String,
    pub(crate) vpc: String,
    pub(crate) switch: String,
    /// The instance it belongs to; none for a transit router's.
    pub(crate) instance: Option<String>,
    pub(crate) primary: bool,
    /// Its addresses, the primary one first.
    pub(crate) addresses: Vec<Ipv4Addr>,
    pub(crate) groups: Vec<String>,
    pub(crate) mac: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) service_managed: bool,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// A security group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// An enterprise group allows no group-source rules (cloud-apis.md section 11).
    pub(crate) enterprise: bool,
    pub(crate) service_managed: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

/// A named list of prefixes that rules can refer to.
#[derive(Debug, Clone)]
pub(crate) struct PrefixList {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) max_entries: usize,
    pub(crate) entries: Vec<(Ipv4Net, String)>,
    pub(crate) created: Timestamp,
    pub(crate) tags: Tags,
}

impl Ecs {
    /// The inbound rules of a security group, in the order they were made.
    pub(crate) fn rules<'a>(&'a self, group: &str) -> &'a [Rule] {
        self.groups.get(group).map(|group| group.rules.as_slice()).unwrap_or_default()
    }

    /// The prefixes that a rule's source stands for: its own, those of its prefix list, or the addresses of its group.
    pub(crate) fn source_prefixes(&self, rule: &Rule) -> Vec<Ipv4Net> {
        match &rule.source {
            Source::Cidr(net) => vec![*net],
            Source::PrefixList(id) => self
                .prefix_lists
                .get(id)
                .map(|list| list.entries.iter().map(|(net, _)| *net).collect())
                .unwrap_or_default(),
            Source::Group(id) => {
                let members = self.interfaces.values().filter(|interface| interface.groups.contains(id));
                members.flat_map(|interface| interface.addresses.iter().copied().map(Ipv4Net::from)).collect()
            }
        }
    }

    /// When the next instance changes its state, and so publishes an event.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Releases what a fault rule holds.
    pub(crate) fn release(&mut self, hold: Held) {
        for (id, instance) in self.instances.iter_mut() {
            let Some((at, _)) = instance.steps.front_mut() else { continue };
            let before = *at;
            hold.date(at);
            if *at != before && self.due.remove(&(before, id.clone())) {
                self.due.insert((*at, id.clone()));
            }
            instance.steps.iter_mut().for_each(|(at, _)| hold.date(at));
        }
    }
}
