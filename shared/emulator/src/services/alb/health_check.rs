//! `HealthCheckConfig`: how often a server is probed, and how many answers make it healthy or unhealthy.

use serde_json::{Value, json};

use super::fault;
use crate::call::{ApiError, Params};
use crate::state::alb::health_check::HealthCheck;

/// Codes of the protocol: classes of HTTP codes, numbers of gRPC codes. Without new ones, stored codes stay if they are valid.
fn codes(sent: Vec<String>, stored: &[String], protocol: &str) -> Result<Vec<String>, ApiError> {
    let fits = |code: &String| match protocol {
        "TCP" => true,
        "gRPC" => code.parse::<u8>().is_ok_and(|code| code <= 99),
        _ => ["http_1xx", "http_2xx", "http_3xx", "http_4xx", "http_5xx"].contains(&code.as_str()),
    };
    if !sent.is_empty() {
        return if sent.iter().all(fits) { Ok(sent) } else { Err(fault::illegal("HealthCheckCodes")) };
    }
    if stored.iter().all(fits) {
        return Ok(stored.to_vec());
    }
    let usual: &[&str] = if protocol == "gRPC" { &["0"] } else { &["http_2xx", "http_3xx"] };
    Ok(usual.iter().map(|code| (*code).to_owned()).collect())
}

impl HealthCheck {
    /// From the `HealthCheckConfig` of a create call: `HealthCheckEnabled` is required there.
    pub(super) fn create(sent: &Params) -> Result<Self, ApiError> {
        if sent.get("HealthCheckEnabled").is_none() {
            return Err(fault::missing("HealthCheckConfig.HealthCheckEnabled"));
        }
        Self::default().update(sent)
    }

    /// What was sent over what is stored.
    pub(super) fn update(&self, sent: &Params) -> Result<Self, ApiError> {
        let path = sent.get("HealthCheckPath").unwrap_or(&self.path).to_owned();
        if !path.starts_with('/') || path.chars().count() > 80 {
            return Err(fault::illegal("HealthCheckPath"));
        }
        let protocol = fault::choice(sent, "HealthCheckProtocol", &["HTTP", "HTTPS", "TCP", "gRPC"], &self.protocol)?;
        Ok(Self {
            enabled: sent.flag("HealthCheckEnabled")?.unwrap_or(self.enabled),
            connect_port: fault::ranged(sent, "HealthCheckConnectPort", 0, u16::MAX, self.connect_port)?,
            path,
            host: sent.get("HealthCheckHost").unwrap_or(&self.host).to_owned(),
            method: self.method(sent, &protocol)?,
            http_version: fault::choice(sent, "HealthCheckHttpVersion", &["HTTP1.0", "HTTP1.1"], &self.http_version)?,
            codes: codes(sent.list("HealthCheckCodes"), &self.codes, &protocol)?,
            protocol,
            interval: fault::ranged(sent, "HealthCheckInterval", 1, 50, self.interval)?,
            timeout: fault::ranged(sent, "HealthCheckTimeout", 1, 300, self.timeout)?,
            healthy_threshold: fault::ranged(sent, "HealthyThreshold", 2, 10, self.healthy_threshold)?,
            unhealthy_threshold: fault::ranged(sent, "UnhealthyThreshold", 2, 10, self.unhealthy_threshold)?,
        })
    }

    /// HEAD or GET, for gRPC POST or GET; the first of them where none is sent and the stored one does not fit.
    fn method(&self, sent: &Params, protocol: &str) -> Result<String, ApiError> {
        let words: &[&str] = match protocol {
            "gRPC" => &["POST", "GET"],
            "TCP" => &["HEAD", "GET", "POST"],
            _ => &["HEAD", "GET"],
        };
        let stored = words.iter().find(|word| **word == self.method).or(words.first()).copied().unwrap_or_default();
        fault::choice(sent, "HealthCheckMethod", words, stored)
    }

    /// As `ListServerGroups` shows it.
    pub(super) fn shown(&self) -> Value {
        json!({
            "HealthCheckEnabled": self.enabled,
            "HealthCheckProtocol": self.protocol,
            "HealthCheckConnectPort": self.connect_port,
            "HealthCheckPath": self.path,
            "HealthCheckHost": self.host,
            "HealthCheckMethod": self.method,
            "HealthCheckHttpVersion": self.http_version,
            "HealthCheckCodes": self.codes,
            "HealthCheckInterval": self.interval,
            "HealthCheckTimeout": self.timeout,
            "HealthyThreshold": self.healthy_threshold,
            "UnhealthyThreshold": self.unhealthy_threshold,
        })
    }
}
