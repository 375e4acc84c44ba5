//! A PostgreSQL database that is in no service of the app: it is dumped before each release like any other, and what leads to
//! it is a secret of which nothing is left.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::notify::holds;
use super::{Stop, project_with, text, version};

#[expect(dead_code, reason = "it is the one of stapel-data's tests, which need more of it")]
#[path = "../../../stapel-data/tests/cluster/mod.rs"]
mod cluster;

use cluster::Cluster;

const PASSWORD: &str = "planted-passw0rd";

const WATCH: &str = "duration = \"200ms\"\nevery = \"100ms\"";
const BY_URL: &str = "[database.pg]\nkind = \"postgres\"\nurl = \"${SHOP_URL}\"\n";

/// For recovery by itself.
const SOON: Duration = Duration::from_secs(40);

/// A server with a database to which a password leads.
fn shop() -> Option<Cluster> {
    let cluster = Cluster::listening("host shop seller 127.0.0.1/32 scram-sha-256\n")?;
    cluster.sql("postgres", &format!("CREATE ROLE seller LOGIN PASSWORD '{PASSWORD}'"));
    cluster.sql("postgres", "CREATE DATABASE shop OWNER seller");
    cluster.sql("shop", "SET ROLE seller; CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)");
    Some(cluster)
}

fn command(dir: &Path, args: &[&str], password: Option<(&Cluster, &str)>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(args).current_dir(dir.join("project")).env("LC_ALL", "C").env("STAPEL_LOG", "debug");
    if let Some((cluster, password)) = password {
        let port = cluster.port.unwrap();
        command.env("SHOP_URL", format!("postgresql+asyncpg://seller:{password}@127.0.0.1:{port}/shop"));
    }
    command.stdin(Stdio::null());
    command
}

/// Runs it with this variable, and gives what it said.
fn run(dir: &Path, args: &[&str], password: Option<(&Cluster, &str)>, code: i32) -> String {
    let out = command(dir, args, password).output().unwrap();
    let said = text(&out.stdout) + &text(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
    said
}

fn dumps(dir: &Path) -> usize {
    let state = std::fs::read_dir(dir.join("host/state")).into_iter().flatten().flatten().next();
    let all = state.and_then(|state| std::fs::read_dir(state.path().join("backups")).ok()).into_iter().flatten();
    all.flatten().filter(|e| e.path().extension().is_some_and(|e| e == "dump")).count()
}

#[test]
fn a_database_by_a_url_is_dumped_before_each_release() {
    let Some(cluster) = shop() else { return };
    let dir = project_with(WATCH, BY_URL);
    let dir = dir.path();
    let _stop = Stop(dir);
    let good = Some((&cluster, PASSWORD));

    // Before the first release, too: it does not come with the app.
    let mut all = run(dir, &["plan"], None, 2);
    assert!(all.contains("SHOP_URL"), "{all}");
    let said = run(dir, &["deploy", "--yes"], Some((&cluster, "wrong-passw0rd")), 3);
    assert!(said.contains("does not take the password for the database pg"), "{said}");
    assert!(!said.contains("wrong-passw0rd") && dumps(dir) == 0, "{said}");
    let said = run(dir, &["check"], Some((&cluster, "wrong-passw0rd")), 3);
    assert!(said.contains("[data-postgres-password]"), "{said}");

    all += &run(dir, &["check"], good, 0);
    all += &run(dir, &["plan", "--json", "--out", "plan.json"], good, 0);
    all += &run(dir, &["deploy", "--yes", "--json"], good, 0);
    assert_eq!(dumps(dir), 1);
    version(dir, 2);
    all += &run(dir, &["deploy", "--yes"], good, 0);
    all += &run(dir, &["rollback", "--yes"], good, 0);
    all += &run(dir, &["show", "--json"], good, 0);
    assert_eq!(dumps(dir), 3);
    assert_eq!(cluster.sql("shop", "SELECT count(*) FROM orders"), "1");

    // A dump that was taken is proven, and says how it is restored without us.
    let state = std::fs::read_dir(dir.join("host/state")).unwrap().flatten().next().unwrap().path();
    let mut manifests = std::fs::read_dir(state.join("backups")).unwrap().flatten().map(|e| e.path());
    let manifest = manifests.find(|p| p.extension().is_some_and(|e| e == "json")).unwrap();
    let manifest = std::fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("postgresql://${SHOP_URL#*://}") && manifest.contains("\"tables\": 1"), "{manifest}");

    assert!(!all.contains(PASSWORD), "it was on the screen");
    assert_eq!(holds(dir, PASSWORD), [""; 0]);
    drop(cluster);
    version(dir, 3);
    assert!(run(dir, &["deploy", "--yes"], None, 2).contains("SHOP_URL"));
}

