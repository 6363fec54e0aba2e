//! Assumed roles.

use std::time::Duration;

use crate::support::{Cloud, Step, ok, refuse};
use openapi::{Endpoints, vpc};

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
        Cloud::new([session("STS.1", "2026-11-22T09:00:00Z"), ok("{}"), session("STS.2", "2026-11-22T10:00:00Z")]);
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
