//! The open ports: what their owner and the servers behind them share.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::net::TcpListener;

use super::tasks::Tasks;
use super::{balancer, server};
use crate::driver::Cloud;

/// What the ports' owner and the servers behind them share.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) cloud: Cloud,
    pub(super) api: BTreeMap<String, SocketAddr>,
    /// By load balancer and listener port.
    pub(super) listeners: Mutex<BTreeMap<(String, u16), SocketAddr>>,
    pub(super) tasks: Arc<Tasks>,
}

/// Where everything can be reached: the line that `albridge emulate` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// By region, the base URL of its APIs.
    pub endpoints: BTreeMap<String, String>,
    /// The account's own key.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: String,
    /// By `<load balancer>:<port>`, the base URL that stands for that listener.
    pub data_plane: BTreeMap<String, String>,
}

impl Open {
    pub(super) async fn endpoints(&self) -> io::Result<Endpoints> {
        let now = self.cloud.now();
        let (frontends, key) = self.cloud.with(|world| (world.frontends(now), world.root_credentials()));
        let mut data_plane = BTreeMap::new();
        for frontend in frontends {
            let address = self.listener(&frontend.load_balancer, frontend.port).await?;
            data_plane.insert(format!("{}:{}", frontend.load_balancer, frontend.port), url(&address));
        }
        Ok(Endpoints {
            endpoints: self.api.iter().map(|(region, address)| (region.clone(), url(address))).collect(),
            access_key_id: key.access_key_id,
            access_key_secret: key.access_key_secret,
            data_plane,
        })
    }

    pub(super) async fn listener(&self, load_balancer: &str, port: u16) -> io::Result<SocketAddr> {
        let key = (load_balancer.to_owned(), port);
        if let Some(address) = self.known(&key) {
            return Ok(address);
        }
        let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = socket.local_addr()?;
        let balancer = Arc::new(balancer::Balancer::new(&self.cloud, load_balancer, port, &self.tasks));
        let answer = move |request| {
            let balancer = balancer.clone();
            async move { balancer.answer(request).await }
        };
        self.tasks.push(tokio::spawn(server::serve(socket, answer)));
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*listeners.entry(key).or_insert(address))
    }

    fn known(&self, key: &(String, u16)) -> Option<SocketAddr> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }
}

pub(super) fn url(address: &SocketAddr) -> String {
    format!("http://{address}")
}
