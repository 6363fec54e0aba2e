//! No secret gets out of the tool: keys are planted in its environment and its profile, the cloud refuses with what it was sent, and
//! all that is printed, logged, saved and recorded is searched for them.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clock::{Clock, Random};
use emulator::Credentials;
use emulator::call::{Call, Caller, Params, Service};
use emulator::faults::{Effect, Match, Rule};
use emulator::ram::Role;
use local::{Generation, Hosting, Local, Options, Stack};
use serde_json::json;

use crate::support::{is_whole, tool};

#[path = "../../../../tests/src/canaries.rs"]
#[expect(unreachable_pub, reason = "it is another crate's module as well")]
mod keys;

use keys::{Canaries, account_key, below, refusal, session_key, signature};

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
    let keys = vec![("root".to_owned(), root.clone()), ("operator".to_owned(), session.clone())];
    let generation = if random.fraction() < 0.5 { Generation::Upgraded } else { Generation::Classic };
    let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *")];
    let options = Options { keys, generation, stacks, hosting: Hosting::Http, ..Options::default() };
    let local = Local::start(options, Clock::scaled(40.0)).await.unwrap();
    let now = local.cloud().now();
    let account = "acs:ram::1234567890123456:root";
    local.cloud().with(|world| {
        let arn = world.role_arn("operator");
        world.put_role(Role {
            name: "operator".to_owned(),
            arn: arn.clone(),
            trust: json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [account]}}]}),
            policies: vec![(
                "all".to_owned(),
                json!({"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}),
            )],
        });
        let params = [("RoleArn".to_owned(), arn), ("RoleSessionName".to_owned(), "canary".to_owned())];
        let assume = Call {
            service: Service::Sts,
            action: "AssumeRole".to_owned(),
            region: "cn-hangzhou".to_owned(),
            params: Params::new(params),
            caller: Caller::Root,
            request_id: "R".to_owned(),
        };
        let issued = world.handle(now, &assume).unwrap();
        assert_eq!(issued["Credentials"]["AccessKeyId"], session.access_key_id.as_str());
    });
    local
}

/// Refusals that quote, of calls with this key.
fn refuse(local: &Local, random: &mut Random, caller: &str, key: &Credentials, canaries: &mut Canaries) {
    for _ in 0..6 {
        let sign = signature(random);
        canaries.look_for("a signature", &sign);
        let (code, message) = refusal(random, key, &sign);
        let status = [400, 403, 500].get(below(random, 3)).copied().unwrap_or(400).try_into().unwrap();
        let effect = Effect::Refuse { status, code, message, done: false };
        let on = Match { caller: Some(caller.to_owned()), ..Match::default() };
        let rule = Rule { on, probability: Some(0.05.try_into().unwrap()), ..Rule::new(effect) };
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
];

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
        profiles(&home, &root, &session);
        let [token, wrong_token] = [&session, &wrong].map(|key| key.security_token.as_deref().unwrap());
        let operators: [Vec<(&str, &str)>; 6] = [
            of(&root.access_key_id, &root.access_key_secret, ""),
            of(&session.access_key_id, &session.access_key_secret, token),
            vec![("ALIBABA_CLOUD_PROFILE", "account")],
            vec![("ALIBABA_CLOUD_PROFILE", "session")],
            // The emulator quotes what was signed by itself.
            of(&session.access_key_id, &wrong.access_key_secret, token),
            of(&session.access_key_id, &session.access_key_secret, wrong_token),
        ];
        let endpoints = endpoints(&local);
        let file = home.join("plan.json").display().to_string();
        let mut said = 0;
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
                    if (number, signing, dead) == (1, "rpc", false) {
                        commands.push(vec!["apply", "web", "--yes", "--json"]);
                    }
                    for mut command in commands {
                        let file = home.join("bindings.yml").display().to_string();
                        command.extend(["--bindings", &file]);
                        let ran = tool(&command, &environment);
                        let text = format!("{}\n{}", ran.stdout, ran.stderr);
                        said += text.len();
                        assert_eq!(
                            canaries.in_text("the tool", &text),
                            Vec::<String>::new(),
                            "seed {seed}, operator {number}, {signing}, {command:?}"
                        );
                    }
                }
            }
        }
        assert!(said > 10_000, "{said}");
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

/// `~/.aliyun/config.json` with both keys, and the bindings.
fn profiles(home: &Path, root: &Credentials, session: &Credentials) {
    std::fs::create_dir_all(home.join(".aliyun")).unwrap();
    let config = json!({"current": "account", "profiles": [
        {"name": "account", "mode": "AK", "access_key_id": root.access_key_id, "access_key_secret": root.access_key_secret},
        {
            "name": "session", "mode": "StsToken", "access_key_id": session.access_key_id,
            "access_key_secret": session.access_key_secret, "sts_token": session.security_token,
        },
    ]});
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
