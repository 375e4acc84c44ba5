mod reserve;
mod rows;
mod schema;

use std::sync::{Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stapel_core::plan::{Plan, StepSpec};
use stapel_text::{Problem, problem};

use crate::{Event, Outcome, Recorded, StepState};
use reserve::Reserve;

pub use reserve::BYTES as RESERVE_BYTES;
pub use rows::{Begin, Pulse, Release};

/// The durable record of an app on its host; the only truth for resume, undo, history and audit.
///
/// Two connections: what must survive a power loss (intents, outcomes, facts) is fsynced before a call returns, what
/// only a screen wants (progress, output lines) is not.
pub struct Journal {
    durable: Mutex<Connection>,
    chatty: Mutex<Connection>,
    reserve: Reserve,
}

/// Holds of a release that puts something in service.
const SHIPS: &str = "json_extract(plan, '$.goal.goal') <> 'restart'";
const NEWEST: &str = "ORDER BY id DESC LIMIT 1";

fn failed(e: &rusqlite::Error) -> Problem {
    match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => problem!(Failed, "release-journal-full"),
        _ => problem!(Failed, "release-journal", error = e.to_string()),
    }
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
        let chatty = Mutex::new(schema::connect(path, "NORMAL")?);
        Ok(Self { durable: Mutex::new(durable), chatty, reserve: Reserve::beside(path) })
    }

    /// Sets the reserve aside: space that is given up when the disk is full, so that the way back can be recorded.
    ///
    /// # Errors
    /// `release-no-reserve` where the disk has not even that.
    pub fn keep_reserve(&self) -> Result<(), Problem> {
        self.reserve.keep()
    }

    /// Gives the reserve up if the disk is as good as full: a way back begins, and may have files to restore.
    pub fn make_room(&self) {
        self.reserve.give_up_if_needed();
    }

    /// The same for the journal at `path` before it is opened, which needs room as well.
    pub fn make_room_at(path: &Utf8Path) {
        Reserve::beside(path).give_up_if_needed();
    }

    /// A transaction that is on disk when this returns. When the disk is full, the reserve is given up for it.
    fn write<T>(&self, work: impl Fn(&Connection) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut db = lock(&self.durable);
        let mut transaction = || -> Result<T, Problem> {
            // At once for writing: one that reads first could be overtaken by another process, and would have to give up.
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| failed(&e))?;
            let done = work(&tx)?;
            tx.commit().map_err(|e| failed(&e))?;
            Ok(done)
        };
        match transaction() {
            Err(full) if full.code() == "release-journal-full" && self.reserve.give_up() => transaction(),
            done => done,
        }
    }

    /// Writes a new release with all its steps planned, and returns its number. Release 0 is kept for what was found.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn begin(&self, begin: &Begin) -> Result<u64, Problem> {
        self.write(|tx| rows::insert(tx, begin))
    }

    /// Changes a step's state, if that is legal from the state it has.
    ///
    /// # Errors
    /// `release-transition` for one that is not legal; `release-journal`.
    pub fn step(&self, release: u64, index: usize, state: StepState, problem: Option<&Problem>) -> Result<(), Problem> {
        let said = problem.map(serde_json::to_string).transpose().map_err(|e| unreadable(&e))?;
        self.write(|tx| {
            let from = rows::step_state(tx, release, index)?;
            if !from.may_become(state) {
                return Err(problem!(
                    Failed,
                    "release-transition",
                    step = index,
                    from = from.name(),
                    to = state.name()
                ));
            }
            tx.execute(
                "UPDATE steps SET state = ?3, problem = COALESCE(?4, problem), began_at = COALESCE(began_at, ?5),
                 ended_at = ?5 WHERE release = ?1 AND idx = ?2",
                params![release, index, state.name(), said, Timestamp::now().to_string()],
            )
            .map_err(|e| failed(&e))?;
            rows::tell(tx, release, &Event::Step { index, state, problem: problem.cloned() })
        })
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
        let said = problem.map(serde_json::to_string).transpose().map_err(|e| unreadable(&e))?;
        self.write(|tx| {
            tx.execute(
                "UPDATE releases SET outcome = ?2, problem = ?3, ended_at = ?4 WHERE id = ?1",
                params![release, outcome.name(), said, Timestamp::now().to_string()],
            )
            .map_err(|e| failed(&e))?;
            rows::tell(tx, release, &Event::Ended { outcome, problem: problem.cloned() })
        })
    }

    /// How many records a release has: the changes of its steps, and its end.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn records(&self, release: u64) -> Result<u64, Problem> {
        rows::records(&lock(&self.durable), release)
    }

    /// Says which process works on a release, so that others can tell whether it lives, and by which mark those can be
    /// found that it starts. A release that was stuck and is taken up again runs again.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn set_runner(&self, release: u64, runner: &stapel_host::ProcessId, mark: Option<&str>) -> Result<(), Problem> {
        self.write(|tx| rows::set_runner(tx, release, runner, mark))
    }

    /// The marks of all processes that have worked on a release.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn marks(&self, release: u64) -> Result<Vec<String>, Problem> {
        rows::marks(&lock(&self.durable), release)
    }

    /// Asks for the way back of a release that runs. `false`: it has ended.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn cancel(&self, release: u64, who: &str) -> Result<bool, Problem> {
        self.write(|tx| {
            let changed = tx
                .execute(
                    "UPDATE releases SET cancelled_by = ?2 WHERE id = ?1 AND outcome IS NULL",
                    params![release, who],
                )
                .map_err(|e| failed(&e))?;
            if changed > 0 {
                rows::tell(tx, release, &Event::Cancelled { who: who.to_owned() })?;
            }
            Ok(changed > 0)
        })
    }

    /// Who asked for the way back of a release.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn cancelled(&self, release: u64) -> Result<Option<String>, Problem> {
        lock(&self.durable)
            .query_row("SELECT cancelled_by FROM releases WHERE id = ?1", [release], |r| r.get(0))
            .optional()
            .map(Option::flatten)
            .map_err(|e| failed(&e))
    }

    /// Why a release went back: what it first failed with.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn first_failure(&self, release: u64) -> Result<Option<Problem>, Problem> {
        rows::first_failure(&lock(&self.durable), release)
    }

    /// The newest release that has not ended, or got stuck: what recovery has to look at.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn unfinished(&self) -> Result<Vec<Release>, Problem> {
        rows::releases(
            &lock(&self.durable),
            "WHERE outcome IS NULL OR outcome = 'stuck' AND id = (SELECT MAX(id) FROM releases) ORDER BY id DESC",
            &[],
        )
    }

    /// Whether a release has ended, and whether its process lives: what a follower asks again and again.
    ///
    /// # Errors
    /// `release-journal`, `release-unknown`.
    pub fn pulse(&self, release: u64) -> Result<Pulse, Problem> {
        let found = rows::pulse(&lock(&self.durable), release)?;
        found.ok_or_else(|| problem!(Usage, "release-unknown", release = release.to_string()))
    }

    /// One release.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn release(&self, id: u64) -> Result<Option<Release>, Problem> {
        Ok(rows::releases(&lock(&self.durable), "WHERE id = ?1", &[&id])?.pop())
    }

    /// One release that has to be there.
    ///
    /// # Errors
    /// `release-unknown`, `release-journal`.
    pub fn known(&self, id: u64) -> Result<Release, Problem> {
        self.release(id)?.ok_or_else(|| problem!(Usage, "release-unknown", release = id.to_string()))
    }

    /// The newest releases, newest first.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn history(&self, limit: usize) -> Result<Vec<Release>, Problem> {
        rows::releases(&lock(&self.durable), "ORDER BY id DESC LIMIT ?1", &[&limit])
    }

    /// The release that is in service: the newest that was done, or what was found. A restart put nothing in service.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn in_service(&self) -> Result<Option<Release>, Problem> {
        let found = rows::releases(
            &lock(&self.durable),
            &format!("WHERE outcome IN ('done', 'found') AND {SHIPS} {NEWEST}"),
            &[],
        )?;
        Ok(found.into_iter().next())
    }

    /// Whether any release on record was to put something in service, whatever became of it.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn has_shipped(&self) -> Result<bool, Problem> {
        Ok(!rows::releases(&lock(&self.durable), &format!("WHERE {SHIPS} {NEWEST}"), &[])?.is_empty())
    }

    /// How many seconds each step took in the newest releases that were done, at most so many: what is to be expected.
    ///
    /// # Errors
    /// `release-journal`; `release-foreign` where a newer Stapel made one of them.
    pub fn durations(&self, releases: usize) -> Result<Vec<(StepSpec, f64)>, Problem> {
        rows::durations(&lock(&self.durable), releases)
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
        self.write(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO facts (release, key, value) VALUES (?1, ?2, ?3)",
                params![release, key, text],
            )
            .map_err(|e| failed(&e))
            .map(drop)
        })
    }

    /// Records an event that only a screen wants. It is lost rather than failing the release.
    pub fn tell(&self, release: u64, event: &Event) {
        if let Err(problem) = rows::tell(&lock(&self.chatty), release, event) {
            tracing::warn!(%problem, "an event was lost");
        }
    }

    /// Lets go of the output of commands in all but the newest `keep` releases: what a step did and said stays.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn thin(&self, keep: usize) -> Result<(), Problem> {
        lock(&self.chatty)
            .execute(
                "DELETE FROM events WHERE release <= (SELECT MAX(id) FROM releases) - ?1
                 AND json_extract(event, '$.event') IN ('line', 'progress')",
                [keep],
            )
            .map_err(|e| failed(&e))
            .map(drop)
    }

    /// The events of a release after `seq`, at most `limit`.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn events(&self, release: u64, after: i64, limit: usize) -> Result<Vec<Recorded>, Problem> {
        rows::events(&lock(&self.chatty), release, after, limit)
    }

    /// What the steps of a release did and said, in order, without the output of commands.
    ///
    /// # Errors
    /// `release-journal`.
    pub fn told(&self, release: u64) -> Result<Vec<Recorded>, Problem> {
        rows::told(&lock(&self.chatty), release)
    }

    /// The plan of a release.
    ///
    /// # Errors
    /// `release-journal`, or `release-unknown`.
    pub fn plan(&self, release: u64) -> Result<Plan, Problem> {
        self.known(release).map(|release| release.plan)
    }
}

#[cfg(test)]
mod tests;
