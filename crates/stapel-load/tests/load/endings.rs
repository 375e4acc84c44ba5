use std::time::{Duration, Instant};

use stapel_load::{Load, Shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::plan;
use crate::server::{OK, Server, ok};

/// A load that sends once a minute over kept connections, and the server's end of the one that carried the first
/// request.
async fn after_the_first() -> (Load, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let load = Load::start(plan(address, 1.0 / 60.0, Shape::get("page", "/").kept())).unwrap();
    let mut stream = listener.accept().await.unwrap().0;
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    stream.write_all(OK.as_bytes()).await.unwrap();
    crate::ended(&load, 1).await;
    (load, stream)
}

#[tokio::test]
async fn what_the_server_closes_is_closed_before_it_is_needed() {
    let (load, mut stream) = after_the_first().await;
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
    let now = load.snapshot();
    assert_eq!((now.samples().len(), now.under_way()), (1, 0), "only the next request has closed it");
    assert_eq!(load.stop().await.summary().lost, 0);
}

#[tokio::test]
async fn a_load_that_is_dropped_sends_nothing_more() {
    let (load, mut stream) = after_the_first().await;
    drop(load);
    assert_eq!(stream.read(&mut [0; 4096]).await.unwrap(), 0, "closed, and not the second request");
}

#[tokio::test]
async fn a_stall_of_the_generator_itself_hides_no_request() {
    let server = Server::start(|_| async { ok() }).await;
    let load = Load::start(plan(server.address, 100.0, Shape::get("page", "/"))).unwrap();
    server.has_read(5).await;
    // Holds the one thread of the runtime, and with it the generator: this is the stall, not a wait for something.
    std::thread::sleep(Duration::from_millis(300));
    let stopped = Instant::now();
    let report = load.stop().await;
    let due = (0..).take_while(|k| report.started() + Duration::from_millis(10) * *k <= stopped).count();
    assert!(report.samples().len() >= due, "{} of {due}", report.samples().len());
    assert_eq!(report.summary().lost, 0);
    assert!(report.summary().late_max_ms >= 290.0, "and it is known who was late: {:?}", report.summary());
}
