//! No secret gets out of the tool: keys are planted in its environment and its profile, the cloud refuses with what it was sent, and
//! all that is printed, logged, saved and recorded is searched for them.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clock::{Clock, Random};
use emulator::Credentials;
use emulator::call::Service;
use emulator::faults::{Effect, Match, Rule};
use local::{Generation, Hosting, Local, Options, Stack};
use serde_json::json;

use crate::support::{is_whole, tool};

#[path = "../../../../tests/src/canaries.rs"]
#[expect(unreachable_pub, reason = "it is another crate's module as well")]
mod keys;

use keys::{Canaries, account_key, below, refusal, session_key, signature, take_role};

/// A file in memory.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A cloud over HTTP in which `root` and the role `operator` have these keys.
async fn cloud(random: &mut Random, root: &Credentials, session: &Credentials) -> Local {
    // All sessions of the role have one secret and token.
    let mut keys = vec![("root".to_owned(), root.clone()), ("operator".to_owned(), session.clone())];
    for _ in 0..40 {
        let id = session_key(random).access_key_id;
        keys.push(("operator".to_owned(), Credentials { access_key_id: id, ..session.clone() }));
    }
    let generation = if random.fraction() < 0.5 { Generation::Upgraded } else { Generation::Classic };
    let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *")];
    let options = Options { keys, generation, stacks, hosting: Hosting::Http, ..Options::default() };
    let local = Local::start(options, Clock::scaled(40.0)).await.unwrap();
    assert_eq!(take_role(local.cloud(), "operator").as_ref(), Some(&session.access_key_id));
    local
}

/// Refusals that quote, of calls with this key: one kind for each service that the commands ask. Sessions are issued always, since the
/// profiles below are to be told by what they give.
fn refuse(local: &Local, random: &mut Random, caller: &str, key: &Credentials, canaries: &mut Canaries) {
    for service in [Service::Alb, Service::Cbn, Service::Vpc, Service::Ecs, Service::Fnf, Service::Oss] {
        let sign = signature(random);
        canaries.look_for("a signature", &sign);
        let (code, message) = refusal(random, key, &sign);
        let status = [400, 403, 500].get(below(random, 3)).copied().unwrap_or(400).try_into().unwrap();
        let effect = Effect::Refuse { status, code, message, done: false };
        let on = Match { service: Some(service), caller: Some(caller.to_owned()), ..Match::default() };
        let rule = Rule { on, probability: Some(0.25.try_into().unwrap()), ..Rule::new(effect) };
        local.cloud().inject(rule).unwrap();
    }
}

const COMMANDS: &[&[&str]] = &[
    &["plan"],
    &["plan", "--json"],
    &["explain", "i-ecs1"],
    &["explain", "192.168.7.10", "--json"],
    &["status", "--home", "cn-hangzhou"],
    &["status", "--home", "cn-hangzhou", "--json"],
    &["graph", "web"],
    &["status", "--home", "cn-hangzhou", "--html", PAGE],
];

/// Stands for the file of the page.
const PAGE: &str = "PAGE";

