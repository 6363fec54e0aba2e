//! The programs that run inside the namespaces of the data-plane test: the web server of an instance, and the load
//! balancer's side of a request.
//!
//! ```text
//!   dataplane-agent serve NAME PORT...                       answers every request with NAME
//!   dataplane-agent probe MILLISECONDS PORT (SOURCE SERVER)...   one request each, all at once; prints how each ended
//! ```

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::ExitCode;
use std::time::Duration;

use clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let done = match words.as_slice() {
        ["serve", name, ports @ ..] => runtime.block_on(serve(name, ports)),
        ["probe", limit, port, pairs @ ..] => runtime.block_on(probe(limit, port, pairs)),
        _ => Err(io::Error::other("serve NAME PORT... | probe MILLISECONDS PORT (SOURCE SERVER)...")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("dataplane-agent: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "its standard output is what the test reads")]
fn report(line: &str) {
    println!("{line}");
}

fn parse<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| io::Error::other(format!("what is {word}?")))
}

async fn serve(name: &str, ports: &[&str]) -> io::Result<()> {
    let mut servers = JoinSet::new();
    for port in ports {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, parse(port)?)).await?;
        let name = name.to_owned();
        servers.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let name = name.clone();
                // A client that goes away is its own affair.
                tokio::spawn(async move { drop(answer(stream, &name).await) });
            }
        });
    }
    while servers.join_next().await.is_some() {}
    Ok(())
}

async fn answer(mut stream: TcpStream, name: &str) -> io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await? {
            0 => return Ok(()),
            read => request.extend_from_slice(&part[..read]),
        }
    }
    let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{name}", name.len());
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

async fn probe(limit: &str, port: &str, pairs: &[&str]) -> io::Result<()> {
    let (limit, port) = (Duration::from_millis(parse(limit)?), parse(port)?);
    let clock = Clock::system();
    let mut requests = JoinSet::new();
    for pair in pairs.chunks_exact(2) {
        let (source, server): (Ipv4Addr, Ipv4Addr) = (parse(pair[0])?, parse(pair[1])?);
        let clock = clock.clone();
        requests.spawn(async move {
            let ended = match clock.timeout(limit, get(source, SocketAddrV4::new(server, port))).await {
                Err(_) => "lost".to_owned(),
                Ok(Ok(name)) => format!("answered {name}"),
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => "refused".to_owned(),
                Ok(Err(error)) => format!("failed {error}"),
            };
            report(&format!("{source} {server} {ended}"));
        });
    }
    while requests.join_next().await.is_some() {}
    Ok(())
}

/// A GET from one of the load balancer's addresses. Gives the body.
async fn get(source: Ipv4Addr, server: SocketAddrV4) -> io::Result<String> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddrV4::new(source, 0).into())?;
    let mut stream = socket.connect(server.into()).await?;
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
        _ => Err(io::Error::other("no answer that can be understood")),
    }
}
