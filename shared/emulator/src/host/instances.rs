//! Functions as processes of their own, started from the packages that were uploaded.
//!
//! An instance is filled up to the function's concurrency before another is started, serves one version of the function,
//! and is never frozen between calls. It ends when it crashed, when one of its calls ran out of time, when a newer version
//! has taken over, and when nobody asked it for a while; the next call starts another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::process::{FORKS, Process, Start};
use super::{FunctionHost, Invoked, post, read_outcome};
use crate::package::Package;
use crate::state::fc::{Invocation, Outcome, Program};

/// How long an instance without calls stays, in the cloud's time (fc-runtime.md section 1.5: 2 to 5 minutes).
const IDLE: SignedDuration = SignedDuration::from_mins(5);

/// How often idle instances are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Runs functions from their packages. Clones share the instances; they end with the last clone.
#[derive(Debug, Clone)]
pub struct ProcessHost(Arc<Pools>);

/// By region and function.
type Instances = BTreeMap<(String, String), Vec<Arc<Instance>>>;

#[derive(Debug)]
struct Pools {
    clock: Clock,
    instances: Mutex<Instances>,
    /// Variables that every process gets.
    variables: Mutex<BTreeMap<String, String>>,
    /// Where packages are unpacked.
    folder: OnceLock<Result<Folder, String>>,
    /// The versions of functions whose packages have been unpacked, and where.
    unpacked: tokio::sync::Mutex<BTreeMap<u64, PathBuf>>,
    next: AtomicU64,
    sweeping: OnceLock<()>,
}

#[derive(Debug)]
struct Instance {
    id: String,
    program: Arc<Program>,
    process: OnceCell<Process>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    calls: u32,
    /// Since when there has been no call.
    idle: Timestamp,
}

impl Instance {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> bool {
        self.process.get().is_some_and(|process| process.ended().is_some())
    }
}

/// One call's place in an instance. A call that is given up before its end takes the instance with it.
struct Place {
    pools: Arc<Pools>,
    key: (String, String),
    instance: Arc<Instance>,
    done: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.done {
            self.pools.remove(&self.key, &self.instance);
            if let Some(process) = self.instance.process.get() {
                process.kill();
            }
        }
        let mut state = self.instance.state();
        state.calls = state.calls.saturating_sub(1);
        state.idle = self.pools.clock.now();
    }
}

impl ProcessHost {
    /// A host without instances; idle ones end by this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Pools {
            clock,
            instances: Mutex::default(),
            variables: Mutex::default(),
            folder: OnceLock::new(),
            unpacked: tokio::sync::Mutex::default(),
            next: AtomicU64::new(0),
            sweeping: OnceLock::new(),
        }))
    }

    /// Sets variables that every process gets beside its own, such as those that point it at the emulator.
    pub fn set_variables(&self, variables: BTreeMap<String, String>) {
        *self.0.variables.lock().unwrap_or_else(PoisonError::into_inner) = variables;
    }

    /// Ends every instance; calls under way fail.
    pub fn end(&self) {
        for instance in std::mem::take(&mut *self.0.instances()).into_values().flatten() {
            if let Some(process) = instance.process.get() {
                process.kill();
            }
        }
    }

    /// How many instances there are of a function.
    #[cfg(test)]
    pub(crate) fn instances(&self, region: &str, function: &str) -> usize {
        self.0.instances().get(&(region.to_owned(), function.to_owned())).map_or(0, Vec::len)
    }
}

impl FunctionHost for ProcessHost {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let pools = Arc::clone(&self.0);
        Box::pin(async move {
            let Some(program) = invocation.program.clone() else {
                return Outcome::Crashed(format!("nothing serves function {}", invocation.function));
            };
            pools.sweep_for_ever();
            let key = (invocation.region.clone(), invocation.function.clone());
            let mut place = pools.place(key, &program);
            let instance = Arc::clone(&place.instance);
            let started = instance.process.get_or_try_init(|| pools.start(&instance, &invocation)).await;
            let process = match started {
                Ok(process) => process,
                Err(why) => return Outcome::Crashed(why),
            };
            match post(&process.authority(), invocation).await {
                Ok((status, headers, body)) => {
                    place.done = true;
                    read_outcome(status, &headers, &body)
                }
                Err(error) => {
                    let how = process.ended().unwrap_or_else(|| error.to_string());
                    Outcome::Crashed(format!("Process exited unexpectedly before completing request ({how})"))
                }
            }
        })
    }
}

