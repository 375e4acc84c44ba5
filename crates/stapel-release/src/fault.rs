//! Faults that the tests order, so that every step and every boundary can be held to its promises: in the very program
//! that is released, on servers as well as here. Nobody meets them who does not ask for them by name.

use std::pin::pin;
use std::str::FromStr;
use std::task::Poll;

use serde::{Deserialize, Serialize};
use stapel_text::{Problem, problem};

/// What is to go wrong, and where. Steps are counted from 0 in the plan's order, records from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Fault {
    /// `stop:N`: once the release's record N is on disk, the process stops (`SIGSTOP`), to be killed or sent on.
    Stop(u64),
    /// `before:STEP`: the step fails before it has done anything.
    Before(usize),
    /// `during:STEP:N`: the step is dropped in its midst, at the N-th moment in which it waits for something.
    During(usize, u32),
    /// `after:STEP`: the step fails when it has done everything.
    After(usize),
    /// `undo-fails:STEP`: the release fails in its last step, and the undo of this one fails.
    UndoFails(usize),
    /// `twice`: everything is done twice.
    Twice,
    /// `undo-twice:STEP`: as `after`, and everything is undone twice.
    UndoTwice(usize),
}

impl FromStr for Fault {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let bad = || problem!(Usage, "release-fault", fault = text);
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let mut number = || parts.next().and_then(|n| n.parse::<u32>().ok()).ok_or_else(bad);
        Ok(match name {
            "stop" => Self::Stop(number()?.into()),
            "before" => Self::Before(number()? as usize),
            "during" => Self::During(number()? as usize, number()?),
            "after" => Self::After(number()? as usize),
            "undo-fails" => Self::UndoFails(number()? as usize),
            "undo-twice" => Self::UndoTwice(number()? as usize),
            "twice" => Self::Twice,
            _ => return Err(bad()),
        })
    }
}

impl TryFrom<String> for Fault {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Stop(n) => format!("stop:{n}"),
            Fault::Before(step) => format!("before:{step}"),
            Fault::During(step, polls) => format!("during:{step}:{polls}"),
            Fault::After(step) => format!("after:{step}"),
            Fault::UndoFails(step) => format!("undo-fails:{step}"),
            Fault::Twice => "twice".to_owned(),
            Fault::UndoTwice(step) => format!("undo-twice:{step}"),
        }
    }
}

impl Fault {
    /// Several, separated by commas.
    ///
    /// # Errors
    /// `release-fault` for one that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, Problem> {
        text.split(',').filter(|f| !f.is_empty()).map(str::parse).collect()
    }
}

/// What faults make of the steps; without any, nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults<'a>(pub(crate) &'a [Fault]);

impl Faults<'_> {
    fn injected() -> Problem {
        problem!(Failed, "release-fault-injected")
    }

    /// Whether a problem is one that was ordered: it would only come again.
    pub(crate) fn ordered(problem: &Problem) -> bool {
        problem.code() == Self::injected().code()
    }

    /// Performs a step of so many, by `work`, as the faults have it.
    pub(crate) async fn perform<F>(self, index: usize, count: usize, mut work: impl FnMut() -> F) -> Result<(), Problem>
    where
        F: Future<Output = Result<(), Problem>>,
    {
        for fault in self.0 {
            match fault {
                Fault::Before(step) if *step == index => return Err(Self::injected()),
                Fault::After(step) | Fault::UndoTwice(step) if *step == index => {
                    return work().await.and(Err(Self::injected()));
                }
                Fault::UndoFails(_) if index + 1 == count => return work().await.and(Err(Self::injected())),
                Fault::During(step, polls) if *step == index => return dropped(work(), *polls).await,
                Fault::Twice => work().await?,
                _ => {}
            }
        }
        work().await
    }

    /// Undoes a step.
    pub(crate) async fn undo<F>(self, index: usize, mut work: impl FnMut() -> F) -> Result<(), Problem>
    where
        F: Future<Output = Result<(), Problem>>,
    {
        for fault in self.0 {
            match fault {
                Fault::UndoFails(step) if *step == index => return Err(Self::injected()),
                Fault::UndoTwice(_) => work().await?,
                _ => {}
            }
        }
        work().await
    }

    /// Called when the release has so many records.
    pub(crate) fn recorded(self, records: u64) {
        if self.0.contains(&Fault::Stop(records)) {
            // Whoever ordered it finds this process stopped, with exactly so many records on disk.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
        }
    }
}

/// Drops the work at the N-th moment in which it waits; work that is done by then has failed all the same.
async fn dropped(work: impl Future<Output = Result<(), Problem>>, polls: u32) -> Result<(), Problem> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done.and(Err(Faults::injected()))),
        Poll::Pending if left <= 1 => Poll::Ready(Err(Faults::injected())),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_separated_by_commas() {
        assert_eq!(Fault::list("stop:3,twice").unwrap(), [Fault::Stop(3), Fault::Twice]);
        assert_eq!(Fault::list("").unwrap(), []);
        assert!(Fault::list("stop:3,x").is_err());
    }

    #[test]
    fn a_fault_reads_as_it_is_written() {
        for text in ["stop:17", "before:3", "during:3:2", "after:0", "undo-fails:4", "twice", "undo-twice:2"] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(String::from(fault), text);
        }
        for bad in ["", "stop", "stop:x", "during:3", "explode:1"] {
            assert_eq!(bad.parse::<Fault>().unwrap_err().code(), "release-fault", "{bad}");
        }
    }
}
