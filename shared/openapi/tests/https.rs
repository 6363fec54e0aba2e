//! The network transport against a real HTTPS server on loopback.

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use clock::Clock;
    use http::{Request, Response};
    use http_body_util::Full;
    use hyper::body::Incoming;
    use hyper_util::rt::TokioIo;
    use openapi::{Client, Config, Credentials, Endpoints, HttpTransport, Network, Signature, certificates, ecs, vpc};
    use rustls::ServerConfig;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    /// A server for `localhost` with a certificate of its own.
    struct Server {
        address: SocketAddr,
        certificate: Vec<u8>,
        connections: Arc<AtomicUsize>,
    }

    /// Answers reads; of anything that writes it drops the connection after reading it.
    async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let query = request.uri().query().unwrap_or_default();
        if query.contains("Action=DeleteInstance") {
            return Err(std::io::Error::other("gone"));
        }
        let host = request.headers()["host"].to_str().unwrap_or_default().to_owned();
        let body = serde_json::json!({ "Vpcs": { "Vpc": [{ "VpcId": "vpc-1", "VpcName": host }] }, "TotalCount": 1 });
        Ok(Response::new(Full::new(Bytes::from(body.to_string()))))
    }

    async fn serve() -> Server {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = pair.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    // A client that does not trust the certificate ends here.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    counted.fetch_add(1, Ordering::Relaxed);
                    let service = hyper::service::service_fn(answer);
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Server { address, certificate: certificate.to_vec(), connections }
    }

    fn client(server: &Server, transport: HttpTransport) -> Client {
        let endpoints = format!(r#"{{"*":"https://localhost:{}"}}"#, server.address.port());
        let config = Config {
            credentials: Credentials::new("testid", "testsecret"),
            endpoints: Endpoints::parse(&endpoints).unwrap(),
            signature: Signature::RpcSha1,
            read_only: false,
        };
        // The back-off between tries takes no time that a test would notice.
        Client::new(config, Arc::new(transport), Clock::scaled(10_000.0))
    }

    #[tokio::test]
    async fn calls_reach_a_trusted_server_over_one_connection() {
        let server = serve().await;
        let client = client(&server, HttpTransport::trusting([server.certificate.clone()]).unwrap());
        for _ in 0..3 {
            let answer = client.call("cn-chengdu", &vpc::DescribeVpcs::default()).await.unwrap();
            assert_eq!(answer.vpcs[0].vpc_name, format!("localhost:{}", server.address.port()));
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_server_with_an_unknown_certificate_is_not_spoken_to() {
        let server = serve().await;
        let client = client(&server, HttpTransport::new().unwrap());
        let error = client.call("cn-chengdu", &vpc::DescribeVpcs::default()).await.unwrap_err();
        assert_eq!(error.code, "Connect", "{error}");
        assert!(!error.may_have_happened());
        assert_eq!(server.connections.load(Ordering::Relaxed), 0);
    }

    /// A proxy that connects to where it is told, with the request lines and the authorization that it saw.
    async fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let mut head = [0; 4096];
                    let length = client.read(&mut head).await.unwrap();
                    let head = String::from_utf8_lossy(&head[..length]).into_owned();
                    let target = head.split(' ').nth(1).unwrap().to_owned();
                    noted.lock().unwrap().push(head);
                    let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
                    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        (address, seen)
    }

    fn over(server: &Server, proxy: &str, no_proxy: &str) -> HttpTransport {
        let roots = vec![server.certificate.clone()];
        HttpTransport::over(Network { proxy: Some(proxy.to_owned()), no_proxy: no_proxy.to_owned(), roots }).unwrap()
    }

    #[tokio::test]
    async fn https_goes_through_the_proxy_unless_its_host_is_excepted() {
        let server = serve().await;
        let (address, seen) = proxy().await;
        let count = || seen.lock().unwrap().len();
        let url = format!("http://me:secret@{address}");
        let through = client(&server, over(&server, &url, "example.com"));
        through.call("cn-chengdu", &vpc::DescribeVpcs::default()).await.unwrap();
        assert_eq!(count(), 1);
        let head = seen.lock().unwrap()[0].clone();
        assert!(head.starts_with(&format!("CONNECT localhost:{} ", server.address.port())), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic "), "{head}");
        for no_proxy in ["localhost", "example.com,localhost", "*"] {
            let around = client(&server, over(&server, &url, no_proxy));
            around.call("cn-chengdu", &vpc::DescribeVpcs::default()).await.unwrap();
            assert_eq!(count(), 1, "{no_proxy}");
        }
    }

    #[tokio::test]
    async fn plain_http_does_not_go_through_the_proxy() {
        let (address, _) = endless("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        let (proxy, seen) = proxy().await;
        let network = Network { proxy: Some(format!("http://{proxy}")), ..Network::default() };
        let request = Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
        let answer = openapi::Transport::send(&HttpTransport::over(network).unwrap(), request).await.unwrap();
        assert_eq!((answer.status().as_u16(), seen.lock().unwrap().len()), (200, 0));
    }

    #[test]
    fn a_proxy_that_is_no_url_is_refused_without_being_quoted() {
        for url in ["ftp://me:secret@proxy", "http://", "not a url", "socks5://proxy:1080"] {
            let error = HttpTransport::over(Network { proxy: Some(url.to_owned()), ..Network::default() }).unwrap_err();
            assert_eq!(error.to_string(), "the proxy is no http or https URL", "{url}");
        }
        for url in ["http://proxy:3128", "https://proxy", "proxy.example.com:3128"] {
            assert!(
                HttpTransport::over(Network { proxy: Some(url.to_owned()), ..Network::default() }).is_ok(),
                "{url}"
            );
        }
    }

    fn pem(what: &str, der: &[u8]) -> String {
        format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn certificates_are_read_from_pem() {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let der = pair.cert.der().to_vec();
        let two = format!("# ours\n{}\n{}", pem("CERTIFICATE", &der), pem("CERTIFICATE", &der));
        assert_eq!(certificates(two.as_bytes()).unwrap(), [der.clone(), der.clone()]);
        assert_eq!(certificates(b"nothing"), Err("holds no certificate"));
        assert_eq!(certificates(pem("PRIVATE KEY", &der).as_bytes()), Err("holds no certificate"));
        let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(broken.as_bytes()), Err("is not in the form of PEM"));
    }

    #[tokio::test]
    async fn a_connection_that_breaks_after_a_write_was_sent_leaves_doubt() {
        let server = serve().await;
        let client = client(&server, HttpTransport::trusting([server.certificate.clone()]).unwrap());
        let request = ecs::DeleteInstance { instance_id: "i-1".into(), ..Default::default() };
        let error = client.call("cn-chengdu", &request).await.unwrap_err();
        assert_eq!(error.code, "ConnectionCut", "{error}");
        assert!(error.may_have_happened());
    }

    /// A plain server that answers each request with `head` and then with zeros until nobody reads them any more. Gives how
    /// many bytes it got rid of.
    async fn endless(head: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 8192]).await;
                    let _ = stream.write_all(head.as_bytes()).await;
                    let mut chunk = b"10000\r\n".to_vec();
                    chunk.extend([b' '; 0x1_0000]);
                    chunk.extend(b"\r\n");
                    while stream.write_all(&chunk).await.is_ok() {
                        counted.fetch_add(0x1_0000, Ordering::Relaxed);
                    }
                });
            }
        });
        (address, sent)
    }

    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    fn plain(address: SocketAddr) -> Client {
        let config = Config {
            credentials: Credentials::new("testid", "testsecret"),
            endpoints: Endpoints::parse(&format!(r#"{{"*":"http://{address}"}}"#)).unwrap(),
            signature: Signature::RpcSha1,
            read_only: false,
        };
        Client::new(config, Arc::new(HttpTransport::new().unwrap()), Clock::scaled(10_000.0))
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut_off_at_the_maximum() {
        let (address, sent) = endless(CHUNKED).await;
        let error = plain(address).call("cn-chengdu", &vpc::DescribeVpcs::default()).await.unwrap_err();
        let most = openapi::BodyLimit::default().bytes();
        assert_eq!((error.code.as_str(), error.action), ("AnswerTooLarge", "DescribeVpcs"), "{error}");
        assert!(error.message.contains(&most.to_string()), "{error}");
        // One try, and what the sockets hold beside what was read.
        assert!(sent.load(Ordering::Relaxed) < most + (32 << 20), "{} bytes", sent.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn an_object_that_says_that_it_is_too_large_is_not_read() {
        let (address, sent) = endless("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").await;
        let get =
            openapi::oss::GetObject { bucket: "b".into(), key: "k".into(), most: Some(1 << 10), ..Default::default() };
        let error = plain(address).get_object("cn-chengdu", &get).await.unwrap_err();
        assert_eq!(error.code, "AnswerTooLarge", "{error}");
        assert!(sent.load(Ordering::Relaxed) < 32 << 20);
    }

    #[tokio::test]
    async fn a_status_is_enough_where_only_the_first_bytes_are_wanted() {
        use openapi::{BodyLimit, Transport};
        let (address, sent) = endless(CHUNKED).await;
        let mut request = Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
        request.extensions_mut().insert(BodyLimit::First(100));
        let response = HttpTransport::new().unwrap().send(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.body().len()), (200, 100));
        assert!(sent.load(Ordering::Relaxed) < 32 << 20);
    }
}