#[test]
fn no_key_of_an_operator_is_printed_logged_saved_or_recorded() {
    let folder = std::env::temp_dir().join(format!("albridge-canaries-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for seed in 0..if is_whole() { 2 } else { 1 } {
        let mut random = Random::seeded(seed);
        let (root, session, wrong) = (account_key(&mut random), session_key(&mut random), session_key(&mut random));
        let mut canaries = Canaries::default();
        canaries.plant("the account", &root);
        canaries.plant("the session", &session);
        canaries.plant("nobody", &wrong);
        let local = runtime.block_on(cloud(&mut random, &root, &session));
        let recording = Paper::default();
        local.record(recording.clone(), "canaries", false).unwrap();
        refuse(&local, &mut random, "root", &root, &mut canaries);
        refuse(&local, &mut random, "operator", &session, &mut canaries);

        let home = folder.join(seed.to_string());
        let other = session_key(&mut random);
        canaries.plant("the sign-in", &other);
        let beside = runtime.block_on(beside(&session, &other));
        let arn = local.cloud().with(|world| world.role_arn("operator"));
        profiles(&home, &root, &session, &others(&home, &beside, &arn, &root, &session, &other));
        let [token, wrong_token] = [&session, &wrong].map(|key| key.security_token.as_deref().unwrap());
        let mut operators: Vec<Vec<(&str, &str)>> = vec![
            of(&root.access_key_id, &root.access_key_secret, ""),
            of(&session.access_key_id, &session.access_key_secret, token),
            vec![("ALIBABA_CLOUD_PROFILE", "account")],
            vec![("ALIBABA_CLOUD_PROFILE", "session")],
            // The emulator quotes what was signed by itself.
            of(&session.access_key_id, &wrong.access_key_secret, token),
            of(&session.access_key_id, &session.access_key_secret, wrong_token),
        ];
        let fixed = operators.len();
        operators.extend(FETCHED.map(|(profile, _)| vec![("ALIBABA_CLOUD_PROFILE", profile)]));
        let endpoints = endpoints(&local);
        let file = home.join("plan.json").display().to_string();
        let (mut said, mut pages) = (0, 0);
        for (number, operator) in operators.iter().enumerate() {
            for signing in ["rpc", "acs3"] {
                for endpoints in [endpoints.as_str(), r#"{"*":"http://127.0.0.1:1"}"#] {
                    let dead = endpoints.ends_with(":1\"}");
                    let mut environment = operator.clone();
                    let folder = home.display().to_string();
                    environment.extend([
                        ("HOME", folder.as_str()),
                        ("ALBRIDGE_ENDPOINTS", endpoints),
                        ("ALBRIDGE_SIGNATURE", signing),
                        ("RUST_LOG", "trace"),
                        ("RUST_BACKTRACE", "1"),
                    ]);
                    let mut commands: Vec<Vec<&str>> = vec![vec!["plan", "--out", &file]];
                    // Every command once for each seed and operator, by one of the ways.
                    commands.extend(
                        COMMANDS
                            .iter()
                            .enumerate()
                            .filter(|(index, _)| (index + number) % 4 == usize::from(signing == "rpc"))
                            .map(|(_, command)| command.to_vec()),
                    );
                    if dead {
                        // Waiting for nobody takes real time.
                        commands.truncate(usize::from(number == 1));
                    }
                    if number >= fixed {
                        commands.truncate(usize::from(signing == "rpc" && !dead));
                    }
                    if (number, signing, dead) == (1, "rpc", false) {
                        commands.push(vec!["apply", "web", "--yes", "--json"]);
                    }
                    for mut command in commands {
                        let file = home.join("bindings.yml").display().to_string();
                        let page = home.join("status.html").display().to_string();
                        command.iter_mut().filter(|word| **word == PAGE).for_each(|word| *word = &page);
                        command.extend(["--bindings", &file]);
                        let ran = tool(&command, &environment);
                        let written = std::fs::read_to_string(&page).unwrap_or_default();
                        pages += written.len();
                        let text = format!("{}\n{}\n{written}", ran.stdout, ran.stderr);
                        said += text.len();
                        if let Some((profile, gives)) = number.checked_sub(fixed).and_then(|index| FETCHED.get(index)) {
                            assert_ne!(text.contains("gives no key, because"), *gives, "{profile}: {text}");
                        }
                        assert_eq!(
                            canaries.in_text("the tool", &text),
                            Vec::<String>::new(),
                            "seed {seed}, operator {number}, {signing}, {command:?}"
                        );
                    }
                }
            }
        }
        assert!(said > 10_000 && pages > 10_000, "{said} {pages}");
        let saved = std::fs::read_to_string(&file).unwrap();
        assert_eq!(canaries.in_text("the saved plan", &saved), Vec::<String>::new());
        let recording = String::from_utf8(recording.0.lock().unwrap().clone()).unwrap();
        assert!(recording.lines().count() > 50, "{}", recording.lines().count());
        assert_eq!(canaries.in_text("the recording", &recording), Vec::<String>::new(), "seed {seed}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

fn of<'k>(id: &'k str, secret: &'k str, token: &'k str) -> Vec<(&'k str, &'k str)> {
    vec![
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", id),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", token),
    ]
}

/// The profiles whose keys are fetched, and whether that succeeds.
const FETCHED: [(&str, bool); 8] = [
    ("role", true),
    ("program", true),
    ("uri", true),
    ("oidc", false),
    ("sso", false),
    ("junk-program", false),
    ("junk-uri", false),
    ("wrong-role", false),
];

/// A server that gives a key, or refuses with what it was sent and more.
async fn beside(session: &Credentials, other: &Credentials) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let key = json!({"Code": "Success", "AccessKeyId": session.access_key_id, "SecurityToken": session.security_token,
        "AccessKeySecret": session.access_key_secret})
    .to_string();
    let quoted = other.access_key_secret.clone();
    tokio::spawn(emulator::ports::serve(listener, move |request: http::Request<bytes::Bytes>| {
        let sent = format!("{:?} {quoted}", request.headers());
        let (status, body) = if request.uri().path() == "/key" { (200, key.clone()) } else { (403, sent) };
        async move { http::Response::builder().status(status).body(bytes::Bytes::from(body)).unwrap() }
    }));
    address
}

/// Profiles of the other modes.
fn others(
    home: &Path,
    beside: &str,
    arn: &str,
    root: &Credentials,
    session: &Credentials,
    other: &Credentials,
) -> Vec<serde_json::Value> {
    std::fs::create_dir_all(home).unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(home.join(name), text).unwrap();
        home.join(name).display().to_string()
    };
    let printed = json!({"mode": "StsToken", "access_key_id": session.access_key_id,
        "access_key_secret": session.access_key_secret, "sts_token": session.security_token});
    let token = other.security_token.clone().unwrap();
    let role = |name: &str, secret: &str| {
        json!({"name": name, "mode": "RamRoleArn", "access_key_id": root.access_key_id, "access_key_secret": secret,
            "ram_role_arn": arn, "ram_session_name": "me"})
    };
    vec![
        role("role", &root.access_key_secret),
        role("wrong-role", &other.access_key_secret),
        json!({"name": "program", "mode": "External", "process_command": format!("cat '{}'", file("key", &printed.to_string()))}),
        json!({"name": "junk-program", "mode": "External", "process_command": format!("cat {}", file("junk", &other.access_key_secret))}),
        json!({"name": "uri", "mode": "CredentialsURI", "credentials_uri": format!("http://{beside}/key")}),
        json!({"name": "junk-uri", "mode": "CredentialsURI", "credentials_uri": format!("http://{beside}/junk?token={}", "x".repeat(20))}),
        json!({"name": "oidc", "mode": "OIDC", "oidc_provider_arn": "acs:ram::1:oidc-provider/ci",
            "oidc_token_file": file("token", &token), "ram_role_arn": arn, "ram_session_name": "me"}),
        json!({"name": "sso", "mode": "CloudSSO", "cloud_sso_sign_in_url": format!("http://{beside}/login"),
            "cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1", "access_token": token,
            "cloud_sso_access_token_expire": 4_102_444_800_i64}),
    ]
}

