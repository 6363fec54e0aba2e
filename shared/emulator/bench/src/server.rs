//! The process under test, with the scenario, and what `/proc` says of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::BoxError;
use crate::scenario;

pub struct Server {
    process: Child,
    file: PathBuf,
    /// Host and port of the region's APIs.
    pub address: String,
    pub key: String,
    pub secret: String,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub fn start(program: &str) -> Result<Self, BoxError> {
        let file = std::env::temp_dir().join(format!("bench-emulator-{}.yml", std::process::id()));
        fs::write(&file, scenario::text())?;
        let mut process = Command::new(program).arg(&file).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("an incomplete line");
        let base = text(&ready["endpoints"][scenario::REGION])?;
        Ok(Self {
            process,
            file,
            address: base.trim_start_matches("http://").to_owned(),
            key: text(&ready["accessKeyId"])?,
            secret: text(&ready["accessKeySecret"])?,
        })
    }

    /// A field of `/proc/PID/status` that counts kB, in MB.
    pub fn memory(&self, field: &str) -> Result<f64, BoxError> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
        let kilobytes: f64 = line.trim_start_matches(':').trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }

    /// Processor time so far, of all threads, in user and kernel mode.
    pub fn cpu(&self) -> Result<Duration, BoxError> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name in parentheses may hold blanks: fields 14 and 15 are the 12th and 13th after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 =
            fields.get(11).ok_or("short")?.parse::<u64>()? + fields.get(12).ok_or("short")?.parse::<u64>()?;
        // Linux counts in hundredths of a second.
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
        let _gone = fs::remove_file(&self.file);
    }
}
