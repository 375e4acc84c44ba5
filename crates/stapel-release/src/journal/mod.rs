mod rows;
mod schema;

use std::sync::{Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stapel_core::plan::Plan;
use stapel_text::{Problem, problem};

use crate::{Event, Outcome, Recorded, StepState};

pub use rows::{Begin, Release};

/// The durable record of an app on its host; the only truth for resume, undo, history and audit.
///
/// Two connections: what must survive a power loss (intents, outcomes, facts) is fsynced before a call returns, what
/// only a screen wants (progress, output lines) is not.
pub struct Journal {
    durable: Mutex<Connection>,
    chatty: Mutex<Connection>,
}

fn failed(e: &rusqlite::Error) -> Problem {
    problem!(Failed, "release-journal", error = e.to_string())
}

fn unreadable(e: &serde_json::Error) -> Problem {
    problem!(Failed, "release-journal", error = e.to_string())
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // Each statement is a transaction of its own or rolls back: a panic elsewhere leaves nothing half done.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// Opens the journal, makes it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// `release-journal`, or `release-journal-newer` for one that a newer Stapel wrote.
    pub fn open(path: &Utf8Path) -> Result<Self, Problem> {
        let durable = schema::connect(path, "FULL")?;
        schema::migrate(&durable)?;
        Ok(Self { durable: Mutex::new(durable), chatty: Mutex::new(schema::connect(path, "NORMAL")?) })
    }

    /// Writes a new release with all its steps planned, and returns its number. Release 0 is kept for what was found.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn begin(&self, begin: &Begin) -> Result<u64, Problem> {
        let mut db = lock(&self.durable);
        let tx = db.transaction().map_err(|e| failed(&e))?;
        let id = rows::insert(&tx, begin)?;
        tx.commit().map_err(|e| failed(&e))?;
        Ok(id)
    }

    /// Changes a step's state, if that is legal from the state it has.
    ///
    /// # Errors
    /// `release-transition` for one that is not legal; `release-journal`.
    pub fn step(&self, release: u64, index: usize, state: StepState, problem: Option<&Problem>) -> Result<(), Problem> {
        let mut db = lock(&self.durable);
        let tx = db.transaction().map_err(|e| failed(&e))?;
        let from = rows::step_state(&tx, release, index)?;
        if !from.may_become(state) {
            return Err(problem!(Failed, "release-transition", step = index, from = from.name(), to = state.name()));
        }
        let said = problem.map(serde_json::to_string).transpose().map_err(|e| unreadable(&e))?;
        let now = Timestamp::now().to_string();
        tx.execute(
            "UPDATE steps SET state = ?3, problem = COALESCE(?4, problem), began_at = COALESCE(began_at, ?5), ended_at = ?5
             WHERE release = ?1 AND idx = ?2",
            params![release, index, state.name(), said, now],
        )
        .map_err(|e| failed(&e))?;
        rows::tell(&tx, release, &Event::Step { index, state, problem: problem.cloned() })?;
        tx.commit().map_err(|e| failed(&e))
    }

    /// The states of a release's steps, in the plan's order.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn steps(&self, release: u64) -> Result<Vec<StepState>, Problem> {
        rows::steps(&lock(&self.durable), release)
    }

    /// Ends a release.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn end(&self, release: u64, outcome: Outcome, problem: Option<&Problem>) -> Result<(), Problem> {
        let mut db = lock(&self.durable);
        let tx = db.transaction().map_err(|e| failed(&e))?;
        let said = problem.map(serde_json::to_string).transpose().map_err(|e| unreadable(&e))?;
        tx.execute(
            "UPDATE releases SET outcome = ?2, problem = ?3, ended_at = ?4 WHERE id = ?1",
            params![release, outcome.name(), said, Timestamp::now().to_string()],
        )
        .map_err(|e| failed(&e))?;
        rows::tell(&tx, release, &Event::Ended { outcome, problem: problem.cloned() })?;
        tx.commit().map_err(|e| failed(&e))
    }

    /// Says which process runs a release, so that others can tell whether it lives.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn set_runner(&self, release: u64, runner: &stapel_host::ProcessId) -> Result<(), Problem> {
        lock(&self.durable)
            .execute(
                "UPDATE releases SET runner_pid = ?2, runner_started = ?3, runner_boot = ?4 WHERE id = ?1",
                params![release, runner.pid, i64::try_from(runner.started).unwrap_or(0), runner.boot],
            )
            .map_err(|e| failed(&e))?;
        Ok(())
    }

    /// One release.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn release(&self, id: u64) -> Result<Option<Release>, Problem> {
        Ok(rows::releases(&lock(&self.durable), "WHERE id = ?1", &[&id])?.pop())
    }

    /// The newest releases, newest first.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn history(&self, limit: usize) -> Result<Vec<Release>, Problem> {
        rows::releases(&lock(&self.durable), "ORDER BY id DESC LIMIT ?1", &[&limit])
    }

    /// The release that is in service: the newest that was done, or what was found.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn in_service(&self) -> Result<Option<Release>, Problem> {
        let found =
            rows::releases(&lock(&self.durable), "WHERE outcome IN ('done', 'found') ORDER BY id DESC LIMIT 1", &[])?;
        Ok(found.into_iter().next())
    }

    /// A fact of a release.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn fact<T: DeserializeOwned>(&self, release: u64, key: &str) -> Result<Option<T>, Problem> {
        let text: Option<String> = lock(&self.durable)
            .query_row("SELECT value FROM facts WHERE release = ?1 AND key = ?2", params![release, key], |r| r.get(0))
            .optional()
            .map_err(|e| failed(&e))?;
        text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| unreadable(&e))
    }

    /// Writes a fact of a release, durably.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn set_fact<T: Serialize>(&self, release: u64, key: &str, value: &T) -> Result<(), Problem> {
        let text = serde_json::to_string(value).map_err(|e| unreadable(&e))?;
        lock(&self.durable)
            .execute(
                "INSERT OR REPLACE INTO facts (release, key, value) VALUES (?1, ?2, ?3)",
                params![release, key, text],
            )
            .map_err(|e| failed(&e))?;
        Ok(())
    }

    /// Records an event that only a screen wants. It is lost rather than failing the release.
    pub fn tell(&self, release: u64, event: &Event) {
        if let Err(problem) = rows::tell(&lock(&self.chatty), release, event) {
            tracing::warn!(%problem, "an event was lost");
        }
    }

    /// The events of a release after `seq`, at most `limit`.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn events(&self, release: u64, after: i64, limit: usize) -> Result<Vec<Recorded>, Problem> {
        rows::events(&lock(&self.chatty), release, after, limit)
    }

    /// The plan of a release.
    ///
    /// # Errors
    /// `release-journal`, or `release-unknown`.
    pub fn plan(&self, release: u64) -> Result<Plan, Problem> {
        let release =
            self.release(release)?.ok_or_else(|| problem!(Usage, "release-unknown", release = release.to_string()))?;
        Ok(release.plan)
    }
}
