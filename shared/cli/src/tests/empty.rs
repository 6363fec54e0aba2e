//! A store without bindings: every command says so, which store it read, and what to do.

use local::Options;

use super::Desk;
use super::breakages::plain;

async fn desk(name: &str) -> Desk {
    Desk::start(name, Options { bindings: "bindings: []\n".to_owned(), ..Options::default() }).await
}

#[tokio::test(start_paused = true)]
async fn every_command_says_that_there_is_none_in_which_store_and_what_to_do() {
    let desk = desk("empty").await;
    let file = desk.file("bindings.yml").display().to_string();
    let says = format!("{file} has no bindings: add one to its list `bindings`");
    let page = desk.file("page.html").display().to_string();
    for (command, code) in [
        (&["plan"][..], 0),
        (&["status"], 0),
        (&["plan", "web"], 64),
        (&["status", "web"], 64),
        (&["explain", "web"], 64),
        (&["explain", "i-ecs1"], 64),
        (&["explain", "192.168.7.10:80"], 64),
        (&["explain", "i-ecs1", "--binding", "web"], 64),
        (&["apply", "--yes"], 64),
        (&["apply", "web", "--yes"], 64),
        (&["import", "web", "i-ecs1", "--yes"], 64),
        (&["run"], 64),
        (&["run", "web"], 64),
        (&["history"], 64),
        (&["history", "web"], 64),
        (&["graph"], 64),
        (&["graph", "web"], 64),
        (&["graph", "i-ecs1"], 64),
    ] {
        let ran = desk.run(command).await;
        let said = plain(&ran);
        let all = format!("{said}{}", ran.stderr);
        assert!(all.contains(&says) && all.contains("--bindings"), "{command:?}: {all}");
        assert_eq!(ran.code, code, "{command:?}: {all}");
    }
    let ran = desk.run(&["status", "--html", &page]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(std::fs::read_to_string(&page).unwrap().contains("has no bindings"));
    let gone = desk.run(&["teardown", "web", "--yes"]).await;
    assert!(
        gone.code == 64 && gone.stderr.contains(&format!("{file} has no binding web; it has: none.")),
        "{}",
        gone.all()
    );
}

#[tokio::test(start_paused = true)]
async fn programs_are_told_as_well() {
    let desk = desk("empty-json").await;
    for command in ["plan", "status"] {
        let lines = desk.run(&[command, "--json"]).await.json();
        assert_eq!((&lines[0]["event"], &lines.last().unwrap()["ok"]), (&"empty".into(), &true.into()), "{lines:?}");
        assert!(lines[0]["store"].as_str().unwrap().ends_with("bindings.yml"), "{lines:?}");
    }
    let ran = desk.run(&["explain", "i-ecs1", "--json"]).await;
    let last = ran.json().pop().unwrap();
    assert!(last["error"].as_str().unwrap().contains("has no bindings"), "{last}");
}

/// Where a store in a bucket is empty, that is the one that is named.
#[tokio::test(start_paused = true)]
async fn an_object_is_named_by_its_address() {
    let mut desk = desk("empty-object").await;
    let address = local::store_address();
    desk.variables.insert("ALBRIDGE_BINDINGS".to_owned(), address.clone());
    let ran = desk.run(&["explain", "i-ecs1"]).await;
    assert!(ran.stderr.starts_with(&format!("albridge: {address} has no bindings: ")), "{}", ran.all());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_without_bindings_needs_its_region_named() {
    let desk = super::deploying::desk("empty-deploy").await;
    std::fs::write(desk.file("bindings.yml"), "bindings: []\n").unwrap();
    let ran = desk.deploy(&[]).await;
    assert!(
        ran.code == 64 && ran.stderr.contains("The bindings name no region, because there is none of them"),
        "{}",
        ran.all()
    );
}
