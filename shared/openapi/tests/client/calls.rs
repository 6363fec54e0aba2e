//! One call: what goes out in each style, what is tried again, and what is not.

use std::collections::BTreeSet;

use crate::support::{Cloud, Received, Step, empty, ok, refuse};
use jiff::SignedDuration;
use openapi::{Credentials, Endpoints, ErrorKind, Service, Signature, TransportError, alb, cbn, ecs, fnf, vpc};

const REGION: &str = "cn-chengdu";

fn create_route() -> vpc::CreateRouteEntry {
    vpc::CreateRouteEntry {
        route_table_id: "vtb-1".into(),
        destination_cidr_block: "192.168.0.0/16".into(),
        client_token: Some("token-1".into()),
        ..Default::default()
    }
}

fn made() -> Step {
    ok(r#"{"RouteEntryId":"rte-1","RequestId":"R"}"#)
}

fn distinct(received: &[Received], parameter: &str) -> usize {
    received.iter().map(|request| request.parameter(parameter)).collect::<BTreeSet<_>>().len()
}

#[tokio::test(start_paused = true)]
async fn an_rpc_request_has_protocol_in_the_query_and_the_rest_in_the_body() {
    let (client, cloud) = Cloud::new([ok(r#"{"RouteEntryId":"rte-1","RequestId":"R"}"#)]);
    let answer = client.call(REGION, &create_route()).await.unwrap();
    assert_eq!(answer.route_entry_id, "rte-1");
    let received = &cloud.received()[0];
    assert_eq!(received.request.method(), "POST");
    assert_eq!(received.request.uri().authority().unwrap(), "vpc.cn-chengdu.aliyuncs.com");
    assert_eq!((received.request.uri().path(), received.header("host")), ("/", "vpc.cn-chengdu.aliyuncs.com"));
    assert_eq!(
        received.request.body(),
        "ClientToken=token-1&DestinationCidrBlock=192.168.0.0%2F16&RegionId=cn-chengdu&RouteTableId=vtb-1"
    );
    let expected = [
        ("Action", "CreateRouteEntry"),
        ("Version", "2016-04-28"),
        ("Format", "JSON"),
        ("Timestamp", "2026-11-22T08:00:00Z"),
        ("AccessKeyId", "testid"),
        ("SignatureVersion", "1.0"),
    ];
    for (name, value) in expected {
        assert_eq!(received.parameter(name), value, "{name}");
    }
    assert!(!received.parameter("Signature").is_empty());
    assert!(!received.parameters().contains_key("SecurityToken"));
}

#[tokio::test(start_paused = true)]
async fn an_acs3_request_has_parameters_in_the_query_and_signs_every_header_it_needs() {
    let (client, cloud) = Cloud::configured([empty("ServerGroups")], |config| {
        config.signature = Signature::Acs3;
        config.credentials = Credentials::temporary("testid", "testsecret", "token");
    });
    let request = alb::ListServerGroups { server_group_names: vec!["a b*".into()], ..Default::default() };
    client.call(REGION, &request).await.unwrap();
    let received = &cloud.received()[0];
    assert_eq!(received.request.uri().query(), Some("ServerGroupNames.1=a%20b%2A"));
    assert_eq!((received.header("x-acs-action"), received.header("x-acs-version")), ("ListServerGroups", "2020-06-16"));
    assert_eq!(received.header("x-acs-security-token"), "token");
    assert!(received.request.body().is_empty());
    let authorization = received.header("authorization");
    let signed = "SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;\
                  x-acs-security-token;x-acs-signature-nonce;x-acs-version,";
    assert!(authorization.starts_with("ACS3-HMAC-SHA256 Credential=testid,"), "{authorization}");
    assert!(authorization.contains(signed), "{authorization}");
}

#[tokio::test(start_paused = true)]
async fn an_acs3_request_sends_a_batch_of_servers_in_the_body() {
    let (client, cloud) = Cloud::configured([ok("{}")], |config| config.signature = Signature::Acs3);
    let request = alb::AddServersToServerGroup {
        server_group_id: "sgp-1".into(),
        servers: vec![alb::NewServer { server_type: "Ip".into(), server_id: "10.0.0.1".into(), ..Default::default() }],
        client_token: Some("t".into()),
        ..Default::default()
    };
    client.call(REGION, &request).await.unwrap();
    let received = &cloud.received()[0];
    assert_eq!(received.request.uri().query(), Some("ClientToken=t&ServerGroupId=sgp-1"));
    assert_eq!(received.request.body(), "Servers.1.Port=0&Servers.1.ServerId=10.0.0.1&Servers.1.ServerType=Ip");
    assert_eq!(received.header("content-type"), "application/x-www-form-urlencoded");
    assert!(received.header("authorization").contains("SignedHeaders=content-type;host;"));
}

#[tokio::test(start_paused = true)]
async fn a_base_url_with_a_path_keeps_it() {
    for signature in [Signature::RpcSha1, Signature::Acs3] {
        let (client, cloud) = Cloud::configured([empty("Cens")], |config| {
            config.signature = signature;
            config.endpoints = Endpoints::parse(r#"{"*":"http://127.0.0.1:8080/base/"}"#).unwrap();
        });
        client.call(REGION, &cbn::DescribeCens::default()).await.unwrap();
        let received = &cloud.received()[0];
        assert_eq!(received.request.uri().path(), "/base/");
        assert_eq!(received.header("host"), "127.0.0.1:8080");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_has_a_new_nonce_and_time_and_the_same_client_token() {
    let script = (0..4).map(|_| refuse(500, "InternalError")).chain([made()]);
    let (client, cloud) = Cloud::new(script);
    client.call(REGION, &create_route()).await.unwrap();
    let received = cloud.received();
    assert_eq!(received.len(), 5);
    assert_eq!((distinct(&received, "SignatureNonce"), distinct(&received, "Signature")), (5, 5));
    assert_eq!(distinct(&received, "ClientToken"), 1);
    let last = received.last().unwrap();
    assert!(last.at > received[0].at);
    assert_eq!(last.parameter("Timestamp"), last.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_names_no_token_gets_one_for_its_own_retries() {
    let (client, cloud) = Cloud::new([refuse(500, "InternalError"), made(), made()]);
    let request = vpc::CreateRouteEntry { client_token: None, ..create_route() };
    client.call(REGION, &request).await.unwrap();
    client.call(REGION, &request).await.unwrap();
    let tokens: Vec<_> = cloud.received().iter().map(|request| request.parameter("ClientToken")).collect();
    assert_eq!(tokens[0], tokens[1], "the retry");
    assert_ne!(tokens[1], tokens[2], "the next call");
    assert!(!tokens[0].is_empty() && tokens[0].len() <= 64);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_no_faster_than_the_back_off_allows() {
    let (client, cloud) = Cloud::new((0..12).map(|_| refuse(400, "Throttling.User")));
    let error = client.call(REGION, &vpc::DescribeVpcs::default()).await.unwrap_err();
    assert!(error.is_throttled());
    let received = cloud.received();
    assert_eq!(received.len(), 12);
    let ceilings = [200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000, 20000, 20000];
    for (pair, ceiling) in received.windows(2).zip(ceilings) {
        let wait = pair[1].at.duration_since(pair[0].at);
        assert!(wait <= SignedDuration::from_millis(ceiling + 1), "{wait} within {ceiling} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_service_asks_for_is_kept() {
    let asked = Step::Answer(400, vec![("x-acs-retry-after", "30000".into())], r#"{"Code":"Throttling"}"#.into());
    let (client, cloud) = Cloud::new([asked, empty("Vpcs")]);
    client.call(REGION, &vpc::DescribeVpcs::default()).await.unwrap();
    let received = cloud.received();
    let wait = received[1].at.duration_since(received[0].at);
    assert!(wait >= SignedDuration::from_secs(30) && wait < SignedDuration::from_secs(31), "{wait}");
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_token_is_not_repeated_in_doubt() {
    for step in [refuse(500, "InternalError"), Step::Fail(TransportError::Cut("reset".into())), Step::Hang] {
        let (client, cloud) = Cloud::new([step]);
        let request = ecs::DeleteInstance { instance_id: "i-1".into(), ..Default::default() };
        let error = client.call(REGION, &request).await.unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert_eq!(cloud.received().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_survives_a_broken_connection_and_a_server_that_hangs() {
    let (client, cloud) = Cloud::new([
        Step::Fail(TransportError::Connect("refused".into())),
        Step::Fail(TransportError::Cut("reset".into())),
        Step::Hang,
        ok(r#"{"Vpcs":{"Vpc":[{"VpcId":"vpc-1"}]}}"#),
    ]);
    let answer = client.call(REGION, &vpc::DescribeVpcs::default()).await.unwrap();
    assert_eq!(answer.vpcs[0].vpc_id, "vpc-1");
    assert_eq!(cloud.received().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_a_few_times_and_handed_back() {
    let (client, cloud) = Cloud::new((0..4).map(|_| refuse(400, "TaskConflict")));
    let error = client.call(REGION, &create_route()).await.unwrap_err();
    assert!(error.is_conflict());
    assert_eq!((error.kind, error.code.as_str(), error.request_id.as_str()), (ErrorKind::Refused, "TaskConflict", "R"));
    assert_eq!(cloud.received().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_will_not_change_is_not_repeated() {
    let (client, cloud) = Cloud::new([refuse(400, "InvalidCIDRBlock.Duplicate")]);
    let error = client.call(REGION, &create_route()).await.unwrap_err();
    assert!(error.is_duplicate() && !error.is_conflict());
    assert_eq!(cloud.received().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_only_client_reads_and_sends_no_write() {
    let (client, cloud) = Cloud::configured([empty("Vpcs")], |config| config.read_only = true);
    let error = client.call(REGION, &create_route()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Local, "ReadOnly"));
    let put = openapi::oss::PutObject { bucket: "b".into(), key: "k".into(), ..Default::default() };
    assert_eq!(client.put_object(REGION, &put).await.unwrap_err().code, "ReadOnly");
    assert!(cloud.received().is_empty());
    client.call(REGION, &vpc::DescribeVpcs::default()).await.unwrap();
    assert_eq!(cloud.received().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_names_nothing_is_in_doubt() {
    let lies = ["", "{}", "null", r#"{"RequestId":"R"}"#, r#"{"Code":"Forbidden.RAM","RouteEntryId":"rte-1"}"#];
    for lie in lies {
        let (client, cloud) = Cloud::new([ok(lie)]);
        let error = client.call(REGION, &create_route()).await.unwrap_err();
        assert!(error.may_have_happened() && !error.is_not_found(), "{lie}: {error}");
        assert_eq!((error.kind, error.action, cloud.received().len()), (ErrorKind::Malformed, "CreateRouteEntry", 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_date_comes_with_the_answer() {
    let dated = Step::Answer(
        200,
        vec![("date", "Sun, 22 Nov 2026 08:00:02 GMT".into())],
        r#"{"Name":"web-1","Status":"Running","StartedTime":"2026-11-22T08:00:01Z"}"#.into(),
    );
    let (client, _cloud) = Cloud::new([dated]);
    let request = fnf::StartExecution { flow_name: "f".into(), ..Default::default() };
    let (execution, date) = client.call_dated("cn-hangzhou", &request).await.unwrap();
    assert_eq!((execution.name.as_str(), execution.status.as_str()), ("web-1", "Running"));
    assert_eq!(date, Some("2026-11-22T08:00:02Z".parse().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_bucket_wait_for_its_refill() {
    let (client, cloud) = Cloud::new((0..12).map(|_| ok(r#"{"Name":"f","Definition":""}"#)));
    for _ in 0..12 {
        client.call(REGION, &fnf::DescribeFlow { name: "f".into() }).await.unwrap();
    }
    let received = cloud.received();
    let waited = |index: usize| received[index].at.duration_since(received[0].at);
    assert_eq!(waited(9), SignedDuration::ZERO, "ten at once");
    assert_eq!((waited(10).as_millis(), waited(11).as_millis()), (500, 1000), "then two a second");
}

#[test]
fn the_action_table_names_each_permission_once() {
    let actions = openapi::actions();
    let permissions: BTreeSet<_> = actions.iter().map(|action| action.ram_action).collect();
    assert_eq!(permissions.len(), actions.len());
    let find = |service, name| actions.iter().find(|action| action.service == service && action.name == name).unwrap();
    assert_eq!(find(Service::Cbn, "CreateTransitRouterRouteEntry").ram_action, "cen:CreateTransitRouterRouteEntry");
    assert!(find(Service::Alb, "CreateListener").writes && !find(Service::Alb, "ListListeners").writes);
    for action in actions {
        let reads = ["List", "Describe", "Get", "Check", "Assume", "Invoke", "Preview"]
            .iter()
            .any(|verb| action.name.starts_with(verb));
        assert_eq!(reads, !action.writes, "{}", action.name);
    }
}
