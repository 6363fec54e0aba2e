//! Elastic network interfaces, and the addresses on them.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lifecycle;
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::listing::{Size, by_token};
use crate::platform::bus;
use crate::platform::interfaces::mac;
use crate::stamp;
use crate::state::ecs::Interface;
use crate::tags::{self, Tags};
use crate::world::World;

/// Gives an instance an interface beside its primary one, with security groups of its own. No action that the table of
/// calls knows makes one, so this is for scenarios.
///
/// # Errors
/// When the instance or vSwitch is not there, or the address is taken.
pub(crate) fn attach_secondary(
    world: &mut World,
    now: Timestamp,
    instance: &str,
    id: &str,
    switch: &str,
    address: Option<Ipv4Addr>,
    groups: Vec<String>,
) -> Result<(), ApiError> {
    let missing = || ApiError::not_found("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.");
    let held = world.ecs.instances.get(instance).ok_or_else(missing)?;
    let (region, zone, vpc) = (held.region.clone(), held.zone.clone(), held.vpc.clone());
    if world.vpc.switches.get(switch).is_none_or(|switch| switch.vpc != vpc || switch.zone != zone) {
        return Err(ApiError::bad(
            "InvalidVSwitchId.Mismatch",
            "The VSwitch is not in the VPC and zone of the instance.",
        ));
    }
    let address = world.vpc.take_address(switch, address, id)?;
    let mac = mac(world);
    let interface = Interface {
        id: id.to_owned(),
        region,
        zone,
        vpc,
        switch: switch.to_owned(),
        instance: Some(instance.to_owned()),
        primary: false,
        addresses: vec![address],
        groups,
        mac,
        name: String::new(),
        description: String::new(),
        service_managed: false,
        created: now,
        tags: Tags::new(),
    };
    world.ecs.interfaces.insert(id.to_owned(), interface);
    if let Some(held) = world.ecs.instances.get_mut(instance) {
        held.secondary.push(id.to_owned());
    }
    Ok(())
}

pub(super) const fn kind(interface: &Interface) -> &'static str {
    if interface.primary { "Primary" } else { "Secondary" }
}

fn addresses(interface: &Interface) -> Vec<Value> {
    let rows = interface.addresses.iter().enumerate();
    rows.map(|(index, address)| json!({"PrivateIpAddress": address, "Primary": index == 0, "PrivateDnsName": ""}))
        .collect()
}

/// A field that a filter names.
type Text = fn(&Interface) -> &str;

/// The filters of a listing, read once: there may be tens of thousands of interfaces.
struct Filter<'p> {
    ids: BTreeSet<String>,
    addresses: BTreeSet<String>,
    instance: Option<&'p str>,
    managed: Option<bool>,
    /// What a field must be.
    fields: Vec<(Text, &'p str)>,
    primary_address: Option<&'p str>,
    group: Option<&'p str>,
    tags: tags::Filter<'p>,
}

impl<'p> Filter<'p> {
    fn read(params: &'p Params) -> Result<Self, ApiError> {
        const FIELDS: [(&str, Text); 5] = [
            ("Type", kind),
            ("VpcId", |interface| &interface.vpc),
            ("VSwitchId", |interface| &interface.switch),
            ("Status", |_| "InUse"),
            ("NetworkInterfaceName", |interface| &interface.name),
        ];
        Ok(Self {
            ids: params.list("NetworkInterfaceId").into_iter().collect(),
            addresses: params.list("PrivateIpAddress").into_iter().collect(),
            instance: params.get("InstanceId"),
            managed: params.flag("ServiceManaged")?,
            fields: FIELDS.into_iter().filter_map(|(name, field)| Some((field, params.get(name)?))).collect(),
            primary_address: params.get("PrimaryIpAddress"),
            group: params.get("SecurityGroupId"),
            tags: tags::Filter::read(params, "Tag"),
        })
    }

