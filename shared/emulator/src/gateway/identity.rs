//! Who signed a request, and whether the signature holds.
//!
//! Codes and messages: cloud-apis.md section 2.3.

use jiff::{SignedDuration, Timestamp};

use super::nonces::Nonces;
use super::request::Incoming;
use super::signature::{self, Authorization};
use crate::call::{ApiError, Caller, Service};
use crate::digest::sha256_hex;
use crate::world::World;

/// How far a request's time may be from the server's.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The two clocks of a server on scaled time: clients sign with either.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    /// Real time, for clients that know no other.
    pub(super) wall: Timestamp,
    /// The cloud's time.
    pub(super) now: Timestamp,
}

impl Clocks {
    fn accepts(self, at: Timestamp) -> bool {
        [self.wall, self.now].iter().any(|clock| clock.duration_since(at).abs() <= WINDOW)
    }
}

/// The parameter that is the proof of a request that nobody signed.
pub(super) const TOKEN: &str = "OIDCToken";

/// Whether an action takes requests that nobody signed: [`TOKEN`] in it is the proof.
pub(super) fn is_unsigned(service: Service, action: &str) -> bool {
    service == Service::Sts && action == "AssumeRoleWithOIDC"
}

/// Verifies an RPC or ACS3 request.
pub(super) fn verify(
    world: &World,
    nonces: &mut Nonces,
    clocks: Clocks,
    incoming: &Incoming,
) -> Result<Caller, ApiError> {
    match incoming.header("authorization") {
        Some(text) if text.starts_with("ACS3-") => acs3(world, nonces, clocks, incoming, &text),
        _ => rpc(world, nonces, clocks, incoming),
    }
}

fn rpc(world: &World, nonces: &mut Nonces, clocks: Clocks, incoming: &Incoming) -> Result<Caller, ApiError> {
    let mandatory = |name: &str| incoming.filled(name).ok_or_else(|| missing(name));
    let access_key = mandatory("AccessKeyId")?;
    let signature = mandatory("Signature")?;
    let method = incoming.filled("SignatureMethod").unwrap_or("HMAC-SHA1");
    if !method.eq_ignore_ascii_case("HMAC-SHA1") {
        return Err(ApiError::bad("InvalidSignatureMethod", "The specified signature method is not supported."));
    }
    if incoming.filled("SignatureVersion").unwrap_or("1.0") != "1.0" {
        return Err(incomplete());
    }
    let nonce = mandatory("SignatureNonce")?;
    check_time(clocks, mandatory("Timestamp")?)?;
    let (caller, secret) = key(world, clocks.now, access_key, incoming.filled("SecurityToken"))?;
    let string_to_sign = signature::rpc_string_to_sign(incoming);
    if signature::rpc_signature(&secret, &string_to_sign) != signature {
        return Err(ApiError::bad(
            "SignatureDoesNotMatch",
            format!(
                "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
            ),
        ));
    }
    first_use(nonces, clocks, access_key, nonce)?;
    Ok(caller)
}

fn acs3(
    world: &World,
    nonces: &mut Nonces,
    clocks: Clocks,
    incoming: &Incoming,
    text: &str,
) -> Result<Caller, ApiError> {
    let Some(authorization) = Authorization::parse(text, "ACS3-HMAC-SHA256") else { return Err(incomplete()) };
    let date = incoming.header("x-acs-date").filter(|date| !date.is_empty()).ok_or_else(|| missing("Timestamp"))?;
    let nonce = incoming
        .header("x-acs-signature-nonce")
        .filter(|nonce| !nonce.is_empty())
        .ok_or_else(|| missing("SignatureNonce"))?;
    check_time(clocks, &date)?;
    // Every x-acs header and the host must be signed: otherwise they could be changed in transit.
    let unsigned = |name: &str| !authorization.headers.iter().any(|signed| signed == name);
    let critical = incoming.headers().any(|(name, _)| (name == "host" || name.starts_with("x-acs-")) && unsigned(name));
    let ordered = authorization.headers.is_sorted();
    if critical || !ordered {
        return Err(incomplete());
    }
    let token = incoming.header("x-acs-security-token").filter(|token| !token.is_empty());
    let (caller, secret) = key(world, clocks.now, &authorization.credential, token.as_deref())?;
    let canonical = signature::acs3_canonical_request(incoming, &authorization.headers);
    let string_to_sign = signature::acs3_string_to_sign(&canonical);
    let body_as_declared =
        incoming.header("x-acs-content-sha256").is_none_or(|declared| declared == sha256_hex(&incoming.body));
    if !body_as_declared || signature::acs3_signature(&secret, &string_to_sign) != authorization.signature {
        return Err(ApiError::bad(
            "SignatureDoesNotMatch",
            format!(
                "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}], \
                 server CanonicalRequest is [{canonical}]"
            ),
        ));
    }
    first_use(nonces, clocks, &authorization.credential, &nonce)?;
    Ok(caller)
}

