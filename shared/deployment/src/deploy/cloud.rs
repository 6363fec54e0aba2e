//! Access to the cloud for a deployment: the client, and errors that say what a call was for.

use onboarding::ids::Region;
use openapi::{Client, Error};

use super::error::DeployError;

/// How an account is told that it may not use a bucket's public endpoint (corrections.md, section 1).
const OUTSIDE: &str = "PublicEndpointForbidden";

/// The client that everything is read and written with.
#[derive(Debug, Clone)]
pub struct Cloud {
    client: Client,
}

impl Cloud {
    /// Access with a client.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }
}

/// What a failed call was for.
pub(crate) fn doing(what: impl Into<String>, region: &Region) -> impl FnOnce(Error) -> DeployError {
    let (doing, region) = (what.into(), region.clone());
    move |error| {
        let error = Box::new(error);
        match error.code.as_str() {
            OUTSIDE => DeployError::Outside { doing, region, error },
            _ => DeployError::Call { doing, error },
        }
    }
}
