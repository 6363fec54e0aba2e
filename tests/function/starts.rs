//! A function's binary as Function Compute starts it, but without its settings: it says which one is missing, and ends.
//!
//! Every function's package has this test. It also makes `cargo test` build the binaries, which the scenario with functions as
//! processes needs.

use std::process::Command;

#[test]
fn without_its_settings_a_function_says_which_one_is_missing() {
    let binary = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));
    let ended = Command::new(binary).env_clear().output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(64), "{said}");
    assert!(said.starts_with("ALBRIDGE_BINDINGS is not set"), "{said}");
}
