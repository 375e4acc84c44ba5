//! Load while something happens.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::requests::Requests;
use crate::world::eventually;

/// Orders without a pause from several workers, with slow requests among them.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    workers: JoinSet<(BTreeSet<String>, Vec<String>)>,
}

impl Load {
    pub(crate) fn start(to: SocketAddr) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut workers = JoinSet::new();
        for worker in 0..6 {
            let (stop, done, requests) = (Arc::clone(&stop), Arc::clone(&done), Requests::new(to, worker % 2 == 0));
            workers.spawn(async move {
                let (mut ids, mut failures) = (BTreeSet::new(), Vec::new());
                for n in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let (result, wanted) = if worker < 4 {
                        let id = format!("{worker}-{n}");
                        let result = requests.order(&id).await;
                        ids.insert(id);
                        (result, StatusCode::CREATED)
                    } else {
                        (requests.get("/slow?ms=300").await, StatusCode::OK)
                    };
                    match result {
                        Ok((status, _)) if status == wanted => drop(done.fetch_add(1, Ordering::SeqCst)),
                        other => failures.push(format!("{other:?}")),
                    }
                }
                (ids, failures)
            });
        }
        Self { stop, done, workers }
    }

    /// Waits until some hundred more have been answered.
    pub(crate) async fn some(&self) {
        let before = self.done.load(Ordering::SeqCst);
        eventually(async || self.done.load(Ordering::SeqCst) > before + 200).await;
    }

    /// The ids of all orders, and the requests that failed.
    pub(crate) async fn end(self) -> (BTreeSet<String>, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        self.workers.join_all().await.into_iter().fold(Default::default(), |(mut ids, mut failures), (i, f)| {
            ids.extend(i);
            failures.extend(f);
            (ids, failures)
        })
    }
}
