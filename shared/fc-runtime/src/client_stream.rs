//! [`ClientStream`]: a connection's stream, on which a request can be read a second time.
//!
//! hyper keeps the table of a request's headers on the stack if a request may have no more than 100, its default. If it may
//! have more, there are two tables on the heap for every request, 8 kB each for a limit of 256, and a piece of that size
//! makes glibc's allocator merge all of its small free ones: 3,300 to 8,300 instructions more for each call
//! (docs/benchmarks.md). So a connection begins with the default. hyper's refusal of a request with more headers is held
//! back, and the request is read again by a connection with the higher limit.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How hyper begins its answer to a head that is too large.
const REFUSAL: &[u8] = b"HTTP/1.1 431 ";

pub(crate) struct ClientStream {
    stream: TokioIo<TcpStream>,
    /// Read before, and to be read again.
    unread: Bytes,
    /// What looks like a refusal, until hyper ends the connection, or goes on: then it was a part of an answer, and is sent.
    held: Vec<u8>,
    /// Whether refusals are held back.
    holds: bool,
}

impl ClientStream {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream: TokioIo::new(stream), unread: Bytes::new(), held: Vec::new(), holds: true }
    }

    pub(crate) fn has_refusal(&self) -> bool {
        !self.held.is_empty()
    }

    /// The same stream from `unread` on, as if nothing had been refused.
    pub(crate) fn again(self, unread: Bytes) -> Self {
        Self { stream: self.stream, unread, held: Vec::new(), holds: false }
    }

    /// Sends what is held back, if anything is, and ends the stream with it.
    pub(crate) async fn end(mut self) -> io::Result<()> {
        if self.has_refusal() {
            poll_fn(|cx| self.poll_release(cx)).await?;
            poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await?;
        }
        Ok(())
    }

    fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl Read for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // After a refusal hyper does not read any more.
        ready!(self.poll_release(cx))?;
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let length = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl Write for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_release(cx))?;
        match data {
            [head] if self.holds && head.starts_with(REFUSAL) => {
                self.held.extend_from_slice(head);
                Poll::Ready(Ok(head.len()))
            }
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, data),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_refusal() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
