//! The names of what a deployment has in the cloud.

use onboarding::ids::Region;

use super::saved::Saved;

/// What the packages' object names begin with, and the store's.
const PREFIX: &str = "albridge/";

/// The names of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The deployment, which is its stacks' name, too.
    pub deployment: String,
    /// The account's number: names of buckets are unique in the whole cloud.
    pub account: String,
    saved: Saved,
}

impl Names {
    /// As usual, but for what was saved.
    pub(crate) fn new(deployment: &str, account: &str, saved: &Saved) -> Self {
        Self { deployment: deployment.to_owned(), account: account.to_owned(), saved: saved.clone() }
    }

    /// The bucket of the packages in a region.
    pub(crate) fn code_bucket(&self, region: &Region) -> String {
        let usual = || format!("{}-code-{region}-{}", self.deployment, self.account);
        self.saved.code_buckets.get(region).cloned().unwrap_or_else(usual)
    }

    /// The bucket of the binding store.
    pub(crate) fn store_bucket(&self) -> String {
        self.saved.store_bucket.clone().unwrap_or_else(|| format!("{}-store-{}", self.deployment, self.account))
    }

    /// The object of the binding store.
    pub(crate) fn store_key(&self) -> String {
        format!("{PREFIX}bindings.yml")
    }

    /// What the packages' object names begin with.
    pub(crate) fn code_prefix(&self) -> &'static str {
        PREFIX
    }
}
