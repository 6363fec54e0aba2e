//! The credentials of a call: temporary keys of the function's role.

use std::fmt;

use serde::Deserialize;

use crate::protocol::{FcHeaders, text};

/// Keys with which a handler signs calls to Alibaba Cloud.
///
/// They come with each request and are valid for 36 hours; take them from the [`Context`](crate::Context) of the call
/// and do not keep them. `Debug` shows the key's id only, and a serialized `Context` leaves them out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Credentials {
    /// The id of the access key.
    pub access_key_id: String,
    /// The secret of the access key.
    pub access_key_secret: String,
    /// The token that goes with temporary keys; `None` for the lasting keys of a user.
    pub security_token: Option<String>,
}

impl Credentials {
    /// The credentials in a request's headers, if all three are there and none is empty.
    ///
    /// A function without a role is sent the headers with nothing in them, and from custom.debian11 on the token is
    /// missing: an id and a secret alone would then sign requests that are refused.
    pub(crate) fn from_headers(headers: &FcHeaders<'_>) -> Option<Self> {
        Some(Self {
            access_key_id: text(headers.access_key_id)?.to_owned(),
            access_key_secret: text(headers.access_key_secret)?.to_owned(),
            security_token: Some(text(headers.security_token)?.to_owned()),
        })
    }

    /// Whether these are the ones in a request's headers.
    pub(crate) fn are_in(&self, headers: &FcHeaders<'_>) -> bool {
        let token = self.security_token.as_deref().map(str::as_bytes);
        headers.access_key_id == Some(self.access_key_id.as_bytes())
            && headers.access_key_secret == Some(self.access_key_secret.as_bytes())
            && headers.security_token == token
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
