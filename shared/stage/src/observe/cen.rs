//! CEN: transit routers of the binding's regions, VPC and peer attachments, and the prerequisites of attachments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::{join_all, try_join_all};
use onboarding::Binding;
use onboarding::ids::{AttachmentId, BandwidthPackageId, Region, ZoneId};
use onboarding::ordered::Ordered;
use onboarding::topology::{
    AttachmentStatus, BandwidthPackage, CenStatus, Known, PeerAttachment, Topology, TransitRouter, VpcAttachment,
};
use openapi::{Action, Error, cbn, ram};

use super::reader::Reader;
use super::{cen_table, parse};
use crate::cloud::Cloud;
use crate::needs::Needs;
use crate::readings::Reads;

/// What was read about CEN.
#[derive(Default)]
pub(super) struct Cen {
    transit_routers: BTreeMap<Region, Known<Option<TransitRouter>>>,
    vpc_attachments: Known<Vec<VpcAttachment>>,
    peer_attachments: Known<Vec<PeerAttachment>>,
    bandwidth_package: Known<Option<BandwidthPackage>>,
    service: Known<bool>,
    zones: BTreeMap<Region, Known<BTreeSet<ZoneId>>>,
    cen: Known<Option<CenStatus>>,
    service_role: Known<bool>,
}

/// The role with which CEN creates network interfaces (cloud-apis.md section 7, `NoPermission.AliyunServiceRoleForCEN`).
const SERVICE_ROLE: &str = "AliyunServiceRoleForCEN";

/// How listings refuse the id of a CEN instance that is not there, beside codes that say so of anything (cloud-apis.md section 7).
const NO_CEN: [&str; 2] = ["IllegalParam.CenId", "ParameterCenInstanceId"];

impl Cen {
    pub(super) fn put(self, topology: &mut Topology) {
        topology.transit_routers = self.transit_routers;
        topology.vpc_attachments = self.vpc_attachments;
        topology.peer_attachments = self.peer_attachments;
        topology.bandwidth_package = self.bandwidth_package;
        topology.transit_router_service = self.service;
        topology.transit_router_zones = self.zones;
        topology.context.cen = self.cen;
        topology.context.service_role = self.service_role;
    }
}

pub(super) async fn read(reader: &Reader<'_>) -> Cen {
    let mut seen = Cen::default();
    let client = &reader.cloud.own_reads();
    let mut attached = (None, None, None);
    let Cen { bandwidth_package, service, zones, cen, service_role, .. } = &mut seen;
    tokio::join!(biased;
        async {
            let needs = reader.needs;
            if needs.has(Needs::ROUTERS) {
                attached = tokio::join!(biased;
                    async { Some(routers(reader, client).await) },
                    async {
                        match needs.has(Needs::VPC_ATTACHMENTS) {
                            true => Some(vpc_attachments_of(reader, client).await),
                            false => None,
                        }
                    },
                    async {
                        match needs.has(Needs::CONNECTIONS) {
                            true => Some(peer_attachments_of(reader, client).await),
                            false => None,
                        }
                    }
                );
            }
        },
        async {
            if reader.needs.has(Needs::PREREQUISITES) {
                (*bandwidth_package, *service, *zones, *cen, *service_role) = tokio::join!(biased;
                    package(reader, client),
                    async {
                        let region = reader.binding.alb.region.as_str();
                        let answer = client.lasting(region, &cbn::CheckTransitRouterService::default(), |answer| answer.enabled).await;
                        reader.known(answer.map(|answer| answer.enabled))
                    },
                    zones_of(reader, client),
                    async { reader.known(status(reader, client).await) },
                    async {
                        let role = ram::GetRole { role_name: SERVICE_ROLE.to_owned() };
                        let answer = client.lasting(reader.binding.alb.region.as_str(), &role, |_| true).await;
                        reader.known_or_absent(answer).map(|found| found.is_some())
                    }
                );
            }
        }
    );
    let (routers, vpcs, peers) = attached;
    let says_so = |error: &Error| error.is_not_found() || NO_CEN.contains(&error.code.as_str());
    // Every listing refuses its id, which is more than one answer; or its own listing does not have it.
    let is_refused = routers.as_ref().is_some_and(|read| read.as_ref().is_err_and(says_so))
        && vpcs.as_ref().is_none_or(|read| read.as_ref().is_err_and(says_so))
        && peers.as_ref().is_none_or(|read| read.as_ref().is_err_and(says_so))
        && (vpcs.is_some() || peers.is_some());
    if is_refused && matches!(seen.cen, Known::NotAsked(_)) {
        seen.cen = Known::Known(None);
    }
    // What is refused because the CEN instance is not there is not there.
    let is_gone = matches!(seen.cen, Known::Known(None));
    let known = |error: Error| if is_gone && says_so(&error) { Ok(()) } else { Err(error) };
    match routers {
        Some(Ok(found)) => seen.transit_routers = found,
        Some(Err(error)) => {
            let none = reader.known(known(error).map(|()| None));
            seen.transit_routers =
                reader.binding.regions().into_iter().map(|region| (region.clone(), none.clone())).collect();
        }
        None => {}
    }
    if let Some(vpcs) = vpcs {
        seen.vpc_attachments = reader.known(vpcs.or_else(|error| known(error).map(|()| Vec::new())));
    }
    if let Some(peers) = peers {
        seen.peer_attachments = reader.known(peers.or_else(|error| known(error).map(|()| Vec::new())));
    }
    seen
}

