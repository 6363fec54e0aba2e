//! The command line arguments, with an example for every command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::focus::Focus;
use crate::output::{Form, Language};
use crate::since::Since;

/// Puts the ECS instances of one region behind an ALB of another, and keeps them there.
#[derive(Debug, Parser)]
#[command(
    name = "albridge",
    version,
    disable_help_subcommand = true,
    max_term_width = 120,
    after_help = "Exit codes: 0 done, 1 failed, 2 changes pending or drift found, 64 usage, 130 interrupted.\nA reading that failed is 1, also where changes are \
                  pending: what is not known is said first.\n\nExample:\n  albridge demo"
)]
pub(crate) struct Cli {
    /// JSON lines on stdout, and nothing else there.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole procedure on the emulator: an instance starts and serves requests from another region.
    #[command(after_help = "Example:\n  albridge demo --alb upgraded\n  albridge demo --json | tail -1")]
    Demo(DemoArgs),
    /// The emulated cloud by itself; prints one JSON line with its endpoints when it is ready, and serves until Ctrl-C.
    #[command(
        after_help = "Example:\n  albridge emulate --scenario procedure --port 7000 --speed 20\n  albridge emulate --console --speed 20"
    )]
    Emulate(EmulateArgs),
    /// Makes the requests of a recording again and says what is answered differently: exit code 2 if anything.
    #[command(
        after_help = "Example:\n  albridge replay calls.jsonl\n  albridge replay calls.jsonl --against http://127.0.0.1:7000 --json"
    )]
    Replay(ReplayArgs),
    /// Checks bindings without a cloud, and names every error with file, line and column.
    #[command(
        after_help = "Exit codes: 0 valid, 64 not valid or not readable.\n\nExample:\n  albridge validate bindings.yml\n  git show HEAD:bindings.yml | albridge validate -"
    )]
    Validate(ValidateArgs),
    /// What would change. Writes nothing; exit code 2 if there is anything, 1 if it is not known.
    #[command(after_help = "Example:\n  albridge plan web --bindings bindings.yml --out plan.json")]
    Plan(PlanArgs),
    /// Shows the plan, asks, and makes the changes, stage by stage.
    #[command(after_help = "Example:\n  albridge apply web --bindings bindings.yml\n  albridge apply --plan plan.json")]
    Apply(ApplyArgs),
    /// Takes members over that somebody registered by hand: shows what it would mark, asks, and marks it. They serve all the while.
    #[command(after_help = "Example:\n  albridge import web i-ecs1 i-ecs2")]
    Import(ImportArgs),
    /// Starts the workflow in the cloud, as an event would, and follows it to its end.
    #[command(
        after_help = "Example:\n  albridge run web --bindings oss://bucket.cn-hangzhou/bindings.yml --home cn-hangzhou"
    )]
    Run(RunArgs),
    /// The last runs, the members' health, and drift. Writes nothing; exit code 2 if something is not as it should be, 1 if
    /// it is not known.
    #[command(
        after_help = "Example:\n  albridge status web --home cn-hangzhou\n  albridge status --faulty --watch=30\n  albridge status --html status.html\n  albridge status -o json | jq '.bindings[].members[] | select(.faulty)'"
    )]
    Status(StatusArgs),
    /// Who changed what of a binding, and when: the runs with what their stages wrote, and the marks on members. Newest first.
    #[command(after_help = "Example:\n  albridge history web --since 2d --home cn-hangzhou")]
    History(HistoryArgs),
    /// Sends one test message to those who are told of faults (`notify` in the bindings), and says what became of it.
    #[command(
        after_help = "Exit codes: 0 arrived, 1 not, or not known, 64 usage.\n\nExample:\n  albridge notify\n  albridge notify ops --bindings bindings.yml"
    )]
    Notify(NotifyArgs),
    /// A local page that refreshes itself: what is wrong, what mends it, topology, members, drift, runs. It only reads, and serves until
    /// Ctrl-C.
    #[command(
        after_help = "Example:\n  albridge console --home cn-hangzhou\n  albridge console web --listen 127.0.0.1:0"
    )]
    Console(ConsoleArgs),
    /// Why a backend is, or is not, reachable: every hop, both directions, the first fault and its remedy.
    #[command(
        after_help = "Exit codes: 0 reachable, 2 not, 1 not known or failed, 64 usage.\n\nExample:\n  albridge explain i-ecs1 --bindings bindings.yml\n  albridge explain 192.168.7.10:80"
    )]
    Explain(ExplainArgs),
    /// The topology of a binding and the way of packets through it, as SVG, Mermaid or DOT.
    #[command(
        after_help = "Example:\n  albridge graph web --out web.svg\n  albridge graph web i-ecs1 --format mermaid"
    )]
    Graph(GraphArgs),
    /// Builds the functions as static binaries and packages them: the same sources give the same bytes.
    #[command(
        after_help = "It needs the sources, Rust with its target x86_64-unknown-linux-musl, and a C compiler.\n\nExample:\n  albridge package\n  albridge package --function listener --out packages\n  albridge package --cli --out release"
    )]
    Package(PackageArgs),
    /// Brings the deployment itself to what the bindings ask for: buckets, packages, bindings, and a stack in each region.
    /// Shows what would change, asks, and follows it; a second time there is nothing to do.
    #[command(
        after_help = "Exit codes: 0 done, 1 failed, 2 changes pending (--dry-run), 64 usage.\n\nExample:\n  albridge deploy --dry-run\n  albridge deploy --bindings bindings.yml --set LogDays=7"
    )]
    Deploy(DeployArgs),
    /// What a deployment needs and what is wrong with it, each with its remedy; before the first deploy, too. Writes nothing.
    #[command(
        after_help = "Exit codes: 0 all well, 1 something could not be read, 2 something is wrong, 64 usage.\n\nExample:\n  albridge doctor --bindings bindings.yml"
    )]
    Doctor(DoctorArgs),
    /// Takes away what was made for a binding, in reverse order: members (drained first), listener, server group, rules, routes; with
    /// --attachments its attachments and connections, too. What others made, or other bindings want, stays.
    ///
    /// The binding has to be paused in the store, or not be there any more: then --was names a file that still has it.
    ///
    /// With --deployment and no binding: the deployment itself. Its stacks, home last, with their logs; then the buckets of its packages.
    /// The binding store stays, unless --store is given, and so does what bindings made in the network.
    #[command(
        after_help = "Exit codes: 0 done, 1 failed, 2 something is left to take away, 64 usage.\n\nExample:\n  albridge teardown web --dry-run\n  albridge teardown web --attachments\n  git show HEAD~1:bindings.yml > old.yml && albridge teardown web --was old.yml\n  albridge teardown --deployment --dry-run"
    )]
    Teardown(TeardownArgs),
    /// The RAM policy that each function's role needs.
    #[command(after_help = "Example:\n  albridge policy listener")]
    Policy(PolicyArgs),
    /// The JSON schema of the bindings, or of the emulator's scenarios.
    #[command(after_help = "Example:\n  albridge schema > bindings.schema.json")]
    Schema(SchemaArgs),
    /// Completions for a shell. They ask this tool for the names of bindings and instances while somebody types.
    #[command(after_help = "Example:\n  albridge completions bash > /etc/bash_completion.d/albridge")]
    Completions(CompletionsArgs),
    /// Writes the man pages into a folder, one for the tool and one for each command.
    #[command(after_help = "Example:\n  albridge man /usr/local/share/man/man1")]
    Man(ManArgs),
}

