//! A deployment to play on, and what somebody at its console does and sees.

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
use super::story::Story;
use crate::args::Alb;
use crate::emulate::generation;
use crate::output::{Console, Line, Tone, Trouble};

/// The regions of the procedure.
pub(crate) const CHENGDU: &str = "cn-chengdu";
pub(crate) const HANGZHOU: &str = HOME;

/// What all stories together took.
#[derive(Debug, Default)]
pub(crate) struct Total {
    /// The cloud's time.
    pub(crate) time: Duration,
    /// Calls of the functions.
    pub(crate) calls: usize,
    /// Those of them that changed something.
    pub(crate) writes: usize,
}

impl Total {
    /// Counts what a deployment did.
    pub(crate) fn add(&mut self, play: &Play) {
        let log = play.local.cloud().gateway().log();
        // The deployment's own calls: roles are what its functions call as, or a person who applies.
        let own = log.iter().filter(|call| matches!(call.caller, Some(Caller::Role(_))));
        let (calls, writes) = own
            .fold((0, 0), |(calls, writes), call| (calls + 1, writes + usize::from(call.writes && call.succeeded())));
        self.time += play.story.elapsed();
        self.calls += calls;
        self.writes += writes;
    }
}

/// A running deployment, and its story.
pub(crate) struct Play {
    pub(crate) local: Local,
    pub(crate) story: Story,
    pub(crate) alb: Alb,
    pub(crate) binding: BindingName,
    /// Runs that the story has told to their end.
    pub(crate) told: BTreeSet<String>,
    /// Runs that the story has begun to tell.
    pub(crate) unfinished: Vec<Run>,
}

impl Play {
    /// Starts a cloud with the procedure's world, and deploys the template into it.
    pub(crate) async fn begin(alb: Alb, clock: &Clock, bindings: &str, console: Console) -> Result<Self, Trouble> {
        let options = Options {
            generation: generation(alb),
            bindings: bindings.to_owned(),
            hosting: Hosting::Http,
            ..Options::default()
        };
        let local = Local::start(options, clock.clone()).await.map_err(|error| Trouble::Failed(error.to_string()))?;
        let story = Story::new(console, clock.clone());
        Ok(Self { local, story, alb, binding: "web".into(), told: BTreeSet::new(), unfinished: Vec::new() })
    }

    /// A call with the account's own key.
    pub(crate) async fn call<A: Action>(&self, region: &str, action: &A) -> Result<A::Answer, Trouble> {
        self.local.operator().call(region, action).await.map_err(|error| Trouble::Failed(error.to_string()))
    }

    /// A listing with the account's own key.
    pub(crate) async fn list<A: Listing>(&self, region: &str, action: A) -> Result<Vec<A::Item>, Trouble> {
        self.local.operator().list(region, action).await.map_err(|error| Trouble::Failed(error.to_string()))
    }

    /// Lets the cloud's time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        self.local.clock().sleep(time).await;
    }

    /// Every execution of the workflow, oldest first.
    pub(crate) async fn executions(&self) -> Result<Vec<fnf::Execution>, Trouble> {
        let list = fnf::ListExecutions { flow_name: "albridge".to_owned(), ..Default::default() };
        let mut executions = self.list(HANGZHOU, list).await?;
        executions.reverse();
        Ok(executions)
    }

    /// The members of the binding's server group, and the group's id.
    pub(crate) async fn members(&self) -> Result<(String, Vec<alb::Server>), Trouble> {
        let names = vec!["web-remote".to_owned()];
        let groups =
            self.list(CHENGDU, alb::ListServerGroups { server_group_names: names, ..Default::default() }).await?;
        let Some(group) = groups.into_iter().next() else { return Ok((String::new(), Vec::new())) };
        let id = group.server_group_id;
        let list = alb::ListServerGroupServers { server_group_id: id.clone(), ..Default::default() };
        Ok((id, self.list(CHENGDU, list).await?))
    }

    /// Makes instances that the binding wants, all at once.
    pub(crate) async fn launch(&self, amount: u32) -> Result<Vec<String>, Trouble> {
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
    pub(crate) async fn start(&self, instance: &str) -> Result<(), Trouble> {
        let start = ecs::StartInstance { instance_id: instance.to_owned(), ..Default::default() };
        self.call(HANGZHOU, &start).await?;
        self.story.step(format!("StartInstance {instance}, by somebody at the console"));
        self.story.event(json!({"event": "instance", "instance": instance, "action": "start"}));
        Ok(())
    }

    /// A GET through the ALB, as a client in its VPC sends it.
    pub(crate) async fn get(&self) -> Option<Fetched> {
        self.local.get("alb-1", 80, "www.example.com").await
    }

    /// A GET that has to be answered, told.
    pub(crate) async fn show_get(&self) -> Result<Fetched, Trouble> {
        let url = "http://www.example.com/";
        let fetched = self.get().await.ok_or_else(|| Trouble::Failed(format!("GET {url}: nobody answers.")))?;
        let text = format!("GET {url} -> {} {}", fetched.status, fetched.body.trim());
        let tone = if fetched.status == 200 { Tone::Good } else { Tone::Bad };
        self.story.step(Line::toned(tone, text));
        self.story
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

/// What the story says must be true.
pub(crate) fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::Failed(otherwise())) }
}
