//! Identity providers of OpenID Connect, and their tokens.
//!
//! The provider itself is played, too: [`World::oidc_token`] gives out what a CI system would. Its tokens have the form of signed ones
//! (RS256), and the signature is the emulator's own: who has none of its tokens cannot make one.
//!
//! Codes and messages: the page of STS error codes (help.aliyun.com, api-sts-2015-04-01-errorcodes).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::ApiError;
use crate::digest::hmac_sha256;
use crate::state::sts::OidcProvider;
use crate::world::World;

/// A token that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: String,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
}

impl World {
    /// Registers an identity provider with the clients that its tokens may be for. Gives its ARN.
    pub fn put_oidc_provider(&mut self, name: &str, issuer: &str, clients: &[&str]) -> String {
        let arn = format!("acs:ram::{}:oidc-provider/{name}", self.settings.account_id);
        let clients = clients.iter().map(|client| (*client).to_owned()).collect();
        let secret = self.ids.next("oidc-");
        self.sts.providers.insert(arn.clone(), OidcProvider { issuer: issuer.to_owned(), clients, secret });
        arn
    }

    /// A token of a registered provider about `subject` for `audience`; nothing where there is no such provider.
    #[must_use]
    pub fn oidc_token(
        &self,
        now: Timestamp,
        provider: &str,
        subject: &str,
        audience: &str,
        lifetime: Duration,
    ) -> Option<String> {
        let provider = self.sts.providers.get(provider)?;
        let issued = now.as_second();
        let expires = issued.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        let header = json!({"alg": "RS256", "typ": "JWT"});
        let claims = json!({"iss": provider.issuer, "sub": subject, "aud": audience, "iat": issued, "exp": expires});
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        Some(format!("{signed}.{}", signature(provider, &signed)))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signature(provider: &OidcProvider, signed: &str) -> String {
    encoded(hmac_sha256(provider.secret.as_bytes(), signed.as_bytes()))
}

fn failed(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(401, format!("AuthenticationFail.{code}"), message)
}

/// There is no such provider, or the role does not trust it.
pub(crate) fn no_permission(message: &str) -> ApiError {
    failed("NoPermission", message)
}

/// What a token says, if it is one of the provider's, for one of its clients, and still holds.
pub(crate) fn verify(world: &World, now: Timestamp, provider: &str, token: &str) -> Result<Claims, ApiError> {
    let invalid = |message: &str| failed("OIDCToken.Invalid", message);
    if token.is_empty() {
        return Err(invalid("The OIDCToken can not empty."));
    }
    let parts: Vec<&str> = token.split('.').collect();
    let &[header, claims, sent] = parts.as_slice() else {
        return Err(invalid("The number of Jwt field should be divided into 3 parts with '.' ."));
    };
    let decoded = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part);
        bytes.map_err(|_| invalid("Cannot decode base64 encoded response(format invalided)."))
    };
    let read = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    let (header, content) = (read(decoded(header)?), read(decoded(claims)?));
    let algorithm = header["alg"].as_str().unwrap_or_default();
    if algorithm != "RS256" {
        let message = format!("The algorithm {algorithm} that be specified in Jwt header is unknown.");
        return Err(invalid(&message));
    }
    let text = |name: &str| content[name].as_str().map(str::to_owned);
    let (Some(issuer), Some(subject), Some(audience), Some(expires)) =
        (text("iss"), text("sub"), text("aud"), content["exp"].as_i64())
    else {
        return Err(invalid("The Jwt content is invalid that cannot be recognized."));
    };
    // Which code another issuer gets is not documented.
    let registered = world.sts.providers.get(provider).filter(|registered| registered.issuer == issuer);
    let Some(registered) = registered else { return Err(no_permission("No such OIDC Provider registered.")) };
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    if sent != signature(registered, signed) {
        return Err(failed("OIDCToken.InvalidSignature", "OIDC token validate failed: invalid signature."));
    }
    if expires <= now.as_second() {
        return Err(failed("OIDCToken.Expired", "This JsonWebToken is expired."));
    }
    if !registered.clients.contains(&audience) {
        return Err(failed("OIDCToken.AudienceNotMatch", "Invalid audience."));
    }
    Ok(Claims { issuer, subject, audience, issued: content["iat"].as_i64().unwrap_or_default(), expires })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{start, world};

    #[test]
    fn a_token_is_refused_for_each_thing_that_is_wrong_with_it() {
        let mut world = world();
        let ci = world.put_oidc_provider("ci", "https://ci.example.com", &["albridge"]);
        let other = world.put_oidc_provider("other", "https://ci.example.com", &["albridge"]);
        let token = world.oidc_token(start(), &ci, "repo", "albridge", Duration::from_secs(600)).unwrap();
        let claims = verify(&world, start(), &ci, &token).unwrap();
        assert_eq!((claims.subject.as_str(), claims.expires - claims.issued), ("repo", 600));
        let code = |provider: &str, token: &str| verify(&world, start(), provider, token).unwrap_err().code;
        let refused = |provider: &str, token: &str| code(provider, token).replace("AuthenticationFail.", "");
        assert_eq!(refused(&other, &token), "OIDCToken.InvalidSignature", "each provider signs its own");
        assert_eq!(refused("acs:ram::1:oidc-provider/none", &token), "NoPermission");
        let parts: Vec<&str> = token.split('.').collect();
        let with = |header: &str, claims: &str| format!("{}.{}.{}", encoded(header), encoded(claims), parts[2]);
        let whole = r#"{"iss":"https://ci.example.com","sub":"a","aud":"albridge","exp":99999999999}"#;
        for (token, code) in [
            (String::new(), "OIDCToken.Invalid"),
            ("a.b".to_owned(), "OIDCToken.Invalid"),
            ("!.!.!".to_owned(), "OIDCToken.Invalid"),
            (with(r#"{"alg":"HS256"}"#, whole), "OIDCToken.Invalid"),
            (with(r#"{"alg":"none"}"#, whole), "OIDCToken.Invalid"),
            (with(r#"{"alg":"RS256"}"#, "{}"), "OIDCToken.Invalid"),
            (with(r#"{"alg":"RS256"}"#, whole), "OIDCToken.InvalidSignature"),
            (with(r#"{"alg":"RS256"}"#, &whole.replace("ci.", "evil.")), "NoPermission"),
        ] {
            assert_eq!(refused(&ci, &token), code, "{token}");
        }
        let later = start() + Duration::from_secs(600);
        assert_eq!(verify(&world, later, &ci, &token).unwrap_err().code, "AuthenticationFail.OIDCToken.Expired");
    }
}
