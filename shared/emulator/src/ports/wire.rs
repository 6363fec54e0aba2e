//! What hyper answers by itself. A request that it cannot parse reaches no service and gets an empty 400 (or 414, 431);
//! clients of the cloud look for a request id in every answer, so such an answer is replaced on its way out.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How hyper's own answers begin.
const BARE: [&str; 3] = ["400 Bad Request", "414 URI Too Long", "431 Request Header Fields Too Large"];

/// Numbers the answers made here, for their request ids: the world does not see these requests.
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// A connection whose every answer has a request id.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    /// An answer of ours, as far as it is not yet written.
    ours: Vec<u8>,
}

impl<S> Wire<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, ours: Vec::new() }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Writes what is left of an answer of ours.
    fn drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ours.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.ours))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.ours.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.drain(context))?;
        let Some(status) = bare(bytes) else { return Pin::new(&mut self.stream).poll_write(context, bytes) };
        self.ours = refusal(status);
        // What does not go out now goes with the next write, flush or shutdown.
        if let Poll::Ready(Err(error)) = self.drain(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The status of an answer without a body and without a request id.
fn bare(bytes: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let rest = text.strip_prefix("HTTP/1.1 ").or_else(|| text.strip_prefix("HTTP/1.0 "))?;
    let status = BARE.into_iter().find(|status| rest.starts_with(status))?;
    let empty = text.ends_with("\r\n\r\n") && !text.contains("x-acs-request-id") && !text.contains("x-fc-");
    empty.then_some(status)
}

/// An id for an answer to what never became a request.
pub(super) fn request_id() -> String {
    let number = REFUSED.fetch_add(1, Ordering::Relaxed);
    format!("00000000-0000-0000-0000-{:012X}", number & 0xFFFF_FFFF_FFFF)
}

fn refusal(status: &str) -> Vec<u8> {
    let id = request_id();
    let body = format!(
        r#"{{"Code":"InvalidRequest","Message":"The request is not well-formed HTTP.","HostId":"","RequestId":"{id}"}}"#
    );
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json;charset=utf-8\r\nx-acs-request-id: {id}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests;
