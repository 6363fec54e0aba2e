//! Instances as `DescribeInstances` shows them, written as JSON text at once: a listing is most of what clients ask for.

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::stamp;
use crate::state::ecs::{Instance, Interface};
use crate::tags::Tags;
use crate::world::World;

/// One instance of a listing.
pub(super) struct Row<'a> {
    pub(super) world: &'a World,
    pub(super) instance: &'a Instance,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { world, instance } = self;
        let interface = |id| world.ecs.interfaces.get(id);
        let primary = interface(&instance.interface);
        let groups = primary.map(|primary| primary.groups.as_slice()).unwrap_or_default();
        let address = primary.and_then(|primary| primary.addresses.first());
        let ids = std::iter::once(&instance.interface).chain(&instance.secondary);
        let family = instance.instance_type.rsplit_once('.').map(|(family, _)| family).unwrap_or_default();
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("InstanceId", &instance.id)?;
        row.serialize_entry("InstanceName", &instance.name)?;
        row.serialize_entry("HostName", &instance.name)?;
        row.serialize_entry("Description", &instance.description)?;
        row.serialize_entry("RegionId", &instance.region)?;
        row.serialize_entry("ZoneId", &instance.zone)?;
        row.serialize_entry("ClusterId", "")?;
        row.serialize_entry("Status", instance.state.name())?;
        row.serialize_entry("InstanceType", &instance.instance_type)?;
        row.serialize_entry("InstanceTypeFamily", family)?;
        row.serialize_entry("ImageId", &instance.image)?;
        row.serialize_entry("Cpu", &2)?;
        row.serialize_entry("Memory", &8192)?;
        row.serialize_entry("OSType", "linux")?;
        row.serialize_entry("InstanceChargeType", "PostPaid")?;
        row.serialize_entry("InstanceNetworkType", "vpc")?;
        row.serialize_entry("CreationTime", &Stamp(Some(instance.created)))?;
        row.serialize_entry("StartTime", &Stamp(instance.started))?;
        row.serialize_entry("DeletionProtection", &false)?;
        row.serialize_entry("DeviceAvailable", &true)?;
        row.serialize_entry("StoppedMode", "Not-applicable")?;
        row.serialize_entry("ResourceGroupId", "")?;
        row.serialize_entry("SecurityGroupIds", &Field("SecurityGroupId", groups))?;
        row.serialize_entry("VpcAttributes", &Attributes(instance, address))?;
        row.serialize_entry(
            "NetworkInterfaces",
            &Field("NetworkInterface", Each(|| ids.clone().filter_map(interface).map(Brief))),
        )?;
        row.serialize_entry("InnerIpAddress", &Field("IpAddress", NONE))?;
        row.serialize_entry("PublicIpAddress", &Field("IpAddress", NONE))?;
        row.serialize_entry("OperationLocks", &Field("LockReason", NONE))?;
        row.serialize_entry("Tags", &Field("Tag", TagRows(&instance.tags)))?;
        row.end()
    }
}

const NONE: [&str; 0] = [];

/// An object with one field: the services wrap their lists so.
pub(super) struct Field<T>(pub(super) &'static str, pub(super) T);

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut field = serializer.serialize_map(Some(1))?;
        field.serialize_entry(self.0, &self.1)?;
        field.end()
    }
}

/// A list made while it is written.
pub(super) struct Each<F>(pub(super) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A time as ECS writes it, nothing if there is none.
struct Stamp(Option<Timestamp>);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(at) => serializer.collect_str(&at.strftime(stamp::MINUTES)),
            None => serializer.serialize_str(""),
        }
    }
}

struct Attributes<'a>(&'a Instance, Option<&'a std::net::Ipv4Addr>);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut attributes = serializer.serialize_map(Some(4))?;
        attributes.serialize_entry("VpcId", &self.0.vpc)?;
        attributes.serialize_entry("VSwitchId", &self.0.switch)?;
        attributes.serialize_entry("NatIpAddress", "")?;
        attributes.serialize_entry("PrivateIpAddress", &Field("IpAddress", self.1.as_slice()))?;
        attributes.end()
    }
}

/// An interface as `DescribeInstances` shows it.
struct Brief<'a>(&'a Interface);

impl Serialize for Brief<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let interface = self.0;
        let addresses = || interface.addresses.iter().enumerate().map(|(index, address)| Address(address, index == 0));
        let mut brief = serializer.serialize_map(Some(8))?;
        brief.serialize_entry("NetworkInterfaceId", &interface.id)?;
        brief.serialize_entry("Type", super::interfaces::kind(interface))?;
        brief.serialize_entry("MacAddress", &interface.mac)?;
        brief.serialize_entry("PrimaryIpAddress", &interface.addresses.first())?;
        brief.serialize_entry("PrivateIpSets", &Field("PrivateIpSet", Each(addresses)))?;
        brief.serialize_entry("Ipv6Sets", &Field("Ipv6Set", NONE))?;
        brief.serialize_entry("Ipv4PrefixSets", &Field("Ipv4PrefixSet", NONE))?;
        brief.serialize_entry("Ipv6PrefixSets", &Field("Ipv6PrefixSet", NONE))?;
        brief.end()
    }
}

/// One of an interface's addresses, and whether it is the primary one.
struct Address<'a>(&'a std::net::Ipv4Addr, bool);

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut address = serializer.serialize_map(Some(3))?;
        address.serialize_entry("PrivateIpAddress", self.0)?;
        address.serialize_entry("Primary", &self.1)?;
        address.serialize_entry("PrivateDnsName", "")?;
        address.end()
    }
}

struct TagRows<'a>(&'a Tags);

impl Serialize for TagRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| TagRow(key, value)))
    }
}

struct TagRow<'a>(&'a str, &'a str);

impl Serialize for TagRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tag = serializer.serialize_map(Some(2))?;
        tag.serialize_entry("TagKey", self.0)?;
        tag.serialize_entry("TagValue", self.1)?;
        tag.end()
    }
}