/// The status of the CEN instance. Unlike other listings, this one answers an unknown id with an empty list, not with an
/// error.
async fn status(reader: &Reader<'_>, client: &Reads) -> Result<Option<CenStatus>, Error> {
    let id = reader.binding.cen.id.as_str();
    let filter = cbn::Filter { key: "CenId".to_owned(), value: vec![id.to_owned()] };
    let action = cbn::DescribeCens { filter: vec![filter], ..Default::default() };
    let active = |all: &Arc<Vec<cbn::Cen>>| all.iter().any(|cen| cen.status == "Active");
    let found = client.lasting_list(reader.binding.alb.region.as_str(), action, active).await?;
    Ok(found.into_iter().find(|cen| cen.cen_id == id).map(|cen| cen.status.into()))
}

async fn routers(reader: &Reader<'_>, client: &Reads) -> Result<BTreeMap<Region, Known<Option<TransitRouter>>>, Error> {
    let binding = reader.binding;
    let action = cbn::ListTransitRouters { cen_id: binding.cen.id.to_string(), ..Default::default() };
    let found = client.list(binding.alb.region.as_str(), action).await?;
    let in_regions = binding.regions().into_iter().map(|region| {
        let router = found.iter().find(|router| router.region_id == region.as_str());
        async move {
            let router = match router {
                None => Known::Known(None),
                Some(router) => reader.known(with_tables(reader, client, region, router).await.map(Some)),
            };
            (region.clone(), router)
        }
    });
    Ok(join_all(in_regions).await.into_iter().collect())
}

async fn with_tables(
    reader: &Reader<'_>,
    client: &Reads,
    region: &Region,
    found: &cbn::TransitRouter,
) -> Result<TransitRouter, Error> {
    let id = &found.transit_router_id;
    let action = cbn::ListTransitRouterRouteTables { transit_router_id: id.clone(), ..Default::default() };
    // A Basic Edition router has no route tables to list and cannot be used; preflight reports it.
    let has_tables =
        found.kind == "Enterprise" && (reader.needs.has(Needs::TABLES) || reader.needs.has(Needs::ENTRIES));
    let tables = if has_tables { client.list(region.as_str(), action).await? } else { Vec::new() };
    if tables.is_empty() && has_tables && found.status == "Active" {
        let what = format!("no route table of {id} is listed, and every transit router has a system table");
        return Err(Error::contradiction(cbn::ListTransitRouterRouteTables::NAME, what));
    }
    let tables = try_join_all(tables.into_iter().map(|table| cen_table::read(reader, client, region, table))).await?;
    Ok(TransitRouter {
        id: id.as_str().into(),
        region: region.clone(),
        kind: found.kind.clone().into(),
        status: found.status.clone().into(),
        tables: tables.into_iter().map(|table| (table.id.clone(), table)).collect(),
    })
}

/// All VPC attachments in the binding's regions; `observe` keeps those of the binding's VPCs.
async fn vpc_attachments_of(reader: &Reader<'_>, client: &Reads) -> Result<Vec<VpcAttachment>, Error> {
    let cen = reader.binding.cen.id.as_str();
    let in_regions = reader.binding.regions().into_iter().map(|region| async move {
        let found = client.list(region.as_str(), vpc_attachments_in(cen, region)).await?;
        Ok::<_, Error>(found.into_iter().map(|found| vpc_attachment(region, found)).collect::<Vec<_>>())
    });
    Ok(by_id(try_join_all(in_regions).await?.into_iter().flatten(), |attachment| attachment.id.clone()))
}

