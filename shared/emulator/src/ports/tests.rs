//! The same cloud through real sockets.

mod control;
mod guard;

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::*;
use crate::host::HttpHost;
use crate::state::fc::Outcome;
use crate::testing::{HANGZHOU, Played, acs3, json_of, put_function, root, rpc, start, world};

async fn send(base: &str, request: Request<Bytes>) -> Option<http::Response<Bytes>> {
    let stream = TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request.map(Full::new)).await.ok()?.into_parts();
    Some(http::Response::from_parts(parts, body.collect().await.ok()?.to_bytes()))
}

#[tokio::test]
async fn each_region_has_a_port_of_its_own() {
    let clock = clock::Clock::seeded(start(), 1);
    let cloud = Cloud::start(world(), clock.clone(), Arc::new(Played::new(|_| Outcome::Answered(Vec::new()))));
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let endpoints = ports.endpoints().await.unwrap();
    assert_eq!(endpoints.endpoints.len(), 4);
    assert_eq!(endpoints.access_key_id, "testid");
    let line = serde_json::to_value(&endpoints).unwrap();
    assert!(line["endpoints"][HANGZHOU].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let request = rpc(clock.now(), "1", &root(), "2015-04-01", "GetCallerIdentity", &[]);
    let answer = send(&ports.api(HANGZHOU).unwrap(), request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(json_of(&answer)["IdentityType"], "Account");
    assert_eq!(cloud.gateway().log()[0].region, HANGZHOU);
}

#[tokio::test]
async fn nobody_answers_where_no_listener_is() {
    let cloud = Cloud::start(
        world(),
        clock::Clock::seeded(start(), 1),
        Arc::new(Played::new(|_| Outcome::Answered(Vec::new()))),
    );
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let address = ports.listener("alb-1", 80).await.unwrap();
    assert_eq!(ports.listener("alb-1", 80).await.unwrap(), address);
    let request = Request::get("/").header("host", "www.example.com").body(Bytes::new()).unwrap();
    assert!(send(&url(&address), request).await.is_none());
}

#[tokio::test]
async fn addresses_are_listed_without_a_signature_and_without_the_key() {
    let cloud = serving().await;
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let request = Request::get("/-/endpoints").header("host", "localhost").body(Bytes::new()).unwrap();
    let answer = send(&ports.api(HANGZHOU).unwrap(), request).await.unwrap();
    let listed = json_of(&answer);
    let expected = ports.endpoints().await.unwrap();
    assert_eq!(listed["endpoints"][HANGZHOU], expected.endpoints[HANGZHOU]);
    assert_eq!(listed["dataPlane"]["alb-1:80"], expected.data_plane["alb-1:80"]);
    assert!(!String::from_utf8_lossy(answer.body()).contains(&expected.access_key_secret));
    assert!(cloud.gateway().log().iter().all(|call| !call.action.is_empty()));
}

#[tokio::test]
async fn functions_are_called_as_custom_runtimes_are() {
    let socket = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = url(&socket.local_addr().unwrap());
    let server = tokio::spawn(server::serve(socket, |request: Request<Bytes>| async move {
        let known = request.uri().path() == "/invoke" && request.headers()["x-fc-function-name"] == "work";
        let mut response = http::Response::new(request.into_body());
        if !known {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        Some(response)
    }));
    let host = HttpHost::default();
    host.serve(HANGZHOU, "work", &base);
    let mut world = world();
    put_function(&mut world, "work", "");
    put_function(&mut world, "absent", "");
    let clock = clock::Clock::seeded(start(), 1);
    let cloud = Cloud::start(world, clock.clone(), Arc::new(host));
    let uri = |name: &str| format!("/2023-03-30/functions/{name}/invocations");
    let answer = cloud.call(HANGZHOU, acs3(clock.now(), "1", &root(), "POST", &uri("work"), &[], b"{\"a\":1}")).await;
    assert_eq!(answer.body().as_ref(), b"{\"a\":1}");
    let answer = cloud.call(HANGZHOU, acs3(clock.now(), "2", &root(), "POST", &uri("absent"), &[], b"")).await;
    assert_eq!(answer.headers()["x-fc-error-type"], "UnhandledInvocationError");
    server.abort();
}

const ONE_SERVER: &str = "
vpcs:
  - id: vpc-1
    region: cn-chengdu
    cidr: 172.16.0.0/12
    vswitches:
      - { id: vsw-1, zone: cn-chengdu-a, cidr: 172.16.0.0/24 }
      - { id: vsw-2, zone: cn-chengdu-b, cidr: 172.16.6.0/24 }
securityGroups:
  - { id: sg-1, vpc: vpc-1, rules: [{ protocol: TCP, ports: 80/80, source: 172.16.0.0/12 }] }
instances:
  - { id: i-1, vswitch: vsw-1, address: 172.16.0.200, securityGroups: [sg-1] }
albs:
  - id: alb-1
    region: cn-chengdu
    vpc: vpc-1
    zones: [{ zone: cn-chengdu-a, vswitch: vsw-1 }, { zone: cn-chengdu-b, vswitch: vsw-2 }]
";

/// A cloud whose load balancer forwards port 80 to one instance of its own VPC.
async fn serving() -> Cloud {
    let mut world = world();
    world.load(start(), ONE_SERVER).unwrap();
    let clock = clock::Clock::seeded(start(), 1);
    let cloud = Cloud::start(world, clock.clone(), Arc::new(Played::new(|_| Outcome::Answered(Vec::new()))));
    let group = [
        ("ServerGroupName", "web"),
        ("ServerGroupType", "Ip"),
        ("VpcId", "vpc-1"),
        ("Protocol", "HTTP"),
        ("HealthCheckConfig.HealthCheckEnabled", "false"),
    ];
    let group = alb(&cloud, "1", "CreateServerGroup", &group).await["ServerGroupId"].as_str().unwrap().to_owned();
    let servers = [
        ("ServerGroupId", group.as_str()),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerId", "172.16.0.200"),
        ("Servers.1.ServerIp", "172.16.0.200"),
        ("Servers.1.Port", "80"),
    ];
    cloud.leap(std::time::Duration::from_secs(60));
    alb(&cloud, "2", "AddServersToServerGroup", &servers).await;
    cloud.leap(std::time::Duration::from_secs(60));
    let listener = [
        ("LoadBalancerId", "alb-1"),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", "80"),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", &group),
    ];
    alb(&cloud, "3", "CreateListener", &listener).await;
    cloud.leap(std::time::Duration::from_secs(60));
    cloud
}

async fn alb(cloud: &Cloud, nonce: &str, action: &str, params: &[(&str, &str)]) -> serde_json::Value {
    let request = rpc(cloud.clock().now(), nonce, &root(), "2020-06-16", action, params);
    let answer = cloud.call("cn-chengdu", request).await;
    assert_eq!(answer.status(), StatusCode::OK, "{action}: {:?}", answer.body());
    json_of(&answer)
}

#[tokio::test]
async fn a_request_goes_through_the_load_balancer_to_a_real_web_server() {
    let cloud = serving().await;
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let base = ports.endpoints().await.unwrap().data_plane["alb-1:80"].clone();
    let ask = || Request::get("/path?x=1").header("host", "www.example.com");
    let answer = send(&base, ask().body(Bytes::new()).unwrap()).await.unwrap();
    assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::OK, b"Hello from i-1\n".as_slice()));
    assert_eq!(answer.headers()["x-served-by"], "i-1");
    let looped = ask().header("ALICLOUD-ALB-TRACE", "1").body(Bytes::new()).unwrap();
    assert_eq!(send(&base, looped).await.unwrap().status().as_u16(), 463);
    let alike = cloud.request_alb("alb-1", 80, Some("www.example.com"), "/").unwrap();
    assert_eq!(alike.body(), answer.body());
    assert!(cloud.request_alb("alb-1", 81, None, "/").is_none());
}
