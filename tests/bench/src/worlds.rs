//! The worlds that are measured. The procedure's, with more instances; and one of a size, in which every binding is in place.

use std::fmt::Write as _;
use std::time::Duration;

use emulator::call::{Call, Caller, Params, Service};
use emulator::{PROCEDURE, RateLimits};
use local::{Local, Options, Stack, with_stage};
use onboarding::StageName;
use onboarding::ids::BindingName;
use serde_json::{Value, json};
use stage::{Invocation, Request};

use crate::delays::Delays;

/// Members of one server group, at most.
const PER_GROUP: usize = 1_000;
/// Members of one load balancer, at most, in the Standard edition.
const PER_BALANCER: usize = 1_000;
/// Servers of one AddServersToServerGroup, at most.
const PER_CALL: usize = 200;

/// The home stack, whose timer rests, and a probe.
pub fn stacks() -> Vec<Stack> {
    vec![Stack::home().with("TimerCron", "0 0 0 1 1 *"), Stack::probe("cn-chengdu", "vpc-1")]
}

/// Options of a deployment on the emulator with the file's delays.
pub fn options(delays: &Delays) -> Options {
    let mut options = Options { stacks: stacks(), ..Options::default() };
    options.settings.latencies = delays.latencies();
    options.settings.rates = RateLimits::Sliding;
    options
}

/// The procedure's world with so many more stopped instances.
pub fn fleet(count: usize) -> String {
    let mut instances = String::new();
    for (place, id) in fleet_ids(count).into_iter().enumerate() {
        let vswitch = ["vsw-3", "vsw-4"][place % 2];
        let _infallible = writeln!(
            instances,
            "  - {{ id: {id}, vswitch: {vswitch}, securityGroups: [sg-2], state: Stopped, tags: {{ app: web }} }}"
        );
    }
    PROCEDURE.replacen("\ncens:", &format!("{instances}\ncens:"), 1)
}

/// Their ids.
pub fn fleet_ids(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("i-fleet-{number:03}")).collect()
}

/// A call by hand, which the call log does not show.
pub fn act(local: &Local, service: Service, region: &str, action: &str, params: Vec<(String, String)>) -> Value {
    let call = Call {
        service,
        action: action.to_owned(),
        region: region.to_owned(),
        params: Params::new(params),
        caller: Caller::Root,
        request_id: "BENCH".to_owned(),
    };
    let now = local.clock().now();
    local.cloud().with(|world| world.handle(now, &call)).unwrap_or_else(|error| panic!("{action}: {error:?}"))
}

/// How many members the listeners of `alb-1` send requests to, if all are healthy; else 0.
pub fn healthy(local: &Local) -> usize {
    let list = vec![param("LoadBalancerIds.1", "alb-1")];
    let listeners = act(local, Service::Alb, "cn-chengdu", "ListListeners", list);
    let mut count = 0;
    for listener in listeners["Listeners"].as_array().into_iter().flatten() {
        let id = listener["ListenerId"].as_str().unwrap_or_default();
        let health = act(local, Service::Alb, "cn-chengdu", "GetListenerHealthStatus", vec![param("ListenerId", id)]);
        let statuses = health["ListenerHealthStatus"].as_array().into_iter().flatten();
        for group in statuses.flat_map(|status| status["ServerGroupInfos"].as_array().into_iter().flatten()) {
            if group["NonNormalServers"].as_array().is_some_and(|servers| !servers.is_empty()) {
                return 0;
            }
            count += group["ServerCount"].as_u64().map_or(0, |count| usize::try_from(count).unwrap_or_default());
        }
    }
    count
}

/// How large a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Running instances in the backends' VPC. Instance k belongs to binding k modulo the number of bindings.
    pub instances: usize,
    /// Bindings, each with a server group and a listener, all with the same two VPCs.
    pub bindings: usize,
}

impl Size {
    /// Members of a binding; a group holds 1,000, and the instances beyond belong to nobody.
    pub fn members(self, binding: usize) -> usize {
        ((self.instances + self.bindings - 1 - binding) / self.bindings).min(PER_GROUP)
    }

    /// Bindings that share a load balancer: as many as its quota of servers and 50 listeners allow.
    fn per_balancer(self) -> usize {
        (PER_BALANCER / self.members(0).max(1)).clamp(1, 50)
    }

