//! A client on explicit time: signs requests, lets the world's time pass, and plays the functions it invokes.

use std::collections::BTreeMap;

use bytes::Bytes;
use emulator::fc::{Function, Invocation, Outcome};
use emulator::ram::Role;
use emulator::{Credentials, Effect, Gateway, Reply, Settings, World};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sign::{self, Plain};
use crate::{case, tables};

/// What an answer is judged by.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) response: Response<Bytes>,
}

/// One request before it is signed.
#[derive(Default)]
pub(crate) struct Ask<'a> {
    pub(crate) service: &'a str,
    pub(crate) action: &'a str,
    pub(crate) region: &'a str,
    /// A role's name, or nobody's: the account itself.
    pub(crate) by: Option<&'a str>,
    pub(crate) params: Vec<(String, String)>,
    /// Method and path, for services without actions.
    pub(crate) send: Option<(&'a str, &'a str)>,
    pub(crate) body: Option<&'a str>,
    pub(crate) headers: Vec<(String, String)>,
}

pub(crate) struct Client {
    pub(crate) gateway: Gateway,
    pub(crate) now: Timestamp,
    nonce: u64,
    /// Invocations that nobody has answered.
    pub(crate) invoked: Vec<Invocation>,
    keys: BTreeMap<String, Credentials>,
}

impl Client {
    pub(crate) fn new(world: case::World) -> Self {
        let now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut made = World::new(Settings::default());
        if world == case::World::Procedure {
            made.load(now, emulator::PROCEDURE).unwrap();
        }
        Self { gateway: Gateway::new(made), now, nonce: 0, invoked: Vec::new(), keys: BTreeMap::new() }
    }

