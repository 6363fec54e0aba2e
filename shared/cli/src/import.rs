//! `albridge import`: takes members over that somebody registered by hand. It writes our mark on their entries and changes nothing else,
//! so they serve all the while; from then on runs look after them like after those that albridge registered.

use std::io::IsTerminal;
use std::time::Duration;

use jiff::SignedDuration;
use onboarding::mark::{MemberState, Role};
use onboarding::topology::{Endpoint, Instance, Server, ServerStatus, Topology};
use onboarding::words::counted;
use onboarding::{Binding, Deployment, StageName, desired};
use openapi::alb;
use serde_json::{Value, json};
use stage::{Cloud, Host, Needs, Side};

use crate::apply::{ask, wait_for_runs};
use crate::args::ImportArgs;
use crate::causes::About;
use crate::environment::Environment;
use crate::explain::{Subject, find};
use crate::output::{CliError, Console, Exit, Line, Style, Text, event};
use crate::plan;
use crate::target::{self, Access};

/// The most servers in one call (cloud-apis.md, section 4).
const SERVERS_PER_CALL: usize = 200;
/// How often it is looked whether the cloud shows the marks.
const LOOK: Duration = Duration::from_secs(3);
/// How long that may take: entries are changed within seconds.
const SHOWN: SignedDuration = SignedDuration::from_secs(60);

/// An entry that is taken over.
struct Entry {
    instance: Instance,
    server: Server,
    /// The description that it gets.
    mark: String,
}

/// Takes members over.
pub(crate) async fn import(args: &ImportArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    if !args.yes && !std::io::stdin().is_terminal() {
        return Err(CliError::Usage("Nobody can be asked here: give --yes.".to_owned()));
    }
    let host = target::host(&args.target, environment, Access::Write).await?;
    let store = target::store(&host).await?;
    let name = target::binding(&host, &store, Some(&args.binding))?;
    let missing = || CliError::Failed(format!("The bindings have no {name}."));
    let binding = store.binding(name.as_str()).ok_or_else(missing)?;
    if store.paused || binding.paused {
        return Err(CliError::Failed(format!("The store says `paused: true` for {name}: set it to false first.")));
    }
    let deployment = host.settings().deployment.clone();
    let seen = plan::see(&host, &store, &name, true, About::Plan).await?;
    let entries = entries(binding, &deployment, &seen.topology, &args.instances)?;
    console.print(text(binding, &entries));
    if entries.is_empty() {
        return Ok(console.finish(Exit::Done, json!({"imported": 0})));
    }
    if !args.yes && !ask(&format!("Take this over into {name}?"), console) {
        return Err(CliError::Failed("Nothing was changed.".to_owned()));
    }
    wait_for_runs(&host, &name, console).await?;
    // Somebody may have thought about it for long, and a run may have ended.
    let group = unchanged(&host, binding, &entries).await?;
    write(&host, binding, &group, &entries).await?;
    let shown = is_shown(&host, binding, &entries).await;
    for entry in &entries {
        console.print_json(&event("import", &entry.document(binding, shown)));
    }
    let count = counted(entries.len(), "member");
    console.print(if shown {
        Line::styled(Style::Strong, format!("{name}: {count} taken over"))
    } else {
        Line::styled(Style::Bad, format!("{name}: {count} marked, which the cloud does not show yet"))
            .then(format!(" (albridge plan {name})"))
    });
    Ok(console.finish(Exit::pending(!shown), json!({"imported": entries.len()})))
}

impl Entry {
    fn endpoint(&self) -> Endpoint {
        self.server.endpoint()
    }

    fn document(&self, binding: &Binding, shown: bool) -> Value {
        let Endpoint { address, port } = self.endpoint();
        json!({"binding": binding.name, "instance": self.instance.id, "address": address, "port": port,
               "from": self.server.description, "to": self.mark, "shown": shown})
    }
}

