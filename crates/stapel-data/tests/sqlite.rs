//! SQLite as it is: a live database in WAL mode, damaged dumps, and the way back.

#![cfg(test)]

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::Connection;
use stapel_data::backup::{self, BackupManifest, Label};
use stapel_data::{Database, Proof, SqliteFile};
use stapel_text::Class;

struct World {
    dir: tempfile::TempDir,
    live: Connection,
    database: SqliteFile,
}

impl World {
    /// A bot's database that somebody has open, with rows that are in the WAL only.
    fn new(mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("bot_database.db");
        let live = Connection::open(&path).unwrap();
        live.execute_batch(&format!(
            "PRAGMA journal_mode = {mode}; CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT);
             CREATE INDEX by_what ON orders (what); CREATE TABLE \"odd \"\" name\" (x); CREATE TABLE sqlitelike (x);
             CREATE VIRTUAL TABLE notes USING fts5(body);
             INSERT INTO notes VALUES ('call back'); INSERT INTO \"odd \"\" name\" VALUES (1);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
             INSERT INTO orders SELECT i, hex(i * 7919) FROM n;"
        ))
        .unwrap();
        Self { dir, live, database: SqliteFile { path } }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().join(name)
    }

    fn rows(&self) -> u64 {
        self.live.query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).unwrap()
    }
}

fn label() -> Label {
    Label { app: "repair-bot".into(), target: None, release: None, compose: "docker compose".into() }
}

