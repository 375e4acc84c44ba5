use camino::Utf8Path;
use rusqlite::Connection;
use stapel_text::{Problem, problem};

use super::failed;

/// The schema's steps; the journal's `user_version` is how many of them it has. Never change one that was released:
/// add another.
const STEPS: &[&str] = &[
    "
    CREATE TABLE releases (
        id INTEGER PRIMARY KEY,
        doing TEXT NOT NULL,
        who TEXT NOT NULL,
        origin TEXT NOT NULL,
        target TEXT NOT NULL,
        config TEXT NOT NULL,
        plan TEXT NOT NULL,
        began_at TEXT NOT NULL,
        ended_at TEXT,
        outcome TEXT,
        problem TEXT,
        runner_pid INTEGER,
        runner_started INTEGER,
        runner_boot TEXT
    ) STRICT;
    CREATE TABLE steps (
        release INTEGER NOT NULL REFERENCES releases (id),
        idx INTEGER NOT NULL,
        state TEXT NOT NULL,
        began_at TEXT,
        ended_at TEXT,
        problem TEXT,
        PRIMARY KEY (release, idx)
    ) STRICT;
    CREATE TABLE facts (
        release INTEGER NOT NULL REFERENCES releases (id),
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (release, key)
    ) STRICT;
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        release INTEGER NOT NULL REFERENCES releases (id),
        at TEXT NOT NULL,
        event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_release ON events (release, seq);
",
    "
    ALTER TABLE releases ADD COLUMN stapel TEXT NOT NULL DEFAULT '0.1.0';
    ALTER TABLE releases ADD COLUMN cancelled_by TEXT;
    CREATE TABLE marks (
        release INTEGER NOT NULL REFERENCES releases (id),
        mark TEXT NOT NULL,
        PRIMARY KEY (release, mark)
    ) STRICT;
    CREATE TABLE formats (
        format INTEGER PRIMARY KEY,
        stapel TEXT NOT NULL
    ) STRICT;
",
];

/// The format that this version writes.
pub(super) const FORMAT: usize = STEPS.len();

/// This Stapel, for those who meet a format that they do not know.
pub(super) const STAPEL: &str = env!("CARGO_PKG_VERSION");

pub(super) fn connect(path: &Utf8Path, synchronous: &str) -> Result<Connection, Problem> {
    let db = Connection::open(path).map_err(|e| failed(&e))?;
    db.busy_timeout(std::time::Duration::from_secs(30)).map_err(|e| failed(&e))?;
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", synchronous), ("foreign_keys", "ON")] {
        db.pragma_update(None, name, value).map_err(|e| failed(&e))?;
    }
    Ok(db)
}

pub(super) fn migrate(db: &Connection) -> Result<(), Problem> {
    let version =
        |db: &Connection| db.pragma_query_value(None, "user_version", |r| r.get::<_, usize>(0)).map_err(|e| failed(&e));
    if version(db)? == FORMAT {
        return Ok(());
    }
    // Two commands may come to a new host at once: one makes the schema, the other waits here and finds it made.
    db.execute_batch("BEGIN IMMEDIATE").map_err(|e| failed(&e))?;
    let done = version(db)?;
    if done > FORMAT {
        // Every format since the second says who made it.
        let by = db.query_row("SELECT stapel FROM formats WHERE format = ?1", [done], |r| r.get::<_, String>(0));
        db.execute_batch("ROLLBACK").map_err(|e| failed(&e))?;
        return Err(problem!(
            Refused,
            "release-journal-newer",
            theirs = done.to_string(),
            ours = FORMAT.to_string(),
            stapel = by.unwrap_or_else(|_| "?".to_owned())
        ));
    }
    for step in &STEPS[done..] {
        db.execute_batch(step).map_err(|e| failed(&e))?;
    }
    db.execute("INSERT OR IGNORE INTO formats VALUES (?1, ?2)", rusqlite::params![FORMAT, STAPEL])
        .map_err(|e| failed(&e))?;
    db.pragma_update(None, "user_version", FORMAT).map_err(|e| failed(&e))?;
    db.execute_batch("COMMIT").map_err(|e| failed(&e))
}
