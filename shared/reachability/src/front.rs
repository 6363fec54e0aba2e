//! The first part of the path: whether the load balancer sends requests to the backend at all. It checks listener, server
//! group, the backend's entry in the group, its weight and its health (cloud-apis.md sections 4, 5 and 12).

use onboarding::binding::{Ignorable, ServerGroupSpec};
use onboarding::change::{StageName, Write};
use onboarding::desired;
use onboarding::inputs::Verdict;
use onboarding::mark::{MemberState, Role};
use onboarding::reason::{Code, Reason};
use onboarding::topology::{
    Endpoint, HealthCheck, HealthStatus, Instance, InstanceStatus, Listener, ListenerStatus, LoadBalancer,
    LoadBalancerStatus, Server, ServerGroup, ServerGroupSettings, Topology,
};

use crate::fault::{Fault, Remedy, Task};
use crate::gaps::{repair, time};
use crate::hop::{Hop, ServerEntry};
use crate::question::Wish;
use crate::remedies::change;
use crate::verdict::{Part, Stop};

/// The input of the check.
pub(crate) struct Front<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) wish: Wish<'a>,
    pub(crate) instance: &'a Instance,
    /// The member's port.
    pub(crate) port: u16,
    /// The verdict of the path: a backend is registered only if its path is open.
    pub(crate) path: &'a Verdict,
}

impl<'a> Front<'a> {
    /// The hops from the listener to the member, up to the first fault.
    pub(crate) fn part(&self) -> Part {
        let mut hops = Vec::new();
        let ended = self.follow(&mut hops);
        Part::new(hops, ended)
    }

    /// The fault that the first one hides and that mending it does not mend: of the server group, or of the backend's entry in it.
    pub(crate) fn behind(&self) -> Option<Fault> {
        let first = self.part().fault?;
        let group = self.group().ok()?;
        let stop = match group {
            None => self.no_group(self.topology.alb()?),
            Some(group) => {
                let member = Endpoint { address: self.instance.address?, port: self.port };
                let mut servers = self.topology.servers.get()?.iter();
                let server = servers.find(|server| server.endpoint() == member)?;
                self.entry(group, server).err()?
            }
        };
        Part::new(Vec::new(), Err(stop)).fault.filter(|fault| fault.reason != first.reason)
    }

    fn follow(&self, hops: &mut Vec<Hop>) -> Result<(), Stop> {
        let Wish { binding, .. } = self.wish;
        let load_balancer = desired::load_balancer(binding, self.topology).map_err(|reason| match reason.code {
            Code::Unread | Code::NotAsked => Stop::of_unknown(reason),
            _ => correct(&binding.alb.id, reason),
        })?;
        let id = &load_balancer.id;
        if let Some(lock) = load_balancer.locks.first() {
            let reason = Reason::new(Code::AlbNotReady, id, format!("Load balancer {id} is locked: {lock}."));
            let task = Task::Unlock { resource: id.to_string(), lock: lock.clone() };
            return Err(Stop::broken(reason, Remedy::Operator(task)));
        }
        if load_balancer.status != LoadBalancerStatus::Active {
            let status = &load_balancer.status;
            let reason = Reason::new(Code::AlbNotReady, id, format!("Load balancer {id} is {status}."));
            let remedy = match status {
                LoadBalancerStatus::Provisioning | LoadBalancerStatus::Configuring => time(id, status),
                _ => repair(id, status),
            };
            return Err(Stop::broken(reason, remedy));
        }

        let listener = self.listener()?;
        hops.push(Hop::Listener {
            listener: listener.id.clone(),
            protocol: listener.protocol.clone(),
            port: listener.port,
            status: listener.status.to_string(),
        });
        if listener.status == ListenerStatus::Stopped {
            let message = format!("Listener {} on port {} is stopped.", listener.id, listener.port);
            let reason = Reason::new(Code::ListenerStopped, &listener.id, message);
            return Err(Stop::broken(reason, Remedy::Operator(Task::StartListener { listener: listener.id.clone() })));
        }

        let Some(group) = self.group()? else { return Err(self.no_group(load_balancer)) };
        let forwarded = listener.server_groups.contains(&group.id);
        hops.push(Hop::ServerGroup { group: group.id.clone(), name: group.name.clone(), forwarded });
        if !forwarded {
            return Err(self.elsewhere(listener, group));
        }
        self.member(group, hops)
    }

