//! What the gateway answers at once.

use bytes::Bytes;
use http::Response;

use super::delivery::Delivery;
use super::respond::Frame;
use crate::call::ApiError;
use crate::state::fc::InvocationId;

/// What the gateway can say at once.
#[derive(Debug)]
pub enum Reply {
    /// The whole answer.
    Ready(Response<Bytes>),
    /// A function runs; [`Gateway::collect`](crate::Gateway::collect) has the answer once its outcome is known.
    Pending(Pending),
    /// The delivery of the answer is altered by a fault.
    Altered(Box<Reply>, Delivery),
}

/// A synchronous function call whose outcome is awaited.
#[derive(Debug)]
pub struct Pending {
    pub(super) id: InvocationId,
    pub(super) frame: Frame,
}

/// An answer with what the log needs to know of it.
pub(super) type Served = (Reply, u16, Option<String>);

pub(super) fn served(response: Response<Bytes>, error: Option<&ApiError>) -> Served {
    let status = response.status().as_u16();
    (Reply::Ready(response), status, error.map(|error| error.code.clone()))
}
