//! Failures of calls as data: what kind, the service's own code, and what may be concluded from it.
//!
//! The predicates at the end ("is it a conflict?") look at codes, not at texts; the lists of codes are those of
//! cloud-apis.md, sections 1 to 10. A code that is in no list matches no predicate: the caller then reads back and reports.

use std::time::Duration;

use crate::mask::{self, Secrets};
use crate::service::Service;

/// The code of an answer that another one contradicts; the cloud has none for it.
const CONTRADICTION: &str = "Contradiction";

/// How a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The service answered with an error.
    Refused,
    /// No response came.
    Transport,
    /// A response came that cannot be understood.
    Malformed,
    /// The client did not send the request.
    Local,
}

/// What the user has to check after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The key, its signature, its token, or the time of signing is not accepted.
    Credentials,
    /// The key may not make the call.
    Permission,
    /// There is no such region, or it does not offer the service.
    Region,
    /// No response came.
    Network,
    /// Too many calls.
    Throttled,
    /// The service failed.
    Service,
    /// The response is incomplete, or cannot be parsed.
    Answer,
    /// The service refused the content of the request, or the client did not send it.
    Request,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {code}: {message}{}", request_suffix(.request_id))]
pub struct Error {
    /// How it failed.
    pub kind: ErrorKind,
    /// The HTTP status, when a response came.
    pub status: Option<u16>,
    /// The service's code, or one of the client's own: `ReadOnly`, `NoKey`, `InvalidRequest`, `Connect`, `ConnectionCut`,
    /// `Timeout`, `AnswerTooLarge`, `MalformedAnswer`, `IncompleteAnswer`, `IncompleteListing`, `Contradiction`, and `Http502` or the like for a response without a code.
    pub code: String,
    /// A message for people. It may name resources, but contains no secret.
    pub message: String,
    /// The request id, for a support case; empty when no response came.
    pub request_id: String,
    /// The action that was called.
    pub action: &'static str,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// Where it was called; `None` of a call that was not sent.
    pub place: Option<Box<Place>>,
}

/// Where a call is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The service.
    pub service: Service,
    /// The region that it was called in, or for; empty if it was for none.
    pub region: String,
}

fn request_suffix(request_id: &str) -> String {
    if request_id.is_empty() { String::new() } else { format!(" (request {request_id})") }
}

/// Codes that say the same as a prefix or suffix rule would, or that follow none.
const CONFLICTS: &[&str] = &[
    "Operation.Blocking",
    "TaskConflict",
    "OperationConflict",
    "OperationFailed.TaskConflict",
    "OperationFailed.DistibuteLock",
    "OperationFailed.ResourceGroupStatusCheckFail",
    "Conflict.Lock",
    "IncorrectRouteEntryStatus",
    "IncorrectVpcStatus",
    "IncorrectVSwitchStatus",
    "IncorrectHaVipStatus",
    "IncorrectInstanceStatus",
    "InvalidVBRStatus",
    "InstanceStatus.NotSupport",
    "VipStatusNotSupport",
    "InvalidOperation.CenInstanceStatus",
    "InvalidOperation.BwpBusinessStatus",
    "-21020",
    "-22001",
    "-22031",
];
const DUPLICATES: &[&str] = &[
    "Duplicated.VpcNextHop",
    "RouteConflict.AlreadyExist",
    "Conflict.Port",
    "OperationFailed.CreateRouteEntryWithSameDestinationCidrBlock",
    "ExecutionAlreadyExists",
    "FileAlreadyExists",
];
const NOT_FOUND: &[&str] = &[
    "NoSuchKey",
    "NoSuchBucket",
    "NoSuchVersion",
    "FunctionNotFound",
    "FlowNotExists",
    "ExecutionNotExists",
    "EntityNotExist.Role",
    // The code of DeleteTransitRouterRouteEntry for an entry that no longer exists, and of ALB for a load balancer.
    "IllegalParam.TransitRouterRouteEntryId",
    "-735",
];
/// These codes say "not found" about the called action itself, never about a resource.
const NOT_A_RESOURCE: &[&str] = &["InvalidAction.NotFound", "InvalidAccessKeyId.NotFound", "InvalidApi.NotFound"];
const PROCESSING: &[&str] = &["IdempotenceProcessing", "LastTokenProcessing", "TokenProcessing"];
const DENIED: &[&str] = &[
    "Unauthorized",
    "AccessDenied",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingSecurityToken",
    "NotAuthorized",
    "Http401",
    "Http403",
];

