//! What the scenarios share: a person at a console of the emulated cloud, and ways to wait for what must come.

use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use local::{Local, Options};
use openapi::{alb, ecs, fnf};

/// When every scenario begins.
///
/// # Panics
/// Never: the text is a time.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a constant")]
pub fn beginning() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

/// A deployment on paused time.
///
/// # Panics
/// When it does not start: then there is nothing to test.
#[expect(clippy::expect_used, reason = "without a deployment there is nothing to test")]
pub async fn start(options: Options) -> Local {
    let clock = Clock::seeded(beginning(), options.settings.seed);
    Local::start(options, clock).await.expect("the deployment starts")
}

/// What a person does and sees at the console.
pub struct Console<'a>(pub &'a Local);

#[expect(clippy::expect_used, reason = "a console that cannot read ends the test")]
impl Console<'_> {
    /// Starts a stopped instance of Hangzhou.
    pub async fn start_instance(&self, id: &str) {
        let start = ecs::StartInstance { instance_id: id.to_owned(), ..Default::default() };
        self.0.operator().call("cn-hangzhou", &start).await.expect("StartInstance");
    }

    /// The members of the server group `web-remote`, by address, with their health where it is not good.
    pub async fn members(&self) -> Vec<alb::Server> {
        let client = self.0.operator();
        let list = alb::ListServerGroups { server_group_names: vec!["web-remote".to_owned()], ..Default::default() };
        let groups = client.list("cn-chengdu", list).await.expect("ListServerGroups");
        let Some(group) = groups.into_iter().next() else { return Vec::new() };
        let list = alb::ListServerGroupServers { server_group_id: group.server_group_id, ..Default::default() };
        client.list("cn-chengdu", list).await.expect("ListServerGroupServers")
    }

    /// Every execution of the workflow.
    pub async fn executions(&self) -> Vec<fnf::Execution> {
        let list = fnf::ListExecutions { flow_name: "albridge".to_owned(), ..Default::default() };
        self.0.operator().list("cn-hangzhou", list).await.expect("ListExecutions")
    }

    /// The GET of step 8.
    pub async fn get(&self) -> Option<local::Fetched> {
        self.0.get("alb-1", 80, "www.example.com").await
    }

    /// Lets time pass until no execution is left unfinished, at most `limit`. Gives whether that was reached.
    pub async fn settle(&self, limit: Duration) -> bool {
        let clock = self.0.clock();
        let end = clock.now() + limit;
        while clock.now() < end {
            clock.sleep(Duration::from_secs(5)).await;
            let executions = self.executions().await;
            if !executions.is_empty() && executions.iter().all(|execution| execution.status != "Running" && execution.status != "Starting") {
                return true;
            }
        }
        false
    }
}
