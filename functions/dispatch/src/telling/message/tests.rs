use onboarding::Code;
use onboarding::news::Fault;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn news() -> News {
    let acl = Fault {
        binding: "web".into(),
        group: "web-remote".to_owned(),
        code: Code::NetworkAcl,
        resource: "nacl-1".to_owned(),
        message: "nacl-1 (ACL <B>) drops 10.0.0.0/24 -> 80/tcp & the answers.".to_owned(),
        instances: vec!["i-ecs1 (ECS1)".to_owned(), "i-ecs2".to_owned()],
        more: 3,
        kept: Some("i-ecs1 (ECS1), i-ecs2 and 3 more are not served".to_owned()),
        remedy: "Let the network ACL pass the ALB's prefixes and the answers.".to_owned(),
    };
    let gone = Mark {
        binding: "api".into(),
        group: "api-remote".to_owned(),
        code: "XREG-BLACKHOLE".to_owned(),
        resource: "10.8.0.0/16".to_owned(),
        open: true,
        told: at("2026-11-22T07:00:00Z"),
        arrived: true,
    };
    News { found: vec![acl], gone: vec![gone] }
}

fn body(news: &News, deployment: &str, kind: ReceiverKind) -> Value {
    Message { deployment, at: at("2026-11-22T08:00:00Z"), news, test: false }.body(kind, "id-1")
}

#[test]
fn slack_gets_a_text() {
    let expected = "*albridge: 1 problem, 1 resolved*\n\
        *XREG-NETWORK-ACL* web, server group web-remote\n\
        nacl-1 (ACL &lt;B&gt;) drops 10.0.0.0/24 -&gt; 80/tcp &amp; the answers.\n\
        i-ecs1 (ECS1), i-ecs2 and 3 more are not served.\n\
        *do:* Let the network ACL pass the ALB's prefixes and the answers.\n\
        *resolved* *XREG-BLACKHOLE* api, server group api-remote: 10.8.0.0/16, told 2026-11-22T07:00:00Z";
    assert_eq!(body(&news(), "albridge", ReceiverKind::Slack), json!({ "text": expected }));
}

#[test]
fn a_robot_gets_markdown() {
    let expected = "#### albridge prod: 1 problem, 1 resolved\n\n\
        **XREG-NETWORK-ACL** web, server group web-remote\n\n\
        nacl-1 (ACL <B>) drops 10.0.0.0/24 -> 80/tcp & the answers.\n\n\
        i-ecs1 (ECS1), i-ecs2 and 3 more are not served.\n\n\
        **do:** Let the network ACL pass the ALB's prefixes and the answers.\n\n\
        **resolved** **XREG-BLACKHOLE** api, server group api-remote: 10.8.0.0/16, told 2026-11-22T07:00:00Z";
    let markdown = json!({"title": "albridge prod: 1 problem, 1 resolved", "text": expected});
    assert_eq!(body(&news(), "prod", ReceiverKind::DingTalk), json!({"msgtype": "markdown", "markdown": markdown}));
}

#[test]
fn a_name_in_the_cloud_becomes_no_link_and_no_line_of_its_own() {
    let mut news = news();
    news.found[0].kept =
        Some("i-1 ([mend it](https://evil.example)\n# now\u{1b}[1m) and 3 more are not served".to_owned());
    let robot = body(&news, "prod", ReceiverKind::DingTalk)["markdown"]["text"].to_string();
    assert!(robot.contains("i-1 ([mend it] (https://evil.example) # now [1m) and 3 more"), "{robot}");
    news.found[0].kept = Some("i-1 (<https://evil.example|mend it>) is not served".to_owned());
    let slack = body(&news, "prod", ReceiverKind::Slack)["text"].to_string();
    assert!(slack.contains("i-1 (&lt;https://evil.example|mend it&gt;)"), "{slack}");
}

#[test]
fn programs_get_fields_and_a_bus_gets_them_in_an_event() {
    let document = json!({
        "schema": 1, "deployment": "albridge", "at": "2026-11-22T08:00:00Z", "title": "albridge: 1 problem, 1 resolved",
        "problems": [{
            "binding": "web", "group": "web-remote", "code": "XREG-NETWORK-ACL", "resource": "nacl-1",
            "message": "nacl-1 (ACL <B>) drops 10.0.0.0/24 -> 80/tcp & the answers.",
            "instances": ["i-ecs1 (ECS1)", "i-ecs2"], "more": 3,
            "kept": "i-ecs1 (ECS1), i-ecs2 and 3 more are not served",
            "remedy": "Let the network ACL pass the ALB's prefixes and the answers."
        }],
        "resolved": [{
            "binding": "api", "group": "api-remote", "code": "XREG-BLACKHOLE", "resource": "10.8.0.0/16",
            "told": "2026-11-22T07:00:00Z"
        }],
        "leftOut": 0, "test": false
    });
    assert_eq!(body(&news(), "albridge", ReceiverKind::Webhook), document);
    let event = json!({
        "specversion": "1.0", "id": "id-1", "source": "albridge/albridge", "type": "albridge:Notification:Changed",
        "time": "2026-11-22T08:00:00Z", "datacontenttype": "application/json", "data": document
    });
    assert_eq!(body(&news(), "albridge", ReceiverKind::EventBridge), event);
}

#[test]
fn a_message_is_short_however_much_there_is_to_tell() {
    let News { found, gone } = news();
    let many = News { found: vec![found[0].clone(); 300], gone: vec![gone[0].clone(); 30] };
    for kind in [ReceiverKind::DingTalk, ReceiverKind::Slack, ReceiverKind::Webhook, ReceiverKind::EventBridge] {
        let text = body(&many, "albridge", kind).to_string();
        // A robot takes 20,000 bytes (its page says so of a message), and a bus 64 KiB.
        assert!(text.len() < 20_000, "{kind:?}: {}", text.len());
        assert!(text.contains("300 problems, 30 resolved"), "{text}");
        assert!(text.contains("+290 more") || text.contains("\"leftOut\":290"), "{text}");
    }
}

#[test]
fn a_test_says_that_it_is_one() {
    let none = News::default();
    let message = Message { deployment: "albridge", at: at("2026-11-22T08:00:00Z"), news: &none, test: true };
    assert_eq!(
        message.body(ReceiverKind::Slack, "id-1"),
        json!({"text": "*albridge: this is a test, and messages arrive*"})
    );
    assert_eq!(message.body(ReceiverKind::Webhook, "id-1")["test"], true);
}
