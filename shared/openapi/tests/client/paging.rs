//! Listings: every page in each style, and never a short list.

use crate::support::{Cloud, Received, Step, empty, ok, refuse};
use openapi::{alb, cbn, ecs, fnf, vpc};
use serde_json::json;

const REGION: &str = "cn-chengdu";

/// A page of listeners.
fn listeners(ids: &[&str], token: &str, total: Option<u64>) -> Step {
    let row = |id: &&str| {
        json!({
            "ListenerId": id, "LoadBalancerId": "alb-1", "ListenerProtocol": "HTTP", "ListenerPort": 80,
            "ListenerStatus": "Running", "DefaultActions": [{ "Type": "FixedResponse" }],
        })
    };
    let mut answer = json!({ "Listeners": ids.iter().map(row).collect::<Vec<_>>(), "NextToken": token });
    if let Some(total) = total {
        answer["TotalCount"] = json!(total);
    }
    ok(answer.to_string())
}

async fn listed(script: impl IntoIterator<Item = Step>) -> (Result<Vec<String>, openapi::Error>, Cloud) {
    let (client, cloud) = Cloud::new(script);
    let found = client.list(REGION, alb::ListListeners::default()).await;
    (found.map(|found| found.into_iter().map(|listener| listener.listener_id).collect()), cloud)
}

#[tokio::test(start_paused = true)]
async fn tokens_are_followed_to_the_end() {
    let (found, cloud) = listed([listeners(&["a", "b"], "t1", Some(3)), listeners(&["c"], "", Some(3))]).await;
    assert_eq!(found.unwrap(), ["a", "b", "c"]);
    let received = cloud.received();
    assert_eq!((received[0].parameter("MaxResults"), received[0].parameter("NextToken")), ("100".into(), "".into()));
    assert_eq!(received[1].parameter("NextToken"), "t1");
}

