//! What the journal and the system know of a release and of the one who runs it, gathered for a person.

use std::sync::Arc;

use stapel_host::ProcessId;
use stapel_release::{Lock, StepState};
use stapel_text::Problem;
use stapel_tree::Applied;

use crate::protocol::{Details, Holder};
use crate::steps::APPLIED;
use crate::{Site, foreseen, phases};

/// All that is known of a release.
pub(crate) fn details(site: &Arc<Site>, id: u64) -> Result<Details, Problem> {
    let release = site.journal.known(id)?;
    let applied: Option<Applied> = site.journal.fact(id, APPLIED)?;
    Ok(Details {
        runs: release.runs(),
        records: site.journal.records(id)?,
        states: site.journal.steps(id)?,
        files: applied.iter().flat_map(foreseen::files).collect(),
        events: site.journal.told(id)?,
        phases: site.phases_of(&release)?,
        release,
    })
}

/// Who holds the lock, with what speaks for or against it being at work.
pub(crate) fn holder(site: &Arc<Site>) -> Result<Option<Holder>, Problem> {
    let Some(owner) = Lock::owner(&site.place.lock())? else { return Ok(None) };
    let running = site.journal.unfinished()?.into_iter().find(|r| r.outcome.is_none());
    let at = match running {
        Some(release) => {
            let states = site.journal.steps(release.id)?;
            let at = states.iter().position(|s| matches!(s, StepState::Doing | StepState::Undoing));
            let step = at.and_then(|i| release.plan.steps.get(i)).and_then(|s| s.does.clone());
            let last = site.journal.told(release.id)?.last().map_or(release.began_at, |e| e.at);
            Some((release.id, step, last))
        }
        None => None,
    };
    let phases_after = phases::to_go_on(&site.journal)?.map(|release| release.id);
    Ok(Some(Holder { process: shown(&owner.process), owner, at, phases_after }))
}

/// State and command line of a process.
fn shown(process: &ProcessId) -> Option<String> {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", process.pid)).ok();
    let state = read("status")?.lines().find_map(|l| l.strip_prefix("State:").map(|s| s.trim().to_owned()))?;
    process.alive().then(|| format!("{state}: {}", read("cmdline").unwrap_or_default().replace('\0', " ").trim_end()))
}