    /// Makes a role that the account may assume.
    pub(crate) fn put_role(&self, name: &str, statements: &[Value], trust: Option<&Value>) {
        let trust = trust.cloned().unwrap_or_else(|| {
            json!({"Version": "1", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"RAM": ["acs:ram::1234567890123456:root"], "Service": ["fc.aliyuncs.com", "fnf.aliyuncs.com"]},
            }]})
        });
        let policy = json!({"Version": "1", "Statement": statements});
        self.gateway.with(|world| {
            let arn = world.role_arn(name);
            world.put_role(Role { name: name.to_owned(), arn, trust, policies: vec![("inline".to_owned(), policy)] });
        });
    }

    /// A token of the identity provider `ci`, which is for `albridge`.
    pub(crate) fn token(&self, subject: &str, audience: &str, seconds: u64) -> String {
        self.gateway.with(|world| {
            let provider = world.put_oidc_provider("ci", "https://ci.example.com", &["albridge"]);
            let lifetime = std::time::Duration::from_secs(seconds);
            world.oidc_token(self.now, &provider, subject, audience, lifetime).unwrap()
        })
    }

    pub(crate) fn put_function(&self, region: &str, name: &str) {
        let function = Function {
            name: name.to_owned(),
            runtime: "custom.debian12".to_owned(),
            timeout: 60,
            memory: 128,
            ..Function::default()
        };
        self.gateway.with(|world| world.put_function(self.now, region, function));
    }

    /// Lets time pass, and everything that falls due meanwhile happen at its instant.
    pub(crate) fn wait(&mut self, seconds: u64) {
        let until = self.now + SignedDuration::from_secs(i64::try_from(seconds).unwrap());
        loop {
            let now = self.now;
            let (effects, due) = self.gateway.with(|world| {
                let effects = world.advance(now);
                (effects, world.next_due(now))
            });
            let idle = effects.is_empty();
            for Effect::Invoke(invocation) in effects {
                self.invoked.push(invocation);
            }
            match due.filter(|due| *due <= until) {
                Some(due) if due > now => self.now = due,
                Some(_) if !idle => {}
                _ => break,
            }
        }
        self.now = until;
        let now = self.now;
        for Effect::Invoke(invocation) in self.gateway.with(|world| world.advance(now)) {
            self.invoked.push(invocation);
        }
    }

    /// Hands back what a function came to.
    pub(crate) fn finish(&mut self, invocation: &Invocation, outcome: Outcome) {
        let now = self.now;
        self.gateway.with(|world| world.finish(now, invocation.id, outcome));
        self.wait(0);
    }

    /// Asks, and gets the answer; a synchronous function call is answered with `outcome`.
    pub(crate) fn ask(&mut self, ask: Ask<'_>, outcome: Option<Outcome>) -> Answer {
        let key = self.key(ask.by);
        let region = ask.region.to_owned();
        let request = self.signed(ask, &key);
        let response = match self.gateway.handle(self.now, self.now, &region, request) {
            Reply::Ready(response) => response,
            Reply::Pending(pending) => {
                self.wait(0);
                let invocation = self.invoked.pop().unwrap();
                self.finish(&invocation, outcome.unwrap_or_else(|| Outcome::Crashed("no answer".to_owned())));
                self.gateway.collect(self.now, &pending).unwrap()
            }
            Reply::Altered(..) => panic!("there are no faults here"),
        };
        read(response)
    }

    fn signed(&mut self, ask: Ask<'_>, key: &Credentials) -> Request<Bytes> {
        self.nonce += 1;
        let (method, path) = ask.send.unwrap_or(("POST", "/"));
        let mut headers = ask.headers;
        let mut body = ask.body.unwrap_or_default().to_owned();
        let mut query = Vec::new();
        if ask.send.is_some() {
            query = ask.params;
        } else {
            let version = tables::version(ask.service).unwrap();
            headers.push(("x-acs-action".to_owned(), ask.action.to_owned()));
            headers.push(("x-acs-version".to_owned(), version.to_owned()));
            headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
            let pairs: Vec<String> = ask
                .params
                .iter()
                .map(|(name, value)| format!("{}={}", sign::encode(name), sign::encode(value)))
                .collect();
            body = pairs.join("&");
        }
        let plain = Plain { method, path, query: &query, headers, body: body.as_bytes() };
        let headers = if ask.service == "oss" {
            sign::oss(plain, key, self.now, ask.region)
        } else {
            sign::acs3(plain, key, self.now, self.nonce)
        };
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", sign::encode(name), sign::encode(value))).collect();
        let uri = if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Bytes::from(body)).unwrap()
    }

    /// The session of a role, asked for once.
    fn key(&mut self, role: Option<&str>) -> Credentials {
        let Some(role) = role else { return self.gateway.with(|world| world.root_credentials()) };
        if let Some(key) = self.keys.get(role) {
            return key.clone();
        }
        let arn = self.gateway.with(|world| world.role_arn(role));
        let params = [("RoleArn", arn.as_str()), ("RoleSessionName", "case")];
        let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let ask = Ask { service: "sts", action: "AssumeRole", region: "cn-hangzhou", params, ..Ask::default() };
        let session = self.ask(ask, None).body;
        let text = |name: &str| session["Credentials"][name].as_str().unwrap_or_default().to_owned();
        let key = Credentials {
            access_key_id: text("AccessKeyId"),
            access_key_secret: text("AccessKeySecret"),
            security_token: Some(text("SecurityToken")),
        };
        self.keys.insert(role.to_owned(), key.clone());
        key
    }

    /// Uses a session that a case has asked for itself.
    pub(crate) fn adopt(&mut self, role: &str, key: Credentials) {
        self.keys.insert(role.to_owned(), key);
    }
}

fn read(response: Response<Bytes>) -> Answer {
    let text = String::from_utf8_lossy(response.body()).into_owned();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let in_xml = || Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
    let refused = response.status().is_client_error() || response.status().is_server_error();
    let code = body["Code"].as_str().map(str::to_owned).or_else(in_xml).filter(|_| refused);
    Answer { status: response.status().as_u16(), code, body, text, response }
}
