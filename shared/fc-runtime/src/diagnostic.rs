//! Failures as callers see them: [`Diagnostic`], and the failures of this crate.
//!
//! Every failed call answers with a `Diagnostic`, whose two fields are those of every other runtime of Function Compute
//! (and of Lambda). A handler's own error names itself by `impl From<MyError> for Diagnostic`; `String`, `&str`,
//! `std::io::Error` and boxed errors come with one, whose type is the Rust type's name.

use std::{
    any::{Any, type_name},
    convert::Infallible,
    fmt, io,
};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Why a call failed, as its caller reads it: `{"errorType": ..., "errorMessage": ...}`.
///
/// ```
/// use fc_runtime::Diagnostic;
///
/// #[derive(Debug)]
/// struct StillPending;
///
/// impl From<StillPending> for Diagnostic {
///     fn from(_: StillPending) -> Self {
///         Diagnostic { error_type: "StillPending".into(), error_message: "more time is needed".into() }
///     }
/// }
///
/// let answer = serde_json::to_string(&Diagnostic::from(StillPending)).unwrap();
/// assert_eq!(answer, r#"{"errorType":"StillPending","errorMessage":"more time is needed"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// A name that programs can match.
    pub error_type: String,
    /// A sentence for people.
    pub error_message: String,
}

impl Diagnostic {
    /// The type's name has the `&` before it that `lambda_runtime` gives it: callers may match it.
    fn of<T: fmt::Display>(value: &T) -> Self {
        Self { error_type: type_name::<&T>().to_owned(), error_message: value.to_string() }
    }

    /// What a panic's payload says; the payload is a string for every `panic!`, and anything for `panic_any`.
    pub(crate) fn of_panic(payload: &Box<dyn Any + Send>) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .map_or_else(|| "Lambda panicked".to_owned(), |text| format!("Lambda panicked: {text}"));
        Self { error_type: type_name::<&Box<dyn Any + Send>>().to_owned(), error_message: text }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self::of(&error)
    }
}

impl From<Box<dyn std::error::Error>> for Diagnostic {
    fn from(error: Box<dyn std::error::Error>) -> Self {
        Self::of(&error)
    }
}

impl From<Infallible> for Diagnostic {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<String> for Diagnostic {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<&'static str> for Diagnostic {
    fn from(text: &'static str) -> Self {
        Self::of(&text)
    }
}

impl From<io::Error> for Diagnostic {
    fn from(error: io::Error) -> Self {
        Self::of(&error)
    }
}

#[cfg(feature = "anyhow")]
impl From<anyhow::Error> for Diagnostic {
    fn from(error: anyhow::Error) -> Self {
        Self::of(&error)
    }
}

#[cfg(feature = "eyre")]
impl From<eyre::Report> for Diagnostic {
    fn from(error: eyre::Report) -> Self {
        Self::of(&error)
    }
}

#[cfg(feature = "miette")]
impl From<miette::Report> for Diagnostic {
    fn from(error: miette::Report) -> Self {
        Self::of(&error)
    }
}

/// The payload is not what the handler takes.
#[derive(Debug)]
pub(crate) struct DeserializeError(pub(crate) serde_path_to_error::Error<serde_json::Error>);

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed to deserialize the incoming data into the function's payload type: ")?;
        let path = self.0.path().to_string();
        if path != "." {
            write!(f, "[{path}] ")?;
        }
        // The line's end is upstream's, and a part of the message that callers see.
        writeln!(f, "{}", self.0)
    }
}

impl From<DeserializeError> for Diagnostic {
    fn from(error: DeserializeError) -> Self {
        Self::of(&error)
    }
}

/// A request that never reached the handler, or an answer that could not be sent. The names are stable: they are the
/// `errorType` of the answer.
#[derive(Debug)]
pub(crate) enum ProtocolError {
    /// Neither the control path nor the path is one that Function Compute calls.
    UnknownPath(String),
    /// The path does not take this method.
    MethodNotAllowed(http::Method),
    /// The body is larger than `Options::body_limit`.
    PayloadTooLarge(usize),
    /// The body ended too early.
    PayloadUnreadable(Error),
    /// A layer or the process dropped the call before it was answered.
    NoAnswer,
    /// The stream of a streamed answer failed.
    StreamFailed(Error),
    /// The answer to an HTTP request does not map to an HTTP answer.
    InvalidHttpAnswer(String),
}

