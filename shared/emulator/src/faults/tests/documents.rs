//! Rules as text.

use super::*;

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn what_a_rule_does_not_have_is_refused_with_its_place() {
    for (text, word, line) in [
        ("faults:\n  - effect: throttle\n    often: 3\n", "often", "3"),
        ("faults:\n  - effect: throttle\n  - effect: explode\n", "explode", "3"),
        ("faults:\n  - effect: { delay: { minutes: 3 } }\n", "minutes", "2"),
        ("faults:\n  - on: { servise: Ecs }\n    effect: throttle\n", "servise", "2"),
        ("{\n\"effect\": \"throttle\",\n\"probability\": 2}", "probability", "3"),
        ("{ effect: { refuse: { status: 200, code: X } } }", "400 to 599", "1"),
        ("{ effect: { delay: { seconds: -1 } } }", "seconds", "1"),
        ("{ effect: throttle, every: 0 }", "nonzero", "1"),
        ("{ effect: throttle, from: soon }", "moment", "1"),
    ] {
        let error = refused(text);
        assert!(error.contains(word) && error.contains(&format!("line {line}")), "{text}\n{error}");
    }
}

#[test]
fn a_rule_reads_as_it_was_written() {
    let all = "
faults:
  - { name: a, on: { service: Alb, action: 'Create*', writes: true, region: r, caller: c, parameters: { VpcId: v } }, effect: throttle }
  - { skip: 1, times: 2, every: 3, probability: 0.5, seed: 4, from: 1.5, until: '2026-11-22T08:00:00Z', effect: unavailable }
  - { effect: internalError }
  - { effect: { refuse: { status: 418, code: Teapot, message: short, done: true } } }
  - { effect: { delay: { seconds: 2 } } }
  - { effect: cutBefore }
  - { effect: cutAfter }
  - { effect: truncate }
  - { effect: deny }
  - { effect: { stick: {} } }
  - { effect: { stick: { seconds: 5 } } }
  - { effect: { staleReads: { seconds: 5 } } }
  - { effect: { expireTokens: { seconds: 5 } } }
  - { effect: { crashFunction: {} } }
  - { effect: { crashFunction: { seconds: 1 } } }
  - { effect: timeOutFunction }
  - { effect: throttleFunction }
  - { effect: loseEvent }
  - { effect: { duplicateEvent: { copies: 2 } } }
  - { effect: { delayEvent: { seconds: 5 } } }
  - { effect: { reorderEvents: { seconds: 5 } } }
";
    let rules = parse(all).unwrap();
    assert_eq!(rules.len(), 21);
    let json = serde_json::json!({ "faults": rules }).to_string();
    assert_eq!(parse(&json).unwrap(), rules);
}

#[test]
fn a_scenario_brings_its_faults_and_names_are_taken_once() {
    let mut world = world();
    world.load(start(), "faults: [{ name: slow, effect: throttle }]").unwrap();
    assert_eq!(world.faults()[0].id, "slow");
    let again = world.load(start(), "faults: [{ effect: throttle }, { name: slow, effect: throttle }]");
    assert!(again.unwrap_err().to_string().contains("slow"));
    assert_eq!(world.faults().len(), 1, "all of them or none");
    assert_eq!(world.add_fault(start(), Rule::new(Effect::Deny)).unwrap(), "fault-2");
}
