use async_trait::async_trait;
use stapel_core::examination::Found;
use stapel_text::{Problem, Text, problem, text};

use super::{Case, Examination, Seen};
use crate::recover::still_stuck;

/// How many files are named.
const NAMED: usize = 5;

/// That no release is left unfinished.
pub(super) struct Releases;

#[async_trait]
impl Examination for Releases {
    fn what(&self) -> Text {
        text!("agent-examine-releases")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let unfinished = case.site.journal.unfinished()?;
        // One that runs holds the lock, which says so.
        let left = unfinished.iter().filter(|release| !release.runs());
        let found = left
            .map(|release| match release.outcome {
                Some(_) => Found::prevents(still_stuck(release)),
                None => Found::advises(problem!(Failed, "agent-left-unfinished", release = release.id.to_string())),
            })
            .collect();
        Ok(Some(found))
    }
}

/// That nobody is releasing.
pub(super) struct Lock;

#[async_trait]
impl Examination for Lock {
    fn what(&self) -> Text {
        text!("agent-examine-lock")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let owner = stapel_release::Lock::owner(&case.site.place.lock())?;
        Ok(Some(owner.map(|owner| Found::prevents(owner.problem())).into_iter().collect()))
    }
}

/// That the files are as the release in service put them there.
pub(super) struct Files;

#[async_trait]
impl Examination for Files {
    fn what(&self) -> Text {
        text!("agent-examine-files")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        if case.site.journal.in_service()?.is_none() {
            return Ok(None);
        }
        let drift = case.site.drift().await?;
        if drift.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let names = drift.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        Ok(Some(vec![Found::advises(problem!(Failed, "agent-drift", count = drift.len(), names = names))]))
    }
}
