//! `albridge emulate`: the emulated cloud on loopback, for other programs.
//!
//! It prints one JSON line when it is ready. If the template is deployed, events start the workflow, the
//! timer repairs drift, and the functions run in this process and call the cloud over HTTP.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clock::Clock;
use emulator::{Credentials, RateLimits, Settings, Strict, faults};
use local::{Generation, HOME, Hosting, Local, LocalError, Options, PROCEDURE_BINDING, Stack};
use onboarding::Store;
use serde::Serialize;

use crate::args::{Alb, EmulateArgs, Rates, Target};
use crate::environment::Environment;
use crate::files;
use crate::output::{CliError, Console, Exit};
use crate::page;
use crate::signals;
use crate::target::{self, Access};

/// The line that is printed when all ports are open.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    /// `ALBRIDGE_ENDPOINTS`: by region, and `*` for central services.
    endpoints: BTreeMap<String, String>,
    access_key_id: String,
    access_key_secret: String,
    /// The bindings as a file on this machine.
    bindings: PathBuf,
    /// The same in the emulated cloud, where the functions read them.
    store: String,
    /// By `<load balancer>:<port>`, the address for that listener. Connections are closed while there is no such listener.
    data_plane: BTreeMap<String, String>,
    /// Whether the template's functions run.
    deployed: bool,
    /// How many seconds of its time pass in a real one. `GET /-/clock` says it as well.
    speed: f64,
    /// Where the page is, if it is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    console: Option<String>,
}

/// The least seconds between two looks of the page: nothing here costs anything.
const EVERY: u32 = 1;

/// Serves until it is stopped.
pub(crate) async fn emulate(args: &EmulateArgs, console: Console) -> Result<Exit, CliError> {
    let scenario = match args.scenario.as_str() {
        "procedure" => emulator::PROCEDURE.to_owned(),
        "empty" => String::from("vpcs: []\n"),
        file => read(Path::new(file), "scenario")?,
    };
    let (bindings, name) = match &args.bindings {
        Some(file) => (read(file, "bindings")?, file.display().to_string()),
        None => (PROCEDURE_BINDING.to_owned(), "the procedure's bindings".to_owned()),
    };
    let store = Store::parse(&bindings, &name).map_err(|error| CliError::Usage(error.to_string()))?;
    let procedure = args.scenario == "procedure";
    let deployed = args.deploy.unwrap_or(!args.strict && (procedure || args.bindings.is_some()));
    let strict = if args.strict { Strict::all() } else { Strict::default() };
    let rates = match args.rates {
        None => RateLimits::Off,
        Some(Rates::Calendar) => RateLimits::Calendar,
        Some(Rates::Sliding) => RateLimits::Sliding,
    };
    let settings = Settings { seed: args.seed, strict, rates, ..Settings::default() };
    let clock = Clock::scaled(args.speed);
    let faults = match &args.faults {
        None => Vec::new(),
        Some(file) => faults::parse(&read(file, "list of faults")?)
            .map_err(|error| CliError::Usage(format!("{}: {error}.", file.display())))?,
    };
    let options = Options {
        scenario,
        generation: generation(args.alb),
        bindings: bindings.clone(),
        stacks: if deployed { stacks(&store, procedure) } else { Vec::new() },
        hosting: Hosting::Http,
        packages: args.strict,
        keys: if args.strict { vec![("root".to_owned(), key(&clock))] } else { Vec::new() },
        settings,
        faults,
        first_port: args.port,
        ..Options::default()
    };
    let local = Local::start(options, clock).await.map_err(|error| match error {
        LocalError::Scenario(_) => CliError::Usage(error.to_string()),
        _ => CliError::Failed(error.to_string()),
    })?;
    if let Some(file) = &args.record {
        let failed = |error| CliError::Usage(format!("The recording {} cannot be written: {error}.", file.display()));
        let out = files::create(file).map_err(failed)?;
        local.record(out, &args.scenario, args.record_secrets).map_err(failed)?;
    }
    let folder = match &args.bindings {
        Some(_) => None,
        None => Some(Folder::with(&bindings)?),
    };
    let file = match (&args.bindings, &folder) {
        (Some(file), _) => std::path::absolute(file).unwrap_or_else(|_| file.clone()),
        (None, Some(folder)) => folder.file(),
        (None, None) => PathBuf::new(),
    };
    let mut ready = ready(&local, file, deployed).await?;
    if args.console {
        ready.console = Some(serve_page(&ready, deployed || args.strict).await?);
    }
    match serde_json::to_string(&ready) {
        Ok(line) => console.raw(&line),
        Err(error) => return Err(CliError::Failed(error.to_string())),
    }
    if console.is_for_people() {
        console.note(
            "The emulated cloud is up; Ctrl-C ends it. Hand its line to clients as ALBRIDGE_ENDPOINTS (endpoints),",
        );
        console.note("ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALBRIDGE_BINDINGS.");
        if let Some(url) = &ready.console {
            console.note(format!("Its page is at {url}"));
        }
    }
    signals::ended().await;
    Ok(Exit::Done)
}

