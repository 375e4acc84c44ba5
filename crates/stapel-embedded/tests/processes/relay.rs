//! A relay over the traits with the real processes: what the rollout does, and that nobody notices.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::load::Load;
use crate::requests::Requests;
use crate::world::{LONG, SERVICE, eventually, in_world};
use hyper::StatusCode;
use serde_json::json;
use stapel_core::ports::{Health, Images, Instances, Silent, Traffic};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_serves_through_the_proxy() {
    in_world(async |world| {
        let image = world.build(1).await;
        assert_eq!(world.runtime.real(SERVICE).await.unwrap(), None);
        assert_eq!(world.runtime.in_use(SERVICE).await.unwrap(), None);
        let real = world.serve(1).await;
        for _ in 0..2 {
            world.runtime.restore(SERVICE, &real, None).await.unwrap();
        }
        assert_eq!(world.runtime.in_use(SERVICE).await.unwrap(), Some(image));
        assert_eq!(world.runtime.real(SERVICE).await.unwrap(), Some(real));
        assert_eq!(world.get("/health").await, (StatusCode::OK, json!({ "status": "ok", "version": 1 })));
        assert_eq!(world.processes().len(), 2, "{:?}", world.processes());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_loses_no_request_and_every_step_can_be_done_twice() {
    in_world(async |world| {
        let runtime = &world.runtime;
        let old = world.serve(1).await;
        let load = Load::start(world.proxy().await);
        load.some().await;

        let image = world.build(2).await;
        assert_eq!(runtime.in_use(SERVICE).await.unwrap(), Some(old.image.clone()));
        assert_eq!(world.migrate(&image, &["upgrade"]).await.0, 0);
        let candidate = runtime.start_candidate(SERVICE).await.unwrap();
        assert_eq!(runtime.start_candidate(SERVICE).await.unwrap(), candidate);
        world.healthy(&candidate).await;
        load.some().await;
        assert_eq!(world.get("/version").await.1["version"], 1);

        for _ in 0..2 {
            runtime.divert(SERVICE, Some(&old), &candidate).await.unwrap();
            assert_eq!(world.get("/version").await.1["version"], 2);
            assert_eq!(runtime.drain(SERVICE, &old).await.unwrap(), 0);
        }
        load.some().await;
        let real = runtime.recreate(SERVICE, &Silent).await.unwrap();
        let again = runtime.recreate(SERVICE, &Silent).await.unwrap();
        assert_ne!(again.id, real.id);
        let (former, real) = (real, again);
        assert_eq!(real.image, former.image);
        assert_eq!(runtime.health(&former).await.unwrap(), Health::Gone);
        assert_eq!(runtime.health(&old).await.unwrap(), Health::Gone);
        for _ in 0..2 {
            runtime.hold(SERVICE, &real).await.unwrap();
        }
        world.healthy(&real).await;
        load.some().await;
        let totals = runtime.proxy_status().await.unwrap().unwrap().totals;
        assert_eq!(totals.get(&real.id), None, "held: {totals:?}");

        for _ in 0..2 {
            runtime.restore(SERVICE, &real, Some(&candidate)).await.unwrap();
            assert_eq!(runtime.drain(SERVICE, &candidate).await.unwrap(), 0);
            runtime.remove(&candidate, LONG).await.unwrap();
            runtime.clear(SERVICE).await.unwrap();
            load.some().await;
        }
        assert_eq!(runtime.candidate(SERVICE).await.unwrap(), None);

        let (sent, failures) = load.end().await;
        assert!(failures.is_empty(), "{} lost: {:?}", failures.len(), failures.first());
        let (_, stored) = world.get("/orders/ids").await;
        let stored: Vec<String> = serde_json::from_value(stored).unwrap();
        assert_eq!(stored.len(), sent.len(), "each once");
        assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), sent);
        let (_, report) = world.get("/report").await;
        assert_eq!(report["orders"], sent.len());
        assert!(report["noted"].as_u64().unwrap() > 0, "{report}");
        let status = runtime.proxy_status().await.unwrap().unwrap();
        assert_eq!(status.failed, 0);
        assert_eq!(world.processes().len(), 2, "{:?}", world.processes());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_request_is_finished_where_it_is() {
    in_world(async |world| {
        let old = world.serve(1).await;
        world.build(2).await;
        world.migrate(&world.build(2).await, &["upgrade"]).await;
        let candidate = world.runtime.start_candidate(SERVICE).await.unwrap();
        world.healthy(&candidate).await;
        let requests = Requests::new(world.proxy().await, false);
        let slow = tokio::spawn(async move { requests.get("/slow?ms=5000").await });
        eventually(async || world.runtime.proxy_status().await.unwrap().unwrap().open_at(&old.id) == 1).await;

        world.runtime.divert(SERVICE, Some(&old), &candidate).await.unwrap();
        let impatient = world.runtime.clone().drain_bound(Duration::from_millis(50));
        assert_eq!(impatient.drain(SERVICE, &old).await.unwrap(), 1);
        // The instance finishes what is open before it ends, also where nobody waited for the drain.
        world.runtime.remove(&old, LONG).await.unwrap();
        assert_eq!(slow.await.unwrap().unwrap().0, StatusCode::OK);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_recreate_goes_on_at_the_same_address() {
    in_world(async |world| {
        world.serve(1).await;
        let address = world.proxy().await;
        world.serve(2).await;
        assert_eq!(world.proxy().await, address);
        assert_eq!(world.get("/version").await.1["version"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn version_3_stays_healthy_and_its_report_fails() {
    in_world(async |world| {
        let real = world.serve(3).await;
        eventually(async || world.get("/report").await.0 == StatusCode::INTERNAL_SERVER_ERROR).await;
        assert_eq!(world.get("/health").await.0, StatusCode::OK);
        let log = world.runtime.logs(&real, 100, Some(3600)).await.unwrap();
        assert!(log.iter().any(|l| l.contains(" ERROR report: no such column: notes")), "{log:?}");
        assert_eq!(world.runtime.logs(&real, 1, None).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_migration_tool_speaks_as_alembic_does() {
    in_world(async |world| {
        let (one, two, four) = (world.build(1).await, world.build(2).await, world.build(4).await);
        let says = async |image, words: &[&str]| world.migrate(image, words).await;
        assert_eq!(says(&one, &["current"]).await, (0, vec![]));
        assert_eq!(says(&one, &["heads"]).await, (0, vec!["0001 (head)".into()]));
        assert_eq!(says(&one, &["upgrade", "head"]).await.1, ["INFO  Running upgrade  -> 0001, orders"]);
        assert_eq!(says(&one, &["current"]).await.1, ["0001 (head)"]);
        assert_eq!(says(&two, &["current"]).await.1, ["0001"]);
        let (code, lines) = says(&four, &["upgrade"]).await;
        assert_eq!(code, 1, "{lines:?}");
        assert!(lines.iter().any(|l| l.contains("no such table: prices")), "{lines:?}");
        assert_eq!(says(&two, &["current"]).await.1, ["0002 (head)"]);
        assert_eq!(says(&one, &["current"]).await.0, 1);
        assert_eq!(says(&four, &["downgrade", "0001"]).await.0, 0);
        assert_eq!(says(&one, &["current"]).await.1, ["0001 (head)"]);
    })
    .await;
}
