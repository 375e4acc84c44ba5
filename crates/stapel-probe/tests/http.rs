//! HTTP checks against a real server.

#![cfg(test)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use axum::routing::get;
use serde_json::json;
use stapel_core::config::{JsonRule, JsonTest, Method};
use stapel_probe::http::{HttpCheck, Via, certificate_ends};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn serve() -> SocketAddr {
    let host = |headers: HeaderMap| async move { headers[header::HOST].to_str().unwrap().to_owned() };
    let members = |headers: HeaderMap| async move {
        match headers.get(header::AUTHORIZATION).map(|v| v.to_str().unwrap()) {
            Some("Bearer t0ken") => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        }
    };
    let app = Router::new()
        .route("/health", get(async || axum::Json(json!({"status": "ok", "version": 7}))))
        .route("/text", get(async || "Classes: \u{1F4DA} today"))
        .route("/broken", get(async || StatusCode::BAD_GATEWAY))
        .route("/old", get(async || Redirect::permanent("/health")))
        .route("/host", get(host))
        .route("/me", get(members));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

fn check(address: SocketAddr, path: &str) -> HttpCheck {
    HttpCheck::new("health", format!("http://{address}{path}"))
}

async fn id(check: &HttpCheck) -> (bool, Option<u16>, String) {
    let look = check.look(Via::Name).await;
    (look.ok, look.status, look.detail.id.into_owned())
}

fn seen(ok: bool, status: impl Into<Option<u16>>, id: &str) -> (bool, Option<u16>, String) {
    (ok, status.into(), id.to_owned())
}

#[tokio::test]
async fn a_status_is_expected_or_not() {
    let server = serve().await;
    assert_eq!(id(&check(server, "/health")).await, seen(true, 200, "probe-ok"));
    assert_eq!(id(&check(server, "/broken")).await, seen(false, 502, "probe-status"));
    assert_eq!(id(&check(server, "/old")).await, seen(false, 308, "probe-status"));
    assert_eq!(
        id(&HttpCheck { expect_status: vec![301, 308], ..check(server, "/old") }).await,
        seen(true, 308, "probe-ok")
    );
    let me = HttpCheck { expect_status: vec![200, 401], ..check(server, "/me") };
    assert_eq!(id(&me).await, seen(true, 401, "probe-ok"));
    let me = HttpCheck { expect_status: vec![200], ..me };
    assert_eq!(id(&me).await, seen(false, 401, "probe-status"));
    let me = HttpCheck { headers: vec![("authorization".into(), "Bearer t0ken".into())], ..me };
    assert_eq!(id(&me).await, seen(true, 200, "probe-ok"));
    assert_eq!(id(&HttpCheck { method: Method::Head, ..check(server, "/health") }).await, seen(true, 200, "probe-ok"));
}

#[tokio::test]
async fn a_body_is_looked_into() {
    let server = serve().await;
    let text = |wanted: &str| HttpCheck { body_contains: Some(wanted.into()), ..check(server, "/text") };
    assert_eq!(id(&text("\u{1F4DA} today")).await, seen(true, 200, "probe-ok"));
    assert_eq!(id(&text("tomorrow")).await, seen(false, 200, "probe-body"));
    let like = |pattern: &str| HttpCheck { body_matches: Some(pattern.into()), ..check(server, "/text") };
    assert_eq!(id(&like(r"(?i)TOD.Y\b")).await, seen(true, 200, "probe-ok"));
    assert_eq!(id(&like("^today")).await, seen(false, 200, "probe-no-match"));
    let fast = |within| HttpCheck { within: Some(within), ..check(server, "/text") };
    assert_eq!(id(&fast(Duration::from_secs(10))).await, seen(true, 200, "probe-ok"));
    assert_eq!(id(&fast(Duration::ZERO)).await, seen(false, 200, "probe-slow"));
    let rule = |pointer: &str, test| HttpCheck {
        json: vec![JsonRule { pointer: pointer.into(), test }],
        ..check(server, "/health")
    };
    assert_eq!(id(&rule("/version", JsonTest::Equals(json!(7)))).await, seen(true, 200, "probe-ok"));
    assert_eq!(id(&rule("/version", JsonTest::Equals(json!(8)))).await, seen(false, 200, "probe-json-differs"));
    assert_eq!(id(&rule("/missing", JsonTest::Exists)).await, seen(false, 200, "probe-json-missing"));
    let no_json = HttpCheck { url: format!("http://{server}/text"), ..rule("", JsonTest::Exists) };
    assert_eq!(id(&no_json).await, seen(false, 200, "probe-no-json"));
}

#[tokio::test]
async fn another_address_is_asked_under_the_same_name() {
    let server = serve().await;
    for (url, host) in [
        ("http://app.example/host", "app.example"),
        ("http://app.example:8001/host", "app.example:8001"),
        ("http://192.0.2.7:8001/host", "192.0.2.7:8001"),
        ("http://[2001:db8::1]/host", "[2001:db8::1]"),
    ] {
        let check = HttpCheck { body_contains: Some(host.into()), ..HttpCheck::new("host", url) };
        let look = check.look(Via::Address(server)).await;
        assert!(look.ok, "{url}: {look:?}");
    }
    let named = HttpCheck {
        headers: vec![("Host".into(), "other.example".into())],
        body_contains: Some("other.example".into()),
        ..HttpCheck::new("host", "http://app.example/host")
    };
    assert!(named.look(Via::Address(server)).await.ok);
}

#[tokio::test]
async fn no_answer_is_told_without_the_url_and_its_secrets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let check = HttpCheck {
        headers: vec![("authorization".into(), "Bearer t0ken".into())],
        ..HttpCheck::new("health", format!("http://user:pa55@{gone}/?key=s3cret"))
    };
    let look = check.look(Via::Name).await;
    assert_eq!((look.ok, look.status, look.detail.id.as_ref()), (false, None, "probe-no-answer"));
    let shown = format!("{} {check:?}", serde_json::to_string(&look).unwrap());
    assert!(shown.contains("refused"), "{shown}");
    for secret in ["t0ken", "pa55", "s3cret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for url in ["nonsense", "http://", "ftp://a.example/", "file:///etc/passwd"] {
        let look = HttpCheck::new("x", url).look(Via::Address(gone)).await;
        assert!(!look.ok && look.status.is_none(), "{url}: {look:?}");
    }
}