impl Cli {
    /// For whom the command writes.
    pub(crate) fn form(&self) -> Form {
        let shape = match &self.command {
            Command::Plan(args) => args.shape,
            Command::Status(args) => args.shape,
            Command::History(args) => args.shape,
            Command::Explain(args) => args.shape,
            _ => Shape::default(),
        };
        match (self.json, shape.output) {
            (true, _) => Form::Lines,
            (false, Output::Table) => Form::People { wide: false },
            (false, Output::Wide) => Form::People { wide: true },
            (false, Output::Json) => Form::Document(Language::Json),
            (false, Output::Yaml) => Form::Document(Language::Yaml),
        }
    }
}

/// Which kind of load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Alb {
    /// Created since 2025-02-25: sends from addresses of its own vSwitches.
    Upgraded,
    /// Older: sends from back-to-origin prefixes of 100.64.0.0/10.
    Classic,
}

/// How calls are counted against their rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rates {
    /// By the clock's own seconds and minutes.
    Calendar,
    /// By the last seconds before each call.
    Sliding,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The generation of the load balancer [default: both in turn].
    #[arg(long, value_enum)]
    pub(crate) alb: Option<Alb>,
}

/// Options of `emulate`.
#[derive(Debug, Args)]
pub(crate) struct EmulateArgs {
    /// The world to begin with: `procedure`, `empty`, or a file.
    #[arg(long, default_value = "procedure", value_name = "FILE|empty|procedure")]
    pub(crate) scenario: String,
    /// The first API port; each region has one, in a row. 0: any that are free.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// How many seconds of the cloud's time pass in a real one, for everything but signatures (0.001 to 1000).
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
    /// The bindings that the deployed functions read [default: the procedure's].
    #[arg(long, value_name = "FILE")]
    pub(crate) bindings: Option<PathBuf>,
    /// An account as the cloud has it, to deploy into: nothing is deployed, functions run from the packages that are uploaded, and
    /// what the cloud refuses is refused (docs/emulator.md). Whoever can sign with the printed key runs programs here.
    #[arg(long, conflicts_with_all = ["deploy", "record"])]
    pub(crate) strict: bool,
    /// Whether to deploy template.yml into the world and run its functions [default: yes for the scenario `procedure` or
    /// with --bindings].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) deploy: Option<bool>,
    /// Refuses calls beyond the published rates of the APIs, counted by the clock's seconds and minutes, or by the last
    /// seconds before each call.
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) rates: Option<Rates>,
    /// What goes wrong from the beginning: a list under `faults`, as in a scenario (docs/emulator.md).
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Writes every exchange to this file, a JSON line each, for `replay`.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Leaves signatures, tokens and secrets in the recording.
    #[arg(long, requires = "record")]
    pub(crate) record_secrets: bool,
    /// Serves the page of `albridge console` beside it, at the address that the line says under `console`. Its calls would be in a
    /// recording.
    #[arg(long, conflicts_with = "record")]
    pub(crate) console: bool,
    /// Seeds the world's ids and its faults' chances.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The generation of load balancers that the scenario leaves open.
    #[arg(long, value_enum, default_value_t = Alb::Upgraded)]
    pub(crate) alb: Alb,
}