/// The entries of the instances that were asked for, without those that are ours already; or all that is against it.
fn entries(
    binding: &Binding,
    deployment: &Deployment,
    topology: &Topology,
    asked: &[String],
) -> Result<Vec<Entry>, CliError> {
    let (mut entries, mut wrong): (Vec<Entry>, Vec<String>) = (Vec::new(), Vec::new());
    for text in asked {
        let subject = Subject::parse(text)?;
        match find(binding, topology, &subject).and_then(|instance| entry(binding, deployment, topology, instance)) {
            Ok(Some(entry)) if entries.iter().all(|known| known.endpoint() != entry.endpoint()) => entries.push(entry),
            Ok(_) => {}
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() { Ok(entries) } else { Err(CliError::Failed(wrong.join(" "))) }
}

/// The entry of an instance; nothing if it is ours already.
fn entry(
    binding: &Binding,
    deployment: &Deployment,
    topology: &Topology,
    instance: Instance,
) -> Result<Option<Entry>, String> {
    let (id, name) = (&instance.id, &binding.name);
    if !desired::selected(binding, topology).any(|(_, wanted)| wanted.id == *id) {
        return Err(format!("{id} has not the tags of {name}, so a run would remove it: tag it first."));
    }
    let Some(servers) = topology.servers.get() else {
        let why = topology.servers.why_unknown().map(|why| why.to_string()).unwrap_or_default();
        return Err(format!("not known: the members of {name}: {why}."));
    };
    let Some(address) = instance.address else { return Err(format!("{id} has no address yet.")) };
    let endpoint = Endpoint { address, port: binding.server_group.port };
    let Some(server) = servers.iter().find(|server| server.endpoint() == endpoint) else {
        return Err(format!("{endpoint} of {id} is no member, so there is nothing to take over: a run registers it."));
    };
    if deployment.read_member(name, &server.description).is_some() {
        return Ok(None);
    }
    if server.description.starts_with("albridge/") {
        let other = &server.description;
        return Err(format!("{endpoint} of {id} belongs to another binding or deployment, by its mark {other}."));
    }
    if !server.remote {
        return Err(format!(
            "{endpoint} of {id} is registered without Remote IP, which cannot be changed: remove it by hand, and a run adds it."
        ));
    }
    if server.status != ServerStatus::Available {
        return Err(format!("{endpoint} of {id} is {}: try again when it is Available.", server.status));
    }
    let mark = deployment.member(name, id, MemberState::Serving);
    Ok(Some(Entry { server: server.clone(), mark, instance }))
}

fn text(binding: &Binding, entries: &[Entry]) -> Text {
    let name = &binding.name;
    if entries.is_empty() {
        return Text::from(Line::styled(Style::Strong, format!("{name}: nothing to take over, they are ours already")));
    }
    let count = counted(entries.len(), "member");
    let mut text = Text::from(Line::styled(Style::Strong, format!("{name}: {count} to take over")));
    for entry in entries {
        let Entry { instance, server, mark } = entry;
        let (id, endpoint) = (&instance.id, entry.endpoint());
        let from = if server.description.is_empty() { "none" } else { &server.description };
        let line = Line::new("  ").then_styled(Style::Good, "~");
        text.line(line.then(format!(" {id} at {endpoint}: description {from} -> {mark}")).hanging(6));
        let (weight, wanted) = (server.weight, binding.server_group.weight);
        if weight != wanted {
            text.line(format!("      weight {weight} stays; the next run sets it to {wanted}"));
        }
    }
    text.line("  From then on runs look after them: weight, drain, and removal when the instance leaves.");
    text
}

/// The group's id, if every entry is as it was shown.
async fn unchanged(host: &Host, binding: &Binding, entries: &[Entry]) -> Result<String, CliError> {
    let topology = look(host, binding).await;
    let mark = host.settings().deployment.tag(&binding.name, Role::ServerGroup);
    let group = topology.server_group(&mark, &binding.server_group.name);
    let (Some(group), Some(servers)) = (group, topology.servers.get()) else {
        return Err(CliError::Failed(
            "not known: the members cannot be read any more; nothing was changed.".to_owned(),
        ));
    };
    match entries.iter().find(|entry| !servers.contains(&entry.server)) {
        None => Ok(group.id.to_string()),
        Some(entry) => Err(CliError::Failed(format!(
            "{} is not as it was when it was shown, so nothing was changed: try again.",
            entry.endpoint()
        ))),
    }
}

async fn look(host: &Host, binding: &Binding) -> Topology {
    let cloud = Cloud::new(host.client().clone(), binding, "");
    stage::observe(&cloud, binding, &host.settings().deployment, Needs::MEMBERS).await
}

async fn write(host: &Host, binding: &Binding, group: &str, entries: &[Entry]) -> Result<(), CliError> {
    let cloud = Cloud::new(host.client().clone(), binding, "");
    let failed = |error: openapi::Error| {
        let name = &binding.name;
        // The marks are what this stage writes.
        let remedy = stage::remedy_of_write(&error, StageName::BackendServers);
        let remedy = remedy.map(|remedy| format!(" {remedy}")).unwrap_or_default();
        let error = error.to_string();
        let error = error.trim_end_matches('.');
        CliError::Failed(format!(
            "The members cannot be marked: {error}.{remedy} `albridge plan {name}` shows which are."
        ))
    };
    let client = cloud.client_for(Side::Alb).await.map_err(failed)?;
    for some in entries.chunks(SERVERS_PER_CALL) {
        let servers = some.iter().map(|entry| alb::ServerUpdate {
            server_type: "Ip".to_owned(),
            server_id: entry.server.address.to_string(),
            server_ip: Some(entry.server.address.to_string()),
            port: entry.server.port,
            weight: Some(entry.server.weight),
            description: Some(entry.mark.clone()),
        });
        let update = alb::UpdateServerGroupServersAttribute {
            server_group_id: group.to_owned(),
            servers: servers.collect(),
            client_token: Some(host.clock().uuid()),
            ..Default::default()
        };
        client.call(binding.alb.region.as_str(), &update).await.map_err(failed)?;
    }
    Ok(())
}

/// Whether a reading shows every mark, and that the cloud is done with the entries, after a while.
async fn is_shown(host: &Host, binding: &Binding, entries: &[Entry]) -> bool {
    let end = host.clock().now().checked_add(SHOWN).unwrap_or(jiff::Timestamp::MAX);
    loop {
        let topology = look(host, binding).await;
        let servers = topology.servers.get();
        let shows = |entry: &Entry| {
            servers.into_iter().flatten().any(|server| {
                server.endpoint() == entry.endpoint()
                    && server.description == entry.mark
                    && server.status == ServerStatus::Available
            })
        };
        if entries.iter().all(shows) {
            return true;
        }
        if host.clock().now() >= end {
            return false;
        }
        host.clock().sleep(LOOK).await;
    }
}
