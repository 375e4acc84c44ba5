use async_trait::async_trait;
use stapel_release::{Kind, Step, StepContext};
use stapel_text::{Problem, Text, text};

use super::Leg;
use crate::Version;

pub(super) struct Replace(pub(super) Leg);

#[async_trait]
impl Step for Replace {
    fn does(&self) -> Text {
        text!("rollouts-replace-does", service = &self.0.service)
    }

    fn undoes(&self) -> Option<Text> {
        Some(text!("rollouts-replace-undoes", service = &self.0.service))
    }

    fn kind(&self) -> Kind {
        Kind::Traffic
    }

    async fn perform(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        cx.set_fact_once(&self.fact(), &self.0.real().await?.id)?;
        self.0.remake_real(Version::New, cx).await
    }

    /// Where the former instance is still there nothing has happened. Where it is not, somebody else serves while it is made
    /// again: the candidate, or after a boot, which candidates do not outlive, one of the former version.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let former: Option<String> = cx.fact(&self.fact())?;
        let real = self.0.cx.world.instances.real(&self.0.service).await?.filter(|real| real.running);
        if real.is_some() && real.as_ref().map(|real| &real.id) == former.as_ref() {
            return Ok(());
        }
        let candidate = self.0.candidate().await?.filter(|candidate| candidate.running);
        if real.is_some() && candidate.is_none() {
            let candidate = self.0.ready_candidate(Version::Former, cx).await?;
            self.0.candidate_takes_over(&candidate).await?;
        }
        self.0.remake_real(Version::Former, cx).await
    }
}

impl Replace {
    /// Holds the id of the instance that is replaced.
    fn fact(&self) -> String {
        format!("relay.replaced.{}", self.0.service)
    }
}
