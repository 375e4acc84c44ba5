//! The runtime when processes die and records are wrong.

use std::collections::BTreeMap;

use crate::world::{LONG, SERVICE, eventually, in_world, kill, recorded_pid};
use hyper::StatusCode;
use stapel_core::ports::{Health, Images, Instances, Silent, Traffic};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_instance_is_seen_and_made_anew() {
    in_world(async |world| {
        let real = world.serve(1).await;
        kill(recorded_pid(world.dir.join("root/instances/real.json")));
        eventually(async || !world.runtime.real(SERVICE).await.unwrap().unwrap().running).await;
        assert_eq!(world.runtime.health(&real).await.unwrap(), Health::Exited(137));
        assert_eq!(world.runtime.address(&real).await.unwrap(), None);
        assert_eq!(world.runtime.in_use(SERVICE).await.unwrap(), None);
        assert_eq!(world.get("/health").await.0, StatusCode::BAD_GATEWAY);
        let refused = world.runtime.restore(SERVICE, &real, None).await.unwrap_err();
        assert_eq!(refused.code(), "embedded-not-serving");
        world.runtime.clear(SERVICE).await.unwrap();

        let anew = world.serve(1).await;
        assert_ne!(anew.id, real.id);
        assert_eq!(world.get("/health").await.0, StatusCode::OK);
        for _ in 0..2 {
            world.runtime.remove(&real, LONG).await.unwrap();
        }
        assert_eq!(world.get("/health").await.0, StatusCode::OK);
        assert!(!world.runtime.logs(&real, 10, None).await.unwrap().is_empty(), "the log outlives the instance");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_proxy_comes_back_where_it_was_with_what_it_had() {
    in_world(async |world| {
        world.serve(1).await;
        let before = world.runtime.proxy_status().await.unwrap().unwrap();
        kill(before.pid);
        eventually(async || world.runtime.proxy_status().await.unwrap().is_none()).await;
        for _ in 0..2 {
            let after = world.runtime.ensure_proxy().await.unwrap();
            assert_eq!((after.listen, after.upstreams), (before.listen, before.upstreams.clone()));
        }
        assert_eq!(world.get("/health").await.0, StatusCode::OK);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_a_record_does_not_stay() {
    in_world(async |world| {
        world.serve(1).await;
        let lost = world.runtime.start_candidate(SERVICE).await.unwrap();
        std::fs::remove_file(world.dir.join("root/instances/candidate.json")).unwrap();
        assert_eq!(world.runtime.candidate(SERVICE).await.unwrap(), None);
        let found = world.runtime.start_candidate(SERVICE).await.unwrap();
        assert_ne!(found.id, lost.id);
        assert_eq!(world.processes().len(), 3, "{:?}", world.processes());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_of_another_image_makes_way() {
    in_world(async |world| {
        world.serve(1).await;
        let first = world.runtime.start_candidate(SERVICE).await.unwrap();
        let image = world.build(2).await;
        let second = world.runtime.start_candidate(SERVICE).await.unwrap();
        assert_eq!(second.image, image);
        assert_eq!(world.runtime.health(&first).await.unwrap(), Health::Gone);
        // It has no schema to work with yet.
        eventually(async || matches!(world.runtime.health(&second).await.unwrap(), Health::Unhealthy(_))).await;
        world.migrate(&image, &["upgrade"]).await;
        world.healthy(&second).await;
        assert_eq!(world.processes().len(), 3, "{:?}", world.processes());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_all_ends_what_no_record_names() {
    in_world(async |world| {
        world.serve(1).await;
        world.runtime.start_candidate(SERVICE).await.unwrap();
        let image = world.runtime.pointed(SERVICE).await.unwrap();
        std::fs::remove_dir_all(world.dir.join("root/instances")).unwrap();
        std::fs::remove_file(world.dir.join("root/proxy/control.sock")).unwrap();
        assert_eq!(world.processes().len(), 3);
        for _ in 0..2 {
            world.runtime.stop_all().await.unwrap();
            assert!(world.processes().is_empty(), "{:?}", world.processes());
        }
        assert_eq!(world.runtime.pointed(SERVICE).await.unwrap(), image, "images stay");
        world.runtime.recreate(SERVICE, &Silent).await.unwrap();
        assert_eq!(world.get("/version").await.1["version"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    in_world(async |world| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        std::fs::write(world.dir.join("app/app.toml"), format!("version = 1\nlisten = '{address}'")).unwrap();
        let problem = world.runtime.ensure_proxy().await.unwrap_err();
        assert_eq!(problem.code(), "embedded-proxy-ended");
        assert!(problem.to_string().contains(&address.to_string()), "{problem}");
        drop(taken);
        assert_eq!(world.runtime.ensure_proxy().await.unwrap().listen, address);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_there_is_fine_or_said() {
    in_world(async |world| {
        world.runtime.clear(SERVICE).await.unwrap();
        world.runtime.stop_all().await.unwrap();
        assert_eq!(world.runtime.proxy_address().await.unwrap(), None);
        let problem = world.runtime.recreate(SERVICE, &Silent).await.unwrap_err();
        assert_eq!(problem.code(), "embedded-no-image");
        let problem = world.runtime.build(SERVICE, false, &BTreeMap::new(), &Silent).await.unwrap_err();
        assert_eq!(problem.code(), "embedded-app-missing");
    })
    .await;
}
