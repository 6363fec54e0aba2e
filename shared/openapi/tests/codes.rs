//! What each code of the cloud means to the client, code by code: taking one out of a list changes what a run does, so each
//! one is written down here a second time, with the page that names it (cloud-apis.md unless said).

use openapi::{Action, Error, ErrorKind, alb, cbn, vpc};

fn refused(status: u16, code: &str) -> Error {
    Error {
        kind: ErrorKind::Refused,
        status: Some(status),
        code: code.to_owned(),
        message: String::new(),
        request_id: String::new(),
        action: "Test",
        retry_after: None,
        place: None,
    }
}

/// The questions that are asked of a refusal, in the order of the columns below.
fn answers(code: &str) -> [(&'static str, bool); 5] {
    let error = refused(400, code);
    [
        ("conflict", error.is_conflict()),
        ("duplicate", error.is_duplicate()),
        ("not found", error.is_not_found()),
        ("throttled", error.is_throttled()),
        ("denied", error.is_denied()),
    ]
}

/// Every code of the list is of this class, and of no other.
fn are_only(class: &str, codes: &[&str]) {
    for code in codes {
        for (name, holds) in answers(code) {
            assert_eq!(holds, name == class, "{code}: {name}");
        }
    }
}

#[test]
fn a_change_under_way_is_a_conflict() {
    are_only(
        "conflict",
        &[
            // Section 1: the first call with the same token still runs.
            "IdempotenceProcessing",
            "LastTokenProcessing",
            "TokenProcessing",
            // Section 4 and 5: ALB.
            "OperationFailed.ResourceGroupStatusCheckFail",
            "OperationFailed.DistibuteLock",
            "Conflict.Lock",
            "IncorrectStatus.ServerGroup",
            "IncorrectStatus.Listener",
            "IncorrectBusinessStatus.LoadBalancer",
            "ResourceInConfiguring.Listener",
            "VipStatusNotSupport",
            "-21020",
            "-22001",
            "-22031",
            // Section 7 and 8: CEN.
            "Operation.Blocking",
            "OperationFailed.TaskConflict",
            "InstanceStatus.NotSupport",
            "InvalidOperation.CenInstanceStatus",
            "InvalidOperation.BwpBusinessStatus",
            "IncorrectStatus.TransitRouter",
            "IncorrectStatus.VpcSwitch",
            // Section 9: VPC routes.
            "TaskConflict",
            "OperationConflict",
            "IncorrectRouteEntryStatus",
            "IncorrectVpcStatus",
            "IncorrectVSwitchStatus",
            "IncorrectHaVipStatus",
            "IncorrectInstanceStatus",
            "InvalidVBRStatus",
            "IncorrectStatus.RouteTable",
        ],
    );
}

#[test]
fn what_is_there_already_is_a_duplicate() {
    are_only(
        "duplicate",
        &[
            // Section 4 and 5: ALB.
            "DuplicatedParam.Server",
            "ResourceAlreadyExist.Listener",
            "Conflict.Port",
            // Section 8 and 10: CEN.
            "InstanceExist.TransitRouterRouteEntry",
            "AssociationExist.TransitRouterTable",
            "PropagationExist.TransitRouterTable",
            "OperationFailed.CreateRouteEntryWithSameDestinationCidrBlock",
            // Section 9: VPC routes.
            "InvalidCIDRBlock.Duplicate",
            "InvalidRouteEntry.Duplicate",
            "RouterEntryConflict.Duplicated",
            "Duplicated.VpcNextHop",
            "RouteConflict.AlreadyExist",
            // workflow-events-template.md, section 1; the object storage.
            "ExecutionAlreadyExists",
            "FileAlreadyExists",
        ],
    );
}

#[test]
fn what_names_a_resource_that_is_not_there_is_not_found() {
    are_only(
        "not found",
        &[
            "ResourceNotFound.ServerGroup",
            "ResourceNotFound.LoadBalancer",
            "InvalidCenId.NotFound",
            "-735",
            "IllegalParam.TransitRouterRouteEntryId",
            "EntityNotExist.Role",
            "FunctionNotFound",
            "FlowNotExists",
            "ExecutionNotExists",
            "NoSuchKey",
            "NoSuchBucket",
            "NoSuchVersion",
        ],
    );
    // These say it of the call, and would make a wrong key or a misspelt action look like an empty account.
    for code in ["InvalidAction.NotFound", "InvalidAccessKeyId.NotFound", "InvalidApi.NotFound"] {
        for status in [400, 404] {
            assert!(!refused(status, code).is_not_found(), "{code}");
        }
    }
}

#[test]
fn too_many_calls_are_known_by_code_status_and_header() {
    are_only(
        "throttled",
        &[
            "Throttling",
            "Throttling.User",
            "Throttling.Api",
            "Rejected.Throttling",
            "QpsLimitExceeded",
            "ResourceExhausted",
        ],
    );
    assert!(refused(429, "ResourceThrottled").is_throttled());
    let asked = |status| Error { retry_after: Some(std::time::Duration::from_secs(1)), ..refused(status, "Odd") };
    assert!(asked(400).is_throttled());
    assert!(!asked(500).is_throttled(), "a server that failed may have done it");
}

#[test]
fn a_key_that_is_not_taken_or_may_not_is_denied() {
    are_only(
        "denied",
        &[
            "Unauthorized",
            "AccessDenied",
            "NotAuthorized",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingSecurityToken",
            "Forbidden.RAM",
            "Forbbiden.SubUser",
            "NoPermission",
            "NoPermission.AliyunServiceRoleForCEN",
            "InvalidAccessKeyId.Inactive",
            "InvalidSecurityToken.Expired",
            "Http401",
            "Http403",
        ],
    );
}

#[test]
fn only_a_service_that_says_it_did_not_begin_leaves_no_doubt() {
    for (status, code) in
        [(503, "ServiceUnavailable"), (500, "SystemBusy"), (500, "SignatureNonceUsed"), (503, "QpsLimitExceeded")]
    {
        assert!(!refused(status, code).may_have_happened(), "{code}");
    }
    for (status, code) in [(500, "InternalError"), (502, "Http502"), (504, "Http504"), (503, "Http503")] {
        assert!(refused(status, code).may_have_happened(), "{code}");
    }
}

/// Codes that an action itself is sent again for, a few times, before the caller waits and reads again. All of them, in the
/// order of the sources (the retry sets of Terraform's provider).
#[test]
fn each_action_is_retried_for_the_codes_of_its_page() {
    let route = [
        "TaskConflict",
        "OperationConflict",
        "IncorrectRouteEntryStatus",
        "IncorrectVpcStatus",
        "IncorrectVSwitchStatus",
        "IncorrectHaVipStatus",
        "IncorrectInstanceStatus",
        "InvalidVBRStatus",
        "IncorrectStatus.Ipv4Gateway",
        "IncorrectStatus.Ipv6Address",
        "IncorrectStatus.VpcPeer",
        "IncorrectStatus.MultiScopeRiRouteEntry",
        "IncorrectStatus.RouteTableStatus",
        "IncorrectStatus.RouterInterface",
        "IncorrectStatus.PrefixList",
        "OperationFailed.DistibuteLock",
        "UnknownError",
    ];
    assert_eq!(vpc::CreateRouteEntry::RETRY, route);
    assert_eq!(vpc::DeleteRouteEntry::RETRY, route);
    let attachment = [
        "Operation.Blocking",
        "IncorrectStatus.Status",
        "IncorrectStatus.Attachment",
        "IncorrectStatus.VpcResource",
        "IncorrectStatus.VpcOrVswitch",
        "IncorrectStatus.VpcSwitch",
        "IncorrectStatus.VpcRouteTable",
        "InstanceStatus.NotSupport",
    ];
    assert_eq!(cbn::CreateTransitRouterVpcAttachment::RETRY, attachment);
    assert_eq!(cbn::CreateTransitRouterPeerAttachment::RETRY, attachment);
    assert_eq!(cbn::UpdateTransitRouterPeerAttachmentAttribute::RETRY, attachment);
    let table = [
        "Operation.Blocking",
        "IncorrectStatus.Status",
        "IncorrectStatus.AttachmentOrRouteTable",
        "InstanceStatus.NotSupport",
    ];
    assert_eq!(cbn::AssociateTransitRouterAttachmentWithRouteTable::RETRY, table);
    assert_eq!(cbn::EnableTransitRouterRouteTablePropagation::RETRY, table);
    assert_eq!(cbn::DeleteTransitRouterRouteEntry::RETRY, table);
    let entry = [
        "Operation.Blocking",
        "IncorrectStatus.Status",
        "InstanceStatus.NotSupport",
        "OperationFailed.CreateRouteEntryWithSameDestinationCidrBlock",
    ];
    assert_eq!(cbn::CreateTransitRouterRouteEntry::RETRY, entry);
    assert_eq!(alb::CreateServerGroup::RETRY, ["OperationFailed.ResourceGroupStatusCheckFail"]);
    assert_eq!(alb::UpdateServerGroupAttribute::RETRY, ["IncorrectStatus.ServerGroup"]);
    assert_eq!(alb::DeleteServerGroup::RETRY, ["IncorrectStatus.ServerGroup"]);
    assert_eq!(alb::AddServersToServerGroup::RETRY, ["IncorrectStatus.ServerGroup"]);
    assert_eq!(alb::RemoveServersFromServerGroup::RETRY, ["IncorrectStatus.ServerGroup"]);
    assert_eq!(alb::UpdateServerGroupServersAttribute::RETRY, ["IncorrectStatus.ServerGroup"]);
    assert_eq!(alb::CreateListener::RETRY, ["IncorrectBusinessStatus.LoadBalancer", "-21020"]);
    assert_eq!(alb::UpdateListenerAttribute::RETRY, ["IncorrectStatus.Listener", "VipStatusNotSupport", "-22001"]);
}

/// A write that is sent again for a code which is no conflict would be repeated although something else is wrong.
#[test]
fn what_a_write_is_repeated_for_says_that_it_was_not_done() {
    let codes = [vpc::CreateRouteEntry::RETRY, cbn::CreateTransitRouterVpcAttachment::RETRY].concat();
    for code in [codes, cbn::CreateTransitRouterRouteEntry::RETRY.to_vec()].concat() {
        let error = refused(400, code);
        let known = error.is_conflict() || error.is_duplicate();
        assert!(known || code == "UnknownError", "{code}");
    }
}
