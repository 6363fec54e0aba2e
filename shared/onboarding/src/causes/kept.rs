//! The instances that a cause is about, and what it does to each: not every fault takes an instance out of service.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::ids::InstanceId;
use crate::ordered::sort_few;
use crate::words::are;

/// What a fault does to requests for an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// None arrives, or none is answered.
    #[default]
    NotServed,
    /// It is not known: its way goes where nothing was looked at.
    NotKnown,
    /// Packets to these ports are lost, others arrive: the health check asks another port than requests do.
    Ports(Vec<u16>),
    /// Packets of some of the load balancer's addresses are lost.
    InPart,
    /// Answers to some of the ports are lost that the load balancer opens connections from.
    SomePorts,
    /// Its health check fails. It gets no requests as long as another member is healthy; if none is, all get them.
    NotHealthy,
}

impl Effect {
    /// What is said of it, behind `is` or `are`.
    fn words(&self) -> String {
        match self {
            Self::NotServed => "not served".to_owned(),
            Self::NotKnown => "not known to be reachable".to_owned(),
            Self::Ports(ports) => {
                let named: Vec<String> = ports.iter().map(ToString::to_string).collect();
                let plural = if ports.len() == 1 { "" } else { "s" };
                format!("not reachable on port{plural} {}", named.join(" and "))
            }
            Self::InPart => "reachable from some of the ALB's addresses only".to_owned(),
            Self::SomePorts => "reachable from some of the ALB's ports only".to_owned(),
            Self::NotHealthy => "not healthy".to_owned(),
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An instance that is not served as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Its id.
    pub id: InstanceId,
    /// Its name.
    pub name: String,
    /// Whether it is a member of the server group.
    pub is_member: bool,
    /// The address that is meant, where that is not its primary one, or with the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
    /// The port that is meant, where it is not the only one of the instance or not the binding's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What becomes of its requests.
    #[serde(default, skip_serializing_if = "Effect::is_default")]
    pub effect: Effect,
}

impl Kept {
    /// `i-ecs1 (ECS1)`, or the id alone; with the address where that is not its primary one.
    #[must_use]
    pub fn named(&self) -> String {
        let named = if self.name.is_empty() || self.name == self.id.as_str() {
            self.id.to_string()
        } else {
            format!("{} ({})", self.id, self.name)
        };
        match (self.address, self.port) {
            (None, _) => named,
            (Some(address), None) => format!("{named} at {address}"),
            (Some(address), Some(port)) => format!("{named} at {address}:{port}"),
        }
    }
}

/// `i-ecs1 (ECS1), i-ecs2 and 2 more are not served; i-ecs5 is not healthy`: what becomes of each, with the first `most` names of each kind;
/// nothing if there are none.
#[must_use]
pub fn words(kept: &[Kept], most: usize) -> Option<String> {
    let mut effects: Vec<&Effect> = kept.iter().map(|kept| &kept.effect).collect();
    effects.dedup();
    sort_few(&mut effects, |one, other| one < other);
    effects.dedup();
    let of = |effect: &Effect| {
        let names: Vec<String> = kept.iter().filter(|kept| kept.effect == *effect).map(Kept::named).collect();
        let first = names.get(..most).unwrap_or(&names).join(", ");
        let more = match names.len().saturating_sub(most) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{first}{more} {} {}", are(names.len()), effect.words())
    };
    let said: Vec<String> = effects.into_iter().map(of).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(id: &str, effect: Effect) -> Kept {
        Kept { id: id.into(), name: String::new(), is_member: true, address: None, port: None, effect }
    }

    #[test]
    fn what_becomes_of_an_instance_is_said_as_it_is() {
        assert_eq!(words(&[], 3), None);
        let say = |kept: &[Kept]| words(kept, 2).unwrap();
        assert_eq!(say(&[kept("i-1", Effect::NotServed)]), "i-1 is not served");
        assert_eq!(say(&[kept("i-1", Effect::SomePorts)]), "i-1 is reachable from some of the ALB's ports only");
        assert_eq!(say(&[kept("i-1", Effect::Ports(vec![8081]))]), "i-1 is not reachable on port 8081");
        let some = [Effect::NotHealthy, Effect::NotServed, Effect::NotHealthy, Effect::NotHealthy, Effect::InPart];
        let all: Vec<Kept> = (1..).zip(some).map(|(number, effect)| kept(&format!("i-{number}"), effect)).collect();
        assert_eq!(
            say(&all),
            "i-2 is not served; i-5 is reachable from some of the ALB's addresses only; i-1, i-3 and 1 more are not healthy"
        );
    }
}