/// Our attachments in regions that no binding names, as far as a connection of ours leads there: a binding that was taken out of the store left
/// both. Only whoever asks for hints makes these calls, and only if there is such a connection.
pub(super) async fn attachments_beyond(reader: &Reader<'_>, topology: &Topology) -> Vec<VpcAttachment> {
    if !reader.needs.has(Needs::PREREQUISITES) || reader.selected_only {
        return Vec::new();
    }
    let (client, cen) = (reader.cloud.own_reads(), &reader.binding.cen.id);
    let is_ours = |mark: &Option<String>| reader.deployment.owns_tag(mark.as_deref());
    let is_named =
        |region: &Region| reader.store.iter().any(|other| other.cen.id == *cen && other.regions().contains(&region));
    let ours = topology.context.foreign_peers.iter().filter(|peer| is_ours(&peer.mark));
    let beyond: BTreeSet<&Region> =
        ours.flat_map(|peer| [&peer.regions.0, &peer.regions.1]).filter(|region| !is_named(region)).ordered();
    let listed = beyond.into_iter().map(|region| {
        let client = &client;
        async move {
            // Nothing depends on it, so a failure does not count as a failed reading. The connection is reported in any case.
            let found =
                client.list(region.as_str(), vpc_attachments_in(cen.as_str(), region)).await.unwrap_or_default();
            found.into_iter().map(|found| vpc_attachment(region, found)).collect::<Vec<_>>()
        }
    });
    join_all(listed).await.into_iter().flatten().filter(|found| is_ours(&found.mark)).collect()
}

fn vpc_attachment(region: &Region, found: cbn::VpcAttachment) -> VpcAttachment {
    VpcAttachment {
        mark: parse::mark(found.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))),
        id: found.transit_router_attachment_id.into(),
        vpc: found.vpc_id.into(),
        transit_router: found.transit_router_id.into(),
        region: if found.vpc_region_id.is_empty() { region.clone() } else { found.vpc_region_id.into() },
        status: found.status.into(),
        zones: found.zone_mappings.into_iter().map(|zone| (zone.zone_id.into(), zone.vswitch_id.into())).collect(),
        auto_publish: found.auto_publish_route_enabled,
        created: found.creation_time,
    }
}

/// Peer attachments of the binding's regions; `observe` keeps those between two of these regions. One may have been created
/// from either side, so every region is asked, and the answers are merged by id (cloud-apis.md section 8).
async fn peer_attachments_of(reader: &Reader<'_>, client: &Reads) -> Result<Vec<PeerAttachment>, Error> {
    let regions = reader.binding.regions();
    let cen = reader.binding.cen.id.as_str();
    let from_regions =
        regions.iter().map(|region| async move { client.list(region.as_str(), peers_in(cen, region)).await });
    let found = try_join_all(from_regions).await?.into_iter().flatten().map(peer_attachment);
    Ok(by_id(found, |peer| peer.id.clone()))
}

fn peer_attachment(found: cbn::PeerAttachment) -> PeerAttachment {
    let bandwidth = stated_bandwidth(&found);
    PeerAttachment {
        mark: parse::mark(found.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))),
        id: found.transit_router_attachment_id.into(),
        regions: (found.region_id.into(), found.peer_transit_router_region_id.into()),
        status: found.status.into(),
        bandwidth,
        bandwidth_package: (!found.cen_bandwidth_package_id.is_empty()).then(|| found.cen_bandwidth_package_id.into()),
        auto_publish: found.auto_publish_route_enabled,
        created: found.creation_time,
    }
}

/// The bandwidth, if the answer states one. 0 means no value for a connection that is paid by traffic; for a connection
/// that uses a bandwidth plan it is the test bandwidth of 1 Kbit/s (cloud-apis.md section 8).
fn stated_bandwidth(found: &cbn::PeerAttachment) -> Option<u32> {
    let stated = found.bandwidth.filter(|mbps| *mbps > 0 || found.bandwidth_type == "BandwidthPackage")?;
    Some(u32::try_from(stated).unwrap_or(u32::MAX))
}

fn vpc_attachments_in(cen: &str, region: &Region) -> cbn::ListTransitRouterVpcAttachments {
    cbn::ListTransitRouterVpcAttachments {
        cen_id: Some(cen.to_owned()),
        region_id: Some(region.to_string()),
        ..Default::default()
    }
}

