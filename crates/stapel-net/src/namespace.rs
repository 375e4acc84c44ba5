use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use stapel_host::processes;
use stapel_text::{Problem, problem};
use tokio::net::TcpStream;

use crate::kernel;

/// What identifies a network namespace: device and inode of its file.
pub(crate) type Identity = (u64, u64);

pub(crate) fn identity(process: &str) -> Option<Identity> {
    let file = std::fs::metadata(format!("/proc/{process}/ns/net")).ok()?;
    Some((file.dev(), file.ino()))
}

/// Where a process lives, network-wise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// In a namespace of its own.
    Own,
    /// In the same one as we.
    Ours,
    /// Nowhere: it has ended.
    Gone,
}

pub(crate) fn home(pid: i32) -> Home {
    match identity(&pid.to_string()) {
        None => Home::Gone,
        here if here == identity("thread-self") => Home::Ours,
        Some(_) => Home::Own,
    }
}

/// One process for each network namespace on this host that is not ours.
pub(crate) fn others() -> Vec<i32> {
    let ours = identity("thread-self");
    let mut found = BTreeMap::new();
    for pid in processes() {
        if let Some(id) = identity(&pid.to_string())
            && Some(id) != ours
        {
            found.entry(id).or_insert(pid);
        }
    }
    found.into_values().collect()
}

/// Connects from within the network namespace of a process, so that no rule on the way holds it back, not even our own
/// refusal: `127.0.0.1` is the container's own. For looking at an instance that gets no traffic yet. `limit` bounds the
/// handshake.
///
/// # Errors
/// `io-failed` when the process is gone or does not accept.
pub async fn connect(pid: i32, address: SocketAddr, limit: Duration) -> Result<TcpStream, Problem> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // A thread of its own, because it never comes back from the other namespace.
    std::thread::spawn(move || drop(sender.send(connect_inside(pid, address, limit))));
    receiver
        .await
        .unwrap_or_else(|e| Err(io::Error::other(e)))
        .and_then(TcpStream::from_std)
        .map_err(|e| problem!(Failed, "io-failed", path = address.to_string(), error = e))
}

/// Does something in the network namespace of a process, on a thread of its own, because that never comes back.
pub(crate) fn inside<T: Send + 'static>(
    pid: i32,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let thread = std::thread::spawn(move || kernel::enter(pid).and_then(|()| work()));
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a panic")))
}

fn connect_inside(pid: i32, address: SocketAddr, limit: Duration) -> io::Result<std::net::TcpStream> {
    kernel::enter(pid)?;
    let stream = std::net::TcpStream::connect_timeout(&address, limit)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_here_or_gone() {
        assert_eq!(home(rustix::process::getpid().as_raw_nonzero().get()), Home::Ours);
        assert_eq!(home(i32::MAX), Home::Gone);
    }

    #[tokio::test]
    async fn a_gone_process_cannot_be_entered() {
        let problem = connect(i32::MAX, ([127, 0, 0, 1], 1).into(), Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(problem.code(), "io-failed");
    }
}
