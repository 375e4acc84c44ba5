use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::{Deserialize, Serialize};
use stapel_core::config::Config;
use stapel_core::plan::{Plan, StepSpec};
use stapel_host::ProcessId;
use stapel_text::{Problem, problem};

use super::schema::STAPEL;
use super::{failed, unreadable};
use crate::{Event, Outcome, Recorded, StepState};

/// What is written when a release begins.
#[derive(Debug, Clone)]
pub struct Begin {
    /// `deploy`, `rollback`; `found` for release 0.
    pub doing: String,
    /// The person, as their machine names them.
    pub who: String,
    /// The machine they sit at.
    pub origin: String,
    /// The target's name in the configuration.
    pub target: String,
    /// The configuration that it runs by.
    pub config: Config,
    /// The plan.
    pub plan: Plan,
    /// Set for release 0 only: it has no steps and has ended as it began.
    pub found: bool,
    /// The process that runs it, and its mark.
    pub runner: Option<(ProcessId, Option<String>)>,
}

/// A release in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// Its number.
    pub id: u64,
    /// `deploy`, `rollback`, `found`.
    pub doing: String,
    /// Who.
    pub who: String,
    /// From where.
    pub origin: String,
    /// The target's name in the configuration.
    pub target: String,
    /// The configuration that it ran by.
    pub config: Config,
    /// Its plan.
    pub plan: Plan,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How; `None` while it runs, or when its process died.
    pub outcome: Option<Outcome>,
    /// Why, if not well.
    pub problem: Option<Problem>,
    /// The version of Stapel that wrote it.
    pub stapel: String,
    /// Who asked for the way back while it ran.
    pub cancelled_by: Option<String>,
    #[serde(skip)]
    pub(super) runner: Option<ProcessId>,
}

impl Release {
    /// Whether the process that runs it lives.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.outcome.is_none() && self.at_work()
    }

    /// Whether the process that ran it lives: it may be about to begin the next phase.
    #[must_use]
    pub fn at_work(&self) -> bool {
        self.runner.as_ref().is_some_and(ProcessId::alive)
    }

    /// Whether its process died, or never came to life: it waits for somebody who takes it up.
    #[must_use]
    pub fn dead(&self) -> bool {
        self.outcome.is_none() && !self.runs()
    }

    /// Seconds from begin to end.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        self.ended_at.map(|end| end.duration_since(self.began_at).as_secs_f64())
    }
}

/// Whether a release has ended, and whether its process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    /// It has ended.
    pub ended: bool,
    /// It has not, and its process lives.
    pub runs: bool,
}

pub(super) fn pulse(db: &Connection, release: u64) -> Result<Option<Pulse>, Problem> {
    let mut query = db
        .prepare_cached("SELECT outcome, runner_pid, runner_started, runner_boot FROM releases WHERE id = ?1")
        .map_err(|e| failed(&e))?;
    let mut rows = query.query([release]).map_err(|e| failed(&e))?;
    let Some(row) = rows.next().map_err(|e| failed(&e))? else { return Ok(None) };
    let ended = get::<Option<String>>(row, "outcome")?.is_some();
    Ok(Some(Pulse { ended, runs: !ended && runner(row)?.is_some_and(|r| r.alive()) }))
}

pub(super) fn insert(db: &Connection, begin: &Begin) -> Result<u64, Problem> {
    let config = serde_json::to_string(&begin.config).map_err(|e| unreadable(&e))?;
    let plan = serde_json::to_string(&begin.plan).map_err(|e| unreadable(&e))?;
    let now = Timestamp::now().to_string();
    // Numbers begin at 1 and are never given out again; 0 is what was found.
    let id: u64 = match begin.found {
        true => 0,
        false => {
            db.query_row("SELECT COALESCE(MAX(id), 0) + 1 FROM releases", [], |r| r.get(0)).map_err(|e| failed(&e))?
        }
    };
    let outcome = begin.found.then(|| Outcome::Found.name());
    db.execute(
        "INSERT INTO releases (id, doing, who, origin, target, config, plan, began_at, ended_at, outcome, stapel)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            id,
            begin.doing,
            begin.who,
            begin.origin,
            begin.target,
            config,
            plan,
            now,
            begin.found.then_some(&now),
            outcome,
            STAPEL
        ],
    )
    .map_err(|e| failed(&e))?;
    for index in 0..begin.plan.steps.len() {
        db.execute(
            "INSERT INTO steps (release, idx, state) VALUES (?1, ?2, ?3)",
            params![id, index, StepState::Planned.name()],
        )
        .map_err(|e| failed(&e))?;
    }
    if let Some((runner, mark)) = &begin.runner {
        set_runner(db, id, runner, mark.as_deref())?;
    }
    Ok(id)
}

