//! Which bindings an event concerns: decided by the state of the cloud, not by the event.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use onboarding::Binding;
use onboarding::binding::Backend;
use onboarding::ids::{InstanceId, Region, VpcId};
use onboarding::ordered::Ordered;
use onboarding::store::Store;
use openapi::ecs;
use stage::{Cloud, Invocation, Side};

use crate::event::quoted;

/// What an event says: where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) region: Option<Region>,
    /// The instances; `None` if it names none, and so points at the whole region.
    pub(crate) ids: Option<BTreeSet<InstanceId>>,
    /// The accounts that it names.
    pub(crate) accounts: BTreeSet<String>,
}

/// The most ids of one call (cloud-apis.md, section 3).
const IDS: usize = 100;
/// The longest that instances are looked for before a binding counts as concerned.
const LOOKING: Duration = Duration::from_secs(10);

/// The bindings of the store that an event from these accounts and this region may concern: those with backends in the
/// region, if each account is ours or one whose role the binding assumes. If our own account is unknown, every account
/// counts.
pub(crate) fn within<'s>(
    store: &'s Store,
    region: Option<&Region>,
    accounts: &BTreeSet<String>,
    ours: &str,
) -> Vec<&'s Binding> {
    let knows = |binding: &Binding, account: &String| {
        ours.is_empty() || account == ours || accounts_of(binding).any(|known| known == account)
    };
    let concerned = |binding: &&Binding| {
        let here = region.is_none_or(|region| binding.backends.iter().any(|backend| &backend.region == region));
        here && accounts.iter().all(|account| knows(binding, account))
    };
    store.bindings.iter().filter(concerned).collect()
}

/// The accounts whose roles a binding assumes: `acs:ram::<account>:role/<name>`.
fn accounts_of(binding: &Binding) -> impl Iterator<Item = &str> {
    let roles = binding.backends.iter().map(|backend| &backend.assume_role).chain([&binding.alb.assume_role]);
    roles.flatten().filter_map(|role| role.arn.split(':').nth(3))
}

/// Why an event from these accounts concerns no binding, if the accounts are the cause.
pub(crate) fn foreign(ours: &str, accounts: &BTreeSet<String>, bindings: &[&Binding]) -> Option<String> {
    let other = accounts.iter().find(|account| *account != ours)?;
    bindings.is_empty().then(|| format!("no binding here has to do with account {}", quoted(other)))
}

/// One listing of instances: by the role that it takes (none for our own account), and its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place<'s> {
    role: Option<(&'s str, Option<&'s str>)>,
    region: &'s Region,
}

impl<'s> Place<'s> {
    fn of(backend: &'s Backend) -> Self {
        let role = backend.assume_role.as_ref().map(|role| (role.arn.as_str(), role.external_id.as_deref()));
        Self { role, region: &backend.region }
    }
}

/// The VPC of each instance of the events, as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct Whereabouts<'a>(BTreeMap<Place<'a>, BTreeMap<String, String>>);

impl<'a> Whereabouts<'a> {
    /// Reads the instances of all events at once, for each the places of the bindings that it may concern: each place is read
    /// once, with up to 100 instances a call.
    pub(crate) async fn read(invocation: &Invocation<'_>, events: &[(&Sighting, &[&'a Binding])]) -> Self {
        let mut wanted: BTreeMap<Place<'a>, (&'a Binding, &'a VpcId, BTreeSet<String>)> = BTreeMap::new();
        for (event, bindings) in events {
            let Some(ids) = &event.ids else { continue };
            for (binding, backend) in backends(bindings, event.region.as_ref()) {
                let place =
                    wanted.entry(Place::of(backend)).or_insert_with(|| (binding, &backend.vpc, BTreeSet::new()));
                place.2.extend(ids.iter().map(ToString::to_string));
            }
        }
        let clock = invocation.host.clock();
        // The other half is for starting executions.
        let limit = (clock.until(invocation.budget_end()) / 2).min(LOOKING);
        let looks = wanted.into_iter().map(|(place, (binding, vpc, ids))| async move {
            let cloud = Cloud::new(invocation.client(), binding, "");
            let ids: Vec<String> = ids.into_iter().collect();
            let looked = clock.timeout(limit, look(&cloud, place.region, vpc, &ids)).await;
            let vpcs = looked.unwrap_or_else(|_| {
                tracing::warn!(region = %place.region, "the instances were not read in time, so they count as concerning everybody");
                BTreeMap::new()
            });
            (place, vpcs)
        });
        Self(join_all(looks).await.into_iter().collect())
    }

    /// Whether an event concerns a binding: one of its instances is in a VPC of the binding, does not exist (it may be
    /// deleted), or could not be read.
    pub(crate) fn concerns(&self, event: &Sighting, binding: &Binding) -> bool {
        let Some(ids) = &event.ids else { return true };
        backends(&[binding], event.region.as_ref()).any(|(_, backend)| {
            let Some(vpcs) = self.0.get(&Place::of(backend)) else { return true };
            ids.iter().any(|id| vpcs.get(id.as_str()).is_none_or(|vpc| vpc == backend.vpc.as_str()))
        })
    }
}

/// The backends of some bindings in a region, or in all.
fn backends<'s>(bindings: &[&'s Binding], region: Option<&Region>) -> impl Iterator<Item = (&'s Binding, &'s Backend)> {
    let all = bindings.iter().flat_map(|binding| binding.backends.iter().map(|backend| (*binding, backend)));
    all.filter(move |(_, backend)| region.is_none_or(|region| &backend.region == region))
}

async fn look(cloud: &Cloud, region: &Region, vpc: &VpcId, ids: &[String]) -> BTreeMap<String, String> {
    let Ok(client) = cloud.client_for(Side::Backend(vpc)).await else { return BTreeMap::new() };
    let client = &client;
    let chunks = ids.chunks(IDS).map(|ids| {
        let describe = ecs::DescribeInstances { instance_ids: ids.to_vec(), ..Default::default() };
        client.list(region.as_str(), describe)
    });
    let found = join_all(chunks).await.into_iter().filter_map(Result::ok).flatten();
    found.map(|instance| (instance.instance_id, instance.vpc_attributes.vpc_id)).ordered()
}
