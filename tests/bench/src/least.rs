//! The least calls that a story can do with, from the numbers of its world alone: each needed listing read once, in pages as
//! large as they come; each write sent once, in batches as large as they come; for each change that takes time one look that
//! shows its end. Nothing of this is read from the stages.
//!
//! What is needed, and why, one line a call:
//!
//! - the store, by each function that runs (they share no memory);
//! - the load balancer with its addresses, its listeners, and who is healthy behind each of ours;
//! - the groups of the region (whose is which is in their tags), and the members of each of ours;
//! - both VPCs with their vSwitches, tables and routes, and network ACLs where there are any;
//! - the CEN, its bandwidth plans, its routers, the tables, associations, propagations and entries of each, attachments and
//!   connections (a connection is listed on the side that it was made from, so both are asked), the service and its role;
//! - the instances and interfaces of the backends' VPC, their security groups and the rules.

use std::collections::BTreeMap;

use local::Generation;

use bench_albridge::worlds::Size;

/// Rows of a page at most (reference/cloud-apis.md section 1).
pub const INSTANCES_PER_PAGE: usize = 100;
pub const INTERFACES_PER_PAGE: usize = 500;
pub const SERVERS_PER_PAGE: usize = 100;
pub const UNHEALTHY_PER_PAGE: usize = 30;
const GROUPS_PER_PAGE: usize = 100;
const LISTENERS_PER_PAGE: usize = 100;
/// Load balancers that one ListListeners may name.
const BALANCERS_PER_FILTER: usize = 20;
/// Servers that one AddServersToServerGroup may name (section 4).
pub const SERVERS_PER_CALL: usize = 200;

/// Regions, and with them VPCs and transit routers.
const REGIONS: usize = 2;

/// Calls by action.
pub type Calls = BTreeMap<&'static str, usize>;

fn pages(rows: usize, size: usize) -> usize {
    rows.div_ceil(size).max(1)
}

/// Readings of the network and of the instances; their interfaces are in so many security groups.
fn network(instances: usize, groups: usize) -> Calls {
    Calls::from([
        ("DescribeVpcAttribute", REGIONS),
        ("DescribeVSwitches", REGIONS),
        ("DescribeRouteTableList", REGIONS),
        ("DescribeRouteEntryList", REGIONS),
        ("CheckTransitRouterService", 1),
        ("GetRole", 1),
        ("DescribeCens", 1),
        ("DescribeCenBandwidthPackages", 1),
        ("ListTransitRouterAvailableResource", REGIONS),
        ("ListTransitRouters", 1),
        ("ListTransitRouterRouteTables", REGIONS),
        ("ListTransitRouterRouteTableAssociations", REGIONS),
        ("ListTransitRouterRouteTablePropagations", REGIONS),
        ("ListTransitRouterRouteEntries", REGIONS),
        ("ListTransitRouterVpcAttachments", REGIONS),
        ("ListTransitRouterPeerAttachments", REGIONS),
        ("DescribeInstances", pages(instances, INSTANCES_PER_PAGE)),
        ("DescribeNetworkInterfaces", pages(instances, INTERFACES_PER_PAGE)),
        ("DescribeSecurityGroups", pages(groups, GROUPS_PER_PAGE)),
        ("DescribeSecurityGroupAttribute", groups),
    ])
}

/// A drift check of a world in which all is in place.
pub fn drift(size: Size) -> Calls {
    let mut calls = network(size.instances, size.bindings.min(size.instances));
    let members: usize = (0..size.bindings).map(|binding| pages(size.members(binding), SERVERS_PER_PAGE)).sum();
    calls.extend([
        ("GetObject", 1),
        ("GetLoadBalancerAttribute", size.balancers()),
        (
            "ListListeners",
            pages(size.bindings, LISTENERS_PER_PAGE).max(size.balancers().div_ceil(BALANCERS_PER_FILTER)),
        ),
        ("ListServerGroups", pages(size.bindings, GROUPS_PER_PAGE)),
        ("ListServerGroupServers", members),
        ("GetListenerHealthStatus", size.bindings),
    ]);
    calls
}

/// Stages of a run beside dispatch.
const STAGES: usize = 11;

/// What a run costs before it does anything: the event (the store, the instance, the start), its turn (the store and the
/// unfinished runs), and the store in each stage.
fn run(events: usize) -> Calls {
    Calls::from([
        ("GetObject", 1 + 1 + STAGES),
        ("DescribeInstances", events.min(1)),
        ("StartExecution", 1),
        ("ListExecutions", 1),
    ])
}

fn add(to: &mut Calls, more: Calls) {
    for (action, count) in more {
        *to.entry(action).or_default() += count;
    }
}

/// Readings of the load balancer's side.
fn front() -> Calls {
    Calls::from([
        ("GetLoadBalancerAttribute", 1),
        ("ListListeners", 1),
        ("ListServerGroups", 1),
        ("ListServerGroupServers", 1),
        ("GetListenerHealthStatus", 1),
    ])
}

/// A cold onboarding of the procedure's instance.
pub fn cold(generation: Generation) -> Calls {
    let mut calls = run(1);
    add(&mut calls, network(1, 1));
    add(&mut calls, front());
    // An older load balancer shares its transit router with no other VPC's: that takes the listing of all.
    let (statics, listings) = match generation {
        Generation::Upgraded => (0, 0),
        Generation::Classic => (8, 1),
    };
    let links = 8;
    // The writes, and for what takes time the look that shows its end: one for each write of the CEN, which takes one at a time,
    // and one for each table of a VPC, which takes a batch.
    add(
        &mut calls,
        Calls::from([
            ("CreateServerGroup", 1),
            ("CreateListener", 1),
            ("CreateTransitRouterVpcAttachment", 2),
            ("CreateTransitRouterPeerAttachment", 1),
            ("AssociateTransitRouterAttachmentWithRouteTable", links / 2),
            ("EnableTransitRouterRouteTablePropagation", links / 2),
            ("CreateRouteEntries", REGIONS),
            ("CreateTransitRouterRouteEntry", statics),
            ("ListLoadBalancers", listings),
            ("AuthorizeSecurityGroup", 1),
            ("AddServersToServerGroup", 1),
            ("ListServerGroups", 1),
            ("ListListeners", 1),
            ("ListTransitRouterVpcAttachments", 2),
            ("ListTransitRouterPeerAttachments", 1),
            ("ListTransitRouterRouteTableAssociations", links / 2),
            ("ListTransitRouterRouteTablePropagations", links / 2),
            ("DescribeRouteEntryList", REGIONS),
            ("ListTransitRouterRouteEntries", REGIONS + statics),
            ("ListServerGroupServers", 1),
            ("GetListenerHealthStatus", 1),
        ]),
    );
    calls
}

/// So many more instances where everything is in place.
pub fn warm(count: usize) -> Calls {
    let mut calls = run(1);
    add(&mut calls, network(count + 2, 1));
    add(&mut calls, front());
    let batches = count.div_ceil(SERVERS_PER_CALL);
    let more = pages(count + 1, SERVERS_PER_PAGE);
    add(
        &mut calls,
        Calls::from([
            ("AddServersToServerGroup", batches),
            ("ListServerGroupServers", batches * more),
            ("GetListenerHealthStatus", 1),
        ]),
    );
    calls
}
