//! A port for the server alone, behind proxies that run on it, without Docker's own proxy and with a firewall that forwards
//! nothing unasked: requests of every length are finished, what stays open is cut when the plan says so, and nobody outside
//! ever gets through to the port.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use stapel_load::Shape;
use testkit::{Flavour, Ways, residue};

use super::agent::World;

const PORT: u16 = 8001;
const NGINX: u16 = testkit::nginx::ON_HOST;
const CADDY: u16 = 8082;

/// Docker without its proxy, and a firewall that forwards only what it is told to.
const DOCKER: &str = "mkdir -p /etc/docker && echo '{ \"userland-proxy\": false }' >/etc/docker/daemon.json";
const FIREWALL: &str = "iptables -P FORWARD DROP && ip6tables -P FORWARD DROP";

/// Proxies on the server itself; Caddy's program comes out of its image.
const PROXIES: &str = "set -e; nginx -c /opt/nginx/host.conf
id=$(docker create caddy:2); docker cp \"$id\":/usr/bin/caddy /usr/local/bin/caddy; docker rm \"$id\" >/dev/null
setsid caddy run --adapter caddyfile --config /opt/nginx/Caddyfile.host >/var/log/caddy-host.log 2>&1 </dev/null &";

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit").join(path)
}

fn shapes() -> Vec<Shape> {
    vec![
        Shape::get("get", "/").weight(4),
        Shape::get("get-kept", "/").kept().weight(4),
        Shape::post("post", "/", "{\"id\":\"{id}\"}").weight(3),
        Shape::post("post-kept", "/", "{\"id\":\"{id}\"}").kept().weight(3),
        Shape::get("slow", "/slow?seconds=5").weight(1),
        Shape::get("stream", "/stream?seconds=4").weight(1),
    ]
}

/// A connection that is upgraded and stays open, as a WebSocket does.
struct Upgraded(BufReader<TcpStream>);

impl Upgraded {
    fn open(at: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
            .write_all(b"GET /echo HTTP/1.1\r\nhost: a.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
            .unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "no answer");
        }
        Self(reader)
    }

    /// Whether the other side still answers.
    fn echoes(&mut self) -> bool {
        let mut line = String::new();
        self.0.get_mut().write_all(b"hello\n").is_ok()
            && self.0.read_line(&mut line).is_ok_and(|read| read > 0)
            && line == "hello\n"
    }
}

/// Says at its end that all others shall end.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_port_for_the_server_alone_goes_over_unseen_and_is_never_open_to_others() {
    let Some(world) = World::new(Flavour::Trixie, "ways") else { return };
    let server = &world.server;
    world.root(DOCKER, &[]);
    server.restart_dockerd().unwrap();
    world.root(FIREWALL, &[]);
    server.copy_dir(&here("proxies"), "/opt/nginx").unwrap();
    world.root(PROXIES, &[]);
    for file in ["app.py", "Dockerfile", "docker-compose.yml"] {
        std::fs::copy(here("apps/ways").join(file), world.dir.path().join(file)).unwrap();
    }
    let config = format!(
        "app = \"ways\"\n[service.web]\n[target.there]\nhost = \"{}\"\npath = \"/srv/ways\"\n[[check]]\nname = \"front\"\npath = \"/\"\n\
         [watch]\nduration = \"3s\"\n",
        server.name()
    );
    std::fs::write(world.dir.path().join("stapel.toml"), config).unwrap();
    let has = |version: &str| std::fs::write(world.dir.path().join("VERSION"), version).unwrap();
    let does = |command: &str| {
        let (code, said) = world.stapel(&[command, "--yes", "--lang", "en"]);
        assert_eq!(code, Some(0), "{said}");
        said
    };
    let at = |port| SocketAddr::new(server.ip().into(), port);
    let answers = |port| testkit::http::get(server.ip().into(), port, "a.example", "/").map(|answer| answer.body);

    has("one");
    does("deploy");
    for port in [NGINX, CADDY] {
        testkit::until_true("the proxy on the server answers", Duration::from_secs(30), || {
            answers(port).is_ok_and(|body| body == "one")
        })
        .unwrap();
    }

    let ended = AtomicBool::new(false);
    let tries = AtomicU32::new(0);
    std::thread::scope(|scope| {
        // Also where something fails: the scope waits for those who run in it.
        let ends = Ends(&ended);
        // Nobody outside gets through, at no moment.
        let outside = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let tried = TcpStream::connect_timeout(&at(PORT), Duration::from_millis(100));
                let why = tried.map(|_| "it is open").unwrap_or_else(|e| match e.kind() {
                    ErrorKind::ConnectionRefused | ErrorKind::TimedOut => "",
                    _ => "it cannot be tried",
                });
                assert_eq!(why, "");
                tries.fetch_add(1, Ordering::Relaxed);
                // No condition is waited for: without a pause the tries would take a processor from the load.
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let mut ways = Ways::of(shapes(), 1.0).unwrap();
        ways.and("nginx on the server", server, NGINX, 12.0).unwrap();
        ways.and("Caddy on the server", server, CADDY, 12.0).unwrap();
        ways.within("the server itself", server, std::net::Ipv4Addr::LOCALHOST.into(), 8.0).unwrap();
        let mut open = Upgraded::open(at(CADDY));
        assert!(open.echoes());

        has("two");
        let said = does("deploy");
        assert!(said.contains("no request is lost") && said.contains("what is open after 10 s"), "{said}");
        assert!(said.contains("(a WebSocket, a stream) is cut"), "{said}");
        assert!(!open.echoes(), "the former version has gone, and what was open to it");
        assert!([NGINX, CADDY].iter().all(|port| answers(*port).unwrap() == "two"));
        residue::none(server, None).unwrap();

        does("rollback");
        assert!([NGINX, CADDY].iter().all(|port| answers(*port).unwrap() == "one"));
        residue::none(server, None).unwrap();

        for way in ways.stop() {
            way.none_lost(200).unwrap();
        }
        drop(ends);
        outside.join().unwrap();
    });
    assert!(tries.load(Ordering::Relaxed) > 100, "{tries:?}");
}