pub(super) fn set_runner(db: &Connection, release: u64, runner: &ProcessId, mark: Option<&str>) -> Result<(), Problem> {
    db.execute(
        "UPDATE releases SET runner_pid = ?2, runner_started = ?3, runner_boot = ?4, outcome = NULL, ended_at = NULL
         WHERE id = ?1",
        params![release, runner.pid, i64::try_from(runner.started).unwrap_or(0), runner.boot],
    )
    .map_err(|e| failed(&e))?;
    let Some(mark) = mark else { return Ok(()) };
    db.execute("INSERT OR IGNORE INTO marks VALUES (?1, ?2)", params![release, mark]).map_err(|e| failed(&e)).map(drop)
}

pub(super) fn step_state(db: &Connection, release: u64, index: usize) -> Result<StepState, Problem> {
    let name: Option<String> = db
        .query_row("SELECT state FROM steps WHERE release = ?1 AND idx = ?2", params![release, index], |r| r.get(0))
        .optional()
        .map_err(|e| failed(&e))?;
    name.and_then(|n| StepState::from_name(&n))
        .ok_or_else(|| problem!(Usage, "release-unknown", release = release.to_string()))
}

pub(super) fn steps(db: &Connection, release: u64) -> Result<Vec<StepState>, Problem> {
    let mut query =
        db.prepare_cached("SELECT state FROM steps WHERE release = ?1 ORDER BY idx").map_err(|e| failed(&e))?;
    let names = query.query_map([release], |r| r.get::<_, String>(0)).map_err(|e| failed(&e))?;
    names
        .map(|n| {
            let n = n.map_err(|e| failed(&e))?;
            StepState::from_name(&n).ok_or_else(|| problem!(Failed, "release-journal", error = n))
        })
        .collect()
}

pub(super) fn releases(db: &Connection, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<Release>, Problem> {
    // `condition` is one of the literals of this crate.
    let sql = format!(
        "SELECT id, doing, who, origin, target, config, plan, began_at, ended_at, outcome, problem, runner_pid, runner_started,
         runner_boot, stapel, cancelled_by FROM releases {condition}"
    );
    let mut query = db.prepare_cached(&sql).map_err(|e| failed(&e))?;
    let mut rows = query.query(values).map_err(|e| failed(&e))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|e| failed(&e))? {
        all.push(release(row)?);
    }
    Ok(all)
}

pub(super) fn durations(db: &Connection, limit: usize) -> Result<Vec<(StepSpec, f64)>, Problem> {
    let mut all = Vec::new();
    for release in releases(db, "WHERE outcome = 'done' ORDER BY id DESC LIMIT ?1", &[&limit])? {
        let mut query = db
            .prepare_cached("SELECT idx, began_at, ended_at FROM steps WHERE release = ?1 AND state = 'done'")
            .map_err(|e| failed(&e))?;
        let mut rows = query.query([release.id]).map_err(|e| failed(&e))?;
        while let Some(row) = rows.next().map_err(|e| failed(&e))? {
            let Some(planned) = release.plan.steps.get(get::<usize>(row, "idx")?) else { continue };
            let (began, ended) = (time(&get::<String>(row, "began_at")?)?, time(&get::<String>(row, "ended_at")?)?);
            all.push((planned.spec.clone(), ended.duration_since(began).as_secs_f64()));
        }
    }
    Ok(all)
}

fn time(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|e: jiff::Error| problem!(Failed, "release-journal", error = e.to_string()))
}

fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: &str) -> Result<T, Problem> {
    row.get(column).map_err(|e| failed(&e))
}

fn runner(row: &Row<'_>) -> Result<Option<ProcessId>, Problem> {
    Ok(
        match (
            get::<Option<i32>>(row, "runner_pid")?,
            get::<Option<i64>>(row, "runner_started")?,
            get::<Option<String>>(row, "runner_boot")?,
        ) {
            (Some(pid), Some(started), Some(boot)) => Some(ProcessId { pid, started: started.unsigned_abs(), boot }),
            _ => None,
        },
    )
}

