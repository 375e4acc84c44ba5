//! The proxy as a process of its own, over its socket and its port.

use std::net::SocketAddr;

use crate::requests::Requests;
use crate::world::eventually;
use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use camino::Utf8PathBuf;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::process::{Child, Command};

struct Proxy {
    control: Utf8PathBuf,
    listen: SocketAddr,
    _child: Child,
    _dir: tempfile::TempDir,
}

impl Proxy {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Deeper than the name of a Unix socket may be long.
        let deep = dir.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let control = Utf8PathBuf::from_path_buf(deep.join("control.sock")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_stapel-embedded"))
            .args(["proxy", "--listen", "127.0.0.1:0", "--control", control.as_str()])
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        eventually(async || connect(&control).await.is_some()).await;
        let mut proxy = Self { control, listen: ([127, 0, 0, 1], 0).into(), _child: child, _dir: dir };
        let status = proxy.order(&json!({ "status": true })).await;
        proxy.listen = status["listen"].as_str().unwrap().parse().unwrap();
        proxy
    }

    async fn order(&self, order: &Value) -> Value {
        let mut stream = connect(&self.control).await.unwrap();
        stream.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn set(&self, set: &[(&str, SocketAddr)]) -> Value {
        let set: Vec<Value> = set.iter().map(|(n, a)| json!({ "name": n, "address": a })).collect();
        self.order(&json!({ "set": set })).await
    }
}

async fn connect(control: &Utf8PathBuf) -> Option<UnixStream> {
    use std::os::fd::AsRawFd;
    let dir = std::fs::File::open(control.parent()?).ok()?;
    UnixStream::connect(format!("/proc/self/fd/{}/control.sock", dir.as_raw_fd())).await.ok()
}

async fn upstream(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn named(name: &'static str) -> Router {
    Router::new().route("/", get(async move || name))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_cannot_be_connected_to_is_passed_over() {
    let proxy = Proxy::start().await;
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let alive = upstream(named("alive")).await;
    proxy.set(&[("dead", dead), ("alive", alive)]).await;
    let requests = Requests::new(proxy.listen, true);
    for _ in 0..10 {
        assert_eq!(requests.get("/").await.unwrap(), (StatusCode::OK, "alive".into()));
    }
    let status = proxy.set(&[("dead", dead)]).await;
    assert!(status["totals"]["dead"].as_u64().unwrap() > 0, "it was tried: {status}");
    assert_eq!(requests.get("/").await.unwrap().0, StatusCode::BAD_GATEWAY);
    assert_eq!(proxy.order(&json!({ "status": true })).await["failed"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_an_upstream_but_not_for_ever() {
    let proxy = Proxy::start().await;
    let requests = Requests::new(proxy.listen, true);
    assert_eq!(requests.get("/").await.unwrap().0, StatusCode::SERVICE_UNAVAILABLE);
    let there = upstream(named("there")).await;
    let waiting = tokio::spawn(async move { requests.get("/").await });
    proxy.set(&[("there", there)]).await;
    assert_eq!(waiting.await.unwrap().unwrap().0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_stream_both_ways_and_count_until_their_end() {
    let proxy = Proxy::start().await;
    // The upstream gives each piece back as it comes, so the second one is only sent once the first one came back.
    let echo = upstream(Router::new().route("/echo", post(async |body: Body| body))).await;
    proxy.set(&[("echo", echo)]).await;
    let stream = TcpStream::connect(proxy.listen).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (mut send, body) = http_body_util::channel::Channel::<Bytes>::new(1);
    let request = Request::post("/echo").header("host", "a").body(body).unwrap();
    send.send_data("one".into()).await.unwrap();
    let mut answer = sender.send_request(request).await.unwrap().into_body();
    assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
    proxy.set(&[]).await;
    assert_eq!(proxy.order(&json!({ "status": true })).await["in_flight"]["echo"], 1);
    send.send_data("two".into()).await.unwrap();
    assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "two");
    drop(send);
    assert!(answer.frame().await.is_none());
    eventually(async || proxy.order(&json!({ "status": true })).await["in_flight"] == json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_order_is_answered_and_changes_nothing() {
    let proxy = Proxy::start().await;
    let there = upstream(named("there")).await;
    let before = proxy.set(&[("there", there)]).await;
    for bad in [json!({ "set": [{ "name": "x" }] }), json!({ "drop": true }), json!(1)] {
        assert!(proxy.order(&bad).await["error"].is_string());
    }
    assert_eq!(proxy.order(&json!({ "status": true })).await["upstreams"], before["upstreams"]);
}
