//! A published port goes over to a candidate and back, for real: Docker's own rules and its own proxy, requests on
//! every way in all the time.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use stapel_net::{Attachment, Firewall, Mark, Peer, Published, sockets};
use tempfile::TempDir;

use crate::world::{self, Box_, Swept, ask, inside, launch, run, wait_for};

const PORT: u16 = 8000;
/// An image with nothing in it; the containers see the host's libraries and this very program.
const IMAGE: &str = "stapel-net-test:empty";

/// The body of `server_child`: the server inside a container, named by `NAME`.
pub(crate) fn serve() {
    let Ok(name) = std::env::var("NAME") else { return };
    world::serve(TcpListener::bind(("0.0.0.0", PORT)).unwrap(), name.leak());
    loop {
        std::thread::park();
    }
}

/// Networks and containers of one test; all go with it.
struct Docker {
    tag: String,
}

impl Docker {
    fn new(tag: &str) -> Self {
        let this = Self { tag: format!("stapelnet-{tag}-{}", std::process::id()) };
        let empty = run("sh", &["-c", &format!("tar -c -T /dev/null | docker import - {IMAGE}")]);
        assert!(!empty.is_empty());
        run("docker", &["network", "create", &this.name("app")]);
        run("docker", &["network", "create", &this.name("other")]);
        this
    }

    fn name(&self, part: &str) -> String {
        format!("{}-{part}", self.tag)
    }

    fn start(&self, part: &str, network: &str, published: &[&str]) -> Peer {
        let program = std::env::current_exe().unwrap();
        let own = format!("{}:/program:ro", program.display());
        let libraries = ["/usr", "/lib", "/lib64"].into_iter().filter(|d| Path::new(d).exists());
        let volumes: Vec<_> = libraries.map(|d| format!("{d}:{d}:ro")).chain([own]).collect();
        let (name, network, env) = (self.name(part), self.name(network), format!("NAME={part}"));
        let mut args = vec!["run", "-d", "--name", &name, "--network", &network, "-e", &env];
        volumes.iter().for_each(|v| args.extend(["-v", v]));
        published.iter().for_each(|p| args.extend(["-p", p]));
        args.extend([IMAGE, "/program", "--exact", "server_child", "--ignored", "--nocapture"]);
        run("docker", &args);
        let peer = self.peer(part);
        wait_for("the server listens", || sockets::listening(peer.pid, PORT).unwrap());
        peer
    }

    fn peer(&self, part: &str) -> Peer {
        let format = "{{.State.Pid}}{{range $n, $v := .NetworkSettings.Networks}} {{$n}} {{$v.NetworkID}} {{$v.IPAddress}}{{end}}";
        let said = run("docker", &["inspect", "-f", format, &self.name(part)]);
        let words: Vec<_> = said.split(' ').collect();
        let on = |w: &[&str]| Attachment {
            network: w[0].into(),
            bridge: format!("br-{}", &w[1][..12]),
            address: w[2].parse().unwrap(),
        };
        Peer { pid: words[0].parse().unwrap(), attachments: words[1..].chunks(3).map(on).collect() }
    }

    fn gateway(&self, network: &str) -> Ipv4Addr {
        let format = "{{(index .IPAM.Config 0).Gateway}}";
        run("docker", &["network", "inspect", "-f", format, &self.name(network)]).parse().unwrap()
    }

    fn remove(&self, part: &str) {
        run("docker", &["rm", "-f", &self.name(part)]);
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let quiet = |args: &[&str]| drop(std::process::Command::new("docker").args(args).output());
        for part in ["old", "candidate", "real", "neighbour", "beside"] {
            quiet(&["rm", "-f", &self.name(part)]);
        }
        quiet(&["network", "rm", &self.name("app"), &self.name("other")]);
    }
}

/// Who answered on one way in, or what went wrong, and how often.
type Answers = Arc<Mutex<BTreeMap<String, u32>>>;

