//! Who is told: the list's rules, and that no error quotes where or with what.

use proptest::prelude::*;

use super::UPGRADED;
use crate::receiver::ReceiverKind;
use crate::store::Store;

const CANARY: &str = "cAnArYtOkEn0123456789";

fn complaints(notify: &str) -> Vec<String> {
    let text = format!("notify:\n{notify}{UPGRADED}");
    Store::validate(&text, "b.yml").err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn each_kind_of_receiver_is_read() {
    let notify = format!(
        "  - {{ name: ops, kind: dingTalk, url: 'https://oapi.dingtalk.com/robot/send?access_token={CANARY}', secret: SEC1 }}
  - {{ name: team, kind: slack, url: 'https://hooks.slack.com/services/{CANARY}', bindings: [web] }}
  - {{ name: pager, kind: webhook, url: 'https://pager.example.com:8443/{CANARY}', secret: {CANARY} }}
  - {{ name: bus, kind: eventBridge, url: 'https://1.eventbridge.cn-hangzhou.aliyuncs.com/webhook/putEvents?token={CANARY}' }}
  - {{ name: here, kind: webhook, url: 'http://127.0.0.1:8000/' }}
"
    );
    assert_eq!(complaints(&notify), Vec::<String>::new());
    let store = Store::parse(&format!("notify:\n{notify}{UPGRADED}"), "b.yml").unwrap();
    assert_eq!(store.notify.len(), 5);
    assert_eq!(
        (store.notify[0].kind, store.notify[0].host()),
        (ReceiverKind::DingTalk, "https://oapi.dingtalk.com".to_owned())
    );
    assert!(store.notify[0].url.reveal().ends_with(CANARY));
    for said in [format!("{store:?}"), serde_json::to_string(&store).unwrap()] {
        assert!(!said.contains(CANARY), "{said}");
    }
}

#[test]
fn every_error_has_its_place_and_quotes_no_secret() {
    let found = complaints(&format!(
        "  - {{ name: Ops, kind: slack, url: 'https://hooks.slack.com/{CANARY}' }}
  - {{ name: team, kind: slack, url: 'http://hooks.slack.com/{CANARY}', secret: {CANARY} }}
  - {{ name: team, kind: webhook, url: '{CANARY}', secret: '' }}
  - {{ name: far, kind: webhook, url: 'https://user:{CANARY}@host/', bindings: [web, web, other] }}
  - {{ name: odd, kind: email, url: 'https://host/{CANARY}' }}
  - {{ name: none, kind: slack }}
"
    ));
    let expected = [
        "b.yml:2:13: notify[0].name: is no name of the form [a-z][a-z0-9-]{0,39}. Write one.",
        "b.yml:3:37: notify[1].url: is plain http to another machine, where anybody on the way reads it. Write https.",
        "b.yml:3:93: notify[1].secret: is for dingTalk and webhook, and this receiver takes no signature. Leave the line out.",
        "b.yml:4:13: notify[2].name: two receivers are named `team`. Give each a name of its own.",
        "b.yml:4:39: notify[2].url: is no URL. Write one of the form https://host/path, as the receiver shows it for its webhook.",
        "b.yml:4:72: notify[2].secret: is empty. Write a value, or leave the line out.",
        "b.yml:5:38: notify[3].url: is no URL. Write one of the form https://host/path, as the receiver shows it for its webhook.",
        "b.yml:5:98: notify[3].bindings[1]: `web` is listed twice. Name each binding once.",
        "b.yml:5:103: notify[3].bindings[2]: is `other`, and there is no such binding. Write one of this store.",
        "b.yml:6:24: notify[4].kind: unknown variant `email`, expected one of dingTalk, slack, webhook, eventBridge.",
        "b.yml:7:5: notify[5]: missing field `url`.",
    ];
    assert_eq!(found, expected);
    let nine: String =
        (0..9).map(|n| format!("  - {{ name: n{n}, kind: slack, url: 'https://h/{CANARY}' }}\n")).collect();
    assert_eq!(complaints(&nine), ["b.yml:2:3: notify: has 9 entries. Name at most 8 receivers."]);
}

#[test]
fn secrets_may_be_kept_apart_and_their_names_are_checked() {
    let notify = "  - { name: ops, kind: dingTalk, url: secret:ops-url, secret: secret:ops-sign }
  - { name: team, kind: slack, url: 'secret:https://hooks.slack.com' }
  - { name: bus, kind: eventBridge, url: secret:bus, secret: secret:bus }
  - { name: pager, kind: webhook, url: 'secret:', secret: secret:A }
";
    assert_eq!(
        complaints(notify),
        [
            "b.yml:3:37: notify[1].url: names no secret. Write secret: and a name of the form [a-z][a-z0-9-]{0,39}.",
            "b.yml:4:62: notify[2].secret: is for dingTalk and webhook, and this receiver takes no signature. Leave the line out.",
            "b.yml:5:40: notify[3].url: names no secret. Write secret: and a name of the form [a-z][a-z0-9-]{0,39}.",
            "b.yml:5:59: notify[3].secret: names no secret. Write secret: and a name of the form [a-z][a-z0-9-]{0,39}.",
        ]
    );
    let store = Store::parse(&format!("notify:\n{}\n{UPGRADED}", notify.lines().next().unwrap()), "b.yml");
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(store.notify[0].host(), "secret:ops-url");
    assert_eq!(store.notify[0].references().collect::<Vec<_>>(), ["ops-url", "ops-sign"]);
}

#[test]
fn a_backtick_in_a_fields_name_uncovers_no_secret() {
    for name in ["url:` 'https://pager.example.com", "`url`", "url` ` "] {
        let list = format!("  - {{ name: ops, kind: webhook, \"{name}/{CANARY}\": x }}\n");
        let found = complaints(&list);
        assert!(!found.is_empty());
        assert!(!found.iter().any(|complaint| complaint.contains(CANARY)), "{found:?}");
    }
}

proptest! {
    /// However a list with a secret in it is broken: what is said of it does not hold the secret.
    #[test]
    fn no_error_quotes_a_secret(at in 0_usize..200, what in "[ -~\n\t]{0,3}", length in 0_usize..4) {
        let list = format!(
            "  - {{ name: ops, kind: webhook, url: 'https://pager.example.com/{CANARY}', secret: {CANARY} }}\n  - name: two\n    kind: slack\n    url: https://hooks.slack.com/{CANARY}\n"
        );
        let at = at.min(list.len());
        let end = (at + length).min(list.len());
        let mut broken = list.clone();
        broken.replace_range(at..end, &what);
        for complaint in complaints(&broken) {
            // The secret may have become a field's name, or a word of its own: its beginning was cut off then, or its end.
            prop_assert!(!complaint.contains(CANARY), "{broken}\n{complaint}");
        }
    }
}