/// A key of the account that no other user of this machine knows: whoever has it runs programs here.
fn key(clock: &Clock) -> Credentials {
    let secret = || clock.uuid().replace('-', "");
    Credentials { access_key_id: "testid".to_owned(), access_key_secret: secret() + &secret(), security_token: None }
}

/// The emulator's name of a generation.
pub(crate) const fn generation(alb: Alb) -> Generation {
    match alb {
        Alb::Upgraded => Generation::Upgraded,
        Alb::Classic => Generation::Classic,
    }
}

/// The stacks that the bindings ask for: home, an outpost in every other region with backends, and for the procedure's
/// world a probe, whose VPC and vSwitches are known.
fn stacks(store: &Store, procedure: bool) -> Vec<Stack> {
    let mut stacks = vec![if procedure { Stack::home() } else { Stack::home().with("Probes", "") }];
    if procedure {
        stacks.push(Stack::probe("cn-chengdu", "vpc-1"));
    }
    let mut regions: Vec<&str> =
        store.bindings.iter().flat_map(|binding| &binding.backends).map(|backend| backend.region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    // One stack a region: where the probe is, an outpost would need the combined role.
    let taken = |region: &&str| *region == HOME || (procedure && *region == "cn-chengdu");
    stacks.extend(regions.into_iter().filter(|region| !taken(region)).map(Stack::outpost));
    // As deploy has it: events of these accounts concern home and the outposts.
    let roles = store.assumed_roles().into_iter().collect::<Vec<_>>().join(",");
    let hears = |stack: &Stack| stack.parameters.get("Role").is_none_or(|role| role != "probe");
    let with_roles = |stack: Stack| if hears(&stack) { stack.with("AssumeRoles", &roles) } else { stack };
    stacks.into_iter().map(with_roles).collect()
}

async fn ready(local: &Local, bindings: PathBuf, deployed: bool) -> Result<Ready, CliError> {
    let failed = |error: std::io::Error| CliError::Failed(format!("A port on loopback cannot be had: {error}."));
    let ports = local.ports().ok_or_else(|| CliError::Failed("The emulator has no ports.".to_owned()))?;
    let mut reached = ports.endpoints().await.map_err(failed)?;
    for (id, _) in local.cloud().with(|world| world.load_balancers()) {
        let address = ports.listener(&id, 80).await.map_err(failed)?;
        reached.data_plane.insert(format!("{id}:80"), format!("http://{address}"));
    }
    let home = reached.endpoints.get(HOME).cloned();
    reached.endpoints.extend(home.map(|url| ("*".to_owned(), url)));
    Ok(Ready {
        endpoints: reached.endpoints,
        access_key_id: reached.access_key_id,
        access_key_secret: reached.access_key_secret,
        bindings,
        store: local::store_address(),
        data_plane: reached.data_plane,
        deployed,
        speed: local.clock().speed(),
        console: None,
    })
}

/// The page, as `albridge console` serves it to whom the line is handed.
async fn serve_page(ready: &Ready, has_home: bool) -> Result<String, CliError> {
    let endpoints = serde_json::to_string(&ready.endpoints).map_err(|error| CliError::Failed(error.to_string()))?;
    let home = has_home.then(|| ("ALBRIDGE_HOME_REGION", HOME.to_owned()));
    let variables = [
        ("ALBRIDGE_ENDPOINTS", endpoints),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", ready.access_key_id.clone()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ready.access_key_secret.clone()),
        ("ALBRIDGE_BINDINGS", ready.bindings.display().to_string()),
    ];
    let variables = variables.into_iter().chain(home).map(|(name, value)| (name.to_owned(), value)).collect();
    let host = target::host(&Target::default(), &Environment::new(variables), Access::Read).await?;
    page::beside(host, EVERY).await
}

fn read(file: &Path, what: &str) -> Result<String, CliError> {
    std::fs::read_to_string(file)
        .map_err(|error| CliError::Usage(format!("The {what} {} cannot be read: {error}.", file.display())))
}

/// A temporary folder for the procedure's bindings; it is removed when the process ends.
struct Folder(PathBuf);

impl Folder {
    fn with(bindings: &str) -> Result<Self, CliError> {
        // A process of the same number may have been killed and have left its folder.
        let path = std::env::temp_dir().join(format!("albridge-emulate-{}", Clock::system().uuid()));
        let failed = |error| CliError::Failed(format!("{} cannot be written: {error}.", path.display()));
        files::folder(&path).map_err(failed)?;
        let folder = Self(path.clone());
        std::fs::write(folder.file(), bindings).map_err(failed)?;
        Ok(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("bindings.yml")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}
