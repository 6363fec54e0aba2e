//! The door from outside: whatever arrives, a well-formed answer leaves.

mod limits;

use http::StatusCode;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::state::ram::Role;
use crate::state::sts::Credentials;
use crate::testing::{HANGZHOU, acs3, json_of, oss, put_function, put_role, root, rpc, start, world};

const ECS: &str = "2014-05-26";
const STS: &str = "2015-04-01";

fn ask(gateway: &Gateway, request: Request<Bytes>) -> Response<Bytes> {
    ask_at(gateway, start(), request)
}

fn ask_at(gateway: &Gateway, now: Timestamp, request: Request<Bytes>) -> Response<Bytes> {
    match gateway.handle(now, now, HANGZHOU, request) {
        Reply::Ready(response) => response,
        other => panic!("{other:?}"),
    }
}

fn code(response: &Response<Bytes>) -> String {
    json_of(response)["Code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn both_signatures_are_let_in_and_answered_alike() {
    let gateway = Gateway::new(world());
    let old = ask(&gateway, rpc(start(), "1", &root(), STS, "GetCallerIdentity", &[]));
    let headers = [("x-acs-action", "GetCallerIdentity"), ("x-acs-version", STS)];
    let new = ask(&gateway, acs3(start(), "2", &root(), "POST", "/", &headers, b""));
    assert_eq!((old.status(), new.status()), (StatusCode::OK, StatusCode::OK));
    assert_eq!(json_of(&old)["Arn"], "acs:ram::1234567890123456:root");
    assert_eq!(json_of(&old)["Arn"], json_of(&new)["Arn"]);
    assert_ne!(json_of(&old)["RequestId"], json_of(&new)["RequestId"]);
    assert_eq!(old.headers()["date"], "Sun, 22 Nov 2026 08:00:00 GMT");
    assert_eq!(old.headers()["content-type"], "application/json;charset=utf-8");
}

#[test]
fn refusals_have_the_documented_codes() {
    let gateway = Gateway::new(world());
    let late = start() + SignedDuration::from_mins(16);
    let stranger = Credentials { access_key_id: "nobody".into(), ..root() };
    let forger = Credentials { access_key_secret: "guess".into(), ..root() };
    let tokened = Credentials { security_token: Some("t".into()), ..root() };
    let identity = |at, nonce, key: &Credentials| rpc(at, nonce, key, STS, "GetCallerIdentity", &[]);
    let cases = [
        (identity(late, "a", &root()), 400, "InvalidTimeStamp.Expired"),
        (identity(start(), "b", &stranger), 404, "InvalidAccessKeyId.NotFound"),
        (identity(start(), "c", &forger), 400, "SignatureDoesNotMatch"),
        (identity(start(), "d", &tokened), 400, "InvalidSecurityToken.MismatchWithAccessKey"),
        (rpc(start(), "e", &root(), "2000-01-01", "GetCallerIdentity", &[]), 400, "InvalidVersion"),
        (rpc(start(), "f", &root(), STS, "DropTable", &[]), 404, "InvalidAction.NotFound"),
        (rpc(start(), "g", &root(), STS, "AssumeRole", &[("RoleSessionName", "ss")]), 400, "MissingParameter"),
        (rpc(start(), "h", &root(), ECS, "DescribeInstances", &[("Colour", "red")]), 400, "InvalidParameter"),
        (Request::get("/").body(Bytes::new()).unwrap(), 400, "MissingAction"),
        (
            Request::get(format!("/?Action=GetCallerIdentity&Version={STS}")).body(Bytes::new()).unwrap(),
            400,
            "MissingAccessKeyId",
        ),
    ];
    for (request, status, expected) in cases {
        let answer = ask(&gateway, request);
        assert_eq!((answer.status().as_u16(), code(&answer).as_str()), (status, expected));
        let body = json_of(&answer);
        for field in ["RequestId", "HostId", "Recommend", "Message"] {
            assert!(!body[field].as_str().unwrap().is_empty(), "{expected} {field}");
        }
    }
    assert_eq!(gateway.log().len(), 10);
    assert_eq!(gateway.writes(), 0);
}

#[test]
fn objects_may_come_as_json_as_the_sdks_send_them() {
    const EVENTS: &str = "2020-04-01";
    let gateway = Gateway::new(world());
    let rule = template::Rule {
        bus: "default".into(),
        name: "r".into(),
        enabled: true,
        pattern: json!({}),
        targets: Vec::new(),
    };
    gateway.with(|world| world.put_rule(HANGZHOU, rule));
    let target = r#"[{"Id":"t","Type":"acs.fc.function","Endpoint":"e","ParamList":[{"Form":"ORIGINAL"}]}]"#;
    let put = [("EventBusName", "default"), ("RuleName", "r"), ("Targets", target)];
    let answer = ask(&gateway, rpc(start(), "1", &root(), EVENTS, "PutTargets", &put));
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
    assert_eq!(gateway.log()[0].params.get("Targets.1.ParamList.1.Form"), Some("ORIGINAL"));
    let listed = ask(&gateway, rpc(start(), "2", &root(), EVENTS, "ListTargets", &put[..2]));
    assert_eq!(json_of(&listed)["Data"]["Targets"][0]["Id"], "t");
    let broken = [("EventBusName", "default"), ("RuleName", "r"), ("Targets", "[{]")];
    let refused = ask(&gateway, rpc(start(), "3", &root(), EVENTS, "PutTargets", &broken));
    assert_eq!(code(&refused), "InvalidParameter");
}

#[test]
fn the_list_of_roles_does_not_show_whom_they_trust() {
    let gateway = Gateway::new(world());
    gateway.with(|world| put_role(world, "reader", &[]));
    let listed = ask(&gateway, rpc(start(), "1", &root(), "2015-05-01", "ListRoles", &[("Tag", "[]")]));
    let listed = json_of(&listed);
    let roles = listed["Roles"]["Role"].as_array().unwrap();
    assert!(roles.iter().any(|role| role["RoleName"] == "reader"));
    assert!(roles.iter().all(|role| role.get("AssumeRolePolicyDocument").is_none()));
}

#[test]
fn a_nonce_counts_once_but_a_forged_request_uses_none_up() {
    let gateway = Gateway::new(world());
    let forger = Credentials { access_key_secret: "guess".into(), ..root() };
    ask(&gateway, rpc(start(), "n", &forger, STS, "GetCallerIdentity", &[]));
    let first = ask(&gateway, rpc(start(), "n", &root(), STS, "GetCallerIdentity", &[]));
    let replay = ask(&gateway, rpc(start(), "n", &root(), STS, "GetCallerIdentity", &[]));
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(code(&replay), "SignatureNonceUsed");
}

#[test]
fn a_header_outside_the_signature_is_not_trusted() {
    let gateway = Gateway::new(world());
    let headers = [("x-acs-action", "GetCallerIdentity"), ("x-acs-version", STS)];
    let mut request = acs3(start(), "1", &root(), "POST", "/", &headers, b"");
    request.headers_mut().insert("x-acs-security-token", "t".parse().unwrap());
    assert_eq!(code(&ask(&gateway, request)), "IncompleteSignature");
    let mut changed = acs3(start(), "2", &root(), "POST", "/", &headers, b"");
    *changed.body_mut() = Bytes::from_static(b"x=1");
    assert_eq!(code(&ask(&gateway, changed)), "SignatureDoesNotMatch");
}

#[test]
fn time_may_be_near_either_clock() {
    let gateway = Gateway::new(world());
    let wall = start() + SignedDuration::from_hours(5);
    let signed = |at, nonce| rpc(at, nonce, &root(), STS, "GetCallerIdentity", &[]);
    for (at, nonce, expected) in
        [(wall, "1", 200), (start(), "2", 200), (start() + SignedDuration::from_hours(2), "3", 400)]
    {
        let Reply::Ready(answer) = gateway.handle(wall, start(), HANGZHOU, signed(at, nonce)) else {
            panic!("pending")
        };
        assert_eq!(answer.status().as_u16(), expected);
    }
}

#[test]
fn answers_come_in_xml_on_demand() {
    let gateway = Gateway::new(world());
    let key = root();
    let request = acs3(
        start(),
        "1",
        &key,
        "GET",
        "/?Format=XML",
        &[("x-acs-action", "GetCallerIdentity"), ("x-acs-version", STS)],
        b"",
    );
    let answer = ask(&gateway, request);
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(text.contains("<GetCallerIdentityResponse>") && text.contains("<RequestId>"), "{text}");
    assert_eq!(answer.headers()["content-type"], "text/xml;charset=utf-8");
}

fn assume(gateway: &Gateway, nonce: &str, external_id: Option<&str>) -> Response<Bytes> {
    let arn = gateway.with(|world| world.role_arn("reader"));
    let mut params = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "test"), ("DurationSeconds", "900")];
    params.extend(external_id.map(|id| ("ExternalId", id)));
    ask(gateway, rpc(start(), nonce, &root(), STS, "AssumeRole", &params))
}

