//! A person at a console: what they change in the account, and what they see.

use std::time::Duration;

use emulator::call::{Answer, Call, Caller, Params, Service};
use local::{Fetched, Local};
use openapi::alb;
use serde_json::Value;

/// What a person does and sees at the console.
#[derive(Clone, Copy)]
pub struct Console<'a>(pub &'a Local);

#[expect(clippy::expect_used, clippy::panic, reason = "a console that does not work ends the test")]
impl Console<'_> {
    /// Makes a call by hand. It bypasses the gateway, so the call log contains only albridge's calls.
    ///
    /// # Panics
    /// If the cloud refuses it.
    pub fn act(&self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Value {
        self.attempt(service, region, action, params).unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    /// The same in the ALB's region, for calls that the cloud may refuse. Returns whether it accepted the call.
    #[must_use]
    pub fn tries(&self, service: Service, action: &str, params: &[(&str, &str)]) -> bool {
        self.attempt(service, "cn-chengdu", action, params).is_ok()
    }

    fn attempt(&self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Answer {
        let now = self.0.clock().now();
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let call = Call {
            service,
            action: action.to_owned(),
            region: region.to_owned(),
            params: Params::new(params),
            caller: Caller::Root,
            request_id: self.0.clock().uuid().to_uppercase(),
        };
        self.0.cloud().with(|world| world.handle(now, &call))
    }

    /// Starts a stopped instance in Hangzhou.
    pub fn start_instance(&self, id: &str) {
        self.act(Service::Ecs, "cn-hangzhou", "StartInstance", &[("InstanceId", id)]);
    }

    /// Stops a running instance in Hangzhou.
    pub fn stop_instance(&self, id: &str) {
        self.act(Service::Ecs, "cn-hangzhou", "StopInstance", &[("InstanceId", id)]);
    }

    /// Releases a stopped instance in Hangzhou.
    pub fn release_instance(&self, id: &str) {
        self.act(Service::Ecs, "cn-hangzhou", "DeleteInstance", &[("InstanceId", id)]);
    }

    /// Removes the tag `app` from instances in Hangzhou.
    pub fn untag(&self, ids: &[String]) {
        let names: Vec<String> = (1..=ids.len()).map(|number| format!("ResourceId.{number}")).collect();
        let mut params: Vec<(&str, &str)> =
            names.iter().zip(ids).map(|(name, id)| (name.as_str(), id.as_str())).collect();
        params.extend([("ResourceType", "instance"), ("TagKey.1", "app")]);
        self.act(Service::Ecs, "cn-hangzhou", "UntagResources", &params);
    }

    /// Adds the tag `app=web` to instances in Hangzhou.
    pub fn tag(&self, ids: &[String]) {
        let names: Vec<String> = (1..=ids.len()).map(|number| format!("ResourceId.{number}")).collect();
        let mut params: Vec<(&str, &str)> =
            names.iter().zip(ids).map(|(name, id)| (name.as_str(), id.as_str())).collect();
        params.extend([("ResourceType", "instance"), ("Tag.1.Key", "app"), ("Tag.1.Value", "web")]);
        self.act(Service::Ecs, "cn-hangzhou", "TagResources", &params);
    }

    /// The members of the server group `web-remote`.
    pub async fn members(&self) -> Vec<alb::Server> {
        self.members_of("web-remote").await
    }

    /// The members of the server group with this name, sorted by address.
    ///
    /// # Panics
    /// If they cannot be listed.
    pub async fn members_of(&self, name: &str) -> Vec<alb::Server> {
        let client = self.0.operator();
        let list = alb::ListServerGroups { server_group_names: vec![name.to_owned()], ..Default::default() };
        let groups = client.list("cn-chengdu", list).await.expect("ListServerGroups");
        let Some(group) = groups.into_iter().next() else { return Vec::new() };
        let list = alb::ListServerGroupServers { server_group_id: group.server_group_id, ..Default::default() };
        let mut servers = client.list("cn-chengdu", list).await.expect("ListServerGroupServers");
        servers.sort_by(|one, other| one.server_ip.cmp(&other.server_ip));
        servers
    }

    /// The addresses and statuses of the members that the listeners of `alb-1` see as not healthy.
    ///
    /// # Panics
    /// If they cannot be read.
    pub async fn ailing(&self) -> Vec<String> {
        let client = self.0.operator();
        let list = alb::ListListeners { load_balancer_ids: vec!["alb-1".to_owned()], ..Default::default() };
        let mut ailing = Vec::new();
        for listener in client.list("cn-chengdu", list).await.expect("ListListeners") {
            let health = alb::GetListenerHealthStatus { listener_id: listener.listener_id, ..Default::default() };
            let health = client.call("cn-chengdu", &health).await.expect("GetListenerHealthStatus");
            let groups = health.listener_health_status.into_iter().flat_map(|listener| listener.server_group_infos);
            let servers = groups.flat_map(|group| group.non_normal_servers);
            ailing.extend(servers.map(|server| format!("{} {}", server.server_ip, server.status)));
        }
        ailing
    }

    /// The GET request of step 8.
    pub async fn get(&self) -> Option<Fetched> {
        self.get_at(80).await
    }

    /// The same through another listener of the load balancer.
    pub async fn get_at(&self, port: u16) -> Option<Fetched> {
        self.0.get("alb-1", port, "www.example.com").await
    }

    /// Lets time pass.
    pub async fn wait(&self, time: Duration) {
        self.0.clock().sleep(time).await;
    }
}
