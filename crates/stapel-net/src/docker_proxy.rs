//! Docker's user-space proxy: one process for each published port and version of IP. It accepts on the host and dials
//! the container.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use stapel_host::{processes, until};
use stapel_text::{Problem, text};

use crate::namespace::{self, Home};
use crate::sockets::{self, Row, State};
use crate::{Peer, Published};

/// How long what it has accepted may take to reach the container: on a host that has no time for it, seconds.
const SETTLE: Duration = Duration::from_secs(10);

/// One such process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DockerProxy {
    pub(crate) pid: i32,
    pub(crate) host_address: IpAddr,
    pub(crate) host_port: u16,
    pub(crate) container: (Ipv4Addr, u16),
}

impl DockerProxy {
    /// Those that carry `published` to `from`.
    pub(crate) fn carrying(published: &Published, from: &Peer) -> Vec<Self> {
        processes()
            .filter_map(|pid| Self::read(pid, &std::fs::read(format!("/proc/{pid}/cmdline")).ok()?))
            .filter(|p| p.carries(published, from))
            // A host may hold other Docker daemons, each in a network namespace of its own, with the same addresses.
            .filter(|p| namespace::home(p.pid) == Home::Ours)
            .collect()
    }

    /// Reads a command line as `/proc` gives it.
    fn read(pid: i32, line: &[u8]) -> Option<Self> {
        let words: Vec<_> = line.split(|b| *b == 0).filter_map(|w| std::str::from_utf8(w).ok()).collect();
        let (program, options) = words.split_first()?;
        let value = |name| options.windows(2).find(|w| w[0] == name).map(|w| w[1]);
        if !program.ends_with("docker-proxy") || value("-proto") != Some("tcp") {
            return None;
        }
        Some(Self {
            pid,
            host_address: value("-host-ip")?.parse().ok()?,
            host_port: value("-host-port")?.parse().ok()?,
            container: (value("-container-ip")?.parse().ok()?, value("-container-port")?.parse().ok()?),
        })
    }

    fn carries(&self, published: &Published, from: &Peer) -> bool {
        self.host_port == published.host_port
            && self.container.1 == published.container_port
            && published.bound_to().is_none_or(|a| a == self.host_address)
            && published.bound_to().is_some() != self.host_address.is_unspecified()
            && from.at(self.container.0).is_some()
    }

    /// Whether everything it has accepted, or was about to accept, has reached the container.
    fn settled(&self) -> Result<bool, Problem> {
        let own = sockets::inodes(self.pid).collect();
        Ok(settled(&sockets::rows(self.pid)?, &own, self.host_port, self.container.into()))
    }
}

/// Waits until what these processes have accepted has reached the container: from then on the container may refuse new
/// connections. Where one of them leaves a half-closed pair about, the bound ends the wait.
pub(crate) async fn settle(proxies: &[DockerProxy]) -> Result<(), Problem> {
    let all = async || Ok(proxies.iter().map(DockerProxy::settled).collect::<Result<Vec<_>, _>>()?);
    let waited = until(text!("net-wait-settled"), Duration::from_millis(10), SETTLE, async || {
        Ok(all().await?.into_iter().all(|s| s).then_some(()))
    });
    match waited.await {
        Err(problem) if problem.code() == "timed-out" => Ok(()),
        done => done,
    }
}

fn settled(rows: &[Row], inodes: &BTreeSet<u64>, port: u16, container: std::net::SocketAddr) -> bool {
    let mine = |r: &&Row| inodes.contains(&r.inode);
    let alive = |r: &&Row| matches!(r.state, State::Established | State::CloseWait);
    let queued = rows.iter().filter(mine).any(|r| r.state == State::Listen && r.waiting > 0);
    let arriving = rows.iter().any(|r| r.state == State::SynReceived && r.local.port() == port);
    let accepted = rows.iter().filter(mine).filter(alive).filter(|r| r.local.port() == port && r.remote != container);
    let dialled = rows.iter().filter(mine).filter(|r| r.remote == container && r.state != State::SynSent);
    !queued && !arriving && accepted.count() <= dialled.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attachment;

    fn line(address: &str) -> Vec<u8> {
        format!("/usr/sbin/docker-proxy -proto tcp -host-ip {address} -host-port 8001 -container-ip 172.18.0.4 -container-port 8000 -use-listen-fd ")
            .replace(' ', "\0")
            .into_bytes()
    }

    fn published(address: Option<&str>) -> Published {
        Published { host_address: address.map(|a| a.parse().unwrap()), host_port: 8001, container_port: 8000 }
    }

    fn peer(last: u8) -> Peer {
        let address = Ipv4Addr::new(172, 18, 0, last);
        Peer { pid: 1, attachments: vec![Attachment { network: "app".into(), bridge: "br-1".into(), address }] }
    }

    #[test]
    fn it_is_known_by_its_command_line() {
        let proxy = DockerProxy::read(7, &line("::")).unwrap();
        assert_eq!((proxy.pid, proxy.host_address), (7, "::".parse().unwrap()));
        assert!(proxy.carries(&published(None), &peer(4)));
        assert!(proxy.carries(&published(Some("0.0.0.0")), &peer(4)));
        assert!(!proxy.carries(&published(Some("127.0.0.1")), &peer(4)));
        assert!(!proxy.carries(&published(None), &peer(5)));
        assert_eq!(DockerProxy::read(7, b"sh\0-c\0docker-proxy\0"), None);
    }

    #[test]
    fn one_bound_to_an_address_carries_only_that() {
        let proxy = DockerProxy::read(7, &line("127.0.0.1")).unwrap();
        assert!(proxy.carries(&published(Some("127.0.0.1")), &peer(4)));
        assert!(!proxy.carries(&published(None), &peer(4)));
    }

    fn row(local: &str, remote: &str, state: State, waiting: u32, inode: u64) -> Row {
        Row { local: local.parse().unwrap(), remote: remote.parse().unwrap(), state, waiting, inode }
    }

    #[test]
    fn it_is_settled_when_all_accepted_is_dialled() {
        let container = "172.18.0.4:8000".parse().unwrap();
        let inodes = BTreeSet::from([1, 2, 3]);
        let listener = |waiting| row("0.0.0.0:8001", "0.0.0.0:0", State::Listen, waiting, 1);
        let accepted = row("127.0.0.1:8001", "127.0.0.1:50000", State::Established, 0, 2);
        let dialled = |state| row("172.18.0.1:40000", "172.18.0.4:8000", state, 0, 3);
        let is = |rows: &[Row]| settled(rows, &inodes, 8001, container);
        assert!(is(&[listener(0)]));
        assert!(!is(&[listener(1)]));
        assert!(!is(&[listener(0), accepted]));
        assert!(!is(&[listener(0), accepted, dialled(State::SynSent)]));
        assert!(is(&[listener(0), accepted, dialled(State::Established)]));
        let forwarded = row("127.0.0.1:8001", "127.0.0.1:50001", State::Established, 0, 9);
        assert!(is(&[listener(0), forwarded]), "what the forwarder has accepted is not the proxy's");
        let arriving = row("127.0.0.1:8001", "127.0.0.1:50002", State::SynReceived, 0, 0);
        assert!(!is(&[listener(0), arriving]));
    }
}
