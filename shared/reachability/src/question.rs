//! The question that this crate answers: whether packets pass between a load balancer and a backend.

use ipnet::Ipv4Net;
use onboarding::ids::VpcId;
use onboarding::topology::{Instance, Topology};
use onboarding::{Binding, Deployment};

/// Does this instance get the load balancer's packets, and do its answers come back?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is known of the network.
    pub topology: &'a Topology,
    /// Prefixes that the load balancer sends from: its vSwitches' (upgraded) or the back-to-origin ones (classic).
    pub sources: &'a [Ipv4Net],
    /// The load balancer's VPC.
    pub load_balancer_vpc: &'a VpcId,
    /// The backend, at the address that is asked about ([`Instance::at`]).
    pub instance: &'a Instance,
    /// The service's port first, then the health check's where it is another.
    pub ports: &'a [u16],
    /// The binding that the question is about. Without it only the network is checked, and remedies that depend on the binding are
    /// tasks for a person.
    pub wish: Option<Wish<'a>>,
}

/// What many instances are asked about at once: a [`Question`] without the instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) load_balancer_vpc: &'a VpcId,
    pub(crate) sources: &'a [Ipv4Net],
    pub(crate) ports: &'a [u16],
    pub(crate) wish: Option<Wish<'a>>,
}

/// A binding, and the deployment that serves it: they say which listener and server group are meant, and which resources are ours.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Whose marks count as ours.
    pub deployment: &'a Deployment,
    /// The binding.
    pub binding: &'a Binding,
}
