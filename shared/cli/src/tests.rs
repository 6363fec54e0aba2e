//! Whole commands on an emulated cloud in this process, on paused time: what they print, and how they exit.

mod applying;
mod breakages;
mod deploying;
mod doctor;
mod empty;
mod examining;
mod following;
mod gitops;
mod healing;
mod history;
mod ignoring;
mod importing;
mod interrupting;
mod keys;
mod notifying;
mod readings;
mod reference;
mod roots;
mod starting;
mod targets;
mod teardown;
mod watching;
mod widths;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use clock::Clock;
use local::{Local, Options, Stack};
use openapi::Transport;
use serde_json::{Value, json};

use crate::args::Cli;
use crate::carry_out;
use crate::environment::Environment;
use crate::interrupt::Interrupts;
use crate::output::Console;

const HOME: &str = "cn-hangzhou";

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// All that was printed.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The lines of stdout, each of which has to be JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// An operator's machine beside an emulated cloud.
pub(crate) struct Desk {
    pub(crate) local: Local,
    pub(crate) variables: BTreeMap<String, String>,
    transport: Arc<dyn Transport>,
    folder: PathBuf,
    /// This machine's clock, where it is not the cloud's.
    clock: Option<Clock>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.folder);
    }
}

/// The number of desks so far.
static DESKS: AtomicUsize = AtomicUsize::new(0);

impl Desk {
    /// The deployment on paused time; its timer rests. `name` is the test's own.
    pub(crate) async fn start(name: &str, options: Options) -> Self {
        let stacks = vec![Stack::home().with("TimerCron", "0 0 0 1 1 *"), Stack::probe("cn-chengdu", "vpc-1")];
        Self::with(name, Options { stacks, ..options }).await
    }

    /// The same without a deployment.
    pub(crate) async fn before_deployment(name: &str, options: Options) -> Self {
        Self::with(name, Options { stacks: Vec::new(), ..options }).await
    }

    async fn with(name: &str, options: Options) -> Self {
        // Two tests may use one name.
        let number = DESKS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("albridge-desk-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("bindings.yml"), &options.bindings).unwrap();
        let clock = Clock::seeded("2026-11-22T08:00:00Z".parse().unwrap(), options.settings.seed);
        let regions = options.settings.regions.clone();
        let local = Local::start(options, clock).await.unwrap();
        let url = |region: &str| format!("http://{region}.api.emulated");
        let mut endpoints: BTreeMap<&str, String> =
            regions.iter().map(|region| (region.as_str(), url(region))).collect();
        endpoints.insert("*", url(HOME));
        let key = local.cloud().with(|world| world.root_credentials());
        let variables = BTreeMap::from([
            ("ALBRIDGE_ENDPOINTS".to_owned(), json!(endpoints).to_string()),
            // The names lead into this process.
            ("ALBRIDGE_ALLOW_HTTP".to_owned(), "1".to_owned()),
            ("ALBRIDGE_BINDINGS".to_owned(), folder.join("bindings.yml").display().to_string()),
            ("ALBRIDGE_HOME_REGION".to_owned(), HOME.to_owned()),
            ("ALIBABA_CLOUD_ACCESS_KEY_ID".to_owned(), key.access_key_id),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET".to_owned(), key.access_key_secret),
        ]);
        let transport = Arc::new(local::in_memory(local.cloud().clone()));
        Self { local, variables, transport, folder, clock: None }
    }

    /// A file of this test's own.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Every call goes right again.
    pub(crate) fn heal(&self) {
        let now = self.local.clock().now();
        self.local.cloud().with(|world| world.clear_faults(now));
    }

    /// Runs a command.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_by(self.transport(), arguments).await
    }

    /// The way to the cloud.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }

    /// Runs a command over another way to the cloud.
    pub(crate) async fn run_by(&self, transport: Arc<dyn Transport>, arguments: &[&str]) -> Ran {
        self.carry_out(transport, self.clock(), arguments, None, Interrupts::default()).await
    }

    /// Runs a command on a machine whose clock shows another time.
    pub(crate) async fn run_at(&self, clock: Clock, arguments: &[&str]) -> Ran {
        self.carry_out(self.transport(), clock, arguments, None, Interrupts::default()).await
    }

    /// Runs a command on a terminal with so many columns.
    pub(crate) async fn run_on(&self, columns: usize, arguments: &[&str]) -> Ran {
        self.carry_out(self.transport(), self.clock(), arguments, Some(columns), Interrupts::default()).await
    }

    /// Runs a command, on a terminal or not, that hears these interruptions.
    pub(crate) async fn run_until(&self, ctrl_c: Interrupts, terminal: Option<usize>, arguments: &[&str]) -> Ran {
        self.carry_out(self.transport(), self.clock(), arguments, terminal, ctrl_c).await
    }

    /// The same over another way to the cloud.
    pub(crate) async fn run_between(&self, way: Arc<dyn Transport>, ctrl_c: Interrupts, arguments: &[&str]) -> Ran {
        self.carry_out(way, self.clock(), arguments, None, ctrl_c).await
    }

    fn clock(&self) -> Clock {
        self.clock.as_ref().unwrap_or(self.local.clock()).clone()
    }

    async fn carry_out(
        &self,
        transport: Arc<dyn Transport>,
        clock: Clock,
        arguments: &[&str],
        terminal: Option<usize>,
        interrupts: Interrupts,
    ) -> Ran {
        let cli = Cli::try_parse_from(std::iter::once("albridge").chain(arguments.iter().copied())).unwrap();
        let (console, kept) = Console::captured(cli.form(), terminal);
        let environment =
            Environment { interrupts, ..Environment::with_transport(self.variables.clone(), transport, clock) };
        let code = Box::pin(carry_out(&cli.command, &environment, console)).await;
        let text = |kept: &std::sync::Mutex<String>| kept.lock().unwrap().clone();
        Ran { code, stdout: text(&kept.stdout), stderr: text(&kept.stderr) }
    }
}
