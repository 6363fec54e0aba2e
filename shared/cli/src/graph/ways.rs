//! Adds the paths of packets to a picture: every hop at its box and line, and the fault where packets are dropped.

use std::collections::BTreeSet;

use onboarding::ids::VpcId;
use onboarding::topology::Instance;
use onboarding::{Code, Reason};
use reachability::{Direction as List, Explanation, Hop, Path};

use super::model::{Direction, End, Key, Leaf, Picture, Row, State, Stop, Way};

/// Whose ways they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trip<'a> {
    /// The load balancer's VPC.
    pub(crate) balancer: &'a VpcId,
    /// The instance.
    pub(crate) instance: &'a Instance,
    /// What was found out.
    pub(crate) explanation: &'a Explanation,
}

impl Trip<'_> {
    /// The tags of all lines that decide something.
    pub(crate) fn tags(&self) -> BTreeSet<String> {
        let Explanation { front, forward, back, .. } = self.explanation;
        let hops = front.iter().chain([forward, back]).flat_map(|path| &path.hops);
        hops.map(|hop| self.place(hop).1).filter(|tag| !tag.is_empty()).collect()
    }

    /// Draws both ways. Where the load balancer sends nothing, the way that packets would take is drawn none the less.
    pub(crate) fn draw(&self, picture: &mut Picture) {
        let Explanation { front, forward, back, .. } = self.explanation;
        let mut start = Vec::new();
        if let Some(front) = front {
            let way = self.way(picture, Direction::Forward, front, Vec::new(), 0);
            if front.fault.is_some() {
                picture.ways.push(way);
            } else {
                start = way.stops;
            }
        }
        let passed = front.as_ref().map_or(0, |front| front.hops.len());
        if start.is_empty() {
            start.push(Stop { key: Key::Sources, row: None, label: String::new() });
        }
        let way = self.way(picture, Direction::Forward, forward, start, passed);
        picture.ways.push(way);
        let (key, id) = (Key::VSwitch(self.instance.vswitch.to_string()), self.instance.id.as_str());
        let start = vec![Stop { row: row_of(picture, &key, id), key, label: String::new() }];
        let way = self.way(picture, Direction::Return, back, start, 0);
        picture.ways.push(way);
    }

    /// A way that begins with `stops`, after `passed` hops.
    fn way(
        &self,
        picture: &mut Picture,
        direction: Direction,
        path: &Path,
        mut stops: Vec<Stop>,
        passed: usize,
    ) -> Way {
        for (number, hop) in (passed + 1..).zip(&path.hops) {
            let (key, tag) = self.place(hop);
            let row = row_of(picture, &key, &tag);
            stop(&mut stops, key, row, number);
        }
        let end = match &path.fault {
            None => End::Arrives,
            Some(fault) => self.fault(picture, &mut stops, &fault.reason),
        };
        Way { direction, stops, end }
    }

    /// Marks the box where packets end; where no hop of the way is known, the one that the reason names.
    fn fault(&self, picture: &mut Picture, stops: &mut Vec<Stop>, fault: &Reason) -> End {
        let absent = (fault.code == Code::ServerGroupMissing).then_some(Key::ServerGroup);
        let reached = stops.last().filter(|stop| !stop.label.is_empty()).map(|stop| stop.key.clone());
        let names = |leaf: &&Leaf| leaf.names.contains(&fault.resource);
        let key = absent
            .or(reached)
            .or_else(|| picture.leaves().find(names).map(|leaf| leaf.key.clone()))
            .or_else(|| stops.last().map(|stop| stop.key.clone()))
            .unwrap_or(Key::Listener);
        let unknown = matches!(fault.code, Code::Unread | Code::NotAsked);
        let (state, sign) = if unknown { (State::Unknown, "?") } else { (State::Fault, "✕") };
        let text = format!("{sign} {}", fault.code);
        if let Some(leaf) = picture.leaves_mut().find(|leaf| leaf.key == key) {
            let known = leaf.rows.iter().position(|row| row.text == text);
            let row = known.unwrap_or_else(|| {
                leaf.rows.push(Row { tag: String::new(), text, state });
                leaf.rows.len() - 1
            });
            stops.push(Stop { key, row: Some(row), label: String::new() });
        }
        let code = fault.code.to_string();
        if unknown { End::Unknown(code) } else { End::Dies(code) }
    }

    /// The box and the line of a hop.
    fn place(&self, hop: &Hop) -> (Key, String) {
        match hop {
            Hop::Listener { .. } => (Key::Listener, String::new()),
            Hop::ServerGroup { .. } => (Key::ServerGroup, String::new()),
            Hop::Server { member, .. } => (Key::ServerGroup, member.to_string()),
            Hop::VpcTable { table, route, .. } => {
                (Key::Table(table.to_string()), route.as_ref().map_or_else(String::new, |route| route.id.to_string()))
            }
            Hop::Attachment { vpc, .. } => (Key::Attachment(vpc.to_string()), String::new()),
            Hop::TransitTable { table, entry, .. } => {
                let tag = entry.as_ref().map_or_else(String::new, |entry| format!("{table} {}", entry.destination));
                (Key::Table(table.to_string()), tag)
            }
            Hop::Peer { from, to, .. } => (Key::peer(from.as_str(), to.as_str()), String::new()),
            Hop::NetworkAcl { acl, direction, prefix, entry, .. } => {
                let list = match direction {
                    List::Ingress => "ingress",
                    List::Egress => "egress",
                };
                // At the backend a hop names the load balancer's prefix, at the load balancer the backend's.
                let own = self.instance.address.is_some_and(|address| prefix.contains(&address));
                let vpc = if own { self.balancer } else { &self.instance.vpc };
                let tag = entry.map_or_else(String::new, |entry| format!("{list} {entry}"));
                (Key::Acl(vpc.to_string(), acl.to_string()), tag)
            }
            Hop::SecurityGroup { groups, rule, .. } => {
                let group = rule.as_ref().map(|rule| &rule.group).or_else(|| groups.first());
                let key = group
                    .map_or_else(|| Key::VSwitch(self.instance.vswitch.to_string()), |id| Key::Group(id.to_string()));
                (key, rule.as_ref().map_or_else(String::new, |rule| rule.id.to_string()))
            }
            Hop::Deliver { vpc, vswitch: Some(vswitch), .. } if vpc == &self.instance.vpc => {
                (Key::VSwitch(vswitch.to_string()), self.instance.id.to_string())
            }
            Hop::Deliver { vswitch, .. } => {
                (Key::Sources, vswitch.as_ref().map_or_else(String::new, ToString::to_string))
            }
        }
    }
}

fn row_of(picture: &Picture, key: &Key, tag: &str) -> Option<usize> {
    if tag.is_empty() {
        return None;
    }
    picture.leaf(key)?.rows.iter().position(|row| row.tag == tag)
}

/// Adds a stop; hops that follow one another at the same line share one.
fn stop(stops: &mut Vec<Stop>, key: Key, row: Option<usize>, number: usize) {
    if let Some(last) = stops.last_mut()
        && last.key == key
        && last.row == row
        && !last.label.is_empty()
    {
        let first = last.label.split('–').next().unwrap_or_default().to_owned();
        last.label = format!("{first}–{number}");
        return;
    }
    stops.push(Stop { key, row, label: number.to_string() });
}
