//! PostgreSQL as it is: dumps, proofs, damaged dumps, and the way back.

#![cfg(test)]

mod cluster;
mod elsewhere;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use cluster::Cluster;
use stapel_data::backup::{self, Label};
use stapel_data::{Database, Kind, PostgresInService};
use stapel_text::Class;

struct World {
    cluster: Arc<Cluster>,
    database: PostgresInService,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Option<Self> {
        let cluster = Arc::new(Cluster::start()?);
        cluster.sql(
            "appdb",
            "CREATE TABLE orders (id int PRIMARY KEY, what text NOT NULL);
             INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 20000) n;
             CREATE TABLE empty (); CREATE TABLE \"order lines\" (of int REFERENCES orders);
             CREATE VIEW seen AS SELECT * FROM orders; CREATE SEQUENCE numbers;",
        );
        let database = PostgresInService {
            service: "app-db".into(),
            user: None,
            database: None,
            exec: cluster.clone(),
            session: "stapel-test".into(),
        };
        Some(Self { cluster, database, dir: tempfile::tempdir().unwrap() })
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().join(name)
    }

    fn digest(&self) -> String {
        self.cluster.sql("appdb", "SELECT count(*), md5(string_agg(id || what, ',' ORDER BY id)) FROM orders")
    }
}

fn label() -> Label {
    Label { app: "app".into(), target: Some("production".into()), release: Some(3), compose: "docker compose".into() }
}

#[tokio::test]
async fn a_backup_is_taken_proven_and_brings_everything_back() {
    let Some(world) = World::new() else { return };
    let dir = world.path("backups");
    let before = world.digest();
    let now = "2026-11-20T09:15:00Z".parse().unwrap();

    let taken = backup::take(&world.database, &dir, &label(), now).await.unwrap();
    assert_eq!(taken.file, "app-db_2026-11-20_09-15-00.dump");
    let proof = taken.proof.clone().unwrap();
    assert_eq!((proof.tables, proof.rows, proof.bytes), (3, None, taken.bytes));
    assert!(taken.bytes > 100_000 && taken.bytes < world.database.size().await.unwrap());
    assert_eq!(taken.kind, Kind::Postgres);
    let mode = |path: &Utf8Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join(&taken.file)), 0o600);
    assert_eq!(mode(&dir.join(format!("{}.json", taken.file))), 0o600);
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2);
    assert_eq!(backup::list(&dir).unwrap().backups, std::slice::from_ref(&taken));

    world
        .cluster
        .sql("appdb", "DELETE FROM \"order lines\"; DELETE FROM orders WHERE id % 2 = 0; ALTER TABLE orders ADD x int");
    assert_ne!(world.digest(), before);
    backup::restore(&world.database, &dir, &taken).await.unwrap();
    assert_eq!(world.digest(), before);
    assert_eq!(
        world
            .cluster
            .sql("appdb", "SELECT count(*) FROM pg_attribute WHERE attrelid='orders'::regclass AND attname='x'"),
        "0"
    );
    assert_eq!(world.cluster.sql("appdb", "SELECT count(*) FROM seen"), "20000");
}

// The cluster's commands block.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_of_ours_are_ended_and_those_of_others_are_not() {
    let Some(world) = World::new() else { return };
    let sleeping = |name: &'static str| {
        let (cluster, login) = (world.cluster.clone(), world.cluster.env.clone());
        let sql = ["psql", "--dbname=appdb", "--command=SELECT pg_sleep(1000)"].map(str::to_owned);
        let user = login.iter().find(|(n, _)| n == "POSTGRES_USER").map(|(_, u)| format!("--username={u}"));
        tokio::spawn(async move {
            let argv: Vec<String> = sql.into_iter().chain(user).collect();
            let env = [("PGAPPNAME".to_owned(), name.to_owned())];
            stapel_core::ports::Exec::exec(&*cluster, "app-db", &argv, &env, None, None).await.unwrap().code
        })
    };
    let (ours, theirs) = (sleeping("stapel-test"), sleeping("stapel-test-too"));
    let there = || {
        world.cluster.sql("appdb", "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'stapel-test%'")
    };
    let both = || std::future::ready(Ok((there() == "2").then_some(())));
    let (every, limit) = (std::time::Duration::from_millis(50), std::time::Duration::from_secs(30));
    stapel_host::until(stapel_text::Text::new("host-await-end"), every, limit, both).await.unwrap();
    world.database.end_sessions().await.unwrap();
    assert_ne!(ours.await.unwrap(), 0);
    assert_eq!(there(), "1");
    world.cluster.sql(
        "appdb",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stapel-test-too'",
    );
    theirs.await.unwrap();
}

