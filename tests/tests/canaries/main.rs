//! No secret, token or signature leaks: keys are planted, everything that can fail does fail, and all output of the
//! deployment is searched for the keys. The CLI is searched in `shared/cli/tests/cli/canaries.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails ends its test, and one handler has to")]

mod runtime;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Random;
use emulator::Credentials;
use emulator::call::Service;
use emulator::faults::{Effect, Lie, Match, Rule};
use end_to_end::canaries::{Canaries, account_key, below, refusal, role, session_key, signature};
use end_to_end::matrix::{self, SEEDS, Tally};
use end_to_end::receivers::{self, Receivers, SECRET, TOKEN};
use end_to_end::{Console, apply, start, worlds};
use local::{Generation, Local, Options};
use onboarding::StageName;
use openapi::{Signature, fc, fnf};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

const HOME: &str = "cn-hangzhou";
const GUEST: &str = "acs:ram::6543210987654321:role/albridge-guest";

/// A buffer for output.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Paper {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Logs all events of this thread from now on, at every level.
    pub(crate) fn log(&self, json: bool) -> tracing::subscriber::DefaultGuard {
        let log = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
        if json {
            tracing::subscriber::set_default(log.json().with_writer(self.clone()).finish())
        } else {
            tracing::subscriber::set_default(log.with_writer(self.clone()).finish())
        }
    }
}

/// The roles whose keys are planted: those of all functions, of the probe, and of the other account.
fn roles() -> Vec<String> {
    let home = StageName::ALL.iter().map(|stage| format!("albridge-{HOME}-{stage}"));
    home.chain(["albridge-cn-chengdu-verify".to_owned(), "albridge-guest".to_owned()]).collect()
}

/// The keys of a story. All sessions of a role have the same secret and token, so that a refusal quotes what was really
/// sent.
fn keys(random: &mut Random) -> Vec<(String, Credentials)> {
    let mut keys = vec![("root".to_owned(), account_key(random))];
    for role in roles() {
        let key = session_key(random);
        for _ in 0..60 {
            let id = session_key(random).access_key_id;
            keys.push((role.clone(), Credentials { access_key_id: id, ..key.clone() }));
        }
    }
    keys
}

/// Refusals that quote keys, each a few times at random, and all other kinds of faults.
fn faults(random: &mut Random, keys: &[(String, Credentials)], canaries: &mut Canaries) -> Vec<Rule> {
    let mut rules = Vec::new();
    for role in roles() {
        let key = &keys.iter().find(|(whose, _)| *whose == role).unwrap().1;
        for _ in 0..4 {
            let sign = signature(random);
            canaries.look_for(&format!("a signature of {role}"), &sign);
            let (code, message) = refusal(random, key, &sign);
            let status = [400, 403, 500].get(below(random, 3)).copied().unwrap_or(400).try_into().unwrap();
            let effect = Effect::Refuse { status, code, message, done: random.fraction() < 0.2 };
            rules.push(by_chance(random, Rule::new(effect), Some(&role)));
        }
    }
    let seconds = Duration::from_secs(20).into();
    for effect in [
        Effect::Truncate,
        Effect::CutAfter,
        Effect::Deny,
        Effect::CrashFunction { seconds: None },
        Effect::TimeOutFunction,
        Effect::Falsify { lie: Lie::ErrorInSuccess },
        Effect::Falsify { lie: Lie::EmptyWorld },
        Effect::Falsify { lie: Lie::RowsWithoutId },
        Effect::Delay { seconds },
    ] {
        rules.push(by_chance(random, Rule::new(effect), None));
    }
    rules
}

fn by_chance(random: &mut Random, rule: Rule, caller: Option<&str>) -> Rule {
    let seed = below(random, 1 << 30) as u64;
    let on = Match { caller: Some(caller.map_or_else(|| "albridge-*".to_owned(), str::to_owned)), ..Match::default() };
    let on = if rule.effect == Effect::TimeOutFunction || matches!(rule.effect, Effect::CrashFunction { .. }) {
        Match::default()
    } else {
        on
    };
    Rule { on, probability: Some(0.08.try_into().unwrap()), seed: Some(seed), times: Some(3), ..rule }
}

