//! Databases that are in no service: of the host's own server, over its socket with peer authentication, and by a URL with a
//! password. Both do what one in a service does.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use stapel_core::config::{Secret, Secrets};
use stapel_data::backup::{self, Label};
use stapel_data::{Database, PostgresByUrl, PostgresOnHost};
use stapel_text::{Catalogue, Lang, Problem};

use super::cluster::Cluster;

const PASSWORD: &str = "p@lindrome/1%";
const ENCODED: &str = "p%40lindrome%2F1%25";

struct World {
    cluster: Cluster,
    dir: tempfile::TempDir,
    /// As whom the system vouches for us.
    me: String,
}

impl World {
    fn new() -> Option<Self> {
        let hba = "local all daemon reject\nlocal all all peer\nhost shop all 127.0.0.1/32 scram-sha-256\n";
        let cluster = Cluster::listening(hba)?;
        let root = nix::unistd::geteuid().is_root();
        let me = if root {
            "postgres".to_owned()
        } else {
            nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap()?.name
        };
        if me != "app" {
            cluster.sql("postgres", &format!("CREATE ROLE \"{me}\" LOGIN SUPERUSER"));
        }
        cluster.sql("postgres", &format!("CREATE ROLE seller LOGIN PASSWORD '{PASSWORD}'"));
        cluster.sql("postgres", "CREATE DATABASE shop OWNER seller");
        cluster.sql(
            "shop",
            "SET ROLE seller; CREATE TABLE orders (id int PRIMARY KEY, what text NOT NULL);
             INSERT INTO orders SELECT n, md5(n::text) FROM generate_series(1, 5000) n;
             CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('0002'), ('0001')",
        );
        Some(Self { cluster, dir: tempfile::tempdir().unwrap(), me })
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().join(name)
    }

    fn on_host(&self, user: &str, database: &str) -> PostgresOnHost {
        let there = PostgresOnHost::new("main", user, database, "stapel-test");
        there.at(Some(self.cluster.socket().into()), self.cluster.port)
    }

    fn address(&self, login: &str, database: &str) -> String {
        format!("postgresql+asyncpg://{login}@127.0.0.1:{}/{database}", self.cluster.port.unwrap())
    }

    fn by_url(&self, login: &str, database: &str) -> PostgresByUrl {
        let mut secrets = Secrets::default();
        secrets.insert("SHOP_URL", self.address(login, database));
        PostgresByUrl::new("main", &Secret::new("${SHOP_URL}"), &secrets, "stapel-test")
    }

    fn digest(&self) -> String {
        self.cluster.sql("shop", "SELECT count(*), md5(string_agg(id || what, ',' ORDER BY id)) FROM orders")
    }

