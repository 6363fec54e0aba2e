//! Answers that are sent in pieces.
//!
//! Function Compute passes pieces on as they come only for HTTP triggers; the answer to an event is collected first,
//! which lets a stream that fails half way still fail the call.
//!
//! ```
//! use fc_runtime::streaming::{Body, Response, channel};
//!
//! fn handler() -> Response<Body> {
//!     let (mut sender, body) = channel();
//!     tokio::spawn(async move {
//!         for piece in ["Hello, ", "world"] {
//!             if sender.send_data(piece.into()).await.is_err() {
//!                 break; // the client is gone
//!             }
//!         }
//!     });
//!     Response::from(body)
//! }
//! ```

pub mod body;

pub use body::{
    Body,
    sender::{Sender, SenderError},
};

pub use crate::response::StreamResponse as Response;

/// A body, and the sender that feeds it.
pub fn channel() -> (Sender, Body) {
    Body::channel()
}
