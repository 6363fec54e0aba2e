//! A transit router's route table: associations, propagations and route entries.

use onboarding::ids::Region;
use onboarding::topology::{TransitRoute, TransitTable};
use openapi::{Error, cbn};

use super::parse;
use super::reader::Reader;
use crate::needs::Needs;
use crate::readings::Reads;

pub(super) async fn read(
    reader: &Reader<'_>,
    client: &Reads,
    region: &Region,
    found: cbn::RouteTable,
) -> Result<TransitTable, Error> {
    let id = found.transit_router_route_table_id;
    let region = region.as_str();
    let associations = cbn::ListTransitRouterRouteTableAssociations {
        transit_router_route_table_id: Some(id.clone()),
        ..Default::default()
    };
    let propagations = cbn::ListTransitRouterRouteTablePropagations {
        transit_router_route_table_id: id.clone(),
        ..Default::default()
    };
    // Without a status only Active entries are listed, and an entry in progress would be created twice (section 10).
    let entries = cbn::ListTransitRouterRouteEntries {
        transit_router_route_table_id: id.clone(),
        transit_router_route_entry_status: Some("All".to_owned()),
        ..Default::default()
    };
    let (associations, propagations, entries) = tokio::try_join!(biased;
        async {
            match reader.needs.has(Needs::TABLES) {
                true => client.list(region, associations).await,
                false => Ok(Vec::new()),
            }
        },
        async {
            match reader.needs.has(Needs::TABLES) {
                true => client.list(region, propagations).await,
                false => Ok(Vec::new()),
            }
        },
        async {
            match reader.needs.has(Needs::ENTRIES) {
                true => client.list(region, entries).await,
                false => Ok(Vec::new()),
            }
        }
    )?;
    let mut routes: Vec<_> = entries.into_iter().filter_map(route).collect();
    routes.sort_by(|a, b| (a.destination, a.propagated, &a.id).cmp(&(b.destination, b.propagated, &b.id)));
    Ok(TransitTable {
        id: id.into(),
        system: found.transit_router_route_table_type == "System",
        associations: associations
            .into_iter()
            .map(|found| (found.transit_router_attachment_id.into(), found.status.into()))
            .collect(),
        propagations: propagations
            .into_iter()
            .map(|found| (found.transit_router_attachment_id.into(), found.status.into()))
            .collect(),
        routes,
    })
}

/// `None` for IPv6 entries, which match no IPv4 packet.
fn route(found: cbn::RouteEntry) -> Option<TransitRoute> {
    let destination = parse::prefix(&found.transit_router_route_entry_destination_cidr_block)?;
    let next_hop = found.transit_router_route_entry_next_hop_id;
    let black_hole = found.transit_router_route_entry_next_hop_type == "BlackHole" || next_hop.is_empty();
    let id = found.transit_router_route_entry_id;
    Some(TransitRoute {
        id: (!id.is_empty()).then(|| id.into()),
        destination,
        next_hop: (!black_hole).then(|| next_hop.into()),
        propagated: found.transit_router_route_entry_type == "Propagated",
        status: found.transit_router_route_entry_status.into(),
        description: found.transit_router_route_entry_description,
    })
}
