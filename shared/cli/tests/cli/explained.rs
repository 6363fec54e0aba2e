//! Explain and graph against an emulated cloud, over HTTP: what they print, and how they exit.

use crate::support::Emulated;

#[test]
fn a_path_is_explained_and_drawn_before_and_after_it_is_built() {
    let folder = std::env::temp_dir().join(format!("albridge-explained-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The procedure's world with its instance running.
    let world = folder.join("world.yml");
    std::fs::write(&world, emulator::PROCEDURE.replacen("state: Stopped, ", "", 1)).unwrap();
    let cloud = Emulated::start(&["--scenario", world.to_str().unwrap(), "--deploy=false", "--speed", "100"]);
    let file = folder.join("path.dot");
    let file = file.to_str().unwrap();

    let before = cloud.tool(&["explain", "i-ecs1"]);
    assert_eq!(before.code, 2, "{}", before.stderr);
    assert!(before.stdout.starts_with("web: i-ecs1 (192.168.7.10:80, ECS1) is not reachable\n"), "{}", before.stdout);
    assert!(
        before.stdout.contains("XREG-NOT-ATTACHED") && before.stdout.contains("+ attach vpc-1"),
        "{}",
        before.stdout
    );
    for line in before.stdout.lines() {
        // Changes are printed as `plan` prints them.
        let fits = line.chars().count() <= 100 || line.starts_with("    + ");
        assert!(fits && !line.contains('\u{1b}'), "{line}");
    }
    let ghosts = cloud.tool(&["graph", "web"]);
    assert_eq!(ghosts.code, 0, "{}", ghosts.stderr);
    assert!(ghosts.stdout.starts_with("<svg ") && ghosts.stdout.ends_with("</svg>\n"), "{}", ghosts.stdout);

    let applied = cloud.tool(&["apply", "--yes", "--json"]);
    assert_eq!(applied.code, 0, "{} {}", applied.stdout, applied.stderr);
    let after = cloud.tool(&["explain", "192.168.7.10:80", "--json"]);
    assert_eq!(after.code, 0, "{} {}", after.stdout, after.stderr);
    let line = &after.json()[0];
    assert_eq!((&line["instance"], &line["selected"]), (&"i-ecs1".into(), &true.into()));
    assert_eq!(line["explanation"]["served"]["verdict"], "reachable");

    let drawn = cloud.tool(&["graph", "i-ecs1", "--format", "mermaid"]);
    assert_eq!(drawn.code, 0, "{}", drawn.stderr);
    assert!(drawn.stdout.contains("\nflowchart TB\n") && drawn.stdout.contains("-.->"), "{}", drawn.stdout);
    let written = cloud.tool(&["graph", "web", "192.168.7.10", "--out", file, "--json"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert_eq!(written.json()[0]["format"], "dot");
    assert!(std::fs::read_to_string(file).unwrap().starts_with("digraph albridge {\n"));

    for (arguments, code, words) in [
        (&["explain", "192.168.7.300"][..], 64, "no IPv4 address"),
        (&["explain", "192.168.7.10:0"], 64, "port"),
        (&["explain", "192.168.7.10:81"], 64, "web 80"),
        (&["explain", "10.9.9.9"], 1, "vpc-2 (192.168.0.0/16)"),
        (&["explain", "172.16.0.5"], 1, "the load balancer's own"),
        (&["explain", "192.168.7.99"], 1, "No instance of vpc-2"),
        (&["explain", "i-nobody"], 1, "i-nobody"),
        (&["graph", "wbe"], 64, "has no binding wbe; it has: web"),
        (&["graph", "web", "i-nobody"], 1, "i-nobody"),
        (&["graph", "web", "--out", "picture.png"], 64, ".svg, .mmd or .dot"),
        (&["graph", "web", "--out", "/no-such-folder/picture.svg"], 1, "cannot be written"),
    ] {
        let ran = cloud.tool(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {} {}", ran.stdout, ran.stderr);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
