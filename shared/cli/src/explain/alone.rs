//! A member at an address that no instance has which was seen: what the server group and the health check say of it is all there is.

use onboarding::causes::{InstanceFault, Mend};
use onboarding::mark::Role;
use onboarding::topology::{Health, Known, Server, Topology};
use onboarding::{Binding, Deployment, FailedCalls};
use reachability::Wish;
use serde_json::{Value, json};

use super::subject::Subject;
use crate::args::Shape;
use crate::output::{Console, Exit, Line, Style, Text, event};
use crate::unread;

/// The members at an address.
#[derive(Debug, Clone)]
pub(crate) struct Alone {
    binding: String,
    /// The server group, by id and name.
    group: String,
    members: Vec<Member>,
    unread: FailedCalls,
}

#[derive(Debug, Clone)]
struct Member {
    server: Server,
    /// The instance that its mark names; `None` if others registered it.
    marked: Option<String>,
    /// What the load balancer finds; `None` if that is not known.
    health: Option<String>,
    /// The instance that has the address, at a port that the binding does not serve.
    owner: Option<String>,
    /// The vSwitch, or the VPC, that its address lies in.
    place: Option<String>,
    fault: Option<InstanceFault>,
}

impl Alone {
    /// The members of a binding at the address that is asked about; nothing if there are none.
    pub(super) fn of(
        deployment: &Deployment,
        binding: &Binding,
        topology: &Topology,
        unread: &FailedCalls,
        subject: &Subject,
    ) -> Option<Self> {
        let Subject::Address { address, port } = subject else { return None };
        let tag = deployment.tag(&binding.name, Role::ServerGroup);
        let group = topology.server_group(&tag, &binding.server_group.name)?;
        let faults = reachability::faults(topology, Wish { deployment, binding });
        let servers = topology.servers.get()?.iter();
        let asked = |server: &&Server| server.address == *address && port.is_none_or(|port| server.port == port);
        let members = servers.filter(asked).map(|server| Member {
            marked: deployment.read_member(&binding.name, &server.description).map(|(id, _)| id.to_string()),
            health: topology.unhealthy.get().map(|all| found(all.get(&server.endpoint()))),
            owner: topology
                .instances
                .values()
                .filter_map(Known::get)
                .flatten()
                .find_map(|instance| Some(instance.at(server.address)?.id.to_string())),
            place: place(topology, server),
            fault: faults.iter().find(|fault| fault.reason.resource == server.endpoint().to_string()).cloned(),
            server: server.clone(),
        });
        let members: Vec<Member> = members.collect();
        (!members.is_empty()).then(|| Self {
            binding: binding.name.to_string(),
            group: format!("{} ({})", group.id, group.name),
            members,
            unread: unread.clone(),
        })
    }

    fn text(&self, all: bool) -> Text {
        let mut text = unread::lines(&self.unread, "", all);
        for member in &self.members {
            let (endpoint, server) = (member.server.endpoint(), &member.server);
            let style = if member.fault.is_some() { Style::Bad } else { Style::Strong };
            let whose = match &member.owner {
                None => "no instance that was seen has its address".to_owned(),
                Some(owner) => format!("{} serves no such port of {owner}", self.binding),
            };
            let first = format!("{}: {endpoint} is a member of {}, and {whose}", self.binding, self.group);
            text.line(Line::styled(style, first));
            let by = member.marked.as_ref().map_or("by others".to_owned(), |id| format!("for {id}"));
            let remote = if server.remote { "on" } else { "off" };
            text.line(format!("  registered {by}: weight {}, Remote IP {remote}, {}", server.weight, server.status));
            text.line(format!("  health: {}", member.health.as_deref().unwrap_or("not known")));
            let place = member.place.as_deref().unwrap_or("no VPC that the binding names");
            text.line(format!("  the address lies in {place}"));
            if let Some(InstanceFault { reason, mend, .. }) = &member.fault {
                text.line("");
                text.line(Line::new("  ").then_styled(Style::Bad, reason.code.as_str()));
                text.line(Line::new(format!("    {}", reason.message)).hanging(4).flowing());
                text.line(Line::new(format!("    {}", remedy(mend))).hanging(4).flowing());
            }
        }
        text
    }

    fn document(&self) -> Value {
        let member = |member: &Member| {
            let Member { server, marked, health, owner, place, fault } = member;
            json!({"address": server.address, "port": server.port, "instance": owner, "registeredFor": marked, "weight": server.weight,
                   "remote": server.remote, "status": server.status, "health": health, "place": place,
                   "fault": fault.as_ref().map(|fault| &fault.reason),
                   "remedy": fault.as_ref().map(|fault| remedy(&fault.mend))})
        };
        json!({"binding": self.binding, "group": self.group, "unread": self.unread,
               "members": self.members.iter().map(member).collect::<Vec<_>>()})
    }

    /// Shows them.
    pub(super) fn show(&self, shape: Shape, console: Console) -> Exit {
        console.print(self.text(shape.all));
        console.print_json(&event("members", &self.document()));
        let is_known = self.unread.is_empty() && self.members.iter().all(|member| member.health.is_some());
        let is_faulty = self.members.iter().any(|member| member.fault.is_some());
        let exit = if is_known { Exit::pending(is_faulty) } else { Exit::Failed };
        console.print_document(exit, || self.document());
        console.finish(exit, json!({}))
    }
}

fn found(health: Option<&Health>) -> String {
    match health {
        None => "Healthy".to_owned(),
        Some(health) if health.is_unchecked() => "not checked".to_owned(),
        Some(Health { status, reason }) if reason.is_empty() => status.to_string(),
        Some(Health { status, reason }) => format!("{status} ({reason})"),
    }
}

fn place(topology: &Topology, server: &Server) -> Option<String> {
    let vpcs = || topology.vpcs.values().filter_map(|known| known.get()?.as_ref());
    let vswitches = vpcs().flat_map(|vpc| vpc.vswitches.values().map(move |vswitch| (vpc, vswitch)));
    let mut vswitches = vswitches.filter(|(_, vswitch)| vswitch.cidr.contains(&server.address));
    if let Some((vpc, vswitch)) = vswitches.next() {
        return Some(format!("{} ({}) of {}", vswitch.id, vswitch.cidr, vpc.id));
    }
    let vpc = vpcs().find(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(&server.address)))?;
    Some(format!("no vSwitch of {}", vpc.id))
}

fn remedy(mend: &Mend) -> String {
    match mend {
        Mend::Change { write } => format!("It takes this change: {write}."),
        Mend::Person { task } => format!("do: {task}"),
        Mend::Removal { .. } => "Nothing: it leaves, and runs take it out of the server group.".to_owned(),
        Mend::Time { what } => what.clone(),
    }
}