/// Options of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// What `emulate --record` wrote.
    pub(crate) recording: PathBuf,
    /// The cloud to ask, by the URL of one of its API ports [default: a fresh emulated world, as the recording began with].
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// The fresh world's seed [default: the recorded one].
    #[arg(long, value_name = "N", conflicts_with = "against")]
    pub(crate) seed: Option<u64>,
    /// The profile of ~/.aliyun/config.json that signs, where the environment has no access key [default: its current one].
    #[arg(long, value_name = "NAME", requires = "against")]
    pub(crate) profile: Option<String>,
    /// Take a URL that is plain http to another machine: what is sent there can be read on the way.
    #[arg(long, requires = "against")]
    pub(crate) allow_http: bool,
}

/// Options of `validate`.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// The bindings; `-` is standard input [default: the file that ALBRIDGE_BINDINGS names, or bindings.yml].
    #[arg(value_name = "FILE|-")]
    pub(crate) files: Vec<PathBuf>,
}

/// The form of the output, for commands that show something.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Shape {
    /// How it is shown: for people, with more columns, or as one document.
    #[arg(short = 'o', long, value_enum, value_name = "FORM", default_value_t, conflicts_with = "json")]
    pub(crate) output: Output,
    /// Leave nothing out: lists are cut otherwise, and say how much they hide.
    #[arg(long)]
    pub(crate) all: bool,
}

/// The forms of output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Table,
    /// The same with more columns.
    Wide,
    /// A JSON document.
    Json,
    /// The same document as YAML.
    Yaml,
}

/// Where the deployment is that a command is about.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Target {
    /// The bindings: a file, or oss://bucket.region/key [default: ALBRIDGE_BINDINGS, or bindings.yml].
    #[arg(long, value_name = "FILE")]
    pub(crate) bindings: Option<String>,
    /// The deployment's name: marks that begin with it count as ours [default: ALBRIDGE_DEPLOYMENT, or albridge].
    #[arg(long, value_name = "NAME")]
    pub(crate) deployment: Option<String>,
    /// The profile of ~/.aliyun/config.json, where the environment has no access key [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The region of the workflow and the functions [default: ALBRIDGE_HOME_REGION, or where deploy put it].
    #[arg(long, value_name = "REGION")]
    pub(crate) home: Option<String>,
    /// Take endpoints that are plain http to other machines: what is sent there can be read on the way.
    #[arg(long)]
    pub(crate) allow_http: bool,
}

