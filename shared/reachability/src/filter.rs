//! Lists of rules in order of precedence, of which the first that matches a packet decides.

use ipnet::Ipv4Net;

use crate::space::Packets;

/// All ports.
pub(crate) const ALL_PORTS: (u16, u16) = (0, u16::MAX);

/// Which senders (or receivers) a rule is about.
#[derive(Debug, Clone)]
pub(crate) enum Who<'a> {
    /// These prefixes.
    Nets(&'a [Ipv4Net]),
    /// Not known, and why.
    Unread(String),
}

/// One rule, as far as packets are concerned.
#[derive(Debug, Clone)]
pub(crate) struct Rule<'a, L> {
    /// Whom it is about.
    pub(crate) who: Who<'a>,
    /// First and last port.
    pub(crate) ports: (u16, u16),
    /// Accept, or drop.
    pub(crate) accept: bool,
    /// What to call it.
    pub(crate) label: L,
}

/// What a list of rules does with some packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision<L> {
    /// Rules that accept some of them, in the order in which they are met.
    pub(crate) accepted: Vec<L>,
    /// Rules that drop some of them, each with whether a later rule would have accepted.
    pub(crate) dropped: Vec<(L, bool)>,
    /// Whether some are met by no rule.
    pub(crate) unmatched: bool,
    /// What would have to be read to be sure.
    pub(crate) unsure: Option<String>,
}

impl<L> Decision<L> {
    /// Whether every packet is accepted.
    pub(crate) const fn passes(&self) -> bool {
        self.dropped.is_empty() && !self.unmatched
    }
}

/// Takes the rules in order; each decides for the packets that none before it decided for.
pub(crate) fn decide<L: Copy>(rules: &[Rule<'_, L>], asked: Packets) -> Decision<L> {
    let mut decision = Decision { accepted: Vec::new(), dropped: Vec::new(), unmatched: false, unsure: None };
    let mut left = vec![asked];
    // An unread accept puts every later refusal in doubt, an unread drop every later acceptance.
    let (mut perhaps_accepted, mut perhaps_dropped) = (None, None);
    for (at, rule) in rules.iter().enumerate() {
        let nets = match &rule.who {
            Who::Nets(nets) => *nets,
            Who::Unread(why) => {
                let anywhere = Packets { net: asked.net, ports: rule.ports };
                if left.iter().any(|packets| packets.overlap(anywhere).is_some()) {
                    let doubt = if rule.accept { &mut perhaps_accepted } else { &mut perhaps_dropped };
                    doubt.get_or_insert_with(|| why.clone());
                }
                continue;
            }
        };
        for &net in nets {
            let taken = Packets { net, ports: rule.ports };
            let common: Vec<Packets> = left.iter().filter_map(|packets| packets.overlap(taken)).collect();
            if common.is_empty() {
                continue;
            }
            left = left.into_iter().flat_map(|packets| packets.minus(taken)).collect();
            if rule.accept {
                decision.accepted.push(rule.label);
                decision.unsure = decision.unsure.or_else(|| perhaps_dropped.clone());
            } else {
                let shadows = rules[at + 1..].iter().any(|later| later.accept && meets(later, &common));
                decision.dropped.push((rule.label, shadows));
                decision.unsure = decision.unsure.or_else(|| perhaps_accepted.clone());
            }
        }
        if left.is_empty() {
            break;
        }
    }
    decision.unmatched = !left.is_empty();
    if decision.unmatched {
        decision.unsure = decision.unsure.or(perhaps_accepted);
    }
    decision
}

fn meets<L>(rule: &Rule<'_, L>, packets: &[Packets]) -> bool {
    let Who::Nets(nets) = rule.who else { return false };
    nets.iter().any(|&net| packets.iter().any(|some| some.overlap(Packets { net, ports: rule.ports }).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "172.16.0.0/24";

    fn nets(text: &str) -> Vec<Ipv4Net> {
        text.split(' ').map(|net| net.parse().unwrap()).collect()
    }

    fn asked() -> Packets {
        Packets { net: ASKED.parse().unwrap(), ports: (80, 80) }
    }

    fn rule(nets: &[Ipv4Net], accept: bool, label: u8) -> Rule<'_, u8> {
        Rule { who: Who::Nets(nets), ports: (1, 100), accept, label }
    }

    #[test]
    fn two_halves_admit_the_whole() {
        let (low, high) = (nets("172.16.0.0/25"), nets("172.16.0.128/25"));
        let both = decide(&[rule(&low, true, 1), rule(&high, true, 2)], asked());
        assert!(both.passes());
        assert_eq!(both.accepted, [1, 2]);
        let one = decide(&[rule(&low, true, 1)], asked());
        assert!(!one.passes() && one.unmatched);
        assert_eq!(one.accepted, [1]);
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let whole = nets(ASKED);
        let shadowed = decide(&[rule(&whole, false, 1), rule(&whole, true, 2)], asked());
        assert_eq!(shadowed.dropped, [(1, true)]);
        assert!(shadowed.accepted.is_empty() && !shadowed.unmatched);
        assert!(decide(&[rule(&whole, true, 2), rule(&whole, false, 1)], asked()).passes());
    }

    #[test]
    fn an_unread_rule_matters_only_where_it_could_change_the_answer() {
        let whole = nets(ASKED);
        let unread = |accept| Rule { who: Who::Unread("pl-1".to_owned()), ports: ALL_PORTS, accept, label: 9 };
        assert_eq!(decide(&[unread(true), rule(&whole, true, 1)], asked()).unsure, None);
        assert_eq!(decide(&[unread(false), rule(&whole, true, 1)], asked()).unsure.as_deref(), Some("pl-1"));
        assert_eq!(decide(&[unread(true)], asked()).unsure.as_deref(), Some("pl-1"));
        assert_eq!(decide(&[unread(false)], asked()).unsure, None);
        assert_eq!(decide(&[rule(&whole, true, 1), unread(false)], asked()).unsure, None);
    }
}
