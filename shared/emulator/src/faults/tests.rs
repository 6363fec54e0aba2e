//! Each kind of fault: what the client sees of it, and what was done all the same.

mod calls;
mod documents;
mod platform;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::*;
use crate::gateway::{Gateway, Reply};
use crate::state::sts::Credentials;
use crate::testing::{HANGZHOU, json_of, root, rpc, start, world};

const RAM: &str = "2015-05-01";
const CBN: &str = "2017-09-12";
const ECS: &str = "2014-05-26";
const STS: &str = "2015-04-01";

/// A gateway whose time moves when it is told to.
struct Bench {
    gateway: Gateway,
    now: Timestamp,
    nonce: u32,
}

impl Bench {
    fn new() -> Self {
        Self { gateway: Gateway::new(world()), now: start(), nonce: 0 }
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    }

    fn add(&self, rule: Rule) -> String {
        self.gateway.with(|world| world.add_fault(self.now, rule)).unwrap()
    }

    /// A rule, in the words of a scenario file.
    fn say(&self, text: &str) -> String {
        let rule = parse(text).unwrap().pop().unwrap();
        self.add(rule)
    }

    fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.gateway.handle(self.now, self.now, HANGZHOU, request) {
            Reply::Ready(response) => response,
            other => panic!("{other:?}"),
        }
    }

    fn ask_as(&mut self, key: &Credentials, version: &str, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        self.nonce += 1;
        let answer = self.send(rpc(self.now, &self.nonce.to_string(), key, version, action, params));
        (answer.status().as_u16(), json_of(&answer))
    }

    fn ask(&mut self, version: &str, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        self.ask_as(&root(), version, action, params)
    }

    /// Makes a role: a write that is easy to look for.
    fn create(&mut self, name: &str) -> (u16, bool) {
        let params = [("RoleName", name), ("AssumeRolePolicyDocument", "{}")];
        let (status, _) = self.ask(RAM, "CreateRole", &params);
        (status, self.gateway.with(|world| world.ram.role(name).is_some()))
    }

    /// Whether the CENs are listed, and as what.
    fn cens(&mut self) -> Vec<String> {
        let (_, answer) = self.ask(CBN, "DescribeCens", &[]);
        let cens = answer["Cens"]["Cen"].as_array().cloned().unwrap_or_default();
        cens.iter().map(|cen| cen["Status"].as_str().unwrap().to_owned()).collect()
    }
}
