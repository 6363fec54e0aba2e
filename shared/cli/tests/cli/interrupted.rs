//! Ctrl-C, as the signal that a terminal sends.

use std::io::{BufRead, BufReader, Read};
use std::process::Command;

use crate::support::Emulated;

#[test]
fn ctrl_c_ends_an_apply_in_order() {
    // All of it takes some six seconds at this speed, and attachments begin after the listener, so the signal arrives before the end.
    let cloud = Emulated::start(&["--deploy=false", "--speed", "60"]);
    let mut apply = cloud.begin(&["apply", "web", "--yes"]);
    let mut lines = BufReader::new(apply.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("  listener ") || !line.contains("done") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended before the listener was there");
    }
    let pid = apply.id().to_string();
    assert!(Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).status().unwrap().success());
    let mut said = String::new();
    lines.read_to_string(&mut said).unwrap();
    let ended = apply.wait().unwrap();
    assert_eq!(ended.code(), Some(130), "{said}");
    assert!(said.contains("web: interrupted in") && said.contains("`albridge apply web`"), "{said}");
    let again = cloud.tool(&["apply", "web", "--yes"]);
    assert!(matches!(again.code, 0 | 2), "{} {}", again.stdout, again.stderr);
}