    /// It is dumped, proven, brought back by us and by a person, asked, and rid of our sessions.
    async fn does_all(&self, database: &dyn Database) {
        let (dir, before) = (self.path("back ups"), self.digest());
        database.answers().await.unwrap();
        assert!(!database.comes_with_the_app());
        let taken = backup::take(database, &dir, &label(), Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(taken.proof.as_ref().unwrap().tables, 2);
        assert!(taken.file.starts_with("main_") && database.size().await.unwrap() > taken.bytes);
        self.cluster.sql("shop", "DELETE FROM orders WHERE id % 2 = 0; ALTER TABLE orders ADD x int");
        backup::restore(database, &dir, &taken).await.unwrap();
        assert_eq!(self.digest(), before);

        self.cluster.sql("shop", "TRUNCATE orders");
        let line = &taken.how_to_restore;
        assert!(!line.contains("lindrome"), "{line}");
        let typed =
            stapel_host::Command::new("sh").args(["-c", line]).env("SHOP_URL", self.address(&login(ENCODED), "shop"));
        let typed = typed.env("PATH", format!("{}:/usr/sbin:/usr/bin:/bin", self.cluster.bin())).run().await;
        typed.unwrap_or_else(|why| panic!("{line}: {why}"));
        assert_eq!(self.digest(), before);

        let revisions = database.column("alembic_version", "version_num").await.unwrap().unwrap();
        assert_eq!(revisions, ["0001", "0002"]);
        assert_eq!(database.column("nowhere", "x").await.unwrap(), None);
        database.end_sessions().await.unwrap();

        // A dump that is damaged is none, and one that is whole is proven also where no server answers.
        let dump = dir.join(&taken.file);
        let whole = std::fs::read(&dump).unwrap();
        let half = self.path("half.dump");
        std::fs::write(&half, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(database.prove(&half).await.unwrap_err().code(), "data-unproven");
    }
}

fn login(password: &str) -> String {
    format!("seller:{password}")
}

fn label() -> Label {
    Label { app: "app".into(), target: None, release: None, compose: "docker compose".into() }
}

/// What is said holds no password, in whatever language, and has a remedy.
fn said(problem: &Problem) -> &str {
    for lang in Lang::ALL {
        let rendered = Catalogue::new(lang).problem(problem);
        let words = format!("{} {}", rendered.message, rendered.remedy);
        assert!(!words.contains("lindrome") && !rendered.remedy.is_empty(), "{words}");
    }
    assert!(!serde_json::to_string(problem).unwrap().contains("lindrome"));
    problem.code()
}

async fn why(database: &dyn Database) -> String {
    said(&database.answers().await.unwrap_err()).to_owned()
}

#[tokio::test]
async fn a_database_of_the_hosts_own_server() {
    let Some(world) = World::new() else { return };
    let database = world.on_host(&world.me, "shop");
    world.does_all(&database).await;

    assert_eq!(why(&world.on_host(&world.me, "nowhere")).await, "data-postgres-database");
    let elsewhere = PostgresOnHost::new("main", &world.me, "shop", "stapel-test");
    assert_eq!(why(&elsewhere.at(Some("/nowhere".into()), None)).await, "data-postgres-silent");
    if nix::unistd::geteuid().is_root() {
        assert_eq!(why(&world.on_host("nobody", "shop")).await, "data-postgres-role");
        assert_eq!(why(&world.on_host("daemon", "shop")).await, "data-postgres-hba");
        assert_eq!(why(&world.on_host("no-such-account", "shop")).await, "data-postgres-account");
    } else {
        assert_eq!(why(&world.on_host("nobody", "shop")).await, "data-postgres-other-user");
    }

    let (dump, later) = (world.path("a.dump"), world.path("b.dump"));
    database.dump(&dump).await.unwrap();
    let fresh = world.on_host(&world.me, "shop");
    drop(world.cluster);
    assert_eq!(why(&fresh).await, "data-postgres-silent");
    assert_eq!(said(&fresh.dump(&later).await.unwrap_err()), "data-postgres-silent");
    assert_eq!(fresh.prove(&dump).await.unwrap().tables, 2);
}

#[tokio::test]
async fn a_database_by_a_url() {
    let Some(world) = World::new() else { return };
    world.does_all(&world.by_url(&login(ENCODED), "shop")).await;

    assert_eq!(why(&world.by_url(&login("wr%40ng-p%40lindrome"), "shop")).await, "data-postgres-password");
    assert_eq!(why(&world.by_url("seller", "shop")).await, "data-postgres-password");
    // Only one database is open to that way.
    assert_eq!(why(&world.by_url(&login(ENCODED), "postgres")).await, "data-postgres-hba");
    let none = PostgresByUrl::new("main", &Secret::new("${SHOP_URL}"), &Secrets::default(), "stapel-test");
    assert_eq!(why(&none).await, "core-secret-missing");
    let mut secrets = Secrets::default();
    secrets.insert("SHOP_URL", "mysql://seller:palindrome@db/shop");
    let other = PostgresByUrl::new("main", &Secret::new("${SHOP_URL}"), &secrets, "stapel-test");
    assert_eq!(why(&other).await, "data-postgres-url");

    let gone = world.by_url(&login(ENCODED), "shop");
    drop(world.cluster);
    assert_eq!(why(&gone).await, "data-postgres-silent");
}

/// Everybody on a host can read the arguments of every process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_is_in_no_process_list() {
    let Some(world) = World::new() else { return };
    let mut blocks = std::process::Command::new(format!("{}/psql", world.cluster.bin()));
    blocks.envs(world.cluster.env.clone()).args(["-XqU", "app", "-d", "shop", "-c"]);
    // A dump waits for it.
    blocks.arg("BEGIN; LOCK TABLE orders; SELECT pg_sleep(60)");
    let mut blocks = blocks.stdout(std::process::Stdio::null()).spawn().unwrap();
    let waits = |what: &'static str| {
        let there = format!(
            "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'orders' AND {what}"
        );
        let world = &world;
        move || std::future::ready(Ok((world.cluster.sql("shop", &there) != "0").then_some(())))
    };
    let (every, limit) = (Duration::from_millis(50), Duration::from_secs(30));
    let until = |what| stapel_host::until(stapel_text::Text::new("host-await-end"), every, limit, waits(what));
    until("l.granted AND l.mode = 'AccessExclusiveLock'").await.unwrap();

    let (database, to) = (world.by_url(&login(ENCODED), "shop"), world.path("a.dump"));
    let dumps = tokio::spawn(async move { database.dump(&to).await });
    until("NOT l.granted").await.unwrap();
    let processes = stapel_host::processes().filter_map(|pid| {
        let read = |file: &str| std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let [arguments, environment] =
            ["cmdline", "environ"].map(|file| String::from_utf8_lossy(&read(file)).into_owned());
        arguments.contains("--format=custom").then_some((arguments, environment))
    });
    let dumping: Vec<_> = processes.filter(|(_, environment)| environment.contains(PASSWORD)).collect();
    assert!(!dumping.is_empty(), "nobody dumps");
    for (arguments, _) in dumping {
        assert!(
            !arguments.contains(PASSWORD) && !arguments.contains(ENCODED) && !arguments.contains("127.0.0.1"),
            "{arguments}"
        );
    }
    blocks.kill().unwrap();
    blocks.wait().unwrap();
    world.cluster.sql("shop", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'");
    dumps.await.unwrap().unwrap();
}
