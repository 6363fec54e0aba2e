//! What a load balancer does with one request: which server gets it, and whether it arrives.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::dataplane::{Forwarder, Source, Verdict};
use crate::services::alb::health::is_healthy;
use crate::state::alb::Policy;
use crate::state::alb::listener::Listener;
use crate::state::alb::load_balancer::LoadBalancer;
use crate::state::alb::server::Server;
use crate::state::alb::server_group::ServerGroup;
use crate::world::World;

/// A request that arrives at a load balancer.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The load balancer, by id or by its DNS name.
    pub load_balancer: &'a str,
    /// The port at which it arrived.
    pub port: u16,
    /// The `Host` header, with or without a port.
    pub host: Option<&'a str>,
    /// The number of earlier requests: the index for the round robin.
    pub turn: u64,
    /// Whether the request carries `ALICLOUD-ALB-TRACE`, the mark of one that an ALB has forwarded already.
    pub looped: bool,
}

/// What a load balancer does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The instance's web server answers it.
    Forward {
        /// The server group that it is a server of.
        server_group: String,
        /// The instance that holds the address.
        instance: String,
        /// Where the request is sent.
        address: Ipv4Addr,
        /// The server's port.
        port: u16,
    },
    /// The load balancer answers it itself.
    Reply {
        /// The HTTP status.
        status: u16,
        /// Why, in a sentence for the emulator's user; the real one shows only the status.
        reason: String,
    },
    /// There is no listener: the connection is refused.
    Closed,
}

/// A port that a load balancer listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frontend {
    /// The load balancer's id.
    pub load_balancer: String,
    /// Its region.
    pub region: String,
    /// Its VPC.
    pub vpc: String,
    /// Its DNS name.
    pub dns_name: String,
    /// The listener's id.
    pub listener: String,
    /// `HTTP`, `HTTPS` or `QUIC`.
    pub protocol: String,
    /// The port.
    pub port: u16,
}

impl World {
    /// Settings of load balancers that depend on when they were created.
    #[must_use]
    pub const fn alb_policy(&self) -> Policy {
        self.alb.policy
    }

    /// Changes how load balancers behave; the generation of those that exist stays.
    pub const fn set_alb_policy(&mut self, policy: Policy) {
        self.alb.policy = policy;
    }

    /// Every port that accepts requests at `now`.
    #[must_use]
    pub(crate) fn frontends(&self, now: Timestamp) -> Vec<Frontend> {
        let serving = self.alb.listeners.values().filter(|listener| listener.is_serving(now));
        serving
            .filter_map(|listener| {
                let lb = self.alb.load_balancers.get(&listener.load_balancer).filter(|lb| lb.is_serving(now))?;
                Some(Frontend {
                    load_balancer: lb.id.clone(),
                    region: lb.region.clone(),
                    vpc: lb.vpc.clone(),
                    dns_name: lb.dns_name.clone(),
                    listener: listener.id.clone(),
                    protocol: listener.protocol.clone(),
                    port: listener.port,
                })
            })
            .collect()
    }

    /// Every load balancer's id and DNS name, whether it serves yet or not.
    #[must_use]
    pub fn load_balancers(&self) -> Vec<(String, String)> {
        self.alb.load_balancers.values().map(|lb| (lb.id.clone(), lb.dns_name.clone())).collect()
    }

    /// Decides what happens to a request at `now`.
    pub fn route(&mut self, now: Timestamp, request: Request<'_>) -> Decision {
        self.settle(now);
        let alb = &self.alb;
        let known = |lb: &&LoadBalancer| lb.id == request.load_balancer || lb.dns_name == request.load_balancer;
        let Some(lb) = alb.load_balancers.values().find(known).filter(|lb| lb.is_serving(now)) else {
            return Decision::Closed;
        };
        let open = |listener: &&Listener| {
            listener.load_balancer == lb.id && listener.port == request.port && listener.is_serving(now)
        };
        let Some(listener) = alb.listeners.values().find(open) else { return Decision::Closed };
        if request.looped {
            return reply(463, "the request has come through an ALB before");
        }
        if alb.policy.refuse_own_name && lb.refuses_own_name() && names(request.host, &lb.dns_name) {
            return reply(403, "this load balancer's own name cannot be used directly: point a domain name at it");
        }
        let group = alb.server_groups.get(&listener.server_group);
        let Some((group, server)) = group.and_then(|group| Some((group, pick(self, now, lb, group, request.turn)?)))
        else {
            return reply(503, "the server group has no server to forward to");
        };
        self.forward(now, lb, group, server, request.turn)
    }

    fn forward(&self, now: Timestamp, lb: &LoadBalancer, group: &ServerGroup, server: &Server, turn: u64) -> Decision {
        let sources = lb.sources();
        let Some(address) = nth(&sources, turn) else { return reply(503, "the load balancer has no address") };
        let source = Source { vpc: &lb.vpc, address: *address };
        match Forwarder::new(self, now).verdict(source, server.address, server.port) {
            Verdict::Answered { instance } => Decision::Forward {
                server_group: group.id.clone(),
                instance,
                address: server.address,
                port: server.port,
            },
            Verdict::Refused { instance } => reply(502, format!("{instance} does not listen on port {}", server.port)),
            Verdict::Lost(fault) => reply(504, format!("no answer from {}:{}: {fault}", server.address, server.port)),
        }
    }
}

fn reply(status: u16, reason: impl Into<String>) -> Decision {
    Decision::Reply { status, reason: reason.into() }
}

/// Whether a `Host` header is this name.
fn names(host: Option<&str>, name: &str) -> bool {
    host.and_then(|host| host.split(':').next()).is_some_and(|host| host.eq_ignore_ascii_case(name))
}

/// The next server, by weight: among the healthy ones, or among all if none is healthy (ALB fails open, section 0.8);
/// never a server of weight 0. All schedulers are emulated as weighted round robin.
fn pick<'a>(world: &World, now: Timestamp, lb: &LoadBalancer, group: &'a ServerGroup, turn: u64) -> Option<&'a Server> {
    let ready: Vec<_> = group
        .servers
        .iter()
        .filter(|(_, server)| server.weight > 0 && server.status.get(now).takes_requests())
        .collect();
    let healthy: Vec<_> =
        ready.iter().filter(|(key, _)| is_healthy(world, now, &lb.id, group, key)).map(|(_, server)| *server).collect();
    let among = if healthy.is_empty() { ready.into_iter().map(|(_, server)| server).collect() } else { healthy };
    // In lowest terms, so that equal weights alternate.
    let unit = among.iter().map(|server| server.weight).fold(0, greatest_common_divisor).max(1);
    let total: u64 = among.iter().map(|server| u64::from(server.weight / unit)).sum();
    let mut place = turn.checked_rem(total)?;
    among.into_iter().find(|server| {
        let share = u64::from(server.weight / unit);
        let here = place < share;
        place = place.saturating_sub(share);
        here
    })
}

const fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn nth<T>(items: &[T], turn: u64) -> Option<&T> {
    let index = turn.checked_rem(u64::try_from(items.len()).ok()?)?;
    items.get(usize::try_from(index).ok()?)
}