    /// The interfaces that may pass: those named, those of the instance, or all.
    fn candidates<'w>(&'w self, world: &'w World) -> Box<dyn Iterator<Item = &'w Interface> + 'w> {
        let held = &world.ecs.interfaces;
        if !self.ids.is_empty() {
            return Box::new(self.ids.iter().filter_map(|id| held.get(id)));
        }
        match self.instance {
            None => Box::new(held.values()),
            Some(id) => {
                let instance = world.ecs.instances.get(id).into_iter();
                let ids = instance.flat_map(|instance| std::iter::once(&instance.interface).chain(&instance.secondary));
                Box::new(ids.filter_map(|id| held.get(id)))
            }
        }
    }

    fn passes(&self, interface: &Interface) -> bool {
        let at = |wanted: &BTreeSet<String>| interface.addresses.iter().any(|held| wanted.contains(&held.to_string()));
        let primary = || interface.addresses.first().map(ToString::to_string).unwrap_or_default();
        self.instance.is_none_or(|sent| interface.instance.as_deref() == Some(sent))
            && self.managed.is_none_or(|managed| managed == interface.service_managed)
            && self.fields.iter().all(|(field, sent)| field(interface) == *sent)
            && self.group.is_none_or(|group| interface.groups.iter().any(|held| held == group))
            && self.tags.passes(&interface.tags)
            && (self.addresses.is_empty() || at(&self.addresses))
            && self.primary_address.is_none_or(|sent| primary() == sent)
    }
}

pub(super) fn describe(world: &World, call: &Call) -> Answer {
    let params = &call.params;
    let filter = Filter::read(params)?;
    let rows = filter.candidates(world).filter(|interface| interface.region == call.region && filter.passes(interface));
    let page = by_token(params, Size::clamped("MaxResults", 50, 10, 500), rows.collect(), |interface: &&Interface| {
        interface.id.as_str()
    })?;
    let rows: Vec<Value> = page.items.iter().map(|interface| json(world, interface)).collect();
    Ok(
        json!({"NetworkInterfaceSets": {"NetworkInterfaceSet": rows}, "TotalCount": page.total, "PageNumber": 1, "PageSize": page.size, "NextToken": page.next}),
    )
}

fn json(world: &World, interface: &Interface) -> Value {
    let instance = interface.instance.as_deref().unwrap_or_default();
    json!({
        "NetworkInterfaceId": interface.id,
        "NetworkInterfaceName": interface.name,
        "Description": interface.description,
        "Type": kind(interface),
        "Status": "InUse",
        "InstanceId": instance,
        "Attachment": {"InstanceId": instance, "DeviceIndex": u8::from(!interface.primary), "NetworkCardIndex": 0, "TrunkNetworkInterfaceId": ""},
        "MacAddress": interface.mac,
        "PrivateIpAddress": interface.addresses.first(),
        "PrivateIpSets": {"PrivateIpSet": addresses(interface)},
        "Ipv6Sets": {"Ipv6Set": []},
        "Ipv4PrefixSets": {"Ipv4PrefixSet": []},
        "Ipv6PrefixSets": {"Ipv6PrefixSet": []},
        "SecurityGroupIds": {"SecurityGroupId": interface.groups},
        "VpcId": interface.vpc,
        "VSwitchId": interface.switch,
        "ZoneId": interface.zone,
        "OwnerId": world.settings.account_id,
        "ServiceManaged": interface.service_managed,
        "ServiceID": 0,
        "SourceDestCheck": true,
        "QueueNumber": 2,
        "QueuePairNumber": 0,
        "DeleteOnRelease": true,
        "ResourceGroupId": "",
        "NetworkInterfaceTrafficMode": "Standard",
        "CreationTime": stamp::minutes(interface.created),
        "Tags": {"Tag": tags::ecs_list(&interface.tags)},
    })
}

