//! The client for one call. A person's command may take longer than a session lasts: its client takes the present key for each
//! call. Functions get their key with each invocation, so renewing is compiled for the command line only (feature `renewal`).

use std::borrow::Cow;
#[cfg(feature = "renewal")]
use std::sync::Arc;

use crate::client::Client;
#[cfg(feature = "renewal")]
use crate::credentials::KeySource;
use crate::error::Error;

#[cfg(feature = "renewal")]
impl Client {
    /// The same client, which takes its key from `keys` for each call. A call and its retries are signed with one key.
    #[must_use]
    pub fn renewing(&self, keys: Arc<dyn KeySource>) -> Self {
        let mut client = self.clone();
        client.keys = Some(keys);
        client
    }

    /// This client, or one with the present key.
    pub(crate) async fn present(&self, action: &'static str) -> Result<Cow<'_, Self>, Error> {
        match &self.keys {
            None => Ok(Cow::Borrowed(self)),
            Some(keys) => {
                let credentials = keys.current().await.map_err(|why| Error::no_key(action, why))?;
                Ok(Cow::Owned(self.with_credentials(credentials)))
            }
        }
    }
}

#[cfg(not(feature = "renewal"))]
impl Client {
    /// This client, which has one key.
    pub(crate) fn present(&self, _action: &'static str) -> std::future::Ready<Result<Cow<'_, Self>, Error>> {
        std::future::ready(Ok(Cow::Borrowed(self)))
    }
}
