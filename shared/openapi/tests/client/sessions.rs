//! Assumed roles.

use std::time::Duration;

use crate::support::{Cloud, Step, empty, ok, refuse};
use openapi::{Endpoints, TransportError, vpc};

/// Asks for the session now and gives what came of it, with the caller.
async fn asked(client: &openapi::Client, arn: &str) -> Result<(), openapi::Error> {
    client.assume_role(arn, None, "albridge").await.map(drop)
}

const ARN: &str = "acs:ram::1:role/reader";

fn session(id: &str, expiration: &str) -> Step {
    ok(serde_json::json!({ "Credentials": {
        "AccessKeyId": id, "AccessKeySecret": "s", "SecurityToken": format!("token-{id}"), "Expiration": expiration,
    }})
    .to_string())
}

#[tokio::test(start_paused = true)]
async fn a_session_signs_and_is_reused_until_shortly_before_its_end() {
    let (client, cloud) =
        Cloud::new([session("STS.1", "2026-11-22T09:00:00Z"), empty("Vpcs"), session("STS.2", "2026-11-22T10:00:00Z")]);
    let role = client.assume_role(ARN, Some("ext"), "albridge").await.unwrap();
    role.call("cn-chengdu", &vpc::DescribeVpcs::default()).await.unwrap();
    client.assume_role(ARN, Some("ext"), "albridge").await.unwrap();
    assert_eq!(cloud.received().len(), 2, "the second is served from memory");
    client.clock().sleep(Duration::from_secs(51 * 60)).await;
    client.assume_role(ARN, Some("ext"), "albridge").await.unwrap();
    let received = cloud.received();
    assert_eq!(received.len(), 3);
    assert_eq!(received[0].request.uri().authority().unwrap(), "sts.aliyuncs.com");
    assert_eq!((received[0].parameter("RoleArn"), received[0].parameter("ExternalId")), (ARN.into(), "ext".into()));
    assert_eq!(received[1].parameter("AccessKeyId"), "STS.1");
    assert_eq!(received[1].parameter("SecurityToken"), "token-STS.1");
}

#[tokio::test(start_paused = true)]
async fn sessions_of_other_roles_keep_apart_and_failures_are_not_kept() {
    let (client, cloud) = Cloud::configured(
        [
            refuse(403, "NoPermission"),
            session("STS.1", "2026-11-22T09:00:00Z"),
            session("STS.2", "2026-11-22T09:00:00Z"),
        ],
        |config| config.endpoints = Endpoints::parse(r#"{"*":"http://127.0.0.1:1"}"#).unwrap(),
    );
    assert!(client.assume_role(ARN, None, "albridge").await.unwrap_err().is_denied());
    client.assume_role(ARN, None, "albridge").await.unwrap();
    client.assume_role(ARN, Some("ext"), "albridge").await.unwrap();
    assert_eq!(cloud.received().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_share_one_call_and_its_failure() {
    // What is tried again takes its time: the second caller comes meanwhile.
    let slow = || Step::Fail(TransportError::Connect("refused".into()));
    let script = [slow(), refuse(403, "NoPermission"), slow(), session("STS.1", "2026-11-22T09:00:00Z")];
    let (client, cloud) = Cloud::new(script);
    let (first, second) = tokio::join!(asked(&client, ARN), asked(&client, ARN));
    assert!(first.unwrap_err().is_denied() && second.unwrap_err().is_denied());
    assert_eq!(cloud.received().len(), 2);
    let (first, second) = tokio::join!(asked(&client, ARN), asked(&client, ARN));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(cloud.received().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_slow_to_be_assumed_holds_up_no_other() {
    let (client, _cloud) = Cloud::new([Step::Hang, session("STS.1", "2026-11-22T09:00:00Z")]);
    let slow = asked(&client, ARN);
    let other = asked(&client, "acs:ram::2:role/other");
    let mut slow = std::pin::pin!(slow);
    let outcome = tokio::select! {
        biased;
        _ = &mut slow => panic!("it hangs"),
        outcome = other => outcome,
    };
    assert!(outcome.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_dropped_leaves_its_turn_to_those_who_wait() {
    let (client, cloud) = Cloud::new([Step::Hang, session("STS.1", "2026-11-22T09:00:00Z")]);
    let leader = client.clock().timeout(Duration::from_millis(10), asked(&client, ARN));
    let (dropped, waited) = tokio::join!(leader, asked(&client, ARN));
    assert!(dropped.is_err());
    assert!(waited.is_ok());
    assert_eq!(cloud.received().len(), 2);
}
