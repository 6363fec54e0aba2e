//! An HTTP/1.1 message off a socket: enough of one for two clients that are known.

use std::io::{BufRead, Read};

pub struct Message {
    /// The request line or the status line.
    pub start: String,
    /// In small letters, a line each.
    pub headers: String,
    pub body: Vec<u8>,
}

impl Message {
    /// `None` at the end of the connection.
    pub fn read(reader: &mut impl BufRead) -> Option<Self> {
        let start = line(reader)?;
        let mut headers = String::new();
        loop {
            let header = line(reader)?;
            if header.is_empty() {
                break;
            }
            headers.push_str(&header.to_ascii_lowercase());
            headers.push('\n');
        }
        let body = if headers.contains("transfer-encoding: chunked") {
            chunks(reader)?
        } else {
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
            exactly(reader, length.map_or(0, |length| length.parse().unwrap()))?
        };
        Some(Self { start, headers, body })
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

fn exactly(reader: &mut impl Read, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn chunks(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&line(reader)?, 16).unwrap();
        if size == 0 {
            // Trailers, then an empty line.
            while !line(reader)?.is_empty() {}
            return Some(body);
        }
        body.extend(exactly(reader, size)?);
        line(reader)?;
    }
}
