//! A PostgreSQL database that is in no service of the app: it is dumped before each release like any other, and what leads to
//! it is a secret of which nothing is left.

use std::path::Path;
use std::process::{Command, Stdio};

use super::notify::holds;
use super::{Stop, project_with, text, version};

#[expect(dead_code, reason = "it is the one of stapel-data's tests, which need more of it")]
#[path = "../../../stapel-data/tests/cluster/mod.rs"]
mod cluster;

use cluster::Cluster;

const PASSWORD: &str = "planted-passw0rd";

/// Runs it with this variable, and gives what it said.
fn run(dir: &Path, args: &[&str], password: Option<(&Cluster, &str)>, code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stapel"));
    command.args(args).current_dir(dir.join("project")).env("LC_ALL", "C").env("STAPEL_LOG", "debug");
    if let Some((cluster, password)) = password {
        let port = cluster.port.unwrap();
        command.env("SHOP_URL", format!("postgresql+asyncpg://seller:{password}@127.0.0.1:{port}/shop"));
    }
    let out = command.stdin(Stdio::null()).output().unwrap();
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
    let Some(cluster) = Cluster::listening("host shop seller 127.0.0.1/32 scram-sha-256\n") else { return };
    cluster.sql("postgres", &format!("CREATE ROLE seller LOGIN PASSWORD '{PASSWORD}'"));
    cluster.sql("postgres", "CREATE DATABASE shop OWNER seller");
    cluster.sql("shop", "SET ROLE seller; CREATE TABLE orders (id int); INSERT INTO orders VALUES (1)");
    let dir = project_with(
        "duration = \"200ms\"\nevery = \"100ms\"",
        "[database.pg]\nkind = \"postgres\"\nurl = \"${SHOP_URL}\"\n",
    );
    let dir = dir.path();
    let _stop = Stop(dir);
    let good = Some((&cluster, PASSWORD));

    // Before the first release, too: it does not come with the app.
    let mut all = run(dir, &["status"], None, 2);
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
