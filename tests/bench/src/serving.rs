//! The process that serves a world with its time held.

use std::io::Write as _;
use std::time::Duration;

use clock::Clock;
use emulator::PROCEDURE;
use jiff::Timestamp;
use local::{Hosting, Local, Options, Stack};
use serde_json::json;
use tokio::net::TcpListener;

use crate::delays::Delays;
use crate::frozen::{self, Count};
use crate::onboarding::paused;
use crate::worlds::{self, Size};

/// The procedure's world with its instance running, for who comes by hand.
pub fn procedure() {
    let delays = Delays::read();
    let scenario = PROCEDURE.replacen("securityGroups: [sg-2], state: Stopped,", "securityGroups: [sg-2],", 1);
    assert_ne!(scenario, PROCEDURE, "the instance runs");
    let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *")];
    serve(Options { scenario, stacks, ..worlds::options(&delays) }, Some(1), async |_| ());
}

/// A world of a size, in which every binding is in place.
pub fn in_place(size: Size) {
    serve(size.options(), None, async |local| size.settle(local).await);
}

/// Starts a deployment, brings it to its beginning, prints one line, and serves it with its time held. Where `members` are named, it
/// notes when so many were healthy.
fn serve(options: Options, members: Option<usize>, settle: impl AsyncFnOnce(&Local)) {
    paused(async {
        // Some minutes pass until all is in place, and clients sign with real time: 15 minutes of difference are allowed.
        let clock = Clock::seeded(Timestamp::now() - Duration::from_secs(240), 1);
        let options = Options { hosting: Hosting::Http, ..options };
        let bindings = options.bindings.clone();
        let local = Local::start(options, clock.clone()).await.expect("the deployment starts");
        settle(&local).await;
        let count = Count::of(&local);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let ports = local.ports().expect("ports");
        let mut endpoints = ports.endpoints().await.expect("endpoints").endpoints;
        let home = endpoints.get(local::HOME).cloned().expect("home");
        endpoints.insert("*".to_owned(), home);
        let key = local.cloud().with(|world| world.root_credentials());
        let ready = json!({
            "endpoints": endpoints, "accessKeyId": key.access_key_id, "accessKeySecret": key.access_key_secret,
            "control": listener.local_addr().expect("an address").to_string(), "store": local::store_address(),
            "bindings": bindings,
        });
        println!("{ready}");
        std::io::stdout().flush().expect("stdout");
        let watched = &local;
        let watch = members.map(|members| move || worlds::healthy(watched) == members);
        frozen::serve(clock, listener, count, watch).await;
    });
}
