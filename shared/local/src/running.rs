//! A running local deployment.

use std::sync::Arc;

use clock::Clock;
use emulator::driver::Cloud;
use emulator::host::ProcessHost;
use emulator::ports::Ports;
use emulator::recording::{Preface, Recorder};
use emulator::{Generation, World};
use jiff::Timestamp;
use openapi::{Client, Config, Credentials, Endpoints, PlainHttp, Transport};

use crate::error::LocalError;
use crate::hosting::{self, Hosting};
use crate::options::Options;
use crate::transport::{self, in_memory_with};
use crate::{functions, stacks};

/// A running deployment on an emulated cloud. It ends when this is dropped.
pub struct Local {
    pub(crate) cloud: Cloud,
    pub(crate) clock: Clock,
    pub(crate) ports: Option<Ports>,
    pub(crate) operator: Client,
    pub(crate) settings: stage::Settings,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) credentials: Credentials,
    pub(crate) preface: Preface,
    pub(crate) _hosting: hosting::Running,
}

impl Local {
    /// Starts a cloud, deploys the template's stacks into it, stores the bindings, and serves the functions.
    ///
    /// # Errors
    /// [`LocalError`]: what could not be read or opened.
    pub async fn start(options: Options, clock: Clock) -> Result<Self, LocalError> {
        let now = clock.now();
        let preface = preface(&options, now, clock.speed());
        let mut world = World::new(options.settings.clone());
        options.keys.into_iter().for_each(|(role, key)| world.plant_key(&role, key));
        let policy = emulator::AlbPolicy { generation: options.generation, ..world.alb_policy() };
        world.set_alb_policy(policy);
        world.load(now, &options.scenario)?;
        world.add_faults(now, options.faults)?;
        let key = world.root_credentials();
        let credentials = Credentials::new(key.access_key_id, key.access_key_secret);
        let mut deployments = Vec::new();
        for stack in &options.stacks {
            let deployment = stacks::resolve(stack, &options.settings.account_id)?;
            world.deploy(now, &stack.region, &deployment)?;
            deployments.push((stack.region.clone(), deployment));
        }
        stacks::store(&mut world, now, &options.bindings, &options.secrets);
        let packages =
            (options.packages && options.hosting != Hosting::InMemory).then(|| ProcessHost::new(clock.clone()));
        let registry = hosting::EndpointRegistry::with(packages);
        let cloud = Cloud::start(world, clock.clone(), Arc::new(registry.clone()));
        let ports = match options.hosting {
            Hosting::InMemory => None,
            Hosting::Http | Hosting::Processes(_) => {
                let opened = Ports::open(&cloud, options.first_port).await;
                Some(opened.map_err(|error| LocalError::Io { what: "opening ports on loopback".to_owned(), error })?)
            }
        };
        let endpoints = match &ports {
            None => transport::names(&options.settings.regions),
            Some(ports) => transport::ports(ports, &options.settings.regions),
        };
        let transport: Arc<dyn Transport> = match &ports {
            None => Arc::new(in_memory_with(cloud.clone(), options.beyond.0.clone())),
            Some(_) => transport::http()?,
        };
        let config = Config {
            credentials: credentials.clone(),
            endpoints: Endpoints::parse_with(&serde_json::json!(endpoints).to_string(), PlainHttp::Anywhere)
                .unwrap_or_default(),
            signature: options.signature,
            read_only: false,
        };
        let operator = Client::new(config, Arc::clone(&transport), clock.clone());
        let context = functions::FunctionContext {
            endpoints: transport::inside(&endpoints),
            resolve: transport::resolve(&cloud, ports.as_ref()).await?,
            in_memory: ports.is_none(),
            signature: options.signature,
            transport: Arc::clone(&transport),
            clock: clock.clone(),
        };
        if let Some(packages) = &registry.packages {
            packages.set_variables(context.of_processes());
        }
        let running = hosting::serve(&options.hosting, &registry, &deployments, &context).await?;
        let settings = functions::operator_settings(&deployments, &context)?;
        Ok(Self { cloud, clock, ports, operator, settings, transport, credentials, preface, _hosting: running })
    }

    /// The emulated cloud.
    #[must_use]
    pub const fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The clock that everything runs on.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The open ports, where there are any.
    #[must_use]
    pub const fn ports(&self) -> Option<&Ports> {
        self.ports.as_ref()
    }

    /// A client with the account's own key, as a user of the console has it.
    #[must_use]
    pub const fn operator(&self) -> &Client {
        &self.operator
    }

    /// What an operator's own machine has: for `plan` and `apply`.
    #[must_use]
    pub fn operator_host(&self) -> stage::Host {
        stage::Host::new(
            self.settings.clone(),
            Arc::clone(&self.transport),
            self.clock.clone(),
            self.credentials.clone(),
        )
    }

    /// The same with another transport, built from the usual one.
    pub fn operator_host_by(&self, way: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>) -> stage::Host {
        let transport = way(Arc::clone(&self.transport));
        stage::Host::new(self.settings.clone(), transport, self.clock.clone(), self.credentials.clone())
    }

    /// Records every exchange with the cloud from now on, for `replay`; `scenario` is the display name of the world.
    /// Without `secrets`, signatures, tokens and secrets are left out.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn record(
        &self,
        out: impl std::io::Write + Send + 'static,
        scenario: &str,
        secrets: bool,
    ) -> std::io::Result<()> {
        let preface = Preface { scenario: scenario.to_owned(), ..self.preface.clone() };
        self.cloud.record(Recorder::begin(out, &preface, secrets)?);
        Ok(())
    }

    /// Puts other bindings in the store.
    pub fn store(&self, bindings: &str) {
        let now = self.cloud.now();
        self.cloud.with(|world| stacks::store(world, now, bindings, ""));
    }

    /// A GET through a listener of an ALB, the way this deployment's clients reach it: over HTTP where there are ports,
    /// else in memory. Gives status, the header `X-Served-By` and the body; `None` if there is no such listener.
    pub async fn get(&self, load_balancer: &str, port: u16, host: &str) -> Option<Fetched> {
        let response = match &self.ports {
            None => self.cloud.request_alb(load_balancer, port, Some(host), "/")?,
            Some(ports) => {
                let address = ports.listener(load_balancer, port).await.ok()?;
                let request = http::Request::get(format!("http://{address}/")).header(http::header::HOST, host);
                self.transport.send(request.body(bytes::Bytes::new()).ok()?).await.ok()?
            }
        };
        let served_by = response.headers().get("x-served-by").and_then(|name| name.to_str().ok()).map(str::to_owned);
        let body = String::from_utf8_lossy(response.body()).into_owned();
        Some(Fetched { status: response.status().as_u16(), served_by, body })
    }
}

/// The first line of a recording: how to build the world that it started from.
fn preface(options: &Options, started: Timestamp, speed: f64) -> Preface {
    Preface {
        recording: 1,
        scenario: String::new(),
        world: options.scenario.clone(),
        bindings: options.bindings.clone(),
        faults: options.faults.clone(),
        generation: match options.generation {
            Generation::Upgraded => "upgraded",
            Generation::Classic => "classic",
        }
        .to_owned(),
        rates: options.settings.rates,
        seed: options.settings.seed,
        speed,
        deployed: !options.stacks.is_empty(),
        started,
    }
}

/// The answer to a GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The instance that says it served the request.
    pub served_by: Option<String>,
    /// The body.
    pub body: String,
}
