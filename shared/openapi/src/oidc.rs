//! A role that is assumed with a token of an OpenID Connect provider. STS takes the request unsigned: the token is the proof.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::client::{self, Client, Facts};
use crate::credentials::Credentials;
use crate::encode;
use crate::error::Error;
use crate::flatten::{self, Parameters};
use crate::lenient;
use crate::mask::Secrets;
use crate::response;
use crate::retry::Repeatable;
use crate::service::Service;
use crate::sts;
use crate::transport::BodyLimit;
use crate::whole::central as whole;

const ACTION: &str = "AssumeRoleWithOIDC";

impl Client {
    /// The session of a role, for a token. Nothing of this client's key is sent.
    ///
    /// # Errors
    /// Those of [`Client::call`]; no message holds the token.
    pub async fn assume_role_with_oidc(
        &self,
        region: &str,
        request: &sts::AssumeRoleWithOidc,
    ) -> Result<sts::SessionCredentials, Error> {
        // What a client signs with is masked in its errors; the token is what this one proves itself with.
        let bearer = self.with_credentials(Credentials::temporary("", "", request.oidc_token.clone()));
        bearer.exchange_token(region, request).await
    }

    async fn exchange_token(
        &self,
        region: &str,
        request: &sts::AssumeRoleWithOidc,
    ) -> Result<sts::SessionCredentials, Error> {
        let parameters = flatten::parameters(request).map_err(|error| Error::invalid(ACTION, error.to_string()))?;
        let facts = Facts {
            service: Service::Sts,
            action: ACTION,
            region,
            writes: false,
            repeatable: Repeatable { safe: true, codes: &[] },
            limit: Duration::from_secs(20),
            most: BodyLimit::default(),
        };
        let base = self.config.endpoints.url(Service::Sts, region);
        let response = self
            .exchange(&facts, &|| {
                let mut query = Parameters::new();
                for (name, value) in [
                    ("Action", ACTION.to_owned()),
                    ("Version", Service::Sts.version().to_owned()),
                    ("Format", "JSON".to_owned()),
                    ("SignatureNonce", self.clock().uuid()),
                    ("Timestamp", self.timestamp()),
                ] {
                    query.insert(name.to_owned(), value);
                }
                let headers = BTreeMap::from([("content-type".to_owned(), client::FORM.to_owned())]);
                let url = format!("{base}/?{}", encode::query(&query));
                client::request(ACTION, Method::POST, &url, &headers, Bytes::from(encode::query(&parameters)))
            })
            .await?;
        let status = response.status().as_u16();
        let read = response::json(ACTION, &response).and_then(|value| {
            whole::SESSION.check(&value).map_err(|what| Error::unread(ACTION, status, what))?;
            lenient::from_value::<sts::AssumeRoleAnswer>(value)
                .map_err(|error| Error::malformed(ACTION, status, error.to_string()))
        });
        let secrets = Secrets::of(&self.config.credentials);
        Ok(read.map_err(|error| error.without(&secrets))?.credentials)
    }
}
