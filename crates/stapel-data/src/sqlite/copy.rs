use std::time::Duration;

use camino::Utf8Path;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use stapel_text::{Problem, problem};

/// How long SQLite itself waits for somebody who writes.
const BUSY: Duration = Duration::from_secs(30);

pub(super) fn failed(path: &Utf8Path, error: &rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            problem!(Failed, "data-sqlite-busy", path = path.as_str())
        }
        _ => problem!(Failed, "data-sqlite-failed", path = path.as_str(), error = error.to_string()),
    }
}

/// The live database. Not read-only: what a crash left half done must be rolled back before it can be read, as any
/// program that opens it would do. The system's rights still hold.
pub(super) fn open_live(path: &Utf8Path, create: bool) -> Result<Connection, Problem> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    open(path, path.as_str(), flags)
}

/// A dump. Nobody writes to it, and no file of SQLite's must appear beside it.
pub(super) fn open_dump(path: &Utf8Path) -> Result<Connection, Problem> {
    let name = path.as_str().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    open(path, &format!("file:{name}?immutable=1"), flags)
}

fn open(path: &Utf8Path, name: &str, flags: OpenFlags) -> Result<Connection, Problem> {
    let connection = Connection::open_with_flags(name, flags).map_err(|e| failed(path, &e))?;
    connection.busy_timeout(BUSY).map_err(|e| failed(path, &e))?;
    Ok(connection)
}

/// Copies a whole database in one step, so that it is one consistent state: in pieces, each write of somebody else's
/// would start the copy again. In WAL mode nobody waits for it; otherwise writers wait while the pages are read.
pub(super) fn copy(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => Ok(()),
        // BUSY has been waited for by SQLite itself.
        _ => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)),
    }
}
