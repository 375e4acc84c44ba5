use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use stapel_load::{Kind, Plan, Report, Sample, Shape};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::server::{OK, Reply, Request, Server, ok};
use crate::{plan, run};

/// The most requests that were under way at the same time: more connections are not needed.
fn most_at_once(report: &Report) -> u64 {
    let begin = |s: &Sample| s.scheduled_us + u64::from(s.late_us);
    // 2 µs for the rounding of both figures.
    let end = |s: &Sample| s.scheduled_us + u64::from(s.latency_us) + 2;
    let at = |us: u64| report.samples().iter().filter(|s| begin(s) <= us && us <= end(s)).count() as u64;
    report.samples().iter().map(|s| at(begin(s))).max().unwrap_or_default()
}

#[tokio::test]
async fn kept_connections_are_used_again_and_new_ones_are_not() {
    let server = Server::start(|_| async { ok() }).await;
    let report = run(plan(server.address, 200.0, Shape::get("page", "/").kept()), 60).await;
    assert_eq!((report.summary().lost, report.summary().requests), (0, server.requests()));
    assert!(server.accepts() <= most_at_once(&report), "{} for {report:?}", server.accepts());

    let server = Server::start(|_| async { ok() }).await;
    let sum = run(plan(server.address, 200.0, Shape::get("page", "/")), 60).await.summary();
    assert_eq!((sum.lost, sum.requests), (0, server.accepts()));
}

#[tokio::test]
async fn a_chunked_answer_ends_where_it_ends() {
    let pieces = [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-",
        "encoding: chunked\r\n\r\n4\r\nWi",
        "ki\r\n0",
        "\r\n\r\n",
    ];
    let server = Server::start(move |_| async move { Reply::Keep(pieces.to_vec()) }).await;
    let report = run(plan(server.address, 200.0, Shape::get("page", "/").kept()), 60).await;
    assert_eq!((report.summary().lost, report.summary().by_status[&200]), (0, report.summary().requests));
    assert!(server.accepts() <= most_at_once(&report), "the end was not found");
}

#[tokio::test]
async fn an_answer_without_a_length_ends_with_its_connection() {
    let server = Server::start(|_| async { Reply::Close("HTTP/1.1 200 OK\r\n\r\nall of it") }).await;
    let sum = run(plan(server.address, 200.0, Shape::post("order", "/", "").kept()), 20).await.summary();
    assert_eq!((sum.lost, sum.retried, sum.requests), (0, 0, server.accepts()));
}

/// On one thread the closing is in the kernel before the client goes on, so that it can always be seen.
#[tokio::test]
async fn an_idle_connection_that_was_closed_is_not_used_again() {
    let server = Server::start(|_| async { Reply::Close(OK) }).await;
    let sum = run(plan(server.address, 200.0, Shape::post("order", "/", "").kept()), 40).await.summary();
    assert_eq!((sum.lost, sum.retried), (0, 0), "{sum:?}");
    assert_eq!(server.accepts(), sum.requests);
}

/// Answers the first request of a connection and cuts the second one.
async fn cutting(cuts: &Arc<AtomicU64>) -> Server {
    let cuts = Arc::clone(cuts);
    Server::start(move |Request { nth, .. }| {
        cuts.fetch_add(u64::from(nth > 0), Ordering::SeqCst);
        async move { if nth == 0 { ok() } else { Reply::Close("") } }
    })
    .await
}

#[tokio::test]
async fn a_post_that_is_cut_is_lost_and_never_sent_twice() {
    let cuts = Arc::new(AtomicU64::new(0));
    let server = cutting(&cuts).await;
    let report = run(plan(server.address, 200.0, Shape::post("order", "/", "{id}").kept()), 40).await;
    let (sum, cuts) = (report.summary(), cuts.load(Ordering::SeqCst));
    assert!(cuts > 0);
    assert_eq!((sum.lost, sum.by_kind[&Kind::Cut], sum.retried), (cuts, cuts, 0));
    assert_eq!(server.requests(), sum.requests);
    assert_eq!(report.unknown().len() as u64, cuts);
    assert_eq!(report.losses()[0].detail, "waiting, request 2 on its connection: closed");
}

#[tokio::test]
async fn a_get_that_is_cut_on_a_used_connection_is_sent_once_more() {
    let cuts = Arc::new(AtomicU64::new(0));
    let server = cutting(&cuts).await;
    let sum = run(plan(server.address, 200.0, Shape::get("page", "/").kept()), 40).await.summary();
    let cuts = cuts.load(Ordering::SeqCst);
    assert!(cuts > 0);
    assert_eq!((sum.lost, sum.retried), (0, cuts));
    assert_eq!(server.requests(), sum.requests + cuts);
}

#[tokio::test]
async fn strict_counts_it_as_lost() {
    let cuts = Arc::new(AtomicU64::new(0));
    let server = cutting(&cuts).await;
    let strict = Plan { strict: true, ..plan(server.address, 200.0, Shape::get("page", "/").kept()) };
    let sum = run(strict, 40).await.summary();
    let cuts = cuts.load(Ordering::SeqCst);
    assert!(cuts > 0);
    assert_eq!((sum.lost, sum.by_kind[&Kind::Cut], sum.retried), (cuts, cuts, 0));
    assert_eq!(server.requests(), sum.requests);
}

/// Half an answer means that somebody has begun to act on the request.
#[tokio::test]
async fn a_get_is_not_sent_again_once_the_answer_has_begun() {
    let server =
        Server::start(|request| async move { if request.nth == 0 { ok() } else { Reply::Close("HTTP/1.1 2") } }).await;
    let sum = run(plan(server.address, 200.0, Shape::get("page", "/").kept()), 40).await.summary();
    assert!(sum.by_kind[&Kind::Cut] > 0);
    assert_eq!((sum.retried, server.requests()), (0, sum.requests));
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_was_read_is_an_answer() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 413 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
        }
    });
    let sum = run(plan(address, 5.0, Shape::post("big", "/", "x".repeat(4_000_000))), 5).await.summary();
    assert_eq!((sum.lost, sum.unexpected), (0, sum.requests), "{sum:?}");
}
