//! Connections that send signed requests and read every answer through.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use memchr::memmem;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::BoxError;
use crate::scenario::{INSTANCES, REGION, instance};
use crate::server::Server;
use crate::sign::{Signature, Signer};

/// Rows asked for, and pages there are of them.
const ROWS: usize = 10;
const PAGES: usize = INSTANCES / ROWS;

/// Requests signed in advance, each with the number of the page that it asks for.
pub struct Batch(Rc<Vec<(usize, Vec<u8>)>>);

impl Batch {
    /// `count` requests, the first of them number `first` of the whole run.
    pub fn signed(signature: Signature, server: &Server, first: usize, count: usize) -> Self {
        let at = now();
        let request = |number: usize| {
            // Any order of pages but the natural one: a stride that has no factor in common with their number.
            let page = number * 613 % PAGES + 1;
            let text = page.to_string();
            let params = [("RegionId", REGION), ("PageSize", "10"), ("PageNumber", text.as_str())];
            let nonce = format!("bench-{number:032x}");
            (page, signer(server).request(signature, "DescribeInstances", &params, &nonce, &at))
        };
        Self(Rc::new((first..first + count).map(request).collect()))
    }
}

/// The kept connections.
pub struct Fleet(Vec<Connection>);

/// What the answers of a round were.
#[derive(Debug, Clone, Copy, Default)]
pub struct Checked {
    pub right: usize,
    pub wrong: usize,
    /// Requests sent a second time, and refused for it.
    pub replays_refused: usize,
}

impl Fleet {
    pub async fn connect(address: &str, count: usize) -> Result<Self, BoxError> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Connection::open(address).await?);
        }
        Ok(Self(connections))
    }

    /// Sends a batch, every connection its share, one request after the other; each repeats one of its requests at the end.
    pub async fn send(&mut self, batch: &Batch) -> Result<Checked, BoxError> {
        let count = self.0.len();
        let mut running = Vec::new();
        let local = tokio::task::LocalSet::new();
        for (index, mut connection) in self.0.drain(..).enumerate() {
            let requests = Rc::clone(&batch.0);
            running.push(local.spawn_local(async move {
                let mut checked = Checked::default();
                for (page, request) in requests.iter().skip(index).step_by(count) {
                    let (status, body) = connection.exchange(request).await?;
                    if status == 200 && is_page(body, *page) { checked.right += 1 } else { checked.wrong += 1 }
                }
                if let Some((_, request)) = requests.get(index) {
                    let (status, body) = connection.exchange(request).await?;
                    let refused = status == 400 && memmem::find(body, b"SignatureNonceUsed").is_some();
                    checked.replays_refused += usize::from(refused);
                }
                Ok::<_, std::io::Error>((connection, checked))
            }));
        }
        let mut all = Checked::default();
        local
            .run_until(async {
                for task in running {
                    let (connection, checked) = task.await??;
                    self.0.push(connection);
                    all.right += checked.right;
                    all.wrong += checked.wrong;
                    all.replays_refused += checked.replays_refused;
                }
                Ok::<_, BoxError>(())
            })
            .await?;
        Ok(all)
    }
}

/// Whether a body is this page: its ten instances in order, and how many there are in all.
fn is_page(body: &[u8], page: usize) -> bool {
    const ID: &[u8] = b"\"InstanceId\":\"";
    let mut rest = body;
    for row in 0..ROWS {
        let Some(at) = memmem::find(rest, ID) else { return false };
        rest = &rest[at + ID.len()..];
        let wanted = instance((page - 1) * ROWS + row);
        if !rest.starts_with(wanted.as_bytes()) || rest.get(wanted.len()) != Some(&b'"') {
            return false;
        }
    }
    memmem::find(rest, ID).is_none() && memmem::find(rest, b"\"TotalCount\":10000,").is_some()
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, BoxError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 << 10) })
    }

    /// One request and its whole answer: status and body.
    async fn exchange(&mut self, request: &[u8]) -> std::io::Result<(u16, &[u8])> {
        let broken = || std::io::Error::other("not an HTTP/1.1 answer with a length");
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(at) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).map_err(|_| broken())?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let end = head + length.ok_or_else(broken)?;
        while self.buffer.len() < end {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok((status, &self.buffer[head..end]))
    }
}

/// Follows `NextToken` from the first page to the last: every instance once, in order. Gives the time per page.
pub async fn walk(server: &Server) -> Result<Duration, BoxError> {
    let mut connection = Connection::open(&server.address).await?;
    let (mut token, mut page) = (String::new(), 0);
    let mut spent = Duration::ZERO;
    while page == 0 || !token.is_empty() {
        page += 1;
        let params = [("RegionId", REGION), ("MaxResults", "10"), ("NextToken", token.as_str())];
        let params = if token.is_empty() { &params[..2] } else { &params[..] };
        let request =
            signer(server).request(Signature::Acs3, "DescribeInstances", params, &format!("walk-{page}"), &now());
        let began = Instant::now();
        let (status, body) = connection.exchange(&request).await?;
        spent += began.elapsed();
        if status != 200 || !is_page(body, page) {
            return Err(format!("page {page} by token is not what it should be").into());
        }
        let answer: Value = serde_json::from_slice(body)?;
        token = answer["NextToken"].as_str().unwrap_or_default().to_owned();
    }
    if page != PAGES {
        return Err(format!("{page} pages by token").into());
    }
    Ok(spent / u32::try_from(page)?)
}

/// Listings that have to look at every instance: the median time of each, one call after the other.
pub async fn lists(server: &Server) -> Result<Vec<(String, Duration)>, BoxError> {
    let calls: [(&str, &str, &[(&str, &str)]); 6] = [
        ("DescribeInstances, by VPC", "DescribeInstances", &[("VpcId", "vpc-bench"), ("PageSize", "100")]),
        ("DescribeInstances, by tag", "DescribeInstances", &[("Tag.1.Key", "app"), ("Tag.1.Value", "batch")]),
        ("DescribeInstances, by id", "DescribeInstances", &[("InstanceIds", "[\"i-bench09999\"]")]),
        ("DescribeInstanceStatus", "DescribeInstanceStatus", &[("PageSize", "50"), ("PageNumber", "100")]),
        ("DescribeNetworkInterfaces", "DescribeNetworkInterfaces", &[("MaxResults", "100")]),
        ("DescribeSecurityGroups", "DescribeSecurityGroups", &[("VpcId", "vpc-bench")]),
    ];
    let mut connection = Connection::open(&server.address).await?;
    let mut rows = Vec::new();
    for (name, action, params) in calls {
        let params: Vec<(&str, &str)> = params.iter().copied().chain([("RegionId", REGION)]).collect();
        let mut times = Vec::new();
        for number in 0..51 {
            let nonce = format!("{name}-{number}").replace([' ', ','], "");
            let request = signer(server).request(Signature::Acs3, action, &params, &nonce, &now());
            let began = Instant::now();
            let (status, body) = connection.exchange(&request).await?;
            times.push(began.elapsed());
            if status != 200 {
                return Err(format!("{name}: {status} {}", String::from_utf8_lossy(body)).into());
            }
        }
        times.sort_unstable();
        rows.push((name.to_owned(), times[times.len() / 2]));
    }
    Ok(rows)
}

fn signer(server: &Server) -> Signer<'_> {
    Signer { key: &server.key, secret: &server.secret, host: &server.address }
}

fn now() -> String {
    format!("{:.0}", Timestamp::now())
}
