//! Keys from every source, against servers and programs on this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex as Plain;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http::{Request, Response, StatusCode, Uri};
use openapi::{Endpoints, HttpTransport, PlainHttp, Sending, Signature, Transport, TransportError};
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "cAnArySecret0123456789";
const TOKEN: &str = "cAnAryToken0123456789";

fn start() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// What a server was asked: method, path with query, a header by name, the body.
type Asked = (String, String, BTreeMap<String, String>, String);

/// A server on loopback that answers by a function and notes what it was asked.
struct Server {
    address: String,
    asked: Arc<Plain<Vec<Asked>>>,
}

impl Server {
    async fn answering(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Plain<Vec<Asked>>> = Arc::default();
        let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
        tokio::spawn(emulator::ports::serve(listener, move |request: Request<Bytes>| {
            let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
            async move {
                let headers = request.headers().iter();
                let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                let path = request.uri().path_and_query().unwrap().to_string();
                let body = String::from_utf8(request.body().to_vec()).unwrap();
                let asked = (request.method().to_string(), path, headers.collect(), body);
                let (status, body) = answer(&asked);
                noted.lock().unwrap().push(asked);
                let mut response = Response::new(Bytes::from(body));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                response
            }
        }));
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A cloud whose hosts, whatever their names, are this server.
    fn cloud(&self) -> Cloud {
        struct Everywhere(HttpTransport, String);
        impl Transport for Everywhere {
            fn send(&self, mut request: Request<Bytes>) -> Sending {
                let path = request.uri().path_and_query().unwrap().clone();
                // The server refuses other hosts than its own, as a protection against pages in a browser.
                if let Some(host) = request.headers_mut().remove("host") {
                    request.headers_mut().insert("x-meant-for", host);
                }
                *request.uri_mut() =
                    Uri::builder().scheme("http").authority(self.1.as_str()).path_and_query(path).build().unwrap();
                self.0.send(request)
            }
        }
        let transport = Arc::new(Everywhere(HttpTransport::new().unwrap(), self.address.clone()));
        cloud(transport, Clock::system())
    }
}

fn cloud(transport: Arc<dyn Transport>, clock: Clock) -> Cloud {
    Cloud {
        transport,
        clock,
        endpoints: Endpoints::default(),
        signature: Signature::RpcSha1,
        plain: PlainHttp::Loopback,
    }
}

/// The source of a profile `p` with these fields, beside whatever other profiles are given.
fn source(fields: &Value, others: &[Value]) -> Result<Found, CliError> {
    let mut profile = json!({"name": "p"});
    let fields = fields.as_object().unwrap().clone();
    profile.as_object_mut().unwrap().extend(fields);
    let profiles: Vec<Value> = std::iter::once(profile).chain(others.iter().cloned()).collect();
    let config = json!({"current": "p", "profiles": profiles}).to_string();
    profile::read(&config, "/home/me/.aliyun/config.json", None).map(Found)
}

fn keys(fields: &Value, others: &[Value], cloud: Cloud) -> Keys {
    Keys::new(source(fields, others).unwrap_or_else(|error| panic!("{error}")), cloud)
}

fn sts(id: &str, expiration: &str) -> String {
    json!({"Credentials": {
        "AccessKeyId": id, "AccessKeySecret": SECRET, "SecurityToken": TOKEN, "Expiration": expiration,
    }})
    .to_string()
}

fn flat(id: &str) -> Value {
    json!({"Code": "Success", "AccessKeyId": id, "AccessKeySecret": SECRET, "SecurityToken": TOKEN,
           "Expiration": "2099-01-01T00:00:00Z"})
}

fn parameters(asked: &Asked) -> BTreeMap<String, String> {
    let query = asked.1.split_once('?').map_or("", |(_, query)| query);
    let uri: Uri = format!("http://h/?{query}&{}", asked.3).parse().unwrap();
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[track_caller]
fn is_role_key(credentials: &Credentials, id: &str) {
    assert_eq!(*credentials, Credentials::temporary(id, SECRET, TOKEN));
}

#[tokio::test]
async fn a_role_is_assumed_with_the_profiles_key() {
    let server = Server::answering(|_| (200, sts("STS.1", "2099-01-01T00:00:00Z"))).await;
    let fields = json!({"mode": "RamRoleArn", "access_key_id": "LTAI1", "access_key_secret": SECRET,
        "ram_role_arn": "acs:ram::1:role/operator", "ram_session_name": "me", "expired_seconds": 900,
        "external_id": "ext", "sts_region": "cn-hangzhou"});
    let keys = keys(&fields, &[], server.cloud());
    is_role_key(&keys.present().await.unwrap(), "STS.1");
    is_role_key(&keys.present().await.unwrap(), "STS.1");
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "it is kept");
    let sent = parameters(&asked[0]);
    for (name, value) in [
        ("Action", "AssumeRole"),
        ("AccessKeyId", "LTAI1"),
        ("RoleArn", "acs%3Aram%3A%3A1%3Arole%2Foperator"),
        ("RoleSessionName", "me"),
        ("DurationSeconds", "900"),
        ("ExternalId", "ext"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(asked[0].2["x-meant-for"], "sts.cn-hangzhou.aliyuncs.com");
}

#[tokio::test]
async fn roles_chain_through_their_source_profiles() {
    let server = Server::answering(|asked| {
        let key = parameters(asked)["AccessKeyId"].clone();
        (200, sts(if key == "LTAI1" { "STS.middle" } else { "STS.last" }, "2099-01-01T00:00:00Z"))
    })
    .await;
    let chained = |name: &str, from: &str| {
        json!({"name": name, "mode": "ChainableRamRoleArn", "source_profile": from,
            "ram_role_arn": format!("acs:ram::1:role/{name}"), "ram_session_name": "me"})
    };
    let first = json!({"name": "key", "mode": "AK", "access_key_id": "LTAI1", "access_key_secret": SECRET});
    let keys = keys(&chained("p", "middle"), &[chained("middle", "key"), first], server.cloud());
    is_role_key(&keys.present().await.unwrap(), "STS.last");
    let asked: Vec<_> = server.asked().iter().map(|asked| parameters(asked)["AccessKeyId"].clone()).collect();
    assert_eq!(asked, ["LTAI1", "STS.middle"]);
}

#[tokio::test]
async fn the_metadata_service_is_asked_with_a_token_only() {
    let server = Server::answering(|(method, path, headers, _)| match (method.as_str(), path.as_str()) {
        ("PUT", "/latest/api/token") => match headers.get("x-aliyun-ecs-metadata-token-ttl-seconds") {
            Some(_) => (200, "metadata-token\n".to_owned()),
            None => (400, String::new()),
        },
        _ if headers.get("x-aliyun-ecs-metadata-token").is_none_or(|token| token != "metadata-token") => {
            (403, String::new())
        }
        ("GET", "/latest/meta-data/ram/security-credentials/") => (200, "worker".to_owned()),
        ("GET", "/latest/meta-data/ram/security-credentials/worker") => (200, flat("STS.ecs").to_string()),
        _ => (404, String::new()),
    })
    .await;
    for fields in [json!({"mode": "EcsRamRole"}), json!({"mode": "EcsRamRole", "ram_role_name": "worker"})] {
        is_role_key(&keys(&fields, &[], server.cloud()).present().await.unwrap(), "STS.ecs");
    }
    let error = keys(&json!({"mode": "EcsRamRole", "ram_role_name": "../x"}), &[], server.cloud()).present().await;
    assert!(error.unwrap_err().to_string().contains("ram_role_name"));
}

#[tokio::test]
async fn without_a_metadata_token_nothing_more_is_asked() {
    let server =
        Server::answering(|(method, ..)| if method == "PUT" { (404, SECRET.into()) } else { (200, SECRET.into()) })
            .await;
    let error = keys(&json!({"mode": "EcsRamRole"}), &[], server.cloud()).present().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "The profile p (mode EcsRamRole) in /home/me/.aliyun/config.json gives no key, because the metadata service of the \
         ECS instance (http://100.100.100.200) gave nothing: it answers with HTTP 404: run this on an ECS instance with a \
         role, or use a key of another kind."
    );
    assert_eq!(server.asked().len(), 1);
}

/// A file that is gone with its test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("albridge-keys-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _left = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn an_oidc_token_is_read_from_its_file_each_time_and_sent_unsigned() {
    let server = Server::answering(|_| (200, sts("STS.oidc", "2026-11-22T08:00:00Z"))).await;
    let file = File::new("token", "first\n");
    let fields = json!({"mode": "OIDC", "oidc_provider_arn": "acs:ram::1:oidc-provider/ci",
        "oidc_token_file": file.path(), "ram_role_arn": "acs:ram::1:role/ci", "ram_session_name": "run"});
    let keys = keys(&fields, &[], server.cloud());
    is_role_key(&keys.present().await.unwrap(), "STS.oidc");
    std::fs::write(&file.0, "second").unwrap();
    // The session has ended: the next key takes the file's next token.
    is_role_key(&keys.present().await.unwrap(), "STS.oidc");
    let sent: Vec<_> = server.asked().iter().map(parameters).collect();
    let tokens: Vec<_> = sent.iter().map(|sent| sent["OIDCToken"].as_str()).collect();
    assert_eq!(tokens, ["first", "second"]);
    assert_eq!(sent[0]["Action"], "AssumeRoleWithOIDC");
    assert_eq!(sent[0]["OIDCProviderArn"], "acs%3Aram%3A%3A1%3Aoidc-provider%2Fci");
    assert!(!sent[0].contains_key("Signature") && !sent[0].contains_key("AccessKeyId"), "{sent:?}");
}

#[tokio::test]
async fn a_refusal_that_quotes_the_oidc_token_is_told_without_it() {
    let server = Server::answering(|_| {
        (
            400,
            json!({"Code": "AuthenticationFail.OIDCToken.Invalid", "Message": format!("bad token {TOKEN}")})
                .to_string(),
        )
    })
    .await;
    let file = File::new("refused", TOKEN);
    let variables = [
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/ci"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", file.path()),
        ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/ci"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let found = find(&Environment::new(variables), None).unwrap_or_else(|error| panic!("{error}"));
    let error = Keys::new(found, server.cloud()).present().await.unwrap_err().to_string();
    assert!(error.contains("AuthenticationFail.OIDCToken.Invalid") && error.contains("acs:ram::1:role/ci"), "{error}");
    assert!(!error.contains("cAnAry"), "{error}");
}

#[tokio::test]
async fn a_credentials_uri_gives_a_key_over_https_or_on_this_machine() {
    let server = Server::answering(|(_, path, ..)| match path.as_str() {
        "/key?to=me" => (200, flat("STS.uri").to_string()),
        "/failed" => (200, json!({"Code": "Failed", "AccessKeySecret": SECRET}).to_string()),
        "/empty" => (200, format!("{{\"AccessKeySecret\": \"{SECRET}\"}}")),
        _ => (200, SECRET.to_owned()),
    })
    .await;
    let at =
        |path: &str| json!({"mode": "CredentialsURI", "credentials_uri": format!("http://{}{path}", server.address)});
    is_role_key(&keys(&at("/key?to=me"), &[], server.cloud()).present().await.unwrap(), "STS.uri");
    for (path, words) in [("/failed", "Code is not Success"), ("/empty", "without the id"), ("/junk", "no JSON")] {
        let error = keys(&at(path), &[], server.cloud()).present().await.unwrap_err().to_string();
        assert!(error.contains(words) && error.contains(path) && !error.contains("cAnAry"), "{error}");
    }
    let asked = server.asked().len();
    let far = json!({"mode": "CredentialsURI", "credentials_uri": format!("http://me:{SECRET}@keys.example.com/k?t={SECRET}")});
    let error = keys(&far, &[], server.cloud()).present().await.unwrap_err();
    assert_eq!(error.code(), 64);
    assert!(
        error.to_string().contains("(http://keys.example.com/k) is plain http")
            && !error.to_string().contains("cAnAry"),
        "{error}"
    );
    assert_eq!(server.asked().len(), asked, "nobody was asked");
    let allowed = Cloud { plain: PlainHttp::Anywhere, ..server.cloud() };
    assert!(keys(&far, &[], allowed).present().await.is_err(), "asked, and answered with junk");
    assert_eq!(server.asked().len(), asked + 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_prints_a_key_and_no_shell_is_between() {
    let server = Server::answering(|_| (500, String::new())).await;
    let key = json!({"mode": "StsToken", "access_key_id": "STS.ext", "access_key_secret": SECRET, "sts_token": TOKEN});
    let file = File::new("printed", &key.to_string());
    let run = |command: &str| keys(&json!({"mode": "External", "process_command": command}), &[], server.cloud());
    let cat = format!("cat '{}'", file.path());
    is_role_key(&run(&cat).present().await.unwrap(), "STS.ext");
    let fixed = json!({"mode": "AK", "access_key_id": "LTAI2", "access_key_secret": SECRET}).to_string();
    let ak = File::new("ak", &fixed);
    let credentials = run(&format!("cat {}", ak.path())).present().await.unwrap();
    assert_eq!(credentials, Credentials::new("LTAI2", SECRET));
    for (command, words) in [
        (format!("{cat}; true"), "failed (exit status: 1)"),
        (format!("echo {SECRET}"), "printed no JSON of a key"),
        ("echo {}".to_owned(), "printed no access_key_id"),
        (
            format!("echo '{{\"mode\": \"StsToken\", \"access_key_id\": \"a\", \"access_key_secret\": \"{SECRET}\"}}'"),
            "printed no sts_token",
        ),
        (format!("echo '{{\"mode\": \"RamRoleArn\", \"access_key_secret\": \"{SECRET}\"}}'"), "another mode"),
        ("/nonexistent/tool".to_owned(), "cannot be started"),
    ] {
        let error = run(&command).present().await.unwrap_err().to_string();
        assert!(
            error.contains(words) && error.contains("profile p") && !error.contains("cAnAry"),
            "{command}: {error}"
        );
    }
}

#[tokio::test]
async fn cloudsso_gives_a_key_for_the_token_of_the_last_sign_in() {
    let server = Server::answering(|_| (200, json!({"CloudCredential": flat("STS.sso")}).to_string())).await;
    let expires = Clock::system().now().as_second() + 3600;
    let fields = json!({"mode": "CloudSSO", "cloud_sso_sign_in_url": "https://signin-cn-shanghai.alibabacloudsso.com/me/login",
        "cloud_sso_account_id": "1234", "cloud_sso_access_config": "ac-1", "access_token": TOKEN,
        "cloud_sso_access_token_expire": expires});
    is_role_key(&keys(&fields, &[], server.cloud()).present().await.unwrap(), "STS.sso");
    let (method, path, headers, body) = server.asked().remove(0);
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/cloud-credentials"));
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        json!({"AccountId": "1234", "AccessConfigurationId": "ac-1"})
    );

    let with = |more: Value| {
        let mut fields = fields.clone();
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        keys(&fields, &[], server.cloud())
    };
    let held = json!({"access_key_id": "STS.held", "access_key_secret": SECRET, "sts_token": TOKEN, "sts_expiration": expires});
    is_role_key(&with(held).present().await.unwrap(), "STS.held");
    assert_eq!(server.asked().len(), 1, "the key of the last sign-in is used while it lasts");
    let error = with(json!({"cloud_sso_access_token_expire": 1})).present().await.unwrap_err().to_string();
    assert!(error.contains("aliyun configure --profile p --mode CloudSSO") && !error.contains("cAnAry"), "{error}");
}

#[tokio::test]
async fn a_source_that_fails_is_named_without_what_it_said() {
    let server = Server::answering(|_| (503, format!("{{\"Message\":\"{SECRET}\"}}"))).await;
    let expires = Clock::system().now().as_second() + 3600;
    for fields in [
        json!({"mode": "CredentialsURI", "credentials_uri": format!("http://{}/k", server.address)}),
        json!({"mode": "CloudSSO", "cloud_sso_sign_in_url": "https://sso.example.com/x", "cloud_sso_account_id": "1",
               "cloud_sso_access_config": "ac", "access_token": TOKEN, "cloud_sso_access_token_expire": expires}),
        json!({"mode": "EcsRamRole"}),
    ] {
        let error = keys(&fields, &[], server.cloud()).present().await.unwrap_err();
        assert!(error.to_string().contains("HTTP 503") && !error.to_string().contains("cAnAry"), "{error}");
        assert_eq!(error.code(), 1);
    }
}

/// Answers with keys that last for 20 minutes, or fails.
struct Sts {
    clock: Clock,
    served: Plain<usize>,
    failing: Plain<bool>,
}

struct Shared(Arc<Sts>);

impl Transport for Shared {
    fn send(&self, _: Request<Bytes>) -> Sending {
        let sts_server = Arc::clone(&self.0);
        Box::pin(async move {
            if *sts_server.failing.lock().unwrap() {
                return Err(TransportError::Connect("refused".to_owned()));
            }
            let mut served = sts_server.served.lock().unwrap();
            *served += 1;
            let expires = sts_server.clock.now() + Duration::from_secs(20 * 60);
            Ok(Response::new(Bytes::from(sts(&format!("STS.{served}"), &format!("{expires:.0}")))))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_renewed_before_it_ends_and_what_is_left_of_it_bridges_a_failure() {
    let clock = Clock::seeded(start(), 1);
    let server = Arc::new(Sts { clock: clock.clone(), served: Plain::new(0), failing: Plain::new(false) });
    let fields = json!({"mode": "RamRoleArn", "access_key_id": "LTAI1", "access_key_secret": SECRET,
        "ram_role_arn": "acs:ram::1:role/operator"});
    let keys = keys(&fields, &[], cloud(Arc::new(Shared(Arc::clone(&server))), clock.clone()));
    let minutes = |count: u64| clock.sleep(Duration::from_secs(60 * count));
    is_role_key(&keys.present().await.unwrap(), "STS.1");
    minutes(9).await;
    is_role_key(&keys.present().await.unwrap(), "STS.1");
    minutes(2).await;
    is_role_key(&keys.present().await.unwrap(), "STS.2");
    *server.failing.lock().unwrap() = true;
    minutes(15).await;
    is_role_key(&keys.present().await.unwrap(), "STS.2");
    minutes(5).await;
    assert!(keys.present().await.unwrap_err().to_string().contains("acs:ram::1:role/operator"));
    *server.failing.lock().unwrap() = false;
    is_role_key(&keys.present().await.unwrap(), "STS.3");
}

#[test]
fn what_a_profile_lacks_is_named_by_file_profile_and_field() {
    let key = json!({"access_key_id": "LTAI1", "access_key_secret": SECRET, "sts_token": TOKEN});
    let with = |fields: Value| {
        let mut profile = key.clone();
        profile.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        profile
    };
    let role = "acs:ram::1:role/r";
    for (fields, field) in [
        (json!({"mode": "AK", "access_key_secret": SECRET}), "access_key_id"),
        (json!({"mode": "AK", "access_key_id": "LTAI1"}), "access_key_secret"),
        (with(json!({"mode": "StsToken", "sts_token": ""})), "sts_token"),
        (with(json!({"mode": "RamRoleArn"})), "ram_role_arn"),
        (with(json!({"mode": "RamRoleArn", "ram_role_arn": "operator"})), "ram_role_arn"),
        (with(json!({"mode": "RamRoleArn", "ram_role_arn": role, "expired_seconds": 60})), "expired_seconds"),
        (json!({"mode": "OIDC", "oidc_token_file": "f", "ram_role_arn": role}), "oidc_provider_arn"),
        (json!({"mode": "OIDC", "oidc_provider_arn": "p", "ram_role_arn": role}), "oidc_token_file"),
        (json!({"mode": "OIDC", "oidc_provider_arn": "p", "oidc_token_file": "f"}), "ram_role_arn"),
        (json!({"mode": "CredentialsURI"}), "credentials_uri"),
        (json!({"mode": "External"}), "process_command"),
        (json!({"mode": "External", "process_command": "'tool"}), "process_command"),
        (json!({"mode": "ChainableRamRoleArn", "ram_role_arn": role}), "source_profile"),
        (json!({"mode": "ChainableRamRoleArn", "ram_role_arn": role, "source_profile": "p"}), "source_profile"),
        (
            json!({"mode": "CloudSSO", "cloud_sso_account_id": "1", "cloud_sso_access_config": "a"}),
            "cloud_sso_sign_in_url",
        ),
    ] {
        let Err(error) = source(&fields, &[]) else { panic!("{fields} is taken") };
        let text = error.to_string();
        assert_eq!(error.code(), 64, "{text}");
        for word in [field, "profile p", "/home/me/.aliyun/config.json", "aliyun configure --profile p"] {
            assert!(text.contains(word), "{fields}: {text}");
        }
        assert!(!text.contains("cAnAry"), "{text}");
    }
}

#[test]
fn profiles_that_lead_in_a_circle_or_nowhere_are_refused() {
    let chained = |name: &str, from: &str| json!({"name": name, "mode": "ChainableRamRoleArn", "source_profile": from, "ram_role_arn": "acs:ram::1:role/r"});
    let circle = source(&chained("p", "q"), &[chained("q", "p")]).err().unwrap().to_string();
    assert!(circle.contains("source_profile of the profile p") && circle.contains("leads back"), "{circle}");
    let nowhere = source(&chained("p", "q"), &[]).err().unwrap().to_string();
    assert!(nowhere.contains("has no profile q, which source_profile of p names; it has: p."), "{nowhere}");
}

#[test]
fn a_mode_that_is_not_read_is_named_with_those_that_are() {
    let error = source(&json!({"mode": "OAuth", "access_key_secret": SECRET}), &[]).err().unwrap().to_string();
    assert!(error.contains("\"OAuth\"") && error.contains("CloudSSO") && !error.contains("cAnAry"), "{error}");
    let error = source(&json!({}), &[]).err().unwrap().to_string();
    assert!(error.contains("has no mode: run `aliyun configure --profile p`"), "{error}");
}

const CONFIG: &str = r#"{"current": "two", "profiles": [
    {"name": "one", "mode": "AK", "access_key_id": "id1", "access_key_secret": "s1", "region_id": "cn-hangzhou"},
    {"name": "two", "mode": "StsToken", "access_key_id": "id2", "access_key_secret": "s2", "sts_token": "t2"},
    {"name": "four", "mode": "AK"}]}"#;

#[tokio::test]
async fn the_current_profile_is_read_and_another_by_name() {
    let server = Server::answering(|_| (500, String::new())).await;
    for (wanted, expected) in
        [(None, Credentials::temporary("id2", "s2", "t2")), (Some("one"), Credentials::new("id1", "s1"))]
    {
        let found = Found(profile::read(CONFIG, "config.json", wanted).unwrap_or_else(|error| panic!("{error}")));
        assert_eq!(Keys::new(found, server.cloud()).present().await.unwrap(), expected);
    }
    let error = profile::read(CONFIG, "config.json", Some("five")).err().unwrap();
    assert!(error.to_string().contains("one, two, four"), "{error}");
    let quoting = profile::read(r#"{"profiles": "cAnArySecret"}"#, "config.json", None).err().unwrap().to_string();
    assert!(quoting.contains("line 1, column") && !quoting.contains("cAnAry"), "{quoting}");
    let nonsense = profile::read("nonsense", "config.json", None).err().unwrap().to_string();
    assert!(nonsense.starts_with("config.json is no"), "{nonsense}");
}

#[tokio::test]
async fn the_environments_key_comes_first() {
    let server = Server::answering(|_| (500, String::new())).await;
    let environment = |variables: &[(&str, &str)]| {
        Environment::new(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    let key = environment(&[("ALIBABA_CLOUD_ACCESS_KEY_ID", "id"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")]);
    let found = find(&key, None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(Keys::new(found, server.cloud()).present().await.unwrap(), Credentials::new("id", "secret"));
    assert_eq!(find(&Environment::default(), None).err().unwrap().code(), 64);
    for (variable, value) in
        [("ALIBABA_CLOUD_ECS_METADATA", "worker"), ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/")]
    {
        assert!(find(&environment(&[(variable, value)]), None).is_ok(), "{variable}");
        assert!(find(&environment(&[(variable, value)]), Some("p")).is_err(), "{variable}: a profile was asked for");
    }
}
