use std::time::Duration;

use stapel_load::{Arrivals, Kind, Load, Outcome, Plan, Shape, StartError};
use tokio::net::TcpListener;

use crate::server::{Reply, Server, ok};
use crate::{assert_all_lost, plan, run};

#[tokio::test]
async fn where_nobody_listens_all_is_refused() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let report = run(plan(address, 200.0, Shape::post("order", "/", "{id}")), 20).await;
    let sum = assert_all_lost(&report, Kind::Refused);
    assert!(sum.longest_gap_s > 0.0);
    assert!(report.unknown().is_empty(), "nobody has seen them");
    assert!(report.losses()[0].detail.starts_with("connecting: "), "{:?}", report.losses()[0]);
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_cut() {
    for (reply, stage) in [("", "waiting"), ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "answering")] {
        let server = Server::start(move |_| async move { Reply::Close(reply) }).await;
        let report = run(plan(server.address, 200.0, Shape::get("page", "/")), 20).await;
        let sum = assert_all_lost(&report, Kind::Cut);
        assert_eq!(sum.retried, 0, "a connection of one's own is not tried twice");
        assert!(report.losses().iter().all(|l| l.detail.starts_with(stage) && l.port > 0), "{:?}", report.losses()[0]);
    }
}

#[tokio::test]
async fn no_answer_in_time_is_timed_out() {
    let server = Server::start(|_| std::future::pending()).await;
    let patience =
        Plan { timeout: Duration::from_millis(50), ..plan(server.address, 200.0, Shape::post("order", "/", "")) };
    let report = run(patience, 20).await;
    let sum = assert_all_lost(&report, Kind::TimedOut);
    assert!(
        report.losses().iter().all(|l| l.after_ms >= 50.0 && l.detail == "waiting: timeout"),
        "{:?}",
        report.losses()[0]
    );
    assert_eq!(report.unknown().len() as u64, sum.requests);
}

#[tokio::test]
async fn answers_are_counted_by_what_they_say() {
    let server = Server::start(|request| async move {
        match request.path.as_str() {
            "/bad" => Reply::Keep(vec!["HTTP/1.1 503 x\r\ncontent-length: 9\r\n\r\ndrain", "ing\n"]),
            "/none" => Reply::Keep(vec!["HTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n"]),
            "/there" => Reply::Keep(vec!["HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"]),
            _ => ok(),
        }
    })
    .await;
    let shapes = [("bad", 2), ("none", 1), ("there", 1), ("fine", 4), ("never", 0)];
    let shapes = shapes.map(|(name, weight)| Shape::get(name, format!("/{name}")).kept().weight(weight)).to_vec();
    let report = run(Plan::new(server.address, "app.example", 400.0, shapes), 80).await;
    let sum = report.summary();
    let n = sum.requests;
    for (status, share) in [(503, 4), (404, 8), (302, 8), (200, 2)] {
        let count = sum.by_status[&status];
        assert!(count >= n / share && count <= n / share + 1, "{status}: {count} of {n}");
    }
    assert_eq!(sum.lost, sum.by_status[&503]);
    assert_eq!(sum.by_kind.get(&Kind::Status5xx), Some(&sum.lost));
    assert_eq!(sum.unexpected, sum.by_status[&404]);
    let loss = &report.losses()[0];
    assert_eq!((loss.shape.as_str(), loss.status), ("bad", Some(503)));
    assert!(loss.detail.ends_with(": 503 draining"), "{}", loss.detail);
    assert_eq!(serde_json::to_value(loss).unwrap()["kind"], "status5xx");
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    let server = Server::start(|_| async { Reply::Close("SSH-2.0-x\r\n") }).await;
    assert_all_lost(&run(plan(server.address, 200.0, Shape::get("page", "/")), 20).await, Kind::Malformed);
}

#[tokio::test]
async fn poisson_arrivals_are_sent_at_their_times() {
    let server = Server::start(|_| async { ok() }).await;
    let poisson =
        Plan { arrivals: Arrivals::Poisson { seed: 3 }, ..plan(server.address, 200.0, Shape::get("page", "/")) };
    let (one, two) = tokio::join!(run(poisson.clone(), 60), run(poisson, 60));
    let times =
        |report: &stapel_load::Report| report.samples()[..60].iter().map(|s| s.scheduled_us).collect::<Vec<_>>();
    assert_eq!(times(&one), times(&two));
    assert!(one.samples().iter().all(|s| s.outcome == Outcome::Ok && s.late_us <= s.latency_us));
}

#[test]
fn without_a_runtime_nothing_starts() {
    let plan = plan(([127, 0, 0, 1], 1).into(), 1.0, Shape::get("page", "/"));
    assert!(matches!(Load::start(plan.clone()), Err(StartError::NoRuntime)));
    assert!(matches!(Load::start(Plan { rate: 0.0, ..plan }), Err(StartError::Rate(_))));
}