#[test]
fn a_database_of_the_host_itself_is_dumped_without_a_password() {
    let Some(cluster) = Cluster::listening("local all all peer\n") else { return };
    let me = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let user = if me == "root" { "postgres".to_owned() } else { me };
    if user != "app" {
        cluster.sql("postgres", &format!("CREATE ROLE \"{user}\" LOGIN SUPERUSER"));
    }
    cluster.sql("postgres", "CREATE DATABASE shop");
    let database = |user: &str, port: u16| {
        let socket = cluster.socket();
        format!(
            "[database.pg]\nkind = \"postgres\"\nhost = \"local\"\nuser = \"{user}\"\ndatabase = \"shop\"\nsocket = \"{socket}\"\nport = {port}\n"
        )
    };
    let port = cluster.port.unwrap();
    let dir = project_with(WATCH, &database(&user, port));
    let dir = dir.path();
    let _stop = Stop(dir);
    assert!(run(dir, &["check"], None, 0).contains("✓ the databases answer"));
    run(dir, &["deploy", "--yes"], None, 0);
    assert_eq!(dumps(dir), 1);

    // Where nobody listens there is no release, rather than one without a dump.
    let file = dir.join("project/stapel.toml");
    let config = std::fs::read_to_string(&file).unwrap().replace(&format!("port = {port}"), "port = 1");
    std::fs::write(&file, config).unwrap();
    version(dir, 2);
    let said = run(dir, &["deploy", "--yes"], None, 3);
    assert!(said.contains("pg_lsclusters") && said.contains(".s.PGSQL.1"), "{said}");
    assert_eq!(dumps(dir), 1);
}

/// Whoever ends a release that died has the URL too: a dump that waits for a lock goes on waiting in the server, whatever became
/// of the one who asked for it.
#[test]
fn a_dump_that_its_release_has_left_behind_is_ended() {
    let Some(cluster) = shop() else { return };
    let dir = project_with(WATCH, BY_URL);
    let dir = dir.path();
    let _stop = Stop(dir);
    run(dir, &["deploy", "--yes"], Some((&cluster, PASSWORD)), 0);
    version(dir, 2);

    let mut holder = Command::new(format!("{}/psql", cluster.bin()));
    holder.envs(cluster.env.clone()).args(["-XqU", "app", "-d", "shop", "-c"]).stdout(Stdio::null());
    let mut holder = holder.arg("BEGIN; LOCK TABLE orders; SELECT pg_sleep(120)").spawn().unwrap();
    let locks = |what: &str| {
        let sql =
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'orders' AND ";
        cluster.sql("shop", &format!("{sql}{what}"))
    };
    testkit::until_true("the table is locked", SOON, || locks("l.mode = 'AccessExclusiveLock'") == "1").unwrap();
    let mut deploy = command(dir, &["deploy", "--yes"], Some((&cluster, PASSWORD)));
    let mut deploy = deploy.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    testkit::until_true("the dump waits", SOON, || locks("NOT l.granted") != "0").unwrap();
    let runner = format!("agent release {}", dir.display());
    assert!(Command::new("pkill").args(["-KILL", "-f", &runner]).status().unwrap().success());

    testkit::until_true("nobody waits any more", SOON, || locks("NOT l.granted") == "0").unwrap();
    assert_eq!(locks("l.mode = 'AccessExclusiveLock'"), "1", "the table is not locked any more");
    assert_eq!(deploy.wait().unwrap().code(), Some(1));
    holder.kill().unwrap();
    holder.wait().unwrap();
    let shown = run(dir, &["history", "--json"], Some((&cluster, PASSWORD)), 0);
    assert!(shown.lines().next().unwrap().contains("\"outcome\":\"undone\""), "{shown}");
    assert_eq!(holds(dir, PASSWORD), [""; 0]);
}