/// Verifies an OSS V4 request for `resource`, which is `/bucket/key`.
pub(super) fn oss(world: &World, clocks: Clocks, incoming: &Incoming, resource: &str) -> Result<Caller, ApiError> {
    let denied = |message: &str| ApiError::new(403, "AccessDenied", message);
    let text = incoming.header("authorization").ok_or_else(|| denied("AccessDenied"))?;
    let authorization = Authorization::parse(&text, "OSS4-HMAC-SHA256")
        .ok_or_else(|| ApiError::bad("InvalidArgument", "Invalid signing version in Authorization header."))?;
    let Some((access_key, scope)) = authorization.credential.split_once('/') else {
        return Err(ApiError::bad("InvalidArgument", "Invalid credential in Authorization header."));
    };
    let date = incoming.header("x-oss-date").unwrap_or_default();
    let at = basic_date(&date).ok_or_else(|| denied("Invalid Date."))?;
    if !clocks.accepts(at) {
        return Err(ApiError::new(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ));
    }
    if !scope.starts_with(date.get(..8).unwrap_or("-")) || !scope.ends_with("/oss/aliyun_v4_request") {
        return Err(ApiError::bad("InvalidArgument", "Invalid credential scope in Authorization header."));
    }
    let token = incoming.header("x-oss-security-token").filter(|token| !token.is_empty());
    let (caller, secret) = key(world, clocks.now, access_key, token.as_deref()).map_err(|error| {
        // OSS has names of its own for the same refusals.
        let code = if error.code.starts_with("InvalidSecurityToken.Expired") {
            "SecurityTokenExpired"
        } else {
            "InvalidAccessKeyId"
        };
        ApiError::new(403, code, error.message)
    })?;
    let canonical = signature::oss_canonical_request(incoming, resource, &authorization.headers);
    let payload = incoming.header("x-oss-content-sha256").unwrap_or_default();
    let body_as_declared = payload == "UNSIGNED-PAYLOAD" || payload == sha256_hex(&incoming.body);
    if !body_as_declared || signature::oss_signature(&secret, &date, scope, &canonical) != authorization.signature {
        return Err(ApiError::new(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ));
    }
    Ok(caller)
}

/// Whether an OSS request comes from a function of another region than this one.
pub(super) fn is_from_elsewhere(world: &World, incoming: &Incoming, region: &str) -> bool {
    let authorization = incoming.header("authorization");
    let authorization = authorization.as_deref().and_then(|text| Authorization::parse(text, "OSS4-HMAC-SHA256"));
    let session = authorization.and_then(|signed| world.sts.session(signed.credential.split('/').next()?));
    session.and_then(|session| session.region.as_deref()).is_some_and(|home| home != region)
}

/// The secret behind an access key, and who may use it.
fn key(world: &World, now: Timestamp, access_key: &str, token: Option<&str>) -> Result<(Caller, String), ApiError> {
    let token_error = |code: &str, message: &str| ApiError::bad(format!("InvalidSecurityToken.{code}"), message);
    let root = world.root_credentials();
    if access_key == root.access_key_id {
        return match token {
            None => Ok((Caller::Root, root.access_key_secret)),
            Some(_) => Err(token_error(
                "MismatchWithAccessKey",
                "The specified SecurityToken is mismatched with the access key.",
            )),
        };
    }
    let Some(session) = world.sts.session(access_key) else {
        return Err(ApiError::not_found("InvalidAccessKeyId.NotFound", "Specified access key is not found."));
    };
    match token {
        None => Err(missing("SecurityToken")),
        Some(token) if token == session.token && now >= session.expires => {
            Err(token_error("Expired", "The specified SecurityToken is expired."))
        }
        Some(token) if token == session.token => Ok((session.caller(), session.secret.clone())),
        Some(token) if world.sts.issued(token) => {
            Err(token_error("MismatchWithAccessKey", "The specified SecurityToken is mismatched with the access key."))
        }
        Some(_) => Err(token_error("Malformed", "The specified SecurityToken is malformed.")),
    }
}

fn check_time(clocks: Clocks, text: &str) -> Result<(), ApiError> {
    let malformed =
        || ApiError::bad("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.");
    if text.len() != 20 || !text.ends_with('Z') {
        return Err(malformed());
    }
    let at: Timestamp = text.parse().map_err(|_| malformed())?;
    if clocks.accepts(at) {
        Ok(())
    } else {
        Err(ApiError::bad("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."))
    }
}

fn first_use(nonces: &mut Nonces, clocks: Clocks, access_key: &str, nonce: &str) -> Result<(), ApiError> {
    if nonces.first_use(clocks.wall, access_key, nonce) {
        Ok(())
    } else {
        Err(ApiError::bad("SignatureNonceUsed", "Specified signature nonce was used already."))
    }
}

/// `20261122T080000Z`.
fn basic_date(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let two = |part: &str, at: usize| part.get(at..at + 2).map(str::to_owned);
    let date = format!("{}-{}-{}", date.get(..4)?, two(date, 4)?, two(date, 6)?);
    format!("{date}T{}:{}:{}Z", two(time, 0)?, two(time, 2)?, two(time, 4)?).parse().ok()
}

fn missing(name: &str) -> ApiError {
    ApiError::bad(format!("Missing{name}"), format!("{name} is mandatory for this action."))
}

fn incomplete() -> ApiError {
    ApiError::bad("IncompleteSignature", "The request signature does not conform to Aliyun standards.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_dates_are_read_and_junk_is_not() {
        assert_eq!(basic_date("20261122T080000Z").unwrap().to_string(), "2026-11-22T08:00:00Z");
        for junk in ["", "Z", "TZ", "2026T08Z", "äöüäöüäöT080000Z", "20261322T080000Z"] {
            assert_eq!(basic_date(junk), None, "{junk}");
        }
    }
}
