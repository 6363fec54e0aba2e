//! HTTP triggers: the request as an event, and the answer as a response.
//!
//! To a custom runtime Function Compute passes HTTP requests through. This crate makes events of them, so that one handler
//! serves both kinds of trigger: in the form that Function Compute's built-in runtimes get, or in one of Lambda's
//! ([`HttpEventForm`]).
//!
//! | module | |
//! |---|---|
//! | `request` | what all forms take from a request |
//! | `function_compute` | the event of Function Compute's built-in runtimes |
//! | `lambda` | the events of function URLs, HTTP APIs and REST APIs |
//! | `alb` | the event of a Lambda target group |
//! | `answer` | from the handler's JSON, or its stream, to the response |

mod alb;
mod answer;
mod function_compute;
mod lambda;
mod request;

use std::{fmt, str::FromStr, time::SystemTime};

use bytes::Bytes;
use http::request::Parts;
use serde::Serialize;

use crate::context::Context;
use request::Request;

pub(crate) use answer::{answer, streamed};

/// The form in which a handler gets the requests of HTTP triggers, and with it the type that it takes.
///
/// [`run`](crate::run) and its like read it from the variable `RUNTIME_HTTP_EVENT`, and fail on a value that is none of
/// these; hosts set [`Options::http_event`](crate::Options::http_event). What a handler may answer does not depend on it.
///
/// | `RUNTIME_HTTP_EVENT` | form | a type of `aws_lambda_events` |
/// |---|---|---|
/// | `fc` | [`FunctionCompute`](Self::FunctionCompute), the default | |
/// | `2.0` | [`Lambda2`](Self::Lambda2) | `LambdaFunctionUrlRequest`, `ApiGatewayV2httpRequest` |
/// | `1.0` | [`Lambda1`](Self::Lambda1) | `ApiGatewayProxyRequest` |
/// | `alb` | [`Alb`](Self::Alb) | `AlbTargetGroupRequest` |
/// | `alb-multi-value` | [`AlbMultiValue`](Self::AlbMultiValue) | `AlbTargetGroupRequest` |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpEventForm {
    /// The event of Function Compute's built-in runtimes, version `v1`.
    #[default]
    FunctionCompute,
    /// Lambda's payload format 2.0: what function URLs and HTTP APIs send. `rawPath` is encoded, as by function URLs; the
    /// stage is `$default`.
    Lambda2,
    /// Lambda's payload format 1.0: what REST APIs send, through a `{proxy+}` resource.
    Lambda1,
    /// The event of a load balancer's target group, with the last value of a header or query parameter that came more than
    /// once. The load balancer does not decode query parameters, and neither does this.
    Alb,
    /// The same with `multiValueHeaders` and `multiValueQueryStringParameters` in place of the single values: for handlers
    /// whose target group has `lambda.multi_value_headers.enabled`.
    AlbMultiValue,
}

impl HttpEventForm {
    const ALL: [Self; 5] = [Self::FunctionCompute, Self::Lambda2, Self::Lambda1, Self::Alb, Self::AlbMultiValue];
}

impl fmt::Display for HttpEventForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FunctionCompute => "fc",
            Self::Lambda2 => "2.0",
            Self::Lambda1 => "1.0",
            Self::Alb => "alb",
            Self::AlbMultiValue => "alb-multi-value",
        })
    }
}

/// A text is none of the forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownHttpEventForm(String);

impl fmt::Display for UnknownHttpEventForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a form of HTTP events: it has to be fc, 2.0, 1.0, alb or alb-multi-value", self.0)
    }
}

impl std::error::Error for UnknownHttpEventForm {}

impl FromStr for HttpEventForm {
    type Err = UnknownHttpEventForm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|form| form.to_string() == text.trim().to_ascii_lowercase());
        known.ok_or_else(|| UnknownHttpEventForm(text.to_owned()))
    }
}

/// The event of a request, in JSON.
pub(crate) fn event(form: HttpEventForm, parts: &Parts, body: &Bytes, context: &Context, arrival: SystemTime) -> Bytes {
    let request = Request::new(parts, body, context, arrival);
    match form {
        HttpEventForm::FunctionCompute => json(&function_compute::event(&request)),
        HttpEventForm::Lambda2 => json(&lambda::format_2(&request)),
        HttpEventForm::Lambda1 => json(&lambda::format_1(&request)),
        HttpEventForm::Alb => json(&alb::event(&request, false)),
        HttpEventForm::AlbMultiValue => json(&alb::event(&request, true)),
    }
}

/// What an event holds (strings, numbers and booleans under string keys) always serializes.
fn json(event: &impl Serialize) -> Bytes {
    serde_json::to_vec(event).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_is_written() {
        for form in HttpEventForm::ALL {
            assert_eq!(form.to_string().parse(), Ok(form));
        }
        assert_eq!(" ALB ".parse(), Ok(HttpEventForm::Alb));
        let refused = "lambda".parse::<HttpEventForm>().unwrap_err().to_string();
        assert!(refused.starts_with("\"lambda\" is not a form") && refused.contains("alb-multi-value"), "{refused}");
    }
}
