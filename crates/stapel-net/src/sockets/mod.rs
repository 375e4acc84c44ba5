//! What a container has open, asked of the kernel in its network namespace, or read there from `/proc`.
//!
//! There is nothing here that ends connections which a proxy keeps alive, and that is on purpose: by measurement
//! (Caddy 2.6, uvicorn, POST), killing idle ones with `SOCK_DESTROY` on the proxy's side lost as many requests as the
//! application's own closing at SIGTERM, since the proxy may write to a connection before it has noticed its end and
//! does not send a body twice; and the kernel's counters do not tell the pause within an answer from the pause after.

mod holder;
mod table;

use std::fs::File;
use std::io::{self, BufReader};

use stapel_text::{Problem, problem};

pub use holder::holder;
pub(crate) use holder::inodes;
use table::parse;
pub(crate) use table::{Row, State};

use crate::kernel;
use crate::namespace::{self, Home};

/// How many connections a peer has open on its own `ports`: established, half closed, or still exchanging their last
/// segments; also those whose handshake is under way, because they were let in and will be established in a moment. A
/// peer that has gone has none.
///
/// `pid` is any process in the peer's network namespace. A connection kept alive counts: from here it cannot be told
/// from one that is in use.
///
/// # Errors
/// `io-failed` when neither the kernel nor `/proc` tells.
pub fn open(pid: i32, ports: &[u16]) -> Result<u32, Problem> {
    let rows = rows(pid)?;
    let open = rows.iter().filter(|r| r.state.open() && ports.contains(&r.local.port()));
    Ok(u32::try_from(open.count()).unwrap_or(u32::MAX))
}

/// Whether a peer accepts connections on this port where others reach it: on its loopback alone it does not count.
///
/// # Errors
/// `io-failed` when neither the kernel nor `/proc` tells.
pub fn listening(pid: i32, port: u16) -> Result<bool, Problem> {
    let listens = |r: &Row| r.state == State::Listen && r.local.port() == port && !r.local.ip().is_loopback();
    Ok(rows(pid)?.iter().any(listens))
}

/// The TCP sockets in the network namespace of a process, over IPv4 and IPv6, but for those in `TIME_WAIT`.
pub(crate) fn rows(pid: i32) -> Result<Vec<Row>, Problem> {
    match namespace::home(pid) {
        Home::Gone => Ok(Vec::new()),
        Home::Ours => own_rows(),
        Home::Own => namespace::inside(pid, told).or_else(|_| listed(&pid.to_string())),
    }
}

/// As [`rows`], in the network namespace of this thread.
pub(crate) fn own_rows() -> Result<Vec<Row>, Problem> {
    told().or_else(|_| listed("thread-self"))
}

/// What the kernel tells of the namespace of this thread.
fn told() -> io::Result<Vec<Row>> {
    Ok(kernel::tcp_sockets()?.into_iter().filter_map(Row::of).collect())
}

/// The same as `/proc` lists it, for a kernel without `sock_diag`, or one who may not enter the namespace.
fn listed(process: &str) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::new();
    for table in ["tcp", "tcp6"] {
        let path = format!("/proc/{process}/net/{table}");
        match File::open(&path).and_then(|file| parse(BufReader::new(file))) {
            Ok(found) => rows.extend(found),
            // The process has gone, or the kernel has no IPv6.
            Err(e) if e.kind() == io::ErrorKind::NotFound || gone(&e) => {}
            Err(e) => return Err(problem!(Failed, "io-failed", path = path, error = e)),
        }
    }
    Ok(rows)
}

/// What `/proc` answers when a process ends while it is looked at.
fn gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::SRCH, Errno::INVAL].iter().any(|e| error.raw_os_error() == Some(e.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn me() -> i32 {
        rustix::process::getpid().as_raw_nonzero().get()
    }

    #[test]
    fn a_connection_is_open_until_it_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(open(me(), &[port]).unwrap(), 0);
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert_eq!(open(me(), &[port]).unwrap(), 1);
        let (server, _) = listener.accept().unwrap();
        assert_eq!(open(me(), &[port]).unwrap(), 1);
        drop(client);
        assert_eq!(open(me(), &[port]).unwrap(), 1, "the server has not closed its side");
        drop(server);
        assert_eq!(open(me(), &[port]).unwrap(), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_the_kernel_tells_is_what_proc_lists() {
        let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("[::]:0").unwrap()];
        let ports = listeners.each_ref().map(|l| l.local_addr().unwrap().port());
        let open = ports.map(|port| TcpStream::connect(("127.0.0.1", port)).unwrap());
        let accepted = listeners[1].accept().unwrap();
        let ours = |mut rows: Vec<Row>| {
            rows.retain(|r| ports.contains(&r.local.port()) || ports.contains(&r.remote.port()));
            rows.sort_by_key(|r| (r.local, r.remote));
            rows
        };
        let found = ours(told().unwrap());
        assert_eq!(found, ours(listed("thread-self").unwrap()));
        assert_eq!(found.len(), 6);
        let not_accepted: u32 = found.iter().filter(|r| r.state == State::Listen).map(|r| r.waiting).sum();
        assert_eq!(not_accepted, 1, "{found:?}");
        drop((open, accepted));
    }

    #[test]
    fn listening_means_reachable() {
        let inside = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!listening(me(), inside.local_addr().unwrap().port()).unwrap());
        let outside = TcpListener::bind("0.0.0.0:0").unwrap();
        assert!(listening(me(), outside.local_addr().unwrap().port()).unwrap());
    }

    #[test]
    fn a_gone_process_has_nothing() {
        assert_eq!(open(i32::MAX, &[80]).unwrap(), 0);
        assert!(!listening(i32::MAX, 80).unwrap());
    }
}
