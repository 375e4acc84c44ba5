use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde::Serialize;

use super::database::Database;
use super::log::error;
use super::routes::Shared;

/// How long version 3 answers from what it read at its start.
const FRESH: Duration = Duration::from_secs(2);

/// The report on all orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    /// How many orders there are.
    orders: u64,
    /// How many of them have a note; version 1 knows no notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    noted: Option<u64>,
}

/// How a version makes its report. Version 3 keeps the first one for two seconds, and the query by which it makes
/// the next has a misspelt column: the fault that only shows in service.
pub(crate) struct Report {
    version: u32,
    first: Option<(Instant, Figures)>,
}

impl Report {
    pub(crate) async fn new(version: u32, database: &Database) -> Self {
        let first = match version {
            3 => database.read(with_notes).await.ok().map(|figures| (Instant::now(), figures)),
            _ => None,
        };
        Self { version, first }
    }

    pub(crate) async fn figures(&self, database: &Database) -> Result<Figures, String> {
        match (self.version, &self.first) {
            (1, _) => database.read(without_notes).await,
            (3, Some((at, figures))) if at.elapsed() < FRESH => Ok(figures.clone()),
            (3, _) => database.read(|c| counts(c, "SELECT count(*), count(notes) FROM orders")).await,
            _ => database.read(with_notes).await,
        }
    }
}

/// Makes the report of version 3 again each second, as its kind of cache does, whether anybody asks or not.
pub(crate) fn keep_fresh(shared: &Arc<Shared>) {
    if shared.version != 3 {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            if let Err(e) = shared.report.figures(&shared.database).await {
                error(&format_args!("report: {e}"));
            }
        }
    });
}

fn without_notes(connection: &Connection) -> rusqlite::Result<Figures> {
    connection.query_row("SELECT count(*) FROM orders", [], |row| Ok(Figures { orders: row.get(0)?, noted: None }))
}

fn with_notes(connection: &Connection) -> rusqlite::Result<Figures> {
    counts(connection, "SELECT count(*), count(note) FROM orders")
}

fn counts(connection: &Connection, query: &str) -> rusqlite::Result<Figures> {
    connection.query_row(query, [], |row| Ok(Figures { orders: row.get(0)?, noted: Some(row.get(1)?) }))
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::app::migrate::{MigrateArgs, MigrateCommand, migrate};

    #[tokio::test]
    async fn the_fault_of_version_3_shows_after_its_first_report_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().join("app.db")).unwrap();
        migrate(&MigrateArgs { version: 3, database: path.clone(), command: MigrateCommand::Upgrade }).unwrap();
        let database = Database::open(&path).unwrap();
        let mut report = Report::new(3, &database).await;
        let (start, figures) = report.first.clone().unwrap();
        assert_eq!(figures, Figures { orders: 0, noted: Some(0) });
        report.first = Some((start + Duration::from_secs(3600), figures.clone()));
        assert_eq!(report.figures(&database).await, Ok(figures.clone()));
        report.first = Some((start.checked_sub(FRESH).unwrap(), figures.clone()));
        assert!(report.figures(&database).await.unwrap_err().contains("no such column: notes"));
        for (version, noted) in [(1, None), (2, Some(0))] {
            let report = Report::new(version, &database).await;
            assert_eq!(report.figures(&database).await, Ok(Figures { orders: 0, noted }));
        }
    }
}
