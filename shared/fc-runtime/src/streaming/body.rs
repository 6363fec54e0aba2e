//! [`Body`]: the bytes of an answer, at once or in pieces.

pub mod sender;

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt, Collected, combinators::UnsyncBoxBody};

use self::sender::{Receiver, Sender};
use crate::{Diagnostic, Error};

/// The bytes of an answer. It is a stream of bytes and an [`http_body::Body`].
pub struct Body(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Boxed(UnsyncBoxBody<Bytes, Error>),
    Channel(Receiver),
    Stream(Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>),
}

impl Kind {
    fn poll_foreign(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self {
            Self::Boxed(body) => Pin::new(body).poll_frame(cx),
            Self::Stream(stream) => stream.as_mut().poll_next(cx).map(|piece| piece.map(|data| data.map(Frame::data))),
            Self::Whole(_) | Self::Channel(_) => Poll::Ready(None),
        }
    }
}

impl Body {
    /// Another body as this one. Bytes that are at hand need no other: `Body::from` takes them.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        Self(Kind::Boxed(body.map_err(Into::into).boxed_unsync()))
    }

    fn whole(data: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(Some(data.into()).filter(|data| !data.is_empty())))
    }

    /// A body of no bytes.
    pub fn empty() -> Self {
        Self(Kind::Whole(None))
    }

    /// A body, and the sender that feeds it.
    pub fn channel() -> (Sender, Self) {
        let (sender, receiver) = sender::channel();
        (sender, Self(Kind::Channel(receiver)))
    }

    pub(crate) fn from_stream<S, D, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        D: Into<Bytes>,
        E: Into<Error>,
    {
        Self(Kind::Stream(Box::pin(stream.map(|piece| piece.map(Into::into).map_err(Into::into)))))
    }

    /// All of the bytes, and the trailers.
    ///
    /// # Errors
    ///
    /// The sender's error, if it sent one or went away half way.
    pub async fn collect(self) -> Result<Collected<Bytes>, Error> {
        BodyExt::collect(self).await
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Whole(None) => "Body::Empty",
            Kind::Whole(Some(_)) => "Body::Whole",
            Kind::Boxed(_) => "Body::Boxed",
            Kind::Channel(_) => "Body::Channel",
            Kind::Stream(_) => "Body::Stream",
        })
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.0 {
            Kind::Whole(data) => Poll::Ready(data.take().map(|data| Ok(Frame::data(data)))),
            Kind::Channel(receiver) => receiver.poll_frame(cx),
            // Code of the handler's: where it panics, the body breaks off.
            foreign => match catch_unwind(AssertUnwindSafe(|| foreign.poll_foreign(cx))) {
                Ok(polled) => polled,
                Err(panic) => {
                    self.0 = Kind::Whole(None);
                    Poll::Ready(Some(Err(Diagnostic::of_panic(&panic).error_message.into())))
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(data) => data.is_none(),
            Kind::Boxed(body) => body.is_end_stream(),
            Kind::Channel(_) | Kind::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            // A body in memory fits in 64 bits.
            Kind::Whole(data) => SizeHint::with_exact(data.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Boxed(body) => body.size_hint(),
            Kind::Channel(_) | Kind::Stream(_) => SizeHint::default(),
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::task::ready!(http_body::Body::poll_frame(self.as_mut(), cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // Trailers are not data.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

impl From<Bytes> for Body {
    fn from(data: Bytes) -> Self {
        Self::whole(data)
    }
}

impl From<Vec<u8>> for Body {
    fn from(data: Vec<u8>) -> Self {
        Self::whole(data)
    }
}

impl From<String> for Body {
    fn from(data: String) -> Self {
        Self::whole(data)
    }
}

impl From<&'static str> for Body {
    fn from(data: &'static str) -> Self {
        Self::whole(data)
    }
}

impl From<&'static [u8]> for Body {
    fn from(data: &'static [u8]) -> Self {
        Self::whole(data)
    }
}

impl From<Cow<'static, str>> for Body {
    fn from(data: Cow<'static, str>) -> Self {
        match data {
            Cow::Borrowed(data) => Self::whole(data),
            Cow::Owned(data) => Self::whole(data),
        }
    }
}

impl From<Cow<'static, [u8]>> for Body {
    fn from(data: Cow<'static, [u8]>) -> Self {
        match data {
            Cow::Borrowed(data) => Self::whole(data),
            Cow::Owned(data) => Self::whole(data),
        }
    }
}