/// `~/.aliyun/config.json` with both keys and other profiles, and the bindings.
fn profiles(home: &Path, root: &Credentials, session: &Credentials, others: &[serde_json::Value]) {
    std::fs::create_dir_all(home.join(".aliyun")).unwrap();
    let mut listed = vec![
        json!({"name": "account", "mode": "AK", "access_key_id": root.access_key_id, "access_key_secret": root.access_key_secret}),
        json!({
            "name": "session", "mode": "StsToken", "access_key_id": session.access_key_id,
            "access_key_secret": session.access_key_secret, "sts_token": session.security_token,
        }),
    ];
    listed.extend(others.iter().cloned());
    let config = json!({"current": "account", "profiles": listed});
    std::fs::write(home.join(".aliyun/config.json"), config.to_string()).unwrap();
    std::fs::write(home.join("bindings.yml"), local::PROCEDURE_BINDING).unwrap();
}

/// `ALBRIDGE_ENDPOINTS` of a cloud.
fn endpoints(local: &Local) -> String {
    let ports = local.ports().unwrap();
    let regions = ["cn-hangzhou", "cn-chengdu"].map(|region| (region.to_owned(), json!(ports.api(region).unwrap())));
    let mut map: serde_json::Map<String, serde_json::Value> = regions.into_iter().collect();
    map.insert("*".to_owned(), map["cn-hangzhou"].clone());
    serde_json::Value::Object(map).to_string()
}
