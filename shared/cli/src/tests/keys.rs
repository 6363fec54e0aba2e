//! Whole commands with keys of every profile mode, against the emulated cloud, which checks each signature and each token's end: STS is
//! the emulator's, and so is the identity provider whose token it takes; the metadata service, the credentials URI and CloudSSO stand in
//! this process and give out sessions of the emulator. (Mode External runs a program, in `tests/cli/canaries.rs` and `credentials/tests.rs`.)

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use emulator::Cloud;
use emulator::call::{Call, Caller, Params, Service};
use emulator::ram::Role;
use http::{Request, Response};
use jiff::Timestamp;
use local::Options;
use openapi::{Sending, Sent, Transport};
use serde_json::{Value, json};

use super::Desk;
use super::breakages::running;
use crate::interrupt::Interrupts;

const TOKEN: &str = "token-of-the-identity-provider";
const METADATA: &str = "metadata-token";

/// What stands beside the cloud, and what was asked of it and of STS.
struct Around {
    cloud: Cloud,
    through: Arc<dyn Transport>,
    clock: Clock,
    asked: Arc<Mutex<Vec<String>>>,
    /// Keys that were made before, in the order of their ends: the URI gives the first that lasts two minutes more.
    old: Vec<Value>,
    /// STS does not answer.
    down: bool,
}

impl Around {
    /// A session of the role `operator`, as STS gives it.
    fn session(&self, seconds: u64) -> Value {
        let now = self.cloud.now();
        self.cloud.with(|world| {
            let params = [("RoleArn", world.role_arn("operator")), ("RoleSessionName", "me".to_owned())];
            let params = params.into_iter().chain([("DurationSeconds", seconds.to_string())]);
            let assume = Call {
                service: Service::Sts,
                action: "AssumeRole".to_owned(),
                region: super::HOME.to_owned(),
                params: Params::new(params.map(|(name, value)| (name.to_owned(), value))),
                caller: Caller::Root,
                request_id: "R".to_owned(),
            };
            world.handle(now, &assume).unwrap()["Credentials"].clone()
        })
    }

    /// The answer of what is not the cloud; nothing for requests to the cloud.
    fn answer(&self, request: &Request<Bytes>) -> Option<(u16, Value)> {
        let (uri, body) = (request.uri(), std::str::from_utf8(request.body()).unwrap_or_default());
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let flat = |session: Value| {
            let mut flat = session;
            flat["Code"] = "Success".into();
            flat
        };
        match (uri.host()?, uri.path()) {
            ("100.100.100.200", "/latest/api/token") if request.method() == "PUT" => Some((200, METADATA.into())),
            ("100.100.100.200", path) => match (header("x-aliyun-ecs-metadata-token"), path.rsplit_once('/')?.1) {
                (METADATA, "") => Some((200, "operator".into())),
                (METADATA, "operator") => Some((200, flat(self.session(3600)))),
                _ => Some((403, Value::Null)),
            },
            ("keys.example.com", "/key") => Some((200, flat(self.session(3600)))),
            ("keys.example.com", "/old") => {
                let least = self.clock.now() + Duration::from_secs(120);
                let lasts = |key: &&Value| key["Expiration"].as_str().unwrap().parse::<Timestamp>().unwrap() > least;
                Some(self.old.iter().find(lasts).map_or((503, Value::Null), |key| (200, flat(key.clone()))))
            }
            ("sso.example.com", "/cloud-credentials") => {
                let known = header("authorization") == format!("Bearer {TOKEN}") && body.contains("\"ac-1\"");
                Some(if known { (200, json!({"CloudCredential": self.session(3600)})) } else { (401, Value::Null) })
            }
            _ => None,
        }
    }
}

impl Transport for Around {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let asked = |what: &str| self.asked.lock().unwrap().push(what.to_owned());
        if let Some((status, body)) = self.answer(&request) {
            asked(request.uri().host().unwrap_or_default());
            let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            return Box::pin(async move {
                let response = Response::builder().status(status).body(Bytes::from(text));
                response.map_err(|error| openapi::TransportError::Cut(error.to_string()))
            });
        }
        let assumes = request.extensions().get::<Sent>().filter(|sent| sent.action.starts_with("AssumeRole"));
        if let Some(sent) = assumes {
            asked(sent.action);
            if self.down {
                return Box::pin(async { Err(openapi::TransportError::Connect("refused".to_owned())) });
            }
        }
        self.through.send(request)
    }
}

