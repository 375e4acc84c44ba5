//! Those who keep the address of a service: led elsewhere by rules in their own namespaces, and a real nginx that is told to
//! ask again.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::refuse::{Bridge, SERVER, attached, left_out};
use crate::world::{Box_, alone, ask, ask_on, inside, run, serve, wait_for};
use stapel_net::{Nginx, Rule};

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 213, 7, last)
}

/// Another instance, which answers with its name.
fn instance(last: u8, name: &'static str) -> Box_ {
    let made = attached(last);
    inside(made.pid, move || serve(TcpListener::bind("0.0.0.0:8000").unwrap(), name));
    made
}

#[test]
fn a_neighbour_is_led_elsewhere_and_what_is_open_goes_on() {
    if left_out() {
        return;
    }
    alone(async || {
        let bridge = Bridge::new();
        let (_candidate, _anew) = (instance(4, "candidate"), instance(5, "anew"));
        let (firewall, other) = (bridge.firewall("ab01"), bridge.firewall("ab02"));
        let neighbours = [bridge.client.pid, i32::MAX];
        let asks = || inside(bridge.client.pid, || ask(SERVER.parse().unwrap(), "hi").map_err(|e| e.kind()));
        let open = inside(bridge.client.pid, || TcpStream::connect(SERVER).unwrap());
        assert_eq!(ask_on(&open, "hi").unwrap(), "old");

        firewall.lead(&neighbours, address(2), address(4), &[8000, 9000]).await.unwrap();
        let once = firewall.list().await.unwrap();
        firewall.lead(&neighbours, address(2), address(4), &[8000, 9000]).await.unwrap();
        assert_eq!(firewall.list().await.unwrap(), once, "twice is as once");
        assert_eq!(asks(), Ok("candidate".to_owned()));
        assert_eq!(ask_on(&open, "hi").unwrap(), "old", "what is open goes on");
        assert_eq!(ask(SERVER.parse().unwrap(), "hi").unwrap(), "old", "nobody else is led");

        // It was made anew at another address: whoever knows the first one is led there.
        firewall.turn(&neighbours, address(4), address(5)).await.unwrap();
        assert_eq!(asks(), Ok("anew".to_owned()));
        assert_eq!(firewall.led(&neighbours, &[address(5)]).await.unwrap(), [bridge.client.pid]);
        assert_eq!(other.led(&neighbours, &[address(5)]).await.unwrap(), [0; 0], "another app's");
        // Back again, by way of another candidate.
        firewall.lead(&neighbours, address(5), address(4), &[8000, 9000]).await.unwrap();
        let ways = |rules: Vec<Rule>| rules.iter().map(|r| r.spec.last().unwrap().clone()).collect::<Vec<_>>();
        assert_eq!(ways(firewall.list().await.unwrap()), ["10.213.7.4"; 4]);
        assert_eq!(asks(), Ok("candidate".to_owned()));
        // At the first address: whoever knows that one needs nothing.
        firewall.turn(&neighbours, address(4), address(2)).await.unwrap();
        assert_eq!(asks(), Ok("old".to_owned()));
        assert_eq!(ways(firewall.list().await.unwrap()), ["10.213.7.2"; 2]);
        assert_eq!(firewall.led(&neighbours, &[address(2), address(5)]).await.unwrap(), [0; 0]);

        other.lead_no_more(&neighbours).await.unwrap();
        assert_eq!(firewall.list().await.unwrap().len(), 2);
        firewall.lead_no_more(&neighbours).await.unwrap();
        firewall.lead_no_more(&neighbours).await.unwrap();
        assert_eq!(firewall.list().await.unwrap(), []);
        firewall.lead(&neighbours, address(2), address(4), &[8000]).await.unwrap();
        firewall.clear().await.unwrap();
        assert_eq!(firewall.list().await.unwrap(), []);
    });
}

/// A real nginx in a container.
struct Served {
    container: String,
    pid: i32,
}

const IMAGE: &str = "nginx:1";

impl Served {
    fn start(dir: &Path) -> Self {
        write(dir, "");
        let (mount, name) = (format!("{}:/conf:ro", dir.display()), format!("stapel-net-nginx-{}", std::process::id()));
        let start = ["run", "--detach", "--rm", "--name", &name, "--volume", &mount, IMAGE];
        let container =
            run("docker", &[&start[..], &["nginx", "-c", "/conf/nginx.conf", "-g", "daemon off;"]].concat());
        let pid = run("docker", &["inspect", "--format", "{{.State.Pid}}", &container]).parse().unwrap();
        let served = Self { container, pid };
        wait_for("nginx", || served.found().iter().any(|nginx| nginx.has_read_since(pid)));
        served
    }

    fn found(&self) -> Vec<Nginx> {
        Nginx::among(&[self.pid, i32::MAX])
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", &self.container]).output();
    }
}

fn write(dir: &Path, more: &str) {
    let text = format!(
        "pid /tmp/pid; error_log stderr; worker_processes 2; events {{}} \
         http {{ access_log off; {more} server {{ listen 80; location / {{ return 200 ok; }} }} }}\n"
    );
    fs::write(dir.join("nginx.conf"), text).unwrap();
}

#[test]
fn nginx_reads_its_configuration_again_or_it_is_said_that_it_cannot() {
    let image = || Command::new("docker").args(["image", "inspect", IMAGE]).output().is_ok_and(|o| o.status.success());
    let missing = crate::world::missing(&["nsenter", "unshare", "ip"]);
    if let Some(what) = missing.or_else(|| (!image()).then(|| format!("no image {IMAGE}"))) {
        eprintln!("left out: {what}");
        return;
    }
    alone(async || {
        let dir = tempfile::tempdir().unwrap();
        let served = Served::start(dir.path());
        let nginx = served.found().remove(0);
        assert_eq!(served.found().len(), 1);
        nginx.test().await.unwrap();

        let later = Box_::new();
        assert!(Nginx::among(&[later.pid]).is_empty());
        nginx.reload(Duration::from_secs(30)).await.unwrap();
        assert!(nginx.has_read_since(later.pid), "its workers are new");

        write(dir.path(), "nonsense;");
        let problem = nginx.test().await.unwrap_err();
        assert_eq!(problem.code(), "net-nginx-config");
        assert!(problem.to_string().contains("nonsense"), "{problem}");
        let problem = nginx.reload(Duration::from_secs(30)).await.unwrap_err();
        assert_eq!(problem.code(), "net-nginx-kept");

        drop(served);
        nginx.test().await.unwrap();
        nginx.reload(Duration::from_secs(30)).await.unwrap();
    });
}