/// How codes begin that refuse the key, the signature, the token or the time of signing, rather than the call
/// (cloud-apis.md section 2.3; the last four are OSS's).
const CREDENTIALS: &[&str] = &[
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidSignatureMethod",
    "InvalidTimeStamp",
    "IllegalTimestamp",
    "MissingAccessKeyId",
    "MissingSignature",
    "MissingSecurityToken",
    "MissingTimestamp",
    "Http401",
    "SecurityTokenExpired",
    "InvalidSecurityTokenExpired",
    "RequestTimeTooSkewed",
    "SecurityTokenNotSupported",
];
/// How codes begin that refuse the region.
const REGION: &[&str] =
    &["InvalidRegionId", "InvalidRegion.", "IllegalParam.Region", "RegionNotSupport", "UnsupportedRegion"];

impl Error {
    /// With a text of the client's own: what is secret in it by its name is taken out.
    fn plain(kind: ErrorKind, action: &'static str, code: &str, message: impl Into<String>) -> Self {
        Self::raw(kind, action, code, mask::mask(&message.into()))
    }

    /// With a text that may echo the request: not to be given out but by [`Error::without`], which takes out what was signed
    /// with. That goes first, for of a secret that was known by its name only a part may be left that nothing knows.
    fn raw(kind: ErrorKind, action: &'static str, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            code: code.to_owned(),
            message: message.into(),
            request_id: String::new(),
            action,
            retry_after: None,
            place: None,
        }
    }

    /// The same, with where it was called, as far as that is not known yet.
    pub(crate) fn at(mut self, service: Service, region: &str) -> Self {
        let place = self.place.get_or_insert_with(|| Box::new(Place { service, region: String::new() }));
        if place.region.is_empty() {
            region.clone_into(&mut place.region);
        }
        self
    }

    pub(crate) fn read_only(action: &'static str) -> Self {
        Self::plain(ErrorKind::Local, action, "ReadOnly", "writes are switched off, and the request was not sent")
    }

    /// There is no key to sign with; `message` says why.
    #[cfg(feature = "renewal")]
    pub(crate) fn no_key(action: &'static str, message: impl Into<String>) -> Self {
        Self::plain(ErrorKind::Local, action, "NoKey", message)
    }

    pub(crate) fn invalid(action: &'static str, message: impl Into<String>) -> Self {
        Self::plain(ErrorKind::Local, action, "InvalidRequest", message)
    }

    pub(crate) fn transport(action: &'static str, error: &crate::TransportError) -> Self {
        let code = match error {
            crate::TransportError::Connect(_) => "Connect",
            crate::TransportError::Cut(_) => "ConnectionCut",
            crate::TransportError::Timeout => "Timeout",
            crate::TransportError::TooLarge(_) => "AnswerTooLarge",
        };
        // A retry would return as many bytes again.
        let kind = if code == "AnswerTooLarge" { ErrorKind::Malformed } else { ErrorKind::Transport };
        Self::raw(kind, action, code, error.to_string())
    }

    pub(crate) fn malformed(action: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { status: Some(status), ..Self::raw(ErrorKind::Malformed, action, "MalformedAnswer", message) }
    }

    /// An answer that lacks a required field.
    pub(crate) fn unread(action: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { status: Some(status), ..Self::raw(ErrorKind::Malformed, action, "IncompleteAnswer", message) }
    }

    /// An answer that contradicts another one: `message` says how, as a sentence without a full stop.
    /// It counts as unread.
    pub fn contradiction(action: &'static str, message: impl Into<String>) -> Self {
        Self::plain(ErrorKind::Malformed, action, CONTRADICTION, message)
    }

    /// Whether it says that another answer contradicts this one.
    #[must_use]
    pub fn is_contradiction(&self) -> bool {
        self.code == CONTRADICTION
    }

    pub(crate) fn incomplete(action: &'static str, message: impl Into<String>) -> Self {
        Self::plain(ErrorKind::Malformed, action, "IncompleteListing", message)
    }

    /// The same without what the call was signed with, wherever the response echoes it, and without all that is secret by its
    /// name. Every error of an exchange goes through here once.
    pub(crate) fn without(mut self, secrets: &Secrets) -> Self {
        for text in [&mut self.code, &mut self.message, &mut self.request_id] {
            *text = secrets.mask(text);
        }
        self
    }

    /// The named resource does not exist. A 404 without a code does not say so: unknown is not absent.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::Refused
            && !NOT_A_RESOURCE.contains(&self.code.as_str())
            && (NOT_FOUND.contains(&self.code.as_str())
                || self.code.ends_with(".NotFound")
                || self.code.starts_with("ResourceNotFound")
                || (self.status == Some(404) && !self.code.starts_with("Http")))
    }

    /// Another change is under way: wait, then read again before deciding anything.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        CONFLICTS.contains(&self.code.as_str())
            || self.is_processing()
            || ["IncorrectStatus", "IncorrectBusinessStatus", "ResourceInConfiguring"].iter().any(|prefix| {
                self.code.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }

    /// The first call with the same ClientToken is still running.
    pub(crate) fn is_processing(&self) -> bool {
        PROCESSING.contains(&self.code.as_str())
    }

    /// The resource to be created exists already: list, compare, and adopt or report it.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        let code = self.code.as_str();
        DUPLICATES.contains(&code)
            || [".Duplicate", ".Duplicated"].iter().any(|suffix| code.ends_with(suffix))
            || ["ResourceAlreadyExist", "InstanceExist.", "DuplicatedParam.", "AssociationExist.", "PropagationExist."]
                .iter()
                .any(|prefix| code.starts_with(prefix))
    }

    /// Too many calls.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.status == Some(429)
            || (self.retry_after.is_some() && self.status.is_some_and(|status| status < 500))
            || self.code.contains("Throttl")
            || matches!(self.code.as_str(), "QpsLimitExceeded" | "ResourceExhausted")
    }

    /// The credentials are not valid, or do not permit the call.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        DENIED.contains(&self.code.as_str())
            || ["Forbidden", "Forbbiden", "NoPermission", "InvalidAccessKeyId", "InvalidSecurityToken"]
                .iter()
                .any(|prefix| self.code.starts_with(prefix))
    }

    /// What has to be looked at.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let begins = |codes: &[&str]| codes.iter().any(|code| self.code.starts_with(code));
        match self.kind {
            ErrorKind::Transport => Fault::Network,
            ErrorKind::Malformed => Fault::Answer,
            ErrorKind::Local if self.code == "NoKey" => Fault::Credentials,
            ErrorKind::Local => Fault::Request,
            ErrorKind::Refused if self.is_throttled() => Fault::Throttled,
            ErrorKind::Refused if begins(CREDENTIALS) => Fault::Credentials,
            ErrorKind::Refused if begins(REGION) => Fault::Region,
            ErrorKind::Refused if self.is_denied() => Fault::Permission,
            ErrorKind::Refused if self.is_unavailable() || self.status.is_some_and(|status| status >= 500) => {
                Fault::Service
            }
            ErrorKind::Refused => Fault::Request,
        }
    }

    /// The session's token has expired: the same call with new credentials would succeed.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.kind == ErrorKind::Refused && has_expired(&self.code)
    }

    /// The service says that it is unavailable; it has not begun to execute the request.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self.code.as_str(), "ServiceUnavailable" | "SystemBusy" | "SignatureNonceUsed")
    }

    /// The outcome is unknown: the service may have executed the request although it failed here. Read back.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        match self.kind {
            ErrorKind::Local => false,
            ErrorKind::Transport => self.code != "Connect",
            ErrorKind::Malformed => true,
            ErrorKind::Refused => {
                self.status.is_some_and(|status| status >= 500) && !self.is_unavailable() && !self.is_throttled()
            }
        }
    }
}

