//! The Runtime API of Lambda, as far as `lambda_runtime` asks for it: the next event at once, and thanks for an answer.
//! A thread per connection, canned bytes, no parsing beyond a request's end: it must not be what is measured.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

static ANSWERED: AtomicU64 = AtomicU64::new(0);

const NEXT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\
    lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
    lambda-runtime-deadline-ms: 4102444800000\r\n\
    lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:hello\r\n\
    lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n\r\n\
    {\"name\":\"world\"}";
const THANKS: &[u8] =
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}";

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    // The port, and later on each line that is asked for by one on standard input, the number of answers.
    println!("{}", listener.local_addr()?.port());
    thread::spawn(|| {
        for line in std::io::stdin().lines() {
            if line.is_err() {
                break;
            }
            println!("{}", ANSWERED.load(Ordering::Relaxed));
        }
        std::process::exit(0);
    });
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            let _ = serve(stream);
        });
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let is_next = buffer.starts_with(b"GET");
        if !is_next && !complete(&buffer[..filled], head + 4) {
            continue;
        }
        filled = 0;
        if is_next {
            stream.write_all(NEXT)?;
        } else {
            ANSWERED.fetch_add(1, Ordering::Relaxed);
            stream.write_all(THANKS)?;
        }
    }
}

/// Whether the body that follows the head has come.
fn complete(request: &[u8], body: usize) -> bool {
    let head = String::from_utf8_lossy(&request[..body]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    match length {
        Some(length) => request.len() - body >= usize::clone(&length),
        // Chunked: upstream sends buffered answers with a length, so this is for the stream's end only.
        None => request.ends_with(b"0\r\n\r\n"),
    }
}
