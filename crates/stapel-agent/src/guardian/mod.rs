//! The guardian: while a release runs, somebody waits who ends it well should its process or the machine die. A process
//! of its own waits for the end of the one that runs the release; what brings recovery back after a boot is systemd
//! where there is systemd, cron where there is cron, and otherwise whatever starts things on that host.

mod after_boot;
mod guard;

use camino::Utf8Path;
use stapel_core::observation::Guardian;
use stapel_host::{Detached, ProcessId};
use stapel_release::{Journal, Lock};
use stapel_text::{Problem, problem};

use crate::phases;
use crate::place::{Place, journal_of};
pub(crate) use after_boot::find;
pub(crate) use guard::{guard, wait};

/// Arms the guardian for what this process is about to do to a release.
///
/// # Errors
/// `agent-guardian` when it cannot be armed; nothing of it stays then.
pub(crate) async fn arm(place: &Place, guardian: Guardian) -> Result<(), Problem> {
    let armed = arm_all(place, guardian).await;
    if armed.is_err() {
        take_away(place.root()).await;
    }
    armed.map_err(|why| problem!(Refused, "agent-guardian").because(why))
}

async fn arm_all(place: &Place, guardian: Guardian) -> Result<(), Problem> {
    let log = place.logs().join("guardian.log");
    let failed = |why: std::io::Error| problem!(Failed, "io-failed", path = log.as_str(), error = why);
    let program = crate::own_program()?;
    after_boot::arm(guardian, place.key(), &program, place.root()).await?;
    let out = std::fs::File::create(&log).map_err(failed)?;
    let runner = serde_json::to_string(&ProcessId::me()).map_err(|e| failed(e.into()))?;
    Detached::new(program, ["agent", "guard", place.root().as_str(), &runner]).start(out).map_err(failed).map(drop)
}

/// Disarms it, unless a release is unfinished still: then it stays for whoever comes next. Nothing there is fine. Only one
/// who holds the lock may do so: nobody begins a release meanwhile.
pub(crate) async fn disarm(root: &Utf8Path, _: &Lock) {
    // What cannot be read may be unfinished. Recovery that finds nothing to recover does no harm.
    let unfinished = Journal::open(&journal_of(root)).and_then(|journal| {
        let runs = journal.unfinished()?.iter().any(|release| release.outcome.is_none());
        Ok(runs || phases::to_go_on(&journal)?.is_some())
    });
    if unfinished.is_ok_and(|unfinished| !unfinished) {
        take_away(root).await;
    }
}

async fn take_away(root: &Utf8Path) {
    let key = root.file_name().unwrap_or_default();
    for guardian in [Guardian::Systemd, Guardian::Cron] {
        if let Err(problem) = after_boot::disarm(guardian, key).await {
            tracing::warn!(%problem, "the guardian could not be disarmed");
        }
    }
}
