use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::Leg;

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
        let left = self.0.real_takes_over().await?;
        if left > 0 {
            cx.say(text!("rollouts-left-open", left = left));
        }
        Ok(())
    }

    /// The real one serves the version that goes; it must go on doing so until a candidate of the restored definition
    /// can take over. A candidate that is still there is of the version that goes: it is let go first.
    async fn undo(&self, _: &StepContext<'_>) -> Result<(), Problem> {
        self.0.real_takes_over().await?;
        let candidate = self.0.ready_candidate().await?;
        self.0.candidate_takes_over(&candidate).await.map(drop)
    }
}
