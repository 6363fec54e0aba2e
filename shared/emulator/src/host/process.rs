//! One instance's process: started as Function Compute starts a custom runtime, and ended with all that it started.
//!
//! A shell stands at the beginning of each: it sets the memory limit, leaves a watcher behind and becomes the function. The
//! watcher reads a pipe whose other end the emulator holds. Whenever that end closes, because the instance is to go or
//! because the emulator itself ended in whatever way, it kills the instance's process group, itself included; so no process
//! outlives the emulator, and no number of a process that is gone is ever signalled.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinHandle;

use crate::state::fc::Program;

/// How long an instance may take to open its port, in real seconds (fc-runtime.md section 1.1).
const START: u32 = 120;

/// How often its port is tried.
const PATIENCE: Duration = Duration::from_millis(10);

/// How long the output of an instance that does not start is waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How much of an instance's last output is kept for its obituary.
const TAIL: usize = 4 << 10;

/// Where an instance is called. Function Compute calls it from outside of its container, so a server that listens on 127.0.0.1 alone is not
/// reached (fc-runtime.md section 1.1). A second loopback address shows the same here; systems other than Linux have only the one.
pub(super) const OUTSIDE: Ipv4Addr =
    if cfg!(target_os = "linux") { Ipv4Addr::new(127, 0, 0, 2) } else { Ipv4Addr::LOCALHOST };

/// `$1` is the memory in KiB, the rest the function's command.
const SHELL: &str = r#"
ulimit -d "$1" || exit 126
shift
exec 3<&0 </dev/null
(while read -r _ <&3; do :; done; kill -s KILL -- "-$$") >/dev/null 2>&1 &
exec 3<&-
exec "$@"
"#;

/// The folder of a function's files, as the function knows it.
const CODE: &str = "/code";

/// Held while a package is written and while a process is started: a process that is just being started has the files open for
/// writing that its parent has, and what is open for writing cannot be executed.
pub(super) static FORKS: Mutex<()> = Mutex::new(());

/// A running instance. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    port: u16,
    child: Mutex<Child>,
    /// Its end is the process's end.
    pipe: Mutex<Option<ChildStdin>>,
    output: Output,
}

/// The last bytes that a process wrote.
#[derive(Debug, Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// Reads to the end, and logs what comes.
    async fn follow(self, instance: String, mut from: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 8 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let Some(read) = buffer.get(..count) else { return };
            tracing::debug!(instance, "{}", String::from_utf8_lossy(read).trim_end());
            let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            tail.extend_from_slice(read);
            let surplus = tail.len().saturating_sub(TAIL);
            tail.drain(..surplus);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).trim().to_owned()
    }
}

/// What a process is started with.
pub(super) struct Start<'s> {
    pub(super) instance: &'s str,
    pub(super) program: &'s Program,
    /// Where the package was unpacked.
    pub(super) folder: &'s Path,
    /// Variables beside the program's.
    pub(super) environment: BTreeMap<String, String>,
}

impl Start<'_> {
    /// Starts the process, and waits until it listens.
    ///
    /// # Errors
    /// Function Compute's words for an instance that does not start.
    pub(super) async fn run(self) -> Result<Process, String> {
        let (process, followers) = self.spawn().await?;
        // Real time: how long a process takes to start does not depend on the cloud's clock.
        let clock = Clock::system();
        let opened = async {
            loop {
                if let Some(ended) = process.ended() {
                    let command = self.program.command.join(" ");
                    return Err(format!(
                        "Function instance exited unexpectedly({ended}) with start command '{command}'."
                    ));
                }
                if process.answers(OUTSIDE).await {
                    return Ok(());
                }
                // The cloud finds that out after two minutes.
                if process.answers(Ipv4Addr::LOCALHOST).await && !process.answers(OUTSIDE).await {
                    return Err(format!(
                        "Function instance health check failed on port {} in {START} seconds. It listens on 127.0.0.1 alone, and \
                         has to on 0.0.0.0.",
                        process.port
                    ));
                }
                clock.sleep(PATIENCE).await;
            }
        };
        let late =
            |_| Err(format!("Function instance health check failed on port {} in {START} seconds.", process.port));
        match clock.timeout(Duration::from_secs(START.into()), opened).await.unwrap_or_else(late) {
            Ok(()) => Ok(process),
            Err(why) => {
                // What it wrote last may still be on its way.
                process.kill();
                let _or_what_there_is = clock.timeout(LAST_WORDS, futures_util::future::join_all(followers)).await;
                Err(format!("{why} Logs:{}", process.output.text()))
            }
        }
    }

    async fn spawn(&self) -> Result<(Process, Vec<JoinHandle<()>>), String> {
        let failed = |error: std::io::Error| format!("The emulator cannot start an instance: {error}.");
        // A port that is free at every address: an instance in the cloud has all ports to itself.
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        drop(listener);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SHELL, "sh"])
            .arg((u64::from(self.program.memory) << 10).to_string())
            .args(self.program.command.iter().map(|word| here(word, self.folder)))
            .current_dir(self.folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(&self.program.environment)
            .envs(&self.environment)
            .env("FC_FUNC_CODE_PATH", self.folder)
            .env("FC_INSTANCE_ID", self.instance)
            .env("FC_SERVER_PORT", port.to_string())
            .env("FC_CUSTOM_LISTEN_PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let spawned = {
            let _nothing_is_written = FORKS.lock().unwrap_or_else(PoisonError::into_inner);
            command.spawn()
        };
        let mut child = spawned.map_err(failed)?;
        let output = Output::default();
        let pipes: [Option<Box<dyn AsyncRead + Unpin + Send>>; 2] =
            [child.stdout.take().map(|pipe| Box::new(pipe) as _), child.stderr.take().map(|pipe| Box::new(pipe) as _)];
        let follow = |pipe| tokio::spawn(output.clone().follow(self.instance.to_owned(), pipe));
        let followers = pipes.into_iter().flatten().map(follow).collect();
        let pipe = Mutex::new(child.stdin.take());
        Ok((Process { port, child: Mutex::new(child), pipe, output }, followers))
    }
}

/// A word of the command, with the function's folder as it is called on this machine.
fn here(word: &str, folder: &Path) -> PathBuf {
    match word.strip_prefix(CODE) {
        Some("") => folder.to_owned(),
        Some(rest) if rest.starts_with('/') => folder.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(word),
    }
}

impl Process {
    /// Where it listens.
    pub(super) fn authority(&self) -> String {
        format!("{OUTSIDE}:{}", self.port)
    }

    async fn answers(&self, address: Ipv4Addr) -> bool {
        TcpStream::connect((address, self.port)).await.is_ok()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> Option<String> {
        let status = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait();
        match status {
            Ok(None) => None,
            Ok(Some(status)) => Some(match status.code() {
                Some(code) => format!("code {code}"),
                None => status.to_string(),
            }),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Ends it and all that it started.
    pub(super) fn kill(&self) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        // The watcher does that too; but it may be gone.
        let _gone_already = self.child.lock().unwrap_or_else(PoisonError::into_inner).start_kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
