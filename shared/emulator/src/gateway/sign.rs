//! The client's side of the signatures, for tests: the vectors prove that both sides are right.

use bytes::Bytes;
use http::Request;

use super::request::Incoming;
use super::signature;
use crate::state::sts::Credentials;

pub(crate) fn rpc(request: &Request<Bytes>, secret: &str) -> String {
    signature::rpc_signature(secret, &signature::rpc_string_to_sign(&Incoming::read(request.clone())))
}

pub(crate) fn acs3(mut request: Request<Bytes>, key: &Credentials) -> Request<Bytes> {
    let incoming = Incoming::read(request.clone());
    let mut names: Vec<String> = incoming.headers().map(|(name, _)| name.to_owned()).collect();
    names.sort();
    let canonical = signature::acs3_canonical_request(&incoming, &names);
    let signed = signature::acs3_signature(&key.access_key_secret, &signature::acs3_string_to_sign(&canonical));
    let text = format!(
        "ACS3-HMAC-SHA256 Credential={},SignedHeaders={},Signature={signed}",
        key.access_key_id,
        names.join(";")
    );
    request.headers_mut().insert("authorization", text.parse().unwrap());
    request
}

pub(crate) fn oss(mut request: Request<Bytes>, key: &Credentials, region: &str) -> Request<Bytes> {
    let incoming = Incoming::read(request.clone());
    let date = incoming.header("x-oss-date").unwrap();
    let scope = format!("{}/{region}/oss/aliyun_v4_request", &date[..8]);
    let canonical = signature::oss_canonical_request(&incoming, &incoming.path, &["host".to_owned()]);
    let signed = signature::oss_signature(&key.access_key_secret, &date, &scope, &canonical);
    let text = format!(
        "OSS4-HMAC-SHA256 Credential={}/{scope}, AdditionalHeaders=host, Signature={signed}",
        key.access_key_id
    );
    request.headers_mut().insert("authorization", text.parse().unwrap());
    request
}
