//! The deployment that the demo works on, and the actions of a user of its console.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::Clock;
use emulator::call::Caller;
use jiff::Timestamp;
use local::{Fetched, HOME, Hosting, Local, Options};
use onboarding::StageName;
use onboarding::ids::BindingName;
use openapi::{Action, Listing, alb, ecs, fnf};
use serde_json::json;

use super::run::Run;
use super::transcript::Transcript;
use crate::args::Alb;
use crate::emulate::generation;
use crate::output::{CliError, Console, Line, Style};

/// The regions of the procedure.
pub(crate) const CHENGDU: &str = "cn-chengdu";
pub(crate) const HANGZHOU: &str = HOME;

/// Totals over all generations.
#[derive(Debug, Default)]
pub(crate) struct Total {
    /// The cloud's time.
    pub(crate) time: Duration,
    /// Calls of the functions.
    pub(crate) calls: usize,
    /// How many of them were writes.
    pub(crate) writes: usize,
}

impl Total {
    /// Adds the calls of a deployment.
    pub(crate) fn add(&mut self, session: &Session) {
        let log = session.local.cloud().gateway().log();
        // The deployment's own calls: its functions, and a person who applies, call with roles.
        let own = log.iter().filter(|call| matches!(call.caller, Some(Caller::Role(_))));
        let (calls, writes) = own
            .fold((0, 0), |(calls, writes), call| (calls + 1, writes + usize::from(call.writes && call.succeeded())));
        self.time += session.transcript.elapsed();
        self.calls += calls;
        self.writes += writes;
    }
}

/// A running deployment, and its transcript.
pub(crate) struct Session {
    pub(crate) local: Local,
    pub(crate) transcript: Transcript,
    pub(crate) alb: Alb,
    pub(crate) binding: BindingName,
    /// Runs that were followed to their end.
    pub(crate) told: BTreeSet<String>,
    /// Runs that are being followed.
    pub(crate) unfinished: Vec<Run>,
}

impl Session {
    /// Starts a cloud with the procedure's world, and deploys the template into it.
    pub(crate) async fn begin(alb: Alb, clock: &Clock, bindings: &str, console: Console) -> Result<Self, CliError> {
        let options = Options {
            generation: generation(alb),
            bindings: bindings.to_owned(),
            hosting: Hosting::Http,
            ..Options::default()
        };
        let local = Local::start(options, clock.clone()).await.map_err(|error| CliError::Failed(error.to_string()))?;
        let transcript = Transcript::new(console, clock.clone());
        Ok(Self { local, transcript, alb, binding: "web".into(), told: BTreeSet::new(), unfinished: Vec::new() })
    }

    /// A call with the account's own key.
    pub(crate) async fn call<A: Action>(&self, region: &str, action: &A) -> Result<A::Answer, CliError> {
        self.local.operator().call(region, action).await.map_err(|error| CliError::Failed(error.to_string()))
    }

    /// A listing with the account's own key.
    pub(crate) async fn list<A: Listing>(&self, region: &str, action: A) -> Result<Vec<A::Item>, CliError> {
        self.local.operator().list(region, action).await.map_err(|error| CliError::Failed(error.to_string()))
    }

    /// Lets the cloud's time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        self.local.clock().sleep(time).await;
    }

    /// Every execution of the workflow, oldest first.
    pub(crate) async fn executions(&self) -> Result<Vec<fnf::Execution>, CliError> {
        let list = fnf::ListExecutions { flow_name: "albridge".to_owned(), ..Default::default() };
        let mut executions = self.list(HANGZHOU, list).await?;
        executions.reverse();
        Ok(executions)
    }

    /// The members of the binding's server group, and the group's id.
    pub(crate) async fn members(&self) -> Result<(String, Vec<alb::Server>), CliError> {
        let names = vec!["web-remote".to_owned()];
        let groups =
            self.list(CHENGDU, alb::ListServerGroups { server_group_names: names, ..Default::default() }).await?;
        let Some(group) = groups.into_iter().next() else { return Ok((String::new(), Vec::new())) };
        let id = group.server_group_id;
        let list = alb::ListServerGroupServers { server_group_id: id.clone(), ..Default::default() };
        Ok((id, self.list(CHENGDU, list).await?))
    }

    /// Launches instances that the binding selects, all at once.
    pub(crate) async fn launch(&self, amount: u32) -> Result<Vec<String>, CliError> {
        let tag = vec![ecs::Tag { key: "app".to_owned(), value: Some("web".to_owned()) }];
        let run = ecs::RunInstances {
            image_id: Some("aliyun_3_x64_20G_alibase.vhd".to_owned()),
            instance_type: Some("ecs.g7.large".to_owned()),
            security_group_id: Some("sg-2".to_owned()),
            vswitch_id: Some("vsw-3".to_owned()),
            instance_name: Some("web".to_owned()),
            amount: Some(amount),
            tag,
            ..Default::default()
        };
        Ok(self.call(HANGZHOU, &run).await?.instance_id_sets)
    }

    /// Starts the procedure's instance.
    pub(crate) async fn start(&self, instance: &str) -> Result<(), CliError> {
        let start = ecs::StartInstance { instance_id: instance.to_owned(), ..Default::default() };
        self.call(HANGZHOU, &start).await?;
        self.transcript.step(format!("StartInstance {instance}, by a user of the console"));
        self.transcript.event(json!({"event": "instance", "instance": instance, "action": "start"}));
        Ok(())
    }

    /// A GET through the ALB, as a client in its VPC sends it.
    pub(crate) async fn get(&self) -> Option<Fetched> {
        self.local.get("alb-1", 80, "www.example.com").await
    }

    /// Sends a GET that has to be answered, and prints it.
    pub(crate) async fn show_get(&self) -> Result<Fetched, CliError> {
        let url = "http://www.example.com/";
        let fetched = self.get().await.ok_or_else(|| CliError::Failed(format!("GET {url}: no answer.")))?;
        let text = format!("GET {url} -> {} {}", fetched.status, fetched.body.trim());
        let style = if fetched.status == 200 { Style::Good } else { Style::Bad };
        self.transcript.step(Line::styled(style, text));
        self.transcript
            .event(json!({"event": "request", "url": url, "status": fetched.status, "servedBy": fetched.served_by}));
        expect(fetched.status == 200, || format!("GET {url} was answered with {}.", fetched.status))?;
        Ok(fetched)
    }

    /// The successful writes of a stage's function in a time, by action.
    pub(crate) fn writes_of(&self, stage: StageName, from: Timestamp, to: Timestamp) -> BTreeMap<String, usize> {
        let role = format!("albridge-{HOME}-{stage}");
        let mut counted = BTreeMap::new();
        for call in self.local.cloud().gateway().log() {
            let own = matches!(&call.caller, Some(Caller::Role(name)) if *name == role);
            if own && call.writes && call.succeeded() && (from..=to).contains(&call.at) {
                *counted.entry(call.action).or_insert(0) += 1;
            }
        }
        counted
    }
}

/// Fails the demo if a condition does not hold.
pub(crate) fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), CliError> {
    if holds { Ok(()) } else { Err(CliError::Failed(otherwise())) }
}
