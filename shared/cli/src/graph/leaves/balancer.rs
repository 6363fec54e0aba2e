//! The load balancer's boxes: its listener, its server group, and where it sends from.

use onboarding::desired;
use onboarding::mark::Role;
use onboarding::topology::{Endpoint, Generation, Known};

use crate::graph::build::{Draft, few, named};
use crate::graph::model::{Key, Leaf, Row, State};

impl Draft<'_> {
    pub(in crate::graph) fn listener(&self) -> Leaf {
        let wish = &self.binding.listener;
        let title = format!("listener {}:{}", wish.protocol, wish.port);
        let leaf = |title: String, names, rows, state| Leaf { key: Key::Listener, names, title, rows, state };
        let Some(listeners) = self.topology.listeners.get() else {
            return leaf(title, Vec::new(), vec![Row::new("", "not read")], State::Unknown);
        };
        match listeners.iter().find(|listener| listener.port == wish.port) {
            Some(found) => {
                let rows = vec![Row::new("", named(found.id.as_str(), "", &[found.status.as_str()]))];
                leaf(title, vec![found.id.to_string()], rows, State::There)
            }
            None => leaf(title, Vec::new(), vec![Row::missing("not there")], State::Missing),
        }
    }

    pub(in crate::graph) fn server_group(&self) -> Leaf {
        let wish = &self.binding.server_group;
        let title = format!("server group {}", wish.name);
        let leaf = |names, rows, state| Leaf { key: Key::ServerGroup, names, title: title.clone(), rows, state };
        if self.topology.server_groups.get().is_none() {
            return leaf(Vec::new(), vec![Row::new("", "not read")], State::Unknown);
        }
        let mark = self.deployment.tag(&self.binding.name, Role::ServerGroup);
        let Some(group) = self.topology.server_group(&mark, &wish.name) else {
            return leaf(Vec::new(), vec![Row::missing("not there")], State::Missing);
        };
        let mut rows = vec![Row::new("", named(group.id.as_str(), "", &[group.status.as_str()]))];
        if let Some(servers) = self.topology.servers.get() {
            let found = || self.topology.unhealthy.get().into_iter().flat_map(|unhealthy| unhealthy.values());
            let unchecked = found().filter(|health| health.is_unchecked()).count();
            let words = |count: usize, what: &str| if count == 0 { String::new() } else { format!("{count} {what}") };
            let sick = words(found().count() - unchecked, "not healthy");
            let unchecked = words(unchecked, "not checked");
            rows.push(Row::new("", named(&counted(servers.len(), "server"), "", &[&sick, &unchecked])));
        }
        if let Some(address) = self.instance.and_then(|instance| instance.address) {
            let endpoint = Endpoint { address, port: wish.port };
            rows.push(self.member(endpoint).map_or_else(
                || Row::missing(format!("{endpoint} is not registered")),
                |state| Row::new(endpoint.to_string(), format!("{endpoint} {state}")),
            ));
        }
        leaf(vec![group.id.to_string()], rows, State::There)
    }

    /// What the server group says of an address, if it is a member.
    fn member(&self, endpoint: Endpoint) -> Option<String> {
        let server = self.topology.servers.get()?.iter().find(|server| server.endpoint() == endpoint)?;
        let health = match &self.topology.unhealthy {
            Known::Known(unhealthy) => match unhealthy.get(&endpoint) {
                None => "healthy",
                Some(health) if health.is_unchecked() => "not checked",
                Some(health) => health.status.as_str(),
            },
            Known::Failed(_) | Known::NotAsked(_) => "",
        };
        Some(named(&format!("weight {}", server.weight), "", &[health]))
    }

    pub(in crate::graph) fn sources(&self) -> Leaf {
        let leaf = |title: &str, rows, state| Leaf {
            key: Key::Sources,
            names: Vec::new(),
            title: title.to_owned(),
            rows,
            state,
        };
        let Some(alb) = self.topology.alb() else {
            return leaf("its addresses", vec![Row::missing("not known")], State::Unknown);
        };
        let sources = desired::sources(self.binding, self.topology);
        if desired::generation(self.binding, alb) == Generation::Classic {
            return match sources {
                Ok(prefixes) => {
                    let rows = prefixes.iter().map(|prefix| Row::new("", prefix.to_string())).collect();
                    leaf("sends from", few(rows, self.marked), State::There)
                }
                Err(reason) => leaf("sends from", vec![Row::missing(reason.code.as_str())], State::Unknown),
            };
        }
        let vpc = self.topology.vpc(&alb.vpc);
        let rows = alb.zones.iter().map(|zone| {
            let cidr = vpc.and_then(|vpc| vpc.vswitches.get(&zone.vswitch)).map(|vswitch| vswitch.cidr.to_string());
            let cidr = cidr.unwrap_or_else(|| "not read".to_owned());
            Row::new(zone.vswitch.as_str(), format!("{cidr}  {} · {}", zone.vswitch, zone.zone))
        });
        leaf("sends from its vSwitches", rows.collect(), State::There)
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
