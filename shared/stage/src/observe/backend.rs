//! The backend side, one VPC at a time: its network, its instances with the interfaces that own their addresses, and the
//! security groups of the selected instances.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use onboarding::binding::Backend;
use onboarding::ids::{CenId, InstanceId, InterfaceId, NetworkAclId, PrefixListId, SecurityGroupId, VpcId};
use onboarding::ordered::Ordered;
use onboarding::topology::{Instance, InstanceStatus, Interface, Known, NetworkAcl, SecurityGroup, Topology, Vpc};
use openapi::{Action, Error, ecs};

use super::reader::Reader;
use super::{network, security, untagged};
use crate::cloud::Side;
use crate::needs::Needs;
use crate::readings::Reads;

/// What was read about one backend VPC.
pub(super) struct Seen {
    id: VpcId,
    vpc: Option<Known<Option<Vpc>>>,
    cens: BTreeSet<CenId>,
    network_acls: BTreeMap<NetworkAclId, Known<Option<NetworkAcl>>>,
    instances: Option<Known<Vec<Instance>>>,
    interfaces: Interfaces,
    security_groups: BTreeMap<SecurityGroupId, Known<Option<SecurityGroup>>>,
    prefix_lists: BTreeMap<PrefixListId, Known<Vec<ipnet::Ipv4Net>>>,
}

/// The network interfaces of a VPC, as evidence that instances still exist; read together with the instances.
#[derive(Debug, Clone, Default)]
pub(super) struct Interfaces {
    /// One interface of each instance that has one.
    pub(super) owners: BTreeMap<InstanceId, InterfaceId>,
    /// The number of interfaces, including those of cloud services.
    pub(super) rows: usize,
}

impl Seen {
    /// Stores what was read. Returns the interfaces of the VPC.
    pub(super) fn put(self, topology: &mut Topology) -> (VpcId, Interfaces) {
        let interfaces = (self.id.clone(), self.interfaces);
        topology.context.cens.insert(self.id.clone(), self.cens);
        topology.vpcs.extend(self.vpc.map(|vpc| (self.id.clone(), vpc)));
        topology.network_acls.extend(self.network_acls);
        topology.instances.extend(self.instances.map(|instances| (self.id, instances.map(Into::into))));
        topology.security_groups.extend(self.security_groups);
        topology.prefix_lists.extend(self.prefix_lists);
        interfaces
    }
}

pub(super) async fn read(reader: &Reader<'_>, backend: &Backend) -> Seen {
    let mut seen = Seen {
        id: backend.vpc.clone(),
        vpc: None,
        cens: BTreeSet::new(),
        network_acls: BTreeMap::new(),
        instances: None,
        interfaces: Interfaces::default(),
        security_groups: BTreeMap::new(),
        prefix_lists: BTreeMap::new(),
    };
    let needs = reader.needs;
    let vswitches = reads_vpcs(reader);
    if !vswitches && !needs.has(Needs::INSTANCES) {
        return seen;
    }
    let client = match reader.cloud.reads_for(Side::Backend(&backend.vpc)).await {
        Ok(client) => client,
        Err(error) => {
            let why = reader.unknown_reason(&error);
            seen.vpc = vswitches.then(|| Known::Failed(why.clone()));
            seen.instances = needs.has(Needs::INSTANCES).then_some(Known::Failed(why));
            return seen;
        }
    };
    let Seen { vpc, cens, network_acls, instances, interfaces, security_groups, prefix_lists, .. } = &mut seen;
    tokio::join!(biased;
        async {
            if vswitches {
                // One of several may be in the load balancer's own VPC, whose routes the others need.
                let is_home = needs.has(Needs::HOME_ROUTES) && reader.binding.backends.len() > 1;
                let routes = needs.has(Needs::FAR_ROUTES) || is_home;
                let network = network::read(reader, &client, &backend.region, &backend.vpc, routes).await;
                *vpc = Some(network.vpc);
                *cens = network.cens;
                *network_acls = network.network_acls;
            }
        },
        async {
            if needs.has(Needs::INSTANCES) {
                let listing = instances_of(&client, backend, needs.has(Needs::BACKENDS), reader.selected_only).await;
                let found = reader.known(listing).map(|(found, listed)| {
                    // Whoever runs has one. One that has just started may not be listed yet, so this blocks nothing.
                    let mut running = found.iter().filter(|instance| instance.status == InstanceStatus::Running);
                    if needs.has(Needs::BACKENDS)
                        && listed.rows == 0
                        && let Some(first) = running.next()
                    {
                        let what = format!("no network interface of {} is listed, and {} runs there", backend.vpc, first.id);
                        reader.contradicted(ecs::DescribeNetworkInterfaces::NAME, what);
                    }
                    *interfaces = listed;
                    found
                });
                if needs.has(Needs::SECURITY) {
                    let mut wanted = groups_of_wanted(backend, found.get().map_or(&[], Vec::as_slice));
                    if needs.has(Needs::LEFT) {
                        wanted.extend(security::all(reader, &client, backend).await);
                    }
                    (*security_groups, *prefix_lists) = security::read(reader, &client, backend, wanted).await;
                }
                *instances = Some(found);
            }
        }
    );
    seen
}

/// Whether the VPCs of backends are read. One of several may be the load balancer's own, which is read once, as a backend's.
pub(super) fn reads_vpcs(reader: &Reader<'_>) -> bool {
    let (needs, several) = (reader.needs, reader.binding.backends.len() > 1);
    needs.has(Needs::VSWITCHES) || needs.has(Needs::HOME_VSWITCHES) && several
}