pub(super) fn assign(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let interface = interface_here(world, call)?;
    let (id, switch) = (interface.id.clone(), interface.switch.clone());
    let mut wanted: Vec<Option<Ipv4Addr>> = Vec::new();
    for address in call.params.list("PrivateIpAddress") {
        wanted.push(Some(address.parse().map_err(|_| malformed())?));
    }
    if wanted.is_empty() {
        let count: usize = call.params.parse("SecondaryPrivateIpAddressCount")?.unwrap_or(0);
        if !(1..=49).contains(&count) {
            return Err(ApiError::bad(
                "InvalidParameter",
                "The specified parameter \"SecondaryPrivateIpAddressCount\" is not valid.",
            ));
        }
        wanted.resize(count, None);
    }
    let mut assigned: Vec<Ipv4Addr> = Vec::new();
    for address in wanted {
        match world.vpc.take_address(&switch, address, &id) {
            Ok(address) => assigned.push(address),
            Err(error) => {
                // All or nothing.
                assigned.iter().for_each(|address| world.vpc.release_address(&switch, *address));
                return Err(error);
            }
        }
    }
    if let Some(interface) = world.ecs.interfaces.get_mut(&id) {
        interface.addresses.extend(&assigned);
    }
    announce(world, now, &id, "PrivateIPAssigned", &assigned);
    Ok(json!({"AssignedPrivateIpAddressesSet": {
        "NetworkInterfaceId": id,
        "PrivateIpSet": {"PrivateIpAddress": assigned},
        "Ipv4PrefixSet": {"Ipv4Prefixes": []},
    }}))
}

pub(super) fn unassign(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let interface = interface_here(world, call)?;
    let (id, switch) = (interface.id.clone(), interface.switch.clone());
    let mut removed: Vec<Ipv4Addr> = Vec::new();
    for address in call.params.list("PrivateIpAddress") {
        let address = address.parse().map_err(|_| malformed())?;
        if interface.addresses.first() == Some(&address) || !interface.addresses.contains(&address) {
            return Err(ApiError::bad(
                "InvalidPrivateIpAddress.NotFound",
                "The specified private IP address is not a secondary one of the network interface.",
            ));
        }
        removed.push(address);
    }
    for address in &removed {
        world.vpc.release_address(&switch, *address);
    }
    if let Some(interface) = world.ecs.interfaces.get_mut(&id) {
        interface.addresses.retain(|address| !removed.contains(address));
    }
    announce(world, now, &id, "PrivateIPUnassigned", &removed);
    done()
}

/// `ecs:NetworkInterface:PrivateIPAssigned` and `...Unassigned`. The shape of their data is not documented: the ids and
/// addresses are there, so that a reader has to look them up.
fn announce(world: &mut World, now: Timestamp, id: &str, what: &str, addresses: &[Ipv4Addr]) {
    let Some(interface) = world.ecs.interfaces.get(id) else { return };
    let region = interface.region.clone();
    let data = json!({"networkInterfaceId": id, "instanceId": interface.instance, "privateIpAddresses": addresses});
    let subject = lifecycle::subject(world, &region, "eni", id);
    bus::publish(world, now, &region, "acs.ecs", &format!("ecs:NetworkInterface:{what}"), &subject, data);
}

fn malformed() -> ApiError {
    ApiError::bad("InvalidPrivateIpAddress.Malformed", "The specified private IP address is malformed.")
}

fn interface_here<'a>(world: &'a World, call: &Call) -> Result<&'a Interface, ApiError> {
    let id = call.params.required("NetworkInterfaceId")?;
    let missing = || ApiError::not_found("InvalidEniId.NotFound", "The specified NetworkInterfaceId does not exist.");
    let held = world.ecs.interfaces.get(id).filter(|interface| interface.region == call.region).ok_or_else(missing)?;
    if held.service_managed {
        return Err(ApiError::new(
            403,
            "InvalidOperation.EniServiceManaged",
            "The specified network interface is managed by a cloud service.",
        ));
    }
    Ok(held)
}
