//! The settings of a health check: how often a server is probed, and how many answers make it healthy or unhealthy.

use std::time::Duration;

/// The settings of a server group's health check, with the documented defaults (cloud-apis.md section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HealthCheck {
    pub(crate) enabled: bool,
    pub(crate) protocol: String,
    /// 0 means the server's own port.
    pub(crate) connect_port: u16,
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) http_version: String,
    pub(crate) codes: Vec<String>,
    pub(crate) interval: u32,
    pub(crate) timeout: u32,
    pub(crate) healthy_threshold: u32,
    pub(crate) unhealthy_threshold: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            enabled: true,
            protocol: "HTTP".to_owned(),
            connect_port: 0,
            path: "/".to_owned(),
            // The API's word for "the server's address".
            host: "$SERVER_IP".to_owned(),
            method: "HEAD".to_owned(),
            http_version: "HTTP1.1".to_owned(),
            codes: vec!["http_2xx".to_owned(), "http_3xx".to_owned()],
            interval: 2,
            timeout: 5,
            healthy_threshold: 3,
            unhealthy_threshold: 3,
        }
    }
}

impl HealthCheck {
    /// The port that is probed on a server.
    pub(crate) const fn port(&self, server: u16) -> u16 {
        if self.connect_port == 0 { server } else { self.connect_port }
    }

    /// How long a server has to answer before it counts as healthy.
    pub(crate) const fn rise(&self) -> Duration {
        Duration::from_secs(self.interval as u64 * self.healthy_threshold as u64)
    }

    /// How long a server has to stay silent before it counts as unhealthy.
    pub(crate) const fn fall(&self) -> Duration {
        Duration::from_secs(self.interval as u64 * self.unhealthy_threshold as u64)
    }
}
