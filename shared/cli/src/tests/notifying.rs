//! Those who are told of faults: a test message, and what `status` says of them.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use http::{Request, Response};
use local::{HOME, Options, PROCEDURE_BINDING, store_address};
use openapi::Transport;

use super::Desk;
use super::breakages::plain;

const TOKEN: &str = "cAnArYtOkEnOfAuRl0123456789";

fn bindings() -> String {
    format!(
        "notify:
  - {{ name: robot, kind: dingTalk, url: 'http://127.0.0.1:9/robot/send?access_token={TOKEN}', secret: SEC{TOKEN} }}
  - {{ name: hook, kind: webhook, url: 'http://127.0.0.1:9/hook/{TOKEN}' }}
{PROCEDURE_BINDING}"
    )
}

/// The way to the cloud, and to those who are told: a robot that refuses, and a webhook that does not.
fn way(desk: &Desk, got: &Arc<Mutex<Vec<String>>>) -> Arc<dyn Transport> {
    let (cloud, got) = (desk.transport(), Arc::clone(got));
    Arc::new(move |request: Request<Bytes>| {
        let (cloud, got) = (Arc::clone(&cloud), Arc::clone(&got));
        async move {
            if request.uri().host() != Some("127.0.0.1") {
                return cloud.send(request).await;
            }
            got.lock().unwrap().push(String::from_utf8(request.body().to_vec()).unwrap());
            let quoting = format!(r#"{{"errcode":300005,"errmsg":"token {TOKEN} is not exist"}}"#);
            Ok(Response::new(Bytes::from(quoting)))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_test_message_is_sent_to_each_and_says_what_became_of_it() {
    let desk = Desk::start("notifying", Options { bindings: bindings(), ..Options::default() }).await;
    let got = Arc::default();
    let ran = desk.run_by(way(&desk, &got), &["notify"]).await;
    let said = plain(&ran);
    assert_eq!(
        said,
        "robot (dingTalk, http://127.0.0.1:9): not taken: errcode 300005\nhook (webhook, http://127.0.0.1:9): arrived\n"
    );
    assert_eq!(ran.code, 1, "one was not taken");
    let got: Vec<String> = std::mem::take(&mut *got.lock().unwrap());
    assert!(got.len() == 2 && got.iter().all(|body| body.contains("this is a test")), "{got:?}");

    let got = Arc::default();
    let ran = desk.run_by(way(&desk, &got), &["notify", "hook", "--json"]).await;
    assert_eq!((ran.code, got.lock().unwrap().len()), (0, 1), "{}", ran.all());
    let lines = ran.json();
    assert_eq!((lines[0]["receiver"].as_str(), lines[0]["arrived"].as_bool()), (Some("hook"), Some(true)));
    let unknown = desk.run_by(way(&desk, &Arc::default()), &["notify", "nobody"]).await;
    assert!(unknown.code == 64 && unknown.all().contains("there are: robot, hook"), "{}", unknown.all());
    // Nobody is there at all.
    let alone = desk.run(&["notify", "hook"]).await;
    assert!(alone.code == 1 && alone.all().contains("not taken: no connection"), "{}", alone.all());
    for said in [ran.all(), unknown.all(), alone.all(), said] {
        assert!(!said.contains(TOKEN), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_names_nobody_is_told_how() {
    let desk = Desk::start("notifying-nobody", Options::default()).await;
    let ran = desk.run(&["notify"]).await;
    assert!(ran.code == 64 && ran.all().contains("a list `notify`"), "{}", ran.all());
    let looked = desk.run(&["status"]).await;
    assert!(!looked.all().contains("notify"), "{}", looked.all());
}

#[tokio::test(start_paused = true)]
async fn status_says_who_is_told_and_when_that_was() {
    let mut desk = Desk::start("notifying-status", Options { bindings: bindings(), ..Options::default() }).await;
    let said = plain(&desk.run(&["status"]).await);
    let why = "not known: what was told is kept beside the bindings that the functions read";
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("notify hook (webhook, http://127.0.0.1:9): {why}")), "{said}");
    desk.variables.insert("ALBRIDGE_BINDINGS".to_owned(), store_address());
    let said = plain(&desk.run(&["status"]).await);
    assert!(said.contains("notify hook (webhook, http://127.0.0.1:9): nothing told of late\n"), "{said}");
    let mut refusal = Rule::refuse(ApiError::new(503, "ServiceUnavailable", "Later.")).on(Service::Oss, "GetObject");
    refusal.on.parameters.insert("key".to_owned(), "albridge/bindings.yml.told.json".to_owned());
    desk.local.cloud().inject(refusal).unwrap();
    let said = plain(&desk.run(&["status"]).await);
    assert!(
        said.contains("not known: what was told cannot be read: ") && said.contains("ServiceUnavailable"),
        "{said}"
    );
    desk.heal();
    let told = br#"{"receivers":{"hook":[{"binding":"web","code":"XREG-BLACKHOLE","resource":"10.0.0.0/8","open":true,
        "told":"2026-11-22T07:00:00Z","arrived":true}]}}"#;
    let now = desk.local.cloud().now();
    desk.local
        .cloud()
        .with(|world| world.put_object(now, HOME, "albridge-store", "albridge/bindings.yml.told.json", told.to_vec()));
    let ran = desk.run(&["status"]).await;
    let said = plain(&ran);
    assert!(said.contains("hook (webhook, http://127.0.0.1:9): last told 2026-11-22T07:00:00Z, 1 open\n"), "{said}");
    assert!(!ran.all().contains(TOKEN), "{}", ran.all());
    let lines = desk.run(&["status", "--json"]).await.json();
    let hook = lines.iter().find(|line| line["receiver"] == "hook").unwrap();
    assert_eq!((hook["event"].as_str(), hook["open"].as_u64()), (Some("receiver"), Some(1)), "{hook}");
}

/// The bindings only name what is secret; it is in a file beside them, or in an object beside the store.
#[tokio::test(start_paused = true)]
async fn secrets_that_are_kept_apart_are_used_and_shown_nowhere() {
    let bindings = format!(
        "notify:
  - {{ name: hook, kind: webhook, url: secret:hook-url, secret: secret:hook-sign }}
  - {{ name: lost, kind: slack, url: secret:nowhere }}
{PROCEDURE_BINDING}"
    );
    let secrets = format!("secrets:\n  hook-url: http://127.0.0.1:9/hook/{TOKEN}\n  hook-sign: SEC{TOKEN}\n");
    let options = Options { bindings, secrets: secrets.clone(), ..Options::default() };
    let mut desk = Desk::start("notifying-apart", options).await;
    let valid = desk.run(&["validate"]).await;
    assert_eq!(valid.code, 0, "{}", valid.all());

    let got = Arc::default();
    let without = desk.run_by(way(&desk, &got), &["notify"]).await;
    assert!(
        without.code == 1 && without.all().contains("bindings.yml.secrets.yml cannot be read"),
        "{}",
        without.all()
    );
    assert!(got.lock().unwrap().is_empty());

    std::fs::write(desk.file("bindings.yml.secrets.yml"), &secrets).unwrap();
    for address in [None, Some(store_address())] {
        desk.variables.extend(address.map(|address| ("ALBRIDGE_BINDINGS".to_owned(), address)));
        let got = Arc::default();
        let ran = desk.run_by(way(&desk, &got), &["notify"]).await;
        assert_eq!(
            plain(&ran),
            "hook (webhook, secret:hook-url): arrived\nlost (slack, secret:nowhere): not taken: there is no secret nowhere\n"
        );
        assert_eq!((ran.code, got.lock().unwrap().len()), (1, 1), "{}", ran.all());
        let looked = desk.run(&["status"]).await;
        assert!(plain(&looked).contains("notify hook (webhook, secret:hook-url): "), "{}", looked.all());
        for said in [ran.all(), looked.all(), without.all()] {
            assert!(!said.contains(TOKEN), "{said}");
        }
    }
}
