//! Who is answered: raw requests, as browsers and programs send them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// The status and the body of the answer to a request of these header lines; `PORT` stands for the port.
async fn asked(base: &str, line: &str, headers: &[&str], body: &str) -> (u16, String, String) {
    let authority = base.trim_start_matches("http://");
    let port = authority.rsplit_once(':').unwrap().1;
    let mut text = format!("{line}\r\n");
    for header in headers {
        text.push_str(&format!("{}\r\n", header.replace("PORT", port)));
    }
    text.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(authority).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// A signed write, as a form; hosts are not part of such a signature.
fn write(cloud: &Cloud) -> String {
    let request = rpc(cloud.clock().now(), &cloud.clock().uuid(), &root(), "2017-09-12", "CreateCen", &[]);
    String::from_utf8(request.into_body().to_vec()).unwrap()
}

fn cens(cloud: &Cloud) -> usize {
    cloud.with(|world| world.cen.instances.len())
}

const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// Header lines, and the status of a request that has them.
const CASES: [(&[&str], u16); 43] = [
    // Programs.
    (&["host: 127.0.0.1:PORT"], 200),
    (&["host: 127.0.0.1"], 200),
    (&["host: 127.9.8.7:PORT"], 200),
    (&["host: localhost:PORT"], 200),
    (&["host: LocalHost:PORT"], 200),
    (&["host: bucket.localhost:PORT"], 200),
    (&["host: [::1]:PORT"], 200),
    (&["host: [::1]"], 200),
    // By a forwarded port, or through a proxy of this machine.
    (&["host: localhost:1"], 200),
    (&["host: localhost:8080", "origin: http://localhost:8080"], 200),
    // Names that resolve to loopback, and what looks like loopback.
    (&["host: evil.example"], 421),
    (&["host: evil.example:PORT"], 421),
    (&["host: localhost.evil.example:PORT"], 421),
    (&["host: 127.0.0.1.evil.example:PORT"], 421),
    (&["host: notlocalhost:PORT"], 421),
    (&["host: localhost:"], 421),
    (&["host: localhost:99999"], 421),
    (&["host: 0.0.0.0:PORT"], 421),
    (&["host: 2130706433:PORT"], 421),
    (&["host: 127.1:PORT"], 421),
    (&["host: 192.168.0.1:PORT"], 421),
    (&["host: [::]:PORT"], 421),
    (&["host: [fe80::1]:PORT"], 421),
    (&["host: 127.0.0.1@evil.example:PORT"], 421),
    (&["host: evil@127.0.0.1:PORT"], 421),
    (&["host: ecs.cn-hangzhou.aliyuncs.com"], 421),
    (&["host: "], 421),
    (&[], 421),
    (&["host: localhost:PORT", "host: evil.example"], 403),
    // Pages that the port itself served.
    (&["host: localhost:PORT", "origin: http://localhost:PORT"], 200),
    (&["host: 127.0.0.1:PORT", "origin: http://127.0.0.1:PORT", "referer: http://127.0.0.1:PORT/-/"], 200),
    (&["host: localhost:PORT", "sec-fetch-site: same-origin", "referer: http://localhost:PORT/x?y"], 200),
    (&["host: localhost:PORT", "sec-fetch-site: none"], 200),
    // Pages from elsewhere.
    (&["host: localhost:PORT", "origin: http://evil.example"], 403),
    (&["host: localhost:PORT", "origin: null"], 403),
    (&["host: localhost:PORT", "origin: http://localhost:PORT.evil.example"], 403),
    (&["host: localhost:PORT", "origin: http://localhost:3000"], 403),
    (&["host: localhost:PORT", "origin: https://localhost:PORT"], 403),
    (&["host: localhost:PORT", "origin: http://127.0.0.1:PORT"], 403),
    (&["host: localhost:PORT", "sec-fetch-site: cross-site"], 403),
    (&["host: localhost:PORT", "sec-fetch-site: same-site"], 403),
    (&["host: localhost:PORT", "referer: http://evil.example/"], 403),
    (&["host: localhost:PORT", "referer: http://localhost:PORT.evil.example/"], 403),
];

#[tokio::test]
async fn only_this_machines_programs_and_the_ports_own_pages_are_answered() {
    let cloud = serving().await;
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let base = ports.api(HANGZHOU).unwrap();
    for (headers, expected) in CASES {
        let (status, _, told) = asked(&base, "GET /-/log HTTP/1.1", headers, "").await;
        assert_eq!(status, expected, "{headers:?}: {told}");
        assert_eq!(told.contains(r#""error":"#), expected != 200, "{told}");
        let before = cens(&cloud);
        let (status, head, told) = asked(&base, "POST / HTTP/1.1", &[headers, &[FORM]].concat(), &write(&cloud)).await;
        assert_eq!(status, expected, "{headers:?}: {told}");
        assert_eq!(cens(&cloud) - before, usize::from(expected == 200), "{headers:?}");
        assert!(head.contains("x-acs-request-id") && !head.contains("access-control"), "{head}");
        if expected != 200 {
            let told: serde_json::Value = serde_json::from_str(&told).unwrap();
            assert!(told["Code"].as_str().unwrap().starts_with("EmulatorForeign"), "{told}");
        }
    }
}

#[tokio::test]
async fn paths_of_services_and_whole_urls_are_guarded_alike() {
    let cloud = serving().await;
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let base = ports.api(HANGZHOU).unwrap();
    let before = cloud.now().duration_since(cloud.clock().now());
    for line in [
        "POST /2023-03-30/functions/echo/invocations HTTP/1.1",
        "PUT /bucket/key HTTP/1.1",
        "GET /bucket/key HTTP/1.1",
        "POST /-/clock HTTP/1.1",
        "DELETE /-/faults HTTP/1.1",
        "GET http://evil.example/-/log HTTP/1.1",
        "GET http://evil.example:PORT/-/log HTTP/1.0",
    ] {
        let host = if line.contains("http://") { "host: localhost:PORT" } else { "host: evil.example:PORT" };
        let (status, ..) = asked(&base, line, &[host], r#"{"advance":1}"#).await;
        // hyper refuses what is no URL.
        assert!(matches!(status, 421 | 400), "{line}: {status}");
    }
    let ahead = cloud.now().duration_since(cloud.clock().now()) - before;
    assert!(ahead.abs() < jiff::SignedDuration::from_millis(500), "the clock was moved by {ahead}");
    for path in ["/", "/-/log", "/bucket/key", "*"] {
        let asks = ["host: localhost:PORT", "origin: http://localhost:PORT", "access-control-request-method: POST"];
        let (status, head, _) = asked(&base, &format!("OPTIONS {path} HTTP/1.1"), &asks, "").await;
        assert_eq!(status, 405, "{path}");
        assert!(!head.contains("access-control"), "{head}");
    }
}

#[tokio::test]
async fn a_listener_of_a_load_balancer_serves_any_host() {
    let cloud = serving().await;
    let ports = Ports::open(&cloud, 0).await.unwrap();
    let endpoints = ports.endpoints().await.unwrap();
    for host in ["www.example.com", "evil.example", "localhost"] {
        let asks = [&format!("host: {host}"), "origin: http://www.example.com"];
        assert_eq!(asked(&endpoints.data_plane["alb-1:80"], "GET / HTTP/1.1", &asks, "").await.0, 200, "{host}");
    }
    for base in endpoints.endpoints.values().chain(endpoints.data_plane.values()) {
        let address: SocketAddr = base.trim_start_matches("http://").parse().unwrap();
        assert!(address.ip().is_loopback(), "{base}");
    }
}

#[tokio::test]
async fn a_functions_port_answers_the_emulator_only() {
    let socket = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = url(&socket.local_addr().unwrap());
    let server = tokio::spawn(serve(socket, |_| async { http::Response::new(Bytes::from_static(b"done")) }));
    assert_eq!(asked(&base, "POST /invoke HTTP/1.1", &["host: 127.0.0.1:PORT"], "").await.2, "done");
    assert_eq!(asked(&base, "POST /invoke HTTP/1.1", &["host: evil.example:PORT"], "").await.0, 421);
    server.abort();
    let everywhere = TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    assert!(serve(everywhere, |_| async { http::Response::new(Bytes::new()) }).await.is_err());
}
