//! What a write changes, setting by setting: from what to what, and which of it is a default. Pure.

use serde::Serialize;

use crate::change::Write;
use crate::mark::MemberState;
use crate::topology::{Endpoint, Server, ServerGroupSettings, Topology};

/// One setting that a write sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What is there now; `None` if nothing is.
    pub from: Option<String>,
    /// What will be there.
    pub to: String,
    /// Whether it is what a binding gets that does not say anything else.
    pub is_default: bool,
}

impl Setting {
    /// `weight 50 -> 60`.
    #[must_use]
    pub fn moved(&self) -> String {
        format!("{} {} -> {}", self.name, self.from.as_deref().unwrap_or("none"), self.to)
    }
}

/// What a write alters, in a few words: `health check port 8081 -> 80`; empty if it alters no setting.
#[must_use]
pub fn moves(topology: &Topology, write: &Write) -> String {
    let settings = settings(topology, write);
    let moves: Vec<String> = settings.iter().filter(|setting| setting.from.is_some()).map(Setting::moved).collect();
    moves.join(", ")
}

/// The settings that a write sets: all of what it makes, and the different ones of what it changes.
#[must_use]
pub fn settings(topology: &Topology, write: &Write) -> Vec<Setting> {
    match write {
        Write::CreateServerGroup { settings, .. } => made(settings),
        Write::UpdateServerGroup { group, settings } => {
            let groups = topology.server_groups.get().into_iter().flatten();
            let have = groups.into_iter().find(|have| &have.id == group);
            have.map(|have| differing(&have.settings, settings)).unwrap_or_default()
        }
        Write::AddServer { weight, .. } => {
            vec![
                Setting { name: "weight", from: None, to: weight.to_string(), is_default: *weight == 100 },
                Setting { name: "Remote IP", from: None, to: "on".to_owned(), is_default: true },
            ]
        }
        Write::UpdateServer { address, port, weight, state, .. } => {
            let endpoint = Endpoint { address: *address, port: *port };
            let have = topology.servers.get().into_iter().flatten().find(|server| server.endpoint() == endpoint);
            have.map(|have| member(have, *weight, *state)).unwrap_or_default()
        }
        Write::Connect { mbps, package, .. } => {
            let billed = package.as_ref().map_or_else(|| "by traffic".to_owned(), ToString::to_string);
            vec![
                Setting { name: "bandwidth", from: None, to: format!("{mbps} Mbit/s"), is_default: false },
                Setting { name: "paid by", from: None, to: billed, is_default: false },
                Setting { name: "route publishing", from: None, to: "on".to_owned(), is_default: true },
            ]
        }
        Write::SetBandwidth { from, to, mbps } => {
            let have = topology.peer_attachment(from, to).and_then(|peer| peer.bandwidth);
            let text = |mbps: u32| format!("{mbps} Mbit/s");
            vec![Setting { name: "bandwidth", from: have.map(text), to: text(*mbps), is_default: false }]
        }
        Write::AttachVpc { .. } => {
            vec![Setting { name: "route publishing into the VPC", from: None, to: "off".to_owned(), is_default: true }]
        }
        Write::AllowIngress { rules, .. } => {
            let first = rules.first().map(|rule| rule.priority);
            first
                .map(|priority| Setting {
                    name: "priority",
                    from: None,
                    to: priority.to_string(),
                    is_default: priority == crate::binding::Security::default().priority,
                })
                .into_iter()
                .collect()
        }
        Write::ForwardListener { listener } => {
            let listeners = topology.listeners.get().into_iter().flatten();
            let have = listeners.into_iter().find(|have| &have.id == listener);
            let groups: Vec<String> =
                have.into_iter().flat_map(|have| &have.server_groups).map(ToString::to_string).collect();
            let from = (!groups.is_empty()).then(|| groups.join(", "));
            vec![Setting { name: "forwards to", from, to: "the server group".to_owned(), is_default: false }]
        }
        _ => Vec::new(),
    }
}

/// The differing settings of two server groups, the observed value first.
#[must_use]
pub(crate) fn differing(have: &ServerGroupSettings, wanted: &ServerGroupSettings) -> Vec<Setting> {
    let before = listed(have);
    let value = |name: &str| before.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let defaults = listed(&defaults());
    let wanted = listed(wanted).into_iter();
    wanted
        .map(|(name, to)| Setting { name, from: value(name), is_default: defaults.contains(&(name, to.clone())), to })
        .filter(|setting| setting.from.as_ref() != Some(&setting.to))
        .collect()
}

fn made(settings: &ServerGroupSettings) -> Vec<Setting> {
    let defaults = listed(&defaults());
    let listed = listed(settings).into_iter();
    listed
        .map(|(name, to)| Setting { name, from: None, is_default: defaults.contains(&(name, to.clone())), to })
        .collect()
}

/// The settings of a binding that says nothing about them.
fn defaults() -> ServerGroupSettings {
    ServerGroupSettings {
        protocol: "HTTP".to_owned(),
        scheduler: "Wrr".to_owned(),
        sticky: false,
        health_check: crate::binding::HealthCheckSpec::default().settings(),
        drain_seconds: Some(30),
    }
}

/// Every setting with its value, as far as it applies: a check that is off has no settings, and one by TCP no request.
fn listed(settings: &ServerGroupSettings) -> Vec<(&'static str, String)> {
    let on = |on: bool| if on { "on".to_owned() } else { "off".to_owned() };
    let seconds = |seconds: u32| format!("{seconds} s");
    let mut all = vec![
        ("protocol", settings.protocol.clone()),
        ("scheduler", settings.scheduler.clone()),
        ("session persistence", on(settings.sticky)),
        ("connection draining", settings.drain_seconds.map_or_else(|| on(false), seconds)),
        ("health check", on(settings.health_check.enabled)),
    ];
    let check = &settings.health_check;
    if !check.enabled {
        return all;
    }
    let port = if check.port == 0 { "the member's".to_owned() } else { check.port.to_string() };
    all.extend([("health check protocol", check.protocol.clone()), ("health check port", port)]);
    if check.protocol != "TCP" {
        let host = if check.host.is_empty() { "the member's address".to_owned() } else { check.host.clone() };
        let mut codes = check.codes.clone();
        codes.sort();
        all.extend([
            ("health check path", check.path.clone()),
            ("health check method", check.method.clone()),
            ("health check host", host),
            ("health check codes", codes.join(" ")),
        ]);
    }
    all.extend([
        ("health check interval", seconds(check.interval)),
        ("health check timeout", seconds(check.timeout)),
        ("health check up after", check.healthy_threshold.to_string()),
        ("health check down after", check.unhealthy_threshold.to_string()),
    ]);
    all
}

fn member(have: &Server, weight: u32, state: MemberState) -> Vec<Setting> {
    let mut settings = Vec::new();
    if have.weight != weight {
        let from = Some(have.weight.to_string());
        settings.push(Setting { name: "weight", from, to: weight.to_string(), is_default: false });
    }
    let before = have.description.rsplit_once('/').map_or("", |(_, last)| last);
    let note = match state {
        MemberState::Serving if is_note(before) => "none",
        MemberState::Serving => return settings,
        MemberState::Draining(_) => "drains",
        MemberState::Stopped(_) => "stopped",
        MemberState::Released(_) => "released",
    };
    let from = is_note(before).then(|| before.split('-').next().unwrap_or_default().to_owned());
    settings.push(Setting { name: "mark", from, to: note.to_owned(), is_default: false });
    settings
}

fn is_note(text: &str) -> bool {
    ["drain-", "stopped-", "released-"].iter().any(|mark| text.starts_with(mark))
}