/// A desk whose key is the one of a profile, and what stands around its cloud.
async fn desk(name: &str, profiles: Value) -> (Desk, Around) {
    let mut desk = Desk::start(name, Options { scenario: running(), ..Options::default() }).await;
    let (account, now) = ("acs:ram::1234567890123456:root", desk.local.clock().now());
    let (provider, token) = desk.local.cloud().with(|world| {
        let provider = world.put_oidc_provider("ci", "https://ci.example.com", &["albridge"]);
        let federated = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": [provider]},
            "Condition": {"StringEquals": {"oidc:aud": "albridge", "oidc:sub": "repo:us/net"}}});
        let known = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [account]}});
        world.put_role(Role {
            name: "operator".to_owned(),
            arn: world.role_arn("operator"),
            trust: json!({"Statement": [known, federated]}),
            policies: vec![(
                "all".to_owned(),
                json!({"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}),
            )],
        });
        let token = world.oidc_token(now, &provider, "repo:us/net", "albridge", Duration::from_secs(300)).unwrap();
        (provider, token)
    });
    let config = json!({"current": "p", "profiles": profiles}).to_string();
    let key = |name: &str| desk.variables[name].clone();
    let config = config
        .replace("ROOT-ID", &key("ALIBABA_CLOUD_ACCESS_KEY_ID"))
        .replace("ROOT-SECRET", &key("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
        .replace("OPERATOR", &desk.local.cloud().with(|world| world.role_arn("operator")))
        .replace("PROVIDER", &provider)
        .replace("TOKEN-FILE", &desk.file("token").display().to_string());
    std::fs::write(desk.file("token"), token).unwrap();
    std::fs::create_dir_all(desk.file(".aliyun")).unwrap();
    std::fs::write(desk.file(".aliyun/config.json"), config).unwrap();
    let home = desk.file("").display().to_string();
    desk.variables.retain(|name, _| !name.starts_with("ALIBABA_CLOUD_"));
    desk.variables.insert("HOME".to_owned(), home);
    let around = Around {
        cloud: desk.local.cloud().clone(),
        through: desk.transport(),
        clock: desk.local.clock().clone(),
        asked: Arc::default(),
        old: Vec::new(),
        down: false,
    };
    (desk, around)
}

fn root(mode: &str) -> Value {
    json!({"name": "p", "mode": mode, "access_key_id": "ROOT-ID", "access_key_secret": "ROOT-SECRET"})
}

fn oidc() -> Value {
    json!({"name": "p", "mode": "OIDC", "oidc_provider_arn": "PROVIDER", "oidc_token_file": "TOKEN-FILE",
        "ram_role_arn": "OPERATOR", "ram_session_name": "me"})
}

fn role(more: &Value) -> Value {
    let mut profile = root("RamRoleArn");
    profile["ram_role_arn"] = "OPERATOR".into();
    profile["ram_session_name"] = "me".into();
    let fields = profile.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    profile
}

#[tokio::test(start_paused = true)]
async fn a_command_works_with_a_key_of_every_mode() {
    let chained =
        json!({"name": "p", "mode": "ChainableRamRoleArn", "source_profile": "key", "ram_role_arn": "OPERATOR"});
    let mut key = root("AK");
    key["name"] = "key".into();
    let oidc = oidc();
    let sso = json!({"name": "p", "mode": "CloudSSO", "cloud_sso_sign_in_url": "https://sso.example.com/me/login",
        "cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1", "access_token": TOKEN,
        "cloud_sso_access_token_expire": 4_102_444_800_i64});
    let uri = json!({"name": "p", "mode": "CredentialsURI", "credentials_uri": "https://keys.example.com/key"});
    for (name, profiles, sources) in [
        ("ak", json!([root("AK")]), vec![]),
        ("role", json!([role(&json!({}))]), vec!["AssumeRole"]),
        ("chained", json!([chained, key]), vec!["AssumeRole"]),
        ("instance", json!([{"name": "p", "mode": "EcsRamRole"}]), vec!["100.100.100.200"; 3]),
        ("oidc", json!([oidc]), vec!["AssumeRoleWithOIDC"]),
        ("uri", json!([uri]), vec!["keys.example.com"]),
        ("sso", json!([sso]), vec!["sso.example.com"]),
    ] {
        let (desk, around) = desk(&format!("key-{name}"), profiles).await;
        let asked = Arc::clone(&around.asked);
        let ran = desk.run_between(Arc::new(around), Interrupts::default(), &["plan", "web", "--json"]).await;
        assert_eq!(ran.code, 2, "{name}: {}", ran.all());
        assert!(ran.json().last().unwrap()["unread"] == 0, "{name}: {}", ran.all());
        assert_eq!(*asked.lock().unwrap(), sources, "{name}: a key is fetched once while it lasts");
    }
}

/// A desk whose key comes from a URI, which gives keys with a few minutes left: so many that each lasts five minutes longer than
/// the one before.
async fn short_lived(name: &str, count: u64) -> (Desk, Around) {
    let uri = json!({"name": "p", "mode": "CredentialsURI", "credentials_uri": "https://keys.example.com/old"});
    let (desk, mut around) = desk(name, json!([uri])).await;
    for number in 0..count {
        around.old.push(around.session(900 + 300 * number));
    }
    // Five minutes are left of the first.
    desk.local.clock().sleep(Duration::from_secs(600)).await;
    (desk, around)
}

#[tokio::test(start_paused = true)]
async fn a_long_apply_renews_its_key_and_is_not_stopped_by_its_end() {
    let (desk, around) = short_lived("key-long", 4).await;
    let (asked, began) = (Arc::clone(&around.asked), desk.local.clock().now());
    let ends = around.old[0]["Expiration"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let ran = desk.run_between(Arc::new(around), Interrupts::default(), &["apply", "web", "--yes"]).await;
    assert!(matches!(ran.code, 0 | 2), "{}", ran.all());
    let now = desk.local.clock().now();
    assert!(now > ends, "the first key has ended before the apply");
    let (minutes, keys) = (now.duration_since(began).as_mins(), asked.lock().unwrap().len() as i64);
    assert!((2..=minutes + 1).contains(&keys), "asked {keys} times in {minutes} minutes");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_renewed_ends_the_command_with_the_profile_that_it_came_from() {
    let (desk, around) = short_lived("key-over", 1).await;
    let ran = desk.run_between(Arc::new(around), Interrupts::default(), &["apply", "web", "--yes"]).await;
    assert_eq!(ran.code, 1, "{}", ran.all());
    let said = ran.all().replace('\n', " ");
    for words in ["NoKey", "The profile p (mode CredentialsURI) in ", "config.json", "answers with HTTP 503"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_profile_without_a_key_is_one_error_before_anything_is_asked() {
    let (desk, around) = desk("key-none", json!([role(&json!({}))])).await;
    let none = Around { down: true, ..around };
    let ran = desk.run_between(Arc::new(none), Interrupts::default(), &["status", "web"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.all());
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("gives no key, because the role acs:ram::"), "{}", ran.stderr);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_cloud_does_not_take_is_told_with_its_words_and_without_the_token() {
    for (name, spoil, code) in [
        ("expired", None, "AuthenticationFail.OIDCToken.Expired"),
        ("forged", Some("x"), "AuthenticationFail.OIDCToken.InvalidSignature"),
    ] {
        let (desk, around) = desk(&format!("key-oidc-{name}"), json!([oidc()])).await;
        let token = std::fs::read_to_string(desk.file("token")).unwrap();
        match spoil {
            Some(more) => std::fs::write(desk.file("token"), format!("{token}{more}")).unwrap(),
            None => desk.local.clock().sleep(Duration::from_secs(301)).await,
        }
        let ran = desk.run_between(Arc::new(around), Interrupts::default(), &["status", "web"]).await;
        assert_eq!(ran.code, 1, "{name}: {}", ran.all());
        assert!(ran.stderr.contains(code), "{name}: {}", ran.all());
        assert!(!ran.all().contains(&token), "{name}: {}", ran.all());
    }
}
