//! The runtime's own output: panics, errors and bad requests of a handler that has keys.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use clock::Random;
use end_to_end::canaries::{Canaries, session_key};
use fc_runtime::{Diagnostic, Endpoint, LambdaEvent, Options, service_fn};
use http::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::Paper;

/// The event of a handler that fails.
#[derive(Debug, Deserialize)]
struct Event {
    how: String,
}

async fn goes_wrong(event: LambdaEvent<Event>) -> Result<Value, Diagnostic> {
    let keys = event.context.credentials.clone();
    let keys = keys.as_ref().map(|key| (&*key.access_key_id, &*key.access_key_secret, key.security_token.as_deref()));
    let (id, secret, token) = keys.unwrap();
    let of_client = openapi::Credentials::temporary(id, secret, token.unwrap_or_default());
    match event.payload.how.as_str() {
        "panics" => panic!("{event:?} {of_client:?}"),
        "fails" => Err(Diagnostic {
            error_type: format!("{:?}", event.context.credentials),
            error_message: format!("{:#?} {of_client:#?}", event.context),
        }),
        _ => {
            tracing::info!(context = ?event.context, keys = ?of_client, "done");
            Ok(serde_json::to_value(&event.context).unwrap())
        }
    }
}

#[tokio::test]
async fn a_handler_that_prints_what_it_was_called_with_prints_no_secret() {
    let panics = Paper::default();
    let hook = panics.clone();
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        use std::io::Write as _;
        write!(hook.clone(), "{panic}").unwrap();
        usual(panic);
    }));
    for seed in 0..50 {
        let mut random = Random::seeded(seed);
        let key = session_key(&mut random);
        let mut canaries = Canaries::default();
        canaries.plant("the function", &key);
        let log = Paper::default();
        let guard = log.log(seed % 2 == 0);
        let lines = log.clone();
        let line = move |line: &str| {
            use std::io::Write as _;
            lines.clone().write_all(line.as_bytes()).unwrap();
        };
        let options =
            Options { log: Arc::new(line), body_limit: 4096, ..Options::new(Arc::new(|| SystemTime::UNIX_EPOCH)) };
        let endpoint = Endpoint::new(options, service_fn(goes_wrong));
        let large = "x".repeat(5000);
        for (path, body) in [
            ("/invoke", r#"{"how":"panics"}"#),
            ("/invoke", r#"{"how":"fails"}"#),
            ("/invoke", r#"{"how":"works"}"#),
            ("/invoke", r#"{"how":7}"#),
            ("/invoke", "no JSON"),
            ("/invoke", &large),
            ("/elsewhere", "{}"),
            ("/initialize", ""),
            ("/pre-stop", ""),
        ] {
            let request = Request::post(path)
                .header("x-fc-request-id", "1-a")
                .header("x-fc-access-key-id", &key.access_key_id)
                .header("x-fc-access-key-secret", &key.access_key_secret)
                .header("x-fc-security-token", key.security_token.as_deref().unwrap())
                .body(Bytes::copy_from_slice(body.as_bytes()))
                .unwrap();
            let answer = endpoint.call(request).await;
            let answer = format!("{answer:?} {}", String::from_utf8_lossy(answer.body()));
            assert_eq!(canaries.in_text("the answer", &answer), Vec::<String>::new(), "{path} {body}");
        }
        drop(guard);
        assert_eq!(canaries.in_text("the log", &log.text()), Vec::<String>::new());
        assert_eq!(canaries.in_text("a panic", &panics.text()), Vec::<String>::new());
    }
    assert!(panics.text().contains("[redacted]") || panics.text().contains("access_key_id"), "there were panics");
}