#[test]
fn an_assumed_role_may_do_what_its_policies_say_until_it_expires() {
    let gateway = Gateway::new(world());
    gateway.with(|world| {
        let arn = world.role_arn("reader");
        let trust = json!({"Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]},
            "Condition": {"StringEquals": {"sts:ExternalId": "abc"}},
        }]});
        let policy = json!({"Statement": [{"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"}]});
        world.put_role(Role { name: "reader".into(), arn, trust, policies: vec![("p".into(), policy)] });
    });
    assert_eq!(code(&assume(&gateway, "1", None)), "NoPermission");
    let session = json_of(&assume(&gateway, "2", Some("abc")));
    let text = |name: &str| session["Credentials"][name].as_str().unwrap().to_owned();
    let key = Credentials {
        access_key_id: text("AccessKeyId"),
        access_key_secret: text("AccessKeySecret"),
        security_token: Some(text("SecurityToken")),
    };
    let allowed = ask(&gateway, rpc(start(), "3", &key, ECS, "DescribeInstances", &[("RegionId", HANGZHOU)]));
    assert_eq!(allowed.status(), StatusCode::OK, "{:?}", allowed.body());
    let denied = ask(&gateway, rpc(start(), "4", &key, ECS, "StopInstance", &[("InstanceId", "i-1")]));
    assert_eq!((denied.status().as_u16(), code(&denied).as_str()), (403, "Forbidden.RAM"));
    assert_eq!(json_of(&denied)["AccessDeniedDetail"]["AuthAction"], "ecs:StopInstance");
    assert_eq!(json_of(&denied)["AccessDeniedDetail"]["NoPermissionType"], "ImplicitDeny");

    let untokened = Credentials { security_token: None, ..key.clone() };
    assert_eq!(
        code(&ask(&gateway, rpc(start(), "5", &untokened, STS, "GetCallerIdentity", &[]))),
        "MissingSecurityToken"
    );
    let forged = Credentials { security_token: Some("forged".into()), ..key.clone() };
    assert_eq!(
        code(&ask(&gateway, rpc(start(), "6", &forged, STS, "GetCallerIdentity", &[]))),
        "InvalidSecurityToken.Malformed"
    );
    let later = start() + SignedDuration::from_mins(15);
    let expired = ask_at(&gateway, later, rpc(later, "7", &key, STS, "GetCallerIdentity", &[]));
    assert_eq!(code(&expired), "InvalidSecurityToken.Expired");
}