/// Clients that ask on every way in until they are told to stop.
struct Clients {
    stop: Arc<AtomicBool>,
    ways: Vec<(&'static str, Answers, Vec<JoinHandle<()>>)>,
}

impl Clients {
    fn start(ways: &[(&'static str, Option<i32>, SocketAddr)]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ways = ways
            .iter()
            .map(|&(way, from, to)| {
                let answers = Answers::default();
                let asking = ["hi", "hi", "slow"].map(|question| {
                    let (stop, answers) = (stop.clone(), answers.clone());
                    let work = move || {
                        while !stop.load(SeqCst) {
                            let said = ask(to, question).unwrap_or_else(|e| format!("lost: {e}"));
                            *answers.lock().unwrap().entry(said).or_default() += 1;
                        }
                    };
                    std::thread::spawn(move || match from {
                        Some(pid) => inside(pid, work),
                        None => work(),
                    })
                });
                (way, answers, asking.into_iter().collect())
            })
            .collect();
        Self { stop, ways }
    }

    /// Waits until each way has had 20 more answers, and gives who gave them.
    fn more(&self) -> Vec<(&'static str, Vec<String>)> {
        let mut seen = Vec::new();
        for (way, answers, _) in &self.ways {
            answers.lock().unwrap().retain(|a, _| a.starts_with("lost"));
            wait_for(way, || answers.lock().unwrap().values().sum::<u32>() > 20);
        }
        for (way, answers, _) in &self.ways {
            seen.push((*way, answers.lock().unwrap().keys().cloned().collect()));
        }
        seen
    }

    fn end(self) {
        self.stop.store(true, SeqCst);
        self.ways.into_iter().flat_map(|w| w.2).for_each(|t| t.join().unwrap());
    }
}

fn only(seen: &[(&'static str, Vec<String>)], name: &str) {
    for (way, answers) in seen {
        assert_eq!(answers, &[name.to_owned()], "{way}: {seen:?}");
    }
}

fn left_out() -> bool {
    let missing = world::missing(&["iptables", "ip", "nsenter", "unshare"])
        .or_else(|| (!docker_answers()).then(|| "no Docker daemon".to_owned()));
    if let Some(what) = &missing {
        eprintln!("left out: {what}");
    }
    missing.is_some()
}

fn docker_answers() -> bool {
    std::process::Command::new("docker").args(["info"]).output().is_ok_and(|o| o.status.success())
        && std::process::Command::new("iptables")
            .args(["-t", "nat", "-S", "DOCKER"])
            .output()
            .is_ok_and(|o| o.status.success())
}

fn free_port() -> u16 {
    TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port()
}

/// A machine outside, on a cable of its own to this one.
fn outside(net: u8) -> (Box_, Ipv4Addr) {
    let made = Box_::new();
    let (name, here) = (format!("vest{net}x{}", std::process::id() % 10_000), Ipv4Addr::new(198, 18, net, 1));
    run("ip", &["link", "add", &name, "type", "veth", "peer", "name", "eth0", "netns", &made.pid.to_string()]);
    run("ip", &["addr", "add", &format!("{here}/30"), "dev", &name]);
    run("ip", &["link", "set", &name, "up"]);
    made.ip(&["addr", "add", &format!("198.18.{net}.2/30"), "dev", "eth0"]);
    made.ip(&["link", "set", "eth0", "up"]);
    (made, here)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_port_goes_over_and_back_and_no_request_is_lost() {
    if left_out() {
        return;
    }
    let (docker, dir) = (Docker::new("all"), TempDir::new().unwrap());
    let firewall = Swept(Firewall::new(Mark::new(&format!("ee{:x}", std::process::id())), launch(dir.path())));
    let port = free_port();
    let published = Published { host_address: None, host_port: port, container_port: PORT };
    let on_host = format!("{port}:{PORT}");
    let (away, here) = outside(71);
    let old = docker.start("old", "app", &[&on_host]);
    let neighbour = docker.start("neighbour", "other", &[]);
    let beside = docker.start("beside", "app", &[]);
    let to = |ip: std::net::IpAddr| SocketAddr::new(ip, port);
    let gateway = docker.gateway("other").into();
    let mut ways = vec![
        ("localhost", None, to("127.0.0.1".parse().unwrap())),
        ("the host by its own address", None, to(here.into())),
        ("outside", Some(away.pid), to(here.into())),
        ("another bridge", Some(neighbour.pid), to(gateway)),
        ("the same bridge", Some(beside.pid), to(docker.gateway("app").into())),
    ];
    let localhost6 = to("::1".parse().unwrap());
    if ask(localhost6, "hi").is_ok() {
        ways.push(("localhost by IPv6", None, localhost6));
    } else {
        eprintln!("left out: IPv6, which this host does not have");
    }
    let clients = Clients::start(&ways);
    only(&clients.more(), "old");

    let candidate = docker.start("candidate", "app", &[]);
    let done = firewall.publish(&published, &old, &candidate).await.unwrap();
    assert_eq!(done.network, docker.name("app"));
    firewall.refuse(&old, &[PORT]).await.unwrap();
    wait_for("the old one is drained", || sockets::open(old.pid, &[PORT]).unwrap() == 0);
    only(&clients.more(), "candidate");
    let rules = firewall.list().await.unwrap();
    assert_eq!(firewall.publish(&published, &old, &candidate).await.unwrap(), done, "twice is as once");
    // Tests beside this one make and remove bridges, each of which has a rule.
    let again = firewall.list().await.unwrap();
    for rule in rules.iter().filter(|r| !r.to_string().contains("REDIRECT")) {
        assert_eq!(again.iter().filter(|r| *r == rule).count(), 1, "{rule}");
    }
    let forwarder = done.forwarder.unwrap();
    let second_door = ask(SocketAddr::new(here.into(), forwarder.port), "hi");
    assert!(second_door.is_err(), "{second_door:?}");

    docker.remove("old");
    let real = docker.start("real", "app", &[&on_host]);
    only(&clients.more(), "candidate");
    firewall.allow(&old, &[PORT]).await.unwrap();
    firewall.unpublish(&published).await.unwrap();
    assert!(!forwarder.alive());
    firewall.refuse(&candidate, &[PORT]).await.unwrap();
    wait_for("the candidate is drained", || sockets::open(candidate.pid, &[PORT]).unwrap() == 0);
    docker.remove("candidate");
    only(&clients.more(), "real");
    clients.end();
    firewall.clear().await.unwrap();
    assert_eq!(firewall.list().await.unwrap(), []);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left of the forwarder");
    drop(real);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_on_localhost_goes_over_and_is_not_opened_further() {
    if left_out() {
        return;
    }
    let (docker, dir) = (Docker::new("local"), TempDir::new().unwrap());
    let firewall = Swept(Firewall::new(Mark::new(&format!("ef{:x}", std::process::id())), launch(dir.path())));
    let port = free_port();
    let localhost = "127.0.0.1".parse().unwrap();
    let published = Published { host_address: Some(localhost), host_port: port, container_port: PORT };
    let (away, here) = outside(72);
    let from_outside = || inside(away.pid, move || ask(SocketAddr::new(here.into(), port), "hi").map_err(|e| e.kind()));
    let old = docker.start("old", "app", &[&format!("127.0.0.1:{port}:{PORT}")]);
    let refused = from_outside().unwrap_err();
    let clients = Clients::start(&[("localhost", None, SocketAddr::new(localhost, port))]);
    only(&clients.more(), "old");

    let candidate = docker.start("candidate", "app", &[]);
    firewall.publish(&published, &old, &candidate).await.unwrap();
    firewall.refuse(&old, &[PORT]).await.unwrap();
    wait_for("the old one is drained", || sockets::open(old.pid, &[PORT]).unwrap() == 0);
    only(&clients.more(), "candidate");
    assert_eq!(from_outside().unwrap_err(), refused);

    firewall.allow(&old, &[PORT]).await.unwrap();
    firewall.unpublish(&published).await.unwrap();
    only(&clients.more(), "old");
    clients.end();
    assert_eq!(firewall.list().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_ends_all_whatever_happened_before() {
    if left_out() {
        return;
    }
    let (docker, dir) = (Docker::new("clear"), TempDir::new().unwrap());
    let mark = || Mark::new(&format!("ed{:x}", std::process::id()));
    let port = free_port();
    let published = Published { host_address: None, host_port: port, container_port: PORT };
    let old = docker.start("old", "app", &[&format!("{port}:{PORT}")]);
    let candidate = docker.start("candidate", "app", &[]);
    let firewall = Firewall::new(mark(), launch(dir.path()));
    let done = firewall.publish(&published, &old, &candidate).await.unwrap();
    firewall.refuse(&old, &[PORT]).await.unwrap();
    drop(firewall);

    let another = Swept(Firewall::new(mark(), launch(dir.path())));
    assert!(another.list().await.unwrap().len() > 5);
    another.clear().await.unwrap();
    assert_eq!(another.list().await.unwrap(), []);
    assert!(!done.forwarder.unwrap().alive());
    assert_eq!(ask(SocketAddr::new("127.0.0.1".parse().unwrap(), port), "hi").unwrap(), "old");
    another.clear().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_not_published_or_a_candidate_elsewhere_changes_nothing() {
    if left_out() {
        return;
    }
    let (docker, dir) = (Docker::new("none"), TempDir::new().unwrap());
    let firewall = Swept(Firewall::new(Mark::new(&format!("ec{:x}", std::process::id())), launch(dir.path())));
    let port = free_port();
    let old = docker.start("old", "app", &[&format!("{port}:{PORT}")]);
    let elsewhere = docker.start("neighbour", "other", &[]);
    let on = |host_port| Published { host_address: None, host_port, container_port: PORT };
    let problem = firewall.publish(&on(port), &old, &elsewhere).await.unwrap_err();
    assert_eq!(problem.code(), "net-not-on-network");
    let problem = firewall.publish(&on(free_port()), &old, &elsewhere).await.unwrap_err();
    assert_eq!(problem.code(), "net-no-docker-rule");
    assert_eq!(firewall.list().await.unwrap(), []);
}
