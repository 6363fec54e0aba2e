//! The server that is measured: what `albridge emulate --scenario FILE` serves, without the rest of `albridge`, whose build
//! takes minutes. It prints the same line when it is ready.

use std::sync::Arc;

use clock::Clock;
use emulator::{Cloud, NoFunctions, Ports, Settings, World};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: serve SCENARIO")?;
    let scenario = std::fs::read_to_string(file)?;
    // As `albridge emulate` has it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let clock = Clock::system();
        let mut world = World::new(Settings::default());
        world.load(clock.now(), &scenario)?;
        drop(scenario);
        let cloud = Cloud::start(world, clock, Arc::new(NoFunctions));
        let ports = Ports::open(&cloud, 0).await?;
        println!("{}", serde_json::to_string(&ports.endpoints().await?)?);
        std::future::pending().await
    })
}