#[test]
fn objects_keep_their_versions() {
    let gateway = Gateway::new(world());
    let ask = |request| ask(&gateway, request);
    assert_eq!(ask(oss(start(), &root(), "PUT", "/store/", b"")).status(), StatusCode::OK);
    let enable = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(ask(oss(start(), &root(), "PUT", "/store/?versioning", enable)).status(), StatusCode::OK);
    let first = ask(oss(start(), &root(), "PUT", "/store/a/b.yml", b"one"));
    ask(oss(start(), &root(), "PUT", "/store/a/b.yml", b"two"));
    let version = first.headers()["x-oss-version-id"].to_str().unwrap().to_owned();
    assert_eq!(ask(oss(start(), &root(), "GET", "/store/a/b.yml", b"")).body().as_ref(), b"two");
    let old = ask(oss(start(), &root(), "GET", &format!("/store/a/b.yml?versionId={version}"), b""));
    assert_eq!((old.status().as_u16(), old.body().as_ref()), (200, b"one".as_slice()));
    let head = ask(oss(start(), &root(), "HEAD", "/store/a/b.yml", b""));
    assert!(head.body().is_empty() && head.headers().contains_key("etag"));
    let gone = ask(oss(start(), &root(), "GET", "/store/none", b""));
    assert!(String::from_utf8_lossy(gone.body()).contains("<Code>NoSuchKey</Code>"));
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let forged = Credentials { access_key_secret: "guess".into(), ..root() };
    let refused = ask(oss(start(), &forged, "GET", "/store/a/b.yml", b""));
    assert!(String::from_utf8_lossy(refused.body()).contains("<Code>SignatureDoesNotMatch</Code>"));
    assert_eq!(gateway.writes(), 4);
}

