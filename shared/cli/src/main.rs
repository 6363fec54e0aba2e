//! The operator's tool: `albridge`. Arguments and environment are read here; each command is a module.

mod apply;
mod args;
mod credentials;
mod demo;
mod emulate;
mod explain;
mod graph;
mod output;
mod pace;
mod plan;
mod policy;
mod replay;
mod runs;
mod schema;
mod target;

use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use args::{Cli, Command};
use output::{Console, Exit, Trouble};
use target::Environment;

/// What the command line cannot mean (sysexits' EX_USAGE).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    // What is not UTF-8 is none of ours.
    let environment: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _gone = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let log = environment.get("RUST_LOG").map_or("off", String::as_str);
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new(log)).with_writer(std::io::stderr).init();
    let console = Console::new(cli.json, environment.contains_key("NO_COLOR"));
    // The demo leaps over waits, which tokio does on one thread only.
    let mut runtime = match cli.command {
        Command::Demo(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let ended = runtime
        .enable_all()
        .build()
        .map_err(|error| Trouble::Failed(format!("The runtime cannot be started: {error}.")))
        .and_then(|runtime| runtime.block_on(run(&cli.command, &environment, console)));
    match ended {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(trouble) => {
            console.tell(&json!({"event": "finished", "ok": false, "error": trouble.to_string()}));
            console.note(format!("albridge: {trouble}"));
            ExitCode::from(trouble.code())
        }
    }
}

async fn run(command: &Command, environment: &Environment, console: Console) -> Result<Exit, Trouble> {
    match command {
        Command::Demo(args) => demo::demo(args, console).await,
        Command::Emulate(args) => emulate::emulate(args, console).await,
        Command::Replay(args) => replay::replay(args, environment, console).await,
        Command::Plan(args) => plan::plan(args, environment, console).await,
        Command::Apply(args) => apply::apply(args, environment, console).await,
        Command::Run(args) => runs::run(args, environment, console).await,
        Command::Status(args) => runs::status(args, environment, console).await,
        Command::Explain(args) => explain::explain(args, environment, console).await,
        Command::Graph(args) => graph::graph(args, environment, console).await,
        Command::Policy(args) => policy::policy(args, console),
        Command::Schema => schema::schema(console),
        Command::Completions(args) => schema::completions(args.shell, console),
    }
}
