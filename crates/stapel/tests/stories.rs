//! Convertik released over ssh onto real servers of both flavours, under load on every way in: nothing is lost, and each
//! acknowledged write is stored once. RUNBOOKS.md rows C1, C3–C8, G1.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a test is to fail it")]

#[path = "stories/agent.rs"]
mod agent;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Output};

use stapel_load::{Load, Plan, Shape, verify_stored};
use testkit::{Convertik, Flavour, Server, convertik, http};

/// An operator: a checkout of convertik, and the command.
struct Operator {
    server: Server,
    dir: tempfile::TempDir,
}

impl Operator {
    fn checkout(&self) -> PathBuf {
        self.dir.path().join("convertik")
    }

    /// The operator's checkout is at this version.
    fn has(&self, version: &str) {
        Convertik::of_this_repository().stage(version, &self.checkout()).unwrap();
        let config = self.checkout().join("stapel.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let text = text.replace("host = \"convertik.example\"", &format!("host = \"{}\"", self.server.name()));
        std::fs::write(config, text).unwrap();
    }

    fn stapel(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
        command.args(args).args(["--lang", "en"]).current_dir(self.checkout());
        let output = command.env("STAPEL_SSH_CONFIG", self.server.ssh_config()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        println!("$ stapel {}\n{}{}", args.join(" "), text(&output.stdout), text(&output.stderr));
        output
    }

    fn releases(&self, args: &[&str], exit_code: i32) -> String {
        let output = self.stapel(args);
        assert_eq!(output.status.code(), Some(exit_code), "stapel {args:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The version that answers through the proxy.
    fn version_in_service(&self) -> String {
        let answer = http::get(IpAddr::V4(self.server.ip()), 80, convertik::DOMAIN, "/health").unwrap();
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        body["version"].as_str().unwrap().to_owned()
    }

    /// Asked of the database: version 1 cannot name a revision that it does not have.
    fn revision(&self) -> String {
        self.sql("select version_num from alembic_version")
    }

    /// How often each id is stored.
    fn stored(&self) -> BTreeMap<String, usize> {
        let rows = self.sql("select client_id, count(*) from events group by client_id");
        rows.lines()
            .filter_map(|l| l.split_once('|'))
            .map(|(id, n)| (id.to_owned(), n.trim().parse().unwrap()))
            .collect()
    }

    fn sql(&self, sql: &str) -> String {
        let psql = format!("psql -U $POSTGRES_USER -d $POSTGRES_DB -At -c '{sql}'");
        let out = convertik::compose(&self.server, &["exec", "-T", "convertik-db", "sh", "-c", &psql]).unwrap();
        out.trim().to_owned()
    }

    /// Nothing of ours may be left in the world: rules, candidates, one-off containers, forwarders, temporary files.
    fn nothing_is_left(&self) {
        let rules = self.server.run(&["sh", "-c", "iptables-save; ip6tables-save"]).unwrap();
        assert!(!rules.contains("stapel"), "{rules}");
        let names = self.server.run(&["docker", "ps", "-a", "--format", "{{.Names}}"]).unwrap();
        assert!(!names.contains("stapel"), "{names}");
        let processes = self.server.run(&["ps", "-eo", "args"]).unwrap();
        assert!(!processes.contains("agent forward") && !processes.contains("agent release"), "{processes}");
        let files = self.server.run(&["find", convertik::PATH, "-name", ".stapel-*"]).unwrap();
        assert_eq!(files, "");
    }
}

fn shapes() -> Vec<Shape> {
    let event = r#"{"id":"{id}","kind":"story"}"#;
    vec![
        Shape::get("health", "/health").weight(3),
        // Not the summary, which the broken versions break: that would be the app's own doing.
        Shape::get("metrics-kept", "/api/v1/stats/metrics?period=day").kept().weight(5),
        Shape::get("slow", "/api/v1/slow?seconds=3").weight(1),
        Shape::post("event", "/api/v1/events", event).weight(3),
        Shape::post("event-kept", "/api/v1/events", event).kept().weight(3),
    ]
}

/// Load on all three ways in: the proxy, the published port from outside, the published port from the host itself.
fn loads(server: &Server) -> Vec<(&'static str, Load)> {
    let outside = |port| SocketAddr::new(IpAddr::V4(server.ip()), port);
    let inside = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), convertik::PORT);
    let plan = |target, rate| Plan::new(target, convertik::DOMAIN, rate, shapes());
    let pid = server.pid().unwrap();
    vec![
        ("caddy", Load::start(plan(outside(80), 20.0)).unwrap()),
        ("port", Load::start(plan(outside(convertik::PORT), 15.0)).unwrap()),
        ("localhost", Load::start_in_netns(pid, plan(inside, 8.0)).unwrap()),
    ]
}

async fn story(flavour: Flavour) {
    if !testkit::ready().unwrap() {
        eprintln!("left out: convertik's story on {flavour}");
        return;
    }
    let server = Server::start(flavour, &format!("story-{flavour}")).unwrap();
    Convertik::of_this_repository().run_by_hand(&server, "1").unwrap();
    let operator = Operator { server, dir: tempfile::tempdir().unwrap() };
    let loads = loads(&operator.server);

    // The first release finds an app that was released by hand until today, and a file that is nobody's.
    operator.server.run(&["touch", "/opt/convertik/uploads.db"]).unwrap();
    operator.has("1");
    let said = operator.releases(&["deploy", "--yes"], 0);
    assert!(said.contains("proven") && said.contains("-kept-"), "{said}");
    assert_eq!(operator.version_in_service(), "1");
    operator.nothing_is_left();

    // The same again is nothing to do.
    assert!(operator.releases(&["deploy", "--yes"], 0).contains("Nothing to do"));

    // A new version with a migration.
    operator.has("2");
    operator.releases(&["deploy", "--yes"], 0);
    assert_eq!((operator.version_in_service(), operator.revision()), ("2".into(), "0004".into()));
    operator.nothing_is_left();

    // One that is broken from the start is found before any request reaches it.
    operator.has("3-broken");
    let said = operator.releases(&["deploy", "--yes"], 1);
    assert!(said.contains("summary") && !said.contains("✓ let the candidate take the traffic"), "{said}");
    assert_eq!(operator.version_in_service(), "2");
    operator.nothing_is_left();

    // One that turns bad after a while is found after the switch, and comes back by itself.
    operator.has("3-late");
    let said = operator.releases(&["deploy", "--yes"], 1);
    assert!(said.contains("✓ let the candidate take the traffic"), "{said}");
    assert!(said.contains("↩ let a candidate of the former version take the traffic"), "{said}");
    assert_eq!((operator.version_in_service(), operator.revision()), ("2".into(), "0004".into()));
    operator.nothing_is_left();

    // Back to the first: the code goes, the schema stays.
    operator.releases(&["rollback", "--yes"], 0);
    assert_eq!((operator.version_in_service(), operator.revision()), ("1".into(), "0004".into()));
    operator.nothing_is_left();
    operator.server.run(&["test", "-e", "/opt/convertik/uploads.db"]).unwrap();
    assert!(operator.releases(&["history"], 0).contains("found"));
    assert!(operator.releases(&["status"], 0).contains("healthy"));
    assert!(operator.releases(&["logs", "-n", "5"], 0).contains("HTTP/1.1"));

    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    for (way, load) in loads {
        let report = load.stop().await;
        let sum = report.summary();
        println!("{way}: {}", serde_json::to_string(&sum).unwrap());
        assert!(sum.requests > 500, "{way}: only {} requests", sum.requests);
        assert_eq!(sum.lost, 0, "{way}: {:?}", report.losses());
        assert_eq!(sum.unexpected, 0, "{way}: {:?}", sum.by_status);
        acknowledged.extend(report.acknowledged());
        unknown.extend(report.unknown());
    }
    let stored = operator.stored();
    let checked = verify_stored(&acknowledged, &unknown, |id| stored.get(id).copied().unwrap_or(0));
    assert!(checked.is_ok(), "missing {:?}, twice {:?}", checked.missing, checked.duplicated);
}

#[tokio::test(flavor = "multi_thread")]
async fn convertik_on_bookworm() {
    story(Flavour::Bookworm).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn convertik_on_trixie() {
    story(Flavour::Trixie).await;
}
