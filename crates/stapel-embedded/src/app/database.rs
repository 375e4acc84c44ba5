use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8Path;
use rusqlite::Connection;
use stapel_text::{Problem, problem};

/// How long a writer waits for another process's write.
const BUSY: Duration = Duration::from_secs(10);

/// The app's database. Two connections, so that a look never waits behind a write.
#[derive(Clone)]
pub(crate) struct Database {
    reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Connection>>,
}

/// Opens a connection and makes the file and its directory where there is none.
pub(crate) fn connect(path: &Utf8Path) -> Result<Connection, Problem> {
    let failed =
        |e: &dyn std::fmt::Display| problem!(Failed, "embedded-database", path = path.as_str(), error = e.to_string());
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|e| failed(&e))?;
    }
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(connection)
    };
    open().map_err(|e: rusqlite::Error| failed(&e))
}

/// The schema's version, 0 where no migration has run.
pub(crate) fn schema(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

impl Database {
    pub(crate) fn open(path: &Utf8Path) -> Result<Self, Problem> {
        Ok(Self { reader: Arc::new(Mutex::new(connect(path)?)), writer: Arc::new(Mutex::new(connect(path)?)) })
    }

    /// A look.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        on(&self.reader, look).await
    }

    /// A change; it is committed when this returns.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        on(&self.writer, change).await
    }
}

async fn on<T: Send + 'static>(
    connection: &Arc<Mutex<Connection>>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, String> {
    let connection = Arc::clone(connection);
    tokio::task::spawn_blocking(move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner)))
        .await
        .map_err(|e| e.to_string())?
        .map_err(|e| e.to_string())
}
