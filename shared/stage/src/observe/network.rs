//! A VPC with its vSwitches, route tables and routes, and the network ACLs on its vSwitches.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, try_join_all};
use ipnet::Ipv4Net;
use onboarding::ids::{CenId, NetworkAclId, Region, VpcId};
use onboarding::ordered::Ordered;
use onboarding::topology::{AclEntry, Known, NetworkAcl, NextHop, VSwitch, Vpc, VpcRoute, VpcRouteTable};
use openapi::{Action, Error, vpc};

use super::parse;
use super::reader::Reader;
use crate::readings::Reads;

/// What was read about one VPC.
pub(super) struct Network {
    pub(super) vpc: Known<Option<Vpc>>,
    /// The CEN instances that the VPC is attached to.
    pub(super) cens: BTreeSet<CenId>,
    pub(super) network_acls: BTreeMap<NetworkAclId, Known<Option<NetworkAcl>>>,
}

/// Reads a VPC; its route tables only if `routes` is set, and it has none otherwise.
pub(super) async fn read(reader: &Reader<'_>, client: &Reads, region: &Region, id: &VpcId, routes: bool) -> Network {
    let whole = reader.known_or_absent(whole(client, region, id, routes).await);
    let (vpc, cens) = match whole {
        Known::Known(Some((vpc, cens))) => (Known::Known(Some(vpc)), cens),
        Known::Known(None) => (Known::Known(None), BTreeSet::new()),
        Known::Failed(why) => (Known::Failed(why), BTreeSet::new()),
        Known::NotAsked(why) => (Known::NotAsked(why), BTreeSet::new()),
    };
    let on_vswitches: BTreeSet<_> = vpc
        .get()
        .and_then(Option::as_ref)
        .map(|vpc| vpc.vswitches.values().filter_map(|vswitch| vswitch.network_acl.clone()).collect())
        .unwrap_or_default();
    let acls = on_vswitches.into_iter().map(|id| async move {
        let acl = reader.known_or_absent(network_acl(client, region, &id).await);
        (id, acl)
    });
    let network_acls = join_all(acls).await.into_iter().collect();
    Network { vpc, cens, network_acls }
}

async fn whole(client: &Reads, region: &Region, id: &VpcId, routes: bool) -> Result<(Vpc, BTreeSet<CenId>), Error> {
    let vpc_id = Some(id.to_string());
    let attribute = vpc::DescribeVpcAttribute { vpc_id: id.to_string() };
    let (found, vswitches, tables) = tokio::try_join!(biased;
        client.call(region.as_str(), &attribute),
        client.list(region.as_str(), vpc::DescribeVSwitches { vpc_id: vpc_id.clone(), ..Default::default() }),
        async {
            if !routes {
                return Ok(Vec::new());
            }
            let action = vpc::DescribeRouteTableList { vpc_id, ..Default::default() };
            let tables = client.list(region.as_str(), action).await?;
            try_join_all(tables.into_iter().map(|found| table(client, region, found))).await
        }
    )?;
    if found.vpc_id != id.as_str() {
        let what = format!("{id} was asked for, and {} answered", found.vpc_id);
        return Err(Error::contradiction(vpc::DescribeVpcAttribute::NAME, what));
    }
    // Only of a VPC that is there: the listing of one that is not is empty, too, and may be known before the refusal.
    if tables.is_empty() && routes {
        let what = format!("no route table of {id} is listed, and every VPC has one");
        return Err(Error::contradiction(vpc::DescribeRouteTableList::NAME, what));
    }
    let listed: BTreeSet<_> = vswitches.iter().map(|vswitch| &vswitch.vswitch_id).ordered();
    if let Some(missing) = found.vswitch_ids.iter().find(|id| !listed.contains(id)) {
        // The routes of its route table would count as orphans.
        let what = format!("{missing} is a vSwitch of {id} and is not listed");
        return Err(Error::contradiction(vpc::DescribeVSwitches::NAME, what));
    }
    let cidrs =
        std::iter::once(&found.cidr_block).chain(&found.secondary_cidr_blocks).filter_map(|cidr| parse::prefix(cidr));
    let present = |id: String| (!id.is_empty()).then(|| id.into());
    let vswitches = vswitches.into_iter().filter_map(|found| {
        Some(VSwitch {
            // Every vSwitch has an IPv4 prefix; a row whose prefix cannot be parsed is skipped.
            cidr: parse::prefix(&found.cidr_block)?,
            id: found.vswitch_id.into(),
            zone: found.zone_id.into(),
            free_addresses: u32::try_from(found.available_ip_address_count).unwrap_or(u32::MAX),
            table: (!found.route_table.route_table_id.is_empty()).then(|| found.route_table.route_table_id.into()),
            network_acl: present(found.network_acl_id),
        })
    });
    let cens = found.associated_cens.iter().map(|cen| cen.cen_id.as_str().into()).collect();
    let vpc = Vpc {
        id: id.clone(),
        region: region.clone(),
        name: found.vpc_name.clone(),
        cidrs: cidrs.collect(),
        vswitches: vswitches.map(|vswitch| (vswitch.id.clone(), vswitch)).collect(),
        tables: tables.into_iter().map(|table| (table.id.clone(), table)).collect(),
    };
    Ok((vpc, cens))
}

