use std::net::SocketAddr;
use std::time::Duration;

use stapel_load::{Kind, Load, Plan, Report, Shape, Summary};

/// A plan for one shape.
pub(crate) fn plan(target: SocketAddr, rate: f64, shape: Shape) -> Plan {
    Plan::new(target, "app.example", rate, vec![shape])
}

/// Runs a plan until so many requests have ended.
pub(crate) async fn run(plan: Plan, requests: usize) -> Report {
    let load = Load::start(plan).unwrap();
    ended(&load, requests).await;
    load.stop().await
}

/// Waits until so many requests have ended.
pub(crate) async fn ended(load: &Load, requests: usize) {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    while load.snapshot().samples().len() < requests {
        look.tick().await;
    }
}

/// Asserts that all were lost, in this one way.
pub(crate) fn assert_all_lost(report: &Report, kind: Kind) -> Summary {
    let sum = report.summary();
    assert!(sum.requests > 0);
    assert_eq!(sum.lost, sum.requests, "{sum:?}");
    assert_eq!(sum.by_kind.get(&kind), Some(&sum.lost), "{:?}", report.losses().first());
    assert_eq!(report.losses().len() as u64, sum.lost);
    assert_eq!(report.under_way(), 0);
    sum
}