#[tokio::test]
async fn a_person_restores_with_the_line_in_the_manifest() {
    let Some(world) = World::new() else { return };
    let dir = world.path("back ups");
    let before = world.digest();
    let taken = backup::take(&world.database, &dir, &label(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    world.cluster.sql("appdb", "TRUNCATE orders CASCADE");

    // What stands in front of it leads into the container; the rest is a shell's line.
    let line = taken.how_to_restore.strip_prefix("docker compose exec -T app-db ").unwrap();
    let argv = ["sh".to_owned(), "-c".to_owned(), format!("PATH=\"$BIN:$PATH\" {line}")];
    let bin = ("BIN".to_owned(), world.cluster.bin().to_owned());
    let out = stapel_core::ports::Exec::exec(&*world.cluster, "app-db", &argv, &[bin], None, None).await.unwrap();
    assert_eq!(out.code, 0, "{line}: {}", out.stderr);
    assert_eq!(world.digest(), before);
}

#[tokio::test]
async fn a_damaged_dump_is_never_proven_and_never_restored() {
    let Some(world) = World::new() else { return };
    let dump = world.path("whole.dump");
    world.database.dump(&dump).await.unwrap();
    let whole = std::fs::read(&dump).unwrap();
    let before = world.digest();
    let length = whole.len();

    let mut damaged: Vec<(String, Vec<u8>)> = [0, 1, 4, 100, length / 2, length - 100, length - 5, length - 1]
        .iter()
        .map(|n| (format!("the first {n} of {length} bytes"), whole[..*n].to_vec()))
        .collect();
    for at in [length / 4, length / 2, length * 3 / 4, length - 40] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        damaged.push((format!("bit flipped at {at} of {length}"), flipped));
    }
    damaged.push(("something else".into(), b"CREATE TABLE orders ();\n".repeat(100)));
    for (what, bytes) in damaged {
        let path = world.path("damaged.dump");
        std::fs::write(&path, bytes).unwrap();
        let problem = world.database.prove(&path).await.expect_err(&what);
        assert_eq!(problem.code(), "data-unproven", "{what}");
        let problem = world.database.restore(&path).await.expect_err(&what);
        assert_eq!((problem.code(), problem.class), ("data-unproven", Class::Refused), "{what}");
    }
    assert_eq!(world.digest(), before);
    assert_eq!(world.database.prove(&dump).await.unwrap().tables, 3);
}

#[tokio::test]
async fn damage_where_pg_restore_is_blind_is_seen_by_the_hash() {
    let Some(world) = World::new() else { return };
    let dir = world.path("backups");
    let taken = backup::take(&world.database, &dir, &label(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let path = dir.join(&taken.file);
    let mut bytes = std::fs::read(&path).unwrap();
    // A column's name in the table of contents, which has no checksum of its own.
    let at = bytes.windows(4).position(|w| w == b"what").unwrap();
    bytes[at] = b'W';
    std::fs::write(&path, &bytes).unwrap();
    assert!(world.database.prove(&path).await.is_ok(), "pg_restore sees it by now: this test can go");
    let problem = backup::restore(&world.database, &dir, &taken).await.unwrap_err();
    assert_eq!((problem.code(), problem.class), ("data-backup-changed", Class::Refused));
}

#[tokio::test]
async fn a_restore_that_fails_changes_nothing() {
    let Some(world) = World::new() else { return };
    let dump = world.path("a.dump");
    world.database.dump(&dump).await.unwrap();
    // As a later migration would: the dumped table cannot be dropped while this one refers to it.
    world.cluster.sql("appdb", "CREATE TABLE later (of int REFERENCES orders); DELETE FROM orders WHERE id > 5");
    let before = world.digest();
    let problem = world.database.restore(&dump).await.unwrap_err();
    assert_eq!(problem.code(), "data-restore-failed");
    assert!(problem.to_string().contains("later"), "{problem}");
    assert_eq!(world.digest(), before);
}

#[tokio::test]
async fn user_and_database_come_from_the_container_unless_they_are_given() {
    let Some(cluster) = Cluster::start() else { return };
    let mut cluster = cluster;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| Utf8Path::from_path(dir.path()).unwrap().join(name);
    for sql in ["CREATE ROLE other LOGIN SUPERUSER", "CREATE DATABASE \"odd = name\"", "CREATE DATABASE app"] {
        cluster.sql("postgres", sql);
    }
    cluster.sql("dbname='odd = name'", "CREATE TABLE here ()");
    cluster.sql("app", "CREATE TABLE a (); CREATE TABLE b ()");
    std::fs::write(path("user"), "app\n").unwrap();
    // As with secrets of the official image; and no POSTGRES_DB, so that it is the user's name.
    cluster.env.retain(|(name, _)| name.starts_with("PG"));
    cluster.env.push(("POSTGRES_USER_FILE".into(), path("user").into_string()));

    let exec = Arc::new(cluster);
    let mut database = PostgresInService {
        service: "db".into(),
        user: None,
        database: None,
        exec: exec.clone(),
        session: "stapel-test".into(),
    };
    database.dump(&path("1")).await.unwrap();
    assert_eq!(database.prove(&path("1")).await.unwrap().tables, 2);

    (database.user, database.database) = (Some("other".into()), Some("odd = name".into()));
    database.dump(&path("2")).await.unwrap();
    assert_eq!(database.prove(&path("2")).await.unwrap().tables, 1);
    exec.sql("dbname='odd = name'", "DROP TABLE here");
    database.restore(&path("2")).await.unwrap();
    assert_eq!(exec.sql("dbname='odd = name'", "SELECT count(*) FROM here"), "0");

    database.database = Some("nowhere".into());
    let problem = database.dump(&path("3")).await.unwrap_err();
    assert_eq!(problem.code(), "data-postgres-failed");
    assert!(problem.to_string().contains("nowhere"), "{problem}");
    assert!(!path("3").exists());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "a temporary file is left");
}