#[test]
fn an_account_that_opened_oss_lately_reaches_its_data_from_inside_only() {
    let mut world = world();
    world.settings.strict.internal_oss = true;
    put_role(&mut world, "reader", &["oss:GetObject"]);
    world.put_object(start(), HANGZHOU, "store", "a.yml", b"one".to_vec());
    let gateway = Gateway::new(world);
    let outside = ask(&gateway, oss(start(), &root(), "GET", "/store/a.yml", b""));
    assert_eq!(outside.status(), StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(outside.body()).contains("<Code>PublicEndpointForbidden</Code>"));
    let bucket = ask(&gateway, oss(start(), &root(), "GET", "/store/", b""));
    assert_eq!(bucket.status(), StatusCode::OK, "what concerns the bucket is no data action");
    let by = |host: &str| {
        let mut request = oss(start(), &root(), "GET", "/store/a.yml", b"");
        request.headers_mut().insert("host", host.parse().unwrap());
        ask(&gateway, sign::oss(request, &root(), HANGZHOU))
    };
    assert_eq!(by("oss-cn-hangzhou-internal.localhost").body().as_ref(), b"one");
    assert_eq!(by("oss-cn-chengdu-internal.localhost").status(), StatusCode::BAD_REQUEST);
    let by_path = |key: &Credentials| {
        let request = oss(start(), key, "GET", "/store/a.yml", b"");
        let (mut parts, body) = request.into_parts();
        parts.uri = "/oss-cn-hangzhou-internal/store/a.yml".parse().unwrap();
        ask(&gateway, Request::from_parts(parts, body))
    };
    assert_eq!(by_path(&root()).body().as_ref(), b"one");
    let of_function = |region: &str| {
        gateway.with(|world| crate::platform::sessions::function_credentials(world, start(), "reader", region))
    };
    assert_eq!(by_path(&of_function(HANGZHOU)).body().as_ref(), b"one");
    let elsewhere = by_path(&of_function("cn-chengdu"));
    assert_eq!(elsewhere.status(), StatusCode::MISDIRECTED_REQUEST, "a function of another region does not reach it");
}

