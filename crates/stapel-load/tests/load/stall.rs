use std::time::{Duration, Instant};

use stapel_load::{Load, Outcome, Sample, Shape};
use tokio::sync::watch;

use crate::plan;
use crate::server::{Server, ok};

/// At 50 a second these take 2 s to arrive.
const MEANWHILE: u64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_come_during_a_stall_are_seen_waiting() {
    let (gate, open) = watch::channel(true);
    let server = Server::start(move |_| {
        let mut open = open.clone();
        async move {
            open.wait_for(|open| *open).await.unwrap();
            ok()
        }
    })
    .await;
    let load = Load::start(plan(server.address, 50.0, Shape::get("page", "/").kept())).unwrap();
    server.has_read(20).await;
    gate.send(false).unwrap();
    let closed = Instant::now();
    server.has_read(server.requests() + MEANWHILE).await;
    let opened = Instant::now();
    gate.send(true).unwrap();
    server.has_read(server.requests() + 20).await;
    let report = load.stop().await;

    let at = |us: u64| report.started() + Duration::from_micros(us);
    let meanwhile: Vec<_> =
        report.samples().iter().filter(|s| at(s.scheduled_us) >= closed && at(s.scheduled_us) < opened).collect();
    let due = (0..)
        .map(|k| report.started() + Duration::from_millis(20) * k)
        .take_while(|t| *t < opened)
        .filter(|t| *t >= closed);
    assert_eq!(meanwhile.len(), due.count(), "none is left out because the server was slow");
    assert!(meanwhile.len() as u64 >= MEANWHILE - 1, "{}", meanwhile.len());
    for sample in &meanwhile {
        assert_eq!(sample.outcome, Outcome::Ok);
        // 1 µs for the rounding of both figures.
        let end = at(sample.scheduled_us + u64::from(sample.latency_us) + 2);
        assert!(end >= opened, "served {:?} before the stall was over", opened - end);
    }
    assert!(meanwhile.windows(2).all(|w| w[0].scheduled_us < w[1].scheduled_us));
    let stall = (opened - at(meanwhile[0].scheduled_us)).as_secs_f64() * 1e3;
    let sum = report.window(closed, opened);
    assert_eq!((sum.requests, sum.lost), (meanwhile.len() as u64, 0));
    assert!(sum.max_ms >= stall - 0.002, "{} of {stall}", sum.max_ms);
    assert!(sum.p50_ms > report.window(report.started(), closed).p50_ms);
    assert_eq!(report.under_way(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_are_cut_by_scheduled_time() {
    let (broken, is_broken) = watch::channel(false);
    let server = Server::start(move |_| {
        let broken = *is_broken.borrow();
        async move {
            if broken { crate::server::Reply::Keep(vec!["HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n"]) } else { ok() }
        }
    })
    .await;
    let load = Load::start(plan(server.address, 200.0, Shape::get("page", "/"))).unwrap();
    server.has_read(40).await;
    broken.send(true).unwrap();
    let from = Instant::now();
    server.has_read(server.requests() + 40).await;
    let to = Instant::now();
    broken.send(false).unwrap();
    let healed = Instant::now();
    server.has_read(server.requests() + 40).await;
    let soon = load.snapshot().summary();
    let report = load.stop().await;

    let (start, end) = (report.started(), Instant::now());
    for (from, to) in [(start, from), (from, to), (to, healed), (healed, end), (from, end), (start, end), (to, from)] {
        let at = |us: u64| start + Duration::from_micros(us);
        let within = |us: u64| at(us) >= from && at(us) < to;
        let inside: Vec<_> = report.samples().iter().filter(|s| within(s.scheduled_us)).collect();
        let (sum, lost) = (report.window(from, to), inside.iter().filter(|s| s.outcome != Outcome::Ok).count());
        assert_eq!((sum.requests, sum.lost), (inside.len() as u64, lost as u64));
        assert!(sum.longest_gap_s <= to.saturating_duration_since(from).as_secs_f64() + 1e-6, "{sum:?}");
    }
    let (all, during) = (report.summary(), report.window(from, to));
    let end_of = |s: &Sample| start + Duration::from_micros(s.scheduled_us + u64::from(s.latency_us) + 2);
    let wholly = |s: &&Sample| start + Duration::from_micros(s.scheduled_us) >= from && end_of(s) < to;
    assert!(report.samples().iter().filter(wholly).all(|s| s.status == 503), "begun and ended while all was lost");
    assert_eq!(report.window(healed, end).lost, 0, "what was to start when all was well again was served");
    assert!(during.lost > 0 && during.longest_gap_s > 0.0, "{during:?}");
    assert_eq!(report.window(start, end), all, "all of it is a window too");
    assert!(soon.requests <= all.requests && soon.lost <= all.lost);
}