fn options(random: &mut Random, keys: &[(String, Credentials)], told: &Arc<Receivers>) -> Options {
    let generation = if random.fraction() < 0.5 { Generation::Upgraded } else { Generation::Classic };
    let signature = if random.fraction() < 0.5 { Signature::RpcSha1 } else { Signature::Acs3 };
    let mut options = Options { keys: keys.to_vec(), signature, ..worlds::options(generation) };
    let role = format!("assumeRole: {{ arn: '{GUEST}', externalId: e-1 }}");
    let bindings = worlds::binding_with("select: {", &format!("{role}, select: {{"));
    // Somebody is told of all that goes wrong, and answers with what it was sent.
    options.bindings = format!("{}{bindings}", receivers::notify());
    options.secrets = receivers::secrets();
    options.beyond = told.beyond();
    let often = |stack: local::Stack| stack.with("AssumeRoles", GUEST).with("TimerCron", "0 */5 * * * *");
    options.stacks = options.stacks.into_iter().map(often).collect();
    options.settings.seed = below(random, 1 << 30) as u64;
    options
}

/// A deployment with two accounts.
async fn deployed(options: Options) -> Local {
    let local = start(options).await;
    local.cloud().with(|world| world.put_role(role("albridge-guest", GUEST)));
    local
}

/// The leaks in everything that a story outputs.
async fn story(seed: u64) -> Vec<String> {
    let mut random = Random::seeded(seed);
    let mut canaries = Canaries::default();
    let keys = keys(&mut random);
    for (role, key) in &keys {
        canaries.plant(role, key);
    }
    canaries.look_for("where somebody is told", TOKEN);
    canaries.look_for("what messages are signed with", SECRET);
    let told = Arc::new(Receivers::default());
    told.refuse((random.fraction() < 0.5).then_some(400));
    let (log, recording) = (Paper::default(), Paper::default());
    let guard = log.log(random.fraction() < 0.5);
    let local = deployed(options(&mut random, &keys, &told)).await;
    local.record(recording.clone(), "canaries", false).unwrap();
    let rules = faults(&mut random, &keys, &mut canaries);
    for rule in rules {
        local.cloud().inject(rule).unwrap();
    }
    let console = Console(&local);
    console.start_instance("i-ecs1");
    console.wait(Duration::from_secs(40 * 60)).await;
    // Something that no run mends, so that somebody is told.
    console.act(Service::Ecs, HOME, "AuthorizeSecurityGroup", &worlds::DROPS_ALL);
    console.wait(Duration::from_secs(40 * 60)).await;
    console.act(Service::Ecs, HOME, "RevokeSecurityGroup", &worlds::DROPS_ALL);
    console.untag(&["i-ecs1".to_owned()]);
    console.wait(Duration::from_secs(40 * 60)).await;

    let mut said = String::new();
    // What an operator sees. Now the operator's own calls are refused too.
    let root = &keys[0].1;
    for _ in 0..4 {
        let sign = signature(&mut random);
        canaries.look_for("a signature of root", &sign);
        let (code, message) = refusal(&mut random, root, &sign);
        let effect = Effect::Refuse { status: 403.try_into().unwrap(), code, message, done: false };
        let rule = Rule { times: Some(4), ..by_chance(&mut random, Rule::new(effect), Some("root")) };
        local.cloud().inject(rule).unwrap();
    }
    for _ in 0..3 {
        match apply::plan(&local, "web").await {
            Ok(plan) => {
                said += &format!("{plan:?}\n{}\n", serde_json::to_string(&plan).unwrap());
                match apply::apply(&local, "web", &plan).await {
                    Ok(reports) => said += &format!("{}\n", serde_json::to_string(&reports).unwrap()),
                    Err(failure) => said += &format!("{failure} {failure:?}\n"),
                }
            }
            Err(failure) => said += &format!("{failure} {failure:?}\n"),
        }
    }
    said += &format!("{:?} {:?}\n", local.operator(), local.operator_host().client());
    let now = local.cloud().now();
    let root_rules: Vec<String> = local.cloud().with(|world| {
        let of_root = |fault: &emulator::faults::FaultState| fault.rule.on.caller.as_deref() == Some("root");
        world.faults().into_iter().filter(of_root).map(|fault| fault.id).collect()
    });
    root_rules.iter().for_each(|id| assert!(local.cloud().with(|world| world.remove_fault(now, id))));

    // What the functions answer, and what the workflow stores of it.
    for stage in StageName::ALL {
        let body = json!({"binding": "web", "run": "", "stage": stage}).to_string();
        let invoke =
            fc::InvokeFunction { function_name: format!("albridge-{stage}"), body: body.into(), ..Default::default() };
        said += &match local.operator().invoke_function(HOME, &invoke).await {
            Ok(answer) => format!("{answer:?} {}\n", String::from_utf8_lossy(&answer.body)),
            Err(error) => format!("{error} {error:?}\n"),
        };
    }
    for execution in console.executions().await {
        let history = fnf::GetExecutionHistory {
            flow_name: "albridge".to_owned(),
            execution_name: execution.name.clone(),
            ..Default::default()
        };
        let events = local.operator().list(HOME, history).await.unwrap();
        said += &format!("{execution:?}\n");
        events.iter().for_each(|event| said += &format!("{} {}\n", event.step_name, event.event_detail));
    }
    let hits: u64 = local.cloud().with(|world| world.faults()).iter().map(|fault| fault.hits).sum();
    assert!(hits > 20, "seed {seed}: hardly anything went wrong: {hits}");
    drop(guard);
    let mut found = canaries.in_text("the log", &log.text());
    found.extend(canaries.in_text("the recording", &without_faults(&recording.text())));
    // A code that quotes a token was made by this test, and the call log repeats it.
    let calls = local.cloud().gateway().log_text();
    let calls: String = calls.lines().filter(|line| !line.contains("Invalid.CAIS")).collect();
    found.extend(canaries.in_text("the emulator's list of calls", &calls));
    found.extend(canaries.in_text("an answer", &said));
    assert!(!told.take().is_empty(), "seed {seed}: nobody was told of anything");
    assert!(log.text().len() > 10_000 && said.len() > 10_000, "{} {}", log.text().len(), said.len());
    found
}

