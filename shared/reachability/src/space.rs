//! Sets of packets: a prefix and a range of ports, and what is left when some are taken away.

use ipnet::Ipv4Net;

/// Packets of one prefix and one inclusive range of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packets {
    /// Their prefix.
    pub(crate) net: Ipv4Net,
    /// First and last port.
    pub(crate) ports: (u16, u16),
}

impl Packets {
    /// Those that are also in `other`.
    pub(crate) fn overlap(self, other: Self) -> Option<Self> {
        let net = overlap(self.net, other.net)?;
        let ports = (self.ports.0.max(other.ports.0), self.ports.1.min(other.ports.1));
        (ports.0 <= ports.1).then_some(Self { net, ports })
    }

    /// Those that are not in `other`.
    pub(crate) fn minus(self, other: Self) -> Vec<Self> {
        let Some(common) = self.overlap(other) else { return vec![self] };
        let mut rest: Vec<Self> =
            difference(self.net, common.net).into_iter().map(|net| Self { net, ports: self.ports }).collect();
        if common.ports.0 > self.ports.0 {
            rest.push(Self { net: common.net, ports: (self.ports.0, common.ports.0 - 1) });
        }
        if common.ports.1 < self.ports.1 {
            rest.push(Self { net: common.net, ports: (common.ports.1 + 1, self.ports.1) });
        }
        rest
    }
}

/// The smaller of two prefixes that overlap.
fn overlap(one: Ipv4Net, other: Ipv4Net) -> Option<Ipv4Net> {
    if one.contains(&other) {
        Some(other)
    } else if other.contains(&one) {
        Some(one)
    } else {
        None
    }
}

/// `whole` without `part`, which lies in it: the sibling at every level between the two.
fn difference(whole: Ipv4Net, part: Ipv4Net) -> Vec<Ipv4Net> {
    let mut rest = Vec::new();
    let mut around = part;
    while around.prefix_len() > whole.prefix_len() {
        if let Some(sibling) = around.supernet().and_then(|up| up.subnets(around.prefix_len()).ok()) {
            rest.extend(sibling.filter(|half| *half != around.trunc()));
        }
        let Some(up) = around.supernet() else { break };
        around = up;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packets() -> impl Strategy<Value = Packets> {
        (0_u32..16, 28_u8..=32, 0_u16..8, 0_u16..8).prop_map(|(address, length, from, more)| Packets {
            net: Ipv4Net::new(address.into(), length).unwrap().trunc(),
            ports: (from, from + more),
        })
    }

    fn holds(packets: Packets, address: u32, port: u16) -> bool {
        packets.net.contains(&std::net::Ipv4Addr::from(address)) && (packets.ports.0..=packets.ports.1).contains(&port)
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_was_not_taken(one in packets(), other in packets()) {
            let rest = one.minus(other);
            for address in 0..16 {
                for port in 0..16 {
                    let expected = holds(one, address, port) && !holds(other, address, port);
                    let found = rest.iter().filter(|part| holds(**part, address, port)).count();
                    prop_assert_eq!(found, usize::from(expected));
                }
            }
        }
    }
}
