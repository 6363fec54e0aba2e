//! The page: `albridge console` serves it on loopback, `emulate --console` beside the emulator, and `status --html` writes it to a file.
//!
//! ```text
//!   cloud ─► look (one at a time, read-only) ─► watch ─► frame ─► index, binding, runs ─► html ─► server
//!                    └─────────────────────────────────► frame ─► the same ─────────────► html ─► file
//! ```
//!
//! Everything is rendered here; the script of the page only fetches what changed, and moves the focus by keys.

mod binding;
mod drift;
mod frame;
mod guard;
mod html;
mod index;
mod look;
mod members;
mod parts;
mod place;
mod runs;
mod server;
#[cfg(test)]
mod tests;
mod watch;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use clock::Clock;
use jiff::SignedDuration;
use serde_json::json;
use stage::Host;

use crate::args::{ConsoleArgs, StatusArgs};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit};
use crate::signals;
use crate::target::{self, Access};

use look::Looker;
use watch::Watch;

/// Serves the page until it is stopped.
pub(crate) async fn console(args: &ConsoleArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    // What is wrong with the command line is said before anything is served.
    let store = target::store(&host).await?;
    target::bindings(&host, &store, args.binding.as_deref())?;
    let listener = server::bind(args.listen).await?;
    let address = address(&listener)?;
    let watch = Watch::new(Looker::new(host, args.binding.clone()), seconds(args.every), Clock::system());
    console.print(format!(
        "The console is at http://{address}/; Ctrl-C ends it. It only reads, and asks for no password."
    ));
    console.print_json(&json!({"event": "console", "url": format!("http://{address}/")}));
    tokio::select! {
        () = server::serve(listener, watch) => {}
        () = signals::ended() => {}
    }
    Ok(Exit::Done)
}

/// Serves the page in the background, beside something else, at any port that is free. Gives its address.
pub(crate) async fn beside(host: Host, every: u32) -> Result<String, CliError> {
    let listener = server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = address(&listener)?;
    let watch = Watch::new(Looker::new(host, None), seconds(every), Clock::system());
    tokio::spawn(server::serve(listener, watch));
    Ok(format!("http://{address}/"))
}

/// Writes the page of the bindings asked for to a file.
pub(crate) async fn status(
    args: &StatusArgs,
    file: &Path,
    environment: &Environment,
    console: Console,
) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let look = Looker::new(host, args.binding.clone()).look(None).await?;
    std::fs::write(file, frame::file(&look))
        .map_err(|error| CliError::Failed(format!("{} cannot be written: {error}.", file.display())))?;
    console.print(format!("{}: {}", file.display(), index::headline(&look)));
    Ok(console.finish(look.exit(), json!({"file": file})))
}

fn address(listener: &tokio::net::TcpListener) -> Result<SocketAddr, CliError> {
    listener.local_addr().map_err(|error| CliError::Failed(format!("The port is not known: {error}.")))
}

fn seconds(every: u32) -> SignedDuration {
    SignedDuration::from_secs(every.into())
}