    /// The binding's server group, if there is one.
    fn group(&self) -> Result<Option<&'a ServerGroup>, Stop> {
        if let Some(why) = self.topology.server_groups.why_unknown() {
            return Err(Stop::unknown("the server groups", why, format!("The server groups were not read: {why}.")));
        }
        let Wish { binding, deployment } = self.wish;
        let mark = deployment.tag(&binding.name, Role::ServerGroup);
        Ok(self.topology.server_group(&mark, &binding.server_group.name))
    }

    fn no_group(&self, load_balancer: &LoadBalancer) -> Stop {
        let spec = &self.wish.binding.server_group;
        let write = Write::CreateServerGroup {
            name: spec.name.clone(),
            vpc: load_balancer.vpc.clone(),
            settings: spec.settings(&load_balancer.edition),
        };
        let name = &spec.name;
        let reason = Reason::new(Code::ServerGroupMissing, name, format!("There is no server group {name}."));
        Stop::broken(reason, change(StageName::ServerGroup, write))
    }

    /// The listener on the binding's port.
    fn listener(&self) -> Result<&'a Listener, Stop> {
        let Some(listeners) = self.topology.listeners.get() else {
            let why = self.topology.listeners.why_unknown().unwrap_or_default();
            return Err(Stop::unknown("the listeners", why, format!("The listeners were not read: {why}.")));
        };
        let wish = &self.wish.binding.listener;
        // QUIC listens on UDP, everything else on TCP: they do not collide.
        let quic = |protocol: &str| protocol == "QUIC";
        let found =
            listeners.iter().find(|have| have.port == wish.port && quic(&have.protocol) == quic(&wish.protocol));
        found.ok_or_else(|| {
            let (protocol, port) = (wish.protocol.clone(), wish.port);
            let id = &self.wish.binding.alb.id;
            let reason = Reason::new(Code::ListenerMissing, id, format!("{id} has no listener on port {port}."));
            Stop::broken(
                reason,
                if protocol == "HTTP" {
                    change(StageName::Listener, Write::CreateListener { protocol, port })
                } else {
                    Remedy::Operator(Task::CreateListener { protocol, port })
                },
            )
        })
    }

    fn elsewhere(&self, listener: &Listener, group: &ServerGroup) -> Stop {
        let Wish { binding, deployment } = self.wish;
        let ours = deployment.tag(&binding.name, Role::Listener);
        let remedy = if listener.mark.as_deref() == Some(ours.as_str()) {
            change(StageName::Listener, Write::ForwardListener { listener: listener.id.clone() })
        } else {
            Remedy::Operator(Task::ForwardListener { listener: listener.id.clone(), group: group.id.clone() })
        };
        let message = format!("Listener {} on port {} does not forward to {}.", listener.id, listener.port, group.id);
        Stop::broken(Reason::new(Code::ListenerForwardsElsewhere, &listener.id, message), remedy)
    }

    /// The backend's entry: there, remote, with a weight, healthy.
    fn member(&self, group: &ServerGroup, hops: &mut Vec<Hop>) -> Result<(), Stop> {
        let (topology, instance) = (self.topology, self.instance);
        let Some(address) = instance.address else {
            let id = &instance.id;
            return Err(Stop::unread(id, format!("{id} has no private address yet.")));
        };
        let member = Endpoint { address, port: self.port };
        let Some(servers) = topology.servers.get() else {
            let why = topology.servers.why_unknown().unwrap_or_default();
            return Err(Stop::unknown(&group.id, why, format!("The members of {} were not read: {why}.", group.id)));
        };
        let server = servers.iter().find(|server| server.endpoint() == member);
        let health = topology.unhealthy.get().and_then(|unhealthy| unhealthy.get(&member));
        hops.push(Hop::Server {
            group: group.id.clone(),
            member,
            entry: server.map(|server| ServerEntry {
                weight: server.weight,
                remote: server.remote,
                status: server.status.to_string(),
                health: health.cloned(),
            }),
        });
        let Some(server) = server else { return Err(self.no_member(group, member)) };
        self.entry(group, server)?;
        self.health(group, member)
    }

    /// What the entry says: remote, in service, of a running instance, with a weight.
    fn entry(&self, group: &ServerGroup, server: &Server) -> Result<(), Stop> {
        let member = server.endpoint();
        if !server.remote {
            let reason = Reason::new(Code::NotRemote, member, format!("{member} is registered without Remote IP."));
            let task = Task::RemoveMember { group: group.id.clone(), member };
            return Err(Stop::broken(reason, Remedy::Operator(task)));
        }
        if !matches!(server.status.as_str(), "Available" | "Configuring") {
            let reason = Reason::new(Code::StillPending, member, format!("Member {member} is {}.", server.status));
            return Err(Stop::broken(reason, time(member, &server.status)));
        }
        if self.instance.status != InstanceStatus::Running {
            return Err(self.not_running());
        }
        if server.weight == 0 {
            let reason = Reason::new(Code::NoWeight, member, format!("Member {member} of {} has weight 0.", group.id));
            return Err(Stop::broken(reason, self.weigh(group, server)));
        }
        Ok(())
    }

    fn no_member(&self, group: &ServerGroup, member: Endpoint) -> Stop {
        let (instance, binding) = (self.instance, self.wish.binding);
        let id = &instance.id;
        let mut backends = binding.backends.iter().filter(|backend| backend.vpc == instance.vpc);
        if !backends.any(|backend| backend.select.matches(&instance.tags)) {
            let message = format!("{id} lacks the tags that {} selects by, and {member} is no member.", binding.name);
            let task = Task::TagInstance { instance: id.clone() };
            return Stop::broken(Reason::new(Code::NotSelected, id, message), Remedy::Operator(task));
        }
        if instance.status != InstanceStatus::Running {
            return self.not_running();
        }
        let message = format!("{member} of {id} is no member of {}.", group.id);
        let write = Write::AddServer {
            instance: id.clone(),
            address: member.address,
            port: member.port,
            weight: binding.server_group.weight,
        };
        // albridge registers a backend only if its path is open.
        let mut add = onboarding::Change::new(StageName::BackendServers, write);
        if let Verdict::Unreachable(why) | Verdict::Ambiguous(why) | Verdict::Undetermined(why) = self.path {
            add = add.blocked_by(why.clone());
        }
        Stop::broken(Reason::new(Code::NotMember, member, message), Remedy::Albridge { change: Box::new(add) })
    }

    fn not_running(&self) -> Stop {
        let (id, status) = (&self.instance.id, &self.instance.status);
        let remedy = match status.as_str() {
            "Pending" | "Starting" => time(id, status),
            _ => Remedy::Operator(Task::StartInstance { instance: id.clone() }),
        };
        Stop::broken(Reason::new(Code::NotRunning, id, format!("{id} is {status}.")), remedy)
    }

    /// albridge may change the weight only if the description of the entry marks it as its own, and the binding does not leave it to others.
    fn weigh(&self, group: &ServerGroup, server: &Server) -> Remedy {
        let Wish { binding, deployment } = self.wish;
        let member = server.endpoint();
        let ours = deployment.read_member(&binding.name, &server.description);
        let Some((instance, state)) = ours.filter(|(_, state)| binding.server_group.weight_beside(*state, 0) > 0)
        else {
            return Remedy::Operator(Task::GiveWeight { group: group.id.clone(), member });
        };
        let weight = binding.server_group.weight_beside(state, server.weight);
        let write = Write::UpdateServer {
            instance,
            address: member.address,
            port: member.port,
            weight,
            state: MemberState::Serving,
        };
        change(StageName::BackendServers, write)
    }

    /// What the listener sees. Only members that are not normal are listed (section 12).
    fn health(&self, group: &ServerGroup, member: Endpoint) -> Result<(), Stop> {
        if !group.settings.health_check.enabled {
            return Ok(());
        }
        let Some(unhealthy) = self.topology.unhealthy.get() else {
            let why = self.topology.unhealthy.why_unknown().unwrap_or_default();
            return Err(Stop::unknown(member, why, format!("The health of {member} was not read: {why}.")));
        };
        let Some(health) = unhealthy.get(&member) else { return Ok(()) };
        let id = &self.instance.id;
        let why = if health.reason.is_empty() { String::new() } else { format!(" ({})", health.reason) };
        let reason = Reason::new(Code::Unhealthy, id, format!("{id} at {member} is {}{why}.", health.status));
        let remedy = if health.status == HealthStatus::Initial {
            time(member, &health.status)
        } else {
            self.repair(group, member, &health.reason)
        };
        Err(Stop::broken(reason, remedy))
    }

    /// A check that the binding does not describe is looked at before the service.
    fn repair(&self, group: &ServerGroup, member: Endpoint, reason: &str) -> Remedy {
        let Wish { binding, deployment } = self.wish;
        let (check, settings) = (&group.settings.health_check, self.settings(&group.settings));
        let tag = deployment.tag(&binding.name, Role::ServerGroup);
        let (id, is_ours) = (group.id.clone(), group.mark.as_deref() == Some(tag.as_str()));
        if let Some(settings) = settings.filter(|settings| !same_check(&settings.health_check, check)) {
            return if is_ours {
                change(StageName::ServerGroup, Write::UpdateServerGroup { group: id, settings })
            } else {
                Remedy::Operator(Task::CorrectHealthCheck { group: id })
            };
        }
        let ignored = self.ignored(&group.settings);
        // Whoever does not even answer a connection has no wrong request to blame.
        if !ignored.is_empty() && !reason.starts_with("CONNECT_") {
            return Remedy::Operator(if is_ours {
                Task::CorrectIgnored { group: id, settings: ignored }
            } else {
                Task::CorrectHealthCheck { group: id }
            });
        }
        let port = if check.port == 0 { member.port } else { check.port };
        let request = if check.protocol == "TCP" { String::new() } else { format!("{} {}", check.method, check.path) };
        Remedy::Operator(Task::RepairService {
            instance: self.instance.id.clone(),
            member: Endpoint { port, ..member },
            request,
            reason: reason.to_owned(),
        })
    }

    /// The settings that the binding describes, beside those that it leaves to others.
    fn settings(&self, have: &ServerGroupSettings) -> Option<ServerGroupSettings> {
        let load_balancer = desired::load_balancer(self.wish.binding, self.topology).ok()?;
        Some(self.wish.binding.server_group.settings_beside(&load_balancer.edition, have))
    }

    /// The settings of the health check that the binding leaves to others and that are not as it says.
    fn ignored(&self, have: &ServerGroupSettings) -> Vec<Ignorable> {
        let Ok(load_balancer) = desired::load_balancer(self.wish.binding, self.topology) else { return Vec::new() };
        let (spec, edition) = (&self.wish.binding.server_group, &load_balancer.edition);
        let wanted = spec.settings(edition).health_check;
        let differs = |ignored: &Ignorable| {
            let alone = ServerGroupSpec { ignore: vec![*ignored], ..spec.clone() };
            !same_check(&wanted, &alone.settings_beside(edition, have).health_check)
        };
        spec.ignore.iter().copied().filter(differs).collect()
    }
}

/// Whether two checks ask the same; a check by TCP has neither path nor codes.
fn same_check(wanted: &HealthCheck, have: &HealthCheck) -> bool {
    let sorted = |check: &HealthCheck| {
        let mut codes = check.codes.clone();
        codes.sort();
        (check.path.clone(), check.method.clone(), check.host.clone(), codes)
    };
    let request = wanted.protocol == "TCP" || sorted(wanted) == sorted(have);
    request
        && (wanted.enabled, &wanted.protocol, wanted.port, wanted.interval, wanted.timeout)
            == (have.enabled, &have.protocol, have.port, have.interval, have.timeout)
        && (wanted.healthy_threshold, wanted.unhealthy_threshold) == (have.healthy_threshold, have.unhealthy_threshold)
}

fn correct(resource: impl std::fmt::Display, reason: Reason) -> Stop {
    Stop::broken(reason, Remedy::Operator(Task::CorrectBinding { resource: resource.to_string() }))
}
