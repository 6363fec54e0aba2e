//! Listings: every page in each style, and never a short list.

use crate::support::{Cloud, Received, Step, ok, refuse};
use openapi::{alb, cbn, ecs, fnf, vpc};

const REGION: &str = "cn-chengdu";

#[tokio::test(start_paused = true)]
async fn tokens_are_followed_to_the_end() {
    let (client, cloud) = Cloud::new([
        ok(r#"{"ServerGroups":[{"ServerGroupId":"a"},{"ServerGroupId":"b"}],"NextToken":"t1","TotalCount":3}"#),
        ok(r#"{"ServerGroups":[{"ServerGroupId":"c"}],"NextToken":"","TotalCount":3}"#),
    ]);
    let groups = client.list(REGION, alb::ListServerGroups::default()).await.unwrap();
    assert_eq!(groups.iter().map(|group| group.server_group_id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let received = cloud.received();
    assert_eq!((received[0].parameter("MaxResults"), received[0].parameter("NextToken")), ("100".into(), "".into()));
    assert_eq!(received[1].parameter("NextToken"), "t1");
}

#[tokio::test(start_paused = true)]
async fn each_style_names_its_page_size_as_the_api_does() {
    let (client, cloud) = Cloud::new([ok("{}"), ok("{}"), ok(r#"{"TotalCount":0}"#), ok("{}")]);
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
    let (client, _) = Cloud::new([ok(r#"{"Listeners":[{"ListenerId":"a"}],"TotalCount":2}"#)]);
    let error = client.list(REGION, alb::ListListeners::default()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("IncompleteListing", "1 of 2 items were on the pages"));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_fails_the_listing() {
    let (client, _) =
        Cloud::new([ok(r#"{"Servers":[{"ServerId":"a"}],"NextToken":"t"}"#), refuse(403, "Forbidden.RAM")]);
    let error = client.list(REGION, alb::ListServerGroupServers::default()).await.unwrap_err();
    assert!(error.is_denied() && !error.is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expired_begins_the_listing_again() {
    let (client, cloud) = Cloud::new([
        ok(r#"{"RouteEntrys":{"RouteEntry":[{"RouteEntryId":"a"}]},"NextToken":"t"}"#),
        refuse(400, "IllegalParam.NextTokenExpired"),
        ok(r#"{"RouteEntrys":{"RouteEntry":[{"RouteEntryId":"a"},{"RouteEntryId":"b"}]},"NextToken":""}"#),
    ]);
    let routes = client.list(REGION, vpc::DescribeRouteEntryList::default()).await.unwrap();
    assert_eq!(routes.len(), 2);
    assert_eq!(cloud.received()[2].parameter("NextToken"), "");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_twice_does_not_loop() {
    let page = r#"{"Events":[{"EventId":1}],"NextToken":"same"}"#;
    let (client, cloud) = Cloud::new([ok(page), ok(page)]);
    let error = client.list(REGION, fnf::GetExecutionHistory::default()).await.unwrap_err();
    assert_eq!(error.code, "IncompleteListing");
    assert_eq!(cloud.received().len(), 2);
}
