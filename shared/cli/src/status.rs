//! `albridge status`: the last runs of a binding, its members' health, and what is out of place now. It writes nothing.
//!
//! ```text
//!   cloud ──► look::Look ──┬─► text     for people
//!                          ├─► lines    for programs
//!                          └─► changes  between two of them
//! ```

mod changes;
mod lines;
mod look;
mod text;
mod view;
mod watch;

use std::time::Duration;

use onboarding::Store;
use serde_json::json;
use stage::Host;

use crate::args::StatusArgs;
use crate::environment::Environment;
use crate::notify::notified;
use crate::output::{CliError, Console, Exit};
use crate::target::{self, Access};

use view::View;

pub(crate) use lines::run as run_document;
pub(crate) use look::{Look, Looks, Member, MemberHealth, Members, RunSummary, Runs, fault};
pub(crate) use text::{began, ending, given_up, took};

/// Runs that are shown of one binding.
const RUNS: usize = 5;

/// Shows every binding asked for.
pub(crate) async fn status(args: &StatusArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let view = View::of(args, console);
    if let Some(seconds) = args.watch {
        // On a clock that runs fast a look takes a second of the real one, too.
        let every = Duration::from_secs(seconds).max(Duration::from_secs(1).mul_f64(host.clock().speed()));
        let interrupts = environment.interrupts.clone();
        let look = async || looks(&host, &target::store(&host).await?, args, &view, |_| ()).await;
        let exit = Box::pin(watch::watch(
            every,
            host.clock(),
            interrupts,
            &view,
            (target::nothing_bound(&host), console),
            look,
        ))
        .await?;
        return Ok(console.finish(exit, json!({})));
    }
    let store = target::store(&host).await?;
    let looks = looks(&host, &store, args, &view, |look| {
        if view.holds(look) {
            console.print(text::of(look, &view));
            lines::of(look).iter().for_each(|line| console.print_json(line));
        }
    })
    .await?;
    if looks.is_empty() {
        console.print(target::nothing_bound(&host));
        console.print_json(&json!({"event": "empty", "store": host.settings().store.to_string()}));
    }
    if let Some(line) = text::hidden(&looks, &view) {
        console.print(line);
    }
    for notified in notified(&host, &store).await {
        console.print(notified.line());
        let mut fields = notified.document();
        fields["event"] = "receiver".into();
        console.print_json(&fields);
    }
    let exit = looks.iter().map(Look::exit).max().unwrap_or_default();
    console.print_document(exit, || lines::documents(&looks, &view));
    Ok(console.finish(exit, json!({})))
}

/// Looks at every binding asked for, and tells each as soon as it is known.
async fn looks(
    host: &Host,
    store: &Store,
    args: &StatusArgs,
    view: &View,
    mut tell: impl FnMut(&Look),
) -> Result<Vec<Look>, CliError> {
    let bindings = target::bindings(host, store, args.binding.as_deref())?;
    let from = Looks::begin(host, store).await;
    let runs = if view.all { usize::MAX } else { RUNS };
    let mut looks = Vec::new();
    for binding in &bindings {
        let look = from.at(binding, runs).await?;
        tell(&look);
        looks.push(look);
    }
    Ok(looks)
}