fn peers_in(cen: &str, region: &Region) -> cbn::ListTransitRouterPeerAttachments {
    cbn::ListTransitRouterPeerAttachments {
        cen_id: Some(cen.to_owned()),
        region_id: Some(region.to_string()),
        ..Default::default()
    }
}

/// An attachment in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attaching {
    Vpc { id: AttachmentId, region: Region },
    Peer { id: AttachmentId, regions: (Region, Region) },
}

/// Whether a listing still shows an attachment in progress. It makes no more calls than it takes to find it, and a look
/// that follows shares them. A failed call shows nothing.
pub(crate) async fn is_attaching(cloud: &Cloud, binding: &Binding, which: &Attaching) -> bool {
    let (client, cen) = (cloud.own_reads(), binding.cen.id.as_str());
    let comes = |status: AttachmentStatus| matches!(status, AttachmentStatus::Attaching | AttachmentStatus::Modifying);
    match which {
        Attaching::Vpc { id, region } => {
            let listed = client.list(region.as_str(), vpc_attachments_in(cen, region)).await.unwrap_or_default();
            let found = listed.into_iter().find(|found| found.transit_router_attachment_id == id.as_str());
            found.is_some_and(|found| comes(found.status.into()))
        }
        Attaching::Peer { id, regions } => {
            for region in [&regions.0, &regions.1] {
                let listed = client.list(region.as_str(), peers_in(cen, region)).await.unwrap_or_default();
                let found = listed.into_iter().find(|found| found.transit_router_attachment_id == id.as_str());
                if let Some(found) = found {
                    return comes(found.status.into());
                }
            }
            false
        }
    }
}

fn by_id<T, Id: Ord>(items: impl Iterator<Item = T>, id: impl Fn(&T) -> Id) -> Vec<T> {
    let unique: BTreeMap<Id, T> = items.map(|item| (id(&item), item)).ordered();
    unique.into_values().collect()
}

/// The bandwidth plan that the binding names; without one there is nothing to read.
async fn package(reader: &Reader<'_>, client: &Reads) -> Known<Option<BandwidthPackage>> {
    let named = reader.binding.cen.bandwidth.as_ref().and_then(|bandwidth| bandwidth.package.as_ref());
    match named {
        None => Known::Known(None),
        Some(id) => reader.known(package_by_id(reader, client, id).await),
    }
}

async fn package_by_id(
    reader: &Reader<'_>,
    client: &Reads,
    id: &BandwidthPackageId,
) -> Result<Option<BandwidthPackage>, Error> {
    let filter = cbn::Filter { key: "CenBandwidthPackageId".to_owned(), value: vec![id.to_string()] };
    let action = cbn::DescribeCenBandwidthPackages { filter: vec![filter], ..Default::default() };
    let found = client.list(reader.binding.alb.region.as_str(), action).await?;
    let cen = reader.binding.cen.id.as_str();
    Ok(found.into_iter().find(|found| found.cen_bandwidth_package_id == id.as_str()).map(|found| {
        let used: u64 = found.orgin_inter_region_bandwidth_limits.iter().map(|limit| limit.bandwidth_limit).sum();
        BandwidthPackage {
            id: id.clone(),
            bandwidth: u32::try_from(found.bandwidth).unwrap_or(u32::MAX),
            used: u32::try_from(used).unwrap_or(u32::MAX),
            status: found.status,
            business_status: found.business_status.into(),
            associated: found.cen_ids.iter().any(|id| id == cen),
            areas: (found.geographic_region_a_id, found.geographic_region_b_id),
        }
    }))
}

async fn zones_of(reader: &Reader<'_>, client: &Reads) -> BTreeMap<Region, Known<BTreeSet<ZoneId>>> {
    let in_regions = reader.binding.regions().into_iter().map(|region| async move {
        let action = cbn::ListTransitRouterAvailableResource { region_id: region.to_string() };
        let answer = client.lasting(region.as_str(), &action, |answer| !answer.available_zones.is_empty()).await;
        let zones = reader.known(answer.map(|answer| {
            // Older answers split the zones into master and slave zones; both can hold an interface.
            let all = answer.available_zones.into_iter().chain(answer.master_zones).chain(answer.slave_zones);
            all.map(ZoneId::from).collect()
        }));
        (region.clone(), zones)
    });
    join_all(in_regions).await.into_iter().ordered()
}
