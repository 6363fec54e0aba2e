//! Calls are held to the published rates: each API, region and account by itself.

use std::time::Duration;

use crate::support::{Cloud, Step, empty, ok, refuse};
use openapi::{Client, cbn, ecs, fnf, vpc};

const ROLE: &str = "acs:ram::2:role/reader";

/// How many seconds one more call takes.
async fn seconds(client: &Client, call: impl Future<Output = Result<(), openapi::Error>>) -> f64 {
    let before = client.clock().now();
    call.await.unwrap();
    client.clock().now().duration_since(before).as_secs_f64()
}

async fn acls(client: &Client, region: &str) -> Result<(), openapi::Error> {
    client.call(region, &vpc::DescribeNetworkAcls::default()).await.map(drop)
}

fn session() -> Step {
    ok(serde_json::json!({ "Credentials": {
        "AccessKeyId": "STS.1", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": "2026-11-22T12:00:00Z",
    }})
    .to_string())
}

#[tokio::test(start_paused = true)]
async fn a_burst_goes_at_once_and_what_is_beyond_it_is_spread_over_the_window() {
    let (client, cloud) = Cloud::new((0..31).map(|_| empty("NetworkAcls")));
    for _ in 0..31 {
        acls(&client, "cn-chengdu").await.unwrap();
    }
    let received = cloud.received();
    let second = |call: usize| received[call].at.duration_since(received[0].at).as_secs_f64();
    assert!(second(14) < 0.001, "half of the thirty at once");
    assert!((second(15) - 61.0 / 15.0).abs() < 0.01, "{}", second(15));
    assert!(second(30) > 60.0, "the thirty-first is outside of the first one's minute");
}

#[tokio::test(start_paused = true)]
async fn another_action_region_or_account_does_not_wait() {
    let mut script: Vec<Step> = (0..15).map(|_| empty("NetworkAcls")).collect();
    script.extend([empty("Vpcs"), empty("NetworkAcls"), session(), empty("NetworkAcls"), empty("NetworkAcls")]);
    let (client, _cloud) = Cloud::new(script);
    for _ in 0..15 {
        acls(&client, "cn-chengdu").await.unwrap();
    }
    let vpcs = async { client.call("cn-chengdu", &vpc::DescribeVpcs::default()).await.map(drop) };
    assert!(seconds(&client, vpcs).await < 0.001, "another action");
    assert!(seconds(&client, acls(&client, "cn-hangzhou")).await < 0.001, "another region");
    let role = client.assume_role(ROLE, None, "albridge").await.unwrap();
    assert!(seconds(&client, acls(&role, "cn-chengdu")).await < 0.001, "another account");
    assert!(seconds(&client, acls(&client, "cn-chengdu")).await > 4.0, "the same");
}

#[tokio::test(start_paused = true)]
async fn clones_and_other_keys_of_the_account_share_what_is_left() {
    let (client, _cloud) = Cloud::new((0..16).map(|_| empty("NetworkAcls")));
    for turn in 0..15 {
        let key = openapi::Credentials::temporary(format!("STS.{turn}"), "s", "t");
        acls(&client.with_credentials(key).with_read_only(true), "cn-chengdu").await.unwrap();
    }
    assert!(seconds(&client, acls(&client, "cn-chengdu")).await > 4.0);
}

#[tokio::test(start_paused = true)]
async fn a_central_service_counts_the_region_of_the_parameter() {
    let attach = |region: &str| cbn::DeleteTransitRouterVpcAttachment {
        transit_router_attachment_id: format!("tr-attach-{region}"),
        ..Default::default()
    };
    let (client, _cloud) = Cloud::new((0..3).map(|_| ok("{}")));
    // The action has no RegionId: wherever the attachment is, the calls are counted together.
    for region in ["cn-chengdu", "cn-hangzhou"] {
        client.call(region, &attach(region)).await.unwrap();
    }
    let third = async { client.call("cn-shanghai", &attach("cn-shanghai")).await.map(drop) };
    assert!(seconds(&client, third).await > 1.0);
}

#[tokio::test(start_paused = true)]
async fn cloudflows_other_actions_share_one_bucket() {
    let mut script: Vec<Step> = (0..10).map(|_| ok(r#"{"Name":"f","Definition":""}"#)).collect();
    script.push(empty("Executions"));
    let (client, _cloud) = Cloud::new(script);
    for _ in 0..10 {
        client.call("cn-hangzhou", &fnf::DescribeFlow { name: "f".into() }).await.unwrap();
    }
    let list = fnf::ListExecutions { flow_name: "f".into(), ..Default::default() };
    let list = async { client.call("cn-hangzhou", &list).await.map(drop) };
    assert!(seconds(&client, list).await > 0.4);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_call_counts_again() {
    let mut script: Vec<Step> = (0..15).map(|_| empty("NetworkAcls")).collect();
    script.insert(0, refuse(500, "InternalError"));
    let (client, cloud) = Cloud::new(script);
    for _ in 0..15 {
        acls(&client, "cn-chengdu").await.unwrap();
    }
    let received = cloud.received();
    assert!(received[15].at.duration_since(received[14].at).as_secs_f64() > 2.0);
}

#[tokio::test(start_paused = true)]
async fn what_a_cold_start_reads_at_once_does_not_wait() {
    let (client, _cloud) = Cloud::new((0..250).map(|_| empty("Instances")));
    let begun = client.clock().now();
    for _ in 0..250 {
        client.call("cn-chengdu", &ecs::DescribeInstances::default()).await.unwrap();
    }
    assert!(client.clock().now().duration_since(begun).as_secs_f64() < Duration::from_millis(1).as_secs_f64());
}
