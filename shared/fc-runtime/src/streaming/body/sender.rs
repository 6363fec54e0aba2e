//! [`Sender`]: feeds a body piece by piece, no faster than the client takes them.
//!
//! One piece is under way at a time: the sender waits until the one before it was taken. A sender that is dropped ends the
//! body, unless it is dropped by a panic, or while a piece waits to be sent: then the body is not whole, and breaks off.

use std::{
    fmt,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use crate::Error;

/// Feeds the body that it was made with. Dropping it ends the body; but a panic that drops it, or dropping it instead of
/// waiting for a piece to be sent, breaks the body off: its reader gets an error, not an end.
#[derive(Debug)]
pub struct Sender(Arc<Mutex<State>>);

#[derive(Debug)]
pub(super) struct Receiver(Arc<Mutex<State>>);

#[derive(Default, Debug)]
struct State {
    frame: Option<Frame<Bytes>>,
    error: Option<Error>,
    /// A piece waits to be sent.
    sending: bool,
    sender_gone: bool,
    receiver_gone: bool,
    /// The waker of the side that waits for the other.
    waiting: Option<Waker>,
}

/// The piece was not sent: the body was dropped, most often because the client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderError;

impl fmt::Display for SenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads this body any more")
    }
}

impl std::error::Error for SenderError {}

pub(super) fn channel() -> (Sender, Receiver) {
    let state = Arc::new(Mutex::new(State::default()));
    (Sender(Arc::clone(&state)), Receiver(state))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // No code that can panic runs under this lock, and the state is whole between any two of its statements.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = state.waiting.take();
    drop(state);
    if let Some(waker) = waiting {
        waker.wake();
    }
}

impl Sender {
    /// Ready when the piece before was taken.
    ///
    /// # Errors
    ///
    /// If the body was dropped.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SenderError>> {
        let mut state = lock(&self.0);
        if state.receiver_gone {
            return Poll::Ready(Err(SenderError));
        }
        if state.frame.is_none() {
            return Poll::Ready(Ok(()));
        }
        state.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Sends a piece, when the one before it was taken.
    ///
    /// # Errors
    ///
    /// If the body was dropped.
    pub async fn send_data(&mut self, piece: Bytes) -> Result<(), SenderError> {
        self.send(Frame::data(piece)).await
    }

    /// Sends trailers, which end the body.
    ///
    /// # Errors
    ///
    /// If the body was dropped.
    pub async fn send_trailers(&mut self, trailers: HeaderMap) -> Result<(), SenderError> {
        self.send(Frame::trailers(trailers)).await
    }

    /// Sends a piece if that is possible at once.
    ///
    /// # Errors
    ///
    /// Gives the piece back if the one before it was not taken yet, or the body was dropped.
    pub fn try_send_data(&mut self, piece: Bytes) -> Result<(), Bytes> {
        let mut state = lock(&self.0);
        if state.receiver_gone || state.frame.is_some() {
            return Err(piece);
        }
        state.frame = Some(Frame::data(piece));
        wake(state);
        Ok(())
    }

    /// Breaks the body off: its reader gets an error, not an end.
    pub fn abort(mut self) {
        self.send_error("the answer was aborted".into());
    }

    /// Ends the body with an error.
    pub fn send_error(&mut self, error: Error) {
        let mut state = lock(&self.0);
        state.error.get_or_insert(error);
        wake(state);
    }

    async fn send(&mut self, frame: Frame<Bytes>) -> Result<(), SenderError> {
        lock(&self.0).sending = true;
        poll_fn(|cx| self.poll_ready(cx)).await?;
        let mut state = lock(&self.0);
        state.sending = false;
        state.frame = Some(frame);
        wake(state);
        Ok(())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        if thread::panicking() {
            state.error.get_or_insert_with(|| "the task that sent it panicked".into());
        } else if state.sending {
            state.error.get_or_insert_with(|| "the task that sent it ended before a piece was sent".into());
        }
        state.sender_gone = true;
        wake(state);
    }
}

impl Receiver {
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut state = lock(&self.0);
        if let Some(frame) = state.frame.take() {
            wake(state);
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(error) = mem::take(&mut state.error) {
            state.sender_gone = true;
            return Poll::Ready(Some(Err(error)));
        }
        if state.sender_gone {
            return Poll::Ready(None);
        }
        state.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.receiver_gone = true;
        wake(state);
    }
}

#[cfg(test)]
mod tests {
    use crate::streaming::channel;

    #[tokio::test]
    async fn pieces_arrive_in_order_and_the_end_follows_them() {
        let (mut sender, body) = channel();
        let feed = tokio::spawn(async move {
            for piece in ["a", "b", "c"] {
                sender.send_data(piece.into()).await.unwrap();
            }
        });
        assert_eq!(body.collect().await.unwrap().to_bytes(), "abc");
        feed.await.unwrap();
    }

    #[tokio::test]
    async fn an_error_follows_the_pieces_before_it() {
        let (mut sender, body) = channel();
        sender.try_send_data("kept".into()).unwrap();
        assert_eq!(sender.try_send_data("refused".into()), Err("refused".into()), "one piece at a time");
        sender.send_error("broken".into());
        assert_eq!(body.collect().await.unwrap_err().to_string(), "broken");
    }

    #[tokio::test]
    async fn a_dropped_body_ends_the_sender() {
        let (mut sender, body) = channel();
        drop(body);
        assert!(sender.send_data("late".into()).await.is_err());
        assert!(sender.try_send_data("late".into()).is_err());
    }
}