impl ProtocolError {
    /// The client of a streamed answer went away.
    pub(crate) fn client_left(bytes: u64) -> Self {
        Self::StreamFailed(format!("its client went away after {bytes} bytes").into())
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::UnknownPath(_) => "Runtime.UnknownPath",
            Self::MethodNotAllowed(_) => "Runtime.MethodNotAllowed",
            Self::PayloadTooLarge(_) => "Runtime.PayloadTooLarge",
            Self::PayloadUnreadable(_) => "Runtime.PayloadUnreadable",
            Self::NoAnswer => "Runtime.NoAnswer",
            Self::StreamFailed(_) => "Runtime.StreamError",
            Self::InvalidHttpAnswer(_) => "Runtime.InvalidHttpAnswer",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPath(path) => write!(f, "{path} is not a path that Function Compute calls"),
            Self::MethodNotAllowed(method) => write!(f, "{method} is not allowed on this path"),
            Self::PayloadTooLarge(limit) => write!(f, "the payload is larger than {limit} bytes"),
            Self::PayloadUnreadable(error) => write!(f, "the payload could not be read: {error}"),
            Self::NoAnswer => f.write_str("the call ended without an answer"),
            Self::StreamFailed(error) => write!(f, "the answer's stream failed: {error}"),
            Self::InvalidHttpAnswer(reason) => write!(f, "the answer is not an HTTP answer: {reason}"),
        }
    }
}

impl From<ProtocolError> for Diagnostic {
    fn from(error: ProtocolError) -> Self {
        Self { error_type: error.code().to_owned(), error_message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_gives_its_text_whether_literal_or_formatted() {
        let literal: Box<dyn Any + Send> = Box::new("literal");
        let formatted: Box<dyn Any + Send> = Box::new(String::from("formatted"));
        let neither: Box<dyn Any + Send> = Box::new(7);
        assert_eq!(Diagnostic::of_panic(&literal).error_message, "Lambda panicked: literal");
        assert_eq!(Diagnostic::of_panic(&formatted).error_message, "Lambda panicked: formatted");
        assert_eq!(Diagnostic::of_panic(&neither).error_message, "Lambda panicked");
        assert!(Diagnostic::of_panic(&neither).error_type.contains("dyn core::any::Any"));
    }

    #[cfg(feature = "anyhow")]
    #[test]
    fn reports_of_anyhow_give_their_text() {
        let diagnostic = Diagnostic::from(anyhow::anyhow!("broken").context("while starting"));
        assert_eq!(
            (diagnostic.error_type.as_str(), diagnostic.error_message.as_str()),
            ("&anyhow::Error", "while starting")
        );
    }

    #[cfg(feature = "eyre")]
    #[test]
    fn reports_of_eyre_give_their_text() {
        let diagnostic = Diagnostic::from(eyre::eyre!("broken"));
        assert_eq!((diagnostic.error_type.as_str(), diagnostic.error_message.as_str()), ("&eyre::Report", "broken"));
    }

    #[cfg(feature = "miette")]
    #[test]
    fn reports_of_miette_give_their_text() {
        let diagnostic = Diagnostic::from(miette::miette!("broken"));
        assert_eq!(diagnostic.error_type, "&miette::eyreish::Report");
        assert_eq!(diagnostic.error_message, "broken");
    }

    #[test]
    fn the_type_of_an_error_is_its_rust_name() {
        assert_eq!(Diagnostic::from("text").error_type, "&&str");
        assert_eq!(Diagnostic::from(String::from("text")).error_type, "&alloc::string::String");
        assert!(Diagnostic::from(Error::from("text")).error_type.contains("dyn core::error::Error"));
        assert_eq!(Diagnostic::from(io::Error::other("disk")).error_message, "disk");
    }
}
