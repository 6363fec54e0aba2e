//! [`Streamed`]: a streamed answer on its way to the client of an HTTP trigger. The call's `End` line waits for its end.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::{Error, diagnostic::ProtocolError, log::CallLine, streaming::Body};

/// A body that tells the log how it ended. A body that is dropped before its end has failed: its client is gone, or the
/// server has been told to end.
pub(crate) struct Streamed {
    body: Body,
    /// `None` once the end is logged.
    line: Option<CallLine>,
    arrival: SystemTime,
    bytes: u64,
    /// The answer has no body by definition (RFC 9110, section 6.4.1), so that nobody asks for this one.
    is_unread: bool,
}

impl Streamed {
    pub(crate) fn new(body: Body, line: CallLine, arrival: SystemTime, is_unread: bool) -> Self {
        Self { body, line: Some(line), arrival, bytes: 0, is_unread }
    }

    fn end(&mut self, outcome: Result<(), ProtocolError>) {
        let Some(line) = self.line.take() else { return };
        let now = (line.log().now)();
        // A clock may be set back.
        let duration = now.duration_since(self.arrival).unwrap_or_default();
        let (bytes, milliseconds) = (self.bytes, u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        match outcome {
            Ok(()) => {
                tracing::info!(requestId = line.request_id(), bytes, milliseconds, "the answer's stream ended");
                line.succeed();
            }
            Err(error) => {
                tracing::error!(requestId = line.request_id(), bytes, milliseconds, "{error}");
                line.fail(&error.into());
            }
        }
    }
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &polled {
            Some(Ok(frame)) => self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(error)) => {
                let reason = format!("{error}, after {} bytes", self.bytes);
                self.end(Err(ProtocolError::StreamFailed(reason.into())));
            }
            None => self.end(Ok(())),
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        // A caller that sees `true` does not poll again, so only `poll_frame` may report the end.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        let outcome = if self.is_unread { Ok(()) } else { Err(ProtocolError::client_left(self.bytes)) };
        self.end(outcome);
    }
}
