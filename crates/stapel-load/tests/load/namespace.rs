use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use stapel_load::{Kind, Load, Shape, StartError};
use tokio::net::TcpListener;

use crate::server::{Server, ok};
use crate::{assert_all_lost, ended, plan, run};

/// A process in a network namespace of its own, with `lo` up.
struct Elsewhere(Child);

impl Elsewhere {
    /// None where namespaces are not permitted.
    fn new() -> Option<Self> {
        // `cat` lives as long as we hold its stdin.
        let mut cat = Command::new("unshare");
        cat.args(["--net", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let here = Self(cat.spawn().ok()?);
        let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
        while std::fs::read_link(here.namespace()).ok()? == ours {
            thread::yield_now();
        }
        let net = format!("--net={}", here.namespace());
        let up = Command::new("nsenter").args([&net, "ip", "link", "set", "lo", "up"]).status().ok()?;
        up.success().then_some(here)
    }

    fn namespace(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn localhost_is_that_of_the_other_namespace() {
    let Some(there) = Elsewhere::new() else {
        eprintln!("skipped: no network namespaces here");
        return;
    };
    let namespace = File::open(there.namespace()).unwrap();
    let listener = thread::spawn(move || {
        move_into_link_name_space(std::os::fd::AsFd::as_fd(&namespace), Some(LinkNameSpaceType::Network)).unwrap();
        std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap()
    })
    .join()
    .unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = Server::on(TcpListener::from_std(listener).unwrap(), |_| async { ok() });

    let page = plan(server.address, 200.0, Shape::get("page", "/").kept());
    let load = Load::start_in_netns(there.0.id(), page.clone()).unwrap();
    ended(&load, 30).await;
    let report = load.stop().await;
    assert_eq!((report.summary().lost, report.under_way()), (0, 0), "{:?}", report.losses().first());
    assert_eq!(report.summary().requests, server.requests());

    // The thread that went there is gone, and nobody else went with it.
    assert_all_lost(&run(page, 10).await, Kind::Refused);
}

#[test]
fn a_process_that_is_not_there_has_no_namespace() {
    let page = plan(([127, 0, 0, 1], 1).into(), 1.0, Shape::get("page", "/"));
    assert!(matches!(Load::start_in_netns(u32::MAX, page), Err(StartError::Namespace(_))));
}
