//! The pages of an emulated world on paused time: what they say, that they are well-formed whatever the cloud says, and that viewers
//! share one look.

mod markup;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use emulator::call::{ApiError, Service};
use emulator::faults::Rule;
use http::{Request, Response, StatusCode};
use jiff::SignedDuration;
use local::{Options, PROCEDURE_BINDING};
use openapi::vpc::{DeleteRouteEntry, DescribeRouteEntryList};

use super::look::Looker;
use super::server::answer;
use super::watch::Watch;
use super::{frame, place};
use crate::args::Target;
use crate::environment::Environment;
use crate::target::{self, Access};
use crate::tests::Desk;
use markup::Page;

const FAR: &str = "cn-hangzhou";
const EVERY: SignedDuration = SignedDuration::from_secs(30);

/// The procedure's world with its instance running, under this name.
fn running(name: &str) -> String {
    let quoted = serde_json::to_string(name).unwrap();
    emulator::PROCEDURE.replacen("state: Stopped, ", "", 1).replacen("name: ECS1", &format!("name: {quoted}"), 1)
}

/// A desk beside a deployment that has had a run.
async fn built(name: &str, scenario: String) -> Desk {
    let desk = Desk::start(name, Options { scenario, ..Options::default() }).await;
    let ran = desk.run(&["run", "web"]).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    for _ in 0..2 {
        // The emulated health checks see a change when they are asked, and decide some seconds later.
        desk.local.clock().sleep(Duration::from_secs(120)).await;
        desk.run(&["status", "web"]).await;
    }
    desk
}

async fn watch(desk: &Desk) -> Arc<Watch> {
    let environment = Environment::with_transport(desk.variables.clone(), desk.transport(), desk.local.clock().clone());
    let host = target::host(&Target::default(), &environment, Access::Read).await.unwrap();
    Watch::new(Looker::new(host, None), EVERY, Clock::system())
}

fn asked(path: &str) -> Request<()> {
    Request::get(path).header("host", "127.0.0.1:7700").body(()).unwrap()
}

async fn get(watch: &Arc<Watch>, path: &str) -> Response<Bytes> {
    answer(watch, &asked(path)).await
}

/// A page, checked.
async fn page(watch: &Arc<Watch>, path: &str) -> Page {
    let answer = get(watch, path).await;
    let text = String::from_utf8(answer.body().to_vec()).unwrap();
    assert_eq!(answer.status(), 200, "{path}: {text}");
    assert_eq!(answer.headers()["content-security-policy"], frame::POLICY);
    Page::read(&text)
}