fn release(row: &Row<'_>) -> Result<Release, Problem> {
    let stapel: String = get(row, "stapel")?;
    // A newer Stapel may plan steps and know settings that this one has never heard of.
    let foreign = |e: &serde_json::Error| match stapel == STAPEL {
        true => unreadable(e),
        false => problem!(Refused, "release-foreign", stapel = &stapel, error = e.to_string()),
    };
    Ok(Release {
        id: get(row, "id")?,
        doing: get(row, "doing")?,
        who: get(row, "who")?,
        origin: get(row, "origin")?,
        target: get(row, "target")?,
        config: serde_json::from_str(&get::<String>(row, "config")?).map_err(|e| foreign(&e))?,
        plan: serde_json::from_str(&get::<String>(row, "plan")?).map_err(|e| foreign(&e))?,
        began_at: time(&get::<String>(row, "began_at")?)?,
        ended_at: get::<Option<String>>(row, "ended_at")?.as_deref().map(time).transpose()?,
        outcome: get::<Option<String>>(row, "outcome")?.and_then(|n| Outcome::from_name(&n)),
        problem: get::<Option<String>>(row, "problem")?
            .map(|p| serde_json::from_str(&p))
            .transpose()
            .map_err(|e| unreadable(&e))?,
        stapel,
        cancelled_by: get(row, "cancelled_by")?,
        runner: runner(row)?,
    })
}

pub(super) fn tell(db: &Connection, release: u64, event: &Event) -> Result<(), Problem> {
    let text = serde_json::to_string(event).map_err(|e| unreadable(&e))?;
    db.prepare_cached("INSERT INTO events (release, at, event) VALUES (?1, ?2, ?3)")
        .and_then(|mut q| q.execute(params![release, Timestamp::now().to_string(), text]))
        .map_err(|e| failed(&e))?;
    Ok(())
}

pub(super) fn events(db: &Connection, release: u64, after: i64, limit: usize) -> Result<Vec<Recorded>, Problem> {
    recorded(db, "AND seq > ?2 ORDER BY seq LIMIT ?3", params![release, after, limit])
}

pub(super) fn told(db: &Connection, release: u64) -> Result<Vec<Recorded>, Problem> {
    recorded(db, "AND json_extract(event, '$.event') NOT IN ('line', 'progress') ORDER BY seq", params![release])
}

/// Events of the release that is the first value.
fn recorded(db: &Connection, condition: &str, values: &[&dyn ToSql]) -> Result<Vec<Recorded>, Problem> {
    // `condition` is one of the literals of this file.
    let sql = format!("SELECT seq, at, event FROM events WHERE release = ?1 {condition}");
    let mut query = db.prepare_cached(&sql).map_err(|e| failed(&e))?;
    let mut rows = query.query(values).map_err(|e| failed(&e))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|e| failed(&e))? {
        let text = |n: usize| row.get::<_, String>(n).map_err(|e| failed(&e));
        all.push(Recorded {
            seq: row.get(0).map_err(|e| failed(&e))?,
            at: text(1)?
                .parse()
                .map_err(|e: jiff::Error| problem!(Failed, "release-journal", error = e.to_string()))?,
            event: serde_json::from_str(&text(2)?).map_err(|e| unreadable(&e))?,
        });
    }
    Ok(all)
}

pub(super) fn records(db: &Connection, release: u64) -> Result<u64, Problem> {
    db.query_row(
        "SELECT COUNT(*) FROM events WHERE release = ?1 AND json_extract(event, '$.event') IN ('step', 'ended')",
        [release],
        |r| r.get(0),
    )
    .map_err(|e| failed(&e))
}

pub(super) fn marks(db: &Connection, release: u64) -> Result<Vec<String>, Problem> {
    let mut query = db.prepare_cached("SELECT mark FROM marks WHERE release = ?1").map_err(|e| failed(&e))?;
    let marks = query.query_map([release], |r| r.get(0)).map_err(|e| failed(&e))?;
    marks.collect::<Result<_, _>>().map_err(|e| failed(&e))
}

pub(super) fn first_failure(db: &Connection, release: u64) -> Result<Option<Problem>, Problem> {
    let said: Option<String> = db
        .query_row(
            "SELECT json_extract(event, '$.problem') FROM events WHERE release = ?1
             AND (json_extract(event, '$.event') = 'going_back' OR json_extract(event, '$.state') = 'failed')
             ORDER BY seq LIMIT 1",
            [release],
            |r| r.get(0),
        )
        .optional()
        .map_err(|e| failed(&e))?;
    said.map(|p| serde_json::from_str(&p)).transpose().map_err(|e| unreadable(&e))
}
