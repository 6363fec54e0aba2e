//! A cloud whose time stands still until its client lets it pass: what two processes need to share one virtual time.
//!
//! ```text
//!   client process                                  this process (paused clock of tokio, on one thread)
//!     calls, over HTTP on loopback ───────────────►   answered at once; no time passes, whatever the client computes
//!     "leap 4.5\n", on the control port ──────────►   4.5 s of the cloud's time pass, step by step, as the cloud needs them
//!                                    ◄────────────   {"now": seconds since the beginning}
//!     "calls\n"                      ◄────────────   {"calls": n, "byAction": {...}, "seen": seconds}: calls since the last such
//!                                                    question, and when what was watched for was seen first
//! ```
//!
//! tokio's paused clock jumps whenever the runtime has nothing to do, but not while a blocking task runs: [`Hold`] is one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clock::Clock;
use local::Local;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// While it lives, tokio's paused clock does not jump.
pub struct Hold(Option<std::sync::mpsc::Sender<()>>);

impl Hold {
    /// Holds the time of this runtime.
    pub fn new() -> Self {
        let (release, released) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || released.recv());
        Self(Some(release))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

/// Calls that the cloud was asked, by action.
#[derive(Clone, Default)]
pub struct Count(Arc<Mutex<BTreeMap<String, usize>>>);

impl Count {
    /// Counts every call of a cloud from now on. The emulator's own log forgets the oldest of very many.
    pub fn of(local: &Local) -> Self {
        let count = Self::default();
        let counted = count.clone();
        local.cloud().gateway().watch(move |_, call| counted.add(&call.action));
        count
    }

    fn add(&self, action: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(action) {
            Some(count) => *count += 1,
            None => drop(counts.insert(action.to_owned(), 1)),
        }
    }

    /// What was counted since the last question.
    pub fn take(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How often what is watched for is looked at, while time passes.
const STEP: Duration = Duration::from_millis(100);

/// Serves the control port for ever. Time is held but for leaps; `watch` is asked whether something is so already.
pub async fn serve(clock: Clock, listener: TcpListener, count: Count, watch: Option<impl Fn() -> bool>) {
    let begun = clock.now();
    let mut seen = None;
    let mut hold = Hold::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match line.split_once(' ') {
                Some(("leap", seconds)) => {
                    let time = Duration::try_from_secs_f64(seconds.parse().unwrap_or(0.0)).unwrap_or_default();
                    drop(hold);
                    let end = clock.now() + time;
                    while let Some(watch) = watch.as_ref().filter(|_| seen.is_none()) {
                        let left = clock.until(end);
                        clock.sleep(left.min(STEP)).await;
                        if watch() {
                            seen = Some(clock.now().duration_since(begun).as_secs_f64());
                        }
                        if left <= STEP {
                            break;
                        }
                    }
                    clock.sleep_until(end).await;
                    hold = Hold::new();
                    json!({"now": clock.now().duration_since(begun).as_secs_f64()})
                }
                _ => {
                    let counts = count.take();
                    json!({"calls": counts.values().sum::<usize>(), "byAction": counts, "seen": seen})
                }
            };
            if writing.write_all(format!("{answer}\n").as_bytes()).await.is_err() {
                break;
            }
        }
    }
}

/// The other end of the control port.
pub struct Control {
    stream: BufReader<TcpStream>,
}

impl Control {
    /// Connects to a control port.
    pub async fn connect(address: &str) -> std::io::Result<Self> {
        Ok(Self { stream: BufReader::new(TcpStream::connect(address).await?) })
    }

    async fn ask(&mut self, line: &str) -> std::io::Result<Value> {
        self.stream.write_all(format!("{line}\n").as_bytes()).await?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer).await?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Lets time pass there.
    pub async fn leap(&mut self, time: Duration) -> std::io::Result<()> {
        self.ask(&format!("leap {}", time.as_secs_f64())).await.map(drop)
    }
}
