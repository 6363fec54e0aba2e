//! What a recording holds, and what it must not.

use std::sync::Arc;

use clock::Clock;

use super::*;
use crate::driver::Cloud;
use crate::host::NoFunctions;
use crate::testing::{HANGZHOU, acs3, put_role, root, rpc, start, world};

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

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn exchanges(&self) -> Vec<Exchange> {
        self.text().lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn recorded(secrets: bool) -> (Cloud, Paper) {
    let mut world = world();
    put_role(&mut world, "worker", &["*"]);
    let cloud = Cloud::start(world, Clock::seeded(start(), 1), Arc::new(NoFunctions));
    let paper = Paper::default();
    let preface = Preface {
        recording: VERSION,
        scenario: "empty".into(),
        world: String::new(),
        bindings: String::new(),
        faults: Vec::new(),
        generation: "upgraded".into(),
        rates: RateLimits::Off,
        seed: 1,
        speed: 1.0,
        deployed: false,
        started: start(),
    };
    cloud.record(Recorder::begin(paper.clone(), &preface, secrets).unwrap());
    (cloud, paper)
}

#[tokio::test(start_paused = true)]
async fn an_exchange_is_written_down_whole() {
    let (cloud, paper) = recorded(false);
    let request = rpc(start(), "n", &root(), "2015-05-01", "GetRole", &[("RoleName", "worker")]);
    let answer = cloud.call(HANGZHOU, request).await;
    cloud.inject(Rule::new(crate::faults::Effect::CutAfter)).unwrap();
    cloud.exchange(HANGZHOU, rpc(start(), "m", &root(), "2015-05-01", "ListRoles", &[])).await;
    let preface: Preface = serde_json::from_str(paper.text().lines().next().unwrap()).unwrap();
    assert_eq!((preface.recording, preface.scenario.as_str()), (1, "empty"));
    let [read, cut] = paper.exchanges().try_into().unwrap();
    assert_eq!(
        (read.number, read.region.as_str(), read.method.as_str(), read.path.as_str()),
        (0, HANGZHOU, "POST", "/")
    );
    let Content::Form(fields) = &read.body else { panic!("{:?}", read.body) };
    assert!(fields.contains(&("RoleName".into(), "worker".into())));
    let told = read.answer.unwrap();
    assert_eq!((told.status, told.body.bytes()), (200, answer.body().clone()));
    assert_eq!(cut.answer, None);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_kept_out_unless_they_are_asked_for() {
    for secrets in [false, true] {
        let (cloud, paper) = recorded(secrets);
        let trusting = ["RoleName", "AssumeRolePolicyDocument"];
        let policy = r#"{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":["*"]}}]}"#;
        let create =
            rpc(start(), "1", &root(), "2015-05-01", "CreateRole", &[(trusting[0], "r"), (trusting[1], policy)]);
        cloud.call(HANGZHOU, create).await;
        let arn = cloud.with(|world| world.role_arn("r"));
        let assume = [("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
        let answer = cloud.call(HANGZHOU, rpc(start(), "2", &root(), "2015-04-01", "AssumeRole", &assume)).await;
        let issued = crate::testing::json_of(&answer)["Credentials"].clone();
        let field = |name: &str| issued[name].as_str().unwrap().to_owned();
        let key = crate::Credentials {
            access_key_id: field("AccessKeyId"),
            access_key_secret: field("AccessKeySecret"),
            security_token: Some(field("SecurityToken")),
        };
        cloud.call(HANGZHOU, rpc(start(), "3", &key, "2015-04-01", "GetCallerIdentity", &[])).await;
        let signed = [("x-acs-action", "GetCallerIdentity"), ("x-acs-version", "2015-04-01")];
        let signed = acs3(start(), "4", &key, "POST", "/", &signed, b"");
        let signature = signed.headers()["authorization"].to_str().unwrap().to_owned();
        cloud.call(HANGZHOU, signed).await;
        let text = paper.text();
        for secret in [&field("AccessKeySecret"), &field("SecurityToken"), &signature] {
            assert_eq!(text.contains(secret.as_str()), secrets, "{secret}");
        }
        assert!(text.contains(&field("AccessKeyId")), "a key's name is no secret");
        assert!(text.contains("ACS3-HMAC-SHA256"), "how it was signed is told");
        assert!(paper.exchanges().iter().all(|exchange| exchange.answer.as_ref().unwrap().status == 200));
    }
}

#[test]
fn a_body_that_is_no_text_comes_back_as_it_was() {
    let bytes = [0xff, 0x00, 0x80];
    let content = Content::of(&bytes);
    assert!(matches!(content, Content::Base64(_)));
    assert_eq!(content.bytes().as_ref(), bytes);
}

/// Secrets of every kind, wherever a client may put them.
#[tokio::test(start_paused = true)]
async fn every_secret_field_is_masked_wherever_it_stands() {
    let (cloud, paper) = recorded(false);
    let canary = |number: usize| format!("canary+{number:02}/value==");
    let encoded = |number: usize| encode(&canary(number));
    let uri = format!(
        "/bucket/key?security-token={}&x-oss-security-token={}&x-oss-signature={}&Signature={}&SECURITYTOKEN={}",
        encoded(1),
        encoded(2),
        encoded(3),
        encoded(4),
        encoded(5)
    );
    let mut request = Request::get(uri).header("host", "oss.example").header("content-type", FORM);
    for (number, name) in [
        "authorization",
        "x-fc-security-token",
        "x-fc-access-key-secret",
        "x-fc-access-key-id",
        "x-acs-security-token",
        "x-oss-security-token",
        "cookie",
        "set-cookie",
    ]
    .into_iter()
    .enumerate()
    {
        request = request.header(name, canary(10 + number));
    }
    let body = format!(
        "SecurityToken={}&Payload={}&Note={}",
        encoded(30),
        encode(&format!(r#"{{"Credentials":{{"AccessKeySecret":"{}"}}}}"#, canary(31))),
        // A value that a header of this request has shown.
        encoded(12),
    );
    cloud.call(HANGZHOU, request.body(Bytes::from(body)).unwrap()).await;
    assert!(!paper.text().contains("canary"), "{}", paper.text());
    let [exchange] = paper.exchanges().try_into().unwrap();
    assert_eq!(exchange.query[0], ("security-token".to_owned(), REDACTED.to_owned()), "its name stays");
}

#[test]
fn what_an_answer_quotes_or_hands_out_is_masked_and_not_quoted_later() {
    let mut met = Met::default();
    let mut answer = r#"{"Credentials":{"SecurityToken":"canary+token==","AccessKeyId":"STS.1"},
        "Nested":"{\"AccessKeySecret\":\"canarysecret\"}"}"#
        .to_owned();
    met.body(&mut answer);
    assert!(!answer.contains("canary") && answer.contains("STS.1"), "{answer}");
    for quoting in [
        r#"{"Message":"server string to sign is:POST&%2F&SecurityToken%3Dcanary%252Btoken"}"#,
        r#"{"Message":"x is canary+token=="}"#,
        "<Error><SecurityToken>canary</SecurityToken><Message>canary%2Btoken%3D%3D</Message></Error>",
        "<StringToSign>GET canary+token==</StringToSign>",
    ] {
        let mut text = quoting.to_owned();
        met.body(&mut text);
        assert!(!text.contains("canary"), "{text}");
    }
    let mut harmless = r#"{"SignatureMethod": "HMAC-SHA1", "TotalCount": 1}"#.to_owned();
    met.body(&mut harmless);
    assert_eq!(harmless, r#"{"SignatureMethod": "HMAC-SHA1", "TotalCount": 1}"#, "it stays as it was, byte by byte");
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// However the bindings write it: where those who are told of faults take messages is kept out, and the document stays one.
#[test]
fn urls_and_secrets_of_those_who_are_told_are_kept_out() {
    const CANARY: &str = "cAnArY/t0ken?x=1&y";
    let forms = [
        format!(
            "notify:\n  - {{ name: a, kind: slack, url: 'https://hooks.example/{CANARY}', secret: {CANARY} }}\nbindings: []\n"
        ),
        format!(
            "bindings: []\nnotify:\n- name: a\n  kind: slack\n  url: >-\n    https://hooks.example/{CANARY}\n  secret: \"{CANARY}\"\n"
        ),
        format!(
            r#"{{"bindings":[],"notify":[{{"name":"a","kind":"slack","url":"https:\/\/hooks.example\/{}"}}]}}"#,
            CANARY.replace('/', "\\/")
        ),
        // As letters that no form knows.
        format!("notify: [{{name: a, kind: slack, url: \"https://hooks.example/\\x63{}\"}}]\n", &CANARY[1..]),
    ];
    for form in forms {
        let mut text = form.clone();
        Met::default().body(&mut text);
        assert!(!text.contains(&CANARY[1..8]), "{form}\n{text}");
        let Ok(kept) = document::read::<serde_json::Value>(&text, document::Limits::WORLD) else { continue };
        if let Some(url) = kept["notify"][0]["url"].as_str() {
            assert_eq!(url, "https://hooks.example/***", "{form}");
        }
    }
    let mut other = "notify: somebody, url: https://example.com/path".to_owned();
    Met::default().body(&mut other);
    assert_eq!(other, "notify: somebody, url: https://example.com/path");
}
