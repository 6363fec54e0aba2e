//! `albridge status`: the last runs of a binding, its members' health, and what is out of place now. It writes nothing.
//!
//! ```text
//!   cloud ──► look::Look ──┬─► text   for people
//!                          └─► lines  for programs
//! ```

mod lines;
mod look;
mod text;
mod view;

use onboarding::words::counted;
use serde_json::json;

use crate::args::StatusArgs;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Style};
use crate::target::{self, Access};

use view::View;

pub(crate) use look::{Look, Looks, Member, MemberHealth, Members, RunSummary, Runs, fault};

/// Runs that are shown of one binding.
const RUNS: usize = 5;

/// Shows every binding asked for.
pub(crate) async fn status(args: &StatusArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    let bindings = target::bindings(&store, args.binding.as_deref())?;
    let looks = Looks::begin(&host, &store).await;
    let view = View::of(args, console);
    let runs = if view.all { usize::MAX } else { RUNS };
    let (mut exit, mut hidden, mut documents) = (Exit::Done, 0, Vec::new());
    for binding in &bindings {
        let look = looks.at(binding, runs).await?;
        exit = exit.max(look.exit());
        if !view.holds(&look) {
            hidden += 1;
            continue;
        }
        console.print(text::of(&look, &view));
        lines::of(&look).iter().for_each(|line| console.print_json(line));
        documents.push(lines::document(&look, &view));
    }
    if hidden > 0 {
        let more = if documents.is_empty() { counted(hidden, "binding") } else { format!("+{hidden} more") };
        console.print(Line::styled(Style::Faint, format!("{more}, none of them faulty")));
    }
    console.print_document(exit, || json!({"bindings": documents}));
    Ok(console.finish(exit, json!({})))
}
