//! What goes over the wire verifies as a service verifies it: from the decoded request, by code of its own.

use std::collections::BTreeMap;

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use openapi::{Credentials, Endpoints, Signature, alb, fc};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::support::{Cloud, Received, ok};

const REGION: &str = "cn-chengdu";

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn canonical(parameters: &BTreeMap<String, String>) -> String {
    parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

fn verify_rpc(received: &Received) {
    let mut parameters = received.parameters();
    let signature = parameters.remove("Signature").unwrap();
    let text = format!("POST&%2F&{}", encoded(&canonical(&parameters)));
    let mut mac = Hmac::<Sha1>::new_from_slice(b"testsecret&").unwrap();
    mac.update(text.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
    mac.verify_slice(&signature).unwrap();
}

fn verify_acs3(received: &Received) {
    let (_, rest) = received.header("authorization").split_once("SignedHeaders=").unwrap();
    let (names, signature) = rest.split_once(",Signature=").unwrap();
    for needed in
        ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"]
    {
        assert!(names.split(';').any(|name| name == needed), "{needed} is signed");
    }
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", received.header(name))).collect();
    let uri = received.request.uri();
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let body = hex::encode(Sha256::digest(received.request.body()));
    assert_eq!(received.header("x-acs-content-sha256"), body);
    let request = format!("POST\n{}\n{}\n{headers}\n{names}\n{body}", uri.path(), canonical(&query));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"testsecret").unwrap();
    mac.update(format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(request))).as_bytes());
    mac.verify_slice(&hex::decode(signature).unwrap()).unwrap();
}

fn awkward() -> alb::AddServersToServerGroup {
    alb::AddServersToServerGroup {
        server_group_id: "sgp-1 +*~/é&=".into(),
        servers: vec![alb::NewServer {
            server_type: "Ip".into(),
            server_id: "10.0.0.1".into(),
            description: Some("albridge/prod/web/i-1 ☂ %41".into()),
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn rpc_requests_verify() {
    for credentials in
        [Credentials::new("testid", "testsecret"), Credentials::temporary("testid", "testsecret", "a+/=")]
    {
        let (client, cloud) = Cloud::configured([ok("{}")], |config| config.credentials = credentials);
        client.call(REGION, &awkward()).await.unwrap();
        verify_rpc(&cloud.received()[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn acs3_requests_verify() {
    for credentials in
        [Credentials::new("testid", "testsecret"), Credentials::temporary("testid", "testsecret", "a+/=")]
    {
        let (client, cloud) = Cloud::configured([ok("{}"), ok("{}")], |config| {
            config.signature = Signature::Acs3;
            config.credentials = credentials;
            config.endpoints = Endpoints::parse(r#"{"*":"http://127.0.0.1:8080/base"}"#).unwrap();
        });
        client.call(REGION, &awkward()).await.unwrap();
        let invoke =
            fc::InvokeFunction { function_name: "verify".into(), qualifier: Some("v 1".into()), ..Default::default() };
        client.invoke_function(REGION, &invoke).await.unwrap();
        cloud.received().iter().for_each(verify_acs3);
    }
}
