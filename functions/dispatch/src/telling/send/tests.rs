use serde_json::json;

use super::*;

const CANARY: &str = "cAnArYtOkEn0123456789";

fn receiver(kind: ReceiverKind, url: &str, secret: Option<&str>) -> Receiver {
    let (name, secret) = ("ops".to_owned(), secret.map(Into::into));
    Receiver { name, kind, url: url.into(), secret, bindings: Vec::new() }
}

fn sent(receiver: &Receiver) -> Option<Request<Bytes>> {
    let (news, wall) = (News::default(), "2026-11-22T08:00:00.123Z".parse().unwrap());
    request(receiver, &Message { deployment: "albridge", at: wall, news: &news, test: true }, "id-1", wall)
}

/// The page's own example: its Python code, run with the secret `this is secret` at this time.
#[test]
fn a_robots_signature_is_that_of_its_page() {
    let url = with_sign("https://oapi.dingtalk.com/robot/send?access_token=x", "this is secret", 1_577_262_236_757);
    let sign = "&timestamp=1577262236757&sign=hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D";
    assert_eq!(url, format!("https://oapi.dingtalk.com/robot/send?access_token=x{sign}"));
    assert!(with_sign("https://host/send", "s", 1).starts_with("https://host/send?timestamp=1&sign="));
}

#[test]
fn a_robot_is_asked_with_time_and_signature_where_it_has_a_secret() {
    let url = "https://oapi.dingtalk.com/robot/send?access_token=x";
    let plain = sent(&receiver(ReceiverKind::DingTalk, url, None)).unwrap();
    assert_eq!(plain.uri().to_string(), url);
    let signed = sent(&receiver(ReceiverKind::DingTalk, url, Some("SEC1"))).unwrap();
    let query = signed.uri().query().unwrap();
    assert!(query.contains("&timestamp=1795334400123&sign="), "{query}");
    assert!(query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+' && byte != b'/'), "{query}");
}

#[test]
fn a_webhooks_signature_covers_its_time_and_body() {
    let hook = receiver(ReceiverKind::Webhook, "https://example.com/hook", Some("key"));
    let request = sent(&hook).unwrap();
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-albridge-timestamp"), "1795334400");
    let text = format!("1795334400.{}", std::str::from_utf8(request.body()).unwrap());
    let hex: String = hmac_sha256(b"key", text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(header("x-albridge-signature"), format!("sha256={hex}"));
    // RFC 4231, test case 2: what is used is HMAC-SHA256.
    let known = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
    assert_eq!((known[0], known[31]), (0x5b, 0x43));
    let unsigned = sent(&receiver(ReceiverKind::Webhook, "https://example.com/hook", None)).unwrap();
    assert!(unsigned.headers().get("x-albridge-signature").is_none());
}

#[test]
fn nothing_is_sent_in_clear_to_another_machine() {
    for url in ["http://example.com/hook", "ftp://example.com/", "example.com", ""] {
        assert!(sent(&receiver(ReceiverKind::Webhook, url, None)).is_none(), "{url}");
    }
    assert!(sent(&receiver(ReceiverKind::Webhook, "http://127.0.0.1:8000/hook", None)).is_some());
}

#[test]
fn an_answer_says_whether_a_message_was_taken_and_no_word_of_it_is_repeated() {
    let answer =
        |status: u16, body: Value| Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap();
    let quote = json!(format!("you sent {CANARY}"));
    let cases = [
        (ReceiverKind::Slack, 200, json!("ok"), Delivery::Arrived),
        (ReceiverKind::Slack, 404, quote.clone(), Delivery::Refused),
        (ReceiverKind::Slack, 302, quote.clone(), Delivery::Refused),
        (ReceiverKind::Slack, 429, quote.clone(), Delivery::Refused),
        (ReceiverKind::Slack, 503, quote.clone(), Delivery::Refused),
        (ReceiverKind::Webhook, 502, quote.clone(), Delivery::Unknown),
        (ReceiverKind::Webhook, 204, json!(null), Delivery::Arrived),
        (ReceiverKind::EventBridge, 200, json!({"RequestId": "R"}), Delivery::Arrived),
        (ReceiverKind::DingTalk, 200, json!({"errcode": 0, "errmsg": "ok"}), Delivery::Arrived),
        (ReceiverKind::DingTalk, 200, json!({"errcode": 310_000, "errmsg": quote}), Delivery::Refused),
        (ReceiverKind::DingTalk, 200, quote, Delivery::Unknown),
    ];
    for (kind, status, body, delivery) in cases {
        let sent = taken(kind, &answer(status, body));
        assert_eq!(sent.delivery, delivery, "{kind:?} {status}");
        assert!(!sent.why.contains(CANARY), "{}", sent.why);
        assert_eq!(sent.why.is_empty(), delivery == Delivery::Arrived);
    }
    assert_eq!(taken(ReceiverKind::DingTalk, &answer(200, json!({"errcode": 310_000}))).why, "errcode 310000");
}