#[tokio::test(start_paused = true)]
async fn a_count_beside_tokens_may_be_missing_zero_or_of_the_page() {
    for totals in [[None, None], [Some(0), Some(0)], [Some(2), Some(1)], [Some(3), None]] {
        let (found, _) = listed([listeners(&["a", "b"], "t", totals[0]), listeners(&["c"], "", totals[1])]).await;
        assert_eq!(found.unwrap(), ["a", "b", "c"], "{totals:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_comes_twice_begins_the_listing_again() {
    let shifted = [listeners(&["a", "b"], "t", None), listeners(&["b", "c"], "", None)];
    let (found, cloud) = listed(shifted.into_iter().chain([listeners(&["a", "b", "c"], "", None)])).await;
    assert_eq!(found.unwrap(), ["a", "b", "c"]);
    assert_eq!(cloud.received()[2].parameter("NextToken"), "", "from the first page");
    // On one page, and every time: that is no page that was shifted.
    let (found, cloud) = listed((0..4).map(|_| listeners(&["a", "a"], "", None))).await;
    let error = found.unwrap_err();
    assert_eq!((error.code.as_str(), cloud.received().len()), ("IncompleteListing", 4));
    assert_eq!(error.message, "a row came twice: a, on every attempt");
    // The first page again and again, under new tokens.
    let (found, _) = listed((0..8).map(|page| listeners(&["a"], &format!("t{page}"), None))).await;
    assert_eq!(found.unwrap_err().code, "IncompleteListing");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_whole_is_unread_with_its_action_named() {
    let bodies = [
        "",
        "{}",
        "null",
        "[]",
        r#"{"Code":"Forbidden.RAM","Message":"m"}"#,
        r#"{"Instances":null}"#,
        r#"{"Instances":{}}"#,
        r#"{"Instances":"x"}"#,
        r#"{"Instances":{"Instance":[{"Status":"Running"}]}}"#,
        r#"{"RequestId":"R","TotalCount":0}"#,
    ];
    for body in bodies {
        let (client, cloud) = Cloud::new([ok(body)]);
        let error = client.list(REGION, ecs::DescribeInstances::default()).await.unwrap_err();
        assert_eq!((error.kind, error.action), (openapi::ErrorKind::Malformed, "DescribeInstances"), "{body}");
        assert_eq!(cloud.received().len(), 1, "asking again would not help: {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_style_names_its_page_size_as_the_api_does() {
    let (client, cloud) = Cloud::new(["RouteEntrys", "Executions", "TransitRouters", "Instances"].map(empty));
    client.list(REGION, vpc::DescribeRouteEntryList::default()).await.unwrap();
    client.list(REGION, fnf::ListExecutions::default()).await.unwrap();
    client.list(REGION, cbn::ListTransitRouters::default()).await.unwrap();
    client.list(REGION, ecs::DescribeInstances { max_results: Some(10), ..Default::default() }).await.unwrap();
    let sent: Vec<_> = cloud.received().iter().map(Received::parameters).collect();
    assert_eq!(sent[0]["MaxResult"], "100");
    assert_eq!(sent[1]["Limit"], "99");
    assert_eq!((sent[2]["PageSize"].as_str(), sent[2]["PageNumber"].as_str()), ("50", "1"));
    assert_eq!(sent[3]["MaxResults"], "10", "the caller's own size stays");
}

fn vpcs(ids: &[&str], total: usize) -> Step {
    let vpcs: Vec<_> = ids.iter().map(|id| serde_json::json!({ "VpcId": id })).collect();
    ok(serde_json::json!({ "Vpcs": { "Vpc": vpcs }, "TotalCount": total }).to_string())
}

#[tokio::test(start_paused = true)]
async fn counted_pages_end_at_the_total() {
    let (client, cloud) = Cloud::new([vpcs(&["a", "b"], 3), vpcs(&["c"], 3)]);
    let request = vpc::DescribeVpcs { page_size: Some(2), ..Default::default() };
    assert_eq!(client.list(REGION, request).await.unwrap().len(), 3);
    assert_eq!(cloud.received()[1].parameter("PageNumber"), "2");
}

#[tokio::test(start_paused = true)]
async fn a_total_that_changes_between_pages_begins_the_listing_again() {
    let (client, cloud) = Cloud::new([vpcs(&["a", "b"], 3), vpcs(&[], 2), vpcs(&["b", "c"], 2)]);
    let request = vpc::DescribeVpcs { page_size: Some(2), ..Default::default() };
    let found = client.list(REGION, request).await.unwrap();
    assert_eq!(found.iter().map(|vpc| vpc.vpc_id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(cloud.received()[2].parameter("PageNumber"), "1");
}

#[tokio::test(start_paused = true)]
async fn a_short_list_is_an_error() {
    let (client, _) = Cloud::new([vpcs(&["a"], 3), vpcs(&[], 3)]);
    let error = client.list(REGION, vpc::DescribeVpcs::default()).await.unwrap_err();
    assert_eq!(error.code, "IncompleteListing");
    let (found, _) = listed([listeners(&["a"], "", Some(2))]).await;
    let error = found.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("IncompleteListing", "1 of 2 items were on the pages"));
    // Counted pages are exactly as many as the count says, and there is one.
    let (client, _) = Cloud::new([ok(r#"{"Vpcs":{"Vpc":[]}}"#)]);
    assert_eq!(client.list(REGION, vpc::DescribeVpcs::default()).await.unwrap_err().code, "IncompleteListing");
    let (client, _) = Cloud::new((0..4).map(|_| vpcs(&["a", "b"], 0)));
    let error = client.list(REGION, vpc::DescribeVpcs::default()).await.unwrap_err();
    assert_eq!(error.message, "2 rows came of 0, on every attempt");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_fails_the_listing() {
    let (found, _) = listed([listeners(&["a"], "t", None), refuse(403, "Forbidden.RAM")]).await;
    let error = found.unwrap_err();
    assert!(error.is_denied() && !error.is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expired_begins_the_listing_again() {
    let (found, cloud) = listed([
        listeners(&["a"], "t", None),
        refuse(400, "IllegalParam.NextTokenExpired"),
        listeners(&["a", "b"], "", None),
    ])
    .await;
    assert_eq!(found.unwrap().len(), 2);
    assert_eq!(cloud.received()[2].parameter("NextToken"), "");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_twice_does_not_loop() {
    let pages = [("a", "t1"), ("b", "t2"), ("c", "t1")].map(|(id, token)| listeners(&[id], token, None));
    let (found, cloud) = listed(pages).await;
    assert_eq!(found.unwrap_err().code, "IncompleteListing");
    assert_eq!(cloud.received().len(), 3);
}