#[tokio::test]
async fn silence_and_half_an_answer_are_failures() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _request = stream.read(&mut [0; 2048]).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            if kept.len() < 2 {
                kept.push(stream);
            }
        }
        std::future::pending::<()>().await;
    });
    let short = HttpCheck { timeout: Duration::from_millis(300), ..check(address, "/") };
    assert_eq!(id(&short).await, seen(false, None, "probe-timeout"));
    assert_eq!(id(&short).await, seen(false, 200, "probe-timeout"));
    assert_eq!(id(&check(address, "/")).await, seen(false, 200, "probe-no-answer"));
}

#[tokio::test]
async fn each_look_has_its_own_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 2048];
                // It would go on with the same connection for as long as the client likes.
                while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {
                    assert!(String::from_utf8_lossy(&buffer).to_lowercase().contains("connection: close"));
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
                }
            });
        }
    });
    let check = check(address, "/");
    for _ in 0..5 {
        assert!(check.look(Via::Name).await.ok);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 5);
}

#[test]
fn a_check_travels_and_its_defaults_need_not_be_said() {
    let json = json!({"name": "health", "url": "http://a.example/", "timeout": {"secs": 10, "nanos": 0}});
    let check: HttpCheck = serde_json::from_value(json).unwrap();
    assert_eq!(check, HttpCheck::new("health", "http://a.example/"));
    let back = serde_json::from_str(&serde_json::to_string(&check).unwrap()).unwrap();
    assert_eq!(check, back);
    assert_eq!(serde_json::to_string(&Via::Name).unwrap(), "\"name\"");
}

/// A server under TLS whose certificate nobody trusts, until the second of January 2030.
async fn under_tls() -> SocketAddr {
    let mut about = rcgen::CertificateParams::new(vec!["shop.example".to_owned()]).unwrap();
    about.not_after = rcgen::date_time_ymd(2030, 1, 2);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = about.self_signed(&key).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = key.serialize_der().try_into().unwrap();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    address
}

#[tokio::test]
async fn the_end_of_a_certificate_is_read_whether_it_is_trusted_or_not() {
    let address = under_tls().await;
    let limit = Duration::from_secs(10);
    let ends = certificate_ends("https://shop.example/x", Via::Address(address), limit).await.unwrap();
    assert_eq!(ends.unwrap().to_string(), "2030-01-02T00:00:00Z");
    assert_eq!(certificate_ends("http://shop.example/x", Via::Address(address), limit).await.unwrap(), None);
    // A check still wants one that is trusted.
    let look = HttpCheck::new("domain", "https://shop.example/x").look(Via::Address(address)).await;
    assert_eq!((look.ok, look.status), (false, None));
    let nobody = certificate_ends("https://shop.example/x", Via::Address(serve_nothing().await), limit).await;
    assert_eq!(nobody.unwrap_err().id, "probe-no-answer");
}

/// An address where nobody listens.
async fn serve_nothing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
