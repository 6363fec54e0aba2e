//! However deep, long or often repeated: a definition is read or refused and an execution ends, on the stack of an ordinary
//! thread and with a bounded amount of work.

#![expect(clippy::unwrap_used, reason = "a test helper fails the test by panicking")]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use workflow::{Definition, DefinitionError, DefinitionFault as Fault, Execution, Status, budget};

const HEAD: &str = "Type: StateMachine\nName: flow\nSpecVersion: v1\n";

/// Works on a thread with less stack than tokio's have.
fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(1_800 * 1024);
        small.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

fn parse(text: &str) -> Result<Definition, DefinitionError> {
    on_a_small_stack(|| Definition::parse(text))
}

/// A flow of one Pass state.
fn pass(fields: &str) -> String {
    format!("{HEAD}StartAt: A\nStates:\n  - {{Type: Pass, Name: A, End: true, {fields}}}\n")
}

#[test]
fn any_nesting_is_read_or_refused() {
    for levels in [2, 10, 64, 1_000, 100_000] {
        let scopes = format!(
            "{HEAD}StartAt: S0\nStates: {}{{Type: Pass, Name: Last, End: true}}{}",
            (0..levels.min(2_000))
                .map(|at| {
                    let next = if at + 1 == levels.min(2_000) { "Last".to_owned() } else { format!("S{}", at + 1) };
                    format!("[{{Type: Parallel, Name: S{at}, End: true, Branches: [{{StartAt: {next}, States: ")
                })
                .collect::<String>()
                + "[",
            "]".to_owned() + &"}]}]".repeat(levels.min(2_000))
        );
        let literals = pass(&format!("OutputConstructor: {{a: {}1{}}}", "[".repeat(levels), "]".repeat(levels)));
        let parentheses = pass(&format!("OutputConstructor: {{a.$: '{}1{}'}}", "(".repeat(levels), ")".repeat(levels)));
        let negations = pass(&format!("OutputConstructor: {{a.$: '{}true'}}", "!".repeat(levels)));
        let both = pass(&format!("OutputConstructor: {{a.$: '{}true{}'}}", "!!!(".repeat(levels), ")".repeat(levels)));
        let lists = pass(&format!("OutputConstructor: {{a.$: '{}1{}'}}", "[".repeat(levels), "]".repeat(levels)));
        for text in [&scopes, &literals, &parentheses, &negations, &both, &lists] {
            match parse(text) {
                Ok(definition) => {
                    assert!(levels <= 64, "{levels} levels");
                    let run = || {
                        let mut run =
                            Execution::start(Arc::new(definition), "run", "", json!({}), Timestamp::UNIX_EPOCH);
                        run.advance(Timestamp::UNIX_EPOCH);
                        run.status()
                    };
                    assert!(on_a_small_stack(run).is_final());
                }
                Err(error) => {
                    assert!(levels >= 10, "{levels} levels: {error}");
                    assert!(matches!(error.fault, Fault::Limit | Fault::Expression | Fault::Value), "{error}");
                    assert!(error.reason.contains("nested") || error.reason.contains("bytes"), "{error}");
                }
            }
        }
    }
}

#[test]
fn a_chain_of_thousands_of_states_has_a_worst_case() {
    let states: String = (0..4_000)
        .map(|at| format!("  - {{Type: Wait, Name: S{at}, Seconds: 1, Next: S{}}}\n", at + 1))
        .chain(["  - {Type: Succeed, Name: S4000}\n".to_owned()])
        .collect();
    let definition = parse(&format!("{HEAD}StartAt: S0\nStates:\n{states}")).unwrap();
    let worst = on_a_small_stack(|| budget::execution(&definition, |_| Duration::ZERO)).unwrap();
    assert_eq!(worst.duration, Duration::from_secs(4_000));
}

/// The end of an execution of one Pass state with this constructor.
fn ended(constructor: &str, input: &Value) -> (Status, String) {
    let definition = Arc::new(parse(&pass(&format!("OutputConstructor: {constructor}"))).unwrap());
    let mut run = Execution::start(definition, "run", "", input.clone(), Timestamp::UNIX_EPOCH);
    run.advance(Timestamp::UNIX_EPOCH);
    (run.status(), run.failure().map(|failure| failure.detail.clone()).unwrap_or_default())
}

#[test]
fn expressions_make_so_many_bytes_and_no_more() {
    let input = json!({"text": "x".repeat(60_000)});
    let many = (0..10_000).map(|at| format!("k{at}.$: $Input.text")).collect::<Vec<_>>().join(", ");
    let list = format!("a.$: '[{}]'", vec!["$Input.text"; 10_000].join(", "));
    let format = format!("a.$: 'format(\"{}\", {})'", "{}".repeat(10_000), vec!["$Input.text"; 10_000].join(", "));
    for constructor in [many, list, format] {
        let (status, why) = ended(&format!("{{{constructor}}}"), &input);
        assert_eq!(status, Status::Failed);
        assert!(why.contains("more than 4194304 bytes"), "{why}");
    }
}

#[test]
fn equal_numbers_are_one_in_a_list_of_thousands() {
    let numbers: Vec<Value> =
        (0..10_000).map(|at| json!(at % 5_000)).chain([json!(1.0), json!(0.5), json!("1")]).collect();
    let (status, _) = ended("{a.$: 'arrayUnique($Input.all)'}", &json!({"all": numbers}));
    assert_eq!(status, Status::Succeeded);
}