/// Security groups of the instances that the binding selects; groups of other instances are not needed.
fn groups_of_wanted(backend: &Backend, instances: &[Instance]) -> BTreeSet<SecurityGroupId> {
    let wanted = instances.iter().filter(|instance| backend.select.matches(&instance.tags));
    let groups = |instance: &Instance| {
        let others = instance.interfaces.iter().flat_map(|interface| &interface.security_groups);
        instance.security_groups.iter().chain(others).cloned().collect::<Vec<_>>()
    };
    wanted.flat_map(groups).ordered()
}

/// All instances of the VPC, whatever their tags, because the API's tag filter stops at 1,000 resources (section 11); and
/// all interfaces of the VPC, if `interfaces` is set.
async fn instances_of(
    client: &Reads,
    backend: &Backend,
    interfaces: bool,
    selected_only: bool,
) -> Result<(Vec<Instance>, Interfaces), Error> {
    let region = backend.region.as_str();
    let vpc_id = Some(backend.vpc.to_string());
    let (instances, interfaces) = tokio::try_join!(biased;
        client.rows(region, ecs::DescribeInstances { vpc_id: vpc_id.clone(), ..Default::default() }),
        async {
            if !interfaces {
                return Ok(Arc::default());
            }
            client.rows(region, ecs::DescribeNetworkInterfaces { vpc_id, ..Default::default() }).await
        }
    )?;
    untagged::settle(client, backend, &instances).await?;
    let owned = interfaces.iter().filter(|interface| !interface.instance_id.is_empty());
    let owners = owned.map(|found| (found.instance_id.as_str().into(), found.network_interface_id.as_str().into()));
    let listed = Interfaces { owners: owners.collect(), rows: interfaces.len() };
    let mut by_instance: BTreeMap<&str, Vec<&ecs::NetworkInterface>> = BTreeMap::new();
    for interface in &*interfaces {
        by_instance.entry(&interface.instance_id).or_default().push(interface);
    }
    let mut instances: Vec<_> = instances
        .iter()
        .map(|found| {
            let interfaces = by_instance.get(&*found.instance_id).map_or(&[][..], Vec::as_slice);
            if selected_only && !is_selected(backend, found) {
                return unselected(found);
            }
            instance(found, interfaces)
        })
        .collect();
    instances.sort_by(|a, b| a.id.cmp(&b.id));
    Ok((instances, listed))
}

fn is_selected(backend: &Backend, found: &ecs::Instance) -> bool {
    let tags = || found.tags.iter().flatten();
    backend.select.matches_with(|key| tags().find(|tag| tag.tag_key == key).map(|tag| tag.tag_value.as_str()))
}

/// An instance of which nothing matters but that it is there.
fn unselected(found: &ecs::Instance) -> Instance {
    Instance {
        id: found.instance_id.as_str().into(),
        name: String::new(),
        status: found.status.as_str().into(),
        vpc: VpcId::from(""),
        vswitch: "".into(),
        address: None,
        interface: None,
        security_groups: Vec::new(),
        interfaces: Vec::new(),
        tags: BTreeMap::new(),
    }
}

fn instance(found: &ecs::Instance, interfaces: &[&ecs::NetworkInterface]) -> Instance {
    let primary = found.network_interfaces.iter().find(|interface| interface.kind == "Primary");
    let address: Option<Ipv4Addr> = found
        .vpc_attributes
        .private_ip_address
        .first()
        .map(String::as_str)
        .or_else(|| primary.map(|interface| interface.primary_ip_address.as_str()))
        .and_then(|address| address.parse().ok());
    let owner = address.and_then(|address| {
        let address = address.to_string();
        interfaces.iter().find(|interface| owns(interface, &address))
    });
    Instance {
        name: found.instance_name.clone(),
        status: found.status.as_str().into(),
        vpc: found.vpc_attributes.vpc_id.as_str().into(),
        vswitch: owner.map_or(found.vpc_attributes.vswitch_id.as_str(), |owner| owner.vswitch_id.as_str()).into(),
        address,
        interface: owner.map(|owner| owner.network_interface_id.as_str().into()),
        // While an instance is starting, its interface may not be listed yet; the groups are then those of the instance's
        // own row.
        security_groups: owner
            .map_or(&found.security_group_ids, |owner| &owner.security_group_ids)
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        interfaces: interfaces.iter().copied().map(interface).collect(),
        // Whether a row without tags is that of an instance without tags, is settled before.
        tags: found.tags.iter().flatten().map(|tag| (tag.tag_key.clone(), tag.tag_value.clone())).collect(),
        id: found.instance_id.as_str().into(),
    }
}

fn interface(found: &ecs::NetworkInterface) -> Interface {
    let primary = std::iter::once(found.private_ip_address.as_str());
    let secondary = found.private_ip_sets.iter().map(|ip| ip.private_ip_address.as_str());
    let mut addresses: Vec<Ipv4Addr> = Vec::new();
    for address in primary.chain(secondary).filter_map(|address| address.parse().ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Interface {
        id: found.network_interface_id.as_str().into(),
        vswitch: found.vswitch_id.as_str().into(),
        security_groups: found.security_group_ids.iter().map(|id| id.as_str().into()).collect(),
        addresses,
    }
}

fn owns(interface: &ecs::NetworkInterface, address: &str) -> bool {
    interface.private_ip_address == address
        || interface.private_ip_sets.iter().any(|ip| ip.private_ip_address == address)
}