/// Removes the world's fault rules from the first line of a recording: in this test they quote keys.
fn without_faults(recording: &str) -> String {
    let (first, rest) = recording.split_once('\n').unwrap();
    let mut preface: serde_json::Value = serde_json::from_str(first).unwrap();
    preface["faults"] = json!([]);
    format!("{preface}\n{rest}")
}

#[tokio::test(start_paused = true)]
async fn no_secret_gets_out_of_a_deployment_in_which_everything_goes_wrong() {
    let mut tally = Tally::of("canaries");
    for seed in 0..matrix::scope().count(1, 6) {
        let found = story(seed).await;
        assert!(found.is_empty(), "seed {seed}: {} leaks\n{}", found.len(), found.join("\n"));
        tally.add(SEEDS, 1);
    }
}

/// Proves that the search works: it finds leaks when the masking of a recording is off.
#[tokio::test(start_paused = true)]
async fn a_recording_that_is_asked_for_secrets_is_found_out() {
    let mut random = Random::seeded(1);
    let mut canaries = Canaries::default();
    let keys = keys(&mut random);
    keys.iter().for_each(|(role, key)| canaries.plant(role, key));
    let (masked, whole, log) = (Paper::default(), Paper::default(), Paper::default());
    for (paper, secrets) in [(&masked, false), (&whole, true)] {
        let local = deployed(options(&mut random, &keys, &Arc::default())).await;
        local.record(paper.clone(), "canaries", secrets).unwrap();
        let guard = log.log(true);
        Console(&local).start_instance("i-ecs1");
        Console(&local).wait(Duration::from_secs(60)).await;
        tracing::info!(token = if secrets { keys[1].1.security_token.as_deref() } else { None }, "said");
        drop(guard);
        assert_eq!(canaries.in_text("the log", &log.text()).is_empty(), !secrets);
    }
    assert_eq!(canaries.in_text("the recording", &masked.text()), Vec::<String>::new());
    assert!(!canaries.in_text("the recording", &whole.text()).is_empty());
}
