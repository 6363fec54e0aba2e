//! Longest-prefix match for a whole prefix: all addresses of it must match the same entry.

use ipnet::Ipv4Net;
use onboarding::ids::AttachmentId;
use onboarding::topology::{NextHop, TransitRoute, TransitRouteStatus, VpcRoute, VpcRouteStatus};

/// An entry of a route table.
pub(crate) trait Entry {
    /// Where an entry leads.
    type Next: PartialEq;
    /// Where it applies.
    fn destination(&self) -> Ipv4Net;
    /// Its status, as the cloud words it.
    fn status(&self) -> &str;
    /// Whether it is in effect.
    fn settled(&self) -> bool;
    /// Where it leads.
    fn next(&self) -> &Self::Next;
    /// Which of two entries with the same destination wins: the greater.
    fn precedence(&self) -> bool;
}

impl Entry for VpcRoute {
    type Next = NextHop;

    fn destination(&self) -> Ipv4Net {
        self.destination
    }

    fn status(&self) -> &str {
        self.status.as_str()
    }

    fn settled(&self) -> bool {
        self.status == VpcRouteStatus::Available
    }

    fn next(&self) -> &NextHop {
        &self.next_hop
    }

    fn precedence(&self) -> bool {
        self.next_hop == NextHop::Local
    }
}

impl Entry for TransitRoute {
    type Next = Option<AttachmentId>;

    fn destination(&self) -> Ipv4Net {
        self.destination
    }

    fn status(&self) -> &str {
        self.status.as_str()
    }

    fn settled(&self) -> bool {
        self.status == TransitRouteStatus::Active
    }

    fn next(&self) -> &Option<AttachmentId> {
        &self.next_hop
    }

    fn precedence(&self) -> bool {
        // A static entry wins over a propagated one (cloud-apis.md section 10).
        !self.propagated
    }
}

/// What a table does with a prefix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a, E> {
    /// No entry matches any address of it.
    Nothing,
    /// All addresses match this entry.
    One(&'a E),
    /// Only the addresses of this entry match it; the rest matches another entry, or none.
    Split(&'a E),
}

/// Looks a prefix up among the settled entries.
pub(crate) fn longest<E: Entry>(entries: &[E], asked: Ipv4Net) -> Found<'_, E> {
    let settled = || entries.iter().filter(|entry| entry.settled());
    let around = settled()
        .filter(|entry| entry.destination().contains(&asked))
        .max_by_key(|entry| (entry.destination().prefix_len(), entry.precedence()));
    let inside: Vec<&E> =
        settled().filter(|entry| entry.destination() != asked && asked.contains(&entry.destination())).collect();
    let Some(&first) = inside.first() else { return around.map_or(Found::Nothing, Found::One) };

    let covered = Ipv4Net::aggregate(&inside.iter().map(|entry| entry.destination()).collect()).contains(&asked);
    let leader = if covered { Some(first) } else { around };
    let stray = inside.iter().find(|entry| leader.is_none_or(|leader| leader.next() != entry.next()));
    match (leader, stray) {
        (_, Some(stray)) => Found::Split(stray),
        (Some(leader), None) => Found::One(leader),
        (None, None) => Found::Nothing,
    }
}

/// The entry that would match if it were in effect.
pub(crate) fn unsettled<E: Entry>(entries: &[E], asked: Ipv4Net) -> Option<&E> {
    entries
        .iter()
        .filter(|entry| !entry.settled() && entry.destination().contains(&asked))
        .max_by_key(|entry| entry.destination().prefix_len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(destination: &str, next: Option<&str>, propagated: bool, status: &str) -> TransitRoute {
        TransitRoute {
            id: None,
            destination: destination.parse().unwrap(),
            next_hop: next.map(AttachmentId::from),
            propagated,
            status: status.into(),
            description: String::new(),
        }
    }

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_settled_prefix_wins_and_static_beats_learned() {
        let routes = [
            route("10.0.0.0/8", Some("far"), true, "Active"),
            route("10.1.0.0/16", Some("learned"), true, "Active"),
            route("10.1.0.0/16", Some("static"), false, "Active"),
            route("10.1.1.0/24", Some("rejected"), false, "Rejected"),
        ];
        assert_eq!(longest(&routes, net("10.1.1.1/32")), Found::One(&routes[2]));
        assert_eq!(longest(&routes, net("10.2.0.0/16")), Found::One(&routes[0]));
        assert_eq!(longest(&routes, net("11.0.0.0/16")), Found::Nothing);
        assert_eq!(unsettled(&routes, net("10.1.1.1/32")), Some(&routes[3]));
    }

    #[test]
    fn a_longer_entry_that_leads_elsewhere_splits_a_prefix() {
        let same = [route("10.0.0.0/8", Some("a"), true, "Active"), route("10.0.1.0/24", Some("a"), true, "Active")];
        assert_eq!(longest(&same, net("10.0.0.0/16")), Found::One(&same[0]));
        let other = [route("10.0.0.0/8", Some("a"), true, "Active"), route("10.0.1.0/24", None, false, "Active")];
        assert_eq!(longest(&other, net("10.0.0.0/16")), Found::Split(&other[1]));
    }

    #[test]
    fn halves_that_lead_the_same_way_make_a_whole() {
        let halves =
            [route("10.0.0.0/25", Some("a"), true, "Active"), route("10.0.0.128/25", Some("a"), true, "Active")];
        assert_eq!(longest(&halves, net("10.0.0.0/24")), Found::One(&halves[0]));
        assert_eq!(longest(&halves[..1], net("10.0.0.0/24")), Found::Split(&halves[0]));
    }
}
