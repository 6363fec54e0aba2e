//! Every program, on either runtime, gives the same answers: on Function Compute's protocol by requests to its port, on
//! Lambda's by a mock of the Runtime API. Which of the two, the folder of the manifest says.

mod platform;

use platform::{Outcome, Program};

fn ok(json: &str) -> Outcome {
    Outcome::Answer(json.to_owned())
}

fn failed(error_type: &str, error_message: &str) -> Outcome {
    Outcome::Failure { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}

const BOXED: &str = "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>";
const PANIC: &str = "&alloc::boxed::Box<dyn core::any::Any + core::marker::Send>";

macro_rules! program {
    ($name:ident: $($event:expr => $outcome:expr),+ $(,)?) => {
        #[test]
        fn $name() {
            let mut program = Program::start(env!(concat!("CARGO_BIN_EXE_", stringify!($name))));
            $(assert_eq!(program.call($event), $outcome, "for the event {}", $event);)+
            program.end();
        }
    };
}

program!(basic:
    r#"{"command":"tidy up"}"# => ok(r#"{"hasRequestId":true,"message":"tidy up is done"}"#),
    r#"{"order":1}"# => Outcome::Unreadable("missing field `command` at line 1 column 11"),
    r#"{"command":7}"# => Outcome::Unreadable("[command] command: invalid type: integer `7`, expected a string at line 1 column 12"),
    "not json" => Outcome::Unreadable("expected ident at line 1 column 2"),
);
program!(batch:
    r#"{"records":[{"id":"a","body":"{\"cents\":1}"},{"id":"b","body":"{}"},{"id":"c","body":"{\"cents\":-1}"}]}"#
        => ok(r#"{"batchItemFailures":["b","c"]}"#),
);
program!(concurrent:
    r#"{"number":1}"# => ok(r#"{"sum":1}"#),
    r#"{"number":41}"# => ok(r#"{"sum":42}"#),
    r#"{}"# => failed(BOXED, "a number is missing"),
);
program!(crates:
    r#""anyhow""# => failed("&anyhow::Error", "by anyhow"),
    r#""eyre""# => failed("&eyre::Report", "by eyre"),
    r#""miette""# => failed("&miette::eyreish::Report", "by miette"),
);
program!(custom_errors:
    r#"{"how":"NotAtAll"}"# => ok(r#""well""#),
    r#"{"how":"Own"}"# => failed(BOXED, "an error of our own (request id known: true)"),
    r#"{"how":"Io"}"# => failed(BOXED, "No such file or directory (os error 2)"),
    r#"{"how":"Text"}"# => failed(BOXED, "only text"),
    r#"{"how":"Panic"}"# => failed(PANIC, "Lambda panicked: on purpose"),
    r#"{"how":"PanicWithValue"}"# => failed(PANIC, "Lambda panicked: with 42"),
    r#"{"how":"NotAtAll"}"# => ok(r#""well""#),
);
program!(diagnostic:
    "7" => ok(r#""a teapot""#),
    "8" => failed("Order.Unknown", "no order 8"),
    "[]" => failed("Order.Malformed", "the order is not a number: []"),
);
program!(either:
    "{}" => ok(r#"{"whole":true}"#),
    r#"{"stream":true}"# => ok("in pieces"),
);
program!(external_runtime:
    r#""given""# => ok(r#""given""#),
    "null" => ok(r#""told by another task""#),
);
program!(graceful_shutdown:
    "1" => ok("1"),
);
program!(layers:
    r#"["event"]"# => ok(r#"["event","outer","inner"]"#),
    "[]" => ok(r#"["outer","inner"]"#),
);
program!(opentelemetry:
    "{}" => ok(r#"{"flushesBefore":0}"#),
    "{}" => ok(r#"{"flushesBefore":1}"#),
);
program!(service:
    r#""a""# => ok(r#"[1,"a"]"#),
    r#""b""# => ok(r#"[2,"b"]"#),
);
program!(shared_resource:
    r#"{"name":"Ada"}"# => ok(r#"{"text":"Good evening, Ada"}"#),
);
program!(streaming:
    "{}" => ok("Autumn moonlight\na worm digs silently\ninto the chestnut\n"),
);

#[test]
fn a_program_says_goodbye_when_it_is_asked_to_end() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_graceful_shutdown"));
    assert_eq!(program.call("1"), ok("1"));
    let (succeeded, output) = program.terminate();
    assert!(succeeded, "the exit code is 0");
    assert!(output.lines().any(|line| line == "goodbye"), "{output}");
}

#[test]
fn the_manifests_differ_in_one_line() {
    let lines = |text: &'static str| text.lines().collect::<Vec<_>>();
    let (ours, theirs) = (lines(include_str!("../fc/Cargo.toml")), lines(include_str!("../upstream/Cargo.toml")));
    assert_eq!(ours.len(), theirs.len());
    let different: Vec<_> = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).collect();
    assert_eq!(different.len(), 1);
    assert!(different[0].0.starts_with("lambda_runtime = { package = \"fc-runtime\""));
}
