//! The operator's tool: `albridge`. Each command is a module; main hands over the arguments and the environment.

mod apply;
mod args;
mod causes;
mod cloud_clock;
mod complete;
mod credentials;
mod demo;
mod deploy;
mod emulate;
mod environment;
mod explain;
mod files;
mod focus;
mod graph;
mod history;
mod import;
mod interrupt;
mod notify;
mod output;
mod package;
mod page;
mod plan;
mod policy;
mod replay;
mod runs;
mod schema;
mod signals;
mod since;
mod status;
mod target;
mod teardown;
#[cfg(test)]
mod tests;
mod unread;
mod validate;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

use args::{Cli, Command};
use output::{CliError, Console, Exit, Text};

pub use environment::Environment;

/// The exit code of usage errors (sysexits' EX_USAGE).
const USAGE: u8 = 64;

/// The whole program. `arguments` begin with its own name.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(answered) = complete::answer(&arguments, environment) {
        return if answered { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let _gone = error.print();
            return ExitCode::from(USAGE);
        }
        Err(help) => {
            output::note_written(help.print().and_then(|()| std::io::stdout().flush()));
            return ExitCode::from(output::ended_with(0));
        }
    };
    let log = environment.get("RUST_LOG").unwrap_or("off");
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(output::Log::stderr);
    let listening = apply::Listening.with_filter(apply::Listening::filter());
    tracing_subscriber::registry().with(lines.with_filter(EnvFilter::new(log))).with(listening).init();
    let columns = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
    let console = Console::new(cli.form(), environment.get("NO_COLOR").is_some(), columns);
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
        .map(|runtime| runtime.block_on(carry_out(&cli.command, environment, console)));
    ExitCode::from(output::ended_with(ended.unwrap_or_else(|error| console.fail(&error))))
}

/// One command on the caller's runtime, for benchmarks that hold the cloud in the same process
/// ([`Environment::with_transport`]). `arguments` begin with the program's name. Gives the exit code.
pub async fn run_within(arguments: &[&str], environment: &Environment) -> u8 {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => carry_out(&cli.command, environment, Console::new(cli.form(), true, None)).await,
        Err(error) => {
            let _gone = error.print();
            USAGE
        }
    }
}

/// Runs a command to its end, and gives the exit code.
async fn carry_out(command: &Command, environment: &Environment, console: Console) -> u8 {
    match dispatch(command, environment, console).await {
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

async fn dispatch(command: &Command, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    match command {
        Command::Demo(args) => demo::demo(args, console).await,
        Command::Emulate(args) => emulate::emulate(args, console).await,
        Command::Replay(args) => replay::replay(args, environment, console).await,
        Command::Validate(args) => validate::validate(args, environment, console),
        Command::Plan(args) => plan::plan(args, environment, console).await,
        Command::Apply(args) => apply::apply(args, environment, console).await,
        Command::Import(args) => import::import(args, environment, console).await,
        Command::Run(args) => runs::run(args, environment, console).await,
        Command::Status(args @ args::StatusArgs { html: Some(file), .. }) => {
            page::status(args, file, environment, console).await
        }
        Command::Status(args) => status::status(args, environment, console).await,
        Command::History(args) => history::history(args, environment, console).await,
        Command::Notify(args) => notify::notify(args, environment, console).await,
        Command::Console(args) => page::console(args, environment, console).await,
        Command::Explain(args) => explain::explain(args, environment, console).await,
        Command::Graph(args) => graph::graph(args, environment, console).await,
        Command::Package(args) => package::package(args, environment, console),
        Command::Deploy(args) => deploy::deploy(args, environment, console).await,
        Command::Doctor(args) => deploy::doctor(args, environment, console).await,
        Command::Teardown(args) => teardown::teardown(args, environment, console).await,
        Command::Policy(args) => policy::policy(args, console),
        Command::Schema(args) => schema::schema(args, console),
        Command::Man(args) => schema::man(args, console),
        Command::Completions(args) => schema::completions(args.shell, console),
    }
}