    /// Load balancers.
    pub fn balancers(self) -> usize {
        self.bindings.div_ceil(self.per_balancer())
    }

    fn balancer_of(self, binding: usize) -> usize {
        binding / self.per_balancer()
    }

    /// Two vSwitches of 192.168.0.0/16, half of each binding's instances in each.
    fn half(self, place: usize) -> usize {
        place / self.bindings % 2
    }

    fn address(self, place: usize) -> String {
        format!("192.168.{}.{}", self.half(place) * 64 + place / 250, place % 250 + 2)
    }

    /// How many instances there are while the network is made: two of each binding, one in each vSwitch.
    fn first(self) -> usize {
        self.instances.min(2 * self.bindings)
    }

    /// Instances as a scenario has them.
    fn instances_of(self, places: std::ops::Range<usize>) -> String {
        let mut instances = String::new();
        for place in places {
            let binding = place % self.bindings;
            // A security group for each binding: one that others' instances share is reported.
            let (app, group) = if place / self.bindings < PER_GROUP {
                (format!("app-{binding}"), format!("sg-app-{binding}"))
            } else {
                ("nobody".to_owned(), "sg-2".to_owned())
            };
            let _infallible = writeln!(
                instances,
                "  - {{ id: i-{place:05}, vswitch: {}, address: {}, securityGroups: [{group}], tags: {{ app: {app} }} }}",
                ["vsw-4", "vsw-3"][self.half(place)],
                self.address(place),
            );
        }
        instances
    }

    /// The scenario, with the first instances.
    pub fn scenario(self) -> String {
        let mut text = PROCEDURE.replacen("cidr: 192.168.8.0/24", "cidr: 192.168.64.0/18", 1).replacen(
            "cidr: 192.168.7.0/24",
            "cidr: 192.168.0.0/18",
            1,
        );
        let first = text.find("  # Stopped, so that").expect("the procedure's instance");
        let end = text[first..].find("\ncens:").expect("the procedure's CEN") + first;
        text.replace_range(first..end, &self.instances_of(0..self.first()));
        let groups: String = (0..self.bindings)
            .map(|binding| format!("  - {{ id: sg-app-{binding}, name: app-{binding}, vpc: vpc-2 }}\n"))
            .collect();
        text = text.replacen("\ninstances:", &format!("{groups}\ninstances:"), 1);
        let alb = text.find("\nalbs:").expect("the procedure's load balancer");
        text.truncate(alb);
        text.push_str("\nalbs:\n");
        for balancer in 0..self.balancers() {
            let _infallible = write!(
                text,
                "  - id: alb-{balancer}
    name: ALB{balancer}
    region: cn-chengdu
    vpc: vpc-1
    zones:
      - {{ zone: cn-chengdu-a, vswitch: vsw-1 }}
      - {{ zone: cn-chengdu-b, vswitch: vsw-2 }}
"
            );
        }
        text
    }

    /// The bindings.
    pub fn store(self) -> String {
        let mut text = String::from("bindings:\n");
        for binding in 0..self.bindings {
            let (balancer, port) = (self.balancer_of(binding), 8000 + binding);
            let _infallible = write!(
                text,
                "  - name: b{binding}
    provision: auto
    alb: {{ region: cn-chengdu, id: alb-{balancer}, attachmentVswitches: [vsw-1, vsw-2] }}
    serverGroup: {{ name: group-{binding}, protocol: HTTP, port: 80 }}
    listener: {{ protocol: HTTP, port: {port} }}
    cen: {{ id: cen-1, bandwidth: {{ package: cenbwp-1, mbps: 10 }} }}
    backends:
      - {{ region: cn-hangzhou, vpc: vpc-2, attachmentVswitches: [vsw-3, vsw-4], select: {{ tags: {{ app: app-{binding} }} }} }}
"
            );
        }
        text
    }

    /// Options of a deployment without functions, over HTTP, on a cloud that is quick: how it became what it is is not measured.
    pub fn options(self) -> Options {
        let mut options =
            Options { scenario: self.scenario(), bindings: self.store(), stacks: Vec::new(), ..Options::default() };
        options.settings.rates = RateLimits::Sliding;
        let second = Duration::from_secs(1);
        let latencies = &mut options.settings.latencies;
        (latencies.alb_write, latencies.vpc_attach, latencies.peer_attach) = (second, second, second);
        (latencies.table_link, latencies.propagate, latencies.route_entry) = (second, second, second);
        options
    }

