mod order;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use stapel_text::{Class, Problem, problem};

use crate::fault::Faults;
use crate::{Boundary, Direction, Event, Fault, Journal, Kind, Outcome, Step, StepContext, StepState};

pub use order::undo_order;

/// How often a step that runs is asked whether somebody has cancelled.
const CANCEL_EVERY: Duration = Duration::from_millis(200);
/// How often and how long an undo is tried that fails.
const UNDO_EVERY: Duration = Duration::from_secs(2);
const UNDO_WITHIN: Duration = Duration::from_secs(30);

/// Runs the steps of a release forth, and back when one fails. Intent is on disk before each effect, outcome after it.
pub struct Saga<'a> {
    /// Where it is written down.
    pub journal: &'a Journal,
    /// Which release.
    pub release: u64,
    /// Its steps, in the plan's order.
    pub steps: &'a [Box<dyn Step>],
    /// What is to go wrong, for tests.
    pub faults: &'a [Fault],
    /// Is told when it turns back, and why; it must not hold it up.
    pub turns: &'a (dyn Fn(&Problem) + Sync),
}

impl Saga<'_> {
    /// Does every step that is not done yet; on a failure or when it is cancelled, undoes what was begun. The release is
    /// ended in the journal.
    ///
    /// # Errors
    /// Only when the journal itself cannot be read or written; then nothing further was done.
    pub async fn run(&self) -> Result<Outcome, Problem> {
        for (index, state) in self.journal.steps(self.release)?.into_iter().enumerate() {
            if state == StepState::Done {
                continue;
            }
            if let Some(cancelled) = self.cancelled()? {
                return self.go_back(cancelled).await;
            }
            self.record(index, StepState::Doing, None)?;
            if let Err(problem) = self.perform(index).await {
                self.record(index, StepState::Failed, Some(&problem))?;
                return self.go_back(problem).await;
            }
            self.record(index, StepState::Done, None)?;
        }
        // Between the last step and this a person may have asked for the way back.
        if let Some(cancelled) = self.cancelled()? {
            return self.go_back(cancelled).await;
        }
        self.end(Outcome::Done, None)
    }

    /// Undoes everything that was begun, because of `problem`, and ends the release.
    ///
    /// A failing undo stops the way back: what serves then is left serving, and a person is asked.
    ///
    /// # Errors
    /// As [`Saga::run`].
    pub async fn go_back(&self, problem: Problem) -> Result<Outcome, Problem> {
        // What was dropped in its midst may still be at it on a thread of its own.
        stapel_host::settled().await;
        self.journal.make_room();
        self.journal.tell(self.release, &Event::GoingBack { problem: problem.clone() });
        (self.turns)(&problem);
        let states = self.journal.steps(self.release)?;
        for index in undo_order(&self.kinds(), &states) {
            self.record(index, StepState::Undoing, None)?;
            match self.undo(index).await {
                Ok(()) => self.record(index, StepState::Undone, None)?,
                Err(why) => {
                    self.record(index, StepState::Stuck, Some(&why))?;
                    let stuck =
                        problem!(Stuck, "release-stuck", step = self.steps[index].does(), first = problem.what.clone())
                            .because(why);
                    return self.end(Outcome::Stuck, Some(&stuck));
                }
            }
        }
        self.end(Outcome::Undone, Some(&problem))
    }

    /// Takes up a release whose process died. `died` is why it goes back, unless the journal knows better.
    ///
    /// # Errors
    /// As [`Saga::run`].
    pub async fn recover(&self, direction: Direction, died: Problem) -> Result<Outcome, Problem> {
        self.journal.tell(self.release, &Event::TakenUp { direction });
        match direction {
            Direction::Forward => self.run().await,
            Direction::Back => {
                let why = self.journal.first_failure(self.release)?.or(self.cancelled()?).unwrap_or(died);
                self.go_back(why).await
            }
        }
    }

    /// Which way a release whose process died is taken up: as is declared for where it stands, see
    /// [`DIRECTIONS`](crate::DIRECTIONS), or as a person chose.
    ///
    /// # Errors
    /// `release-goes-back` where forward was chosen and the way back was begun; `release-journal`.
    pub fn direction(&self, chosen: Option<Direction>) -> Result<Direction, Problem> {
        let states = self.journal.steps(self.release)?;
        let boundary = Boundary::of(&self.kinds(), &states, self.cancelled()?.is_some());
        if chosen == Some(Direction::Forward) && matches!(boundary, Boundary::GoingBack | Boundary::Cancelled) {
            return Err(problem!(Refused, "release-goes-back", release = self.release.to_string()));
        }
        Ok(chosen.unwrap_or(boundary.direction()))
    }

    /// What each step changes.
    fn kinds(&self) -> Vec<Kind> {
        self.steps.iter().map(|step| step.kind()).collect()
    }

    /// Performs a step, unless it is cancelled meanwhile: then it is left where it is, which its undo tolerates.
    async fn perform(&self, index: usize) -> Result<(), Problem> {
        let context = self.context(index);
        let work = Faults(self.faults).perform(index, self.steps.len(), || self.steps[index].perform(&context));
        tokio::select! {
            done = guarded(work) => done,
            cancelled = self.until_cancelled() => Err(cancelled?),
        }
    }

    /// Undoes a step; what fails is tried again for a while, because a daemon or a database may just be starting. What only
    /// a person can put right is not.
    async fn undo(&self, index: usize) -> Result<(), Problem> {
        let context = self.context(index);
        let attempt = || guarded(Faults(self.faults).undo(index, || self.steps[index].undo(&context)));
        let again = |why: &Problem| why.class != Class::Stuck && !Faults::ordered(why);
        stapel_host::retry(UNDO_EVERY, UNDO_WITHIN, attempt, again).await
    }

    async fn until_cancelled(&self) -> Result<Problem, Problem> {
        let mut tick = tokio::time::interval(CANCEL_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Some(cancelled) = self.cancelled()? {
                return Ok(cancelled);
            }
        }
    }

    fn cancelled(&self) -> Result<Option<Problem>, Problem> {
        let by = self.journal.cancelled(self.release)?;
        Ok(by.map(|who| problem!(Failed, "release-cancelled", who = who)))
    }

    fn record(&self, index: usize, state: StepState, problem: Option<&Problem>) -> Result<(), Problem> {
        self.journal.step(self.release, index, state, problem)?;
        self.recorded()
    }

    fn end(&self, outcome: Outcome, problem: Option<&Problem>) -> Result<Outcome, Problem> {
        self.journal.end(self.release, outcome, problem)?;
        self.recorded()?;
        Ok(outcome)
    }

    fn recorded(&self) -> Result<(), Problem> {
        if !self.faults.is_empty() {
            Faults(self.faults).recorded(self.journal.records(self.release)?);
        }
        Ok(())
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
