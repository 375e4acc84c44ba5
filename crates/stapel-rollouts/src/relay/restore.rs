use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::Leg;
use crate::Version;

pub(super) struct Restore(pub(super) Leg);

#[async_trait]
impl Step for Restore {
    fn does(&self) -> Text {
        text!("rollouts-restore-does")
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-restore-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Traffic
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let left = self.0.real_takes_over(cx).await?;
        if left > 0 {
            cx.say(text!("rollouts-left-open", left = left));
        }
        Ok(())
    }

    /// The real one is of the version that goes, and may have ended. A candidate that still runs is of that version too,
    /// but it was good enough to be let in: it serves until the former version is made again. Without one, a candidate of
    /// the restored definition takes over.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let candidate = match self.0.staying_candidate(cx).await? {
            Some(staying) => staying,
            None => self.0.ready_candidate(Version::Former, cx).await?,
        };
        self.0.candidate_takes_over(&candidate).await.map(drop)
    }
}