    fn servers(self, group: &str, binding: usize, places: &[usize]) -> Vec<(String, String)> {
        let mut params = vec![param("ServerGroupId", group)];
        for (number, place) in (1..).zip(places) {
            let address = self.address(*place);
            let description = format!("albridge/albridge/b{binding}/i-{place:05}");
            for (field, value) in [
                ("ServerType", "Ip"),
                ("ServerId", &address),
                ("ServerIp", &address),
                ("Port", "80"),
                ("Weight", "100"),
                ("RemoteIpEnabled", "true"),
                ("Description", &description),
            ] {
                params.push((format!("Servers.{number}.{field}"), value.to_owned()));
            }
        }
        params
    }

    /// Brings every binding in place: the first by all stages, the others by their own two; members by hand.
    pub async fn settle(self, local: &Local) {
        for binding in 0..self.bindings {
            for stage in StageName::ALL {
                let shared = !matches!(stage, StageName::ServerGroup | StageName::Listener);
                let members = matches!(stage, StageName::Preflight | StageName::BackendServers | StageName::Prune);
                if members || (shared && binding > 0) {
                    continue;
                }
                run_stage(local, stage, &format!("b{binding}")).await;
            }
        }
        if self.first() < self.instances {
            let more = format!("instances:\n{}", self.instances_of(self.first()..self.instances));
            let now = local.clock().now();
            local.cloud().with(|world| world.load(now, &more)).expect("more instances");
        }
        let groups = act(local, Service::Alb, "cn-chengdu", "ListServerGroups", vec![param("MaxResults", "100")]);
        let groups = groups["ServerGroups"].as_array().cloned().unwrap_or_default();
        for binding in 0..self.bindings {
            let name = format!("group-{binding}");
            let group = groups.iter().find(|group| group["ServerGroupName"] == json!(name)).expect("the group");
            let id = group["ServerGroupId"].as_str().expect("its id");
            if binding > 0 {
                act(local, Service::Ecs, "cn-hangzhou", "AuthorizeSecurityGroup", rules(binding));
            }
            let places: Vec<usize> = (0..self.members(binding)).map(|rank| rank * self.bindings + binding).collect();
            for batch in places.chunks(PER_CALL) {
                act(local, Service::Alb, "cn-chengdu", "AddServersToServerGroup", self.servers(id, binding, batch));
                local.clock().sleep(Duration::from_millis(1_100)).await;
            }
        }
        // Until all are healthy, and no call of before counts against a rate.
        local.clock().sleep(Duration::from_secs(75)).await;
    }
}

fn param(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The rules that the stage of the first binding makes.
fn rules(binding: usize) -> Vec<(String, String)> {
    let mut params = vec![param("SecurityGroupId", &format!("sg-app-{binding}"))];
    for (number, source) in (1..).zip(["172.16.0.0/24", "172.16.6.0/24"]) {
        for (field, value) in [
            ("IpProtocol", "TCP"),
            ("PortRange", "80/80"),
            ("SourceCidrIp", source),
            ("Policy", "accept"),
            ("Priority", "90"),
            ("NicType", "intranet"),
            ("Description", &format!("albridge/albridge/b{binding}")),
        ] {
            params.push((format!("Permissions.{number}.{field}"), value.to_owned()));
        }
    }
    params
}

/// One stage, as its function runs it, to its end.
async fn run_stage(local: &Local, stage: StageName, binding: &str) {
    let host = local.operator_host();
    let request = Request { binding: BindingName::from(binding), run: String::new(), accepted: false };
    let invocation = Invocation::until(&host, local.clock().now() + Duration::from_secs(3600));
    with_stage!(stage, stage => {
        let report = Box::pin(stage::run(&stage, &invocation, &request)).await;
        let report = report.unwrap_or_else(|error| panic!("{binding}: {error}"));
        assert!(report.blocked.is_empty(), "{report:?}");
    },
        StageName::Dispatch | StageName::Verify => (),
    );
}
