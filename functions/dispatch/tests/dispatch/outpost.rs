//! Dispatch of a region other than home: it hands on what it gets, and reads nothing.

use dispatch::{Dispatched, Started};
use onboarding::Code;
use serde_json::{Value, json};

use super::world::{World, invoke};

fn started() -> Value {
    let state = json!({ "state": "Running", "resourceId": "i-1", "regionId": "cn-shanghai" });
    json!({
        "source": "acs.ecs", "type": "ecs:Instance:StateChange", "aliyunregionid": "cn-shanghai",
        "subject": "acs:ecs:cn-shanghai:1:instance/i-1", "data": state
    })
}

#[tokio::test(start_paused = true)]
async fn it_hands_an_event_to_home_and_answers_what_home_answers() {
    let world =
        World::new(|_| (200, None, json!({ "started": [{ "binding": "web", "execution": "web-7" }], "drift": [] })));
    let outpost = world.process_with("ALBRIDGE_BINDINGS", "home:");
    let told = invoke(&outpost, started()).await.unwrap();
    let run = Started { binding: "web".into(), execution: "web-7".to_owned(), drift: Vec::new() };
    assert_eq!(told, Dispatched { started: vec![run], ..Dispatched::default() });
    let [call] = &world.calls_of("InvokeFunction")[..] else { panic!("one call") };
    assert_eq!(call.path, "/2023-03-30/functions/albridge-dispatch/invocations");
    let mut handed = started();
    handed["albridgeHandedOn"] = true.into();
    assert_eq!(serde_json::from_str::<Value>(&call.body).unwrap(), handed, "as it came, and marked");
    assert_eq!(world.count("GetObject"), 0, "it has no store");
}

#[tokio::test(start_paused = true)]
async fn what_home_does_not_do_is_a_failure_so_that_the_event_comes_again() {
    let answers = [
        (404, json!({ "Code": "FunctionNotFound", "Message": "Scripted." })),
        (200, json!({ "errorType": "StillPending", "errorMessage": "not in time" })),
        (200, json!({ "hello": "world" })),
    ];
    for (status, body) in answers {
        let answer = body.clone();
        let world = World::new(move |_| (status, None, answer.clone()));
        let outpost = world.process_with("ALBRIDGE_BINDINGS", "home:");
        assert!(invoke(&outpost, started()).await.is_err(), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_concern_nobody_and_a_switch_that_is_off_cost_no_call() {
    let world = World::new(|_| (200, None, json!({ "started": [], "drift": [] })));
    let outpost = world.process_with("ALBRIDGE_BINDINGS", "home:");
    let told = invoke(&outpost, json!({ "source": "acs.oss", "type": "oss:ObjectCreated", "data": {} })).await.unwrap();
    assert_eq!(told.ignored[0].code, Code::EventIgnored);
    // Both settings at once.
    let off = world.process_of(&[("ALBRIDGE_BINDINGS", "home:"), ("ALBRIDGE_READ_ONLY", "1")]);
    let told = invoke(&off, started()).await.unwrap();
    assert!(told.ignored[0].message.contains("switched off"), "{told:?}");
    assert_eq!(world.count("InvokeFunction"), 0);
}

/// At home and in an outpost alike.
#[tokio::test(start_paused = true)]
async fn an_event_of_an_account_that_the_stack_has_nothing_to_do_with_costs_no_call() {
    let world = World::new(|_| (200, None, json!({ "started": [], "drift": [] })));
    for store in ["home:", "oss://bucket.cn-hangzhou/bindings.yml"] {
        let process =
            world.process_of(&[("ALBRIDGE_BINDINGS", store), ("ALBRIDGE_ACCOUNTS", "1,acs:ram::2:role/guest")]);
        let mut event = started();
        for field in ["aliyunaccountid", "aliyunoriginalaccountid", "userId"] {
            event[field] = "3".into();
            let told = invoke(&process, event.clone()).await.unwrap();
            assert_eq!(told.ignored[0].code, Code::EventIgnored, "{field}");
            assert!(told.ignored[0].message.contains("account \"3\""), "{told:?}");
            event[field] = "2".into();
        }
    }
    assert_eq!(world.count("InvokeFunction") + world.count("GetObject"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_on_already_is_not_handed_on_again() {
    let world = World::new(|_| (200, None, json!({ "started": [], "drift": [] })));
    let outpost = world.process_with("ALBRIDGE_BINDINGS", "home:");
    let mut handed = started();
    handed["albridgeHandedOn"] = true.into();
    let refused = invoke(&outpost, handed).await.unwrap_err();
    assert!(refused.to_string().contains("HomeRegion"), "{refused}");
    assert_eq!(world.count("InvokeFunction"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_newer_home_may_say_what_this_version_does_not_know() {
    let drift =
        json!([{ "binding": "web", "reasons": [{ "code": "XREG-OF-TOMORROW", "resource": "x", "message": "X." }] }]);
    let answer = json!({ "started": [{ "binding": "web", "execution": "web-7" }], "drift": drift });
    let world = World::new(move |_| (200, None, answer.clone()));
    let told = invoke(&world.process_with("ALBRIDGE_BINDINGS", "home:"), started()).await.unwrap();
    assert_eq!(told.started.len(), 1, "{told:?}");
}
