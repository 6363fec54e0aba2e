//! Helpers for the tests of this crate: a client that signs, and a host for scripted functions.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::gateway::sign;
use crate::host::{FunctionHost, Invoked};
use crate::settings::Settings;
use crate::state::fc::{Function, Invocation, Outcome};
use crate::state::ram::{Role, trust_services};
use crate::state::sts::Credentials;
use crate::world::World;

pub(crate) const HANGZHOU: &str = "cn-hangzhou";

pub(crate) fn start() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

pub(crate) fn world() -> World {
    World::new(Settings::default())
}

pub(crate) fn root() -> Credentials {
    world().root_credentials()
}

/// An RPC request with its parameters in the form.
pub(crate) fn rpc(
    at: Timestamp,
    nonce: &str,
    key: &Credentials,
    version: &str,
    action: &str,
    params: &[(&str, &str)],
) -> Request<Bytes> {
    let time = format!("{at:.0}");
    let mut all: Vec<(&str, &str)> = vec![
        ("Action", action),
        ("Version", version),
        ("Format", "JSON"),
        ("AccessKeyId", &key.access_key_id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", nonce),
        ("Timestamp", &time),
    ];
    if let Some(token) = &key.security_token {
        all.push(("SecurityToken", token));
    }
    all.extend_from_slice(params);
    let unsigned = form(&all);
    let signature = sign::rpc(&unsigned, &key.access_key_secret);
    all.push(("Signature", &signature));
    form(&all)
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> Request<Bytes> {
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Request::post("/")
        .header("host", "127.0.0.1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .unwrap()
}

/// An ACS3 request; `uri` holds path and query.
pub(crate) fn acs3(
    at: Timestamp,
    nonce: &str,
    key: &Credentials,
    method: &str,
    uri: &str,
    extra: &[(&str, &str)],
    body: &'static [u8],
) -> Request<Bytes> {
    let digest = crate::digest::sha256_hex(body);
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header("host", "127.0.0.1")
        .header("x-acs-date", format!("{at:.0}"))
        .header("x-acs-signature-nonce", nonce)
        .header("x-acs-content-sha256", digest);
    if let Some(token) = &key.security_token {
        request = request.header("x-acs-security-token", token);
    }
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    sign::acs3(request.body(Bytes::from_static(body)).unwrap(), key)
}

pub(crate) fn oss(at: Timestamp, key: &Credentials, method: &str, path: &str, body: &'static [u8]) -> Request<Bytes> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
        .header("x-oss-date", at.strftime("%Y%m%dT%H%M%SZ").to_string());
    if let Some(token) = &key.security_token {
        request = request.header("x-oss-security-token", token);
    }
    sign::oss(request.body(Bytes::from_static(body)).unwrap(), key, HANGZHOU)
}

pub(crate) fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|_| panic!("no JSON: {:?}", response.body()))
}

/// A role that functions and flows can act as, with one allowing statement.
pub(crate) fn put_role(world: &mut World, name: &str, actions: &[&str]) -> String {
    let arn = world.role_arn(name);
    let policy = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["*"]}]});
    let trust = trust_services(["fc.aliyuncs.com", "fnf.aliyuncs.com"]);
    world.put_role(Role {
        name: name.to_owned(),
        arn: arn.clone(),
        trust,
        policies: vec![("inline".to_owned(), policy)],
    });
    arn
}

pub(crate) fn put_function(world: &mut World, name: &str, role_arn: &str) {
    let function = Function {
        name: name.to_owned(),
        runtime: "custom.debian12".to_owned(),
        timeout: 10,
        memory: 128,
        role_arn: role_arn.to_owned(),
        ..Function::default()
    };
    world.put_function(start(), HANGZHOU, function);
}

type Script = dyn Fn(&Invocation) -> Outcome + Send + Sync;

/// Runs a script as every function, and records the invocations.
#[derive(Clone)]
pub(crate) struct Played {
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<Invocation>>>,
}

impl Played {
    pub(crate) fn new(script: impl Fn(&Invocation) -> Outcome + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), seen: Arc::default() }
    }

    pub(crate) fn seen(&self) -> Vec<Invocation> {
        self.seen.lock().unwrap().clone()
    }
}

impl FunctionHost for Played {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let outcome = (self.script)(&invocation);
        self.seen.lock().unwrap().push(invocation);
        Box::pin(async move { outcome })
    }
}

/// A file for [`zip`]: `mode` with the file's type, 0 where the archive does not tell it.
#[derive(Clone, Copy)]
pub(crate) struct Zipped<'z> {
    pub(crate) name: &'z str,
    pub(crate) mode: u32,
    pub(crate) body: &'z [u8],
    pub(crate) deflate: bool,
}

/// A zip archive of these files.
pub(crate) fn zip(files: &[Zipped<'_>]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let half = |value: usize| u16::try_from(value).unwrap().to_le_bytes();
    let word = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    for file in files {
        let packed = match file.deflate {
            true => miniz_oxide::deflate::compress_to_vec(file.body, 6),
            false => file.body.to_vec(),
        };
        let offset = archive.len();
        let mut shared = Vec::new();
        shared.extend(half(20)); // version that is needed
        shared.extend(half(1 << 11)); // names are UTF-8
        shared.extend(half(if file.deflate { 8 } else { 0 }));
        shared.extend([0; 4]); // time and date
        shared.extend(crate::digest::crc32(file.body).to_le_bytes());
        shared.extend(word(packed.len()));
        shared.extend(word(file.body.len()));
        shared.extend(half(file.name.len()));
        shared.extend(half(0));
        archive.extend(0x0403_4b50_u32.to_le_bytes());
        archive.extend(&shared);
        archive.extend(file.name.as_bytes());
        archive.extend(packed);
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend(half(3 << 8));
        directory.extend(shared);
        directory.extend([0; 6]); // comment, disk, internal attributes
        directory.extend((file.mode << 16).to_le_bytes());
        directory.extend(word(offset));
        directory.extend(file.name.as_bytes());
    }
    let start = archive.len();
    archive.extend(&directory);
    archive.extend(0x0605_4b50_u32.to_le_bytes());
    archive.extend([0; 4]);
    archive.extend(half(files.len()));
    archive.extend(half(files.len()));
    archive.extend(word(directory.len()));
    archive.extend(word(start));
    archive.extend(half(0));
    archive
}