#[tokio::test]
async fn a_live_database_is_backed_up_and_brought_back_under_its_user() {
    for mode in ["WAL", "DELETE"] {
        let world = World::new(mode);
        let dir = world.path("backups");
        let taken =
            backup::take(&world.database, &dir, &label(), "2025-10-20T20:29:43Z".parse().unwrap()).await.unwrap();
        assert_eq!(taken.file, "bot_database_2025-10-20_20-29-43.db");
        assert_eq!(taken.proof, Some(Proof { tables: 4, rows: Some(5001), bytes: taken.bytes }), "{mode}");
        assert!(world.database.size().await.unwrap() > 0);
        let names = |dir: &Utf8Path| {
            let mut all: Vec<String> =
                dir.read_dir_utf8().unwrap().map(|e| e.unwrap().file_name().to_owned()).collect();
            all.sort();
            all
        };
        assert_eq!(names(&dir), [taken.file.clone(), format!("{}.json", taken.file)]);
        assert_eq!(std::fs::metadata(dir.join(&taken.file)).unwrap().permissions().mode() & 0o777, 0o600);

        // The header's format numbers: 1 is a file that stands alone, 2 one that wants a WAL beside it.
        assert_eq!(std::fs::read(dir.join(&taken.file)).unwrap()[18..20], [1, 1], "{mode}");

        world.live.execute_batch("DELETE FROM orders WHERE id > 10; DROP TABLE notes").unwrap();
        backup::restore(&world.database, &dir, &taken).await.unwrap();
        assert_eq!(world.rows(), 5000, "{mode}");
        let now: String = world.live.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(now.to_uppercase(), mode);
        world.live.execute_batch("INSERT INTO orders (what) VALUES ('after'); SELECT * FROM notes").unwrap();
        backup::verify(&dir, &taken).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_being_written_is_in_whole_or_not_at_all() {
    let world = World::new("WAL");
    world.live.execute_batch("BEGIN; DELETE FROM orders WHERE id % 2 = 0").unwrap();
    world.database.dump(&world.path("a.db")).await.unwrap();
    world.live.execute_batch("COMMIT").unwrap();
    assert_eq!(world.database.prove(&world.path("a.db")).await.unwrap().rows, Some(5001));
}

#[tokio::test]
async fn a_damaged_dump_is_never_proven_and_never_restored() {
    let world = World::new("DELETE");
    let dump = world.path("whole.db");
    world.database.dump(&dump).await.unwrap();
    let whole = std::fs::read(&dump).unwrap();
    let length = whole.len();

    let mut damaged: Vec<(String, Vec<u8>)> = [0, 1, 50, 100, 4096, length / 2, length - 4096, length - 1]
        .iter()
        .map(|n| (format!("the first {n} of {length} bytes"), whole[..*n].to_vec()))
        .collect();
    damaged.push(("more than all".into(), [whole.clone(), vec![0; 4096]].concat()));
    damaged.push(("something else".into(), vec![b'x'; 8192]));
    // The first bytes of each page but the first say what the page is.
    for page in 1..length / 4096 {
        let mut flipped = whole.clone();
        flipped[page * 4096] ^= 0xff;
        damaged.push((format!("page {page} flipped"), flipped));
    }
    for (what, bytes) in damaged {
        let path = world.path("damaged.db");
        std::fs::write(&path, bytes).unwrap();
        let problem = world.database.prove(&path).await.expect_err(&what);
        assert_eq!(problem.code(), "data-unproven", "{what}");
        let problem = world.database.restore(&path).await.expect_err(&what);
        assert_eq!((problem.code(), problem.class), ("data-unproven", Class::Refused), "{what}");
    }
    assert_eq!(world.rows(), 5000);
}

#[tokio::test]
async fn a_changed_letter_is_seen_by_the_hash() {
    let world = World::new("WAL");
    world.live.execute_batch("INSERT INTO \"odd \"\" name\" VALUES ('a letter that nobody checks')").unwrap();
    let dir = world.path("backups");
    let taken = backup::take(&world.database, &dir, &label(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let path = dir.join(&taken.file);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(13).position(|w| w == b"a letter that").unwrap();
    bytes[at] = b'A';
    std::fs::write(&path, &bytes).unwrap();
    assert!(world.database.prove(&path).await.is_ok());
    let problem = backup::restore(&world.database, &dir, &taken).await.unwrap_err();
    assert_eq!((problem.code(), problem.class), ("data-backup-changed", Class::Refused));
}

#[tokio::test]
async fn an_empty_database_and_a_missing_one_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(dir.path()).unwrap().join("new.db");
    let database = SqliteFile { path: path.clone() };
    let to = path.with_file_name("dump.db");
    assert_eq!(database.dump(&to).await.unwrap_err().code(), "data-sqlite-missing");
    assert_eq!(database.size().await.unwrap_err().code(), "data-sqlite-missing");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    std::fs::write(&path, "").unwrap();
    database.dump(&to).await.unwrap();
    assert_eq!(database.prove(&to).await.unwrap().tables, 0);
}

#[tokio::test]
async fn a_lost_or_ruined_live_database_comes_back() {
    let world = World::new("DELETE");
    let dump = world.path("a.db");
    world.database.dump(&dump).await.unwrap();
    let World { dir: _dir, live, database } = world;
    drop(live);
    std::fs::remove_file(&database.path).unwrap();
    database.restore(&dump).await.unwrap();
    assert_eq!(database.prove(&database.path).await.unwrap().rows, Some(5001));

    let mut bytes = std::fs::read(&database.path).unwrap();
    bytes[4096 * 2..4096 * 4].fill(0xee);
    std::fs::write(&database.path, &bytes).unwrap();
    database.restore(&dump).await.unwrap();
    assert_eq!(database.prove(&database.path).await.unwrap().rows, Some(5001));

    std::fs::write(&database.path, vec![b'x'; 9000]).unwrap();
    let problem = database.restore(&dump).await.unwrap_err();
    assert_eq!(problem.code(), "data-restore-failed");
}

/// Its dumps cannot be read back.
struct Broken(SqliteFile);

#[async_trait::async_trait]
impl Database for Broken {
    fn name(&self) -> String {
        self.0.name()
    }
    fn kind(&self) -> stapel_data::Kind {
        self.0.kind()
    }
    async fn dump(&self, to: &Utf8Path) -> Result<(), stapel_text::Problem> {
        self.0.dump(to).await?;
        std::fs::write(to, "gone wrong").unwrap();
        Ok(())
    }
    async fn prove(&self, dump: &Utf8Path) -> Result<Proof, stapel_text::Problem> {
        self.0.prove(dump).await
    }
    async fn restore(&self, dump: &Utf8Path) -> Result<(), stapel_text::Problem> {
        self.0.restore(dump).await
    }
    async fn column(&self, table: &str, column: &str) -> Result<Option<Vec<String>>, stapel_text::Problem> {
        self.0.column(table, column).await
    }
    async fn size(&self) -> Result<u64, stapel_text::Problem> {
        self.0.size().await
    }
    async fn by_hand(&self, dump: &Utf8Path, compose: &str) -> Result<String, stapel_text::Problem> {
        self.0.by_hand(dump, compose).await
    }
}

#[tokio::test]
async fn an_unproven_dump_stays_says_so_and_is_not_restored() {
    let world = World::new("WAL");
    let dir = world.path("backups");
    let broken = Broken(world.database.clone());
    let problem = backup::take(&broken, &dir, &label(), jiff::Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert_eq!(problem.code(), "data-unproven");
    let listing = backup::list(&dir).unwrap();
    assert_eq!(listing.backups.len(), 1);
    assert_eq!(listing.backups[0].proof, None);
    let problem = backup::restore(&broken, &dir, &listing.backups[0]).await.unwrap_err();
    assert_eq!((problem.code(), problem.class), ("data-backup-unproven", Class::Refused));
}

#[tokio::test]
async fn the_list_is_newest_first_and_trusts_nothing_that_is_gone() {
    let world = World::new("WAL");
    let dir = world.path("backups");
    assert_eq!(backup::list(&dir).unwrap(), backup::Listing::default());
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(dir.join("notes.json"), "{}").unwrap();
    std::fs::write(dir.join("bot_database_by_hand.db"), "the team's own").unwrap();
    let mut taken = Vec::new();
    for at in ["2026-11-01T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-10T00:00:00Z"] {
        taken.push(backup::take(&world.database, &dir, &label(), at.parse().unwrap()).await.unwrap());
    }
    assert_eq!(taken[2].file, "bot_database_2026-11-20_00-00-00_2.db");
    let files = |l: &backup::Listing| l.backups.iter().map(|b| b.file.clone()).collect::<Vec<_>>();
    let order = [2, 1, 3, 0].map(|n| taken[n].file.clone());
    assert_eq!(files(&backup::list(&dir).unwrap()), order);
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o755);

    std::fs::remove_file(dir.join(&taken[2].file)).unwrap();
    std::fs::write(dir.join(&taken[1].file), "short").unwrap();
    std::fs::write(dir.join("future.db.json"), r#"{"format": 99}"#).unwrap();
    let listing = backup::list(&dir).unwrap();
    assert_eq!(files(&listing), order[2..]);
    let codes: Vec<&str> = listing.unusable.iter().map(stapel_text::Problem::code).collect();
    assert_eq!(codes, ["data-backup-changed", "data-backup-gone", "data-manifest-newer"]);

    for old in backup::retention(&listing.backups, 5, "2026-11-21T00:00:00Z".parse().unwrap()) {
        backup::remove(&dir, &old).unwrap();
        backup::remove(&dir, &old).unwrap();
    }
    assert_eq!(files(&backup::list(&dir).unwrap()), [taken[3].file.clone()]);
    assert!(dir.join("bot_database_by_hand.db").exists());
    assert!(!BackupManifest::path(&dir, &taken[0].file).exists());
}

#[tokio::test]
async fn a_person_restores_with_the_line_in_the_manifest() {
    let world = World::new("WAL");
    let dir = world.path("it's \"odd\"");
    let taken = backup::take(&world.database, &dir, &label(), jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    if stapel_host::Command::new("sqlite3").arg("--version").run().await.is_err() {
        eprintln!("left out: no sqlite3 on this machine");
        return;
    }
    world.live.execute_batch("DELETE FROM orders").unwrap();
    stapel_host::Command::new("sh").args(["-c", &taken.how_to_restore]).run().await.unwrap();
    assert_eq!(world.rows(), 5000);
}
