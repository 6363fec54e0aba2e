//! The account's instances: by id, and in order within each region, so that a page is found without a scan.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::instance::Instance;

/// Every instance. Reads use the map by id (`Deref`).
#[derive(Debug, Clone, Default)]
pub(crate) struct Fleet {
    by_id: BTreeMap<String, Instance>,
    /// Ids in order. An instance never changes its region.
    by_region: BTreeMap<String, Vec<String>>,
}

impl Fleet {
    /// The ids of a region's instances, in order.
    pub(crate) fn of_region(&self, region: &str) -> &[String] {
        self.by_region.get(region).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn insert(&mut self, instance: Instance) {
        self.remove(&instance.id);
        let ids = self.by_region.entry(instance.region.clone()).or_default();
        let place = ids.partition_point(|id| *id < instance.id);
        ids.insert(place, instance.id.clone());
        self.by_id.insert(instance.id.clone(), instance);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        let Some(instance) = self.by_id.remove(id) else { return };
        if let Some(ids) = self.by_region.get_mut(&instance.region)
            && let Ok(place) = ids.binary_search(&instance.id)
        {
            ids.remove(place);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Instance)> {
        self.by_id.iter_mut()
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.by_id.get_mut(id)
    }
}

impl Deref for Fleet {
    type Target = BTreeMap<String, Instance>;

    fn deref(&self) -> &Self::Target {
        &self.by_id
    }
}
