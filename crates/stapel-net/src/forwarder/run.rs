use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stapel_host::{leave_session, until};
use stapel_text::{Problem, problem, text};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ForwarderArgs;
use super::handle::replace;
use super::listen::listen;
use super::origin::original_port;
use super::relay::{relay, reset};
use crate::sockets::{self, State};

/// Connections at once, where files do not set a lower limit: two sockets each.
const MOST: u64 = 30_000;
/// How long a handshake that has begun may take to end once no new one is to come.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// Runs a forwarder until SIGTERM, then lets what is open go on up to the drain bound. It is the whole life of a
/// process: it leaves the session of the one who started it, and takes as many files as it may.
///
/// # Errors
/// `net-listen` without `CAP_NET_ADMIN` or when the port is taken; `io-failed` when the ready file cannot be written.
pub async fn run(args: ForwarderArgs) -> Result<(), Problem> {
    leave_session();
    let failed = |e: std::io::Error| problem!(Failed, "net-listen", port = args.listen_port, error = e);
    let mut told = signal(SignalKind::terminate()).map_err(failed)?;
    let listeners = listen(args.listen_port).map_err(failed)?;
    let port = listeners.first().map_or(Ok(0), |l| l.local_addr().map(|a| a.port())).map_err(failed)?;
    let most = connections_at_once();
    let places = Arc::new(Semaphore::new(most as usize));
    let accepting: Vec<_> =
        listeners.into_iter().map(|l| tokio::spawn(accept(l, places.clone(), args.clone()))).collect();
    replace(&args.ready, &port.to_string())
        .map_err(|e| problem!(Failed, "io-failed", path = args.ready.display(), error = e))?;

    told.recv().await;
    taken(&[port, args.original_port], port).await;
    accepting.iter().for_each(tokio::task::JoinHandle::abort);
    // All places free: nothing is carried any more.
    let drained = tokio::time::timeout(args.drain, places.acquire_many(most)).await.is_ok();
    tracing::info!(drained, left = most as usize - places.available_permits(), "forwarder ends");
    Ok(())
}

/// Waits until the listeners have accepted all that has reached them: closing one resets what it still holds.
async fn taken(ports: &[u16], listen_port: u16) {
    let waited = until(text!("net-wait-taken"), Duration::from_millis(5), HANDSHAKE, async || {
        // On a thread of its own: what is carried goes on meanwhile.
        let rows = stapel_host::blocking(sockets::own_rows).await;
        let rows = rows.map_err(|e| problem!(Failed, "net-listen", port = listen_port, error = e.to_string()))??;
        let waits = rows.iter().any(|r| match r.state {
            State::Listen => r.local.port() == listen_port && r.waiting > 0,
            State::SynReceived => ports.contains(&r.local.port()),
            _ => false,
        });
        Ok((!waits).then_some(()))
    });
    if let Err(problem) = waited.await {
        tracing::warn!(%problem, "handshakes left");
    }
}

async fn accept(listener: TcpListener, places: Arc<Semaphore>, args: ForwarderArgs) {
    // The place comes first, so that there is a file left for what is accepted. It fails only for a closed semaphore.
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((client, _)) => drop(tokio::spawn(carry(client, place, args.clone()))),
            Err(error) => {
                tracing::warn!(%error, "not accepted");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn carry(client: tokio::net::TcpStream, _place: OwnedSemaphorePermit, args: ForwarderArgs) {
    if original_port(&client, args.original_port) == Some(args.original_port) {
        relay(client, args.target).await;
    } else {
        reset(&client);
    }
}

/// Takes as many files as this process may have, and says how many connections that makes.
fn connections_at_once() -> u32 {
    let limit = getrlimit(Resource::Nofile);
    // What may not be raised stays, and is counted with.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).is_ok();
    let files = if raised { limit.maximum } else { limit.current };
    u32::try_from(files.map_or(MOST, |n| (n.saturating_sub(64) / 2).clamp(1, MOST))).unwrap_or(1)
}