async fn delete_route(desk: &Desk, destination: &str) {
    let list = DescribeRouteEntryList { route_table_id: "vtb-vpc-2".to_owned(), ..Default::default() };
    let routes = desk.local.operator().list(FAR, list).await.unwrap();
    let route = routes.into_iter().find(|route| route.destination_cidr_block == destination).unwrap();
    let delete = DeleteRouteEntry { route_entry_id: Some(route.route_entry_id), ..Default::default() };
    desk.local.operator().call(FAR, &delete).await.unwrap();
    desk.local.clock().sleep(Duration::from_secs(120)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_comes_first_with_what_mends_it_and_the_way_is_drawn() {
    let desk = built("page-faulty", running("ECS1")).await;
    let watch = watch(&desk).await;
    let well = page(&watch, "/").await;
    assert!(well.text().contains("1 binding, and it is well"), "{}", well.text());
    assert_eq!(well.title(), "✓ albridge");

    delete_route(&desk, "172.16.6.0/24").await;
    let old = page(&watch, "/binding/web").await;
    assert!(!old.text().contains("XREG-NO-ROUTE"), "what there is is shown at once");
    desk.local.clock().sleep(Duration::from_secs(40)).await;
    let faulty = page(&watch, "/binding/web").await;
    let text = faulty.text();
    assert_eq!(faulty.title(), "✕ web · albridge", "a run will make up for it, and yet it is not served now");
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing: {text}"));
    let order = [
        "1 cause",
        "Table vtb-vpc-2 of vpc-2 has no route for 172.16.6.0/24.",
        "albridge apply web",
        "Topology",
        "web: i-ecs1 (192.168.7.10:80, ECS1) is reachable from some of the ALB's addresses only",
        "Members and instances with the tags",
        "What differs, as it is and as it should be",
        "the next run makes it",
        "The last runs",
    ];
    let places: Vec<usize> = order.iter().map(|what| place(what)).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(
        faulty.elements("svg").count() >= 1 && text.contains("hop by hop") || text.contains("Hop by hop"),
        "{text}"
    );

    let index = page(&watch, "/").await;
    assert!(index.text().contains("XREG-NO-ROUTE") && index.text().contains("Do:"), "{}", index.text());
    let other = page(&watch, "/binding/web?instance=i-nobody").await;
    assert!(other.text().contains("No instance i-nobody was seen in its VPCs."), "{}", other.text());
}

#[tokio::test(start_paused = true)]
async fn both_values_are_shown_of_what_was_changed_by_hand() {
    let desk = built("page-drift", running("ECS1")).await;
    let bindings = PROCEDURE_BINDING.replacen("weight: 100", "weight: 60, scheduler: Wlc", 1);
    assert_ne!(bindings, PROCEDURE_BINDING);
    std::fs::write(desk.file("bindings.yml"), &bindings).unwrap();
    let text = page(&watch(&desk).await, "/binding/web").await.text();
    let row = |what: &str| text.split("back-to-origin").next().unwrap().find(what);
    assert!(text.contains("scheduler Wrr Wlc"), "{text}");
    assert!(text.contains("weight 100 60") && row("100, wanted 60").is_some(), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_planned_is_not_called_in_place() {
    let desk = Desk::start("page-missing", Options::default()).await;
    std::fs::write(desk.file("bindings.yml"), PROCEDURE_BINDING.replacen("id: alb-1", "id: alb-2", 1)).unwrap();
    let watch = watch(&desk).await;
    let text = page(&watch, "/binding/web").await.text();
    assert!(text.contains("XREG-ALB-MISSING") && text.contains("none that a run could make up for"), "{text}");
    assert!(!text.contains("Nothing differs") && !text.contains("well"), "{text}");
    let way = page(&watch, "/binding/web?instance=i-ecs1").await.text();
    assert!(way.contains("There is no way to draw"), "{way}");
}

#[tokio::test(start_paused = true)]
async fn a_run_is_told_by_its_stages_calls_and_waits() {
    let desk = built("page-run", running("ECS1")).await;
    let watch = watch(&desk).await;
    let binding = page(&watch, "/binding/web").await;
    let run = binding.links().find(|link| link.contains("/run/")).unwrap();
    let run = page(&watch, &run).await;
    let text = run.text();
    assert!(text.contains("✓ succeeded, started by manual, began 2026-11-22"), "{text}");
    let order =
        ["wait", "turn", "preflight", "vpc-attachments", "peer-attachment", "backend-servers", "verify", "prune"];
    let timeline = &text[text.find("Came to").unwrap()..];
    let places: Vec<usize> = order.iter().map(|stage| timeline.find(&format!(" {stage} ")).unwrap()).collect();
    assert!(places.is_sorted(), "{timeline}");
    assert!(timeline.contains("register i-ecs1 at 192.168.7.10:80"), "{timeline}");
    let bars = run.elements("rect").filter(|rect| rect.get("class") == Some("call"));
    let number = |bar: &markup::Element, name: &str| bar.get(name)?.parse::<i64>().ok();
    let ends: Vec<i64> = bars.filter_map(|bar| Some(number(bar, "x")? + number(bar, "width")?)).collect();
    // One more is a sample in the legend.
    assert!(ends.len() > 12 && ends.iter().all(|end| *end <= 1004), "{ends:?}");
    let repaired = binding.text();
    assert!(repaired.contains("What the last runs made and repaired"), "{repaired}");
    let missing = get(&watch, "/binding/web/run/web-1").await;
    assert_eq!(missing.status(), 404);
    assert!(String::from_utf8_lossy(missing.body()).contains("web-1 is not among the last runs"));
}

/// What anybody may write into a name, and what a cloud may answer.
const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></style></svg><b>",
    "\u{202e}ecalp ni\u{1b}[2J &amp; &",
    "' style='x:y' href='javascript:alert(1)",
];

#[tokio::test(start_paused = true)]
async fn what_comes_from_outside_is_text_on_every_page() {
    let hostile = &HOSTILE.join(" ");
    let desk = built("page-hostile", running(hostile)).await;
    let refusal = ApiError::new(403, format!("No{hostile}"), format!("You may not: {hostile}"));
    desk.local.cloud().inject(Rule::refuse(refusal).on(Service::Alb, "ListListeners")).unwrap();
    let watch = watch(&desk).await;
    let binding = page(&watch, "/binding/web").await;
    let run = binding.links().find(|link| link.contains("/run/")).unwrap();
    for path in ["/", "/binding/web", "/binding/web?instance=i-ecs1", &run] {
        let page = page(&watch, path).await;
        assert_eq!(page.elements("script").count(), 1, "{hostile} {path}");
        assert_eq!(page.elements("img").count() + page.elements("b").count(), 0, "{hostile} {path}");
    }
    assert!(binding.text().contains(&crate::output::visible(hostile)), "{hostile}: {}", binding.text());
    let nobody = get(&watch, &format!("/binding/{}", super::html::Part(hostile))).await;
    assert_eq!(nobody.status(), 404);
    Page::read(std::str::from_utf8(nobody.body()).unwrap());
    let file = desk.file("status.html").display().to_string();
    let ran = desk.run(&["status", "--html", &file]).await;
    assert_eq!(ran.code, 1, "{}", ran.all());
    let page = Page::read(&std::fs::read_to_string(&file).unwrap());
    assert_eq!(page.elements("script").count() + page.elements("img").count(), 0, "{hostile}");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_complete_in_itself_and_exits_as_status_does() {
    use base64::Engine as _;
    use sha2::Digest as _;

    let desk = built("page-file", running("ECS1")).await;
    delete_route(&desk, "172.16.6.0/24").await;
    let file = desk.file("status.html").display().to_string();
    let ran = desk.run(&["status", "--html", &file]).await;
    assert_eq!((ran.code, desk.run(&["status"]).await.code), (2, 2), "{}", ran.all());
    let text = std::fs::read_to_string(&file).unwrap();
    let page = Page::read(&text);
    assert!(page.links().all(|link| link.starts_with('#')), "{:?}", page.links().collect::<Vec<_>>());
    let style = text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style.as_bytes()));
    let policy = page.elements("meta").find(|meta| meta.get("http-equiv") == Some("Content-Security-Policy")).unwrap();
    assert!(policy.get("content").unwrap().contains(&format!("style-src 'sha256-{hash}'")), "{policy:?}");
    for what in [
        "XREG-NO-ROUTE",
        "from some of the ALB's addresses only",
        "Stages, calls and waits",
        "it does not change any more",
    ] {
        assert!(page.text().contains(what), "{what}: {}", page.text());
    }
    let ran = desk.run(&["status", "--html", "no/such/folder.html"]).await;
    assert!(ran.code == 1 && ran.stderr.contains("no/such/folder.html"), "{}", ran.all());
}

fn looks(desk: &Desk) -> usize {
    desk.local.cloud().gateway().log().iter().filter(|call| call.action == "ListExecutions").count()
}

#[tokio::test(start_paused = true)]
async fn viewers_share_one_look_and_nobody_looks_while_nobody_views() {
    let desk = built("page-flight", running("ECS1")).await;
    let watch = watch(&desk).await;
    let before = desk.local.cloud().gateway().log().len();
    let first = looks(&desk);
    let request = asked("/binding/web");
    let all = futures(&watch, &request, 20).await;
    assert!(all.iter().all(|answer| answer.status() == 200));
    assert_eq!(looks(&desk) - first, 1, "twenty viewers, one look");
    get(&watch, "/").await;
    assert_eq!(looks(&desk) - first, 1, "it is young");
    desk.local.clock().sleep(Duration::from_secs(3600)).await;
    assert_eq!(looks(&desk) - first, 1, "nobody views");
    futures(&watch, &request, 20).await;
    desk.local.clock().sleep(Duration::from_secs(5)).await;
    assert_eq!(looks(&desk) - first, 2);
    let log = desk.local.cloud().gateway().log();
    assert!(log.iter().skip(before).all(|call| !call.writes), "a page only reads");
}

async fn futures(watch: &Arc<Watch>, request: &Request<()>, count: usize) -> Vec<Response<Bytes>> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (watch, request) = (Arc::clone(watch), request.clone());
        tasks.spawn(async move { answer(&watch, &request).await });
    }
    tasks.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_leaves_the_one_before_with_its_age_and_the_error() {
    let desk = built("page-stale", running("ECS1")).await;
    let watch = watch(&desk).await;
    let one = page(&watch, "/binding/web").await;
    let new = self::watch(&desk).await;
    std::fs::rename(desk.file("bindings.yml"), desk.file("away.yml")).unwrap();
    desk.local.clock().sleep(Duration::from_secs(60)).await;
    get(&watch, "/").await;
    desk.local.clock().sleep(Duration::from_secs(5)).await;
    let stale = page(&watch, "/binding/web").await;
    let text = stale.text();
    assert!(
        text.contains("The last look failed, so what is shown is older") && text.contains("bindings.yml"),
        "{text}"
    );
    assert!(text.contains("seen 1 min 05 s ago"), "{text}");
    assert!(text.contains("✓ well") && one.text().contains("✓ well"), "{text}");

    let nothing = page(&new, "/binding/web").await.text();
    assert!(nothing.contains("Nothing could be looked at") && !nothing.contains("well"), "{nothing}");

    std::fs::rename(desk.file("away.yml"), desk.file("bindings.yml")).unwrap();
    desk.local.clock().sleep(Duration::from_secs(60)).await;
    get(&watch, "/").await;
    desk.local.clock().sleep(Duration::from_secs(5)).await;
    let again = page(&watch, "/binding/web").await.text();
    assert!(!again.contains("failed, so"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn what_has_not_changed_is_not_sent_again() {
    let desk = built("page-etag", running("ECS1")).await;
    let watch = watch(&desk).await;
    let first = get(&watch, "/").await;
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let with_tag = |path: &str| {
        let mut request = asked(path);
        request.headers_mut().insert("if-none-match", tag.parse().unwrap());
        request
    };
    let same = answer(&watch, &with_tag("/")).await;
    assert_eq!((same.status(), same.body().len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(same.headers()["x-albridge-age"], "0");
    desk.local.clock().sleep(Duration::from_secs(40)).await;
    answer(&watch, &with_tag("/")).await;
    desk.local.clock().sleep(Duration::from_secs(5)).await;
    assert_eq!(answer(&watch, &with_tag("/")).await.status(), 200, "a new look has ended");
    for (path, kind) in [("/style.css", "text/css"), ("/script.js", "text/javascript"), ("/icon.svg", "image/svg+xml")]
    {
        let asset = get(&watch, path).await;
        assert!(
            asset.headers()["content-type"].to_str().unwrap().starts_with(kind) && !asset.body().is_empty(),
            "{path}"
        );
    }
    assert_eq!(get(&watch, "/no/such/page").await.status(), 404);
    assert_eq!(get(&watch, "/binding/nobody").await.status(), 404);
    let foreign = Request::get("/").header("host", "evil.example").body(()).unwrap();
    assert_eq!(answer(&watch, &foreign).await.status(), 421);
}

#[tokio::test(start_paused = true)]
async fn only_loopback_is_listened_at_and_a_taken_port_is_named() {
    let desk = Desk::before_deployment("page-listen", Options::default()).await;
    let ran = desk.run(&["console", "--listen", "0.0.0.0:0"]).await;
    assert!(ran.code == 64 && ran.stderr.contains("0.0.0.0:0") && ran.stderr.contains("ssh -L"), "{}", ran.all());
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let held = std::net::TcpListener::bind(&taken).unwrap();
    let ran = desk.run(&["console", "--listen", &taken]).await;
    assert!(ran.code == 64 && ran.stderr.contains(&taken), "{}", ran.all());
    drop(held);
    let ran = desk.run(&["console", "nobody", "--listen", "127.0.0.1:0"]).await;
    assert!(ran.code == 64 && ran.stderr.contains("has no binding nobody; it has: web"), "{}", ran.all());
}
