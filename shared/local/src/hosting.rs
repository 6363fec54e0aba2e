//! Where the functions run: in memory, over HTTP in this process, or as processes of their own. The emulator sees a
//! [`FunctionHost`] in each case, and speaks the custom-runtime protocol to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use emulator::fc::{Invocation, Outcome};
use emulator::host::{FunctionHost, HttpHost, Invoked, ProcessHost, read_outcome};
use fc_runtime::Endpoint;
use template::Deployment;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::error::LocalError;
use crate::functions::{self, FunctionContext, Instances};

/// How the functions are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosting {
    /// Called in memory, with no socket: for tests on paused time.
    InMemory,
    /// Served over HTTP by this process, and calling the cloud over HTTP.
    Http,
    /// The binaries of this folder, a process each.
    Processes(PathBuf),
}

/// The functions of a running deployment. They end with it.
#[derive(Debug, Default)]
pub(crate) struct Running {
    tasks: Vec<JoinHandle<()>>,
    /// Killed when dropped.
    _children: Vec<Child>,
    /// The instances of uploaded packages, if there may be any.
    packages: Option<ProcessHost>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.packages.iter().for_each(ProcessHost::end);
    }
}

/// The endpoints of all functions, by region and name. It is filled after the cloud has started, because the functions need the
/// cloud.
#[derive(Clone, Default)]
pub(crate) struct EndpointRegistry {
    in_memory: Arc<Mutex<Pools>>,
    http: HttpHost,
    /// Runs packages that were uploaded, where that was asked for.
    pub(crate) packages: Option<ProcessHost>,
}

impl EndpointRegistry {
    /// A registry without endpoints, and with what runs uploaded packages.
    pub(crate) fn with(packages: Option<ProcessHost>) -> Self {
        Self { packages, ..Self::default() }
    }
}

impl FunctionHost for EndpointRegistry {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let key = (invocation.region.clone(), invocation.function.clone());
        let pool = self.in_memory.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        match (pool, &self.packages) {
            (_, Some(packages)) if invocation.program.is_some() => packages.invoke(invocation),
            (None, _) => self.http.invoke(invocation),
            (Some(pool), _) => Box::pin(async move {
                let (number, endpoint) = pool.take();
                let _taken = Taken { pool: &pool, number };
                call(endpoint, invocation).await
            }),
        }
    }
}

/// The instances of each function, by region and name.
type Pools = BTreeMap<(String, String), Arc<Pool>>;

/// The instances of a function in memory. As Function Compute does, it gives an invocation to an instance that has room for
/// it, and makes a further one if none has.
struct Pool {
    make: Instances,
    /// The function's `InstanceConcurrency`.
    most: u32,
    instances: Mutex<Vec<Instance>>,
}

struct Instance {
    endpoint: Endpoint,
    invocations: u32,
}

impl Pool {
    fn new(make: Instances, most: u32) -> Self {
        Self { make, most: most.max(1), instances: Mutex::default() }
    }

    fn instances(&self) -> MutexGuard<'_, Vec<Instance>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance with room for one more invocation.
    fn take(&self) -> (usize, Endpoint) {
        let mut instances = self.instances();
        let free = instances.iter_mut().enumerate().find(|(_, instance)| instance.invocations < self.most);
        if let Some((number, instance)) = free {
            instance.invocations += 1;
            return (number, instance.endpoint.clone());
        }
        let endpoint = (self.make)();
        instances.push(Instance { endpoint: endpoint.clone(), invocations: 1 });
        (instances.len() - 1, endpoint)
    }
}

/// An invocation's place in an instance, until it ends or is dropped.
struct Taken<'p> {
    pool: &'p Pool,
    number: usize,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(instance) = self.pool.instances().get_mut(self.number) {
            instance.invocations -= 1;
        }
    }
}

async fn call(endpoint: Endpoint, invocation: Invocation) -> Outcome {
    let mut request = http::Request::post("/invoke");
    for (name, value) in &invocation.headers {
        request = request.header(name, value);
    }
    let request = match request.body(Bytes::from(invocation.payload)) {
        Ok(request) => request,
        Err(error) => return Outcome::Crashed(error.to_string()),
    };
    let response = endpoint.call(request).await;
    read_outcome(response.status(), response.headers(), response.body())
}

/// Serves every function of the deployed stacks.
pub(crate) async fn serve(
    hosting: &Hosting,
    registry: &EndpointRegistry,
    deployments: &[(String, Deployment)],
    context: &FunctionContext,
) -> Result<Running, LocalError> {
    let mut running = Running::default();
    running.packages.clone_from(&registry.packages);
    for (region, deployment) in deployments {
        for function in &deployment.functions {
            let name = function.environment.get("ALBRIDGE_DEPLOYMENT").map_or("albridge", String::as_str);
            if let Hosting::Processes(folder) = hosting {
                let handler = function.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
                let (child, port) =
                    spawn(&folder.join(handler.unwrap_or(&function.name)), region, function, context).await?;
                registry.http.serve(region, &function.name, &format!("127.0.0.1:{port}"));
                running._children.push(child);
                continue;
            }
            let Some(instances) = functions::instances(name, region, function, context)? else { continue };
            if *hosting == Hosting::InMemory {
                let pool = Pool::new(instances, function.instance_concurrency);
                let mut pools = registry.in_memory.lock().unwrap_or_else(PoisonError::into_inner);
                pools.insert((region.clone(), function.name.clone()), Arc::new(pool));
                continue;
            }
            let endpoint = instances();
            let listener = listen().await?;
            let address = listener.local_addr().map_err(|error| io("reading a function's port", error))?;
            registry.http.serve(region, &function.name, &address.to_string());
            running.tasks.push(tokio::spawn(async move {
                let call = move |request| {
                    let endpoint = endpoint.clone();
                    async move { endpoint.call(request).await }
                };
                if let Err(error) = emulator::ports::serve(listener, call).await {
                    tracing::warn!(%error, "a function is not served");
                }
            }));
        }
    }
    Ok(running)
}

async fn listen() -> Result<TcpListener, LocalError> {
    TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| io("opening a function's port on loopback", error))
}

fn io(what: &str, error: std::io::Error) -> LocalError {
    LocalError::Io { what: what.to_owned(), error }
}

/// Starts a function's binary as Function Compute does: with its variables, and the port it has to listen on.
async fn spawn(
    binary: &Path,
    region: &str,
    function: &template::Function,
    context: &FunctionContext,
) -> Result<(Child, u16), LocalError> {
    let listener = listen().await?;
    let port = listener.local_addr().map_err(|error| io("reading a function's port", error))?.port();
    drop(listener); // the process opens it again at once
    let what = || format!("starting {}", binary.display());
    let child = Command::new(binary)
        .env_clear()
        .envs(context.variables(function))
        .envs(context.of_processes())
        .env("FC_SERVER_PORT", port.to_string())
        .env("FC_FUNCTION_NAME", &function.name)
        .env("FC_REGION", region)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| io(&what(), error))?;
    // Real time: how long a process takes to start does not depend on the clock.
    let clock = clock::Clock::system();
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok((child, port));
        }
        clock.sleep(std::time::Duration::from_millis(25)).await;
    }
    Err(io(&what(), std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not listen")))
}
