//! The operator's tool: `albridge`. Arguments and environment are read here; each command is a module.

mod apply;
mod args;
mod cloud_clock;
mod credentials;
mod demo;
mod deploy;
mod emulate;
mod environment;
mod explain;
mod files;
mod graph;
mod output;
mod package;
mod plan;
mod policy;
mod replay;
mod runs;
mod schema;
mod target;
#[cfg(test)]
mod tests;
mod unread;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use args::{Cli, Command};
use environment::Environment;
use output::{CliError, Console, Exit, Text};

/// The exit code of usage errors (sysexits' EX_USAGE).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    // Variables that are not UTF-8 are ignored: albridge uses none.
    let environment = Environment::new(
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    );
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _gone = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let log = environment.get("RUST_LOG").unwrap_or("off");
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(log))
        .with_ansi(false)
        .with_writer(output::Log::stderr)
        .init();
    let console = Console::new(cli.json, environment.get("NO_COLOR").is_some());
    std::panic::set_hook(Box::new(move |panic| console.note(defect(panic))));
    // The demo skips waits, which tokio supports on a current-thread runtime only.
    let mut runtime = match cli.command {
        Command::Demo(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let ended = runtime
        .enable_all()
        .build()
        .map_err(|error| CliError::Failed(format!("The runtime cannot be started: {error}.")))
        .map(|runtime| runtime.block_on(carry_out(&cli.command, &environment, console)));
    ExitCode::from(ended.unwrap_or_else(|error| console.fail(&error)))
}

/// Runs a command to its end, and gives the exit code.
async fn carry_out(command: &Command, environment: &Environment, console: Console) -> u8 {
    match run(command, environment, console).await {
        Ok(exit) => exit.code(),
        Err(error) => console.fail(&error),
    }
}

/// The message about a panic: one line, and its backtrace if the environment asks for one.
fn defect(panic: &std::panic::PanicHookInfo<'_>) -> Text {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
    let payload = panic.payload();
    let words =
        payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let line = format!("albridge: this is a defect; please report it{place}: {}", words.unwrap_or("no message"));
    let mut text = Text::from(line);
    let trace = std::backtrace::Backtrace::capture();
    if trace.status() == std::backtrace::BacktraceStatus::Captured {
        text.extend(Text::of_lines(&trace.to_string()));
    }
    text
}

async fn run(command: &Command, environment: &Environment, console: Console) -> Result<Exit, CliError> {
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
        Command::Package(args) => package::package(args, environment, console),
        Command::Deploy(args) => deploy::deploy(args, environment, console).await,
        Command::Teardown(args) => deploy::teardown(args, environment, console).await,
        Command::Policy(args) => policy::policy(args, console),
        Command::Schema => schema::schema(console),
        Command::Completions(args) => schema::completions(args.shell, console),
    }
}
