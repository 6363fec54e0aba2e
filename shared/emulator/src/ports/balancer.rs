//! A listener's port: every request is routed in the emulated world and then proxied to a real web server.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::server;
use super::tasks::Tasks;
use crate::Decision;
use crate::driver::Cloud;
use crate::driver::pages::{own_reply, plain};

/// One listener of one load balancer.
#[derive(Debug)]
pub(super) struct Balancer {
    cloud: Cloud,
    load_balancer: String,
    port: u16,
    /// By instance: its web server, started when first asked for.
    servers: Mutex<BTreeMap<String, SocketAddr>>,
    tasks: Weak<Tasks>,
}

impl Balancer {
    pub(super) fn new(cloud: &Cloud, load_balancer: &str, port: u16, tasks: &Arc<Tasks>) -> Self {
        Self {
            cloud: cloud.clone(),
            load_balancer: load_balancer.to_owned(),
            port,
            servers: Mutex::default(),
            tasks: Arc::downgrade(tasks),
        }
    }

    /// The answer to a request, or none where nobody listens.
    pub(super) async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
        let looped = request.headers().contains_key(TRACE);
        match self.cloud.route(&self.load_balancer, self.port, host, looped) {
            Decision::Forward { instance, .. } => match self.forward(&instance, request).await {
                Ok(response) => Some(response),
                Err(error) => Some(plain(StatusCode::BAD_GATEWAY, format!("{instance}: {error}\n"))),
            },
            Decision::Reply { status, reason } => Some(own_reply(status, &reason)),
            Decision::Closed => None,
        }
    }

    async fn forward(&self, instance: &str, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let address = self.server(instance).await?;
        let (mut parts, body) = request.into_parts();
        parts.uri = parts.uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
        parts.headers.insert(TRACE, HeaderValue::from_static("albridge"));
        parts.headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
        let request = Request::from_parts(parts, Full::new(body));
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let (parts, body) = sender.send_request(request).await?.into_parts();
            Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
        };
        tokio::pin!(exchange, connection);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            _ = &mut connection => exchange.await,
        }
    }

    /// The instance's web server.
    async fn server(&self, instance: &str) -> io::Result<SocketAddr> {
        let known = || self.servers.lock().unwrap_or_else(PoisonError::into_inner).get(instance).copied();
        if let Some(address) = known() {
            return Ok(address);
        }
        let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = socket.local_addr()?;
        let (name, cloud) = (instance.to_owned(), self.cloud.clone());
        let task = tokio::spawn(server::serve(socket, move |request: Request<Bytes>| {
            let page = cloud.page(&name, request.uri().path());
            async move { Some(page) }
        }));
        match self.tasks.upgrade() {
            Some(tasks) => tasks.push(task),
            None => task.abort(),
        }
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*servers.entry(instance.to_owned()).or_insert(address))
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The mark that an ALB puts on what it forwards, and refuses to forward again (cloud-apis.md section 10).
const TRACE: &str = "alicloud-alb-trace";
