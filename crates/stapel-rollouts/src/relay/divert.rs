use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, problem, seconds, text};

use super::{Leg, MOVED};
use crate::Version;

pub(super) struct Divert(pub(super) Leg);

#[async_trait]
impl Step for Divert {
    fn does(&self) -> Text {
        text!("rollouts-divert-does", drain = seconds(self.0.cx.drain.as_secs_f64()))
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-divert-undoes"))
    }

    fn kind(&self) -> Kind {
        Kind::Traffic
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let candidate = self.0.candidate().await?;
        let candidate =
            candidate.ok_or_else(|| problem!(Failed, "rollouts-no-candidate", service = &self.0.service))?;
        cx.set_fact(MOVED, &true)?;
        let left = self.0.candidate_takes_over(&candidate).await?;
        if left > 0 {
            cx.say(text!("rollouts-left-open", left = left));
        }
        Ok(())
    }

    /// After a boot in between the real one may have ended, or may never have been made: then it is, by the former
    /// definition.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let real = self.0.cx.world.instances.real(&self.0.service).await?;
        if !real.is_some_and(|real| real.running) {
            self.0.remake_real(Version::Former, cx).await?;
        }
        self.0.real_takes_over(cx).await.map(drop)
    }
}