/// Options of `notify`.
#[derive(Debug, Args)]
pub(crate) struct NotifyArgs {
    /// The receivers, by name [default: every one of the store].
    #[arg(value_name = "RECEIVER")]
    pub(crate) receivers: Vec<String>,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The binding [default: every one of the store].
    pub(crate) binding: Option<String>,
    /// Only the changes of this stage, or the member changes of this instance.
    #[arg(long = "target", value_name = "STAGE|INSTANCE", value_parser = Focus::parse, conflicts_with = "out")]
    pub(crate) focus: Option<Focus>,
    /// Save the plan for `apply --plan`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The binding [default: that of the saved plan, or the store's only one].
    pub(crate) binding: Option<String>,
    /// Exactly this saved plan; refused if the world has moved since.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Only the changes of this stage, or the member changes of this instance.
    #[arg(long = "target", value_name = "STAGE|INSTANCE", value_parser = Focus::parse, conflicts_with = "plan")]
    pub(crate) focus: Option<Focus>,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The binding.
    pub(crate) binding: String,
    /// The instances: ids, names or private addresses.
    #[arg(required = true, value_name = "INSTANCE|IP")]
    pub(crate) instances: Vec<String>,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The binding [default: the store's only one].
    pub(crate) binding: Option<String>,
    /// Only start it.
    #[arg(long)]
    pub(crate) detach: bool,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The binding [default: every one of the store].
    pub(crate) binding: Option<String>,
    /// Only bindings with which something is wrong, and of their members only the faulty ones.
    #[arg(long)]
    pub(crate) faulty: bool,
    /// The order of members.
    #[arg(long, value_enum, value_name = "BY", default_value_t)]
    pub(crate) sort: Sort,
    /// Look again every so many seconds until Ctrl-C, and say what has changed; without a terminal only when something has
    /// [default: 10].
    #[arg(
        long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "10",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub(crate) watch: Option<u64>,
    /// How.
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Write the page of `albridge console` to this file instead, complete in itself.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["faulty", "sort", "output", "all", "watch"])]
    pub(crate) html: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The binding [default: the store's only one].
    pub(crate) binding: Option<String>,
    /// How long ago it begins, as 90m, 2h or 3d, or a time, as 2026-11-22 or 2026-11-22T08:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,
    /// The most runs.
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "all")]
    pub(crate) limit: usize,
    /// How.
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `console`.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    /// The binding [default: every one of the store].
    pub(crate) binding: Option<String>,
    /// Where the page is: an address of loopback and a port; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7700")]
    pub(crate) listen: SocketAddr,
    /// The least seconds between two looks at the cloud; nobody looks while no page is open.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) every: u32,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// The order of members.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// The faulty ones first.
    #[default]
    Health,
    /// By the instance's name.
    Name,
    /// The lightest first.
    Weight,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The instance's id or name, or a private address of it, with or without the port; or a binding, for all its instances.
    #[arg(value_name = "INSTANCE|IP[:PORT]|BINDING")]
    pub(crate) instance: String,
    /// The binding [default: the one that wants the instance].
    #[arg(long, value_name = "NAME")]
    pub(crate) binding: Option<String>,
    /// How.
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Options of `graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// The binding [default: the store's only one, or the one that wants the instance].
    pub(crate) binding: Option<String>,
    /// The instance whose path is drawn: its id, or a private address of it, with or without the port [default: none].
    #[arg(value_name = "INSTANCE|IP[:PORT]")]
    pub(crate) instance: Option<String>,
    /// What is written [default: what the file's name ends in, or svg].
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Where to [default: stdout].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub(crate) target: Target,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A picture, complete in itself.
    Svg,
    /// A flowchart for pages that render Mermaid.
    Mermaid,
    /// For Graphviz.
    Dot,
}

/// Options of `package`.
#[derive(Debug, Args)]
pub(crate) struct PackageArgs {
    /// The function, as `listener`; may be repeated [default: all].
    #[arg(long = "function", value_name = "NAME", conflicts_with = "cli")]
    pub(crate) functions: Vec<String>,
    /// This tool instead of the functions, packaged the same way, for a release.
    #[arg(long)]
    pub(crate) cli: bool,
    /// Where the packages and their manifest go [default: package in cargo's target folder].
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Functions that export spans and metrics by OpenTelemetry, where their environment says where to.
    #[arg(long, conflicts_with = "cli")]
    pub(crate) otel: bool,
    /// Package what was built before.
    #[arg(long)]
    pub(crate) no_build: bool,
    /// The sources: a clone of the repository.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) sources: PathBuf,
}

/// The deployment itself.
#[derive(Debug, Clone, Args)]
pub(crate) struct Itself {
    /// The bindings: a file [default: ALBRIDGE_BINDINGS, or bindings.yml].
    #[arg(long, value_name = "FILE")]
    pub(crate) bindings: Option<String>,
    /// What was asked for before: a file [default: the deployment's name and .json, beside the bindings].
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// The profile of ~/.aliyun/config.json, where the environment has no access key [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Take endpoints that are plain http to other machines: what is sent there can be read on the way.
    #[arg(long)]
    pub(crate) allow_http: bool,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show what would change, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Options of `deploy`.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// The deployment's name, which is its stacks' name [default: ALBRIDGE_DEPLOYMENT, or albridge].
    #[arg(long, value_name = "NAME")]
    pub(crate) deployment: Option<String>,
    /// The functions' packages, as `albridge package` leaves them.
    #[arg(long, value_name = "DIR", default_value = "target/package")]
    pub(crate) packages: PathBuf,
    /// The region of the home stack; it has to offer CloudFlow [default: as before, or the first such region with backends].
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The security group for the function verify in the VPC of a region's ALB; kept [default: the VPC's only one].
    #[arg(long = "probe-security-group", value_name = "REGION=ID", value_parser = pair)]
    pub(crate) probe_security_groups: Vec<(String, String)>,
    /// A parameter of the template, as LogDays=7; kept. May be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Where, and how.
    #[command(flatten)]
    pub(crate) itself: Itself,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The deployment's name [default: ALBRIDGE_DEPLOYMENT, or albridge].
    #[arg(long, value_name = "NAME")]
    pub(crate) deployment: Option<String>,
    /// The packages that the deployed code is compared with.
    #[arg(long, value_name = "DIR", default_value = "target/package")]
    pub(crate) packages: PathBuf,
    /// The bindings: a file [default: ALBRIDGE_BINDINGS, or bindings.yml].
    #[arg(long, value_name = "FILE")]
    pub(crate) bindings: Option<String>,
    /// What deploy was asked for before: a file [default: the deployment's name and .json, beside the bindings].
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// The profile of ~/.aliyun/config.json, where the environment has no access key [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Take endpoints that are plain http to other machines: what is sent there can be read on the way.
    #[arg(long)]
    pub(crate) allow_http: bool,
}

/// Options of `teardown`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["binding", "deployment"]))]
pub(crate) struct TeardownArgs {
    /// The binding whose things go.
    #[arg(value_name = "BINDING")]
    pub(crate) binding: Option<String>,
    /// With a binding: the deployment that it belongs to. Alone: the deployment itself goes; of this name, if one is given [default:
    /// ALBRIDGE_DEPLOYMENT, or albridge].
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub(crate) deployment: Option<String>,
    /// Attachments and connections, too, where nobody else wants or uses them.
    #[arg(long, requires = "binding")]
    pub(crate) attachments: bool,
    /// A file with the binding as it was, where the store no longer has it: an older version of the bindings.
    #[arg(long, value_name = "FILE", requires = "binding")]
    pub(crate) was: Option<PathBuf>,
    /// The region of the workflow, whose runs are waited for [default: ALBRIDGE_HOME_REGION, or where deploy put it].
    #[arg(long, value_name = "REGION", requires = "binding")]
    pub(crate) home: Option<String>,
    /// The binding store, too, with all its versions.
    #[arg(long, conflicts_with = "binding")]
    pub(crate) store: bool,
    /// Where, and how.
    #[command(flatten)]
    pub(crate) itself: Itself,
}

/// Options of `policy`.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// The function, as `listener` [default: all].
    pub(crate) stage: Option<String>,
}

/// Options of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// That of the worlds that `emulate --scenario` takes.
    #[arg(long)]
    pub(crate) scenario: bool,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder; it is made if it is not there.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a name, an equals sign and a value are expected, as LogDays=7".to_owned()),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.001..=1_000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.001 to 1000 is expected, as 20 or 0.5".to_owned()),
    }
}
