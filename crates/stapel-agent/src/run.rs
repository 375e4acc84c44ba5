//! The process that runs one release. It is started by a session, leaves it at once, and outlives it; what becomes of the
//! release is told through the journal.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stapel_core::plan::Goal;
use stapel_host::ProcessId;
use stapel_release::{Begin, Lock, Outcome, Owner, Release, Saga, Step};
use stapel_text::{Problem, problem};

use crate::found;
use crate::protocol::{Ask, Opening};
use crate::{Site, steps};

/// What a session asks of the process that runs a release, in a file that only the two see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) opening: Opening,
    pub(crate) ask: Ask,
    /// The fingerprint of the plan that was shown.
    pub(crate) fingerprint: String,
    /// Where the answer goes.
    pub(crate) answer: Utf8PathBuf,
}

/// Whether the release has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Started(u64),
    Refused(Problem),
}

/// Runs the release that the file orders.
pub(crate) async fn run(order: &Utf8Path) -> Result<(), Problem> {
    stapel_host::leave_session();
    let order: Order = read(order)?;
    match begin(&order).await {
        Ok(begun) => {
            answer(&order.answer, &Answer::Started(begun.release))?;
            begun.finish().await
        }
        Err(problem) => answer(&order.answer, &Answer::Refused(problem)),
    }
}

struct Begun {
    site: Arc<Site>,
    release: u64,
    steps: Vec<Box<dyn Step>>,
    _lock: Lock,
}

async fn begin(order: &Order) -> Result<Begun, Problem> {
    let mut site = Site::open(order.opening.config.clone(), &order.opening.target).await?;
    if let Ask::Rollback { .. } = order.ask
        && let Goal::Rollback { to, .. } = site.goal(&order.ask)?
        && let Some(then) = site.journal.release(to)?
    {
        site.checks.only(&then.config.checks);
    }
    let site = Arc::new(site);
    let doing = match order.ask {
        Ask::Deploy { .. } => "deploy",
        Ask::Rollback { .. } => "rollback",
    };
    let lock = Lock::take(&site.place.lock(), &owner(&order.opening, doing))?;
    recover(&site).await?;
    let (plan, _) = site.plan(&order.ask).await?;
    // What was shown is what is done.
    if plan.fingerprint() != order.fingerprint {
        return Err(problem!(Refused, "agent-plan-changed"));
    }
    found::record(&site, &plan.goal).await?;
    let begin = Begin {
        doing: doing.to_owned(),
        who: order.opening.who.clone(),
        origin: order.opening.origin.clone(),
        target: site.target_name.clone(),
        config: site.config.clone(),
        plan,
        found: false,
    };
    let release = site.journal.begin(&begin)?;
    site.journal.set_runner(release, &ProcessId::me())?;
    let steps = begin.plan.steps.iter().map(|s| steps::make(&site, &s.spec)).collect::<Result<_, _>>()?;
    Ok(Begun { site, release, steps, _lock: lock })
}

impl Begun {
    async fn finish(self) -> Result<(), Problem> {
        let saga = Saga { journal: &self.site.journal, release: self.release, steps: &self.steps };
        saga.run().await.map(drop)
    }
}

/// Before anything is planned: the plan is to be made from what is there once that is put right.
pub(crate) async fn recover_first(site: &Arc<Site>, opening: &Opening) -> Result<(), Problem> {
    let dead = |r: &Release| r.outcome.is_none() && !r.runs();
    if !site.journal.history(usize::from(u8::MAX))?.iter().any(dead) {
        return Ok(());
    }
    let _lock = Lock::take(&site.place.lock(), &owner(opening, "recover"))?;
    recover(site).await
}

fn owner(opening: &Opening, doing: &str) -> Owner {
    Owner {
        who: format!("{}@{}", opening.who, opening.origin),
        doing: doing.to_owned(),
        since: Timestamp::now(),
        pid: ProcessId::me().pid,
    }
}

/// Undoes what a release whose process died has left, and tries once more what got stuck: a person may have put right
/// what stood in the way. We hold the lock, so nobody else is at it.
async fn recover(site: &Arc<Site>) -> Result<(), Problem> {
    let mut unfinished = site.journal.history(usize::from(u8::MAX))?;
    let newest = unfinished.first().map(|r| r.id);
    unfinished.retain(|r| r.outcome.is_none() || r.outcome == Some(Outcome::Stuck) && Some(r.id) == newest);
    if !unfinished.is_empty() {
        site.sweep().await?;
    }
    for release in unfinished {
        let then = Arc::new(Site::open(release.config.clone(), &release.target).await?);
        let steps = release.plan.steps.iter().map(|s| steps::make(&then, &s.spec)).collect::<Result<Vec<_>, _>>()?;
        let died = problem!(Failed, "agent-died", release = release.id.to_string());
        let saga = Saga { journal: &then.journal, release: release.id, steps: &steps };
        if saga.go_back(release.problem.unwrap_or(died)).await? == Outcome::Stuck {
            let still = then.journal.release(release.id)?.and_then(|r| r.problem);
            let problem = problem!(Stuck, "agent-still-stuck", release = release.id.to_string());
            return Err(still.map_or(problem.clone(), |why| problem.because(why)));
        }
    }
    Ok(())
}

fn read<T: for<'a> Deserialize<'a>>(path: &Utf8Path) -> Result<T, Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
    let text = std::fs::read(path).map_err(failed)?;
    std::fs::remove_file(path).map_err(failed)?;
    serde_json::from_slice(&text).map_err(|e| failed(e.into()))
}

/// Under another name first: whoever waits for it sees it whole or not at all.
fn answer(path: &Utf8Path, answer: &Answer) -> Result<(), Problem> {
    let failed = |e: std::io::Error| problem!(Failed, "io-failed", path = path.as_str(), error = e);
    let text = serde_json::to_vec(answer).map_err(|e| failed(e.into()))?;
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, path)).map_err(failed)
}
