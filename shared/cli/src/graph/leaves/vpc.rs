//! A VPC's boxes: vSwitches with their instances, security groups, network ACLs and route tables.

use std::collections::BTreeSet;

use onboarding::Write;
use onboarding::desired;
use onboarding::ids::{NetworkAclId, SecurityGroupId, VpcId};
use onboarding::topology::{
    Endpoint, Instance, InstanceStatus, Known, NextHop, RuleSource, VSwitch, Vpc, VpcRouteStatus, VpcRouteTable,
};
use reachability::Wish;

use crate::graph::build::{Draft, few, named};
use crate::graph::model::{Key, Leaf, Row, State};

impl Draft<'_> {
    /// Instances asked about come first, then wanted ones as far as there is room.
    pub(in crate::graph) fn vswitch(&self, vpc: &VpcId, vswitch: &VSwitch) -> Leaf {
        let here = self.topology.instances.get(vpc).and_then(Known::get).into_iter().flatten();
        let here: Vec<&Instance> = here.filter(|instance| instance.vswitch == vswitch.id).collect();
        let backends = self.binding.backends.iter().filter(|backend| backend.vpc == *vpc);
        let selects: Vec<_> = backends.map(|backend| &backend.select).collect();
        let is_wanted = |instance: &&&Instance| selects.iter().any(|select| select.matches(&instance.tags));
        let asked = |instance: &Instance| self.instance.is_some_and(|asked| asked.id == instance.id);
        let mut shown: Vec<&&Instance> =
            here.iter().filter(|instance| asked(instance) || is_wanted(instance)).collect();
        let faults = reachability::faults(self.topology, Wish { deployment: self.deployment, binding: self.binding });
        // Of the one asked about, the way shows where packets die, and the server group its health.
        let fault = |instance: &Instance| {
            let first = faults.iter().find(|fault| fault.instance.as_ref() == Some(&instance.id));
            first.filter(|_| !asked(instance)).map(|fault| fault.reason.code)
        };
        shown.sort_by_key(|instance| (!asked(instance), fault(instance).is_none(), &instance.id));
        let others = here.len() - shown.len();
        let rows: Vec<Row> = shown
            .into_iter()
            .map(|instance| {
                let address = instance.address.map_or_else(|| "no address".to_owned(), |address| address.to_string());
                let status = if instance.status == InstanceStatus::Running { "" } else { instance.status.as_str() };
                let name = if instance.name == instance.id.as_str() { "" } else { &instance.name };
                let stranger = if is_wanted(&instance) { "" } else { "not selected" };
                let (mark, state) = match fault(instance) {
                    Some(code) => (format!("✕ {code}"), State::Fault),
                    None if asked(instance) => (String::new(), State::There),
                    None => self.health(instance),
                };
                let text = named(&format!("{} {address}", instance.id), name, &[status, stranger, &mark]);
                Row { tag: instance.id.to_string(), text, state }
            })
            .collect();
        let faulty = |rows: &[Row]| rows.iter().filter(|row| row.state == State::Fault).count();
        let all = faulty(&rows);
        let mut rows = few(rows, &self.instance.iter().map(|instance| instance.id.to_string()).collect());
        let hidden = all - faulty(&rows);
        if let Some(last) = rows.last_mut().filter(|_| hidden > 0) {
            last.text = format!("{}, {hidden} with faults", last.text);
            last.state = State::Fault;
        }
        if others > 0 {
            rows.push(Row::new("", format!("{others} not selected")));
        }
        Leaf {
            key: Key::VSwitch(vswitch.id.to_string()),
            names: vec![vswitch.id.to_string()],
            title: named(vswitch.id.as_str(), "", &[&vswitch.cidr.to_string(), vswitch.zone.as_str()]),
            rows,
            state: State::There,
        }
    }

    /// The mark of a member without a fault; what is not known is not called healthy.
    fn health(&self, instance: &Instance) -> (String, State) {
        let port = self.binding.server_group.port;
        let Some(endpoint) = instance.address.map(|address| Endpoint { address, port }) else {
            return (String::new(), State::There);
        };
        let mut servers = self.topology.servers.get().into_iter().flatten();
        if !servers.any(|server| server.endpoint() == endpoint) {
            return (String::new(), State::There);
        }
        match &self.topology.unhealthy {
            Known::Known(unhealthy) => match unhealthy.get(&endpoint) {
                None => ("✓ healthy".to_owned(), State::There),
                Some(health) if health.is_unchecked() => ("– not checked".to_owned(), State::There),
                Some(health) => (format!("✕ {}", health.status), State::Fault),
            },
            Known::Failed(_) | Known::NotAsked(_) => ("? health not known".to_owned(), State::Unknown),
        }
    }

    /// The groups of the instance asked about, or of every wanted one.
    pub(in crate::graph) fn groups(&self, vpc: &VpcId) -> BTreeSet<&SecurityGroupId> {
        match self.instance {
            Some(instance) if instance.vpc == *vpc => instance.security_groups.iter().collect(),
            _ => {
                let selected = desired::selected(self.binding, self.topology).map(|(_, instance)| instance);
                selected
                    .filter(|instance| instance.vpc == *vpc)
                    .flat_map(|instance| &instance.security_groups)
                    .collect()
            }
        }
    }

    pub(in crate::graph) fn group(&self, id: &SecurityGroupId) -> Leaf {
        let ports = self.binding.server_group.ports();
        let touches = |range: &Option<(u16, u16)>| {
            range.is_none_or(|(first, last)| ports.iter().any(|port| (first..=last).contains(port)))
        };
        let mut rows = Vec::new();
        let mut state = State::There;
        match self.topology.security_groups.get(id) {
            Some(Known::Known(Some(group))) => {
                let mut rules: Vec<_> = group
                    .rules
                    .iter()
                    .filter(|rule| ["TCP", "ALL"].iter().any(|of| rule.protocol.eq_ignore_ascii_case(of)))
                    .filter(|rule| touches(&rule.ports))
                    .collect();
                rules.sort_by_cached_key(|rule| (rule.priority, rule.accept, sender(&rule.source), rule.id.clone()));
                rows.extend(rules.into_iter().map(|rule| {
                    let verb = if rule.accept { "accept" } else { "drop" };
                    let (priority, who, ports) = (rule.priority, sender(&rule.source), port_range(rule.ports));
                    Row::new(rule.id.as_str(), format!("{priority:>3} {verb} {who} → {ports}"))
                }));
            }
            Some(Known::Known(None)) => state = State::Missing,
            _ => state = State::Unknown,
        }
        let mut rows = few(rows, self.marked);
        let ghosts = self.plan.changes.iter().flat_map(|change| match &change.write {
            Write::AllowIngress { group, rules, .. } if group == id => rules.as_slice(),
            _ => &[],
        });
        let ghosts =
            ghosts.map(|rule| Row::missing(format!("{:>3} accept {} → {}/tcp", rule.priority, rule.source, rule.port)));
        rows.extend(few(ghosts.collect(), self.marked));
        if rows.is_empty() {
            let text = if state == State::Unknown { "not read" } else { "no rule for these ports" };
            rows.push(Row::new("", text));
        }
        Leaf {
            key: Key::Group(id.to_string()),
            names: vec![id.to_string()],
            title: format!("security group {id}"),
            rows,
            state,
        }
    }

    pub(in crate::graph) fn acl(&self, vpc: &VpcId, id: &NetworkAclId) -> Leaf {
        let mut rows = Vec::new();
        let mut state = State::There;
        match self.topology.network_acls.get(id) {
            Some(Known::Known(Some(acl))) => {
                for (list, entries) in [("ingress", &acl.ingress), ("egress", &acl.egress)] {
                    rows.extend((1..).zip(entries).map(|(number, entry)| {
                        let verb = if entry.accept { "accept" } else { "drop" };
                        let ports = entry.ports.map_or_else(|| "all ports".to_owned(), |_| port_range(entry.ports));
                        let text = format!("{list} {number}: {verb} {} {} {ports}", entry.protocol, entry.cidr);
                        Row::new(format!("{list} {number}"), text)
                    }));
                }
            }
            Some(Known::Known(None)) => state = State::Missing,
            _ => state = State::Unknown,
        }
        Leaf {
            key: Key::Acl(vpc.to_string(), id.to_string()),
            names: vec![id.to_string()],
            title: format!("network ACL {id}"),
            rows: few(rows, self.marked),
            state,
        }
    }

    pub(in crate::graph) fn vpc_table(&self, vpc: &Vpc, table: &VpcRouteTable) -> Leaf {
        let mut names = vec![table.id.to_string()];
        let mut rows = Vec::new();
        for route in &table.routes {
            names.push(route.id.to_string());
            let inner = matches!(route.next_hop, NextHop::Local | NextHop::Service);
            if inner && !self.marked.contains(route.id.as_str()) {
                continue;
            }
            let to = match &route.next_hop {
                NextHop::Local => "the VPC itself",
                NextHop::Service => "the cloud's services",
                NextHop::Attachment(id) => id.as_str(),
                NextHop::Other(other) => other,
            };
            let status = if route.status == VpcRouteStatus::Available { "" } else { route.status.as_str() };
            rows.push(Row::new(route.id.as_str(), named(&format!("{} → {to}", route.destination), "", &[status])));
        }
        let mut rows = few(rows, self.marked);
        let ghosts = self.plan.changes.iter().filter_map(|change| match &change.write {
            Write::AddVpcRoute { vpc: of, table: at, destination, .. } if *of == vpc.id && *at == table.id => {
                Some(Row::missing(format!("{destination} → transit router")))
            }
            _ => None,
        });
        rows.extend(few(ghosts.collect(), self.marked));
        if rows.is_empty() {
            rows.push(Row::new("", "no route to a transit router"));
        }
        let kind = if table.system { "system" } else { "custom" };
        let key = Key::Table(table.id.to_string());
        Leaf { key, names, title: format!("{kind} table {}", table.id), rows, state: State::There }
    }
}

/// Whom a rule is about.
fn sender(source: &RuleSource) -> String {
    match source {
        RuleSource::Cidr(net) => net.to_string(),
        RuleSource::PrefixList(list) => list.to_string(),
        RuleSource::Group(group) => group.to_string(),
        RuleSource::Other(text) => text.clone(),
    }
}

fn port_range(ports: Option<(u16, u16)>) -> String {
    match ports {
        None => "all".to_owned(),
        Some((first, last)) if first == last => format!("{first}/tcp"),
        Some((first, last)) => format!("{first}-{last}/tcp"),
    }
}
