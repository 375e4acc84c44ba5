use std::io::ErrorKind;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use stapel_text::{Class, Problem, problem};

use super::copy::{copy, failed, open_dump, open_live};
use super::read_back::read_back;
use crate::file::{self, Whole, blocking};
use crate::quoted::quoted;
use crate::{Database, Kind, Proof};

/// A database in an SQLite file on this host, with or without somebody who has it open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteFile {
    /// The file.
    pub path: Utf8PathBuf,
}

#[async_trait]
impl Database for SqliteFile {
    /// The file's name without its extension.
    fn name(&self) -> String {
        self.path.file_stem().unwrap_or(self.path.as_str()).to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Sqlite
    }

    async fn dump(&self, to: &Utf8Path) -> Result<(), Problem> {
        let (path, to) = (self.path.clone(), to.to_owned());
        blocking(&self.path, move || dump(&path, &to)).await
    }

    async fn prove(&self, dump: &Utf8Path) -> Result<Proof, Problem> {
        let dump = dump.to_owned();
        blocking(&self.path, move || read_back(&dump)).await
    }

    async fn restore(&self, dump: &Utf8Path) -> Result<(), Problem> {
        let (path, dump) = (self.path.clone(), dump.to_owned());
        blocking(&self.path, move || restore(&path, &dump)).await
    }

    /// The file and what has not been merged into it yet.
    async fn size(&self) -> Result<u64, Problem> {
        let wal = Utf8PathBuf::from(format!("{}-wal", self.path));
        Ok(length(&self.path)?.ok_or_else(|| missing(&self.path))? + length(&wal)?.unwrap_or(0))
    }

    async fn column(&self, table: &str, column: &str) -> Result<Option<Vec<String>>, Problem> {
        let (path, table, column) = (self.path.clone(), table.to_owned(), column.to_owned());
        blocking(&self.path, move || {
            length(&path)?.ok_or_else(|| missing(&path))?;
            values(&open_live(&path, false)?, &table, &column).map_err(|e| failed(&path, &e))
        })
        .await
    }

    async fn by_hand(&self, dump: &Utf8Path, _compose: &str) -> Result<String, Problem> {
        // sqlite3 reads a double-quoted word of its dot commands with C's escapes.
        let word = dump.as_str().replace('\\', r"\\").replace('"', "\\\"");
        Ok(format!("sqlite3 {} {}", quoted(self.path.as_str()), quoted(&format!(".restore \"{word}\""))))
    }
}

fn values(live: &rusqlite::Connection, table: &str, column: &str) -> rusqlite::Result<Option<Vec<String>>> {
    if !live.table_exists(None, table)? {
        return Ok(None);
    }
    let mut query = live.prepare(&format!("SELECT {column} FROM {table} ORDER BY {column}"))?;
    query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>().map(Some)
}

fn dump(path: &Utf8Path, to: &Utf8Path) -> Result<(), Problem> {
    length(path)?.ok_or_else(|| missing(path))?;
    let live = open_live(path, false)?;
    let whole = Whole::new(to)?;
    let mut target = open_live(whole.path()?, false)?;
    // Nobody else sees the copy before it is whole and on disk, so it needs neither a journal nor SQLite's own fsync.
    let quick = target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    quick.and_then(|()| copy(&live, &mut target)).and_then(|()| plain(&target)).map_err(|e| failed(path, &e))?;
    drop(target);
    whole.keep()
}

/// Makes the copy a file that stands alone: a copy of a database in WAL mode wants further files as soon as a person
/// opens it.
fn plain(copy: &rusqlite::Connection) -> rusqlite::Result<()> {
    copy.execute_batch("PRAGMA journal_mode = DELETE")
}

fn restore(path: &Utf8Path, dump: &Utf8Path) -> Result<(), Problem> {
    read_back(dump).map_err(|p| p.class(Class::Refused))?;
    let from = open_dump(dump)?;
    let mut live = open_live(path, true)?;
    copy(&from, &mut live).map_err(|e| {
        problem!(Failed, "data-restore-failed", database = path.as_str(), file = dump.as_str())
            .because(failed(path, &e))
    })
}

fn missing(path: &Utf8Path) -> Problem {
    problem!(Failed, "data-sqlite-missing", path = path.as_str())
}

fn length(path: &Utf8Path) -> Result<Option<u64>, Problem> {
    match std::fs::metadata(path) {
        Ok(meta) => Ok(Some(meta.len())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(file::failed(path, &e)),
    }
}