impl Pools {
    fn instances(&self) -> MutexGuard<'_, Instances> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place in an instance of this version: the fullest that has one, or a new one.
    fn place(self: &Arc<Self>, key: (String, String), program: &Arc<Program>) -> Place {
        let now = self.clock.now();
        let mut all = self.instances();
        let pool = all.entry(key.clone()).or_default();
        pool.retain(|instance| !instance.ended() && !outdated(instance, program));
        let free = pool.iter().filter(|instance| {
            instance.program.revision == program.revision && instance.state().calls < program.instance_concurrency
        });
        let instance = free.max_by_key(|instance| instance.state().calls).cloned().unwrap_or_else(|| {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let instance = Arc::new(Instance {
                id: format!("c-{number:08x}"),
                program: Arc::clone(program),
                process: OnceCell::new(),
                state: Mutex::new(State { calls: 0, idle: now }),
            });
            pool.push(Arc::clone(&instance));
            instance
        });
        instance.state().calls += 1;
        drop(all);
        Place { pools: Arc::clone(self), key, instance, done: false }
    }

    fn remove(&self, key: &(String, String), instance: &Arc<Instance>) {
        if let Some(pool) = self.instances().get_mut(key) {
            pool.retain(|other| !Arc::ptr_eq(other, instance));
        }
    }

    /// Starts an instance's process for a call, whose keys it gets.
    async fn start(&self, instance: &Instance, invocation: &Invocation) -> Result<Process, String> {
        let folder = self.unpacked(&instance.program).await?;
        let mut environment = self.variables.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys = [
            ("x-fc-access-key-id", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
            ("x-fc-access-key-secret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
            ("x-fc-security-token", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ];
        for (header, variable) in keys {
            let sent = invocation.headers.iter().find(|(name, _)| name == header);
            environment.extend(sent.map(|(_, value)| (variable.to_owned(), value.clone())));
        }
        Start { instance: &instance.id, program: &instance.program, folder: &folder, environment }.run().await
    }

    /// Where a version's package is, unpacked.
    async fn unpacked(&self, program: &Arc<Program>) -> Result<PathBuf, String> {
        let mut unpacked = self.unpacked.lock().await;
        if let Some(folder) = unpacked.get(&program.revision) {
            return Ok(folder.clone());
        }
        let base = self.folder.get_or_init(Folder::new).as_ref().map_err(Clone::clone)?;
        let folder = base.0.join(program.revision.to_string());
        let (package, into) = (Arc::clone(&program.package), folder.clone());
        let written = tokio::task::spawn_blocking(move || write(&package, &into)).await;
        written.map_err(|error| error.to_string()).flatten()?;
        unpacked.insert(program.revision, folder.clone());
        Ok(folder)
    }

    /// Ends instances that nobody has asked for a while.
    fn sweep(&self) {
        let now = self.clock.now();
        self.instances().retain(|_, pool| {
            pool.retain(|instance| {
                let state = instance.state();
                state.calls > 0 || now.duration_since(state.idle) < IDLE
            });
            !pool.is_empty()
        });
    }

    /// Sweeps from time to time, for as long as there is a host.
    fn sweep_for_ever(self: &Arc<Self>) {
        self.sweeping.get_or_init(|| {
            let (clock, pools): (Clock, Weak<Self>) = (self.clock.clone(), Arc::downgrade(self));
            tokio::spawn(async move {
                loop {
                    clock.sleep(SWEEP).await;
                    match pools.upgrade() {
                        Some(pools) => pools.sweep(),
                        None => return,
                    }
                }
            });
        });
    }
}

/// Whether an instance is of an older version, and free to go.
fn outdated(instance: &Instance, program: &Program) -> bool {
    instance.program.revision < program.revision && instance.state().calls == 0
}

/// Writes a package's files into a folder of its own.
fn write(package: &Package, into: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("The emulator cannot unpack a package: {error}.");
    let _none_meanwhile = FORKS.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::create_dir_all(into).map_err(failed)?;
    for file in package.files() {
        let file = file.map_err(|error| error.to_string())?;
        let path = into.join(file.path);
        let Some(body) = file.body else {
            std::fs::create_dir_all(&path).map_err(failed)?;
            continue;
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&path, body).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(file.mode)).map_err(failed)?;
        }
    }
    Ok(())
}

/// A folder that goes with the host.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let name = format!("albridge-code-{}-{}", std::process::id(), Clock::system().uuid());
        let path = std::env::temp_dir().join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            builder.mode(0o700);
        }
        builder.create(&path).map_err(|error| format!("The emulator cannot make {}: {error}.", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}
