mod order;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use stapel_text::{Problem, problem};

use crate::{Event, Journal, Outcome, Step, StepContext, StepState};

pub use order::undo_order;

/// Runs the steps of a release forth, and back when one fails. Intent is on disk before each effect, outcome after it.
pub struct Saga<'a> {
    /// Where it is written down.
    pub journal: &'a Journal,
    /// Which release.
    pub release: u64,
    /// Its steps, in the plan's order.
    pub steps: &'a [Box<dyn Step>],
}

impl Saga<'_> {
    /// Does every step that is not done yet; on a failure, undoes what was begun. The release is ended in the journal.
    ///
    /// # Errors
    /// Only when the journal itself cannot be read or written; then nothing further was done.
    pub async fn run(&self) -> Result<Outcome, Problem> {
        for (index, state) in self.journal.steps(self.release)?.into_iter().enumerate() {
            if state == StepState::Done {
                continue;
            }
            self.journal.step(self.release, index, StepState::Doing, None)?;
            match guarded(self.steps[index].perform(&self.context(index))).await {
                Ok(()) => self.journal.step(self.release, index, StepState::Done, None)?,
                Err(problem) => {
                    self.journal.step(self.release, index, StepState::Failed, Some(&problem))?;
                    return self.go_back(problem).await;
                }
            }
        }
        self.journal.end(self.release, Outcome::Done, None)?;
        Ok(Outcome::Done)
    }

    /// Undoes everything that was begun, because of `problem`, and ends the release.
    ///
    /// A failing undo stops the way back: what serves then is left serving, and a person is asked.
    ///
    /// # Errors
    /// As [`Saga::run`].
    pub async fn go_back(&self, problem: Problem) -> Result<Outcome, Problem> {
        self.journal.tell(self.release, &Event::GoingBack { problem: problem.clone() });
        let states = self.journal.steps(self.release)?;
        let kinds: Vec<_> = self.steps.iter().map(|s| s.kind()).collect();
        for index in undo_order(&kinds, &states) {
            self.journal.step(self.release, index, StepState::Undoing, None)?;
            match guarded(self.steps[index].undo(&self.context(index))).await {
                Ok(()) => self.journal.step(self.release, index, StepState::Undone, None)?,
                Err(why) => {
                    self.journal.step(self.release, index, StepState::Stuck, Some(&why))?;
                    let stuck =
                        problem!(Stuck, "release-stuck", step = self.steps[index].does(), first = problem.what.clone())
                            .because(why);
                    self.journal.end(self.release, Outcome::Stuck, Some(&stuck))?;
                    return Ok(Outcome::Stuck);
                }
            }
        }
        self.journal.end(self.release, Outcome::Undone, Some(&problem))?;
        Ok(Outcome::Undone)
    }

    fn context(&self, index: usize) -> StepContext<'_> {
        StepContext::new(self.journal, self.release, index)
    }
}

/// A panic in a step is a bug, and even then the way back must be gone.
async fn guarded(work: impl Future<Output = Result<(), Problem>>) -> Result<(), Problem> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let said =
            panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(problem!(Failed, "release-panic", said = said.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests;
