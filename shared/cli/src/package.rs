//! `albridge package`: the functions, or this tool, as packages.

use std::time::Duration;

use deployment::package::{self, CLI, MANIFEST, Made, Order, Package, PackageError, Progress, TARGET};
use indicatif::{ProgressBar, ProgressStyle};
use onboarding::StageName;
use onboarding::words::counted;
use serde_json::json;

use crate::args::PackageArgs;
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Text, visible};

/// The feature of the functions that brings OpenTelemetry.
const OTEL: &str = "handler/otel";

/// The variables that name a C compiler for the target, in the order in which crates look them up.
const C_COMPILERS: [&str; 3] = ["CC_x86_64-unknown-linux-musl", "CC_x86_64_unknown_linux_musl", "TARGET_CC"];

/// Builds and writes the packages.
pub(crate) fn package(args: &PackageArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let order = Order {
        sources: args.sources.clone(),
        names: names(args)?,
        features: if args.otel { vec![OTEL.to_owned()] } else { Vec::new() },
        out: args.out.clone(),
        build: !args.no_build,
        names_c_compiler: C_COMPILERS.iter().any(|name| environment.get(name).is_some()),
    };
    let bar = bar(console);
    if order.build {
        console.print_json(&json!({"event": "building", "target": TARGET, "profile": package::profile(&order.names), "names": order.names,
                                   "features": order.features}));
        bar.set_message(format!("building for {TARGET}"));
    }
    let made = package::package(&order, &mut |progress| match progress {
        Progress::Compiled { name, done, of } => {
            bar.set_message(visible(&format!("{done} of {of} crates, {name} last")));
            if order.names.iter().any(|ordered| ordered == name) {
                console.print_json(&json!({"event": "compiled", "name": name}));
                bar.suspend(|| console.print(format!("{name} is compiled")));
            }
        }
        Progress::Packing { of } => bar.set_message(format!("compressing {}", counted(of, "program"))),
        Progress::Packaged(package) => {
            console.print_json(&json!({"event": "packaged", "package": package}));
        }
    });
    bar.finish_and_clear();
    let made = made.map_err(|error| failure(&error))?;
    console.print(table(&made));
    let (folder, manifest) = (made.folder.display().to_string(), made.folder.join(MANIFEST).display().to_string());
    Ok(console
        .finish(Exit::Done, json!({"folder": folder, "manifest": manifest, "packages": made.manifest.packages.len()})))
}

/// The packages that are meant, in the order of the flow.
fn names(args: &PackageArgs) -> Result<Vec<String>, CliError> {
    if args.cli {
        return Ok(vec![CLI.to_owned()]);
    }
    let all = StageName::ALL.map(StageName::as_str);
    if let Some(unknown) = args.functions.iter().find(|name| !all.contains(&name.as_str())) {
        return Err(CliError::Usage(format!("There is no function {unknown}; there are: {}.", all.join(", "))));
    }
    let is_meant = |name: &&str| args.functions.is_empty() || args.functions.iter().any(|meant| meant == name);
    Ok(all.into_iter().filter(is_meant).map(str::to_owned).collect())
}

/// A line on a terminal that says how far it is.
fn bar(console: Console) -> ProgressBar {
    if !console.is_interactive() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// What the sources lack is the user's to mend: it ends with 64. What went wrong on the way ends with 1.
fn failure(error: &PackageError) -> CliError {
    let text = format!("There are no packages: {error}.");
    match error {
        PackageError::Workspace(_) => CliError::Usage(text),
        _ => CliError::Failed(text),
    }
}

fn table(made: &Made) -> Text {
    let packages = &made.manifest.packages;
    let width = packages.iter().map(|package| package.name.len()).max().unwrap_or_default();
    let line = |package: &Package| {
        let (name, size) = (&package.name, megabytes(package.size));
        format!("{name:width$}  {size} MB  static  {}", package.sha256.get(..12).unwrap_or_default())
    };
    let mut text = Text::from(Line::new(""));
    for package in packages {
        text.line(line(package));
    }
    text.line("");
    let word = if packages.len() == 1 { "package" } else { "packages" };
    text.line(format!("{} {word} for {TARGET} in {}", packages.len(), made.folder.display()));
    text
}

/// With two places, in the unit of the limits: a million bytes.
fn megabytes(bytes: usize) -> String {
    format!("{}.{:02}", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}