/// Whether a code says that a session's token has expired; OSS and RAM spell it in ways of their own.
#[must_use]
pub fn has_expired(code: &str) -> bool {
    matches!(code, "InvalidSecurityToken.Expired" | "SecurityTokenExpired" | "InvalidSecurityTokenExpired")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_token_is_told_from_a_wrong_one_and_from_a_wrong_clock() {
        assert!(refused(403, "InvalidSecurityToken.Expired").is_expired());
        assert!(refused(403, "SecurityTokenExpired").is_expired(), "OSS");
        assert!(!refused(400, "InvalidSecurityToken.Malformed").is_expired());
        assert!(!refused(400, "InvalidTimeStamp.Expired").is_expired());
    }

    fn refused(status: u16, code: &str) -> Error {
        Error { status: Some(status), ..Error::plain(ErrorKind::Refused, "Test", code, "") }
    }

    #[test]
    fn conflicts_are_known_by_code_and_family() {
        for code in ["Operation.Blocking", "IncorrectStatus.ServerGroup", "IncorrectStatus.VpcRouteTable", "-22031"] {
            assert!(refused(400, code).is_conflict(), "{code}");
        }
        for code in ["ResourceInConfiguring.Listener", "IncorrectBusinessStatus.LoadBalancer", "LastTokenProcessing"] {
            assert!(refused(409, code).is_conflict(), "{code}");
        }
        for code in ["InvalidParameter", "Conflict.Port", "IncorrectStatusX", "QuotaExceeded"] {
            assert!(!refused(400, code).is_conflict(), "{code}");
        }
    }

    #[test]
    fn duplicates_are_known_by_code_and_family() {
        let codes = [
            "InvalidCIDRBlock.Duplicate",
            "InvalidRouteEntry.Duplicate",
            "RouterEntryConflict.Duplicated",
            "Duplicated.VpcNextHop",
            "AssociationExist.TransitRouterTable",
            "InstanceExist.TransitRouterRouteEntry",
            "ResourceAlreadyExist.Listener",
            "DuplicatedParam.Server",
            "ExecutionAlreadyExists",
        ];
        for code in codes {
            assert!(refused(400, code).is_duplicate(), "{code}");
        }
        assert!(!refused(400, "Duplicated.ZoneMapping").is_duplicate(), "a mistake in the request");
    }

    #[test]
    fn only_a_service_that_names_a_resource_says_that_it_is_absent() {
        assert!(refused(404, "ResourceNotFound.ServerGroup").is_not_found());
        assert!(refused(400, "InvalidCenId.NotFound").is_not_found());
        assert!(!refused(404, "InvalidAction.NotFound").is_not_found());
        assert!(!refused(404, "InvalidAccessKeyId.NotFound").is_not_found());
        assert!(!refused(404, "Http404").is_not_found(), "a gateway's page");
    }

    #[test]
    fn doubt_is_what_calls_for_a_read_back() {
        assert!(refused(500, "InternalError").may_have_happened());
        assert!(!refused(503, "ServiceUnavailable").may_have_happened());
        assert!(!refused(400, "TaskConflict").may_have_happened());
        assert!(Error::transport("Test", &crate::TransportError::Timeout).may_have_happened());
        assert!(!Error::transport("Test", &crate::TransportError::Connect(String::new())).may_have_happened());
        assert!(!Error::read_only("Test").may_have_happened());
    }

    #[test]
    fn credentials_permission_region_and_service_are_told_apart() {
        for (status, code, fault) in [
            (404, "InvalidAccessKeyId.NotFound", Fault::Credentials),
            (403, "InvalidAccessKeyId.Inactive", Fault::Credentials),
            (400, "InvalidSecurityToken.Expired", Fault::Credentials),
            (400, "SignatureDoesNotMatch", Fault::Credentials),
            (400, "InvalidTimeStamp.Expired", Fault::Credentials),
            (403, "SecurityTokenExpired", Fault::Credentials),
            (403, "NoPermission", Fault::Permission),
            (403, "Forbidden.RAM", Fault::Permission),
            (400, "Unauthorized", Fault::Permission),
            (403, "AccessDenied", Fault::Permission),
            (403, "Http403", Fault::Permission),
            (404, "InvalidRegionId.NotFound", Fault::Region),
            (400, "Throttling.User", Fault::Throttled),
            (503, "ServiceUnavailable", Fault::Service),
            (502, "Http502", Fault::Service),
            (400, "InvalidParameter", Fault::Request),
        ] {
            assert_eq!(refused(status, code).fault(), fault, "{code}");
        }
        assert_eq!(Error::transport("Test", &crate::TransportError::Timeout).fault(), Fault::Network);
        assert_eq!(Error::incomplete("Test", "short").fault(), Fault::Answer);
    }

    #[test]
    fn an_answer_that_cannot_be_taken_keeps_its_status() {
        assert_eq!(Error::malformed("Test", 502, "").status, Some(502));
        assert_eq!(Error::unread("Test", 200, "").status, Some(200));
    }

    #[test]
    fn an_error_reads_well() {
        let error = Error { request_id: "R-1".into(), message: "busy".into(), ..refused(400, "TaskConflict") };
        assert_eq!(error.to_string(), "Test: TaskConflict: busy (request R-1)");
    }
}
