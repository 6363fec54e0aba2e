//! A scripted cloud: answers by action, a record of every call, and one small binding to observe and apply.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use openapi::Credentials;
use serde_json::{Value, json};
use stage::{Host, Invocation, Request, Settings};

/// One call as the cloud got it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Call {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    pub(crate) fn writes(&self) -> bool {
        !["Get", "List", "Describe", "Check"].iter().any(|verb| self.action.starts_with(verb))
    }
}

type Script = Box<dyn FnMut(&Call) -> (u16, Value) + Send>;

/// Answers by action; what has no script is answered with an empty listing, or as done.
#[derive(Default)]
pub(crate) struct World {
    scripts: Mutex<BTreeMap<String, Script>>,
    slow: Mutex<BTreeMap<String, Duration>>,
    calls: Mutex<Vec<Call>>,
}

impl World {
    pub(crate) fn on(&self, action: &str, script: impl FnMut(&Call) -> (u16, Value) + Send + 'static) -> &Self {
        self.scripts.lock().unwrap().insert(action.to_owned(), Box::new(script));
        self
    }

    pub(crate) fn always(&self, action: &str, answer: Value) -> &Self {
        self.on(action, move |_| (200, answer.clone()))
    }

    pub(crate) fn refuses(&self, action: &str, status: u16, code: &str) -> &Self {
        let answer = refusal(code);
        self.on(action, move |_| (status, answer.clone()))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Takes so long to answer an action, or whatever names a resource.
    pub(crate) fn slow(&self, what: &str, time: Duration) -> &Self {
        self.slow.lock().unwrap().insert(what.to_owned(), time);
        self
    }

    pub(crate) fn calls_of(&self, action: &str) -> Vec<Call> {
        self.calls.lock().unwrap().iter().filter(|call| call.action == action).cloned().collect()
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().filter(|call| call.writes()).map(|call| call.action.clone()).collect()
    }

    async fn answer(&self, request: &http::Request<Bytes>, clock: &Clock) -> http::Response<Bytes> {
        let text = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
        let query = request.uri().query().unwrap_or_default();
        let action = match request.headers().get("x-acs-action") {
            Some(action) => action.to_str().unwrap().to_owned(),
            None => "GetObject".to_owned(),
        };
        let parameters = text(query.as_bytes()).into_iter().chain(text(request.body())).collect();
        let call = Call { action, parameters };
        let concerns = |what: &String| call.action == *what || call.parameters.values().any(|value| value == what);
        let time = self.slow.lock().unwrap().iter().find(|(what, _)| concerns(what)).map(|(_, time)| *time);
        if let Some(time) = time {
            clock.sleep(time).await;
        }
        self.calls.lock().unwrap().push(call.clone());
        let (status, body) = match self.scripts.lock().unwrap().get_mut(&call.action) {
            Some(script) => script(&call),
            None => (200, unscripted(&call.action)),
        };
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        http::Response::builder().status(status).body(Bytes::from(body)).unwrap()
    }
}

/// What an account with nothing in it answers.
fn unscripted(action: &str) -> Value {
    let list = match action {
        "ListServerGroups" => "ServerGroups",
        "ListServerGroupServers" => "Servers",
        "ListListeners" => "Listeners",
        "ListRules" => "Rules",
        "ListLoadBalancers" => "LoadBalancers",
        "DescribeInstances" => "Instances",
        "DescribeNetworkInterfaces" => "NetworkInterfaceSets",
        "DescribeSecurityGroups" => "SecurityGroups",
        "DescribeRouteTableList" => "RouterTableList",
        "DescribeRouteEntryList" => "RouteEntrys",
        "DescribeCens" => "Cens",
        "DescribeCenBandwidthPackages" => "CenBandwidthPackages",
        "ListTransitRouters" => "TransitRouters",
        "ListTransitRouterVpcAttachments" | "ListTransitRouterPeerAttachments" => "TransitRouterAttachments",
        "ListExecutions" => "Executions",
        "ListTransitRouterAvailableResource" => "AvailableZones",
        "DescribeSecurityGroupAttribute" => {
            return json!({ "SecurityGroupId": "sg-1", "Permissions": [], "RequestId": "R" });
        }
        "GetRole" => return json!({ "Role": { "RoleName": "AliyunServiceRoleForCEN" }, "RequestId": "R" }),
        _ => return json!({ "RequestId": "R" }),
    };
    json!({ list: [], "TotalCount": 0, "RequestId": "R" })
}

pub(crate) fn refusal(code: &str) -> Value {
    json!({ "Code": code, "Message": "Scripted.", "RequestId": "R" })
}

/// The binding `web`: an upgraded ALB in Chengdu, instances of one VPC in Hangzhou.
pub(crate) fn binding() -> Value {
    let mut binding = onboarding::fixtures::binding(&["vsw-a"], "vpc-b", &["vsw-b"]);
    binding["provision"] = json!("auto");
    binding["cen"]["bandwidth"] = json!({ "payByTraffic": true, "mbps": 100 });
    binding
}

pub(crate) fn instance(id: &str, address: &str, group: &str) -> Value {
    json!({
        "InstanceId": id, "Status": "Running",
        "VpcAttributes": {
            "VpcId": "vpc-b", "VSwitchId": "vsw-b", "PrivateIpAddress": { "IpAddress": [address] }
        },
        "SecurityGroupIds": { "SecurityGroupId": [group] },
        "Tags": { "Tag": [{ "TagKey": "app", "TagValue": "web" }] }
    })
}

/// A world in which everything can be read: the store, the ALB, both VPCs.
pub(crate) fn world() -> Arc<World> {
    let world = Arc::new(World::default());
    world.always("GetObject", Value::from(json!({ "bindings": [binding()] }).to_string()));
    world.always(
        "GetLoadBalancerAttribute",
        json!({
            "LoadBalancerId": "alb-1", "VpcId": "vpc-a", "LoadBalancerStatus": "Active",
            "LoadBalancerEdition": "Standard",
            "ZoneMappings": [{
                "ZoneId": "cn-chengdu-a", "VSwitchId": "vsw-a",
                "LoadBalancerAddresses": [{ "Ipv4LocalAddresses": ["10.1.1.9"] }]
            }]
        }),
    );
    world.always(
        "DescribeCens",
        json!({ "Cens": { "Cen": [{ "CenId": "cen-1", "Status": "Active" }] }, "TotalCount": 1 }),
    );
    world.on("DescribeVpcAttribute", |call| {
        let cidr = if call.get("VpcId") == "vpc-a" { "10.1.0.0/16" } else { "10.2.0.0/16" };
        (200, json!({ "VpcId": call.get("VpcId"), "CidrBlock": cidr, "Status": "Available" }))
    });
    world.on("DescribeVSwitches", |call| {
        let (id, zone, cidr) = match call.get("VpcId") {
            "vpc-a" => ("vsw-a", "cn-chengdu-a", "10.1.1.0/24"),
            _ => ("vsw-b", "cn-hangzhou-h", "10.2.1.0/24"),
        };
        let vswitch = json!({
            "VSwitchId": id, "ZoneId": zone, "CidrBlock": cidr, "VpcId": call.get("VpcId"),
            "AvailableIpAddressCount": 200, "RouteTable": { "RouteTableId": "vtb-1", "RouteTableType": "System" }
        });
        (200, json!({ "VSwitches": { "VSwitch": [vswitch] }, "TotalCount": 1 }))
    });
    world.on("DescribeRouteTableList", |call| {
        let table = json!({ "RouteTableId": "vtb-1", "RouteTableType": "System", "VpcId": call.get("VpcId") });
        (200, json!({ "RouterTableList": { "RouterTableListType": [table] }, "TotalCount": 1 }))
    });
    let services = json!({ "DestinationCidrBlock": "100.64.0.0/10", "Type": "System", "Status": "Available" });
    world.always("DescribeRouteEntryList", json!({ "RouteEntrys": { "RouteEntry": [services] }, "NextToken": "" }));
    world
}

/// A transit router in each of three regions, with a table that holds nothing.
pub(crate) fn with_routers(world: &World) {
    let router = |region: &&str| {
        json!({
            "TransitRouterId": format!("tr-{region}"), "RegionId": region, "CenId": "cen-1", "Type": "Enterprise",
            "Status": "Active"
        })
    };
    let routers: Vec<_> = ["cn-chengdu", "cn-hangzhou", "cn-beijing"].iter().map(router).collect();
    world.always("ListTransitRouters", json!({ "TransitRouters": routers, "TotalCount": 3 }));
    let table = json!({
        "TransitRouterRouteTableId": "vtb-tr", "TransitRouterRouteTableType": "System",
        "TransitRouterRouteTableStatus": "Active"
    });
    world.always("ListTransitRouterRouteTables", json!({ "TransitRouterRouteTables": [table], "TotalCount": 1 }));
    for (action, rows) in [
        ("ListTransitRouterRouteTableAssociations", "TransitRouterAssociations"),
        ("ListTransitRouterRouteTablePropagations", "TransitRouterPropagations"),
        ("ListTransitRouterRouteEntries", "TransitRouterRouteEntries"),
    ] {
        world.always(action, json!({ rows: [], "TotalCount": 0 }));
    }
}

pub(crate) fn request() -> Request {
    Request { binding: "web".into(), run: "web-1".to_owned(), accepted: false }
}

pub(crate) fn host(world: &Arc<World>, more: &[(&str, &str)]) -> Host {
    let mut vars: BTreeMap<String, String> = BTreeMap::new();
    vars.insert("ALBRIDGE_BINDINGS".to_owned(), "oss://bucket.cn-hangzhou/bindings.yml".to_owned());
    vars.insert("ALBRIDGE_ENDPOINTS".to_owned(), r#"{"*":"https://cloud.test"}"#.to_owned());
    vars.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let world = Arc::clone(world);
    let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), 1);
    let network = clock.clone();
    let transport = move |request: http::Request<Bytes>| {
        let (world, clock) = (Arc::clone(&world), network.clone());
        async move { Ok(world.answer(&request, &clock).await) }
    };
    Host::new(Settings::parse(&vars).unwrap(), Arc::new(transport), clock, Credentials::new("id", "secret"))
}

/// An invocation with five minutes.
pub(crate) fn invocation(host: &Host) -> Invocation<'_> {
    invocation_of(host, Duration::from_secs(300))
}

pub(crate) fn invocation_of(host: &Host, time: Duration) -> Invocation<'_> {
    let deadline = host.clock().now() + time;
    Invocation::until(host, deadline)
}
