use async_trait::async_trait;
use stapel_core::ports::Instance;
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
        self.0.remake_real(Version::New, cx).await
    }

    /// Also where the former instance seems to be there still: a command that died may have asked the engine to stop it,
    /// and the engine does so when it comes to it. Meanwhile somebody else serves: the candidate, or after a boot, which
    /// candidates do not outlive, one of the former version.
    async fn undo(&self, cx: &StepContext<'_>) -> Result<(), Problem> {
        let runs = |instance: Option<Instance>| instance.filter(|i| i.running);
        let candidate = runs(self.0.candidate().await?);
        if candidate.is_none() && runs(self.0.cx.world.instances.real(&self.0.service).await?).is_some() {
            let candidate = self.0.ready_candidate(Version::Former, cx).await?;
            self.0.candidate_takes_over(&candidate).await?;
        }
        self.0.remake_real(Version::Former, cx).await
    }
}
