//! Refusing new connections, for real: two containers' worth of namespaces on one bridge, seen from all sides.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::world::{Box_, alone, ask, ask_on, inside, launch, run, serve};
use stapel_net::{Attachment, Firewall, Mark, Peer, connect, sockets};
use tempfile::TempDir;

pub(crate) const SERVER: &str = "10.213.7.2:8000";
const SERVER6: &str = "[fd13:7::2]:8000";

/// A server and a client on one bridge, whose frames the host's packet filter does not see.
pub(crate) struct Bridge {
    server: Box_,
    pub(crate) client: Box_,
    dir: TempDir,
}

impl Bridge {
    pub(crate) fn new() -> Self {
        run("ip", &["link", "add", "br-test", "type", "bridge"]);
        run("ip", &["addr", "add", "10.213.7.1/24", "dev", "br-test"]);
        run("ip", &["-6", "addr", "add", "fd13:7::1/64", "dev", "br-test", "nodad"]);
        run("ip", &["link", "set", "br-test", "up"]);
        // Where the module is not loaded, nothing is to be switched off.
        let _ = std::fs::write("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
        let _ = std::fs::write("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
        let this = Self { server: attached(2), client: attached(3), dir: TempDir::new().unwrap() };
        inside(this.server.pid, || serve(TcpListener::bind("[::]:8000").unwrap(), "old"));
        this
    }

    fn peer(&self) -> Peer {
        let address = Ipv4Addr::new(10, 213, 7, 2);
        let on = Attachment { network: "test".into(), bridge: "br-test".into(), address };
        Peer { pid: self.server.pid, attachments: vec![on] }
    }

    pub(crate) fn firewall(&self, key: &str) -> Firewall {
        Firewall::new(Mark::new(key), launch(self.dir.path()))
    }

    /// What a new connection meets, from the same bridge and from the host, over IPv4 and IPv6.
    fn knock(&self) -> [Result<String, ErrorKind>; 4] {
        let knock = |to: &str| {
            let to: SocketAddr = to.parse().unwrap();
            move || ask(to, "hi").map_err(|e| e.kind())
        };
        let neighbour = self.client.pid;
        [inside(neighbour, knock(SERVER)), inside(neighbour, knock(SERVER6)), knock(SERVER)(), knock(SERVER6)()]
    }
}

pub(crate) fn attached(last: u8) -> Box_ {
    let made = Box_::new();
    let (name, pid) = (format!("ve{last}"), made.pid.to_string());
    run("ip", &["link", "add", &name, "type", "veth", "peer", "name", "eth0", "netns", &pid]);
    run("ip", &["link", "set", &name, "master", "br-test", "up"]);
    made.ip(&["addr", "add", &format!("10.213.7.{last}/24"), "dev", "eth0"]);
    made.ip(&["-6", "addr", "add", &format!("fd13:7::{last}/64"), "dev", "eth0", "nodad"]);
    made.ip(&["link", "set", "eth0", "up"]);
    made
}

pub(crate) fn left_out() -> bool {
    let missing = crate::world::missing(&["iptables", "ip6tables", "ip", "nsenter", "unshare"]);
    if let Some(what) = &missing {
        eprintln!("left out: {what}");
    }
    missing.is_some()
}

fn answered() -> [Result<String, ErrorKind>; 4] {
    [(); 4].map(|()| Ok("old".to_owned()))
}

fn refused() -> [Result<String, ErrorKind>; 4] {
    [(); 4].map(|()| Err(ErrorKind::ConnectionRefused))
}

#[test]
fn new_connections_are_refused_from_every_side_and_open_ones_go_on() {
    if left_out() {
        return;
    }
    alone(async || {
        let bridge = Bridge::new();
        let (peer, firewall) = (bridge.peer(), bridge.firewall("aa01"));
        assert_eq!(bridge.knock(), answered());
        let open = inside(bridge.client.pid, || TcpStream::connect(SERVER).unwrap());
        assert_eq!(ask_on(&open, "hi").unwrap(), "old");

        firewall.refuse(&peer, &[8000]).await.unwrap();
        assert_eq!(bridge.knock(), refused());
        assert_eq!(ask_on(&open, "hi").unwrap(), "old", "what is open goes on");
        assert_eq!(sockets::open(peer.pid, &[8000]).unwrap(), 1);
        let own = connect(peer.pid, "127.0.0.1:8000".parse().unwrap(), Duration::from_secs(5)).await.unwrap();
        own.writable().await.unwrap();
        drop((own, open));

        let once = firewall.list().await.unwrap();
        firewall.refuse(&peer, &[8000]).await.unwrap();
        assert_eq!(firewall.list().await.unwrap(), once, "twice is as once");

        firewall.allow(&peer, &[8000]).await.unwrap();
        assert_eq!(bridge.knock(), answered());
        assert_eq!(firewall.list().await.unwrap(), []);
        firewall.allow(&peer, &[8000]).await.unwrap();
        crate::world::wait_for("all closed", || sockets::open(peer.pid, &[8000]).unwrap() == 0);
    });
}

#[test]
fn the_chain_for_users_is_used_where_docker_made_it_and_outlives_the_peer() {
    if left_out() {
        return;
    }
    alone(async || {
        let bridge = Bridge::new();
        let (peer, firewall) = (bridge.peer(), bridge.firewall("aa02"));
        run("iptables", &["-N", "DOCKER-USER"]);
        firewall.refuse(&peer, &[8000, 9000]).await.unwrap();
        let places = |rules: Vec<stapel_net::Rule>| rules.into_iter().map(|r| r.chain).collect::<Vec<_>>();
        let mut chains = places(firewall.list().await.unwrap());
        chains.sort();
        assert_eq!(chains, ["DOCKER-USER", "DOCKER-USER", "INPUT", "INPUT", "INPUT", "INPUT"]);

        drop(bridge);
        assert_eq!(places(firewall.list().await.unwrap()), ["DOCKER-USER", "DOCKER-USER"]);
        firewall.refuse(&peer, &[8000]).await.unwrap();
        firewall.allow(&peer, &[8000]).await.unwrap();
        assert_eq!(places(firewall.list().await.unwrap()), ["DOCKER-USER"]);
        firewall.clear().await.unwrap();
        assert_eq!(firewall.list().await.unwrap(), []);
    });
}

#[test]
fn clearing_takes_one_apps_rules_and_no_others() {
    if left_out() {
        return;
    }
    alone(async || {
        let bridge = Bridge::new();
        let (peer, one, other) = (bridge.peer(), bridge.firewall("aa03"), bridge.firewall("aa033"));
        one.refuse(&peer, &[8000]).await.unwrap();
        assert_eq!(other.list().await.unwrap(), []);
        other.refuse(&peer, &[8000]).await.unwrap();
        one.clear().await.unwrap();
        assert_eq!(one.list().await.unwrap(), []);
        assert_eq!(bridge.knock(), refused(), "the other app still refuses");
        other.clear().await.unwrap();
        assert_eq!(bridge.knock(), answered());
    });
}

#[test]
fn a_container_on_the_hosts_network_is_not_refused_to_the_host() {
    if left_out() {
        return;
    }
    alone(async || {
        let dir = TempDir::new().unwrap();
        let firewall = Firewall::new(Mark::new("aa04"), launch(dir.path()));
        // A process here, in the namespace of this thread.
        let mut here = std::process::Command::new("sleep").arg("infinity").spawn().unwrap();
        let peer = Peer { pid: i32::try_from(here.id()).unwrap(), attachments: vec![] };
        let problem = firewall.refuse(&peer, &[8000]).await.unwrap_err();
        here.kill().unwrap();
        here.wait().unwrap();
        assert_eq!(problem.code(), "net-host-network");
        assert_eq!(firewall.list().await.unwrap(), []);
    });
}
