//! What is beyond a limit is refused with one sentence, and never overflows the stack of an ordinary thread.

#![expect(clippy::unwrap_used, reason = "a test helper fails the test by panicking")]

use document::{DEPTH, DocumentError, Limits, read};
use serde_json::Value;

/// Reads on a thread with less stack than tokio's have.
fn on_a_small_stack(text: &str) -> Result<Value, DocumentError> {
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new()
            .stack_size(1_800 * 1024)
            .spawn_scoped(scope, || read::<Value>(text, Limits::DEFINITION));
        reading.unwrap().join().unwrap()
    })
}

/// The forms that nesting has in YAML.
fn nested(form: &str, levels: usize) -> String {
    match form {
        "lists" => format!("{}{}", "[".repeat(levels), "]".repeat(levels)),
        "open lists" => "[".repeat(levels),
        "mappings" => format!("{}1{}", "{a: ".repeat(levels), "}".repeat(levels)),
        "JSON" => format!("{}1{}", r#"{"a":["#.repeat(levels / 2), "]}".repeat(levels / 2)),
        "dashes" => format!("{}1", "- ".repeat(levels)),
        "indented" => {
            let lines = (0..levels.min(900)).map(|level| format!("{}a:\n", " ".repeat(level)));
            lines.chain([format!("{}1\n", " ".repeat(levels.min(900)))]).collect()
        }
        _ => {
            let anchors = (1..levels.min(2_000)).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1));
            std::iter::once("a0: &a0 [1]\n".to_owned()).chain(anchors).collect()
        }
    }
}

#[test]
fn any_nesting_is_read_or_refused_with_the_limit() {
    for form in ["lists", "open lists", "mappings", "JSON", "dashes", "indented", "aliases"] {
        for levels in [10, 64, 1_000, 100_000] {
            let read = on_a_small_stack(&nested(form, levels));
            match read {
                Ok(_) => assert!(levels <= DEPTH, "{form} of {levels} levels"),
                Err(error) => {
                    assert!(levels > DEPTH || form == "open lists", "{form} of {levels} levels: {error}");
                    assert!(error.beyond_limit || form == "open lists" || form == "aliases", "{form}: {error}");
                }
            }
        }
    }
    let error = on_a_small_stack(&nested("lists", 1_000)).unwrap_err();
    assert_eq!(error.reason, "it is nested more than 40 levels deep at line 1, column 41");
    assert!(on_a_small_stack(&nested("lists", DEPTH)).is_ok());
}

#[test]
fn an_alias_bomb_ends_at_the_limit_of_values() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")));
    }
    let error = on_a_small_stack(&bomb).unwrap_err();
    assert!(error.beyond_limit, "{error}");
    assert!(error.reason.contains("it holds or repeats more than 100000 values"), "{error}");
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let error = read::<Value>(&" ".repeat(Limits::DEFINITION.bytes + 1), Limits::DEFINITION).unwrap_err();
    assert_eq!(error.reason, "the text has 524289 bytes, over the limit of 524288");
    let many = format!("[{}]", "1,".repeat(200_000));
    assert!(read::<Value>(&many, Limits::DEFINITION).unwrap_err().beyond_limit);
}

#[test]
fn a_mistake_is_named_with_its_place() {
    let error = read::<Value>("a: 1\na: 2\n", Limits::RULES).unwrap_err();
    assert_eq!(error.at, Some((2, 1)));
    assert!(!error.beyond_limit && error.reason.contains("line 2"), "{error}");
}