#[test]
fn objects_are_listed_copied_read_in_part_and_deleted() {
    let gateway = Gateway::new(world());
    let send = |request| {
        let answer = ask(&gateway, request);
        (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned(), answer)
    };
    let plain = |method: &str, path: &str, body: &'static [u8]| send(oss(start(), &root(), method, path, body));
    plain("PUT", "/store/", b"");
    for key in ["a/1", "a/2", "b", "c&d"] {
        assert_eq!(plain("PUT", &format!("/store/{key}"), b"0123456789").0, 200, "{key}");
    }
    let (_, listed, _) = plain("GET", "/store/?list-type=2&delimiter=/&max-keys=2", b"");
    assert!(listed.contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"), "{listed}");
    assert!(
        listed.contains("<Key>b</Key>") && listed.contains("<NextContinuationToken>b</NextContinuationToken>"),
        "{listed}"
    );
    let (_, rest, _) = plain("GET", "/store/?list-type=2&delimiter=/&max-keys=2&continuation-token=b", b"");
    assert!(rest.contains("<Key>c&amp;d</Key>") && rest.contains("<IsTruncated>false</IsTruncated>"), "{rest}");
    let mut part = oss(start(), &root(), "GET", "/store/b", b"");
    part.headers_mut().insert("range", "bytes=2-4".parse().unwrap());
    let (status, body, answer) = send(part);
    assert_eq!((status, body.as_str()), (206, "234"));
    assert_eq!(answer.headers()["content-range"], "bytes 2-4/10");
    let many = b"<Delete><Object><Key>a/1</Key></Object><Object><Key>c&amp;d</Key></Object></Delete>";
    assert_eq!(plain("POST", "/store/?delete", many).0, 200);
    assert_eq!(plain("GET", "/store/a/1", b"").0, 404);
    assert_eq!(plain("DELETE", "/store/", b"").0, 409, "it is not empty");
    for key in ["a/2", "b", "never-there"] {
        assert_eq!(plain("DELETE", &format!("/store/{key}"), b"").0, 204, "{key}");
    }
    assert_eq!(plain("DELETE", "/store/", b"").0, 204);
    assert_eq!(plain("GET", "/store/", b"").0, 404);
}

#[test]
fn a_deleted_object_leaves_a_marker_where_versions_are_kept() {
    let mut world = world();
    let version = world.put_object(start(), HANGZHOU, "store", "a", b"one".to_vec());
    let gateway = Gateway::new(world);
    let plain = |method: &str, path: &str| ask(&gateway, oss(start(), &root(), method, path, b""));
    let gone = plain("DELETE", "/store/a");
    assert_eq!((gone.status().as_u16(), &gone.headers()["x-oss-delete-marker"]), (204, &"true".parse().unwrap()));
    assert_eq!(plain("GET", "/store/a").status(), StatusCode::NOT_FOUND);
    assert_eq!(plain("GET", &format!("/store/a?versionId={version}")).body().as_ref(), b"one");
    assert_eq!(plain("DELETE", "/store/").status(), StatusCode::CONFLICT, "versions are objects, too");
    let marker = gone.headers()["x-oss-version-id"].to_str().unwrap().to_owned();
    plain("DELETE", &format!("/store/a?versionId={marker}"));
    assert_eq!(plain("GET", "/store/a").body().as_ref(), b"one", "without the marker it is there again");
    plain("DELETE", &format!("/store/a?versionId={version}"));
    assert_eq!(plain("DELETE", "/store/").status(), StatusCode::NO_CONTENT);
}

#[test]
fn an_upload_in_parts_becomes_one_object() {
    let gateway = Gateway::new(world());
    let plain =
        |method: &str, path: &str, body: &'static [u8]| ask(&gateway, oss(start(), &root(), method, path, body));
    plain("PUT", "/store/", b"");
    let begun = plain("POST", "/store/a?uploads", b"");
    let text = String::from_utf8_lossy(begun.body()).into_owned();
    let (_, id) = text.split_once("<UploadId>").unwrap();
    let (id, _) = id.split_once('<').unwrap();
    let etag = |number: u32, body: &'static [u8]| {
        let answer = plain("PUT", &format!("/store/a?partNumber={number}&uploadId={id}"), body);
        answer.headers()["etag"].to_str().unwrap().to_owned()
    };
    let (one, two) = (etag(1, b"first, "), etag(2, b"second"));
    let complete = |parts: &[(u32, &str)]| {
        let parts: String = parts
            .iter()
            .map(|(number, etag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        let mut request = oss(start(), &root(), "POST", &format!("/store/a?uploadId={id}"), b"");
        *request.body_mut() = Bytes::from(format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"));
        ask(&gateway, request).status().as_u16()
    };
    assert_eq!(complete(&[(2, &two), (1, &one)]), 400, "in their order");
    assert_eq!(complete(&[(1, &two)]), 400, "as they were sent");
    assert_eq!(complete(&[(1, &one), (2, &two)]), 200);
    assert_eq!(plain("GET", "/store/a", b"").body().as_ref(), b"first, second");
    assert_eq!(complete(&[(1, &one)]), 404, "done once");
}

#[test]
fn functions_are_described_and_strangers_unknown() {
    let gateway = Gateway::new(world());
    gateway.with(|world| {
        let role = put_role(world, "fn", &["*"]);
        put_function(world, "verify", &role);
    });
    let found = ask(&gateway, acs3(start(), "1", &root(), "GET", "/2023-03-30/functions/verify", &[], b""));
    assert_eq!(json_of(&found)["functionName"], "verify");
    let listed = ask(&gateway, acs3(start(), "2", &root(), "GET", "/2023-03-30/functions", &[], b""));
    assert_eq!(json_of(&listed)["functions"].as_array().map(Vec::len), Some(1));
    let gone = ask(&gateway, acs3(start(), "3", &root(), "POST", "/2023-03-30/functions/x/invocations", &[], b"{}"));
    assert_eq!((gone.status().as_u16(), code(&gone).as_str()), (404, "FunctionNotFound"));
}

#[test]
fn one_seed_gives_one_log() {
    let run = || {
        let gateway = Gateway::new(world());
        ask(&gateway, rpc(start(), "1", &root(), STS, "GetCallerIdentity", &[]));
        ask(&gateway, oss(start(), &root(), "PUT", "/store/", b""));
        ask(&gateway, oss(start(), &root(), "PUT", "/store/x", b"1"));
        ask(&gateway, rpc(start(), "2", &root(), ECS, "DescribeInstances", &[("RegionId", HANGZHOU)]));
        gateway.log_text()
    };
    let log = run();
    assert_eq!(log.lines().count(), 4);
    assert!(log.starts_with("2026-11-22T08:00:00.000Z cn-hangzhou Sts.GetCallerIdentity root 200\n"), "{log}");
    assert_eq!(log, run());
}

fn has_request_id(response: &Response<Bytes>) -> bool {
    response.headers().get("x-acs-request-id").is_some_and(|id| id.len() == 36)
}

prop_compose! {
    fn any_request()(
        method in prop::sample::select(vec!["GET", "POST", "PUT", "HEAD", "DELETE", "BREW"]),
        path in prop::sample::select(vec!["/", "/2023-03-30/functions/x/invocations", "/2023-03-30", "/b/k", "/%ff%00/%C3", "//", "*"]),
        query in "[A-Za-z.0-9=&%+*]{0,60}",
        action in prop::option::of(prop::sample::select(vec!["RunInstances", "CreateServerGroup", "StartExecution", "x"])),
        version in prop::option::of(prop::sample::select(vec!["2014-05-26", "2020-06-16", "2019-03-15", "y"])),
        authorization in prop::option::of(prop_oneof![
            "ACS3-HMAC-SHA256 .{0,60}",
            "OSS4-HMAC-SHA256 Credential=testid/.{0,30}, Signature=.{1,9}",
            Just("ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=a;host;ä,Signature=00".to_owned()),
        ]),
        date in prop::option::of(prop_oneof![Just("2026-11-22T08:00:00Z".to_owned()), Just("20261122T080000Z".to_owned()), ".{0,20}"]),
        form in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) -> Option<Request<Bytes>> {
        let uri = if path == "*" { path.to_owned() } else { format!("{path}?{query}") };
        let mut request = Request::builder().method(method).uri(uri);
        let headers = [
            ("x-acs-action", action.map(str::to_owned)),
            ("x-acs-version", version.map(str::to_owned)),
            ("authorization", authorization),
            ("x-acs-date", date.clone()),
            ("x-oss-date", date),
            ("x-acs-signature-nonce", Some("n".to_owned())),
            ("content-type", form.then(|| "application/x-www-form-urlencoded".to_owned())),
        ];
        for (name, value) in headers {
            let Some(value) = value else { continue };
            if let Ok(value) = http::HeaderValue::from_bytes(value.as_bytes()) {
                request = request.header(name, value);
            }
        }
        request.body(Bytes::from(body)).ok()
    }
}

proptest! {
    #[test]
    fn any_request_is_answered_with_a_request_id(request in any_request()) {
        let Some(request) = request else { return Ok(()) };
        let gateway = Gateway::new(world());
        let answer = ask(&gateway, request);
        prop_assert!(has_request_id(&answer));
        prop_assert!(answer.status().is_client_error() || answer.status().is_server_error());
    }

    #[test]
    fn any_parameters_of_any_action_are_answered(
        picks in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any_value(), 40), any::<u64>()), 12),
    ) {
        let actions = table::actions();
        let mut world = world();
        world.load(start(), crate::PROCEDURE).unwrap();
        let gateway = Gateway::new(world);
        for (nonce, (index, values, mask)) in picks.into_iter().enumerate() {
            let (version, action, names) = index.get(&actions);
            let params: Vec<(&str, &str)> = names
                .iter()
                .zip(&values)
                .enumerate()
                // Most parameters are left out, so that required ones alone are tried too.
                .filter(|(at, (name, _))| mask >> (at % 64) & 1 == 1 && *name != "DryRun")
                .map(|(_, (name, value))| (name.as_str(), value.as_str()))
                .collect();
            let answer = ask(&gateway, rpc(start(), &nonce.to_string(), &root(), version, action, &params));
            prop_assert!(has_request_id(&answer));
            let body: Value = serde_json::from_slice(answer.body()).unwrap();
            prop_assert!(body["RequestId"].is_string());
            prop_assert_ne!(body["Code"].as_str(), Some("SignatureDoesNotMatch"));
            prop_assert!(answer.status().as_u16() != 500, "{action}: {body}");
        }
    }
}

/// Values of which some fit, among them the procedure's own ids.
fn any_value() -> impl Strategy<Value = String> {
    let known = [
        "vpc-1",
        "vpc-2",
        "vsw-1",
        "vsw-3",
        "vsw-4",
        "sg-1",
        "sg-2",
        "i-ecs1",
        "i-client",
        "cen-1",
        "cenbwp-1",
        "tr-chengdu",
        "tr-hangzhou",
        "alb-1",
        "vtb-vpc-1",
        "vtb-vpc-2",
        "cn-hangzhou",
        "cn-chengdu",
        "cn-hangzhou-h",
        "HTTP",
        "Ip",
        "Instance",
        "ForwardGroup",
        "web",
        "true",
        "false",
        "0",
        "1",
        "80",
        "100",
        "-1",
        "10.0.0.0/8",
        "192.168.7.10",
        "0.0.0.0/0",
        "80/80",
        "[\"i-ecs1\"]",
        "{}",
        "99999999999999999999",
        "loadbalancer",
        "servergroup",
        "Attachment",
        "default",
        "VPC",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}