async fn table(client: &Reads, region: &Region, found: vpc::RouteTable) -> Result<VpcRouteTable, Error> {
    let action = vpc::DescribeRouteEntryList { route_table_id: found.route_table_id.clone(), ..Default::default() };
    let entries = client.list(region.as_str(), action).await?;
    if entries.is_empty() {
        // The route to the cloud's own services is in every table (cloud-apis.md section 10). With an empty listing,
        // existing routes would be created again.
        let what = format!("no entry of {} is listed, and every route table has some", found.route_table_id);
        return Err(Error::contradiction(vpc::DescribeRouteEntryList::NAME, what));
    }
    let mut routes: Vec<_> = entries.into_iter().filter_map(route).collect();
    routes.sort_by(|a, b| (a.destination, &a.id).cmp(&(b.destination, &b.id)));
    Ok(VpcRouteTable { id: found.route_table_id.into(), system: found.route_table_type == "System", routes })
}

/// `None` for IPv6 routes, which match no IPv4 packet.
fn route(found: vpc::RouteEntry) -> Option<VpcRoute> {
    let destination = parse::prefix(&found.destination_cidr_block)?;
    Some(VpcRoute {
        next_hop: next_hop(&found, destination),
        id: found.route_entry_id.into(),
        destination,
        status: found.status.into(),
        kind: found.kind.into(),
        name: found.route_entry_name,
        description: found.description,
    })
}

fn next_hop(found: &vpc::RouteEntry, destination: Ipv4Net) -> NextHop {
    // The standby next hops of an active/standby pair have `Enabled` 0.
    let hop = found.next_hops.iter().max_by_key(|hop| hop.enabled);
    let kind = hop.map(|hop| hop.next_hop_type.to_ascii_lowercase()).unwrap_or_default();
    // The built-in route to the cloud's services is a system entry; the format of its next hop is not documented.
    let services = found.kind == "System" && destination.to_string() == "100.64.0.0/10";
    match (kind.as_str(), hop) {
        _ if services => NextHop::Service,
        ("attachment", Some(hop)) => NextHop::Attachment(hop.next_hop_id.as_str().into()),
        ("service", _) => NextHop::Service,
        ("local", _) => NextHop::Local,
        (_, Some(hop)) => NextHop::Other(format!("{} {}", hop.next_hop_type, hop.next_hop_id).trim().to_owned()),
        (_, None) if found.kind == "System" => NextHop::Local,
        (_, None) => NextHop::Other("no next hop".to_owned()),
    }
}

async fn network_acl(client: &Reads, region: &Region, id: &NetworkAclId) -> Result<NetworkAcl, Error> {
    let action = vpc::DescribeNetworkAclAttributes { network_acl_id: id.to_string() };
    let found = client.call(region.as_str(), &action).await?.network_acl_attribute;
    let ingress = found.ingress_acl_entries.iter().filter_map(|entry| acl_entry(entry, &entry.source_cidr_ip));
    let egress = found.egress_acl_entries.iter().filter_map(|entry| acl_entry(entry, &entry.destination_cidr_ip));
    Ok(NetworkAcl { id: id.clone(), ingress: ingress.collect(), egress: egress.collect() })
}

/// `None` for IPv6 entries, which match no IPv4 packet.
fn acl_entry(found: &vpc::AclEntry, cidr: &str) -> Option<AclEntry> {
    Some(AclEntry {
        protocol: found.protocol.to_ascii_lowercase(),
        ports: parse::ports(&found.port)?,
        cidr: parse::prefix(cidr)?,
        accept: found.policy.eq_ignore_ascii_case("accept"),
    })
}
